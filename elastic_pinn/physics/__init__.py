"""Materials, wavefields, conditions, data, and the problems made of them; independent of training.

Imports from no other wing.
"""

from typing import TYPE_CHECKING

from elastic_pinn.lazy_imports import on_first_use

__all__ = [
    "ALUMINIUM",
    "RUBBER",
    "STEEL",
    "Absorbing",
    "ByRegion",
    "Disc",
    "Displacement",
    "Domain",
    "Gaussian",
    "Grid",
    "GridField",
    "Inclusion",
    "Initial",
    "InitialPulse",
    "KnownShape",
    "Material",
    "MaterialParameters",
    "Medium",
    "MomentSource",
    "ParameterGroup",
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
    "Ricker",
    "Scales",
    "SideLoad",
    "Symmetry",
    "ToneBurst",
    "Traction",
    "UnknownWavelet",
    "cramer_rao",
    "problem_from",
]

if TYPE_CHECKING:
    from elastic_pinn.physics.conditions import Absorbing, Displacement, Initial, Periodic, Symmetry, Traction
    from elastic_pinn.physics.cramer_rao_bound import cramer_rao
    from elastic_pinn.physics.data import Receivers, Records
    from elastic_pinn.physics.domains import Disc, Domain, Part, Plate, Rectangle
    from elastic_pinn.physics.errors import ProblemError
    from elastic_pinn.physics.media import ALUMINIUM, RUBBER, STEEL, ByRegion, Grid, Inclusion, Material, Medium
    from elastic_pinn.physics.problem import Problem
    from elastic_pinn.physics.scales import Scales
    from elastic_pinn.physics.setups import problem_from
    from elastic_pinn.physics.sources import (
        Gaussian,
        GridField,
        InitialPulse,
        KnownShape,
        MomentSource,
        PlusMinus,
        PointForce,
        Ricker,
        SideLoad,
        ToneBurst,
        UnknownWavelet,
    )
    from elastic_pinn.physics.unknowns import MaterialParameters, ParameterGroup
else:
    __getattr__, __dir__ = on_first_use(
        __name__,
        "conditions",
        "cramer_rao_bound",
        "data",
        "domains",
        "errors",
        "media",
        "problem",
        "scales",
        "setups",
        "sources",
        "unknowns",
    )
