"""The map of misfits, the residuals, and their f-k images show what the prediction leaves of the records."""

from dataclasses import replace

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.run.synthetic import as_recorded
from elastic_pinn.workbench.figures.records.b_scan import draw_fit_b_scan
from elastic_pinn.workbench.figures.records.data_fit import draw_fit
from elastic_pinn.workbench.figures.records.frequency_wavenumber import draw_fit_frequency_wavenumber
from elastic_pinn.workbench.figures.records.misfits import draw_misfit_map, draw_residuals
from elastic_pinn.workbench.figures.records.wiggles import draw_wiggles
from tests.workbench.drawn_texts import layout_faults


@pytest.fixture(scope="module")
def seen(inverse_run):
    """A shot that recorded the prediction, with noise that is twice as large in the one component as it states."""
    shot = inverse_run.latest().shot()
    own = ep.synthetic_receivers(inverse_run, shot.receivers.xy, shot.receivers.time, noise=0.0).only
    noise = 0.01 * float(np.abs(own.values).max())
    values = own.values + noise * np.random.default_rng(0).standard_normal(own.values.shape) * [1.0, 2.0]
    return shot._replace(receivers=ep.Receivers(records=replace(own, values=values, noise=noise)))


def changed(seen, **fields):
    return seen._replace(receivers=ep.Receivers(records=replace(seen.receivers.only, **fields)))


def shown(dots):
    """The values of markers."""
    return np.asarray(dots.get_array())


def test_the_map_has_each_receiver_s_residual_over_its_noise(seen):
    x, y = (axes.collections[0] for axes in draw_misfit_map(seen).axes[:2])
    assert x.get_array().shape == (121,)
    assert min(y.to_rgba(1.0)) > 0.95, "white is at the noise"
    assert np.median(shown(x)) == pytest.approx(1.0, rel=0.05)
    assert np.median(shown(y)) == pytest.approx(2.0, rel=0.05)
    np.testing.assert_allclose(x.get_offsets(), 100 * seen.receivers.xy)  # cm


def test_a_receiver_that_is_off_stands_out_and_a_dead_one_is_a_grey_cross(seen):
    values = seen.receivers.only.values.copy()
    values[7] = np.nan
    values[11] += 50.0 * seen.receivers.only.noise
    values[13, 5:] = np.nan  # muted but for some samples
    figure = draw_misfit_map(changed(seen, values=values))
    live, dead = figure.axes[0].collections[:2]
    np.testing.assert_allclose(dead.get_offsets(), [100 * seen.receivers.xy[7]])
    assert live.get_array().shape == (120,) and int(live.get_array().argmax()) == 10
    assert "1 recorded nothing: grey" in figure.get_suptitle()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["nothing recorded along this direction"]
    assert not draw_misfit_map(seen).legends


def test_the_colours_of_the_map_are_all_of_what_there_is_and_the_noise_is_marked(seen):
    noise = seen.receivers.only.noise
    figure = draw_misfit_map(changed(seen, noise=noise / 1e2))
    x, y = (axes.collections[0] for axes in figure.axes[:2])
    there = np.concatenate([shown(x), shown(y)])
    assert x.get_clim() == pytest.approx((there.min(), there.max())) and there.min() > 50.0
    assert x.norm(there.max()) - x.norm(there.min()) == pytest.approx(1.0)
    assert figure.axes[-1].get_xlabel() == "rms residual / noise: all far above the noise, which is 1"
    figure = draw_misfit_map(changed(seen, noise=noise / 1.5))
    low, high = figure.axes[0].collections[0].get_clim()
    assert low == 0.5 and high == pytest.approx(there.max() / 1e2 * 1.5)
    assert [line.get_xdata()[0] for line in figure.axes[-1].lines] == [1.0]


def test_noise_by_channel_divides_each_residual_by_its_own(seen):
    only = seen.receivers.only
    by_channel = np.broadcast_to(only.noise * np.array([1.0, 2.0]), (121, 2))
    for axes in draw_misfit_map(changed(seen, noise=by_channel)).axes[:2]:
        assert np.median(shown(axes.collections[0])) == pytest.approx(1.0, rel=0.05)
    assert "rms residual 1 times the noise" in draw_residuals(changed(seen, noise=by_channel)).get_suptitle()


