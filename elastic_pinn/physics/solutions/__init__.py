"""Exact wavefields: what a network, a finite-difference engine or a recording is measured against; one a file.

Isotropic plane strain, constant material but for `GradientWave`, `InclusionWave` and `Refraction`, SI units, no body
force but for `SourceWave`:

    rho u_tt = (lambda + mu) grad(div u) + mu laplace(u),   c_p^2 = (lambda + 2 mu) / rho,   c_s^2 = mu / rho

`KirschPlate` and `StrainNuclei` are of plates at rest, in plane strain or plane stress.

Imports from physics' material, sources and errors.
"""

from elastic_pinn.physics.solutions.annulus_mode import AnnulusMode
from elastic_pinn.physics.solutions.disc_mode import DiscMode
from elastic_pinn.physics.solutions.gradient_wave import GradientWave
from elastic_pinn.physics.solutions.half_space_wave import HalfSpaceWave
from elastic_pinn.physics.solutions.hole_wave import HoleWave
from elastic_pinn.physics.solutions.inclusion_wave import InclusionWave
from elastic_pinn.physics.solutions.kirsch_plate import KirschPlate
from elastic_pinn.physics.solutions.plane_wave import PlaneWave
from elastic_pinn.physics.solutions.pulses import GaussianPulse, free_space, record_pulses
from elastic_pinn.physics.solutions.rayleigh_wave import RayleighWave
from elastic_pinn.physics.solutions.refraction import Refraction
from elastic_pinn.physics.solutions.source_wave import SourceWave
from elastic_pinn.physics.solutions.standing_waves import StandingWaves
from elastic_pinn.physics.solutions.strain_nuclei import Nucleus, StrainNuclei
from elastic_pinn.physics.solutions.wall import WallReflection

__all__ = [
    "AnnulusMode",
    "DiscMode",
    "GaussianPulse",
    "GradientWave",
    "HalfSpaceWave",
    "HoleWave",
    "InclusionWave",
    "KirschPlate",
    "Nucleus",
    "PlaneWave",
    "RayleighWave",
    "Refraction",
    "SourceWave",
    "StandingWaves",
    "StrainNuclei",
    "WallReflection",
    "free_space",
    "record_pulses",
]
