import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import elastic_pinn as ep
from tests.plates import PLATE, SOLVED
from tests.training.optimizers import recorded_shots

AS_DRAWN = {"activation": "tanh", "sampling": "latin_hypercube"}  # what the pictures of these runs were drawn with
SMALL = AS_DRAWN | {
    "hidden_layers": [8],
    "interior_points": 40,
    "initial_points": 12,
    "validation_points": 20,
    "validate_every": 4,
    "stages": ["adam", "lbfgs"],
    "stage_steps": [6],
    "steps": 10,
    "estimate_error": False,
}

MOVED = SMALL | {
    "interior_points": 200,
    "boundary_points": 12,
    "stages": ["adam"],
    "stage_steps": [],
    "resample_every": 4,
    "resampling": "r3",
    "balancing": "relobralo",
    "balance_every": 2,
}


@pytest.fixture(scope="session")
def forward_run(tmp_path_factory):
    """A finished forward run in two stages."""
    return ep.train(ep.Config(**SMALL, boundary_points=12), tmp_path_factory.mktemp("runs") / "forward")


@pytest.fixture(scope="session")
def inverse_run(tmp_path_factory):
    """A finished inverse run on the shipped receivers."""
    config = ep.Config(
        **SMALL, problem="receivers", data="data/aluminium_receivers.h5", unknowns=["lambda", "mu"], weight_pde=1e-3
    )
    return ep.train(config, tmp_path_factory.mktemp("runs") / "inverse")


@pytest.fixture(scope="session")
def plate_run(tmp_path_factory):
    """A run on a small plate with a hole."""
    return ep.train(ep.Config(**PLATE | SOLVED), tmp_path_factory.mktemp("runs") / "plate")


@pytest.fixture(scope="session")
def shots_run(tmp_path_factory):
    """A search for the material of that plate by two shots, of known sources, "left" and "right"."""
    folder, rng = tmp_path_factory.mktemp("shots"), np.random.default_rng(0)
    exact = recorded_shots.clean(folder / "clean.h5", recorded_shots.PLACES)
    data = recorded_shots.noisy(folder / "noisy.h5", exact, recorded_shots.PLACES, rng)
    sources = [each | recorded_shots.KNOWN[each["shot"]] for each in (recorded_shots.LEFT, recorded_shots.RIGHT)]
    return ep.train(recorded_shots.plate(data, sources=sources, steps=2), folder / "run")


@pytest.fixture(scope="session")
def moved_run(tmp_path_factory):
    """A run whose points are moved after steps 4 and 8, and whose weights change."""
    return ep.train(ep.Config(**MOVED), tmp_path_factory.mktemp("runs") / "moved")


@pytest.fixture(scope="session")
def folder_of_runs(tmp_path_factory):
    """Three finished runs: `a`, `b` with another seed, and `deep/c` with another learning rate and fewer steps, each
    begun a second after the one before, however fast they are."""
    folder = tmp_path_factory.mktemp("runs")
    few = AS_DRAWN | {
        "hidden_layers": [8],
        "interior_points": 20,
        "boundary_points": 8,
        "initial_points": 8,
        "steps": 6,
    }
    few |= {"validation_points": 16, "validate_every": 2, "estimate_error": False}
    some = {"a": {}, "b": {"seed": 1}, "deep/c": {"learning_rate": 0.02, "steps": 3}}
    for second, (name, changes) in enumerate(some.items()):
        summary = ep.train(ep.Config(**few | changes), folder / name).path / "summary.json"
        begun = {"started": f"2026-01-02T03:04:0{second}+00:00"}
        summary.write_text(json.dumps(json.loads(summary.read_text()) | begun, indent=2))
    (folder / "notes").mkdir()
    return folder


@pytest.fixture
def run(forward_run, tmp_path) -> ep.Run:
    """A run of its own: checkpoints of steps 0, 6 and 10."""
    shutil.copytree(forward_run.path, tmp_path / "run")
    return ep.Run(tmp_path / "run")


@pytest.fixture
def newest(run) -> Path:
    return run.checkpoints()[-1].path
