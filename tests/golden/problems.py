"""The experiments of the golden run directories: one a network and problem, as small as they can be."""

import numpy as np
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.solutions import StandingWaves

RECEIVERS = "tests/golden/receivers.h5"
AT = ([0.2, 0.4, 0.7], [0.3, 0.5, 0.6], [0.1, 0.5, 0.9])  # m, m, s: where the wavefields are compared

SMALL = {
    "steps": 6,
    "interior_points": 60,
    "boundary_points": 20,
    "initial_points": 20,
    "validation_points": 20,
    "validate_every": 2,
    "checkpoint_every": 0,
    "precision": "float64",
    "threads": 1,
    "log_level": "warning",
}
MLP = {"network": "mlp", "hidden_layers": [6, 6], "stages": ["adam", "lbfgs"], "stage_steps": [2]}
FEATURES = {"network": "random_features", "hidden_layers": [24], "stages": ["last_layer"], "input_frequency": 4.0}
WAVES = {
    "network": "plane_waves",
    "hidden_layers": [24],
    "activation": "sin",
    "stages": ["last_layer"],
    "input_frequency": 4.0,
}
INVERSE = {"problem": "receivers", "data": RECEIVERS, "unknowns": ["lambda", "mu"], "validation_fraction": 0.1}
SEARCH = {
    "stages": ["variable_projection"],
    "ridge": 1e-6,
    "hidden_layers": [140],
    "interior_points": 150,
    "input_frequency": 2.0,
}
ADAM = {"stages": ["adam"]}

CONFIGS = {
    "mlp-standing_waves": SMALL | MLP,
    "mlp-receivers": SMALL | MLP | INVERSE,
    "mlp-own": SMALL | MLP | {"problem": "own"},
    "random_features-standing_waves": SMALL | FEATURES | ADAM,
    "random_features-receivers": SMALL | FEATURES | INVERSE | SEARCH,
    "random_features-own": SMALL | FEATURES | {"problem": "own"} | ADAM,
    "plane_waves-standing_waves": SMALL | WAVES | ADAM,
    "plane_waves-receivers": SMALL | WAVES | INVERSE | SEARCH,
    "plane_waves-own": SMALL | WAVES | {"problem": "own", "stages": ["adam", "last_layer"], "stage_steps": [2]},
}


def own_problem() -> ep.Problem:
    """Standing waves, clamped on three sides and pulled at the top."""
    exact = StandingWaves(2.0, 1.0, 1.0)

    def pull(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        return torch.stack([torch.zeros_like(x), torch.sin(np.pi * x) * t], dim=-1)  # (N, 2)

    return ep.Problem(
        domain=ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0)),
        material=ep.Material(2.0, 1.0, 1.0),
        boundary=(ep.Displacement(exact, ("left", "right", "bottom")), ep.Traction(pull, ("top",))),
        initial=ep.Initial.of(exact),
    )