DRAWN = {
    "misfit_map": draw_misfit_map,
    "residuals": draw_residuals,
    "fit_b_scan": draw_fit_b_scan,
    "data_fit": lambda shot: draw_fit(shot, 0, 1),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWN)
def test_residuals_beside_the_noise_tell_where_the_verdict_counts_more_than_that(seen, name):
    pulse = ep.PointForce((0.02, 0.02), (1.0, 0.0), ep.Ricker(2e5, 5e-6), 2e-3)
    off = replace(pulse, plus_minus=ep.PlusMinus(width=1e-4))
    exact, stated = (seen._replace(problem=replace(seen.problem, force=each)) for each in (pulse, off))
    remark = "\nbeside the noise alone: the verdict counts what is stated of sources, too"
    figure = DRAWN[name](stated)
    assert figure.get_suptitle() == DRAWN[name](exact).get_suptitle() + remark
    assert not layout_faults(figure)
    few, only = slice(0, 11), seen.receivers.only  # times, which show no noise
    rough = changed(stated, values=only.values[:, few], time=only.time[few], noise=0.0)
    assert "the verdict counts" not in DRAWN[name](rough).get_suptitle()


def test_where_nobody_knows_the_noise_residuals_have_the_unit_of_the_records(seen):
    few, only = slice(0, 11), seen.receivers.only  # times, which show no noise
    rough = changed(seen, values=1e-9 * only.values[:, few] / only.values.std(), time=only.time[few], noise=0.0)
    figure = draw_misfit_map(rough)
    assert figure.axes[-1].get_xlabel() == "rms residual (nm)" and "times the noise" not in figure.get_suptitle()
    assert draw_residuals(rough).axes[0].get_xlabel() == "residual / their rms"


def test_residuals_of_noise_are_normal_at_all_times(seen):
    sizes, over_time = draw_residuals(changed(seen, noise=1.58 * seen.receivers.only.noise)).axes
    x, y, noise = (line.get_ydata() for line in over_time.lines)
    assert np.mean(x) == pytest.approx(1.0 / 1.58, rel=0.05) and np.mean(y) == pytest.approx(2.0 / 1.58, rel=0.05)
    assert noise[0] == 1.0
    [histogram] = sizes.patches
    values, edges, _ = histogram.get_data()
    assert np.sum(values * np.diff(edges)) == pytest.approx(1.0)
    assert sizes.get_xlabel() == "residual / noise"


@pytest.mark.slow
@pytest.mark.parametrize("are_own", [False, True], ids=["delays", "clocks"])
def test_noise_of_channels_with_delays_or_clocks_of_their_own_is_as_large_as_it_is(seen, are_own):
    only, rng = seen.receivers.only, np.random.default_rng(1)
    time, step = only.time[1:-1], only.time[1] - only.time[0]
    own = replace(only, time=time, values=only.values[:, 1:-1])
    if are_own:
        own = replace(own, time=time + step * rng.uniform(-0.5, 0.5, (121, 1)))
    else:
        own = replace(own, delay=step * rng.uniform(-0.5, 0.5, (121, 2)))
    values = np.empty_like(own.values)
    values[own.is_there] = as_recorded(seen.predict, own)
    values += only.noise * rng.standard_normal(values.shape)
    values[3, :, 1] = values[4, :10] = np.nan
    late = seen._replace(receivers=ep.Receivers(records=replace(own, values=values)))
    x, y, _ = draw_residuals(late).axes[1].lines
    for line in (x, y):
        assert len(line.get_xdata()) == len(time) and (np.diff(line.get_xdata()) > 0.0).all()
        assert np.sqrt(np.mean(np.square(line.get_ydata()))) == pytest.approx(1.0, rel=0.01)
    values[:, 15:25] += 10.0 * only.noise
    late = seen._replace(receivers=ep.Receivers(records=replace(own, values=values)))
    size = draw_residuals(late).axes[1].lines[0].get_ydata()
    assert size[16:24].min() > 8.0 and size[:13].max() < 2.0 and size[27:].max() < 2.0


