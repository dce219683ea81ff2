"""Curves of many runs: each by itself, or medians and ranges over seeds."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.figures.learning.comparison import MOST_POINTS, compare, curves_of


@pytest.fixture
def runs(folder_of_runs):
    return [ep.Run(folder_of_runs / name) for name in ("a", "b", "deep/c")]


def copy_of(run, folder, changes):
    """A copy of a run, with other values in its config."""
    shutil.copytree(run.path, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
    return folder


def test_each_run_has_a_curve_over_steps_or_time(runs):
    curves = curves_of(runs, "loss/pde", "step", 1, by_seed=False)
    assert [curve.name for curve in curves] == ["a", "b", "c"]
    for run, curve in zip(runs, curves, strict=True):
        np.testing.assert_array_equal(curve.median, run.history()["loss/pde"])
        np.testing.assert_array_equal(curve.x, run.history()["step"])
    timed = curves_of(runs[:1], "loss/pde", "wall_s", 1, by_seed=False)
    np.testing.assert_array_equal(timed[0].x, runs[0].history()["wall_s"])


def test_an_axis_of_steps_has_whole_numbers(runs):
    ticks = compare(runs[2:], "loss/pde").axes[0].get_xticks()
    assert len(ticks) and all(tick == round(tick) for tick in ticks)


def test_runs_that_differ_by_their_seed_alone_are_one_curve_with_a_range(runs):
    both, other = curves_of(runs, "loss/total", "step", 1, by_seed=True)
    a, b = (run.history()["loss/total"].to_numpy() for run in runs[:2])
    np.testing.assert_allclose(both.median, (a + b) / 2)
    np.testing.assert_array_equal(both.low, np.minimum(a, b))
    np.testing.assert_array_equal(both.high, np.maximum(a, b))
    assert both.name == "learning_rate = 0.001, steps = 6 (2 seeds)"
    assert other.name == "learning_rate = 0.02, steps = 3"


def test_losses_of_an_earlier_version_stand_at_the_step_before_and_all_else_at_its_own(runs, monkeypatch):
    history = runs[0].history()
    history.attrs["losses_of_start_until"] = 4
    monkeypatch.setattr(ep.Run, "history", lambda self: history)

    def steps(column):
        return curves_of(runs[:1], column, "step", 1, by_seed=False)[0].x.tolist()

    assert steps("loss/pde") == steps("grad_norm") == [0.0, 1.0, 2.0, 3.0, 5.0, 6.0]
    assert steps("loss/validation") == steps("error/displacement") == [2.0, 4.0, 6.0]
    assert steps("material/mu") == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_runs_without_a_history_are_named_and_the_others_are_drawn(runs, tmp_path, monkeypatch):
    lost = [copy_of(runs[0], tmp_path / name, {}) for name in ("lost", "gone", "away", "missing")]
    for folder in lost:
        (folder / "history.h5").unlink()
        shutil.rmtree(folder / "checkpoints")
    figure = compare([lost[0], runs[1], lost[1]])
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert told == ["b", "2 runs without a history that can be read: lost, gone"]
    assert [len(line.get_xdata()) for line in figure.axes[0].lines] == [6, 0]
    seeds = [curve.name for curve in curves_of([runs[1], *lost], "loss/pde", "step", 1, by_seed=True)]
    assert seeds[1:] == ["4 runs without a history that can be read: lost, gone, away, ..."]
    monkeypatch.setattr("elastic_pinn.workbench.figures.learning.comparison.NAMED", 3)
    many = compare([*runs, lost[0]]).axes[0].get_title(loc="left")
    assert many.startswith("3 curves, ") and many.endswith("\n1 run without a history that can be read: lost")
    with pytest.raises(ep.CheckpointError, match="lost"):
        compare(lost)
    with pytest.raises(ValueError, match=r"none of these 2 runs has a column 'loss/pdf'; they have: .*loss/pde"):
        compare([lost[0], runs[1]], "loss/pdf")


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


@pytest.mark.parametrize(
    ("column", "label"),
    [
        ("wall_s", "training time (s)"),
        ("learning_rate", "learning_rate (dimensionless)"),
        ("grad_norm", "grad_norm (dimensionless)"),
        ("error/displacement", "error/displacement (dimensionless)"),
        ("material/lambda", "material/lambda (Pa)"),
        ("material/rho", "material/rho (kg/m3)"),
    ],
)
def test_a_column_is_labelled_in_its_own_unit(inverse_run, runs, column, label):
    (axes,) = compare([inverse_run, *runs], column).axes
    assert axes.get_ylabel() == label


def test_time_can_be_drawn_over_time(runs):
    (axes,) = compare(runs, "wall_s", "wall_s").axes
    np.testing.assert_array_equal(*axes.lines[0].get_data())


def test_a_smoothed_curve_says_over_how_many_rows(runs):
    (axes,) = compare(runs, smooth=3).axes
    assert axes.get_ylabel() == "loss/total (dimensionless)\nmedian over 3 rows"


def test_a_column_that_no_run_has_is_refused_with_those_that_there_are(runs):
    with pytest.raises(ValueError, match=r"none of these 3 runs has a column 'loss/pdf'; they have: .*loss/pde"):
        compare(runs, "loss/pdf")


def test_the_stage_can_be_drawn_as_any_column(runs):
    assert {*compare(runs, "stage").axes[0].lines[0].get_ydata()} == {0.0}


def test_a_range_is_seen_where_there_is_one_step(runs, monkeypatch):
    history = ep.Run.history
    monkeypatch.setattr(ep.Run, "history", lambda self: history(self).head(1))
    (axes,) = compare(runs[:2], by_seed=True).axes
    (bar,) = axes.collections
    first = sorted(history(run)["loss/total"].iloc[0] for run in runs[:2])
    np.testing.assert_allclose(bar.get_segments()[0], [[1.0, first[0]], [1.0, first[1]]])


@pytest.fixture
def sweep(runs, tmp_path):
    """Runs as a sweep names them, two seeds for each of two input frequencies, and one of another kind."""
    alike = {"hidden_layers": [400], "threads": 1, "stages": ["lbfgs"], "checkpoint_every": 7, "log_level": "error"}
    places = {
        f"sweep/hidden_layers=400,input_frequency={frequency},seed={seed}-{seed:016x}": {
            "input_frequency": frequency, "seed": seed
        } for frequency in (1.5, 2.5) for seed in (0, 1)
    }  # fmt: skip
    of_the_sweep = [copy_of(runs[0], tmp_path / place, alike | point) for place, point in places.items()]
    return [*of_the_sweep, copy_of(runs[0], tmp_path / "20261126-015604-01_forward", {})]


def test_runs_of_a_sweep_are_named_by_what_tells_them_apart(sweep):
    curves = curves_of(sweep[:4], "loss/total", "step", 1, by_seed=False)
    assert [curve.name for curve in curves] == [
        f"input_frequency={f},seed={seed}" for f in (1.5, 2.5) for seed in (0, 1)
    ]
    curves = curves_of(sweep, "loss/total", "step", 1, by_seed=False)
    assert curves[0].name == "hidden_layers=400,input_frequency=1.5,seed=0"
    assert curves[4].name == "20261126-015604-01_forward"


def test_of_many_fields_as_few_are_named_as_tell_groups_apart(sweep):
    curves = curves_of(sweep, "loss/total", "step", 1, by_seed=True)
    assert [curve.name for curve in curves] == [
        "input_frequency = 1.5 (2 seeds)", "input_frequency = 2.5 (2 seeds)", "input_frequency = 1.0"
    ]  # fmt: skip


def test_a_list_is_written_as_in_a_notebook(runs, tmp_path):
    other = copy_of(runs[0], tmp_path / "other", {"hidden_layers": [8, 8]})
    curves = curves_of([runs[0], other], "loss/total", "step", 1, by_seed=True)
    assert [curve.name for curve in curves] == ["hidden_layers = [8]", "hidden_layers = [8, 8]"]


@pytest.mark.slow
@pytest.mark.parametrize("letter", ["i", "W"])
def test_a_legend_lies_within_the_picture_and_tells_all_curves_apart(runs, tmp_path, letter):
    names = [f"{letter * 100}{middle}{letter * 100}" for middle in "abcd"]
    places = [shutil.copytree(runs[0].path, tmp_path / name) for name in names]
    figure = compare(places)
    figure.png()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width
    assert len({text.get_text() for text in legend.get_texts()}) == len(names)


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


def with_losses(run, folder, **losses):
    """A copy of a run, whose history has other losses."""
    shutil.copytree(run.path, folder)
    copied = ep.Run(folder)
    history = copied.history().assign(**{f"loss/{name}": value for name, value in losses.items()})
    copied.history = lambda: history
    return copied


def test_a_loss_of_rounding_is_named_and_does_not_stretch_the_axis_of_others(runs, tmp_path):
    exact = with_losses(runs[0], tmp_path / "exact", pde=1e-31)
    drawn = {curve.name: len(curve.x) for curve in curves_of([exact, runs[1]], "loss/pde", "step", 1, by_seed=False)}
    assert drawn == {"exact: zero but for rounding": 0, "b": 6}
    (axes,) = compare([exact, runs[1]], "loss/pde").axes
    assert axes.get_ylim()[0] > 1e-20
    (alone,) = curves_of([exact], "loss/pde", "step", 1, by_seed=False)
    assert len(alone.x) == 6  # there is nothing else to see
    (small,) = curves_of([exact], "loss/boundary", "step", 1, by_seed=False)
    assert len(small.x) == 6
