"""The registry of optimizers: how each is made, what it requires, and its limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.sections import TrainingConfig
from elastic_pinn.training.optimizers.lbfgs import LBFGS
from elastic_pinn.training.optimizers.least_squares import LeastSquares
from elastic_pinn.training.optimizers.levenberg_marquardt import MOST_NUMBERS, LevenbergMarquardt
from elastic_pinn.training.optimizers.line_search import strong_wolfe
from elastic_pinn.training.optimizers.quasi_newton import fixed_step
from elastic_pinn.training.optimizers.self_scaled import SelfScaled, bfgs, broyden
from elastic_pinn.training.optimizers.soap import SOAP
from elastic_pinn.training.optimizers.variable_projection import VariableProjection

MOST_DENSE = 6000  # parameters: their matrix takes 0.27 GiB
MOST_FACTORED = 2**28  # numbers: 2 GiB in float64, and for a moment three times that

Parameters = list[nn.Parameter]
"""One flat list, network and material together: the trained layers' weights, their biases, the material's unknowns."""


@dataclass(frozen=True)
class OptimizerSpec:
    """The properties of an optimizer.

    make: makes it for some parameters. whole_batch: it finds its own step length, and needs the same points and the
    unclipped gradient during a whole stage. only_float64: it depends on differences of nearly equal losses and
    gradients. most_parameters: the limit of a method with a matrix of as many rows and columns; 0: no limit.
    solves_last_layer: it keeps a matrix with a row for each misfit and a column for each parameter of the last layer.
    finds_material: it requires unknowns. forms_jacobian: by all parameters; of a large one only the products, which
    plane waves do not have.
    """

    make: Callable[[Parameters, TrainingConfig], Optimizer]
    whole_batch: bool = False
    only_float64: bool = False
    most_parameters: int = 0
    solves_last_layer: bool = False
    finds_material: bool = False
    forms_jacobian: bool = False


def require_legal(config: Config, parameters: Parameters, misfits: int) -> None:
    """Raise ConfigError for stages that are impossible with this network, these unknowns or so many misfits.

    The error names the stage and the alternatives.
    """
    for name in config.stages:
        spec = OPTIMIZERS[name]
        if spec.only_float64 and config.precision != "float64":
            raise ConfigError(f"stages has {name!r}, which needs precision = 'float64', not {config.precision!r}")
        if spec.finds_material and not unknowns_of(parameters):
            raise ConfigError(f"stages has {name!r}, which searches the material, and nothing of it is unknown")
        if spec.most_parameters:
            _require_square(name, _count(parameters), spec.most_parameters)
        if spec.forms_jacobian and config.network == "plane_waves":
            _require_formed(name, misfits, _count(parameters))
        if spec.solves_last_layer:
            _require_tall(name, misfits, _count(of_last_layer(parameters)), config.precision)


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
            f"stages has {name!r}, which forms a Jacobian of {misfits} x {parameters} numbers: of plane waves at most "
            f"{MOST_NUMBERS}. Use fewer points, fewer waves, or another network"
        )


def _require_tall(name: str, misfits: int, columns: int, precision: str) -> None:
    if not can_be_factored(misfits, columns):
        rows = misfits + columns
        size = 8 if precision == "float64" else 4
        raise ConfigError(
            f"stages has {name!r}, which factors a matrix of {rows} x {columns} numbers "
            f"({_gib(rows * columns, size)} GiB): it takes at most {MOST_FACTORED} of them. Use fewer points, a "
            "narrower last hidden layer, or fewer plane waves"
        )


def can_be_factored(misfits: int, columns: int) -> bool:
    """Return whether a last layer of `columns` parameters can be solved for, with the ridge's rows."""
    return (misfits + columns) * columns <= MOST_FACTORED


def _gib(numbers: int, size: int) -> str:
    """The memory of numbers of `size` bytes each."""
    return f"{size * numbers / 2**30:.1f}"


def _count(parameters: Parameters) -> int:
    return sum(parameter.numel() for parameter in parameters)


def _adam(parameters: Parameters, config: TrainingConfig) -> Adam:
    return Adam(parameters, config.learning_rate, (config.beta1, config.beta2), config.epsilon)


def _adamw(parameters: Parameters, config: TrainingConfig) -> AdamW:
    betas = (config.beta1, config.beta2)
    return AdamW(parameters, config.learning_rate, betas, config.epsilon, config.weight_decay)


def _sgd(parameters: Parameters, config: TrainingConfig) -> SGD:
    return SGD(parameters, config.learning_rate, config.momentum)


def _soap(parameters: Parameters, config: TrainingConfig) -> SOAP:
    betas = (config.beta1, config.beta2)
    return SOAP(parameters, config.learning_rate, betas, config.epsilon, config.soap_every)


def _lbfgs(parameters: Parameters, config: TrainingConfig) -> LBFGS:
    search = strong_wolfe if config.lbfgs_line_search == "strong_wolfe" else fixed_step
    return LBFGS(parameters, config.lbfgs_history, config.lbfgs_learning_rate, search)


def _ssbfgs(parameters: Parameters, config: TrainingConfig) -> SelfScaled:
    return SelfScaled(parameters, bfgs)


def _ssbroyden(parameters: Parameters, config: TrainingConfig) -> SelfScaled:
    return SelfScaled(parameters, broyden)


def _last_layer(parameters: Parameters, config: TrainingConfig) -> LeastSquares:
    return LeastSquares(of_last_layer(parameters), config.ridge)


def _variable_projection(parameters: Parameters, config: TrainingConfig) -> VariableProjection:
    return VariableProjection(of_last_layer(parameters), unknowns_of(parameters), config.ridge)


def _levenberg_marquardt(parameters: Parameters, config: TrainingConfig) -> LevenbergMarquardt:
    return LevenbergMarquardt(parameters, config.damping)


def of_last_layer(parameters: Parameters) -> Parameters:
    """Select the last matrix and the last vector; of plane waves, the vector of their amplitudes."""
    return [each for n in (2, 1) for each in [parameter for parameter in parameters if parameter.ndim == n][-1:]]


def unknowns_of(parameters: Parameters) -> Parameters:
    """Select the material's parameters, which are scalars."""
    return [parameter for parameter in parameters if parameter.ndim == 0]


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
}
"""By the names in the config's `stages`."""
