"""A coarse model of an inverse problem, cheap enough for a grid search over the ranges of its unknowns.

Gauss-Newton finds the material from where the computed waves are less than half a period off. Long waves
allow the largest errors (Bunks et al., Geophysics 60, 1995, for full-waveform inversion), and records
consist mostly of them: few plane waves and few samples suffice to find a start. Each point of the grid is then one
small linear least-squares problem for the waves' amplitudes; the best few are evaluated again with more waves, and
refined.

The waves are plane waves whatever the network, which requires a homogeneous solid without body force and damping.
Nothing is random: the waves are drawn with a fixed seed.
"""

from __future__ import annotations

import itertools
import logging
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from elastic_pinn.config import Config
from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batch, Batches
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.progress import reported, work
from elastic_pinn.physics import Plate, Problem
from elastic_pinn.physics.statement import Statement
from elastic_pinn.physics.unknowns import MaterialParameters
from elastic_pinn.training.distributed.processes import Processes
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.objective import Objective
from elastic_pinn.training.optimizers.flat import gather, put
from elastic_pinn.training.optimizers.least_squares import RidgeQR
from elastic_pinn.training.optimizers.variable_projection import VariableProjection
from elastic_pinn.training.step_objective import StepObjective

logger = logging.getLogger(__name__)

WAVES = (120, 300)  # of the first search and of the second
NUMBERS_A_WAVE = 3  # recorded, at least: with fewer, waves can explain any data in any material
FEWEST = 60  # waves, for a usable result; as many as above, whatever the data, where sides and start are known
WAVES_A_SQUARE = 5.3  # for each unit of a wave number squared in a window of 2 x 2, which then has no gaps
SAMPLES_A_WAVE = (0.5, 3)  # of all else, and of the data; each of two numbers, or twice as many of one
MOST_SEARCHED = 2  # unknowns: two moduli make all wave speeds, whatever the density
SPACING = 0.6  # of the grid, in logarithms of the moduli and of the density: 15 % of a wave speed either way
MOST_STEPS = 20  # of that grid either way: enough for a range of 100,000
SEEN_AGAIN, REFINED = 16, 2  # points of the grid
STEPS = 12  # to refine one, at most
OTHERS = 0.01  # weight of all other statements relative to the data: they have waves shorter than those here
ALIKE = 1.0  # the same where data are few, and a wavefield is determined by all the rest
RIDGE = 1e-6
EXPLAINED = 0.01  # of the data's mean square: with a smaller misfit, no other start is needed
USEFUL = 0.5  # of the data's mean square: with a larger misfit, the coarse model is useless
BETTER = 0.9  # most misfit of another start, relative to that reached from the present values


