"""Whether a run's data are explained, and how accurate its unknowns are: the record in a summary.

It is computed in `training/assessment/judgement.py`, and read wherever a found value is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple, Self

from pydantic import TypeAdapter, ValidationError

GAIN = "gain of "
"""What the name of a channel begins with in `Fit.calibration`."""

Verdict = Literal["holds", "widened", "withheld"]

NOT_ASSESSED = "no ±: it was not worked out whether the data are explained"
"""For runs that failed or have not ended, and for runs of older versions."""

NOT_WHEN_STOPPED = "no ±: not assessed, since it was stopped"
"""For runs that were stopped by request; tables assess them."""

LOWER_BOUND = "± is a lower bound, since trained hidden layers are taken as they are"
OF_GIVEN = "the values are"
HOLDS_FOR = f'± is for given numbers: see the list "{OF_GIVEN}" of elastic-pinn inspect, or of the tab Result'
OUTCOMES: Mapping[Verdict, str] = {"holds": "± holds", "widened": "± is widened", "withheld": "no ±"}
HELPS = "what usually helps"


@dataclass(frozen=True)
class DerivedValue:
    """A constant that follows from those found, SI, and what is known of its error.

    plus_minus: one standard deviation; None where it is withheld, and where the error is not alike either way. low and
    high: the ends of the interval that holds the true one by 68 %, value less and plus plus_minus if there is one; None
    where withheld.
    """

    value: float
    plus_minus: float | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def symmetric(cls, value: float, plus_minus: float | None) -> Self:
        """Return a value with an error that is alike either way, or with none."""
        return cls(value) if plus_minus is None else cls(value, plus_minus, value - plus_minus, value + plus_minus)


@dataclass(frozen=True)
class ShotFit:
    """What one of several shots has to itself: its squared misfit per degree of freedom in units of the noise, None
    where that is unknown, and its source's wavelet as of `Fit`."""

    chi_square: float | None
    wavelet: Mapping[str, list[float]]


@dataclass(frozen=True)
class Move:
    """What found values would move by, to first order, were a given number another.

    number: as "the width of the source at (0.012, 0.02) m"; step: to which, as "10 % larger"; moved: each unknown, SI.
    """

    number: str
    step: str
    moved: Mapping[str, float]


class Section(NamedTuple):
    """A part of a verdict: its title, "" of the first, and its items."""

    title: str
    items: list[str]


