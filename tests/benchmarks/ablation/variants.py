"""The base, and what is changed of it: one sampler, balancer, network or form at a time."""

from __future__ import annotations

from collections.abc import Mapping

from tests.benchmarks.validation.row import GLOROT, Recipe

BASE: Recipe = GLOROT | {
    "activation": "tanh",
    "sampling": "latin_hypercube",
    "steps": 1_000_000,  # the time ends a run
    "validate_every": 1_000_000,
    "checkpoint_every": 0,
    "threads": 1,
}

RECORDED: Recipe = {"weight_data": 100.0}
"""What records add to the base. Where they weigh 1 beside sides of 100, the speeds leave for a wrong minimum in the
first stage and stay there, whatever else is changed."""

MOVING: Recipe = {"resample_every": 100, "restart_every": 500}
WEIGHING: Recipe = {"balance_every": 100, "restart_every": 500}

FAMILIES: Mapping[str, Mapping[str, Recipe]] = {
    "sampling": {
        "uniform": {"sampling": "uniform"},
        "Sobol": {"sampling": "sobol"},
        "grid": {"sampling": "grid"},
        "drawn anew": MOVING,
        "R3": MOVING | {"resampling": "r3"},
        "minibatches": {"minibatches": 4},
    },
    "balancing": {
        "ReLoBRaLo": WEIGHING | {"balancing": "relobralo"},
        "attention": WEIGHING | {"balancing": "attention"},
    },
    "network": {
        "sin": {"activation": "sin"},
        "swish": {"activation": "swish"},
        "tanh, 4 times steeper start": {"input_frequency": 4.0},
        "sin, 4 times steeper start": {"activation": "sin", "input_frequency": 4.0},
        "adaptive tanh": {"adaptive_activation": True},
        "separable": {"network": "separable", "hidden_layers": [32, 32], "rank": 12, "sampling": "grid"},
        "hard start and sides": {"hard_conditions": ["start", "sides"]},
    },
    "form": {"potentials": {"form": "potentials"}},
}
"""Of each family what is changed, by its name."""

FEATURES: Recipe = {"fourier_features": 32, "input_frequency": 6.0}
FEW: Recipe = {"fourier_features": 16}  # the optimizer takes at most 6000 weights

LEFT: Mapping[str, Mapping[str, Recipe]] = {
    "sampling": {
        "RAD": MOVING | {"resampling": "rad"},
        "causal weights": WEIGHING | {"causality": 1.0},
    },
    "balancing": {
        "gradient norm": WEIGHING | {"balancing": "gradient_norm"},
        "NTK": WEIGHING | {"balancing": "ntk"},
        "self-adaptive": WEIGHING | {"balancing": "self_adaptive"},
        "rows of unit norm": WEIGHING | {"balancing": "row_norm"},
    },
    "network": {
        "Fourier features": FEATURES,
        "modified MLP": {"network": "modified_mlp"},
        "residual, adaptive skips": {"network": "residual", "hidden_layers": [32]} | FEATURES | FEW,
    },
    "form": {"displacement and stress": {"form": "mixed"}},
}
"""The same of what has left the library. The mean of the two seeds (a median of two is their mean) was on no problem
below both the base's and 0.1, by which it left: RAD misses the base's on the free side by 4 %, though it is below for
one seed. It is measured no more; the results that are kept are told with the others."""
