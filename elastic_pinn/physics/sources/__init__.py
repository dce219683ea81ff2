"""What acts on a solid at one place: forces, moments, loads on sides and pulses at the start, each a field; one a file.

Imports from physics' fields, statement, domains, material, numbers and errors.
"""

from elastic_pinn.physics.plus_minus import PlusMinus
from elastic_pinn.physics.sources.concentrate import SHARE, concentrated
from elastic_pinn.physics.sources.grid_field import GridField
from elastic_pinn.physics.sources.initial_pulse import InitialPulse
from elastic_pinn.physics.sources.known_shape import KnownShape
from elastic_pinn.physics.sources.local import Circle, Local, Source
from elastic_pinn.physics.sources.moment_source import MomentSource
from elastic_pinn.physics.sources.point_force import PointForce
from elastic_pinn.physics.sources.pulses import EARLIEST, Gaussian, Pulse, Ricker, ToneBurst
from elastic_pinn.physics.sources.several import Total, end_of, field_of, identity_of, local_in, rest_of
from elastic_pinn.physics.sources.side_load import SideLoad
from elastic_pinn.physics.sources.unknown_pulse import UnknownPulse
from elastic_pinn.physics.sources.unknown_wavelet import UnknownWavelet

__all__ = [
    "EARLIEST",
    "SHARE",
    "Circle",
    "Gaussian",
    "GridField",
    "InitialPulse",
    "KnownShape",
    "Local",
    "MomentSource",
    "PlusMinus",
    "PointForce",
    "Pulse",
    "Ricker",
    "SideLoad",
    "Source",
    "ToneBurst",
    "Total",
    "UnknownPulse",
    "UnknownWavelet",
    "concentrated",
    "end_of",
    "field_of",
    "identity_of",
    "local_in",
    "rest_of",
]
