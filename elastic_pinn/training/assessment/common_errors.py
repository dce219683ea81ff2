"""Errors that all records of a shot may have in common: another size, trigger time or zero, or another source.

Each is made a free parameter in turn, to first order, and its score is computed (Rao, Proc. Cambridge Philos. Soc. 44,
1948): a good fit does not ask for it. Where no misfit shows it, it may still move what was found: by how much is told.

Letters: N samples of E numbers, D data misfits, M weighted misfits, P parameters of the last layer, U unknowns, F found
numbers, unknowns and those of sources and gains, C changes of the misfits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from elastic_pinn.networks.batch import Batch
from elastic_pinn.physics.given_sources import Step
from elastic_pinn.physics.probes import probes
from elastic_pinn.physics.shots import names_of_shots
from elastic_pinn.physics.statement import Statement
from elastic_pinn.training.assessment.covariance import by_parameters
from elastic_pinn.training.assessment.linearised_fit import LinearisedFit
from elastic_pinn.training.assessment.stated_errors import StatedErrors
from elastic_pinn.training.trained_model import TrainedModel

LEAST_ALONE = 1e-3  # of a change: where less of it is left, it tells nothing but how times are interpolated
SIZE, TIME = "the size of the records, or of the known start or source,", "the trigger time"
FREE = SIZE, TIME
"""Errors of records that nothing tells where only the records are known."""
ALL = "all sources"
TOGETHER = "width", "direction", "pulse", "place along x", "place along y"
"""What may be wrong with all sources alike, as with one transducer that was moved."""


@dataclass(frozen=True)
class CommonDeviation:
    """An error that all records may have in common, of a shot or of several, as a free parameter.

    score: the estimate in units of its standard deviation by noise; shift: of the unknown that it would move most,
    most_shifted, in units of ±. is_free: whether it turns a solution into another one, so that only the ridge can tell
    it. of_calibration: by how much it would move what was found beside the unknowns, in units of ±; of_pulses: the
    coefficients of the sources' pulses, (K,).
    """

    name: str
    score: float
    shift: float
    most_shifted: str
    is_free: bool = False
    of_calibration: Mapping[str, float] = field(default_factory=dict)
    of_pulses: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class SourceDeviation(CommonDeviation):
    """The same of a number that is given of a source.

    best: what fits best, as "18 % smaller"; step: another one, as "10 % larger"; moved: by how much that moves each
    unknown, in units of ±, and where to. is_stated: whether ± counts how far it may be off.
    """

    best: str
    step: str
    moved: Mapping[str, float]
    is_stated: bool = False


class _Freed(NamedTuple):
    """A change as a free parameter: its score, the best estimate, and by how much a change of 1 moves each of the found
    numbers, (F,), in units of ±, and the coefficients of the sources' pulses, (K,)."""

    score: float
    best: float
    moved: Tensor
    of_pulses: Tensor


