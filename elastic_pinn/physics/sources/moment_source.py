"""A moment at a point: an explosion, a double couple, or any pair of couples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.domains import Domain
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.numbers import real_array
from elastic_pinn.physics.plus_minus import EXACT, PlusMinus
from elastic_pinn.physics.quantity import FORCE, PhysicalQuantity
from elastic_pinn.physics.sources.local import Source
from elastic_pinn.physics.sources.near_field import displacement_of_moment
from elastic_pinn.physics.sources.pulses import Pulse
from elastic_pinn.physics.sources.vectors import Pair

Moment = tuple[Pair, Pair]
EVEN = 1e-9  # of a moment: what a turn changes by less pushes evenly


@dataclass(frozen=True, repr=False)
class MomentSource(Source):
    """A moment at a point, spread by a Gaussian: f_i = -M_ij d/dx_j exp(-r^2 / (2 width^2)) / (2 pi width^2) pulse(t).

    It exerts no force, and its first moments, the integrals of f_i x_j over the plane, are M times the pulse.

    Parameters
    ----------
    at
        x and y of the point, m.
    moment
        M, two rows of two numbers, per length out of the plane, N m/m: a symmetric one exerts no torque.
    pulse
        The moment in time, as `Ricker`, `Gaussian` or `ToneBurst`.
    width
        The Gaussian's standard deviation, m: what is much shorter than the waves acts as a point.
    plus_minus
        How far place, width and direction may be off.

    Raises
    ------
    ProblemError
        For numbers that are not finite, for another shape, for a width that is not above 0, for what is no pulse, and
        for an uncertain direction of a moment that pushes evenly;
        in a Problem, for a point outside the domain, for a pulse outside the window, and for one that has begun where
        all is at rest.

    References
    ----------
    Aki, K. and Richards, P. G. (2002). Quantitative Seismology, chapter 3.
    """

    at: Pair
    moment: Any
    pulse: Pulse
    width: float
    plus_minus: PlusMinus = EXACT

    quantities: ClassVar = (FORCE,)

    def __post_init__(self) -> None:
        super().__post_init__()
        rows = real_array("MomentSource: moment", self.moment)
        if rows.shape != (2, 2) or not np.isfinite(rows).all():
            raise ProblemError(
                f"MomentSource: moment = {rows.tolist()}: two rows of two finite numbers in N m/m are needed"
            )
        object.__setattr__(self, "moment", tuple(map(tuple, (rows + 0.0).tolist())))
        if self.plus_minus.direction and not self.has_direction:
            raise ProblemError(
                f"MomentSource: direction_plus_minus = {self.plus_minus.direction:g} degrees of the moment "
                f"{rows.tolist()}: turned, it is the same; leave it out"
            )

    @classmethod
    def explosion(cls, at: Pair, moment: float, pulse: Pulse, width: float) -> Self:
        """Make a source that pushes evenly to all sides, M = moment I: it sends P waves alone.

        Parameters
        ----------
        at
            x and y of the point, m.
        moment
            N m/m; below 0: an implosion.
        pulse
            The moment in time.
        width
            The Gaussian's standard deviation, m.

        Returns
        -------
        MomentSource
            The source.
        """
        return cls(at, ((moment, 0.0), (0.0, moment)), pulse, width)

    @classmethod
    def double_couple(cls, at: Pair, moment: float, pulse: Pulse, width: float, angle: float = 0.0) -> Self:
        """Make the source of a slip along a line, M = moment (d n^T + n d^T).

        Parameters
        ----------
        at
            x and y of the point, m.
        moment
            N m/m.
        pulse
            The moment in time.
        width
            The Gaussian's standard deviation, m.
        angle
            From the x axis to the line's direction d, radians; n is the line's normal.

        Returns
        -------
        MomentSource
            The source.
        """
        sin, cos = math.sin(2.0 * angle), math.cos(2.0 * angle)
        return cls(at, ((-moment * sin, moment * cos), (moment * cos, moment * sin)), pulse, width)

    @property
    def has_direction(self) -> bool:
        """Whether it is another one when it is turned."""
        (xx, xy), (yx, yy) = self.moment
        return max(abs(xx - yy), abs(xy + yx)) > EVEN * float(np.abs(self.moment).max())

    def __repr__(self) -> str:
        (x, y), ((xx, xy), (yx, yy)) = self.at, self.moment
        return (
            f"MomentSource((({xx:g}, {xy:g}), ({yx:g}, {yy:g})) N m/m at ({x:g}, {y:g}) m, {self.width:g} m wide, "
            f"{self.pulse})"
        )

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
        off = torch.stack([x - self.at[0], y - self.at[1]], dim=1) / self.width**2  # (N, 2): minus grad g = g off
        strength = self.pulse(t) * self.shape_at(x, y) / (2.0 * math.pi * self.width**2)  # (N,)
        return strength[:, None] * (off @ off.new_tensor(self.moment).T)

    @property
    def direction(self) -> None:
        """None: a moment acts along several directions."""
        return

    def typical_displacement(self, quantity: PhysicalQuantity, material: Material, domain: Domain) -> float:
        """Return about the largest displacement, one width from its middle in an unbounded solid.

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
        return displacement_of_moment(np.array(self.moment), self.pulse, self.width, material, domain.t)