@pytest.mark.parametrize("are_own", [False, True], ids=["delays", "clocks"])
def test_noise_of_channels_with_clocks_of_their_own_is_drawn_as_large_as_it_is(seen, are_own):
    only, rng = seen.receivers.only, np.random.default_rng(1)
    time, step = only.time[1:-1], only.time[1] - only.time[0]
    late = step * rng.uniform(-0.5, 0.5, (121, 1))
    own = replace(only, time=time, values=only.values[:, 1:-1])
    own = replace(own, time=time + late) if are_own else replace(own, delay=np.repeat(-late, 2, axis=1))
    values = np.empty_like(own.values)
    values[own.is_there] = as_recorded(seen.predict, own)
    values += only.noise * rng.standard_normal(values.shape)
    shot = seen._replace(receivers=ep.Receivers(records=replace(own, values=values)))
    columns = draw_fit_b_scan(shot).axes[4].collections
    assert len(columns) == 11 and np.std([each.get_array() for each in columns]) == pytest.approx(1.0, rel=0.05)
    ends = [each.get_coordinates()[[0, -1], 0, 1] for each in columns]  # us
    assert len({tuple(each) for each in np.round(ends, 6)}) == 11
    rest = [line for line in draw_wiggles(shot, shot.wavefield).axes[0].lines if "-" in line.get_label()]
    assert len(rest) == 1 and len(rest[0].get_xdata()) == len(time)


def test_a_direction_that_no_receiver_recorded_has_no_curve_over_time(seen):
    only = seen.receivers.only
    values, delay = only.values[:, 1:].copy(), np.zeros((121, 2))
    values[..., 1] = np.nan
    for late in (0.0, 1e-9):
        delay[5, 0] = late
        x, y, _ = draw_residuals(changed(seen, time=only.time[1:], values=values, delay=delay)).axes[1].lines
        assert np.isfinite(x.get_ydata()).all() and not np.isfinite(y.get_ydata()).any()


def test_residuals_beyond_the_histogram_are_counted(seen):
    values = seen.receivers.only.values.copy()
    values[0] += 1e3 * seen.receivers.only.noise
    noise = np.broadcast_to(seen.receivers.only.noise * np.array([1.0, 2.0]), (121, 2))
    sizes, _ = draw_residuals(changed(seen, values=values, noise=noise)).axes
    assert sizes.get_xlabel() == "residual / noise (0.83 % beyond, in the last bins)"


def test_a_wave_that_is_not_predicted_is_in_the_f_k_image_of_the_difference(seen):
    def largest(shot):
        images = [axes.images[0].get_array() for axes in draw_fit_frequency_wavenumber(shot).axes[:6:2]]
        return [float(image.max()) for image in images]  # dB of the largest that was recorded, in u_x

    only = seen.receivers.only
    recorded, predicted, rest = largest(seen)
    assert predicted == pytest.approx(recorded, abs=1.0) and rest < recorded - 10.0
    wave = np.abs(only.values).max() * np.sin(2e6 * only.time[None, :] - 700.0 * only.xy[:, :1])
    _, _, rest = largest(changed(seen, values=only.values + wave[:, :, None]))
    assert rest > -3.0


@pytest.mark.parametrize("figure", [ep.figures.misfit_map, ep.figures.residuals, ep.figures.fit_frequency_wavenumber])
def test_a_problem_without_receivers_is_refused(forward_run, figure):
    with pytest.raises(ep.figures.FigureError, match=f"{figure.__name__} needs a problem with receivers"):
        figure(forward_run)
    with pytest.raises(TypeError, match="a run, a checkpoint"):
        figure(3)


def test_lines_of_wave_speeds_in_the_f_k_image_of_a_fit_are_those_that_were_found(seen, inverse_run):
    found = inverse_run.material()
    solid = ep.Material(found["lambda"], found["mu"], found["rho"])
    start = seen.problem.material
    assert abs(solid.c_s / start.c_s - 1.0) > 1e-3, "the run has moved"
    drawn = {line.get_label() for line in draw_fit_frequency_wavenumber(seen).axes[0].lines}
    assert f"S, as found: {solid.c_s:,.4g} m/s" in drawn and f"P, as found: {solid.c_p:,.4g} m/s" in drawn


def test_a_wavefield_that_is_zero_at_all_receivers_has_no_spectrum(inverse_run):
    class Still:
        def predict(self, x, *_):
            return np.zeros((*np.shape(x), 2))

    with pytest.raises(ep.figures.FigureError, match="the wavefield is zero at all receivers"):
        draw_fit_frequency_wavenumber(inverse_run.latest().shot()._replace(wavefield=Still()))