class CommonErrors:
    """The test of errors that records may have in common.

    Parameters
    ----------
    trained, linear
        The model, and its fit linearised.
    unit
        The noise, dimensionless.
    deviations
        One standard deviation of each found number, SI.
    stated
        Errors of sources that are stated: a score is of what goes beyond them.
    """

    def __init__(
        self,
        trained: TrainedModel,
        linear: LinearisedFit,
        unit: float,
        deviations: Mapping[str, float],
        stated: StatedErrors,
    ) -> None:
        self._trained, self._linear, self._unit, self._stated = trained, linear, unit, stated
        material, source = trained.model.material, linear.calibration
        self._unknowns, self._calibration, names = trained.problem.unknowns, list(source.values), list(material.si())
        constants = by_parameters(material)[[names.index(name) for name in self._unknowns]]  # (U, U)
        sizes = [deviations[name] for name in (*self._unknowns, *self._calibration)]
        self._sizes = torch.tensor(sizes, dtype=torch.float64)[:, None]  # (F, 1)
        self._by_unknowns = torch.cat([constants, source.by_unknowns])  # (F, U)

    def of_records(self, field: Tensor, rate: Tensor) -> Iterator[CommonDeviation]:
        """Test a gain, a delay and an offset of all records, or of those of each shot.

        field: in the place of the records, and its rate, (N, E) each. If only the records are known, another size or
        time turns a solution into another one.
        """
        linear, problem = self._linear, self._trained.problem
        changes = {  # of the data misfits, each (N, E); not the records, whose noise correlates with the misfits
            SIZE: -field,
            TIME: rate,
            **_zeros(linear.samples, linear.recorded),
        }
        if problem.other_shots:
            changes = _by_shot(changes, names_of_shots(problem), linear)
        known = (probe for probe in probes(problem) if probe.name != "exact")
        records_alone = not any(bool(probe.all_values().any()) for probe in known)
        every = self._freed(torch.stack([each.detach().double().reshape(-1) for each in changes.values()], dim=1))
        for name, freed in zip(changes, every, strict=True):
            yield self._deviation(name, freed, is_free=records_alone and name.endswith(FREE))

    def of_sources(self, at: Callable[[float], None]) -> Iterator[SourceDeviation]:
        """Test what is given of each source, and of all together. at: told the part that is done."""
        every = self._linear.changes_by_sources()
        together: dict[str, tuple[Step, Tensor, int, bool]] = {}
        for i, (changed, change_by) in enumerate(every):
            at(i / len(every))
            step, change = changed.step, change_by()[: self._linear.data.stop]  # of waveforms, the data come first
            yield self._of_source(changed.source, step, change, bool(changed.plus_minus))
            if step.what in TOGETHER:
                first, sum_of, count, are_stated = together.get(step.what, (step, torch.zeros_like(change), 0, True))
                sum_of = sum_of + step.in_steps_of(first) * change
                together[step.what] = first, sum_of, count + 1, are_stated and bool(changed.plus_minus)
        for step, change, count, are_stated in together.values():
            if count > 1:
                yield self._of_source(ALL, step, change, are_stated)

    def _of_source(self, source: str, step: Step, change: Tensor, is_stated: bool) -> SourceDeviation:
        """The test of a source that is another, by the change of the misfits, (D, 1)."""
        [freed] = self._freed(change)
        found = self._deviation(f"the {step.what} of {source}", freed)
        moved = dict(zip(self._unknowns, freed.moved.tolist(), strict=False))
        return SourceDeviation(
            **vars(found), best=step.told(freed.best), step=step.told(), moved=moved, is_stated=is_stated
        )

    def _deviation(self, name: str, freed: _Freed, is_free: bool = False) -> CommonDeviation:
        shifts, count = (freed.best * freed.moved).abs(), len(self._unknowns)  # (F,)
        most = int(freed.moved[:count].abs().argmax())
        of_calibration = dict(zip(self._calibration, shifts[count:].tolist(), strict=True))
        of_pulses = freed.best * freed.of_pulses
        return CommonDeviation(
            name, abs(freed.score), float(shifts[most]), self._unknowns[most], is_free, of_calibration, of_pulses
        )

    def _freed(self, changes: Tensor) -> list[_Freed]:
        """Make each of some changes of the data misfits, (D, C), a free parameter."""
        linear = self._linear
        effects = changes.new_zeros(len(linear.residuals), changes.shape[1])  # (M, C)
        effects[linear.data] = linear.weight * changes
        beyond_layer = linear.beyond_layer(effects)  # (M + P, C)
        unknowns = -linear.gain @ beyond_layer  # (U, C): they follow
        alone = beyond_layer + linear.projected_effects @ unknowns  # (M + P, C)
        # What the unknown of the source compensates cannot be seen.
        alone *= alone.norm(dim=0) > LEAST_ALONE * effects.norm(dim=0)
        tiny = torch.finfo(alone.dtype).tiny
        beyond = self._stated.beyond(alone)  # (M + P, C): misfits by stated errors have their covariance
        pull, square = beyond.T @ linear.projected_residual, (alone * beyond).sum(0).clamp(min=tiny)  # (C,) each
        at_data = (alone * beyond)[linear.data].sum(0).clamp(min=0.0)
        spread = (linear.weight * self._unit * at_data.sqrt()).clamp(min=tiny)
        found = self._by_unknowns @ unknowns  # (F, C)
        found[len(self._unknowns) :] += linear.follows_in_source(changes)
        moved = (found / self._sizes).T  # (C, F)
        every = (pull / spread).tolist(), (-pull / square).tolist(), moved, linear.pulses_by(changes).T
        return [_Freed(*each) for each in zip(*every, strict=True)]


def _by_shot(changes: Mapping[str, Tensor], shots: Sequence[str], linear: LinearisedFit) -> dict[str, Tensor]:
    """The same changes of the records of one shot alone, of each."""
    found = {}
    for name, change in changes.items():
        for shot, rows in zip(shots, linear.rows_of_shots, strict=True):
            of_shot = torch.zeros_like(change)
            of_shot.view(-1)[rows] = change.reshape(-1)[rows]
            found[f"of shot {shot}, {name}"] = of_shot
    return found


def _zeros(batch: Batch, recorded: Statement) -> dict[str, Tensor]:
    """A shift of the records' zero in each component, each (N, E)."""
    ones = torch.ones_like(batch.target)
    if batch.sensitivity is None:
        return {
            "the records' zero in x": ones * ones.new_tensor([1.0, 0.0]),
            "the records' zero in y": ones * ones.new_tensor([0.0, 1.0]),
        }
    assert recorded.samples is not None, "of which the sensitivity is"
    by_component = zip(recorded.samples.components, batch.sensitivity.unbind(1), strict=True)
    return {f"the records' zero in {name}": part[:, None] for name, part in by_component if part.any()}
