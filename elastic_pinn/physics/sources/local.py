"""Fields that act near one place only: what they share, and how points are drawn where they act.

Letters: N points.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.domains import Domain, Part
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.plus_minus import PlusMinus, require_plus_minus
from elastic_pinn.physics.points import probe_points
from elastic_pinn.physics.quantity import DISPLACEMENT, FORCE, STRESS, VELOCITY, PhysicalQuantity
from elastic_pinn.physics.sources.places import room_along, told_room, ways_of
from elastic_pinn.physics.sources.pulse_checks import require_sound_pulse
from elastic_pinn.physics.sources.pulses import GAUSSIAN_HIGHEST, Pulse, settle
from elastic_pinn.physics.sources.vectors import Pair, pair
from elastic_pinn.physics.statement import Statement

SPREAD, REACH = 1.5, 0.999  # of points near a source: their deviation in widths, and the part of a Gaussian drawn from
PROBES = 1 << 14  # for the part of a source that is inside
BELONGS = {
    FORCE: "in Problem(force=...)",
    STRESS: "on a side, in Traction(..., sides=...)",
    DISPLACEMENT: "in Initial(...)",
    VELOCITY: "in Initial(velocity=...)",
}
"""Where a field of a quantity is given."""
LATE = 1e-2  # of its peak: a larger pulse at the first instant is cut off

Circle = tuple[float, float, float]


class Local(ABC):
    """A field (x, y, t) -> (N, 2) around one place: a Gaussian of the distance from it.

    A subclass is a frozen dataclass with these attributes.

    Attributes
    ----------
    at
        x and y of its middle, m.
    width
        The Gaussian's standard deviation, m.
    plus_minus
        How far place, width and direction may be off.
    """

    at: Pair
    width: float
    plus_minus: PlusMinus

    quantities: ClassVar[tuple[PhysicalQuantity, ...]]
    """What it may be a field of."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", pair(f"{type(self).__name__}: at", self.at, "m"))
        settle(self, positive={"width": "m"})
        require_plus_minus(f"{type(self).__name__}", self.plus_minus, self.width)

    @property
    def __name__(self) -> str:
        return repr(self)

    @abstractmethod
    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Evaluate the field, (N, 2) in SI units."""

    @property
    @abstractmethod
    def direction(self) -> Pair | None:
        """A unit vector along which it acts, for figures; None where there is no single one."""

    @property
    def has_direction(self) -> bool:
        """Whether it is another one when it is turned."""
        return True

    @abstractmethod
    def typical_displacement(self, quantity: PhysicalQuantity, material: Material, domain: Domain) -> float:
        """Return about the largest displacement, m, that it causes as some quantity in a domain of a solid."""

    @property
    def highest_wave_number(self) -> float:
        """1/m: beyond it the spectrum of the field is below a hundredth of its peak."""
        return 2.0 * math.pi * GAUSSIAN_HIGHEST / self.width

    def highest_wave_number_at(self, speed: float) -> float:
        """Return the highest wave number of the waves of a speed that it sends.

        Parameters
        ----------
        speed
            Of the waves, m/s.

        Returns
        -------
        float
            1/m.
        """
        return self.highest_wave_number

    def shape_at(self, x: Tensor, y: Tensor) -> Tensor:
        """Evaluate exp(-r^2 / (2 width^2)), r being the distance from its middle.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            0 to 1, (N,), dimensionless.
        """
        squared = ((x - self.at[0]) ** 2 + (y - self.at[1]) ** 2) / self.width**2
        return torch.exp(-squared / 2.0)

    def circle_beside(self, domain: Domain, parts: Sequence[Part]) -> Circle | None:  # what acts inside has none
        """Return a circle outside of the solid that touches its side where it acts, for waves with a pole in there.

        Parameters
        ----------
        domain
            The problem's domain.
        parts
            The parts of the boundary that it is a field of; none of a field inside.

        Returns
        -------
        tuple of float or None
            x, y and radius, m; None where it acts on no side, or on the rim of a hole that is too small for it.
        """
        return None

    def places(self, unit: Tensor, spread: float = 1.0, reach: float = 1.0) -> tuple[Tensor, Tensor]:
        """Map points of a unit square to places that are spread as a Gaussian around its middle.

        Parameters
        ----------
        unit
            Each 0 to 1, (N, 2).
        spread
            The Gaussian's standard deviation, in widths.
        reach
            The part of the Gaussian that is drawn from, its middle, 0 to 1.

        Returns
        -------
        tuple of Tensor
            x and y, each (N,) in m.
        """
        radius = spread * self.width * torch.sqrt(-2.0 * torch.log1p(-reach * unit[:, 0]))
        angle = 2.0 * math.pi * unit[:, 1]
        return self.at[0] + radius * torch.cos(angle), self.at[1] + radius * torch.sin(angle)

    def near(self, unit: Tensor, domain: Domain, parts: Sequence[Part]) -> tuple[Tensor, Tensor]:
        """Map points of a unit cube to where and when it acts.

        Parameters
        ----------
        unit
            Each 0 to 1, (N, 3), or (N, 2) at the window's first instant.
        domain
            The problem's domain.
        parts
            The parts of the boundary that the field is a field of; none of a field inside.

        Returns
        -------
        tuple of Tensor
            Points, (N, 3) in m, m, s, some of which may be outside the domain; normals, (0, 2).
        """
        x, y = self.places(unit, SPREAD, REACH)
        t = self.times(unit[:, 2], domain) if unit.shape[1] > 2 else torch.full_like(x, domain.t[0])
        return torch.stack([x, y, t], dim=1), unit.new_zeros(0, 2)

    def times(self, unit: Tensor, domain: Domain) -> Tensor:
        """Map parts of the time in which it acts to times.

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
        return domain.t[0] + (domain.t[1] - domain.t[0]) * unit

    def identity_in(self, domain: Domain) -> tuple[float, ...]:
        """Return where it is: with its values near there, which a fingerprint has, this tells it from others.

        Parameters
        ----------
        domain
            The problem's domain.

        Returns
        -------
        tuple of float
            Its place in parts of the domain's extents, dimensionless.
        """
        return tuple((a - low) / (high - low) for a, (low, high) in zip(self.at, (domain.x, domain.y), strict=True))

    def require_sound(self, statement: Statement, domain: Domain, starts_at_rest: bool) -> None:
        """Raise ProblemError where it cannot act as it is meant to.

        Parameters
        ----------
        statement
            The statement whose right side it is, or is part of.
        domain
            The problem's domain.
        starts_at_rest
            Whether nothing moves at the window's first instant.

        Raises
        ------
        ProblemError
            For another quantity than it can be, and for a middle outside the domain.
        """
        if statement.quantity not in self.quantities:
            units = " or ".join(quantity.unit for quantity in self.quantities)
            places = " or ".join(BELONGS[quantity] for quantity in self.quantities)
            raise ProblemError(
                f"{self}, in {units}, is given as {_role(statement)}, in {statement.quantity.unit}: it belongs {places}"
            )
        if not domain.shape.contains(*torch.tensor([self.at], dtype=torch.float64).unbind(1)).all():
            raise ProblemError(f"{self} lies {domain.shape.whereabouts(*self.at)}: `at`, in m, must be inside")
        self._require_surely_there(statement, domain)

    def _require_surely_there(self, statement: Statement, domain: Domain) -> None:
        """Raise ProblemError for a place so uncertain that it may lie outside the solid."""
        if not (off := self.plus_minus.at):
            return
        ways = ways_of(self.at, self.width, domain.shape)
        if not ways:
            raise ProblemError(
                f"{self}, at_plus_minus = {off:g} m: it is in a corner, where its place is exact: 0 is legal"
            )
        room, way = min((room_along(way, off, domain.shape), way.name) for way in ways)
        if room < off:
            raise ProblemError(
                f"{self}, at_plus_minus = {off:g} m: so far away along {way} lies a place that is not in the solid; "
                f"{told_room(room)}"
            )


