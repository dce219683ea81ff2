"""Wavefields from receivers are drawn by what these recorded, with the standard deviation that they leave."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.data import noise_of
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.workbench.figures.records.data_fit import draw_fit
from elastic_pinn.workbench.figures.style.units import unit_for
from elastic_pinn.workbench.figures.wavefields.field_maps import trace
from tests.workbench.test_figures import PNG, drawn, labels


def recorded_in_a_corner(waves, hidden_layers, tmp_path, quantity="displacement"):
    """A run on what 20 receivers in a corner record of a standing wave, and its problem."""
    xy = 0.4 * np.random.default_rng(0).random((20, 2))
    time = np.linspace(0.0, 1.0, 11)
    points = [torch.from_numpy(np.broadcast_to(a, (20, 11)).reshape(-1)) for a in (*xy.T[:, :, None], time)]
    records = StandingWaves(2.0, 1.0, 1.0)(*points).numpy().reshape(20, 11, 2)
    noise = 1e-3 * np.random.default_rng(1).standard_normal(records.shape)
    solid = {"lambda": 2.0, "mu": 1.0, "rho": 1.0}
    receivers = ep.Receivers(xy, time, noise=1e-3, material=solid, **{quantity: records + noise})
    problem = waves(boundary=(), initial=None, exact=None, receivers=receivers)
    settings = {"network": "plane_waves", "activation": "sin", "input_frequency": 8.0, "precision": "float64"}
    solved = {"stages": ["last_layer"], "steps": 1, "ridge": 1e-6, "interior_points": 8, "validation_points": 8}
    return ep.train(ep.Config(hidden_layers=hidden_layers, **settings, **solved), tmp_path / "run", problem), problem


def hatched(axes):
    """The areas of a map that are hatched."""
    return [path for each in axes.collections for path in each.get_paths() if len(path.vertices)]


def test_waves_that_no_receiver_sees_are_hatched_and_said_and_leave_the_scales_to_the_others(waves, tmp_path):
    run, problem = recorded_in_a_corner(waves, [300], tmp_path)
    figure = ep.figures.snapshots(run, times=[0.5], problem=problem)
    u_x, u_y, deviation = figure.axes[:3]
    recorded = np.sqrt(np.square(problem.receivers.displacement).mean())
    uncertainty = ep.WavefieldUncertainty(run.latest(), problem)
    far = np.sqrt(np.square(uncertainty.std(1.0, 1.0, 0.5)).mean())
    assert far > recorded and deviation.images[0].get_array()[-1, -1] == pytest.approx(far, rel=1e-6)
    assert all(hatched(axes) for axes in (u_x, u_y, deviation))
    assert figure.get_suptitle().startswith("no receiver sees the hatched waves, ")
    assert f"exceeds the rms of what was recorded, {recorded:.3g} m" in figure.get_suptitle()
    assert deviation.images[0].get_clim()[1] == pytest.approx(recorded)
    drawn = np.abs(run.predict(*np.meshgrid(*2 * [np.linspace(0, 1, 61)]), 0.5)).max()
    assert 3 * u_x.images[0].get_clim()[1] < drawn, "what is drawn there is no scale"


def test_a_wavefield_that_is_seen_all_over_has_no_hatch_and_its_standard_deviation_below(waves, tmp_path):
    run, problem = recorded_in_a_corner(waves, [20], tmp_path)
    figure = ep.figures.snapshots(run, times=[0.5, 1.0], problem=problem)
    assert not any(hatched(axes) for axes in figure.axes[:6])
    assert "the standard deviation is at most " in figure.get_suptitle()
    assert "standard deviation" in labels(figure)


def test_a_wavefield_that_does_not_explain_the_data_says_so(inverse_run):
    said = ep.figures.snapshots(inverse_run).get_suptitle()
    misfit = ep.WavefieldUncertainty(inverse_run.latest()).misfit
    assert said.startswith(f"the data are not explained, misfit {misfit:.3g} times the noise: ")


def test_a_wavefield_without_a_standard_deviation_says_why(waves, tmp_path):
    trained, problem = recorded_in_a_corner(waves, [20], tmp_path / "first")
    rough = np.random.default_rng(2).standard_normal((20, 11, 2))
    unknown = replace(
        problem, receivers=replace(problem.receivers, noise=0.0, displacement=rough, time=np.r_[:11] / 10)
    )
    run = ep.train(trained.config, tmp_path / "run", unknown)
    figure = ep.figures.snapshots(run, problem=unknown)
    assert figure.get_suptitle() == "no standard deviation: the noise is neither stated nor to be seen in the records"
    said = [text.get_text() for text in ep.figures.data_fit(run, problem=unknown).legends[0].get_texts()]
    assert said == ["recorded", "predicted"], "no band of the noise where nobody knows it"


def test_the_noise_that_only_the_records_show_has_a_band_in_the_data_fit(inverse_run):
    receivers = ep.problem_from(inverse_run.config).receivers
    figure = draw_fit(inverse_run.latest().shot()._replace(receivers=replace(receivers, noise=0.0)), 3, 10)
    [band] = figure.axes[2].patches
    level = noise_of(replace(receivers, noise=0.0)).level
    assert band.get_height() == pytest.approx(4 * level * 1e9) and level == pytest.approx(receivers.noise, rel=0.2)
    assert "standard deviations either way, estimated " in figure.legends[0].get_texts()[2].get_text()


def deviating(monkeypatch, size):
    """Let the standard deviation be the same everywhere, in units of what was recorded."""

    def std(uncertainty, x, y, t, quantity):
        return np.full((*np.shape(x), 2), size)

    monkeypatch.setattr(ep.WavefieldUncertainty, "std", std)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "told"),
    [
        (1e6, "no receiver sees the hatched waves, 100 % of what is shown"),
        (1e-9, "at most 6.4e-08 % of the rms of what was recorded"),
        (0.0, "at most 0 % of the rms of what was recorded"),
    ],
)
def test_a_standard_deviation_that_is_alike_all_over_is_drawn(waves, tmp_path, monkeypatch, size, told):
    run, problem = recorded_in_a_corner(waves, [20], tmp_path)
    deviating(monkeypatch, size)
    figure = ep.figures.snapshots(run, times=[0.5], problem=problem)
    assert figure.png().startswith(PNG)
    assert told in figure.get_suptitle()
    assert bool(hatched(figure.axes[0])) == (size > 1.0)


OTHERS = pytest.mark.parametrize(
    ("quantity", "symbol", "unit"), [("velocity", "v", "m/s"), ("acceleration", "a", "m/s2")]
)


@OTHERS
def test_the_fit_of_other_records_is_drawn_by_their_own_name_and_unit(waves, tmp_path, quantity, symbol, unit):
    run, problem = recorded_in_a_corner(waves, [20], tmp_path, quantity)
    receivers = problem.receivers
    fit = ep.figures.data_fit(run, receiver=3, problem=problem)
    point = trace(run.predict, (0.0, 1.0), *receivers.xy[3].tolist(), problem)
    last = run.predict(*receivers.xy[3], receivers.time[-1], quantity)[0]
    for figure, network in ((fit, "predicted"), (point, "network")):
        assert f"{quantity} ({unit})" in labels(figure) and figure.axes[0].get_title() == f"${symbol}_x$"
        assert drawn(figure)[network][1][-1] == pytest.approx(last, rel=1e-4)
    assert np.allclose(drawn(fit)["recorded"][1], receivers.recorded[3, :, 0])


@OTHERS
def test_a_wavefield_is_drawn_by_what_was_recorded_with_its_own_uncertainty(waves, tmp_path, quantity, symbol, unit):
    run, problem = recorded_in_a_corner(waves, [20], tmp_path, quantity)
    maps = ep.figures.snapshots(run, times=[0.5], problem=problem)
    middle = {axes.get_ylabel().split("\n")[0]: axes.images[0].get_array() for axes in maps.axes[:3]}
    assert f"{quantity} ({unit})" in labels(maps)
    assert middle[f"${symbol}_x$ network"][30, 30] == pytest.approx(run.predict(0.5, 0.5, 0.5, quantity)[0], rel=1e-4)
    deviation = np.sqrt(np.square(ep.WavefieldUncertainty(run.latest(), problem).std(0.5, 0.5, 0.5, quantity)).mean())
    sizes = {f"standard deviation ({each.name})": each.size for each in (unit_for(10.0**k, unit) for k in range(-9, 3))}
    [size] = [sizes[label] for label in labels(maps) if label in sizes]
    assert size * middle["standard deviation"][15, 15] == pytest.approx(deviation, rel=1e-6)


def test_an_uncertainty_of_what_cannot_be_recorded_is_refused(waves, tmp_path):
    run, problem = recorded_in_a_corner(waves, [20], tmp_path)
    uncertainty = ep.WavefieldUncertainty(run.latest(), problem)
    assert (uncertainty.std(0.5, 0.5, 0.5, "stress") > 0.0).tolist() == [True, True, True]
    with pytest.raises(ValueError, match="quantity = 'pressure': legal are displacement, velocity, acceleration"):
        uncertainty.std(0.0, 0.0, 0.0, "pressure")
