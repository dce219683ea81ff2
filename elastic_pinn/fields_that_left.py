"""What stored configs may hold and the library no longer has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elastic_pinn.errors import ConfigError
from elastic_pinn.parameters import in_one_line

FIELDS: Mapping[str, Any] = {"causality": 0.0, "fourier_features": 0}
"""Fields, with the values by which they were without effect."""

BESIDE = ("rad_candidates", "rad_exponent", "rad_constant", "causal_slabs", "balance_rate")
"""Fields that were without effect but beside one of the others."""

VALUES: Mapping[str, tuple[str, ...]] = {
    "network": ("modified_mlp", "residual"),
    "form": ("mixed",),
    "resampling": ("rad",),
    "balancing": ("gradient_norm", "ntk", "self_adaptive", "row_norm"),
}
"""Values of fields that are still there."""


def without_left(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a stored config without those that have left.

    Raises ConfigError where one of them had an effect.
    """
    used = [name for name, without in FIELDS.items() if stored.get(name, without) != without]
    used += [name for name, left in VALUES.items() if stored.get(name) in left]
    if used:
        given = " and ".join(f"{name} = {in_one_line(stored[name])}" for name in used)
        raise ConfigError(
            f"{given} {'have' if used[1:] else 'has'} left the library, as no problem of the ablation was solved "
            "better by it: the figures are in that table, in tests/benchmarks/README.md"
        )
    return {name: value for name, value in stored.items() if name not in {*FIELDS, *BESIDE}}
