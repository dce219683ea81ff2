"""Whether a run's data are explained, and how far its unknowns can be trusted: the record that a summary holds.

Nothing here works anything out: `training/assessment.py` does, and everything that shows a found value reads this.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

from pydantic import TypeAdapter, ValidationError

Verdict = Literal["holds", "widened", "withheld"]

NOT_ASSESSED = "no ±: it was not worked out whether the data are explained"
"""Of runs that failed or have not ended, and of runs of older versions."""

NOT_WHEN_STOPPED = "no ±: not assessed, since it was stopped"
"""Of runs that somebody ended; their tables work it out."""


@dataclass(frozen=True)
class Fit:
    """What the data say of a fit, and hence what is said of its values.

    Attributes:
        verdict: of the ±. holds: one standard deviation, as the noise leaves it. widened: by the misfit, which is a
            little more than the noise. withheld: no ± would be true.
        reason: the verdict's grounds, one sentence without a full stop.
        advice: what usually helps; "" where nothing has to.
        step: of training, at which all this was so.
        values: of the unknowns, SI.
        plus_minus: one standard deviation of each, SI; {} where withheld.
        is_lower_bound: whether ± leaves out what other trained layers add.
        samples: numbers recorded that were trained on; amplitudes: parameters of the last layer; effective_parameters:
            what of amplitudes and unknowns the samples paid for; degrees_of_freedom: samples less those.
        noise: standard deviation, m, None where unknown; noise_from: how it is known.
        chi_square: the squared misfit per degree of freedom in units of the noise; held_out: that of samples that were
            not trained on, by what is to be expected of them. None where there is nothing to tell it by.
        worst_channels: receiver and component with their own chi-square, the worst first.

    What has a default here may be missing in the summary of another version, which then says nothing of it.
    """

    verdict: Verdict
    values: Mapping[str, float]
    plus_minus: Mapping[str, float]
    is_lower_bound: bool
    reason: str = "the grounds are not recorded"
    advice: str = ""
    step: int | None = None
    samples: int | None = None
    amplitudes: int | None = None
    effective_parameters: float | None = None
    degrees_of_freedom: float | None = None
    noise: float | None = None
    noise_from: str = ""
    chi_square: float | None = None
    held_out: float | None = None
    worst_channels: Mapping[str, float] = field(default_factory=dict)

    @property
    def finding(self) -> str:
        """Verdict and grounds in one line."""
        bound = "; ± is a lower bound, since trained hidden layers are taken as they are"
        said = f"no ±: {self.reason}" if self.verdict == "withheld" else self.reason
        return f"{said}{bound if self.plus_minus and self.is_lower_bound else ''}"

    @property
    def sentence(self) -> str:
        """The finding, and what usually helps."""
        return f"{self.finding}; {self.advice}" if self.advice else self.finding

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a summary."""
        return asdict(self)

    @classmethod
    def from_json(cls, fields: object, names: Collection[str]) -> Self:
        """What `as_json` gave, by another version too: fields that are not known here are passed over.

        names: of all that can be unknown. Raises ValueError, in one line, for what lacks a value or a verdict, or has
        one that this version does not know.
        """
        try:
            fit: Self = TypeAdapter(cls).validate_python(fields)
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, fault['loc'])) or 'fit'}: {fault['msg']}" for fault in error.errors())
            raise ValueError("; ".join(faults)) from None
        if unknown := [name for name in {**fit.values, **fit.plus_minus} if name not in names]:
            raise ValueError(f"values: {', '.join(unknown)}, where {', '.join(names)} are known")
        return fit


def sentence_of(fit: Fit | None) -> str:
    """What is said of values of which this is known."""
    return fit.sentence if fit else NOT_ASSESSED
