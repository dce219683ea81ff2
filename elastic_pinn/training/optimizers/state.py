"""An optimizer's moments and counters, as a tree by their names: {"exp_avg": [one a parameter], ...}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.optim import Optimizer

Moments = Mapping[str, list[Any]]
"""Name of a moment or counter -> its value for each parameter, in their order; L-BFGS keeps all with the first one."""


def moments(optimizer: Optimizer) -> Moments:
    """What the optimizer remembers; the tensors are its own, not copies."""
    by_parameter = optimizer.state_dict()["state"]
    names = by_parameter[0] if by_parameter else ()
    return {name: [by_parameter[i][name] for i in range(len(by_parameter))] for name in names}


def load_moments(optimizer: Optimizer, moments: Moments) -> None:
    """Let the optimizer remember what `moments` gave; its options stay as they are."""
    count = max(map(len, moments.values()), default=0)
    state = {i: {name: values[i] for name, values in moments.items()} for i in range(count)}
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
