"""The registry of optimizers: how each is made, what it requires, and its limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.optimizer import ParamsT

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.networks.config import WITHOUT_LAYERS
from elastic_pinn.physics.unknowns import ParameterGroup
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.optimizers.full_waveform import FullWaveform
from elastic_pinn.training.optimizers.lbfgs import LBFGS
from elastic_pinn.training.optimizers.least_squares import LeastSquares
from elastic_pinn.training.optimizers.levenberg_marquardt import MOST_NUMBERS, LevenbergMarquardt
from elastic_pinn.training.optimizers.line_search import strong_wolfe
from elastic_pinn.training.optimizers.quasi_newton import fixed_step
from elastic_pinn.training.optimizers.self_scaled import SelfScaled, bfgs, broyden
from elastic_pinn.training.optimizers.soap import SOAP
from elastic_pinn.training.optimizers.variable_projection import VariableProjection

MOST_DENSE = 6000  # parameters: their matrix takes 0.27 GiB
MOST_FACTORED = 2**28  # numbers: 2 GiB in float64; of rows that are kept, for a moment twice that

UNCHANGED = {"resampling": "fresh", "balancing": "fixed", "minibatches": 1}
"""The fields by which points and weights change in training, as they are where they do not."""

Parameters = list[nn.Parameter]


class Trained(Protocol):
    """What an optimizer needs to know of a model."""

    @property
    def groups(self) -> Sequence[ParameterGroup]:
        """All that is trained: the network first, then what else is unknown."""

    @property
    def last_layer(self) -> Parameters:
        """The network's parameters that its outputs are linear in."""

    @property
    def unknowns(self) -> Parameters:
        """All that is trained beside the network."""


@dataclass(frozen=True)
class OptimizerSpec:
    """The properties of an optimizer.

    make: makes it for a model. whole_batch: it finds its own step length, and needs the same points and the
    unclipped gradient during a whole stage. only_float64: it depends on differences of nearly equal losses and
    gradients. most_parameters: the limit of a method with a matrix of as many rows and columns; 0: no limit.
    solves_last_layer: it keeps a triangle with a column for each parameter of the last layer.
    finds_material: it requires unknowns, and keeps a row for each misfit, too, unless it fits waveforms.
    fits_waveforms: it requires that all but the material determines the wavefield. forms_jacobian: by all parameters;
    of a large one only the products, which waves and potentials do not have.
    """

    make: Callable[[Trained, TrainingConfig], Optimizer]
    whole_batch: bool = False
    only_float64: bool = False
    most_parameters: int = 0
    solves_last_layer: bool = False
    finds_material: bool = False
    fits_waveforms: bool = False
    forms_jacobian: bool = False


def require_legal(config: Config, model: Trained, misfits: int) -> None:
    """Raise ConfigError for stages that are impossible with this network, these unknowns or so many misfits.

    The error names the stage and the alternatives.
    """
    if all(OPTIMIZERS[name].whole_batch for name in config.stages):
        _require_unchanged(config)
    if config.restart_every and not any(OPTIMIZERS[name].whole_batch for name in config.stages):
        raise ConfigError(
            f"restart_every = {config.restart_every} would never have an effect: none of {list(config.stages)} "
            "searches along lines; set it to 0, or resample_every in its place"
        )
    if config.restart_every and (search := [name for name in config.stages if OPTIMIZERS[name].finds_material]):
        raise ConfigError(
            f"restart_every = {config.restart_every}: {search[0]} is at its end where it has converged; set it to 0"
        )
    for name in config.stages:
        spec, parameters = OPTIMIZERS[name], _all(model)
        if spec.only_float64 and config.precision != "float64":
            raise ConfigError(f"stages has {name!r}, which needs precision = 'float64', not {config.precision!r}")
        if spec.finds_material and not model.unknowns:
            raise ConfigError(f"stages has {name!r}, which searches the material, and nothing of it is unknown")
        if spec.most_parameters:
            _require_square(name, _count(parameters), spec.most_parameters)
        if spec.forms_jacobian and config.network in WITHOUT_LAYERS:
            _require_formed(name, misfits, _count(parameters))
        if spec.solves_last_layer and not model.last_layer:
            raise ConfigError(f"stages has {name!r}, and network {config.network!r} has no last layer to solve for")
        if spec.solves_last_layer:
            kept = misfits if spec.finds_material and not spec.fits_waveforms else 0
            _require_factored(name, _count(model.last_layer), kept, config)


def _require_unchanged(config: TrainingConfig) -> None:
    """Refuse what would change the objective during stages of which each keeps the one that it starts with.

    A line search, a memory of curvature and a factorised system are of one objective: another has another minimum.
    """
    for name, unchanged in UNCHANGED.items():
        if (value := getattr(config, name)) != unchanged and (name == "minibatches" or not config.restart_every):
            stages = " and ".join(dict.fromkeys(config.stages))
            restart = "" if name == "minibatches" else ", set restart_every"
            raise ConfigError(
                f"{name} = {value!r} would never have an effect: {stages} search for the minimum of one loss, of which "
                f"they keep points and weights. Add a stage of adam, adamw, sgd or soap{restart}, or set it to "
                f"{unchanged!r}"
            )


def _require_square(name: str, parameters: int, most: int) -> None:
    if parameters > most:
        raise ConfigError(
            f"stages has {name!r}, which keeps a matrix of {parameters} x {parameters} numbers "
            f"({_gib(parameters**2, 8)} GiB, and again in each checkpoint): it takes at most {most} parameters. "
            "Use a smaller network, or 'lbfgs'"
        )


