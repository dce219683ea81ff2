"""How far what is given of a source may be off."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import Any

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.numbers import finite_number

MOST_TURNED = 45.0  # degrees: further, waveforms are no straight line of the direction
UNITS = {"at": "m", "width": "m", "direction": "degrees"}


@dataclass(frozen=True)
class PlusMinus:
    """One standard deviation of each number that is given of a source; 0 where it is exact.

    The ± of what is found from waveforms counts them, to first order. Sources at one place are those of one transducer,
    of which the same is to be stated, and err alike; all others err independently.

    Parameters
    ----------
    at
        Of each coordinate of its middle, or, of one on a side, along that, m.
    width
        Of the Gaussian's standard deviation, m.
    direction
        Of a force, amplitude or moment, degrees.

    Raises
    ------
    ProblemError
        For numbers that are negative or not finite, and for a direction that is off by 45 degrees or more.
    """

    at: float = 0.0
    width: float = 0.0
    direction: float = 0.0

    def __post_init__(self) -> None:
        for each in fields(self):
            number = finite_number(f"{each.name}_plus_minus", getattr(self, each.name))
            if number < 0.0:
                raise ProblemError(f"{each.name}_plus_minus = {number:g}: 0 or more is legal")
            object.__setattr__(self, each.name, number)
        if self.direction >= MOST_TURNED:
            raise ProblemError(f"direction_plus_minus = {self.direction:g}: below {MOST_TURNED:g} degrees is legal")

    def __bool__(self) -> bool:
        return any(astuple(self))

    @property
    def stated(self) -> tuple[str, ...]:
        """The names of the numbers that are not exact, of "at", "width" and "direction"."""
        return tuple(each.name for each in fields(self) if getattr(self, each.name))


EXACT = PlusMinus()
"""Of a source that is as given."""


def require_plus_minus(role: str, given: Any, width: float) -> None:
    """Raise ProblemError, naming `role`, for what is no `PlusMinus` of a source of a width, m."""
    if not isinstance(given, PlusMinus):
        raise ProblemError(f"{role}: plus_minus = {in_one_line(given)}: ep.PlusMinus(at=..., width=...) is needed")
    if given.width >= width:
        raise ProblemError(f"{role}: width_plus_minus = {given.width:g} m of a width of {width:g} m: less is legal")
