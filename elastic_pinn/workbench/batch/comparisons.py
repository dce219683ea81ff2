"""Sweeps that are asked for by one word: which sampling, balancing or network a trained network of 01_forward wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from elastic_pinn.workbench.batch.sweep_config import Values

NOTEBOOK = "notebooks/01_forward.ipynb"
SEEDS = (0, 1)
TRAINED: Values = {
    "network": "mlp",
    "hidden_layers": [32, 32, 32],
    "activation": "sin",
    "input_frequency": 4.0,
    "stages": ["soap"],
    "steps": 500,
    "learning_rate": 3e-3,
    "interior_points": 1000,
    "boundary_points": 300,
    "initial_points": 200,
    "validate_every": 100,
    "estimate_error": False,
}
"""All layers trained, by an optimizer with which points and weights may change at any step."""
STAYING = {"resample_every": 0, "resampling": "fresh"}
COMPARED: Mapping[str, Sequence[Values]] = {
    "sampling": [
        *({"sampling": method} | STAYING for method in ("latin_hypercube", "uniform", "sobol", "grid")),
        *({"sampling": "sobol", "resample_every": 100, "resampling": way} for way in ("fresh", "r3")),
    ],
    "balancing": [{"balancing": way} for way in ("fixed", "relobralo", "attention")],
    "networks": [
        {"network": "mlp", "hard_conditions": []},
        {"network": "mlp", "hard_conditions": ["start", "sides"]},
        {"network": "separable", "hard_conditions": []},
    ],
}
"""What the runs of each comparison differ in; each run names all of it."""


def comparison(name: str) -> dict[str, Any]:
    """Return notebook, parameters and list of the sweep of one of COMPARED, each run from each of the seeds."""
    points = [point | {"seed": seed} for point in COMPARED[name] for seed in SEEDS]
    varied = {field for point in points for field in point}
    same = {field: value for field, value in TRAINED.items() if field not in varied}
    return {"notebook": NOTEBOOK, "parameters": same, "list": points}
