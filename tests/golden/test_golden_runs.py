"""Run directories that people have on their disks load, predict what they did, and go on."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.storage import read_live_history, read_snapshot
from tests.golden.problems import AT, CONFIGS, own_problem

GOLDEN = Path(__file__).parent
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())
ROUNDING = 1e-9  # of another processor's sums, over a few steps
SAME_END = 1e-6
CONVERGED = 3e-5  # a hundredth of the noise: variable projection of today ends where it has converged

each_run = pytest.mark.parametrize("name", CONFIGS)


@pytest.fixture
def copy(tmp_path):
    """A function that gives a copy of a golden run directory, to work in."""
    return lambda name: Path(shutil.copytree(GOLDEN / name, tmp_path / name))


@each_run
def test_it_loads_and_predicts_what_it_did(name):
    run = ep.Run(GOLDEN / name)
    assert (run.status, run.summary.step) == ("stopped", 3)
    np.testing.assert_allclose(run.predict(*AT), EXPECTED[name]["at_3"], rtol=ROUNDING, atol=ROUNDING)


@each_run
def test_its_live_history_is_read_and_what_its_losses_mean_is_known(name):
    history = read_live_history(GOLDEN / name / "history.h5")  # Run.history() takes the checkpoint's where it cannot
    assert (history.column("step").tolist(), history.losses_of_start_until) == ([1, 2, 3], 3)
    stored = read_snapshot(GOLDEN / name / "latest.h5").history
    for column, values in stored.columns().items():
        np.testing.assert_array_equal(history.column(column), values)


@each_run
def test_training_goes_on_from_it_to_the_end_that_the_whole_run_had(name, copy):
    folder = copy(name)
    problem = own_problem() if name.endswith("own") else None
    run = ep.train(ep.Config.from_json((folder / "config.json").read_text()), folder, problem, resume="auto")
    assert run.status == "completed" and run.summary.generation == 1
    within = CONVERGED if run.summary.converged else SAME_END
    np.testing.assert_allclose(run.predict(*AT), EXPECTED[name]["at_end"], rtol=within, atol=within)
    assert run.latest().material() == pytest.approx(EXPECTED[name]["material"], rel=within)


def test_another_problem_does_not_go_on_from_it(copy):
    folder = copy("mlp-own")
    other = own_problem()
    softer = ep.Problem(other.domain, ep.Material(2.0, 0.9, 1.0), other.boundary, other.initial)
    with pytest.raises(ep.ConfigError, match="the problem is not the one that the checkpoint at step 3"):
        ep.train(ep.Run(folder).config, folder, softer, resume="auto")
