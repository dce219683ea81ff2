"""A pulse at the start."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from elastic_pinn.physics.domains import Domain
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.plus_minus import EXACT, PlusMinus
from elastic_pinn.physics.quantity import DISPLACEMENT, VELOCITY, PhysicalQuantity
from elastic_pinn.physics.sources.local import Local
from elastic_pinn.physics.sources.vectors import Pair, pair, unit_vector


@dataclass(frozen=True, repr=False)
class InitialPulse(Local):
    """A displacement or a velocity at the start, amplitude exp(-r^2 / (2 width^2)).

    Parameters
    ----------
    at
        x and y of its middle, m.
    amplitude
        Along x and y: m as an `Initial`'s displacement, m/s as its velocity.
    width
        The Gaussian's standard deviation, m.
    plus_minus
        How far place, width and direction may be off.

    Raises
    ------
    ProblemError
        For numbers that are not finite, and for a width that is not above 0; in a Problem, for a middle outside the
        domain.
    """

    at: Pair
    amplitude: Pair
    width: float
    plus_minus: PlusMinus = EXACT

    quantities: ClassVar = (DISPLACEMENT, VELOCITY)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "amplitude", pair("InitialPulse: amplitude", self.amplitude, "m or m/s"))

    def __repr__(self) -> str:
        (x, y), (a_x, a_y) = self.at, self.amplitude
        return f"InitialPulse(({a_x:g}, {a_y:g}) at ({x:g}, {y:g}) m, {self.width:g} m wide)"

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Evaluate the pulse.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.
        t
            Times, (N,) in s, which have no effect.

        Returns
        -------
        Tensor
            Values, (N, 2) in m or m/s.
        """
        return self.shape_at(x, y)[:, None] * x.new_tensor(self.amplitude)

    @property
    def direction(self) -> Pair | None:
        """Its direction, a dimensionless unit vector."""
        return unit_vector(self.amplitude)

    def typical_displacement(self, quantity: PhysicalQuantity, material: Material, domain: Domain) -> float:
        """Return about the largest displacement.

        Parameters
        ----------
        quantity
            What it is: a displacement, or a velocity, which lasts for as long as an S wave takes along its width.
        material
            The solid.
        domain
            The problem's domain, of which the times count.

        Returns
        -------
        float
            The displacement, m.
        """
        largest = math.hypot(*self.amplitude)
        if quantity is DISPLACEMENT:
            return largest
        return largest * min(self.width / material.c_s, domain.t[1] - domain.t[0])
