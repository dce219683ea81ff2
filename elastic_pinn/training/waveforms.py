"""The waveforms at the receivers that a problem implies in a material: of its network, corrected by finite elements.

Sides, start and sources determine the wavefield of a known material. A network's is off it by some percent, which are
systematic, and would be taken for an effect of the material. Finite elements solve for this error to a few percent of
itself (error_estimate), so that the network's waveforms with the error's added are right to a small part of a percent.
Between two networks waveforms change with the material by as much as elements alone change them: their own error hardly
depends on it.

Where a source is unknown in part, these are columns: the waveforms by each of the pulses that make up its own.

Letters: N samples of E numbers, U unknowns, M = E N misfits, a sample's after each other, K pulses of the source.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.error_estimate import ErrorAtReceivers, why_no_error, why_undetermined
from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batch, Batches
from elastic_pinn.networks.cancellation import check_cancelled
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.statement_equations import equations_of
from elastic_pinn.physics import Material, Problem
from elastic_pinn.physics.data import VECTORS
from elastic_pinn.physics.shortest_waves import shortest_waves
from elastic_pinn.physics.sources import KnownShape
from elastic_pinn.training.gains import FitWithGains, channels_of_unknown_gain
from elastic_pinn.training.low_pass import LowPass, LowPassedWaveforms
from elastic_pinn.training.optimizers import OPTIMIZERS
from elastic_pinn.training.optimizers.flat import gather, put
from elastic_pinn.training.source_fit import SourceFit, delays_of, require_alone, unknown_pulse

STEP = 1e-5  # of the unknowns' parameters, logarithms: differences are right to about as much
FINER = 1.5  # elements and time steps than for an estimate of the error: what they leave of it is systematic
MOST_INSTANTS = 8_000  # of a filter over all of them
A_LEVEL = 1.25  # of a speed: elements are as fine as waves in the present materials need, in such steps, between
# which small changes of the material do not change them


def require_determined(config: Config, problem: Problem) -> None:
    """Raise ConfigError for a stage that fits waveforms where the material alone does not determine them, or where
    elements cannot solve for them, and for a source that is unknown in part where not all stages do."""
    require_alone(problem)
    if config.unknown_gains and problem.recorded and problem.recorded.samples:
        recorded = problem.recorded.samples.channels.unique().tolist()
        channels_of_unknown_gain(problem, config.unknown_gains, recorded)
    if (pulse := unknown_pulse(problem)) and not all(OPTIMIZERS[name].fits_waveforms for name in config.stages):
        unknown = "amplitude or origin time" if isinstance(pulse, KnownShape) else "wavelet"
        raise ConfigError(
            f"stages = {list(config.stages)}: a source's {unknown} is unknown, which ['full_waveform'] alone finds, "
            "with unknowns of the material and the records of receivers"
        )
    for name in config.stages:
        if not OPTIMIZERS[name].fits_waveforms:
            continue
        records = problem.receivers.records if problem.receivers else ()
        kinds = [each.kind for each in records]
        if tensors := [kind.name for kind in kinds if kind not in VECTORS.values()]:
            raise ConfigError(
                f"stages has {name!r}, for which elements give displacement, velocity and acceleration at receivers, "
                f"and {' and '.join(tensors)} is recorded: take 'variable_projection'"
            )
        instants = [np.unique(each.instants[each.is_there]) for each in records]
        if config.frequency_continuation and len(np.unique(np.concatenate(instants))) > MOST_INSTANTS:
            raise ConfigError(
                f"frequency_continuation needs common times: the clocks and delays of these channels make more than "
                f"{MOST_INSTANTS:,} instants; leave it out, or cut the times"
            )
        if reason := why_undetermined(problem):
            raise ConfigError(
                f"stages has {name!r}, which needs a wavefield that sides, start and sources determine, and {reason}: "
                "take 'variable_projection'"
            )
        if reason := why_no_error(_still(problem), problem, FINER):
            raise ConfigError(
                f"stages has {name!r}, which needs waveforms by finite elements: {reason}; or take "
                "'variable_projection'"
            )


def _still(problem: Problem) -> Model:
    """A model of which nothing moves, so that its error is all of the wavefield."""
    config = NetworkConfig(network="mlp", hidden_layers=(1,), precision="float64")
    around, *inside = problem.materials
    model = Model.create(
        config, around, problem.scales, torch.Generator().manual_seed(0), problem.samples, problem.domain.shape,
        problem.regions, inside,
    )  # fmt: skip
    put(model.last_layer, torch.zeros_like(gather(model.last_layer)))
    return model


def _faster(material: Material, factor: float) -> Material:
    """A material whose waves are so many times faster, of which all is known."""
    moduli = {name: factor**2 * getattr(material, name) for name in ("lame_lambda", "lame_mu")}
    return replace(material, **moduli, unknowns=(), density_plus_minus=0.0)


class Waveforms:
    """The waveforms of a model's problem at recorded samples, dimensionless, in the model's present material.

    Parameters
    ----------
    problem
        With receivers, and one that determines its wavefield once the material is known.
    config, model
        The network as it is at each call, and its material.
    *batches
        The samples are those of the records in each, one after another.

    Attributes
    ----------
    problem
        As given.
    target : Tensor
        What was recorded, (N, E).
    pulse : UnknownPulse or None
        Of the source, where it is unknown in part.
    """

    def __init__(self, problem: Problem, config: Config, model: Model, *batches: Batches) -> None:
        assert problem.receivers and problem.recorded, "there are no waveforms without receivers"
        self.problem, self._model, self._recorded = problem, model, problem.recorded
        self._config, name = config, problem.recorded.name
        samples = [each[name].to(torch.device("cpu"), torch.float64) for each in batches if name in each]
        self.target = torch.cat([each.target for each in samples])  # (N, E)
        self._channels = torch.cat([each.channels for each in samples if each.channels is not None]).long()  # (N, E)
        parts = [each.sensitivity for each in samples if each.sensitivity is not None]
        self._sensitivity = torch.cat(parts) if parts else None  # (N, K)
        points = torch.cat([each.points for each in samples])  # (N, 3)
        scales = problem.scales
        self._si = points * points.new_tensor(scales.units) + points.new_tensor(scales.origin)  # (N, 3) in m, m, s
        places, self._place = torch.unique(self._si[:, :2], dim=0, return_inverse=True)
        self._places = places.numpy()
        since = (self._si[:, 2] - problem.domain.t[0]) / scales.time
        self._times, self._time = torch.unique(since, return_inverse=True)
        self.pulse = unknown_pulse(problem)
        self.delays = delays_of(problem)  # (K,) in s
        self._gained = channels_of_unknown_gain(problem, config.unknown_gains, self._channels.unique().tolist())
        gained = torch.tensor(list(self._gained), dtype=torch.long)
        self._is_of = (self._channels.reshape(-1, 1) == gained).to(self.target)  # (M, G)
        self._orders = [kind.order for kind in problem.receivers.kinds]
        self._by_resolution: dict[tuple[tuple[int, ...], float], ErrorAtReceivers] = {}
        self._still = _still(problem)
        self._known: dict[float, tuple[Tensor, Tensor]] = {}  # by `coarser`: the unknowns, and waveforms by elements
        self._changes: dict[float, tuple[Tensor, Tensor]] = {}  # likewise: their derivatives by each, (U, M, K)

    def corrected(self, coarser: float = 1.0) -> Callable[[float], Tensor]:
        """Solve for the error of the network.

        coarser: by how many times elements and time steps are coarser. Returns a function from a delay, dimensionless,
        to the waveforms of the network with those of its error at so much later instants, (N, E).
        """
        model = self._on_cpu()
        errors = self._errors(model, coarser)
        nothing, delay = torch.zeros_like(self.target), self._si.new_tensor([0.0, 0.0, self.problem.scales.time])

        def at(later: float) -> Tensor:
            batch = Batch.of(self._recorded, self.problem, self._si + later * delay, nothing[:0], nothing)
            batch = replace(batch, sensitivity=self._sensitivity)
            own = model.residuals(equations_of(self._recorded, model.material(), batch)).reshape_as(self.target)
            return own + errors(later)

        return at

    def columns(self, at: Callable[[float], Tensor], later: float = 0.0) -> Tensor:
        """The waveforms by each pulse of the source, (M, K), from the function of a delay that is of the first."""
        delays = (self.delays / self.problem.scales.time).tolist()
        return torch.stack([self._delayed(at, later, delay).reshape(-1) for delay in delays], dim=1)

    def _delayed(self, at: Callable[[float], Tensor], later: float, delay: float) -> Tensor:
        """The waveforms of a pulse that is delayed, (N, E): at rest until then."""
        found = at(later - delay)
        return found * (self._times[self._time] + later >= delay)[:, None] if delay else found

    def fit_of(self, columns: Tensor, target: Tensor | None = None) -> SourceFit:
        """Fit what is unknown of the source and of gains to the records, or to another target, of the first misfits.

        columns: (F, K) of these; target: (F,).
        """
        target = self.target.reshape(-1)[: len(columns)] if target is None else target
        if not self._gained:
            return SourceFit.of(columns, target, self.pulse)
        return FitWithGains.found(columns, target, self.pulse, self._is_of, self._gained)

    def below(self, frequency: float) -> LowPassedWaveforms:
        """The records below a frequency, Hz, and the waveforms by elements as fine as these need."""
        return LowPassedWaveforms(self, frequency)

    def low_pass(self, frequency: float) -> LowPass:
        """The filter of the misfits, (M,), that leaves what is below a frequency, Hz."""
        instants = self._time.repeat_interleave(self.target.shape[1])
        return LowPass(self._channels.reshape(-1), instants, self._times * self.problem.scales.time, frequency)

    @property
    def highest_frequency(self) -> float:
        """Of the waves that sources, sides and start are known to send, Hz; 0 where none is known."""
        return max((each.omega for each in shortest_waves(self.problem)), default=0.0) / (2.0 * math.pi)

    def by_elements(self, coarser: float = 1.0) -> Tensor:
        """The waveforms by elements alone, (M, K). coarser: as of `corrected`."""
        self._still.material.load_state_dict(self._model.material.state_dict())
        here, known = gather(self._still.unknowns), self._known.get(coarser)
        if known is None or not torch.equal(known[0], here):
            known = self._known[coarser] = here, self.columns(self._errors(self._still, coarser))
        return known[1]

    def effects(self, coefficients: Tensor, coarser: float = 1.0) -> Tensor:
        """The derivatives of the waveforms by the unknowns' parameters, by elements alone, (M, U).

        coefficients: of the source's pulses, (K,). coarser: as of `corrected`.
        """
        start, unknowns = self.by_elements(coarser), self._still.unknowns
        here, known = gather(unknowns), self._changes.get(coarser)
        if known is None or not torch.equal(known[0], here):
            changes = []
            for step in STEP * torch.eye(len(here), dtype=here.dtype):
                put(unknowns, here + step)
                changes.append((self.columns(self._errors(self._still, coarser)) - start) / STEP)
            known = self._changes[coarser] = here, torch.stack(changes)
        return (known[1] @ coefficients).T

    def _errors(self, model: Model, coarser: float = 1.0) -> Callable[[float], Tensor]:
        """What a model's waveforms lack, by the delay, (N, E)."""
        check_cancelled()
        levels = self._levels
        if (key := (levels, coarser)) not in self._by_resolution:
            resolved = self._resolved(levels)
            self._by_resolution[key] = ErrorAtReceivers(self.problem, self._places, FINER, coarser, resolved)
        errors = self._by_resolution[key].of(model, self._orders)

        def at(later: float) -> Tensor:
            found = torch.from_numpy(errors((self._times + later).numpy()))[self._time, self._place]  # (N, 2 orders)
            return found if self._sensitivity is None else (self._sensitivity * found).sum(1, keepdim=True)

        return at

    @property
    def _levels(self) -> tuple[int, ...]:
        """How fast S waves are in each region now, in levels above as the problem states it."""
        now = [math.sqrt(each["mu"] / each["rho"]) for each in (region.si() for region in self._model.material.regions)]
        stated = (material.c_s for material in self.problem.materials)
        return tuple(round(math.log(each / known, A_LEVEL)) for each, known in zip(now, stated, strict=True))

    def _resolved(self, levels: tuple[int, ...]) -> Problem:
        """The problem in materials of the speeds of such levels."""
        around, *inside = (
            _faster(material, A_LEVEL**level) for material, level in zip(self.problem.materials, levels, strict=True)
        )
        changed = [
            replace(each, material=material) for each, material in zip(self.problem.inclusions, inside, strict=True)
        ]
        return replace(self.problem, material=around, inclusions=tuple(changed))

    def _on_cpu(self) -> Model:
        """The network, on the CPU."""
        if self._config.device == "cpu":
            return self._model
        return Model.from_state(self._config, {name: each.cpu() for name, each in self._model.state_dict().items()})
