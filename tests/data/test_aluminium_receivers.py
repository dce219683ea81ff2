"""The shipped recording is what its README says, and its script makes others."""

import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from elastic_pinn.physics.cramer_rao_bound import cramer_rao
from elastic_pinn.physics.data import Receivers
from elastic_pinn.physics.media.material import ALUMINIUM, Material
from elastic_pinn.physics.solutions import record_pulses

DATA = Path(__file__).parents[2] / "data"
SCRIPT = DATA / "make_aluminium_receivers.py"


def relative_error(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def exact(receivers: Receivers) -> np.ndarray:
    xy, time = torch.from_numpy(receivers.xy), torch.from_numpy(receivers.time)
    return record_pulses(receivers.pulses, xy, time, ALUMINIUM.c_p, ALUMINIUM.c_s).numpy()


@pytest.fixture(scope="module")
def shipped() -> Receivers:
    return Receivers.load(DATA / "aluminium_receivers.h5")


def test_the_shipped_file_is_aluminium_seen_through_a_window_of_6_cm_for_8_us(shipped):
    assert shipped.truth.material == {"lambda": 5.76e10, "mu": 2.6e10, "rho": 2700.0}
    assert shipped.xy.shape == (121, 2)
    assert shipped.xy.min(axis=0).tolist() == [0, 0]
    assert shipped.xy.max(axis=0) == pytest.approx([0.06, 0.06])
    np.testing.assert_allclose(shipped.time, np.linspace(0, 8e-6, 41), rtol=1e-12)
    assert "deepwave" in shipped.provenance


def test_the_shipped_start_is_30_percent_off_and_the_density_known(shipped):
    assert shipped.start == {"lambda", "mu"}
    assert shipped.material["lambda"] == pytest.approx(1.3 * 5.76e10)
    assert shipped.material["mu"] == pytest.approx(0.7 * 2.6e10)
    assert shipped.material["rho"] == 2700.0


def test_the_shipped_truth_is_within_half_a_percent_of_the_exact_solution(shipped):
    assert relative_error(shipped.truth.displacement, exact(shipped)) < 0.005


def test_the_shipped_noise_is_white_and_as_large_as_stated(shipped):
    noise = (shipped.displacement - shipped.truth.displacement) / shipped.noise
    assert shipped.noise_relative == pytest.approx(0.01)
    assert noise.std() == pytest.approx(1, abs=5 / np.sqrt(2 * noise.size))
    assert abs(noise.mean()) < 5 / np.sqrt(noise.size)
    assert abs((noise[:, 1:] * noise[:, :-1]).mean()) < 5 / np.sqrt(noise.size)
    assert abs((noise[1:] * noise[:-1]).mean()) < 5 / np.sqrt(noise.size)


def test_the_shipped_noise_allows_lambda_to_be_found_within_0_2_percent_and_mu_within_0_1(shipped):
    xy, time = torch.from_numpy(shipped.xy), torch.from_numpy(shipped.time)

    def recorded(moduli: dict[str, float]) -> np.ndarray:
        material = Material(moduli["lambda"], moduli["mu"], 2700.0)
        return record_pulses(shipped.pulses, xy, time, material.c_p, material.c_s).numpy()

    bound = cramer_rao(recorded, {"lambda": 5.76e10, "mu": 2.6e10}, shipped.noise)
    assert bound[0] < 0.002
    assert bound[1] < 0.001


def test_the_shipped_file_is_small():
    assert (DATA / "aluminium_receivers.h5").stat().st_size < 500_000


@pytest.mark.slow
def test_the_script_records_another_material_without_deepwave(tmp_path):
    target = tmp_path / "other.h5"
    command = [sys.executable, SCRIPT, "--engine", "exact", "--output", target]
    command += ["--lambda", "1e9", "--mu", "5e8", "--rho", "2000", "--noise", "0.02", "--seed", "3"]
    subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=120)
    other = Receivers.load(target)
    assert other.truth.material == {"lambda": 1e9, "mu": 5e8, "rho": 2000.0}
    assert other.material == pytest.approx({"lambda": 1.3e9, "mu": 3.5e8, "rho": 2000.0})
    assert other.time[-1] == pytest.approx(0.85 * 0.06 / 1000, rel=0.02)  # c_p is 1000 m/s
    assert other.noise_relative == pytest.approx(0.02)
    assert "seed 3" in other.provenance


def test_the_late_file_begins_4_us_after_the_pulses_and_knows_neither_these_nor_when_they_were():
    late, time = Receivers.load(DATA / "aluminium_late_receivers.h5"), torch.linspace(4e-6, 12e-6, 41)
    pulses = runpy.run_path(str(SCRIPT))["pulses_in"](0.06)
    assert late.pulses == () and late.time[0] == 0.0 and late.start == {"lambda", "mu"}
    expected = record_pulses(pulses, torch.from_numpy(late.xy), time.double(), ALUMINIUM.c_p, ALUMINIUM.c_s).numpy()
    assert relative_error(late.truth.displacement, expected) < 0.005
    assert np.abs(late.truth.displacement[:, 0]).max() > 10 * late.noise  # waves are on their way


def test_the_script_never_puts_other_settings_into_the_shipped_file(capsys):
    parse = runpy.run_path(str(SCRIPT))["parse"]
    assert parse([]).output == DATA / "aluminium_receivers.h5"
    with pytest.raises(SystemExit):
        parse(["--engine", "exact"])
    assert "give --output" in capsys.readouterr().err


@pytest.mark.slow
def test_deepwave_comes_to_the_exact_solution_with_the_square_of_the_spacing():
    pytest.importorskip("deepwave", reason="the reference engine is an optional extra")
    script = runpy.run_path(str(SCRIPT))
    times = script["frame_times"](0.06, None, ALUMINIUM)
    exact = script["record_exactly"](0.06, times, ALUMINIUM).numpy()
    coarse, fine = (
        relative_error(script["record_by_deepwave"](0.06, times, ALUMINIUM, cells).numpy(), exact)
        for cells in (60, 120)
    )
    assert fine < 0.005
    assert np.log2(coarse / fine) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--noise", "-1"], "--noise -1: a fraction of 0 or more is needed"),
        (["--seed", "-1"], "--seed -1: "),
        (["--window", "0"], "--window 0: a number above 0 is needed"),
        (["--duration", "nan"], "--duration nan: a number above 0 is needed"),
        (["--mu", "-1"], "no stable solid"),
        (["--start-offset", "1"], "no stable solid"),
        (["--output", "nowhere/other.h5"], "there is no folder nowhere"),
    ],
)
def test_options_with_which_nothing_can_be_recorded_are_refused_at_once(options, fault, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        runpy.run_path(str(SCRIPT))["parse"](["--output", "other.h5", *options])
    assert fault in capsys.readouterr().err.splitlines()[-1]