def better_start(problem: Problem, config: Config, model: Model, batches: Batches) -> Tensor | None:
    """Look for values of the material's unknowns from which a search is more likely to succeed.

    Parameters
    ----------
    problem, config, batches
        The problem, and the batches with its data.
    model
        The network and the material in their present state, which decides whether another start is needed.

    Returns
    -------
    The parameters of `model.material` there, (U,), accurate to some tens of percent, or None where the data are
    explained already, where they are too few, or where plane waves do not explain them.
    """
    recorded = problem.recorded
    if recorded is None or problem.force is not None or problem.reference.damping or problem.inclusions:
        return None
    if problem.domain.is_static or isinstance(problem.domain.shape, Plate):
        return None  # nothing is a wave, or plane waves without holes would find another material
    data = batches[recorded.name].target  # (N, 2)
    counts = [min(count, data.numel() // NUMBERS_A_WAVE) for count in WAVES]
    size = data.square().sum(1).mean().item()
    others = OTHERS
    if min(counts) < FEWEST and problem.initial is not None and not problem.open_sides:
        counts, others = list(WAVES), ALIKE
    if min(counts) < FEWEST or Loss(problem, config)(model, batches)[recorded.column].item() <= EXPLAINED * size:
        return None
    first, second = (Coarse(problem, recorded, config, model, batches, count, others) for count in counts)
    here = gather(model.unknowns).double()
    with work("looking all over the range of the unknowns") as at, reported(lambda what, part: None):
        likely = _best(_grid(model.material.regions[0], here), first.left, SEEN_AGAIN, lambda part: at(0.4 * part))
        best = _best(likely, second.left, REFINED, lambda part: at(0.4 + 0.2 * part))
        at(0.6)
        place, left = second.refined(here)
        elsewhere, least = min(map(second.refined, best), key=lambda found: found[1])
    if least < BETTER * left:
        place, left = elsewhere, least
    return place.to(data) if left <= USEFUL * size else None


class Coarse:
    """A model of the data by `count` long plane waves, at some of the samples; all other statements count `others`."""

    def __init__(
        self,
        problem: Problem,
        recorded: Statement,
        config: Config,
        model: Model,
        batches: Batches,
        count: int,
        others: float,
    ) -> None:
        device, (x, y, _) = batches[recorded.name].points.device, problem.scales.extent
        network = NetworkConfig(
            network="plane_waves",
            hidden_layers=(count,),
            input_frequency=math.sqrt(count / (WAVES_A_SQUARE * x * y)),
            activation="sin",
            precision="float64",
        )
        self._model = Model.create(network, problem.reference, problem.scales, torch.Generator().manual_seed(0))
        self._model.material.load_state_dict(model.material.state_dict())
        self._model.to(device)
        self._batches = {
            name: _thinned(
                batch.to(device, torch.float64),
                int(SAMPLES_A_WAVE[name == recorded.name] * (2 / batch.target.shape[1]) * count),
            )
            for name, batch in batches.items()
        }
        self._loss = Loss(problem, self._weighted(problem, recorded, config, others))
        self._layer = self._model.last_layer
        self._unknowns = self._model.unknowns

    def left(self, place: Tensor) -> float:
        """Compute the mean squared misfit of the best amplitudes for given parameters of the unknowns, (U,)."""
        put(self._unknowns, place)
        residuals, matrix = self._system(self._layer)  # (M,), (M, F), the amplitudes being 0
        return RidgeQR(matrix, RIDGE).rotated_residual(residuals[:, None]).square().sum().item()

    def refined(self, place: Tensor) -> tuple[Tensor, float]:
        """Run Gauss-Newton from given parameters (U,) and return its result and the misfit there."""
        put(self._unknowns, place)
        objective = Objective(
            [*self._layer, *self._unknowns],
            lambda _: self._loss(self._model, self._batches),
            self._system,
            lambda wanted: self._loss.blocks(self._model, self._batches, wanted),
            lambda wanted: self._loss.curvature(self._model, self._batches, wanted),
            Processes(),
            self._model.bounds[:MOST_SEARCHED],
        )
        search = VariableProjection(self._layer, self._unknowns[:MOST_SEARCHED], RIDGE)
        for _ in range(STEPS):
            step_objective = StepObjective(objective)
            search.step(step_objective)
            if step_objective.converged or not step_objective.moved:
                break
        left = objective().item()
        put(self._layer, torch.zeros_like(gather(self._layer)))
        return gather(self._unknowns), left

    def _system(self, wanted: Sequence[nn.Parameter]) -> tuple[Tensor, Tensor]:
        return self._loss.system(self._model, self._batches, wanted)

    @torch.no_grad()
    def _weighted(self, problem: Problem, recorded: Statement, config: Config, share: float) -> Config:
        """The config with weights by which all but the data count a share of them for a zero displacement."""
        sizes = Loss(problem, config)(self._model, self._batches)
        others = {name: f"weight_{name}" for name in sizes.keys() & {"boundary", "initial"}}
        total = sum(getattr(config, field) * sizes[name].item() for name, field in others.items())
        factor = share * sizes[recorded.column].item() / total if total else share
        weights = {field: factor * getattr(config, field) for field in others.values()}
        return config.model_copy(update={**weights, "weight_data": 1.0, "weight_pde": 0.0, "compile": False})


def _best(
    places: Sequence[Tensor], left: Callable[[Tensor], float], count: int, at: Callable[[float], None]
) -> list[Tensor]:
    """The points with the least misfit, the best first. at: called with the part of the points that is evaluated."""
    found = []
    for i, place in enumerate(places):
        at(i / len(places))
        found.append(left(place))
    return [places[i] for i in sorted(range(len(places)), key=found.__getitem__)[:count]]


def _thinned(batch: Batch, count: int) -> Batch:
    """About `count` of its points, evenly chosen."""
    return batch.rows(slice(None, None, max(1, len(batch.points) // count)))


def _grid(material: MaterialParameters, here: Tensor) -> list[Tensor]:
    """A grid of parameters (U,) over their ranges; of more than MOST_SEARCHED unknowns, the last keep their values."""
    width = math.log(material.initial.unknown_range)
    search_bound = width * math.tanh(material.search_bound / width)
    steps = min(math.ceil(search_bound / SPACING), MOST_STEPS)
    if steps * SPACING < search_bound:
        logger.info(
            "unknown_range %g is so wide that its grid is coarser than usual: a factor of %.2g from place to place",
            material.initial.unknown_range,
            math.exp(search_bound / steps),
        )
    logarithms = torch.linspace(-search_bound, search_bound, 2 * steps + 1, dtype=torch.float64)
    axis = (width * torch.atanh(logarithms / width)).tolist()
    searched = min(len(here), MOST_SEARCHED)
    rest = here[searched:].tolist()
    return [here.new_tensor([*place, *rest]) for place in itertools.product(axis, repeat=searched)]
