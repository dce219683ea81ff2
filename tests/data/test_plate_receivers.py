"""The shipped recording of a plate is what its README says, and two engines agree on it."""

import csv
import runpy
from pathlib import Path

import numpy as np
import pytest
import torch

import elastic_pinn as ep

DATA = Path(__file__).parents[2] / "data"
SCRIPT = DATA / "make_plate_receivers.py"
FILES = ("plate_receivers", "plate_force_receivers")


@pytest.fixture(scope="module", params=FILES)
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def shipped(name) -> ep.Receivers:
    return ep.Receivers.load(DATA / f"{name}.h5")


@pytest.fixture(scope="module")
def script() -> dict:
    return runpy.run_path(str(SCRIPT))


def convergence(name: str) -> list[dict]:
    with (DATA / "plate_convergence.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["file"] == name]


def difference(found: np.ndarray, shipped: ep.Receivers) -> float:
    return float(np.linalg.norm(found - shipped.recorded) / np.linalg.norm(shipped.recorded))


def test_the_shipped_file_is_an_aluminium_plate_without_noise_seen_for_12_us(name, shipped, script):
    assert shipped.material == {"lambda": 5.76e10, "mu": 2.6e10, "rho": 2700.0}
    assert (shipped.start, shipped.noise, shipped.truth) == (frozenset(), 0.0, None)
    np.testing.assert_allclose(shipped.time, np.linspace(0.0, 12e-6, 121), rtol=1e-12)
    np.testing.assert_array_equal(shipped.xy, script["receivers"]())
    assert shipped.xy.shape == (60, 2)
    assert (DATA / f"{name}.h5").stat().st_size < 200_000


def test_a_line_of_25_receivers_is_on_the_top(shipped):
    on_top = shipped.xy[:, 1] == 0.02
    assert on_top[:25].all()
    assert on_top.sum() == 25
    np.testing.assert_allclose(np.diff(shipped.xy[:25, 0]), 1.5e-3)


def test_all_receivers_are_in_the_plate(shipped, script):
    shape = script["problem"]().domain.shape
    assert shape.contains(*torch.from_numpy(shipped.xy).unbind(1)).all()


def test_nothing_moves_before_a_p_wave_can_be_there(name, shipped, script):
    (source,) = script["problem"](name).sources
    distance = np.hypot(*(shipped.xy - source.at).T) - 5.0 * source.width  # beyond, nothing acts
    early = shipped.time[None, :] < distance[:, None] / 6371.0
    assert early.sum() > 500
    assert np.abs(shipped.recorded[early]).max() < 1e-5 * np.abs(shipped.recorded).max()


def test_finer_elements_and_steps_are_within_a_thousandth(name):
    finer = [row for row in convergence(name) if row["engine"].startswith("scikit-fem")]
    assert len(finer) > 2
    assert max(float(row["relative L2 difference"]) for row in finer[-2:]) < 1e-3


def test_the_second_engine_comes_within_2_percent_as_its_grid_gets_finer(name):
    differences = [float(row["relative L2 difference"]) for row in convergence(name) if row["engine"] == "deepwave"]
    assert len(differences) > 2
    assert differences == sorted(differences, reverse=True)
    assert differences[-1] < 0.02


@pytest.mark.slow
def test_coarse_elements_record_the_same(name, shipped, script):
    pytest.importorskip("skfem", reason="the reference engines are an optional extra")
    assert difference(script["record_by_elements"](script["problem"](name), 2e-3, 3, 10), shipped) < 5e-3


@pytest.mark.slow
def test_finite_differences_record_the_same(name, shipped, script):
    pytest.importorskip("deepwave", reason="the reference engines are an optional extra")
    assert difference(script["record_by_differences"](script["problem"](name), 100), shipped) < 0.03
