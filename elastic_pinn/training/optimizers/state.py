"""An optimizer's moments and counters, as a tree by their names: {"exp_avg": [one a parameter], ...}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch.optim import Optimizer

from elastic_pinn.storage import copy_tree

Moments = Mapping[str, list[Any]]
"""Name of a moment or counter -> its value for each parameter, in their order, up to the last one that has any; None
for a parameter without it. L-BFGS and its like keep all with the first parameter."""

BEYOND_NETWORK = ("information",)  # of variable projection, which without it looks all over the range of the unknowns
LBFGS_OF_TORCH = {"old_stps": "steps", "old_dirs": "changes"}


def moments(optimizer: Optimizer) -> Moments:
    """Return the optimizer's moments and counters; the tensors are its own, not copies."""
    by_parameter = optimizer.state_dict()["state"]
    names = dict.fromkeys(name for own in by_parameter.values() for name in own)
    count = 1 + max(by_parameter, default=-1)
    return {name: [by_parameter.get(i, {}).get(name) for i in range(count)] for name in names}


def translated(moments: Moments) -> tuple[Moments, str]:
    """Translate moments of an earlier version to the present names; return them with a note, "" if none is needed."""
    if "func_evals" not in moments:
        return moments, ""
    kept = {ours: moments[torchs] for torchs, ours in LBFGS_OF_TORCH.items() if torchs in moments}
    return kept, "the checkpoint's L-BFGS was torch's: it goes on with the same memory, and not to the same bits"


def load_moments(optimizer: Optimizer, moments: Moments) -> None:
    """Set the optimizer's moments and counters to copies of those given; its options do not change.

    Copies, since the last bits of a product depend on the alignment of memory, and that of torch's tensors is fixed.
    """
    count = max(map(len, moments.values()), default=0)
    state = {i: {name: values[i] for name, values in moments.items() if values[i] is not None} for i in range(count)}
    optimizer.load_state_dict({"state": copy_tree(state), "param_groups": optimizer.state_dict()["param_groups"]})


def carry_over(known_by: Optimizer, optimizer: Optimizer) -> None:
    """Let an optimizer know what another one does of the unknowns, whose network is another one of the same kind."""
    known = moments(known_by)
    load_moments(optimizer, {name: known[name] for name in BEYOND_NETWORK if name in known})
