"""The waveforms at the receivers that a problem implies in a material: of its network, corrected by finite elements.

Sides, start and sources determine the wavefield of a known material. A network's is off it by some percent, which are
systematic, and would be taken for an effect of the material. Finite elements solve for this error to a few percent of
itself (error_estimate), so that the network's waveforms with the error's added are right to a small part of a percent.
Between two networks waveforms change with the material by as much as elements alone change them: their own error hardly
depends on it.

Where a source's wavelet is unknown, these are columns: the waveforms by each of the pulses that make it up.

Letters: N samples, U unknowns, M = 2 N misfits, a sample's x and y after each other, K pulses of the source.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.error_estimate import ErrorAtReceivers, why_no_error, why_undetermined
from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batch, Batches
from elastic_pinn.networks.cancellation import check_cancelled
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.statement_equations import equations_of
from elastic_pinn.physics import Problem
from elastic_pinn.training.optimizers import OPTIMIZERS
from elastic_pinn.training.optimizers.flat import gather, put
from elastic_pinn.training.source_fit import SourceFit, delays_of, require_alone, unknown_wavelet

STEP = 1e-5  # of the unknowns' parameters, logarithms: differences are right to about as much
FINER = 1.5  # elements and time steps than for an estimate of the error: what they leave of it is systematic
A_LEVEL = 1.25  # of the slowest speed: elements are as fine as waves in the present material need, in such steps


def require_determined(config: Config, problem: Problem) -> None:
    """Raise ConfigError for a stage that fits waveforms where the material alone does not determine them, or where
    elements cannot solve for them, and for an unknown wavelet where not all stages do."""
    require_alone(problem)
    if unknown_wavelet(problem) and not all(OPTIMIZERS[name].fits_waveforms for name in config.stages):
        raise ConfigError(
            f"stages = {list(config.stages)}: a source's wavelet is unknown, which ['full_waveform'] alone finds, with "
            "unknowns of the material and the records of receivers"
        )
    for name in config.stages:
        if not OPTIMIZERS[name].fits_waveforms:
            continue
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
        What was recorded, (N, 2).
    is_source_known : bool
        Whether no wavelet of a source is unknown.
    """

    def __init__(self, problem: Problem, config: Config, model: Model, *batches: Batches) -> None:
        assert problem.recorded is not None, "there are no waveforms without receivers"
        self.problem, self._model, self._recorded = problem, model, problem.recorded
        self._config, name = config, problem.recorded.name
        samples = [each[name].to(torch.device("cpu"), torch.float64) for each in batches if name in each]
        self.target = torch.cat([each.target for each in samples])  # (N, 2)
        points = torch.cat([each.points for each in samples])  # (N, 3)
        scales = problem.scales
        self._si = points * points.new_tensor(scales.units) + points.new_tensor(scales.origin)  # (N, 3) in m, m, s
        places, self._place = torch.unique(self._si[:, :2], dim=0, return_inverse=True)
        self._places = places.numpy()
        since = (self._si[:, 2] - problem.domain.t[0]) / scales.time
        self._times, self._time = torch.unique(since, return_inverse=True)
        self.is_source_known = unknown_wavelet(problem) is None
        self.delays = delays_of(problem)  # (K,) in s
        self._order = max(map(len, self._recorded.derivatives), default=0)
        self._by_resolution: dict[tuple[float, float], ErrorAtReceivers] = {}
        self._still = _still(problem)
        self._known: tuple[Tensor, Tensor] | None = None  # the unknowns, and the waveforms by elements

    def corrected(self, coarser: float = 1.0) -> Callable[[float], Tensor]:
        """Solve for the error of the network.

        coarser: by how many times elements and time steps are coarser. Returns a function from a delay, dimensionless,
        to the waveforms of the network with those of its error at so much later instants, (N, 2).
        """
        model = self._on_cpu()
        errors = self._errors(model, coarser)
        nothing, delay = torch.zeros_like(self.target), self._si.new_tensor([0.0, 0.0, self.problem.scales.time])

        def at(later: float) -> Tensor:
            batch = Batch.of(self._recorded, self.problem, self._si + later * delay, nothing[:0], nothing)
            own = model.residuals(equations_of(self._recorded, model.material(), batch)).reshape(-1, 2)
            return own + errors(later)

        return at

    def columns(self, at: Callable[[float], Tensor], later: float = 0.0) -> Tensor:
        """The waveforms by each pulse of the source, (M, K), from the function of a delay that is of the first."""
        delays = (self.delays / self.problem.scales.time).tolist()
        return torch.stack([self._delayed(at, later, delay).reshape(-1) for delay in delays], dim=1)

    def _delayed(self, at: Callable[[float], Tensor], later: float, delay: float) -> Tensor:
        """The waveforms of a pulse that is delayed, (N, 2): at rest until then."""
        found = at(later - delay)
        return found * (self._times[self._time] + later >= delay)[:, None] if delay else found

    def fit_of(self, columns: Tensor, rows: slice = slice(None)) -> SourceFit:
        """Fit the source's wavelet, if it is unknown, to the records in some rows of the columns."""
        return SourceFit.of(columns[rows], self.target.reshape(-1)[rows], self.is_source_known)

    def by_elements(self) -> Tensor:
        """The waveforms by elements alone, (M, K)."""
        self._still.material.load_state_dict(self._model.material.state_dict())
        here = gather(self._still.unknowns)
        if self._known is None or not torch.equal(self._known[0], here):
            self._known = here, self.columns(self._errors(self._still))
        return self._known[1]

    def effects(self, coefficients: Tensor) -> Tensor:
        """The derivatives of the waveforms by the unknowns' parameters, by elements alone, (M, U).

        coefficients: of the source's pulses, (K,).
        """
        start = self.by_elements() @ coefficients
        unknowns, columns = self._still.unknowns, []
        here = gather(unknowns)
        for step in STEP * torch.eye(len(here), dtype=here.dtype):
            put(unknowns, here + step)
            columns.append((self.columns(self._errors(self._still)) @ coefficients - start) / STEP)
        return torch.stack(columns, dim=1)

    def _errors(self, model: Model, coarser: float = 1.0) -> Callable[[float], Tensor]:
        """What a model's waveforms lack, by the delay, (N, 2)."""
        check_cancelled()
        key = self._level, coarser
        if key not in self._by_resolution:
            self._by_resolution[key] = ErrorAtReceivers(self.problem, self._places, *key)
        errors = self._by_resolution[key].of(model, self._order)
        return lambda later: torch.from_numpy(errors((self._times + later).numpy()))[self._time, self._place]

    @property
    def _level(self) -> float:
        """By how much finer elements are than for an estimate, and where waves are slower than as the problem states it
        in levels, so that small steps of the material do not change them."""
        stated = min(material.c_s for material in self.problem.materials)
        constants = [region.si() for region in self._model.material.regions]
        slowest = min(math.sqrt(each["mu"] / each["rho"]) for each in constants)
        return FINER * A_LEVEL ** max(0, math.ceil(math.log(stated / slowest, A_LEVEL) - 0.5))

    def _on_cpu(self) -> Model:
        """The network, on the CPU."""
        if self._config.device == "cpu":
            return self._model
        return Model.from_state(self._config, {name: each.cpu() for name, each in self._model.state_dict().items()})
