"""The figure of the estimated error is what the run estimates, beside the true error."""

import re

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.fields import evaluate
from elastic_pinn.readable import percent
from elastic_pinn.workbench.figures.wavefields.snapshots import trapezoid_weights
from elastic_pinn.workbench.text import Reason, drawn_or_reason
from tests.benchmarks.validation import ROWS
from tests.physics.media.test_medium import solved

STATIC = {row.name: row for row in ROWS}["static-mixed"]


def test_the_figure_has_the_estimate_and_beside_it_the_true_error(forward_run):
    found = forward_run.estimate_error()
    figure = ep.figures.error(forward_run)
    over_space, over_time, scale = figure.axes
    curves = {line.get_label(): line.get_ydata() for line in over_time.lines}
    assert list(curves) == ["estimated", "true"]
    assert np.array_equal(curves["estimated"], found.over_time)
    assert curves["estimated"] == pytest.approx(curves["true"], rel=0.1)
    [mesh] = over_space.collections
    worst = found.error[found.over_time.argmax()]
    assert np.asarray(mesh.get_array()) * found.size / 100.0 == pytest.approx(np.hypot(*worst.T))
    told = re.findall(r"([\d.]+) %", figure.get_suptitle())
    assert [f"{each} %" for each in (told[0], told[2])] == [percent(found.displacement), percent(found.stress)]
    assert float(told[1]) / 100.0 == pytest.approx(true_error(forward_run), rel=0.03)
    assert over_time.get_yscale() == "log" and over_time.get_xlabel() == "t (s)"
    assert (over_space.get_xlabel(), over_space.get_ylabel()) == ("x (m)", "y (m)")
    assert scale.get_ylabel() == "error / rms displacement (%)"


def true_error(run):
    """On a grid of the figure's instants, by the trapezoidal rule."""
    problem = run.problem()
    t, y, x = np.meshgrid(np.linspace(*problem.domain.t, 25), *2 * [np.linspace(0.0, 1.0, 61)], indexing="ij")
    exact = exact_at(problem, x, y, t)
    weights = np.einsum("t,y,x->tyx", *map(trapezoid_weights, t.shape))[..., None]
    squared = [(weights * each**2).sum() for each in (run.predict(x, y, t) - exact, exact)]
    return np.sqrt(squared[0] / squared[1])


def exact_at(problem, x, y, t):
    points = torch.from_numpy(np.stack([x, y, t], axis=-1).reshape(-1, 3))
    return evaluate(problem.exact, points).numpy().reshape(*x.shape, 2)


@pytest.mark.slow
def test_of_a_plate_at_rest_there_is_a_map_alone(tmp_path):
    problem = STATIC.problem(1.0)
    run = solved(tmp_path, problem, 30, 3.0)
    over_space, scale = ep.figures.error(run, problem).axes
    assert not over_space.get_title() and scale.get_ylabel() == "error / rms displacement (%)"


def test_where_nothing_determines_the_wavefield_the_figure_says_why(inverse_run):
    with pytest.raises(ep.ErrorEstimateError, match="no error can be estimated: lambda, mu unknown"):
        ep.figures.error(inverse_run)


def test_a_cell_shows_the_figure_or_why_there_is_none(forward_run, inverse_run):
    assert drawn_or_reason(lambda: forward_run) is forward_run
    assert "lambda, mu unknown" in drawn_or_reason(lambda: ep.figures.error(inverse_run))
    reason = drawn_or_reason(lambda: ep.figures.wavelet(inverse_run))
    assert "no wavelet was unknown" in reason
    assert reason._repr_html_() == f"<p>{reason}</p>"  # no text in quotes
    assert Reason("a < b & c")._repr_html_() == "<p>a &lt; b &amp; c</p>"
    with pytest.raises(ValueError, match="no such term"):  # what was asked for wrongly stays an error
        drawn_or_reason(lambda: ep.figures.loss_curves([inverse_run], ["nothing"]))
