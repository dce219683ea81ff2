"""A force at a point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elastic_pinn.physics.domains import Domain
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.plus_minus import EXACT, PlusMinus
from elastic_pinn.physics.quantity import FORCE, PhysicalQuantity
from elastic_pinn.physics.sources.local import Source
from elastic_pinn.physics.sources.near_field import displacement_of_force
from elastic_pinn.physics.sources.pulses import Pulse
from elastic_pinn.physics.sources.vectors import Pair, pair, unit_vector


@dataclass(frozen=True, repr=False)
class PointForce(Source):
    """A force at a point, spread by a Gaussian: f = force pulse(t) exp(-r^2 / (2 width^2)) / (2 pi width^2).

    Its integral over the plane is the force times the pulse.

    Parameters
    ----------
    at
        x and y of the point, m.
    force
        Along x and y, per length out of the plane, N/m.
    pulse
        The force in time, as `Ricker`, `Gaussian` or `ToneBurst`.
    width
        The Gaussian's standard deviation, m: what is much shorter than the waves acts as a point.
    plus_minus
        How far place, width and direction may be off.

    Raises
    ------
    ProblemError
        For numbers that are not finite, for a width that is not above 0, and for what is no pulse; in a Problem, for a
        point outside the domain, for a pulse outside the window, and for one that has begun where all is at rest.
    """

    at: Pair
    force: Pair
    pulse: Pulse
    width: float
    plus_minus: PlusMinus = EXACT

    quantities: ClassVar = (FORCE,)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "force", pair("PointForce: force", self.force, "N/m"))

    def __repr__(self) -> str:
        (x, y), (f_x, f_y) = self.at, self.force
        return f"PointForce(({f_x:g}, {f_y:g}) N/m at ({x:g}, {y:g}) m, {self.width:g} m wide, {self.pulse})"

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Evaluate the force per volume.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.
        t
            Times, (N,) in s.

        Returns
        -------
        Tensor
            Values, (N, 2) in N/m3.
        """
        strength = self.pulse(t) * self.shape_at(x, y) / (2.0 * math.pi * self.width**2)  # (N,)
        return torch.stack([force * strength for force in self.force], dim=1)

    @property
    def direction(self) -> Pair | None:
        """The force's direction, a dimensionless unit vector."""
        return unit_vector(self.force)

    def typical_displacement(self, quantity: PhysicalQuantity, material: Material, domain: Domain) -> float:
        """Return the largest displacement of its middle in an unbounded solid.

        Parameters
        ----------
        quantity
            What it is: a force per volume.
        material
            The solid.
        domain
            The problem's domain, of which the times count.

        Returns
        -------
        float
            The displacement, m.
        """
        return displacement_of_force(self.force, self.pulse, self.width, material, domain.t)
