"""Problems that have no exact field: another engine has recorded them, and a second one tells how right that is."""

from __future__ import annotations

import csv
import runpy
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

import elastic_pinn as ep
from tests.benchmarks.validation.row import Recipe, Row, least_squares

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
)
