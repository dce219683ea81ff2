"""Curves of many runs: each by itself, or medians and ranges over seeds."""

import shutil

import numpy as np
import pandas as pd
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.figures.comparison import MOST_POINTS, compare, curves_of


@pytest.fixture
def runs(folder_of_runs):
    return [ep.Run(folder_of_runs / name) for name in ("a", "b", "deep/c")]


def test_each_run_has_a_curve_over_steps_or_time(runs):
    curves = curves_of(runs, "loss/pde", "step", 1, by_seed=False)
    assert [curve.name for curve in curves] == ["a", "b", "c"]
    for run, curve in zip(runs, curves, strict=True):
        np.testing.assert_array_equal(curve.median, run.history()["loss/pde"])
        np.testing.assert_array_equal(curve.x, run.history()["step"])
    timed = curves_of(runs[:1], "loss/pde", "wall_s", 1, by_seed=False)
    np.testing.assert_array_equal(timed[0].x, runs[0].history()["wall_s"])


def test_runs_that_differ_by_their_seed_alone_are_one_curve_with_a_range(runs):
    both, other = curves_of(runs, "loss/total", "step", 1, by_seed=True)
    a, b = (run.history()["loss/total"].to_numpy() for run in runs[:2])
    np.testing.assert_allclose(both.median, (a + b) / 2)
    np.testing.assert_array_equal(both.low, np.minimum(a, b))
    np.testing.assert_array_equal(both.high, np.maximum(a, b))
    assert both.name == "learning_rate = 0.001, steps = 6 (2 seeds)"
    assert other.name == "learning_rate = 0.02, steps = 3"


def test_a_running_median_smooths(runs):
    (curve,) = curves_of(runs[:1], "loss/total", "step", 3, by_seed=False)
    raw = runs[0].history()["loss/total"].to_numpy()
    np.testing.assert_allclose(curve.median[1:-1], np.median([raw[:-2], raw[1:-1], raw[2:]], axis=0))


def test_what_is_measured_now_and_then_is_drawn_where_it_was(runs):
    (curve,) = curves_of(runs[:1], "error/displacement", "step", 1, by_seed=False)
    assert curve.x.tolist() == [2.0, 4.0, 6.0]


def test_axes_say_what_they_show(runs):
    (axes,) = compare(runs, "loss/pde", "wall_s").axes
    assert axes.get_xlabel() == "training time (s)" and axes.get_ylabel() == "loss/pde (dimensionless)"
    assert axes.get_yscale() == "log" and len(axes.lines) == 3


def test_a_column_that_no_run_has_is_refused(runs):
    with pytest.raises(ValueError, match="none of these 3 runs has a column 'loss/pdf'"):
        compare(runs, "loss/pdf")


def test_runs_of_one_name_keep_curves_of_their_own(folder_of_runs, tmp_path):
    for sweep in ("s1", "s2"):
        shutil.copytree(folder_of_runs / "a", tmp_path / sweep / "x")
    places = [tmp_path / "s1" / "x", tmp_path / "s2" / "x", folder_of_runs / "a"]
    curves = curves_of(places, "loss/total", "step", 1, by_seed=False)
    assert [curve.name for curve in curves] == ["s1/x", "s2/x", "a"]


def test_a_run_in_which_nothing_was_measured_yet_has_no_curve(runs, monkeypatch):
    history = runs[0].history()
    history["error/displacement"] = np.nan
    monkeypatch.setattr(ep.Run, "history", lambda self: history)
    with pytest.raises(ValueError, match="none of these 1 runs"):
        compare(runs[:1], "error/displacement")


def test_a_thinned_curve_ends_where_the_run_does(runs, monkeypatch):
    rows = 2 * MOST_POINTS + 2
    history = pd.DataFrame({"step": np.arange(1, rows + 1), "loss/total": np.arange(rows, 0, -1.0)})
    monkeypatch.setattr(ep.Run, "history", lambda self: history)
    (curve,) = curves_of(runs[:1], "loss/total", "step", 1, by_seed=False)
    assert len(curve.x) <= MOST_POINTS and (curve.x[-1], curve.median[-1]) == (rows, 1.0)
