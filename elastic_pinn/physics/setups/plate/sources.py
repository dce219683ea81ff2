"""What acts on the plate of a config: the entries of the field `sources`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from elastic_pinn.config_sections import Entry, Finite, List, NonNegative, OfList, Pair, Positive, as_written
from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.plus_minus import PlusMinus, require_plus_minus

PULSED = ("pulse", "frequency")
PEAKS = ("displacement", "velocity")
NEEDED: Mapping[str, tuple[str, ...]] = {
    "side_load": ("force", *PULSED),
    "point_force": ("force", *PULSED),
    "moment": ("moment", *PULSED),
    "initial_pulse": (),
}
"""What each kind of source needs beside at and width."""

POSSIBLE = dict.fromkeys(NEEDED, ("delay", "cycles", "unknowns", "origin_within")) | {"initial_pulse": PEAKS}
"""What each kind may have beside that."""

UNCERTAIN = "at_plus_minus", "width_plus_minus", "direction_plus_minus"
"""How far what is given of each kind may be off."""

STRENGTHS = {"force", "moment", *PEAKS}


class SourceEntry(Entry):
    """What acts on a plate around one place, spread by a Gaussian."""

    kind: Literal["side_load", "point_force", "moment", "initial_pulse"]
    """side_load, a traction on a free side or rim; point_force and moment, inside; initial_pulse, of displacement or
    velocity at 0 s"""
    at: Pair
    """its middle, [x, y] in m; that of a side_load is on a side"""
    width: Positive
    """the standard deviation of the Gaussian, m"""
    force: Pair | None = None
    """of side_load and point_force, [f_x, f_y] in N/m"""
    moment: Annotated[tuple[Pair, Pair], OfList] | None = None
    """of moment, [[xx, xy], [yx, yy]] in N m/m"""
    displacement: Pair | None = None
    """of initial_pulse, its peak [u_x, u_y] in m"""
    velocity: Pair | None = None
    """of initial_pulse, its peak [v_x, v_y] in m/s"""
    pulse: Literal["ricker", "gaussian", "tone_burst", "unknown"] | None = None
    """how the strength changes in time, of all but initial_pulse. unknown: it is sought with the material, by data and
    stages = ["full_waveform"]"""
    frequency: Positive | None = None
    """of the pulse, Hz: of a ricker where its spectrum has its peak, of a gaussian that of the ricker which is its
    second derivative, of a tone_burst that of its sine, of an unknown one about where its spectrum has its peak; not
    given of an unknown one: as the records of data need"""
    delay: Finite | None = None
    """when a ricker or a gaussian has its peak, or a tone_burst or an unknown one starts, s. Not given: as early as it
    can be where all is at rest at 0 s, after a period, four standard deviations, or at once"""
    cycles: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None
    """of a tone_burst; not given: 5"""
    unknowns: List[Literal["amplitude", "origin_time"]] | None = None
    """what is sought of a pulse of known shape with the material, by data and stages = ["full_waveform"]: a factor of
    force or moment, how much later than delay it acts, or both"""
    origin_within: Positive | None = None
    """how much later or earlier than delay an origin_time that is sought may be, s; not given: a period"""
    at_plus_minus: NonNegative | None = None
    """one standard deviation of each coordinate of at, or, of one on a side, along that, m: ± of what is found from
    data by stages = ["full_waveform"] counts it. Entries at one place are one transducer, of which the same is to be
    stated; all others err independently. Not given, or 0: at is exact"""
    width_plus_minus: NonNegative | None = None
    """the same of width, m"""
    direction_plus_minus: NonNegative | None = None
    """the same of the direction of force, moment, displacement or velocity, degrees"""
    shot: str = ""
    """the shot of `data` in which it acts; not given: in each"""

    @property
    def as_exact(self) -> Self:
        """The same source where nothing is stated of how far it may be off."""
        return self.model_copy(update=dict.fromkeys(UNCERTAIN))

    @property
    def plus_minus(self) -> PlusMinus:
        """How far what is given may be off; raises ProblemError for what no source has."""
        return PlusMinus(self.at_plus_minus or 0.0, self.width_plus_minus or 0.0, self.direction_plus_minus or 0.0)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        needed = NEEDED[self.kind]
        possible = {"kind", "at", "width", "shot", *UNCERTAIN, *needed, *POSSIBLE[self.kind]}
        found = ("frequency",) if self.pulse == "unknown" else ()
        if missing := [name for name in needed if name not in (*given, *found)]:
            raise ValueError(f"{_are(missing)} missing, for this kind needs {', '.join(needed)}")
        if others := [name for name in given if name not in possible]:
            raise ValueError(f"this kind has no {' and no '.join(others)}; leave it out")
        if self.kind == "initial_pulse" and not {*PEAKS} & {*given}:
            raise ValueError("displacement or velocity is missing, of which this kind needs at least one")
        if self.cycles is not None and self.pulse != "tone_burst":
            raise ValueError(f"cycles = {self.cycles:g} are those of a 'tone_burst'; leave them out")
        if self.unknowns and self.pulse == "unknown":
            raise ValueError("unknowns: amplitude and origin time are part of an 'unknown' pulse; leave them out")
        if self.origin_within is not None and "origin_time" not in (self.unknowns or ()):
            raise ValueError("origin_within is of an origin time that is sought: add 'origin_time' to unknowns")
        try:
            require_plus_minus(self.kind, self.plus_minus, self.width)
        except ProblemError as error:
            raise ValueError(str(error)) from None
        for name in given:
            if name in STRENGTHS and not _is_felt(getattr(self, name)):
                raise ValueError(f"{name} = {in_one_line(as_written(getattr(self, name)))} moves nothing")
        return self


def _are(names: Collection[str]) -> str:
    return f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'}"


def _is_felt(strength: tuple[float | Pair, ...]) -> bool:
    """Whether any number of a vector, or of the rows of a matrix, is not zero."""
    return any(any(each) if isinstance(each, tuple) else each for each in strength)