@dataclass(frozen=True)
class Fit:
    """Whether a fit explains its data, and the ± of its values.

    Attributes:
        verdict: of the ±. holds: one standard deviation, as the noise leaves it. widened: by the misfit, which is a
            little more than the noise, or by what may be wrong with the records or a source. withheld: no ± would be
            true.
        reason: of the verdict, one sentence without a full stop. notes: what else is told of ± and of the records.
        remedies: what usually helps; none where nothing is needed. needs_waves: whether it is withheld for what more
            waves may mend.
        derived: what follows from lambda, mu and rho of each material that has unknowns: wave speeds "c_p" and "c_s"
            (m/s; of what moves), Young's modulus "E" (Pa) and Poisson's ratio "nu", of several materials "c_p_1", ...;
            derived_correlations: of each two of one material's errors, by "c_p and c_s", {} where withheld.
        step: of training, at which the fit was assessed.
        values: of the unknowns, SI.
        plus_minus: one standard deviation of each, SI; {} where withheld. correlations: of each two of the unknowns'
            errors, by "lambda and mu", likewise.
        is_lower_bound: whether ± leaves out the part of other trained layers.
        samples: numbers recorded that were trained on; held_out_samples: those that were not, by which the fit is
            checked; amplitudes: parameters of the last layer; effective_parameters:
            number of amplitudes and unknowns that the samples determine; degrees_of_freedom: samples less those.
        noise: standard deviation, in the unit of the records, None where unknown; noise_from: its origin.
        chi_square: the squared misfit per degree of freedom in units of the noise; held_out: that of held-out
            samples relative to its expectation. None where it cannot be computed.
        wavelet: of a source where it was unknown, as far as the records tell it: "time" in s, "strength" in multiples
            of the source's force or moment, and its "plus_minus", one standard deviation, where not withheld; else {}.
        calibration: what was found beside the material, by name, as far as the records tell it: of a source of known
            shape "amplitude", a factor of its force or moment, and "origin_time", how much later than stated it acts,
            s; of channels "gain of 3 y", by which what happened is multiplied in the records; calibration_plus_minus:
            one standard deviation of each, {} where withheld. correlations has these, too, but of two gains. Of
            several shots, names tell the shot.
        shots: of several shots the misfit and the wavelet of each, by its name; wavelet is that of the first.
        given: the numbers that values with ± are for, since misfits show an error of these in part or not at all;
            none where there is no ±. moves: by how much another source would move the values, those that matter most.
        stated_errors: those that ± is for, as `Problem.stated_errors`; None in an earlier version.
        worst_channels: receiver and component with their own chi-square, the worst first.

    A field with a default may be missing in the summary of another version.
    """

    verdict: Verdict
    values: Mapping[str, float]
    plus_minus: Mapping[str, float]
    is_lower_bound: bool
    reason: str = "the grounds are not recorded"
    notes: Sequence[str] = field(default_factory=list)
    remedies: Sequence[str] = field(default_factory=list)
    needs_waves: bool = False
    step: int | None = None
    samples: int | None = None
    held_out_samples: int = 0
    amplitudes: int | None = None
    effective_parameters: float | None = None
    degrees_of_freedom: float | None = None
    noise: float | None = None
    noise_from: str = ""
    chi_square: float | None = None
    held_out: float | None = None
    worst_channels: Mapping[str, float] = field(default_factory=dict)
    wavelet: Mapping[str, list[float]] = field(default_factory=dict)
    correlations: Mapping[str, float] = field(default_factory=dict)
    calibration: Mapping[str, float] = field(default_factory=dict)
    calibration_plus_minus: Mapping[str, float] = field(default_factory=dict)
    shots: Mapping[str, ShotFit] = field(default_factory=dict)
    given: Sequence[str] = field(default_factory=list)
    moves: Sequence[Move] = field(default_factory=list)
    derived: Mapping[str, DerivedValue] = field(default_factory=dict)
    derived_correlations: Mapping[str, float] = field(default_factory=dict)
    stated_errors: list[float] | None = None

    @property
    def outcome(self) -> str:
        """The verdict and its reason in one line."""
        return f"{OUTCOMES[self.verdict]}: {self.reason}"

    @property
    def headline(self) -> str:
        """The outcome, what kind of ± it is, and where it is told what the values are for."""
        return "; ".join([self.outcome, *self._of_kind, *([HOLDS_FOR] if self.given else [])])

    @property
    def sections(self) -> list[Section]:
        """What is told below the outcome."""
        every = (
            Section("", [*self._of_kind, *self.notes, *self._of_samples]),
            Section(OF_GIVEN, [*self.given]),
            Section(
                "were a given number another, the values would move by (in brackets: by so many ±)",
                [*map(self._move_text, self.moves)],
            ),
            Section(HELPS, [*self.remedies]),
        )
        return [each for each in every if each.items]

    @property
    def text(self) -> str:
        """The outcome, and below it each section with a line for each of its items."""
        return "\n".join([self.outcome, *self.lines_below])

    @property
    def lines_below(self) -> list[str]:
        """The lines of the text without the first."""
        lines: list[str] = []
        for title, items in self.sections:
            lines += [*([f"{title}:"] if title else []), *(f"- {each}" for each in items)]
        return lines

    @property
    def condition(self) -> str:
        """The given numbers that the values are for, and what these would move by, as one cell of a table."""
        return "; ".join([*self.given, *map(self._move_text, self.moves)])

    @property
    def _of_kind(self) -> list[str]:
        return [LOWER_BOUND] if self.plus_minus and self.is_lower_bound else []

    @property
    def _of_samples(self) -> list[str]:
        """How many samples were fitted, where others were not."""
        if not (self.samples and self.held_out_samples):
            return []
        held_out = f"{self.held_out_samples:,} were held out, to check the fit by (validation_fraction)"
        return [f"{self.samples:,} recorded samples were fitted, and {held_out}"]

    def _move_text(self, move: Move) -> str:
        moved = [self._moved_text(name, by) for name, by in move.moved.items()]
        return f"{move.number}, {move.step}: {', '.join(moved)}"

    def _moved_text(self, name: str, by: float) -> str:
        """As in "lambda by +0.54 % (3.6 ±)"; without a part of a value that is 0."""
        value, error = self.values[name], self.plus_minus.get(name, 0.0)
        parts = [f"{100.0 * by / abs(value):+.2g} %"] if value else []
        parts += [f"({abs(by) / error:.2g} ±)"] if error else []
        return f"{name} by {' '.join(parts) or 'an unknown part'}"

    @property
    def largest_correlation(self) -> str:
        """Which two unknowns' errors are correlated most, and by how much; "" without two, or without ±."""
        if not self.correlations:
            return ""
        pair, value = max(self.correlations.items(), key=lambda each: abs(each[1]))
        return f"the errors of {pair} are correlated by {value:+.2f}"

    def as_json(self) -> dict[str, Any]:
        """Return plain values, for a summary."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: object, names: Collection[str]) -> Self:
        """Make a fit from what `as_json` of any version returned; fields that are not known here are ignored.

        names: all that can be unknown. Raises ValueError, in one line, if a value or the verdict is missing or is not
        known in this version.
        """
        try:
            fit: Self = TypeAdapter(cls).validate_python(_as_now(fields))
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, fault['loc'])) or 'fit'}: {fault['msg']}" for fault in error.errors())
            raise ValueError("; ".join(faults)) from None
        if unknown := [name for name in {**fit.values, **fit.plus_minus} if name not in names]:
            raise ValueError(f"values: {', '.join(unknown)}, where {', '.join(names)} are known")
        if strange := {name: None for move in fit.moves for name in move.moved if name not in fit.values}:
            raise ValueError(f"moves: {', '.join(strange)}, where {', '.join(fit.values)} are found")
        return fit


def _as_now(fields: object) -> object:
    """The fields of a fit as they are now: remedies and given numbers were one text each."""
    if not isinstance(fields, Mapping):
        return fields
    helps, given = fields.get("advice"), fields.get("condition")
    once = {
        "remedies": [helps.removeprefix(f"{HELPS}: ")] if isinstance(helps, str) and helps else [],
        "given": [given] if isinstance(given, str) and given else [],
    }
    return {**once, **fields}
