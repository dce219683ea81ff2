"""Optimizers by name; what torch lacks, each a torch.optim.Optimizer in a file of its own."""

from __future__ import annotations

from torch import nn
from torch.optim import LBFGS, SGD, Adam, AdamW, Optimizer

from elastic_pinn.config import TrainingConfig

WHOLE_BATCH = frozenset({"lbfgs"})
"""Optimizers that find their own step length: they need the same points and the true gradient all through a stage."""

LINE_SEARCH_EVALUATIONS = 25


def make_optimizer(name: str, parameters: list[nn.Parameter], config: TrainingConfig) -> Optimizer:
    """The optimizer of a stage, over one flat list of parameters: network and material together."""
    betas = (config.beta1, config.beta2)
    match name:
        case "adam":
            return Adam(parameters, config.learning_rate, betas, config.epsilon)
        case "adamw":
            return AdamW(parameters, config.learning_rate, betas, config.epsilon, config.weight_decay)
        case "sgd":
            return SGD(parameters, config.learning_rate, config.momentum)
        case "lbfgs":
            return _lbfgs(parameters, config)
    raise ValueError(f"no optimizer {name!r}")


def _lbfgs(parameters: list[nn.Parameter], config: TrainingConfig) -> LBFGS:
    """torch's L-BFGS, one iteration a step, so that each can be watched, checkpointed and resumed.

    The tolerances at which torch would stop without a word are off: the session tells when no progress is made.
    """
    return LBFGS(
        parameters,
        lr=config.lbfgs_learning_rate,
        max_iter=1,
        max_eval=1 + LINE_SEARCH_EVALUATIONS,
        tolerance_grad=0.0,
        tolerance_change=0.0,
        history_size=config.lbfgs_history,
        line_search_fn="strong_wolfe" if config.lbfgs_line_search == "strong_wolfe" else None,
    )