def _require_formed(name: str, misfits: int, parameters: int) -> None:
    if misfits * parameters > MOST_NUMBERS:
        raise ConfigError(
            f"stages has {name!r}, which forms a Jacobian of {misfits} x {parameters} numbers: of waves or "
            f"potentials at most {MOST_NUMBERS}. Use fewer points, fewer of them, or another network"
        )


def _require_factored(name: str, columns: int, rows: int, config: Config) -> None:
    instants = config.patches[2] if config.network == "patches" else 1
    if not can_be_factored(columns, rows, instants):
        what = f"{rows} rows and the triangle" if rows else "the triangle"
        size = 8 if config.precision == "float64" else 4
        raise ConfigError(
            f"stages has {name!r}, which keeps {what} of a matrix of {columns} columns "
            f"({_gib(_kept(columns, rows, instants), size)} GiB): {MOST_FACTORED} numbers at most. Use "
            f"{'fewer points, ' if rows else ''}a narrower last hidden layer, or fewer waves"
        )


def can_be_factored(columns: int, rows: int = 0, instants: int = 1) -> bool:
    """Return whether a last layer can be solved for.

    columns: its parameters. rows: misfits that are kept, too. instants: cells along time of a network whose outputs
    depend on the parameters of no more than two cells that are next to each other.
    """
    return _kept(columns, rows, instants) <= MOST_FACTORED


def most_columns() -> int:
    """Return of how many parameters at most a last layer can be solved for, whose misfits are not kept."""
    return (math.isqrt(8 * MOST_FACTORED + 1) - 1) // 2  # n (n + 1) / 2 numbers of the triangle


def _kept(columns: int, rows: int, instants: int) -> int:
    """The numbers that a factorisation keeps."""
    return rows * columns + min(columns * (columns + 1) // 2, 2 * columns**2 // instants)


def _gib(numbers: int, size: int) -> str:
    """The memory of numbers of `size` bytes each."""
    return f"{size * numbers / 2**30:.1f}"


def _count(parameters: Parameters) -> int:
    return sum(parameter.numel() for parameter in parameters)


def _all(model: Trained) -> Parameters:
    """One flat list: the trained layers' weights, their biases, the unknowns."""
    return [parameter for group in model.groups for parameter in group.parameters]


def _with_rates(model: Trained, config: TrainingConfig) -> ParamsT:
    """All parameters; in groups of other learning rates, if there are any."""
    relative = config.unknowns_learning_rate
    if relative == 1.0:
        return _all(model)
    return [
        {"params": list(group.parameters), "lr": factor * config.learning_rate, "relative": factor}
        for group in model.groups
        for factor in [1.0 if group.tag == "network" else relative]
    ]


def _adam(model: Trained, config: TrainingConfig) -> Adam:
    return Adam(_with_rates(model, config), config.learning_rate, (config.beta1, config.beta2), config.epsilon)


def _adamw(model: Trained, config: TrainingConfig) -> AdamW:
    betas = (config.beta1, config.beta2)
    return AdamW(_with_rates(model, config), config.learning_rate, betas, config.epsilon, config.weight_decay)


def _sgd(model: Trained, config: TrainingConfig) -> SGD:
    return SGD(_with_rates(model, config), config.learning_rate, config.momentum)


def _soap(model: Trained, config: TrainingConfig) -> SOAP:
    betas = (config.beta1, config.beta2)
    return SOAP(_with_rates(model, config), config.learning_rate, betas, config.epsilon, config.soap_every)


def _lbfgs(model: Trained, config: TrainingConfig) -> LBFGS:
    search = strong_wolfe if config.lbfgs_line_search == "strong_wolfe" else fixed_step
    return LBFGS(_all(model), config.lbfgs_history, config.lbfgs_learning_rate, search)


def _ssbfgs(model: Trained, config: TrainingConfig) -> SelfScaled:
    return SelfScaled(_all(model), bfgs)


def _ssbroyden(model: Trained, config: TrainingConfig) -> SelfScaled:
    return SelfScaled(_all(model), broyden)


def _last_layer(model: Trained, config: TrainingConfig) -> LeastSquares:
    return LeastSquares(model.last_layer, config.ridge)


def _variable_projection(model: Trained, config: TrainingConfig) -> VariableProjection:
    return VariableProjection(model.last_layer, model.unknowns, config.ridge)


def _full_waveform(model: Trained, config: TrainingConfig) -> FullWaveform:
    return FullWaveform(model.last_layer, model.unknowns, config.ridge, config.frequency_continuation)


def _levenberg_marquardt(model: Trained, config: TrainingConfig) -> LevenbergMarquardt:
    return LevenbergMarquardt(_all(model), config.damping)


OPTIMIZERS: Mapping[str, OptimizerSpec] = {
    "adam": OptimizerSpec(_adam),
    "adamw": OptimizerSpec(_adamw),
    "sgd": OptimizerSpec(_sgd),
    "soap": OptimizerSpec(_soap),
    "lbfgs": OptimizerSpec(_lbfgs, whole_batch=True),
    "ssbfgs": OptimizerSpec(_ssbfgs, whole_batch=True, only_float64=True, most_parameters=MOST_DENSE),
    "ssbroyden": OptimizerSpec(_ssbroyden, whole_batch=True, only_float64=True, most_parameters=MOST_DENSE),
    "last_layer": OptimizerSpec(_last_layer, whole_batch=True, solves_last_layer=True),
    "levenberg_marquardt": OptimizerSpec(_levenberg_marquardt, whole_batch=True, forms_jacobian=True),
    "variable_projection": OptimizerSpec(
        _variable_projection, whole_batch=True, solves_last_layer=True, finds_material=True
    ),
    "full_waveform": OptimizerSpec(
        _full_waveform,
        whole_batch=True,
        only_float64=True,
        solves_last_layer=True,
        finds_material=True,
        fits_waveforms=True,
    ),
}
"""By the names in the config's `stages`."""
