"""Small experiments that train in a moment."""

import logging
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from elastic_pinn import Config, Displacement, Domain, Initial, Material, Problem, Receivers
from elastic_pinn.physics.solutions import StandingWaves

pytest_plugins = ["tests.s3", "tests.time_box"]

TINY = {
    "steps": 6,
    "hidden_layers": [8, 8],
    "interior_points": 20,
    "boundary_points": 8,
    "initial_points": 8,
    "validation_points": 16,
    "validate_every": 2,
    "estimate_error": False,
    "checkpoint_every": 0,
    "log_level": "warning",
}


@pytest.fixture(autouse=True)
def as_talkative_as_at_first() -> None:
    """A run sets how much the library's logger says: one of another test, or of a fixture that many tests share."""
    logging.getLogger("elastic_pinn").setLevel(logging.NOTSET)


@pytest.fixture
def tiny() -> Callable[..., Config]:
    """A function that gives the config of a small experiment, with some fields changed."""

    def make(**changes) -> Config:
        without = {"boundary_points"} if changes.get("problem") == "receivers" else set()
        return Config(**({name: value for name, value in TINY.items() if name not in without} | changes))

    return make


@pytest.fixture
def searching(tiny) -> Callable[..., Config]:
    """A function that gives the config of a search for a material by so many plane waves, in standing waves."""
    return lambda waves, steps: tiny(
        stages=["variable_projection"], problem="own", network="plane_waves", hidden_layers=[waves], activation="sin",
        input_frequency=2.6, steps=steps, precision="float64", interior_points=10, boundary_points=200,
        initial_points=100, sampling="sobol", validate_every=1000, validation_fraction=0.0, ridge=1e-13,
    )  # fmt: skip


@pytest.fixture
def waves() -> Callable[..., Problem]:
    """A function that gives a problem of a user's own, standing waves, with some parts changed."""
    exact = StandingWaves(2.0, 1.0, 1.0)

    def make(**changes) -> Problem:
        parts = {
            "domain": Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0)),
            "material": Material(2.0, 1.0, 1.0),
            "boundary": (Displacement(exact),),
            "initial": Initial.of(exact),
            "exact": exact,
        }
        return Problem(**(parts | changes))

    return make


@pytest.fixture
def receivers() -> Callable[..., Receivers]:
    """A function that gives what four receivers record of standing waves, with some fields changed."""
    xy = np.array([[0.1, 0.2], [0.8, 0.3], [0.4, 0.9], [0.6, 0.6]])
    time = np.linspace(0.0, 1.0, 5)
    points = [torch.from_numpy(np.broadcast_to(a, (4, 5)).copy()) for a in (*xy.T[:, :, None], time)]

    def make(**changes) -> Receivers:
        fields = {
            "xy": xy,
            "time": time,
            "displacement": StandingWaves(2.0, 1.0, 1.0)(*points).numpy(),
            "noise": 0.0,
            "material": {"lambda": 2.5, "mu": 0.8, "rho": 1.0},
            "start": frozenset({"lambda", "mu"}),
        }
        return Receivers(**(fields | changes))

    return make


@pytest.fixture
def inverse(waves, receivers) -> Problem:
    """What material do four receivers see?"""
    start = Material(2.5, 0.8, 1.0, unknowns=("lambda", "mu"), unknown_range=math.e)
    return waves(material=start, boundary=(), initial=None, exact=None, receivers=receivers())


@pytest.fixture
def aluminium() -> Path:
    """The shipped receiver file."""
    return Path(__file__).parents[1] / "data" / "aluminium_receivers.h5"
