"""Problems that have no exact field: another engine has recorded them, and a second one tells how right that is."""

from __future__ import annotations

import csv
import runpy
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

import elastic_pinn as ep
from elastic_pinn.physics.media.material import ALUMINIUM
from tests.benchmarks.validation.row import Recipe, Row, least_squares

NOISE = 0.01  # of the peak
DATA = Path(__file__).parents[3] / "data"


@cache
def script() -> dict[str, Any]:
    """What data/make_plate_receivers.py defines."""
    return runpy.run_path(str(DATA / "make_plate_receivers.py"))


def plate_of(name: str, size: float) -> ep.Problem:
    """The plate of a recording, for a part of the time."""
    return script()["problem"](name, size * script()["DURATION"])


def misfit(name: str, run: ep.Run, problem: ep.Problem) -> float:
    """The relative L2 difference from what was recorded, over all receivers and the times of the window."""
    receivers = ep.Receivers.load(DATA / f"{name}.h5")
    seen = receivers.time <= problem.domain.t[1] * (1.0 + 1e-9)  # rounding, at the window's end
    (x, y), recorded = receivers.xy.T[:, :, None], receivers.recorded[:, seen]  # (2, R, 1), (R, T, 2)
    found = run.predict(x, y, receivers.time[seen])
    return float(np.linalg.norm(found - recorded) / np.linalg.norm(recorded))


def material_sought(size: float) -> ep.Problem:
    """The plate with a load, whose lambda and mu are sought by its recording with noise."""
    true, receivers = plate_of("plate_receivers", size), ep.Receivers.load(DATA / "plate_receivers.h5")
    noise = NOISE * float(np.abs(receivers.displacement).max())
    seen = receivers.time <= true.domain.t[1] * (1.0 + 1e-9)
    heard = receivers.displacement + noise * np.random.default_rng(0).standard_normal(receivers.displacement.shape)
    start = ep.Material(
        1.2 * true.material.lame_lambda, 0.8 * true.material.lame_mu, true.material.density, ("lambda", "mu")
    )
    records = ep.Receivers(receivers.xy, receivers.time[seen], heard[:, seen], noise)
    return replace(true, material=start, receivers=records)


def material_off(run: ep.Run, problem: ep.Problem) -> float:
    """The larger relative error of lambda and mu."""
    true, found = ALUMINIUM, run.material()
    return max(abs(found["lambda"] / true.lame_lambda - 1.0), abs(found["mu"] / true.lame_mu - 1.0))


def difference_of_engines(name: str) -> float:
    """How far the second engine, on its finest grid, is off a recording."""
    with (DATA / "plate_convergence.csv").open() as file:
        *_, finest = (row for row in csv.DictReader(file) if (row["file"], row["engine"]) == (name, "deepwave"))
    return float(finest["relative L2 difference"])


def waves(plane: int, poles: int, boundary: int, initial: int) -> Recipe:
    """Plane waves, of which most are S waves, and waves with poles in the hole and beside a load."""
    points = {"interior_points": 20, "boundary_points": boundary, "initial_points": initial}
    in_time = {"time_frequency": 10.4, "s_wave_fraction": 0.667, "ridge": 1e-12, "sampling": "chebyshev"}
    return least_squares("hole_waves", 0, 21.0, **points) | in_time | {"hidden_layers": [plane, poles]}


def recorded(name: str, file: str, case: str, method: str, fields: Recipe, quick: Recipe) -> Row:
    """The row of a plate that a file of data/ has a recording of."""
    return Row(
        name,
        f"{case}, aluminium: against finite elements, at 60 receivers",
        partial(plate_of, file),
        method,
        fields,
        quick,
        6e-2,
        goal=2.0 * difference_of_engines(file),
        measure=partial(misfit, file),
    )


ROWS = (
    recorded(
        "plate",
        "plate_receivers",
        "a load on a free side of a plate with a hole",
        "3300 plane waves, 2000 around the hole and the load",
        waves(3300, 2000, 2400, 1500),
        waves(1300, 800, 700, 700),
    ),
    recorded(
        "plate-force",
        "plate_force_receivers",
        "a force in a plate with free sides and a hole",
        "3800 plane waves, 1200 around the hole, and the force's wave in an unbounded solid",
        waves(3800, 1200, 3000, 2000),
        waves(1600, 500, 1000, 900),
    ),
    Row(
        "plate-material",
        "lambda and mu of the first of these, from the recording with 1 % noise, start 20 % off: the larger error",
        material_sought,
        "the same waves, full-waveform inversion",
        waves(3300, 2000, 2400, 1500) | {"stages": ["full_waveform"], "steps": 8},
        waves(1300, 800, 700, 700) | {"stages": ["full_waveform"], "steps": 8},
        2e-2,
        goal=2.2e-3,
        published="1.1e-3 of lambda, 3.5e-4 of mu: the least standard errors by such records (Cramer-Rao)",
        measure=material_off,
    ),
)
