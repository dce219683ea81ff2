"""Whether a run's data are explained, and how far its unknowns can be trusted: the record that a summary holds.

Nothing here works anything out: `training/assessment.py` does, and everything that shows a found value reads this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

Verdict = Literal["holds", "widened", "withheld"]

NOT_ASSESSED = "no ±: it was not worked out whether the data are explained"
"""Of runs that failed or have not ended, and of runs of older versions."""


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
    """

    verdict: Verdict
    reason: str
    advice: str
    step: int
    values: Mapping[str, float]
    plus_minus: Mapping[str, float]
    is_lower_bound: bool
    samples: int
    amplitudes: int
    effective_parameters: float
    degrees_of_freedom: float
    noise: float | None
    noise_from: str
    chi_square: float | None
    held_out: float | None
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
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """What `as_json` gave. Raises TypeError for what it did not give."""
        return cls(**fields)


def sentence_of(fit: Fit | None) -> str:
    """What is said of values of which this is known."""
    return fit.sentence if fit else NOT_ASSESSED
