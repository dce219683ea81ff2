"""A load on a side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from elastic_pinn.physics.domains import Domain, Part
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.plus_minus import EXACT, PlusMinus
from elastic_pinn.physics.quantity import STRESS, PhysicalQuantity
from elastic_pinn.physics.sources.local import Circle, Source
from elastic_pinn.physics.sources.near_field import displacement_of_force
from elastic_pinn.physics.sources.places import OFF, told_room
from elastic_pinn.physics.sources.pulses import Pulse
from elastic_pinn.physics.sources.vectors import Pair, pair, unit_vector
from elastic_pinn.physics.statement import Statement

NODES, ROUNDS = 1001, 4  # of the search for the nearest place of a side: each round is 500 times finer
FAR = 4.0  # widths: points on the side are drawn so far from the middle
BESIDE = 1.5  # widths: the radius of the circle beside


@dataclass(frozen=True, repr=False)
class SideLoad(Source):
    """A force on a side, as the value of a `Traction`: force pulse(t) exp(-r^2 / (2 width^2)) / (sqrt(2 pi) width).

    r is the distance from the middle. The integral along a straight side is the force times the pulse; along a rim of
    radius a it is larger by about width^2 / (8 a^2) of itself.

    Parameters
    ----------
    at
        x and y of the middle, on the side, m.
    force
        Along x and y, per length out of the plane, N/m.
    pulse
        The force in time, as `Ricker`, `Gaussian` or `ToneBurst`.
    width
        The Gaussian's standard deviation, m.
    plus_minus
        How far place, width and direction may be off.

    Raises
    ------
    ProblemError
        For numbers that are not finite, for a width that is not above 0, and for what is no pulse; in a Problem, for a
        middle that is not on the traction's sides, for a pulse outside the window, and for one that has begun where all
        is at rest.
    """

    at: Pair
    force: Pair
    pulse: Pulse
    width: float
    plus_minus: PlusMinus = EXACT

    quantities: ClassVar = (STRESS,)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "force", pair("SideLoad: force", self.force, "N/m"))

    def __repr__(self) -> str:
        (x, y), (f_x, f_y) = self.at, self.force
        return f"SideLoad(({f_x:g}, {f_y:g}) N/m at ({x:g}, {y:g}) m, {self.width:g} m wide, {self.pulse})"

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Evaluate the traction.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.
        t
            Times, (N,) in s.

        Returns
        -------
        Tensor
            Values, (N, 2) in Pa.
        """
        strength = self.pulse(t) * self.shape_at(x, y) / (math.sqrt(2.0 * math.pi) * self.width)  # (N,)
        return torch.stack([force * strength for force in self.force], dim=1)

    @property
    def direction(self) -> Pair | None:
        """The force's direction, a dimensionless unit vector."""
        return unit_vector(self.force)

    def typical_displacement(self, quantity: PhysicalQuantity, material: Material, domain: Domain) -> float:
        """Return about the largest displacement: twice that of the force in an unbounded solid.

        Parameters
        ----------
        quantity
            What it is: a traction.
        material
            The solid.
        domain
            The problem's domain, of which the times count.

        Returns
        -------
        float
            The displacement, m.
        """
        return 2.0 * displacement_of_force(self.force, self.pulse, self.width, material, domain.t)

    def near(self, unit: Tensor, domain: Domain, parts: Sequence[Part]) -> tuple[Tensor, Tensor]:
        """Map points of a unit square to where and when the load acts, evenly within four widths along the side.

        Parameters
        ----------
        unit
            The position and the time, each 0 to 1, (N, 2).
        domain
            The problem's domain.
        parts
            The parts of sides that the load is on.

        Returns
        -------
        tuple of Tensor
            Points (N, 3), x, y, t in m, m, s, and unit normals (N, 2).
        """
        middle, _ = self._nearest(domain, parts)
        reach = FAR * self.width / sum(domain.shape.length(part) for part in parts)
        along = (middle + reach * (2.0 * unit[:, 0] - 1.0)).abs()  # past an end, it is reflected
        along = torch.where(along > 1.0, 2.0 - along, along).clamp(0.0, 1.0)
        points, normals = domain.boundary(torch.stack([along, unit[:, 1]], dim=1), parts)
        points[:, 2] = self.times(unit[:, 1], domain)
        return points, normals

    def circle_beside(self, domain: Domain, parts: Sequence[Part]) -> Circle | None:
        """Return a circle outside of the solid that touches its side where it acts, for waves with a pole in there.

        Parameters
        ----------
        domain
            The problem's domain.
        parts
            The parts of sides that the load is on.

        Returns
        -------
        tuple of float or None
            x, y and radius, m; None on the rim of a hole that is too small for it.
        """
        along, (x, y) = self._nearest(domain, parts)
        _, normals = domain.boundary(torch.tensor([[along, 0.0]], dtype=torch.float64), parts)
        radius, (n_x, n_y) = BESIDE * self.width, normals[0].tolist()
        x, y = x + radius * n_x, y + radius * n_y
        place = torch.tensor([[x, y]], dtype=torch.float64)
        is_outside = float(domain.shape.clearance(*place.unbind(1))) < -(1.0 - 1e-6) * radius
        return (x, y, radius) if is_outside else None

    def times(self, unit: Tensor, domain: Domain) -> Tensor:
        """Map parts of the time to times: evenly from the pulse's start to the window's end, but half while it lasts.

        Waves with a pole beside the load have to vanish there afterwards, too.

        Parameters
        ----------
        unit
            Each 0 to 1, (N,).
        domain
            The problem's domain.

        Returns
        -------
        Tensor
            Times, (N,) in s.
        """
        (start, end), last = self.pulse.within(domain.t), domain.t[1]
        share = max(0.5, (end - start) / (last - start))  # of the points, while the pulse lasts
        after = end + (last - end) * (unit - share) / max(1.0 - share, 1e-9)
        return torch.where(unit < share, start + (end - start) * unit / share, after)

    def acting_part(self, domain: Domain, parts: Sequence[Part]) -> float:
        """Return the integral of the load along its parts of sides, over its force: beside their ends, it is less.

        Parameters
        ----------
        domain
            The problem's domain.
        parts
            The parts of sides that the load is on.

        Returns
        -------
        float
            About 1, or less; dimensionless.
        """
        length = sum(domain.shape.length(part) for part in parts)
        is_closed = self._is_closed(domain, parts)
        middle, _ = self._nearest(domain, parts)
        reach = min(2.0 * FAR * self.width / length, 0.5 if is_closed else 1.0)
        along = torch.linspace(middle - reach, middle + reach, NODES, dtype=torch.float64)
        if is_closed:
            along = along % 1.0
        step, along = 2.0 * reach / (NODES - 1) * length, along[(along >= 0.0) & (along <= 1.0)]
        points, _ = domain.boundary(torch.stack([along, torch.zeros_like(along)], dim=1), parts)
        return float(self.shape_at(points[:, 0], points[:, 1]).sum()) * step / (math.sqrt(2.0 * math.pi) * self.width)

    def require_sound(self, statement: Statement, domain: Domain, starts_at_rest: bool) -> None:
        """Raise ProblemError as of any source, and for a middle that is not on the statement's sides.

        Parameters
        ----------
        statement
            The condition that it is the value of, or a part of it.
        domain
            The problem's domain.
        starts_at_rest
            Whether nothing moves at the window's first instant.

        Raises
        ------
        ProblemError
            Naming the load and what is legal.
        """
        super().require_sound(statement, domain, starts_at_rest)
        if statement.place is None:
            return
        parts = statement.place.parts
        _, nearest = self._nearest(domain, parts)
        if math.dist(nearest, self.at) > OFF * self.width:
            sides = ", ".join(dict.fromkeys(part.side for part in parts))
            raise ProblemError(
                f"{self} is not on the side {sides}, whose nearest place is ({nearest[0]:g}, {nearest[1]:g}) m: give "
                "it a place on the side, or the traction the side that it is on"
            )

    def _require_surely_there(self, statement: Statement, domain: Domain) -> None:
        """Raise ProblemError for a place so uncertain that it may lie past an end of its side."""
        if statement.place is None or not self.plus_minus.at:
            return
        parts = statement.place.parts
        middle, _ = self._nearest(domain, parts)
        part = 0.5 if self._is_closed(domain, parts) else min(middle, 1.0 - middle)
        room = part * sum(domain.shape.length(each) for each in parts)
        if self.plus_minus.at > room:
            raise ProblemError(
                f"{self}, at_plus_minus = {self.plus_minus.at:g} m: so far away along its side is no place of it; "
                f"{told_room(room)}"
            )

    def _is_closed(self, domain: Domain, parts: Sequence[Part]) -> bool:
        """Whether parts of sides end where they begin."""
        ends, _ = domain.boundary(torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=torch.float64), parts)
        return bool((ends[0] - ends[1]).norm() < OFF * self.width)

    def _nearest(self, domain: Domain, parts: Sequence[Part]) -> tuple[float, Pair]:
        """The place of parts of sides nearest to the middle: how far along all of them, 0 to 1, and x, y in m."""
        low, high, best = 0.0, 1.0, 0.0
        for _ in range(ROUNDS):
            along = torch.linspace(low, high, NODES, dtype=torch.float64)
            points, _ = domain.boundary(torch.stack([along, torch.zeros_like(along)], dim=1), parts)
            first = int(torch.hypot(points[:, 0] - self.at[0], points[:, 1] - self.at[1]).argmin())
            best, step = float(along[first]), (high - low) / (NODES - 1)
            low, high = max(best - step, 0.0), min(best + step, 1.0)
        x, y, _ = points[first].tolist()
        return best, (x, y)
