"""What the optimizers of this folder are made from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def _unguarded(method: Callable[..., Any]) -> Any:
    return getattr(method, "__wrapped__", method)


class BaseOptimizer(torch.optim.Optimizer):
    """A torch.optim.Optimizer that does not wake torch's compiler.

    torch keeps its compiler from looking into these methods, for which it first imports it: 1.5 s of each process, of
    which nothing here would make use.
    """

    add_param_group = _unguarded(torch.optim.Optimizer.add_param_group)
    state_dict = _unguarded(torch.optim.Optimizer.state_dict)
    load_state_dict = _unguarded(torch.optim.Optimizer.load_state_dict)
