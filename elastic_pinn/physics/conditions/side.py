"""What conditions on the sides of a domain share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from elastic_pinn.physics.domain import SIDES, Domain
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.fields import Field, name_of, require_field
from elastic_pinn.physics.statement import Place, Statement


@dataclass(frozen=True, repr=False)
class SideCondition:
    """One value prescribed on some sides; a subclass says of what.

    Parameters
    ----------
    value
        A function (x, y, t) -> (N, 2) in SI units; None: zero.
    sides
        Any of "left", "right", "bottom", "top", each once.

    Raises
    ------
    ProblemError
        For a value that is no such function, and for other sides.
    """

    value: Field | None = None
    sides: tuple[str, ...] = SIDES

    def __post_init__(self) -> None:
        require_field(self.value, f"the value of a {type(self).__name__}")
        sides = (self.sides,) if isinstance(self.sides, str) else tuple(self.sides or ())
        if not sides or any(side not in SIDES for side in sides) or len(set(sides)) < len(sides):
            raise ProblemError(f"sides = {self.sides!r}: legal are any of {', '.join(SIDES)}, each once")
        object.__setattr__(self, "sides", sides)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({name_of(self.value)}, sides={self.sides})"

    def statements(self, number: int, domain: Domain) -> Sequence[Statement]:
        """What it requires as condition of that number of a problem."""
        raise NotImplementedError

    def place(self, domain: Domain) -> Place:
        """Its sides, by length, for all of the time window."""
        return Place("boundary", 2, lambda unit: domain.boundary(unit, self.sides), self.sides)

    def on_sides(self) -> tuple[float, ...]:
        """A number for each side of a domain: 1 where the condition holds."""
        return tuple(float(side in self.sides) for side in SIDES)
