"""Errors of given numbers of sources, as far as they are stated: `PlusMinus` of a source.

The fit takes what is given for exact. By each stated error, of one standard deviation, what was found is off to first
order as it would follow that change, and its covariance has the outer product of this (consider parameters: Schmidt,
Advances in Control Systems 3, 1966; Bierman, Factorization Methods for Discrete Sequential Estimation, 1977, chapter
8). Data misfits then have the covariance s^2 I + A A^T, with A what the fit cannot compensate of the changes. They are
judged with the best amount of each error within its prior, which leaves s^2 (s^2 I + A A^T)^-1 of them (Rasmussen and
Williams, Gaussian Processes for Machine Learning, 2006, section 2.7): as by so many more fitted numbers, each of a
part of a degree of freedom.

Sources at one place are one transducer, and err alike; those at others err independently.

Letters: D data misfits, F of these and of the held-out samples', C stated errors, U unknowns, K pulses of the sources,
Q numbers of sources and gains, M + P rows of a fit, E of any changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from elastic_pinn.physics.given_sources import ChangedSource, Step
from elastic_pinn.training.assessment.linearised_fit import LinearisedFit


@dataclass(frozen=True)
class StatedDeviation:
    """A stated error and the amount of it that fits best, given what is stated.

    name: as "the width of the source at (0.01, 0.02) m". amount: in stated standard deviations, and plus_minus, its
    own. best: the amount in words, as "4 % larger". of_pulses: the change of the sources' pulses by one standard
    deviation, (K,).
    """

    name: str
    amount: float
    plus_minus: float
    best: str
    of_pulses: Tensor


class _Change(NamedTuple):
    """The change of the misfits by one standard deviation, (F, 1): of which number of what, that in steps, and the
    place."""

    source: str
    step: Step
    steps: float
    by_one: Tensor
    place: tuple[float, float]

    def with_other(self, other: _Change) -> _Change:
        """The change by both, which are of one transducer."""
        towards = 1.0 if self.step.in_steps_of(other.step) > 0.0 else -1.0
        at = "the sources at ({:g}, {:g}) m".format(*self.place)
        return self._replace(source=at, by_one=self.by_one + towards * other.by_one)


class StatedErrors:
    """What stated errors of sources do to the misfits and to what was found.

    Attributes:
        every: the errors, C of them.
        by_unknowns: by how much each, of one standard deviation, moves the unknowns' parameters, (U, C).
        by_calibration: by how much it moves what was found of sources and gains, the unknowns held, (Q, C).
    """

    def __init__(self, linear: LinearisedFit, unit: float) -> None:
        """unit: the data noise, dimensionless."""
        stated = _changes(linear)
        count = linear.data.stop - linear.data.start
        nothing = linear.projected_effects.new_zeros(count, 0)
        changes = torch.cat([each.by_one for each in stated], dim=1) if stated else nothing  # (F, C)
        left = linear.left_by_fit(changes) if stated else nothing  # (F, C)
        _, sizes, turned = torch.linalg.svd(left[:count], full_matrices=False)  # of noise and errors: (C,), (C, C)
        noise = sizes.new_tensor(math.inf if math.isnan(unit) else unit)
        self._amounts = turned.T / torch.hypot(sizes, noise).clamp(min=torch.finfo(left.dtype).tiny)
        self._rows, self._count = left @ self._amounts, count  # (F, C): of the influence matrix
        at_data = changes[:count]
        self.by_unknowns = -linear.gain @ linear.beyond_layer(at_data) if stated else linear.gain[:, :0]
        self.by_calibration = linear.follows_in_source(at_data)
        amounts = -self._amounts @ (self.rows.T @ linear.residuals[linear.data])  # (C,)
        errors = [1.0] * len(stated) if math.isnan(unit) else (unit * self._amounts.norm(dim=1)).tolist()
        of_pulses = linear.pulses_by(at_data).unbind(1)
        self.every: Sequence[StatedDeviation] = tuple(
            StatedDeviation(
                f"the {change.step.what} of {change.source}",
                amount,
                error,
                change.step.told(amount * change.steps),
                pulses,
            )
            for change, amount, error, pulses in zip(stated, amounts.tolist(), errors, of_pulses, strict=True)
        )

    @property
    def rows(self) -> Tensor:
        """The rows of which the products with each other are what they add to the data's influence matrix, (D, C)."""
        return self._rows[: self._count]

    @property
    def rows_held_out(self) -> Tensor:
        """The same of held-out samples, (H, C)."""
        return self._rows[self._count :]

    def beyond(self, changes: Tensor) -> Tensor:
        """The part of changes (M + P, E), of what the fit leaves, that the best amounts of the errors leave."""
        return changes - self.rows @ (self.rows.T @ changes) if self.every else changes

    def beyond_held_out(self, held_out: Tensor, misfits: Tensor) -> Tensor:
        """What these amounts leave of misfits of held-out samples, (H,), by those of the data, (D,)."""
        return held_out - self.rows_held_out @ (self.rows.T @ misfits) if self.every else held_out


def _changes(linear: LinearisedFit) -> list[_Change]:
    """The change by each stated error; those of one transducer are one."""
    found: dict[tuple[str, tuple[float, float]], _Change] = {}
    for changed, change_by in linear.changes_by_sources():
        if changed.plus_minus:
            change = _of(changed, change_by())
            key = changed.step.what, changed.place
            found[key] = found[key].with_other(change) if key in found else change
    return list(found.values())


def _of(changed: ChangedSource, change: Tensor) -> _Change:
    return _Change(changed.source, changed.step, changed.plus_minus, changed.plus_minus * change, changed.place)