class Source(Local):
    """A local field whose strength changes in time by a pulse: a force or a traction.

    Attributes
    ----------
    pulse
        Its strength in time.
    """

    pulse: Pulse

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.pulse, Pulse):
            raise ProblemError(
                f"{type(self).__name__}: pulse = {in_one_line(self.pulse)}: a pulse as ep.Ricker, ep.Gaussian or "
                "ep.ToneBurst is needed"
            )
        require_sound_pulse(self.pulse, f"{type(self).__name__}")

    def highest_wave_number_at(self, speed: float) -> float:
        """Return the highest wave number of the waves of a speed that it sends: of its pulse, or of its width.

        Parameters
        ----------
        speed
            Of the waves, m/s.

        Returns
        -------
        float
            1/m.
        """
        return min(2.0 * math.pi * self.pulse.highest_frequency / speed, self.highest_wave_number)

    def acting_part(self, domain: Domain, parts: Sequence[Part]) -> float:
        """Return which part of it acts on the solid: beside an edge, the rest lies outside.

        Parameters
        ----------
        domain
            The problem's domain.
        parts
            The parts of the boundary that it is a field of; none of a field inside.

        Returns
        -------
        float
            0 to 1; dimensionless.
        """
        return float(domain.shape.contains(*self.places(probe_points(2, PROBES))).double().mean())

    def times(self, unit: Tensor, domain: Domain) -> Tensor:
        """Map parts of the pulse's time within the window to times.

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
        start, end = self.pulse.within(domain.t)
        return start + (end - start) * unit

    def identity_in(self, domain: Domain) -> tuple[float, ...]:
        """Return where and when it acts.

        Parameters
        ----------
        domain
            The problem's domain.

        Returns
        -------
        tuple of float
            Its place and the pulse's interval in parts of the domain's extents, dimensionless, and the pulse's
            `identity`.
        """
        first, last = domain.t
        lasts = last - first or 1.0  # a static problem is refused
        when = ((time - first) / lasts for time in self.pulse.interval)
        return *super().identity_in(domain), *when, *self.pulse.identity

    def require_sound(self, statement: Statement, domain: Domain, starts_at_rest: bool) -> None:
        """Raise ProblemError where it cannot act as it is meant to.

        Parameters
        ----------
        statement
            The statement whose right side it is, or is part of.
        domain
            The problem's domain.
        starts_at_rest
            Whether nothing moves at the window's first instant.

        Raises
        ------
        ProblemError
            As of any local field, for a static problem, and for a pulse that the window misses or cuts off.
        """
        super().require_sound(statement, domain, starts_at_rest)
        if domain.is_static:
            raise ProblemError(
                f"{self} has a pulse, and nothing depends on time here: give a static load as a function"
            )
        (start, end), (first, last) = self.pulse.interval, domain.t
        if start >= last or end <= first:
            raise ProblemError(
                f"{self} acts from {start:g} to {end:g} s, outside the window's {first:g} to {last:g} s: mend the "
                "pulse's times, or widen t"
            )
        at_first = abs(float(self.pulse(torch.tensor([first], dtype=torch.float64))))
        if starts_at_rest and at_first > LATE:
            raise ProblemError(
                f"{self} has {100 * at_first:.2g} % of its peak at the window's first instant, {first:g} s, where all "
                f"is at rest: let it start at {first:g} s or later, which is {first - start:.3g} s later than now"
            )


def _role(statement: Statement) -> str:
    """What the right side of a statement is called by those who give it."""
    if statement.column == "pde":
        return "the body force"
    return f"the value of a side ({statement.label})" if statement.column == "boundary" else f"the {statement.name}"
