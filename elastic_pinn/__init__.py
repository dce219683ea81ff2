"""Physics-informed neural networks of the 2D elastic wave equation, forward and inverse, in notebooks that can be
trusted.

Each public name imports what it needs when it is first used (PEP 562): `import elastic_pinn` and `ep.Config` do not
import torch, and a script that only trains does not import matplotlib. `ep.figures`, functions that draw a run, is
`elastic_pinn.workbench.figures`, and `ep.processing`, functions of recordings, `elastic_pinn.physics.data.processing`.
"""

from typing import TYPE_CHECKING

from elastic_pinn.lazy_imports import on_first_use

__all__ = [
    "Absorbing",
    "ByRegion",
    "Checkpoint",
    "CheckpointError",
    "Config",
    "ConfigError",
    "Control",
    "Disc",
    "Displacement",
    "DivergedError",
    "Domain",
    "ElasticPinnError",
    "ErrorEstimate",
    "ErrorEstimateError",
    "Gaussian",
    "Grid",
    "GridField",
    "Inclusion",
    "Initial",
    "InitialPulse",
    "KnownShape",
    "LostProcessError",
    "LostRunDirectoryError",
    "Material",
    "Medium",
    "MomentSource",
    "Part",
    "Periodic",
    "Plate",
    "PlusMinus",
    "PointForce",
    "Problem",
    "ProblemError",
    "Receivers",
    "Records",
    "Rectangle",
    "ReferenceField",
    "ReferenceFieldError",
    "Ricker",
    "Run",
    "RunDirectoryError",
    "SideLoad",
    "Symmetry",
    "ToneBurst",
    "Traction",
    "UncertaintyError",
    "UnknownWavelet",
    "WavefieldUncertainty",
    "figures",
    "load_checkpoint",
    "material_table",
    "physical_checks",
    "pin",
    "preview",
    "problem_from",
    "processing",
    "relative_error",
    "synthetic_receivers",
    "train",
    "unpin",
]

WINGS = ("errors", "config", "physics", "storage", "networks", "error_estimate", "run", "training", "workbench")
"""The modules in which the names above are searched, those without torch first; `ep.physics` and so on work as well."""

if TYPE_CHECKING:
    from elastic_pinn.config import Config
    from elastic_pinn.error_estimate import ErrorEstimate, ErrorEstimateError
    from elastic_pinn.errors import ConfigError, ElasticPinnError
    from elastic_pinn.physics import (
        Absorbing,
        ByRegion,
        Disc,
        Displacement,
        Domain,
        Gaussian,
        Grid,
        GridField,
        Inclusion,
        Initial,
        InitialPulse,
        KnownShape,
        Material,
        Medium,
        MomentSource,
        Part,
        Periodic,
        Plate,
        PlusMinus,
        PointForce,
        Problem,
        ProblemError,
        Receivers,
        Records,
        Rectangle,
        Ricker,
        SideLoad,
        Symmetry,
        ToneBurst,
        Traction,
        UnknownWavelet,
        problem_from,
    )
    from elastic_pinn.physics.data import processing
    from elastic_pinn.run import Checkpoint, Run, load_checkpoint, relative_error, synthetic_receivers
    from elastic_pinn.storage import CheckpointError, pin, unpin
    from elastic_pinn.training import (
        Control,
        DivergedError,
        LostProcessError,
        LostRunDirectoryError,
        RunDirectoryError,
        UncertaintyError,
        WavefieldUncertainty,
        physical_checks,
        preview,
        train,
    )
    from elastic_pinn.workbench import ReferenceField, ReferenceFieldError, figures, material_table
else:
    __getattr__, __dir__ = on_first_use(__name__, *WINGS, "workbench.figures", "physics.data.processing")
