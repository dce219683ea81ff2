"""The waveforms at the receivers of all shots, as a problem implies them in a material, beside what was recorded.

One shot's are those of `shot_waveforms.py`: of its network, corrected by finite elements; of other shots, which have no
network, by elements alone. All are in the units of the first one's scales, and their noise is one.

Letters: N samples of E numbers, U unknowns, M = E N misfits, a sample's after each other, K pulses of all sources: a
shot has columns of its own, which are zero at the samples of other shots.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.error_estimate import CORRECTED, FINER, still, why_no_error, why_undetermined
from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batch, Batches
from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import VECTORS
from elastic_pinn.physics.given_sources import ChangedSource
from elastic_pinn.physics.shortest_waves import shortest_waves
from elastic_pinn.physics.shots import names_of_shots
from elastic_pinn.physics.sources import KnownShape
from elastic_pinn.training.gains import FitWithGains, channels_of_unknown_gain
from elastic_pinn.training.low_pass import LowPass, LowPassedWaveforms
from elastic_pinn.training.optimizers import OPTIMIZERS
from elastic_pinn.training.shot_waveforms import SEARCHED, ShotWaveforms
from elastic_pinn.training.source_fit import ShotPart, SourceFit, require_alone, unknown_pulse

MOST_INSTANTS = 8_000  # of a filter over all of them

Delayed = Sequence[Callable[[float], Tensor]]
"""Of each shot, the waveforms as a function of a delay."""


def require_determined(config: Config, problem: Problem) -> None:
    """Raise ConfigError for a stage that fits waveforms where the material alone does not determine them, or where
    elements cannot solve for them, and for several shots or what is unknown of a source where not all stages do."""
    for shot in problem.shots:
        require_alone(shot)
    _require_gains(config, problem)
    alone = all(OPTIMIZERS[name].fits_waveforms for name in config.stages)
    if not (alone and problem.unknowns):
        _require_sure_sources(config, problem)
    pulse = next(filter(None, map(unknown_pulse, problem.shots)), None)
    if pulse and not alone:
        unknown = "amplitude or origin time" if isinstance(pulse, KnownShape) else "wavelet"
        raise ConfigError(
            f"stages = {list(config.stages)}: a source's {unknown} is unknown, which ['full_waveform'] alone finds, "
            "with unknowns of the material and the records of receivers"
        )
    if problem.other_shots and not alone:
        raise ConfigError(
            f"stages = {list(config.stages)}: there are {len(problem.shots)} shots, which ['full_waveform'] alone fits "
            "together: with unknowns, and with sides, start and sources that determine the wavefield of each"
        )
    if problem.other_shots and config.validation_fraction:
        raise ConfigError(
            f"validation_fraction = {config.validation_fraction:g}: of several shots all samples are fitted; set 0"
        )
    for name in config.stages:
        if OPTIMIZERS[name].fits_waveforms:
            _require_common_times(config, problem)
            for shot in problem.shots:
                _require_waveforms(name, shot)


def _require_sure_sources(config: Config, problem: Problem) -> None:
    """Raise ConfigError for sources that may be off where no ± of what is found counts it."""
    uncertain = {
        f"{name}_plus_minus": source
        for shot in problem.shots
        for source in shot.sources
        for name in source.plus_minus.stated
    }
    if uncertain:
        raise ConfigError(
            f"stages = {list(config.stages)}: there is {' and '.join(uncertain)} of {next(iter(uncertain.values()))}, "
            "which ± of unknowns counts where ['full_waveform'] alone finds them: leave it out, or take these stages, "
            "with unknowns and the records of receivers"
        )


def _require_gains(config: Config, problem: Problem) -> None:
    """Raise ConfigError for unknown gains that cannot be found."""
    every, statement = problem.records_of_all_shots, problem.recorded_in_all_shots
    if not (config.unknown_gains and every and statement and statement.samples):
        return
    channels = statement.samples.channels.unique()
    if every.is_complete and len(channels) < len(statement.samples.names):
        raise ConfigError(
            f"unknown_gains = {list(config.unknown_gains)}: several receivers are at one place, and count as the first "
            "of them; leave out all but one of those"
        )
    channels_of_unknown_gain(problem, config.unknown_gains, channels)


def _require_waveforms(name: str, shot: Problem) -> None:
    """Raise ConfigError for a shot whose waveforms elements cannot solve for, for the stage of a name."""
    kinds = [each.kind for each in shot.receivers.records] if shot.receivers else []
    if tensors := [kind.name for kind in kinds if kind not in VECTORS.values()]:
        raise ConfigError(
            f"stages has {name!r}, for which elements give displacement, velocity and acceleration at receivers, "
            f"and {' and '.join(tensors)} is recorded: take 'variable_projection'"
        )
    if reason := why_undetermined(shot):
        raise ConfigError(
            f"stages has {name!r}, which needs a wavefield that sides, start and sources determine, and {reason}: "
            "take 'variable_projection'"
        )
    if reason := why_no_error(still(shot), shot, FINER):
        raise ConfigError(
            f"stages has {name!r}, which needs waveforms by finite elements: {reason}; or take 'variable_projection'"
        )


def _require_common_times(config: Config, problem: Problem) -> None:
    """Raise ConfigError for more instants than a filter takes, where there is one."""
    every = problem.records_of_all_shots
    if not (config.frequency_continuation and every):
        return
    if len(np.unique(np.concatenate([each.instants[each.is_there] for each in every.records]))) > MOST_INSTANTS:
        raise ConfigError(
            f"frequency_continuation needs common times: the clocks and delays of these channels make more than "
            f"{MOST_INSTANTS:,} instants; leave it out, or cut the times"
        )


class Waveforms:
    """The waveforms of a model's problem at recorded samples, dimensionless, in the model's present material.

    Parameters
    ----------
    problem
        With receivers, and one whose shots determine their wavefields once the material is known.
    config, model
        The network as it is at each call, and its material.
    *batches
        The samples of one shot are those of the records in each, one after another; of several shots they are all.

    Attributes
    ----------
    problem
        As given.
    recorded : Statement
        The statement on the records of all shots.
    samples : Batch
        All samples, on the CPU.
    target : Tensor
        What was recorded, (N, E).
    names : tuple of str
        Of the shots.
    """

    def __init__(self, problem: Problem, config: Config, model: Model, *batches: Batches) -> None:
        every = problem.records_of_all_shots
        statement = problem.recorded_in_all_shots
        assert every and statement, "there are no waveforms without receivers"
        self.problem, self._model, self._config = problem, model, config
        self.recorded = statement
        self.samples = (
            Batch.of_samples(self.recorded, problem) if problem.other_shots else _joined(batches, self.recorded.name)
        )
        self.target, self.names = self.samples.target, names_of_shots(problem)
        channels = self._channels.reshape(-1)
        gained = channels_of_unknown_gain(problem, config.unknown_gains, channels.unique())
        self._gained = {name: numbers[0] for name, numbers in gained.items()}
        is_of = [torch.isin(channels, torch.tensor(numbers)) for numbers in gained.values()]
        self._is_of = torch.stack(is_of, dim=1).to(self.target) if is_of else self.target[:, :0]  # (M, G)
        orders = [kind.order for kind in every.kinds]
        self._rows = [*self._first_rows(), len(self.target)]
        self.shots = tuple(
            ShotWaveforms(
                shot, model, None if number else self._on_cpu, self.recorded, self.samples.rows(slice(*rows)), orders
            )
            for number, (shot, rows) in enumerate(zip(problem.shots, pairwise(self._rows), strict=True))
        )

    @property
    def has_known_gain(self) -> bool:
        """Whether the gain of a channel is known."""
        return bool((self._is_of.sum(1) == 0.0).any())

    @property
    def _channels(self) -> Tensor:
        """The number of each misfit's channel, (N, E)."""
        assert self.samples.channels is not None, "a batch of data has been recorded"
        return self.samples.channels.long()

    def _first_rows(self) -> list[int]:
        """The first sample of each shot."""
        if not self.problem.other_shots:
            return [0]
        counts = [shot.receivers.samples for shot in self.problem.shots if shot.receivers]
        return [sum(counts[:i]) for i in range(len(counts))]

    @cached_property
    def parts(self) -> Sequence[ShotPart]:
        """Of each shot."""
        numbers, ends = self.target.shape[1], [0, *accumulate(len(shot.delays) for shot in self.shots)]
        return [
            ShotPart(name, slice(low * numbers, high * numbers), slice(*pulses), shot.pulse)
            for name, (low, high), pulses, shot in zip(
                self.names, pairwise(self._rows), pairwise(ends), self.shots, strict=True
            )
        ]

    def corrected(self, coarser: float = CORRECTED) -> Delayed:
        """Solve for the errors of the networks, as `ShotWaveforms.corrected` of each shot."""
        return [shot.corrected(coarser) for shot in self.shots]

    def columns(self, at: Delayed, later: float = 0.0) -> Tensor:
        """The waveforms by each pulse of each source, (M, K), from the functions of a delay of `corrected`."""
        return torch.block_diag(*(shot.columns(one, later) for shot, one in zip(self.shots, at, strict=True)))

    def fit_of(self, columns: Tensor, target: Tensor | None = None) -> SourceFit:
        """Fit what is unknown of the sources and of gains to the records, or to another target.

        columns: (F, K) of the first misfits; target: (F,).
        """
        target = self.target.reshape(-1)[: len(columns)] if target is None else target
        if self._gained:
            return FitWithGains.found(columns, target, self.parts, self._is_of, self._gained)
        return SourceFit.of_shots(columns, target, self.parts)

    def below(self, frequency: float) -> LowPassedWaveforms:
        """The records below a frequency, Hz, and the waveforms by elements as fine as these need."""
        return LowPassedWaveforms(self, frequency)

    def low_pass(self, frequency: float) -> LowPass:
        """The filter of the misfits, (M,), that leaves what is below a frequency, Hz."""
        times, instants = torch.unique(self.samples.points[:, 2], return_inverse=True)
        instants = instants.repeat_interleave(self.target.shape[1])
        return LowPass(self._channels.reshape(-1), instants, times * self.problem.scales.time, frequency)

    @property
    def highest_frequency(self) -> float:
        """Of the waves that sources, sides and start are known to send, Hz; 0 where none is known."""
        waves = (each for shot in self.problem.shots for each in shortest_waves(shot))
        return max((each.omega for each in waves), default=0.0) / (2.0 * math.pi)

    @property
    def delays(self) -> Sequence[Tensor]:
        """Of each shot the delays of its source's pulses, in s."""
        return [shot.delays for shot in self.shots]

    def by_elements(self, coarser: float = SEARCHED) -> Tensor:
        """The waveforms by elements alone, (M, K). coarser: as of `corrected`."""
        return torch.block_diag(*(shot.by_elements(coarser) for shot in self.shots))

    def effects(self, coefficients: Tensor, coarser: float = SEARCHED) -> Tensor:
        """The derivatives of the waveforms by the unknowns' parameters, by elements alone, (M, U).

        coefficients: of the sources' pulses, (K,). coarser: as of `corrected`.
        """
        every = zip(self.shots, self.parts, strict=True)
        return torch.cat([shot.effects(coefficients[part.pulses], coarser) for shot, part in every])

    def change_by(self, changed: ChangedSource, coefficients: Tensor) -> Tensor:
        """The change of the waveforms by elements where a source is another, (M,).

        coefficients: of the sources' pulses, (K,).
        """
        every = enumerate(zip(self.shots, self.parts, strict=True))
        return torch.cat(
            [
                shot.change_by(changed.problems[i]) @ coefficients[part.pulses]
                if i in changed.problems
                else coefficients.new_zeros(part.rows.stop - part.rows.start)
                for i, (shot, part) in every
            ]
        )

    def _on_cpu(self) -> Model:
        """The network, on the CPU."""
        if self._config.device == "cpu":
            return self._model
        return Model.from_state(self._config, {name: each.cpu() for name, each in self._model.state_dict().items()})


def _joined(batches: Sequence[Batches], name: str) -> Batch:
    """The samples of all batches, one after another, on the CPU."""
    every = [each[name].to(torch.device("cpu"), torch.float64) for each in batches if name in each]
    channels = [each.channels for each in every if each.channels is not None]
    parts = [each.sensitivity for each in every if each.sensitivity is not None]
    target = torch.cat([each.target for each in every])  # (N, E)
    return Batch(
        points=torch.cat([each.points for each in every]),
        target=target,
        normal=target[:0],
        channels=torch.cat(channels) if channels else None,
        sensitivity=torch.cat(parts) if parts else None,
    )
