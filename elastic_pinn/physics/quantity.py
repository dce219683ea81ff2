"""What a known field is a field of: its unit, and the size of it that belongs to a problem's displacements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from elastic_pinn.physics.scales import Scales


@dataclass(frozen=True)
class PhysicalQuantity:
    """A physical quantity.

    Attributes
    ----------
    unit
        Its SI unit, as people write it.
    scale
        Its SI value that is 1 inside, given a problem's scales.
    typical
        Its SI value that belongs to a displacement of one displacement scale over the window.
    is_load
        Whether it is a force or a stress, which fixes the moduli and not only the speeds of waves.
    """

    unit: str
    scale: Callable[[Scales], float]
    typical: Callable[[Scales], float]
    is_load: bool = False


def _displacement(scales: Scales) -> float:
    return scales.displacement


def _typical_velocity(scales: Scales) -> float:
    """What reaches the displacement in the time that a P wave takes along the length, or in the window's if shorter."""
    return scales.displacement / min(2.0 * scales.half[2], scales.time)


def _typical_acceleration(scales: Scales) -> float:
    return scales.displacement / min(2.0 * scales.half[2], scales.time) ** 2


def _typical_strain(scales: Scales) -> float:
    return scales.displacement / scales.length


def _typical_strain_rate(scales: Scales) -> float:
    return _typical_velocity(scales) / scales.length


def _stress(scales: Scales) -> float:
    return scales.stress


def _force(scales: Scales) -> float:
    return scales.force


DISPLACEMENT = PhysicalQuantity("m", _displacement, _displacement)
VELOCITY = PhysicalQuantity("m/s", lambda scales: scales.velocity, _typical_velocity)
ACCELERATION = PhysicalQuantity("m/s2", lambda scales: scales.velocity / scales.time, _typical_acceleration)
STRAIN = PhysicalQuantity("1", _typical_strain, _typical_strain)
STRAIN_RATE = PhysicalQuantity("1/s", lambda scales: scales.velocity / scales.length, _typical_strain_rate)
STRESS = PhysicalQuantity("Pa", _stress, _stress, is_load=True)
FORCE = PhysicalQuantity("N/m3", _force, _force, is_load=True)
