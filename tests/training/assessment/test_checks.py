"""The table of checks has what a wavefield misses, in SI units, as its predictions alone show it."""

import math

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.training.assessment.checks import ALONG, INSTANTS
from tests.benchmarks.validation import ROWS
from tests.plates import PLATE, SOLVED

MODES = {row.name: row for row in ROWS}["lame-modes"]


@pytest.fixture(scope="module")
def plate(tmp_path_factory) -> ep.Run:
    return ep.train(ep.Config(**PLATE | SOLVED), tmp_path_factory.mktemp("checks") / "run")


def test_each_side_each_hole_the_start_and_the_equation_are_checked(plate):
    checks = ep.physical_checks(plate)
    assert list(checks.index) == [
        "displacement: error, estimated", "stress: error, estimated", "equation of motion", "left: free surface",
        "right: free surface", "bottom: free surface", "hole 1: free surface", "top: traction given",
        "start: displacement", "start: velocity",
    ]  # fmt: skip
    assert set(zip(checks["unit"], checks["of"], strict=True)) == {
        ("", "L2 norm of the field"), ("N/m3", "largest inertia"), ("Pa", "largest stress"),
        ("m", "largest displacement"), ("m/s", "largest velocity"),
    }  # fmt: skip
    assert checks.loc["equation of motion", "relative"] < 1e-10, "waves satisfy it"
    assert checks.loc["displacement: error, estimated", "relative"] == plate.estimate_error().displacement


@pytest.mark.slow
def test_the_traction_on_a_side_is_that_of_the_predicted_stress(plate):
    checks = ep.physical_checks(plate)
    places, times = (np.arange(ALONG) + 0.5) / ALONG * 0.01, np.linspace(0.0, 16e-6, INSTANTS)
    stress = plate.predict(0.0, places[:, None], times, "stress")  # (N, T, 3)
    missed = np.hypot(stress[..., 0], stress[..., 2])
    row = checks.loc["left: free surface"]
    assert row["rms"] / row["relative"] == pytest.approx(np.sqrt((missed**2).mean()) / missed.max(), rel=1e-6)
    missed = missed.max()
    assert checks.loc["left: free surface", "largest"] == pytest.approx(missed, rel=1e-6)
    x, y, t = np.meshgrid(np.linspace(0.0, 0.02, 33), np.linspace(0.0, 0.01, 17), times[::2], indexing="ij")
    x, y, t = (each[np.hypot(x - 0.013, y - 0.004) > 0.0015] for each in (x, y, t))
    largest = np.max(np.linalg.norm(plate.predict(x, y, t, "stress") * np.sqrt([1.0, 1.0, 2.0]), axis=-1))
    assert checks.loc["left: free surface", "relative"] == pytest.approx(missed / largest, rel=0.1)


def test_the_start_is_that_of_the_predicted_displacement_and_velocity(plate):
    checks = ep.physical_checks(plate)
    x, y = np.meshgrid(np.linspace(0.0, 0.02, 81), np.linspace(0.0, 0.01, 41))
    inside = np.hypot(x - 0.013, y - 0.004) > 0.0015
    for quantity, unit in (("displacement", "m"), ("velocity", "m/s")):
        missed = np.linalg.norm(plate.predict(x[inside], y[inside], 0.0, quantity), axis=-1).max()
        row = checks.loc[f"start: {quantity}"]
        assert row["largest"] == pytest.approx(missed, rel=0.1) and row["unit"] == unit


def test_energy_that_has_to_stay_and_the_true_error_are_in_the_table(tmp_path):
    problem = MODES.problem(0.5)
    run = ep.train(ep.Config(**MODES.fields | MODES.quick | {"estimate_error": False}), tmp_path / "run", problem)
    checks = ep.physical_checks(run.latest(), problem)
    energy = checks.loc["energy: change where it has to stay"]
    assert energy["relative"] == pytest.approx(run.summary.energy_drift) and math.isnan(energy["largest"])
    assert checks.loc["displacement: error, true", "relative"] == run.summary.metrics["error/displacement"]
    assert checks.index.is_unique
