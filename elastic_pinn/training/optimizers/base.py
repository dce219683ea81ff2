"""The base class of the optimizers of this folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def _unguarded(method: Callable[..., Any]) -> Any:
    return getattr(method, "__wrapped__", method)


class BaseOptimizer(torch.optim.Optimizer):
    """A torch.optim.Optimizer that does not import torch's compiler.

    torch excludes these methods from compilation by a decorator that imports the compiler: 1.5 s of each process, for
    nothing here.
    """

    add_param_group = _unguarded(torch.optim.Optimizer.add_param_group)
    state_dict = _unguarded(torch.optim.Optimizer.state_dict)
    load_state_dict = _unguarded(torch.optim.Optimizer.load_state_dict)
