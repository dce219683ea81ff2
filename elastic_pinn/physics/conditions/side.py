"""What conditions on the sides of a domain share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.domains import Domain, Part
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.fields import Field, name_of
from elastic_pinn.physics.quantity import PhysicalQuantity
from elastic_pinn.physics.sources import concentrated, end_of, field_of, identity_of
from elastic_pinn.physics.statement import Operator, Place, Statement

COMPONENTS = ("x", "y")


class SideEquation(NamedTuple):
    """One equation of a condition, or two, of one quantity; its attributes are those of a `Statement`.

    Attributes
    ----------
    operator, quantity, derivatives, moduli, normals, of_target, image_sign
        As a `Statement` has them.
    name
        Tells it from the condition's others.
    """

    operator: Operator
    quantity: PhysicalQuantity
    derivatives: tuple[str, ...] = ()
    moduli: tuple[str, ...] = ()
    normals: tuple[str, ...] = ()
    of_target: tuple[int, ...] = (0, 1)
    name: str = ""
    image_sign: float = 0.0

    def statement(self, name: str, column: str, place: Place, **further: Any) -> Statement:
        """Return what it requires at a place; `name` is followed by its own. further: as a `Statement` has them."""
        return Statement(
            name=f"{name} {self.name}".rstrip(),
            column=column,
            derivatives=self.derivatives,
            operator=self.operator,
            quantity=self.quantity,
            place=place,
            moduli=self.moduli,
            normals=self.normals,
            of_target=self.of_target,
            image_sign=self.image_sign,
            **further,
        )

    def along(self, component: int) -> SideEquation:
        """Return its component along x, 0, or y, 1, alone."""
        return self._replace(
            operator=lambda u, moduli, normal: self.operator(u, moduli, normal)[:, [component]], of_target=(component,)
        )


@dataclass(frozen=True, repr=False)
class SideCondition:
    """One value prescribed on some sides; a subclass says of what.

    Parameters
    ----------
    value
        A function (x, y, t) -> (N, 2) in SI units, or several in a list, which add up; None: zero.
    sides
        Names of sides ("left", "right", "bottom", "top" of a rectangle, "rim" of a disc, "hole 1", ... of a plate), or
        `ep.Part`s of them, each once; None: all sides.
    component
        "x" or "y": it prescribes that component alone, and another condition may prescribe the other; None: both.

    Raises
    ------
    ProblemError
        For a value that is no such function, for what cannot be sides, and for another component; in a Problem, for
        sides that its domain does not have.
    """

    value: Field | None = None
    sides: Any = None
    component: Literal["x", "y"] | None = None

    kind: ClassVar[float]
    """Tells it from other conditions in fingerprints, for ever."""
    equations: ClassVar[tuple[SideEquation, ...]]
    """What holds; the value is the right side of each."""
    labels: ClassVar[tuple[str, str]]
    """What a figure calls it, with a value and without."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", field_of(self.value, f"the value of a {type(self).__name__}"))
        if self.component not in (None, *COMPONENTS):
            raise ProblemError(f"component = {in_one_line(self.component)}: legal are 'x' and 'y'; without it, both")
        if self.sides is None:
            return
        is_one = isinstance(self.sides, str | Part) or not isinstance(self.sides, Iterable)
        given = (self.sides,) if is_one else tuple(self.sides)
        if not given or not all(isinstance(each, str | Part) for each in given) or len(set(given)) < len(given):
            raise ProblemError(f"sides = {in_one_line(self.sides)}: names of sides, or Parts of them, each once")
        object.__setattr__(self, "sides", given)

    def __repr__(self) -> str:
        on = "" if self.sides is None else f", sides={self.sides}"
        along = f", component={self.component!r}" if self.component else ""
        return f"{type(self).__name__}({name_of(self.value)}{on}{along})"

    def statements(self, number: int, domain: Domain) -> tuple[Statement, ...]:
        """Return what the condition requires of a wavefield: of each equation, operator(u) = value.

        Parameters
        ----------
        number
            Which of the problem's conditions it is, from 0.
        domain
            The problem's domain.

        Returns
        -------
        tuple of Statement
            The left sides against the value, in SI units, all at the same points.
        """
        place = concentrated(self.place(domain), domain, self.value)
        identity = (self.kind, *self.identity_on(domain), *identity_of(self.value, domain))
        along = f", along {self.component}" if self.component else ""
        return tuple(
            equation.statement(
                f"boundary {number}",
                "boundary",
                place,
                target=self.value,
                identity=identity,
                label=self.labels[self.value is None] + along,
            )
            for equation in self._equations
        )

    @property
    def _equations(self) -> Iterable[SideEquation]:
        if self.component is None:
            return self.equations
        return [equation.along(COMPONENTS.index(self.component)) for equation in self.equations]

    def shares(self, other: SideCondition) -> bool:
        """Return whether two conditions prescribe a component in common.

        Parameters
        ----------
        other
            Another condition, which may be on the same side.

        Returns
        -------
        bool
            False where one is along x and the other along y.
        """
        return None in (self.component, other.component) or self.component == other.component

    def prescribes(self, component: str) -> bool:
        """Return whether it prescribes a component.

        Parameters
        ----------
        component
            "x" or "y".

        Returns
        -------
        bool
            Whether it does.
        """
        return self.component in (None, component)

    @property
    def works_until(self) -> float:
        """Until when a wavefield that meets it may gain or lose energy through its sides, s; -inf: never."""
        return end_of(self.value)

    def place(self, domain: Domain) -> Place:
        """Return the condition's parts of the boundary, sampled by length, for all of the time window.

        Parameters
        ----------
        domain
            The problem's domain.

        Returns
        -------
        Place
            Where points are drawn.
        """
        parts = domain.shape.parts_of(self.sides)
        return Place("boundary", 2, lambda unit, quantile: domain.boundary(unit, parts, quantile), parts)

    def identity_on(self, domain: Domain) -> tuple[float, ...]:
        """Describe by numbers where on a domain the condition holds.

        Parameters
        ----------
        domain
            The problem's domain.

        Returns
        -------
        tuple of float
            For each side 1 where the condition holds on all of it, else 0; then for each part of a side the index of
            the side and where the part begins and ends (m, radians); last, where it prescribes one component alone, 1
            for that along x and 2 for that along y.
        """
        shape, parts = domain.shape, domain.shape.parts_of(self.sides)
        whole = {part.side for part in parts if shape.is_whole(part)}
        pieces = [part for part in parts if part.side not in whole]
        numbers = [number for part in pieces for number in (shape.sides.index(part.side), part.low, part.high)]
        numbers += [1 + COMPONENTS.index(self.component)] if self.component else []
        return *(float(side in whole) for side in shape.sides), *map(float, numbers)
