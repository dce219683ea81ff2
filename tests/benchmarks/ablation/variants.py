"""The base, and what is changed of it: one sampler, balancer, network or form at a time."""

from __future__ import annotations

from collections.abc import Mapping

from tests.benchmarks.validation.row import GLOROT, Recipe

BASE: Recipe = GLOROT | {
    "steps": 1_000_000,  # the time ends a run
    "validate_every": 1_000_000,
    "checkpoint_every": 0,
    "threads": 1,
}

MOVING: Recipe = {"resample_every": 100, "restart_every": 500}
WEIGHING: Recipe = {"balance_every": 100, "restart_every": 500}
FEATURES: Recipe = {"fourier_features": 32, "input_frequency": 6.0}
FEW: Recipe = {"fourier_features": 16}  # the optimizer takes at most 6000 weights

FAMILIES: Mapping[str, Mapping[str, Recipe]] = {
    "sampling": {
        "uniform": {"sampling": "uniform"},
        "Sobol": {"sampling": "sobol"},
        "grid": {"sampling": "grid"},
        "drawn anew": MOVING,
        "RAD": MOVING | {"resampling": "rad"},
        "R3": MOVING | {"resampling": "r3"},
        "minibatches": {"minibatches": 4},
        "causal weights": WEIGHING | {"causality": 1.0},
    },
    "balancing": {
        "gradient norm": WEIGHING | {"balancing": "gradient_norm"},
        "NTK": WEIGHING | {"balancing": "ntk"},
        "ReLoBRaLo": WEIGHING | {"balancing": "relobralo"},
        "self-adaptive": WEIGHING | {"balancing": "self_adaptive"},
        "attention": WEIGHING | {"balancing": "attention"},
        "rows of unit norm": WEIGHING | {"balancing": "row_norm"},
    },
    "network": {
        "sin": {"activation": "sin"},
        "swish": {"activation": "swish"},
        "tanh, 4 times steeper start": {"input_frequency": 4.0},
        "sin, 4 times steeper start": {"activation": "sin", "input_frequency": 4.0},
        "adaptive tanh": {"adaptive_activation": True},
        "Fourier features": FEATURES,
        "modified MLP": {"network": "modified_mlp"},
        "residual, adaptive skips": {"network": "residual", "hidden_layers": [32]} | FEATURES | FEW,
        "separable": {"network": "separable", "hidden_layers": [32, 32], "rank": 12, "sampling": "grid"},
        "hard start and sides": {"hard_conditions": ["start", "sides"]},
    },
    "form": {"displacement and stress": {"form": "mixed"}, "potentials": {"form": "potentials"}},
}
"""Of each family what is changed, by its name."""
