"""What was recorded, drawn without a run: places, spectra, f-k images, traces, B-scans; and beside what is fitted."""

import math
from dataclasses import replace

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.media.material import ALUMINIUM
from elastic_pinn.physics.solutions import RayleighWave
from elastic_pinn.run.shot import Shot
from elastic_pinn.workbench.figures.records.b_scan import draw_fit_b_scan
from elastic_pinn.workbench.figures.records.data_fit import draw_fit
from elastic_pinn.workbench.figures.records.receiver_lines import line_of
from elastic_pinn.workbench.figures.records.shown_records import on_common_times
from tests.workbench.pulses import LINE, TIME, gappy, pulses_along
from tests.workbench.test_figures import labels
from tests.workbench.test_figures_of_records import recorded_in_a_corner


@pytest.mark.parametrize("speed", [2900.0, -2900.0, 6400.0])
def test_a_wave_along_the_line_is_on_the_line_of_its_speed_in_the_f_k_image(speed):
    figure = ep.figures.frequency_wavenumber(pulses_along(speed))
    [image] = figure.axes[1].images
    left, right, bottom, top = image.get_extent()  # 1/mm, MHz
    values = np.asarray(image.get_array())
    assert labels(figure) >= {"wave number along the line (1/mm)", "frequency (MHz)"}
    rows = range(round(0.4 / top * (len(values) - 1)), round(0.6 / top * (len(values) - 1)))
    for row in rows:
        number = np.linspace(left, right, values.shape[1])[values[row].argmax()]
        frequency = bottom + (top - bottom) * row / (len(values) - 1)
        assert 1e3 * frequency / number == pytest.approx(speed, rel=0.12), "1e6 Hz over 1e3 / m"
    assert figure.axes[0].get_ylim()[1] < 2.5, "no more than what holds the energy, of a Nyquist frequency of 10 MHz"


def test_lines_of_wave_speeds_are_those_of_the_material_or_as_given():
    records = pulses_along(2900.0)
    drawn = {line.get_label(): line.get_data() for line in ep.figures.frequency_wavenumber(records).axes[0].lines}
    speeds = {"P": ALUMINIUM.c_p, "S": ALUMINIUM.c_s, "Rayleigh": RayleighWave(ALUMINIUM).speed}
    assert set(drawn) == {f"{name}: {speed:,.4g} m/s" for name, speed in speeds.items()}
    for name, speed in speeds.items():
        number, frequency = drawn[f"{name}: {speed:,.4g} m/s"]
        assert 1e3 * frequency == pytest.approx(speed * np.abs(number))
    started = ep.figures.frequency_wavenumber(replace(records, start={"lambda", "mu"})).axes[0].lines
    assert all("start values" in line.get_label() for line in started)
    given = ep.figures.frequency_wavenumber(records, speeds={"bar": 5000.0}).axes[0].lines
    assert [line.get_label() for line in given] == ["bar: 5,000 m/s"]
    assert not ep.figures.frequency_wavenumber(replace(records, material={}, start=())).axes[0].lines


@pytest.mark.slow
def test_channels_with_gaps_are_left_out_of_an_f_k_image_and_named_and_the_others_show_the_same_wave():
    whole, few = (ep.figures.frequency_wavenumber(each) for each in (pulses_along(2900.0), gappy(pulses_along(2900.0))))
    assert few.get_suptitle() == (
        "31 receivers along (0, 2) – (4.5, 2) cm\n5 channels with gaps left out: 4 x, 4 y, 9 x, 9 y, 20 x"
    )
    before, after = (np.asarray(figure.axes[1].images[0].get_array()) for figure in (whole, few))
    ridge = before > -6.0
    assert ridge.sum() > 100 and np.abs(before - after)[ridge].max() < 1.5, "dB, without two of 31 receivers"
    values = np.where(np.arange(31)[:, None, None] < 28, np.nan, pulses_along(2900.0).only.values)
    with pytest.raises(ValueError, match="4 receivers without gaps on its line, and of 31 here 3 have none"):
        ep.figures.frequency_wavenumber(ep.Receivers(records=replace(pulses_along(2900.0).only, values=values)))


def test_left_out_receivers_bring_no_wave_that_is_not_there():
    records = pulses_along(2900.0)
    values = records.recorded.copy()
    values[1::2] = np.nan
    figure = ep.figures.frequency_wavenumber(ep.Receivers(records=replace(records.only, values=values)))
    left, right = (round(float(each), 6) for each in figure.axes[0].get_xlim())
    whole = ep.figures.frequency_wavenumber(records).axes[0].get_xlim()
    assert (left, right) == pytest.approx([each / 2.0 for each in whole], rel=1e-3)


def test_a_channel_that_ended_early_on_a_clock_of_its_own_is_left_out_of_an_f_k_image():
    whole = pulses_along(2900.0)
    clocks = np.tile(whole.time, (31, 1))
    values = whole.recorded.copy()
    clocks[3, 8:], values[3, 8:] = np.nan, np.nan
    own = ep.Receivers(records=ep.Records("displacement", values, LINE, clocks))
    title = ep.figures.frequency_wavenumber(own).get_suptitle()
    assert title.endswith("2 channels with gaps left out: 3 x, 3 y")
    drawn = ep.figures.spectra(own).axes[1]
    assert drawn.get_xlim() == pytest.approx(ep.figures.spectra(whole).axes[1].get_xlim(), rel=0.05)


def test_a_direction_of_which_no_channel_is_whole_has_no_f_k_image():
    values = pulses_along(2900.0).recorded.copy()
    values[:, 100:120, 0] = np.nan
    figure = ep.figures.frequency_wavenumber(ep.Receivers(records=replace(pulses_along(2900.0).only, values=values)))
    assert [axes.get_title() for axes in figure.axes] == ["$u_y$", ""]
    assert "31 channels with gaps left out: 0 x, 1 x, 2 x, 3 x, 4 x, 5 x, 6 x, 7 x, ..." in figure.get_suptitle()


def test_clocks_of_their_own_make_no_gap_in_a_spectrum_or_an_f_k_image():
    whole = pulses_along(2900.0)
    late = whole.time + 1e-8 * np.arange(31)[:, None]
    own = ep.Receivers(records=ep.Records("displacement", whole.only.values, LINE, late), material=ALUMINIUM)
    assert "gaps" not in ep.figures.frequency_wavenumber(own).get_suptitle()
    drawn = {line.get_label() for line in ep.figures.spectra(own).axes[1].lines}
    assert "median" in drawn
    apart = ep.Records("displacement", whole.only.values, LINE, whole.time + 1.0 * np.arange(31)[:, None])
    with pytest.raises(ValueError, match="times at which all channels recorded, and these share none"):
        ep.figures.spectra(ep.Receivers(records=apart))


def test_a_spectrum_has_the_amplitude_of_a_harmonic_wave_and_the_level_of_the_noise():
    values = 1e-11 * np.random.default_rng(1).standard_normal((60, 256, 2))
    xy = np.random.default_rng(2).random((60, 2))
    values[..., 0] += 3e-9 * np.cos(2 * math.pi * 25 / (256 * 5e-8) * TIME)
    figure = ep.figures.spectra(ep.Receivers(xy, TIME, values, 1e-11))
    assert labels(figure) == {"frequency (MHz)", "amplitude of displacement (nm)"}
    curves = {line.get_label(): line.get_data() for line in figure.axes[0].lines}
    frequency, median = curves["median"]
    assert median.max() == pytest.approx(3.0, rel=0.02)
    assert frequency[median.argmax()] == pytest.approx(25 / (256 * 5e-8) / 1e6)
    rms = curves["noise, as a mean"][1][0]
    other = {line.get_label(): line.get_ydata() for line in figure.axes[1].lines}["median"]
    assert np.mean(other) == pytest.approx(rms, rel=0.1)


def test_a_dead_channel_leaves_a_spectrum_as_it_is():
    records = pulses_along(2900.0, noise=1e-11)
    dead = records.recorded.copy()
    dead[3] = 0.0
    alive = ep.figures.spectra(records).axes[1].get_ylim()
    assert ep.figures.spectra(replace(records, displacement=dead)).axes[1].get_ylim() == pytest.approx(alive, rel=0.3)


def test_receivers_are_drawn_where_they_are_with_their_rows_and_strength(aluminium):
    records = ep.Receivers.load(aluminium)
    figure = ep.figures.receivers(records)
    [dots] = figure.axes[0].collections
    assert np.allclose(dots.get_offsets(), 100 * records.xy)
    strength = np.sqrt(np.square(records.recorded).sum(2).mean(1))
    assert np.allclose(dots.get_array(), 1e9 * strength)
    assert {text.get_text(): text.xy for text in figure.axes[0].texts}["15"] == pytest.approx(100 * records.xy[15])
    assert labels(figure) == {"x (cm)", "y (cm)", "rms displacement (nm)"}


def test_records_alone_are_drawn_as_traces_and_as_a_b_scan_along_the_line_of_most_receivers():
    aside = np.array([[0.01, 0.0], [0.03, 0.005], [0.02, 0.03]])
    records = pulses_along(2900.0, np.concatenate([aside, LINE[::-1]]))
    figure = ep.figures.b_scan(records)
    [image] = figure.axes[1].collections
    assert np.allclose(image.get_array(), 1e12 * records.recorded[:2:-1, :, 1].T)
    assert figure.get_suptitle() == "along (0, 2) – (4.5, 2) cm"
    traces = ep.figures.wiggles(records, [LINE[5], aside[0]])
    upper, lower = traces.axes[1].lines
    assert np.allclose(np.ptp(upper.get_ydata()), np.ptp(records.recorded[-6, :, 1]) / 1e-9 * 0.9, rtol=0.02)
    assert np.ptp(lower.get_ydata()) == pytest.approx(np.ptp(upper.get_ydata()), rel=0.02)
    assert traces.get_suptitle() == "displacement: from row to row 1.11 nm"
    some = ep.figures.wiggles(records)
    assert len(some.axes[1].lines) == 9
    assert some.get_suptitle().startswith("displacement at 9 of 34 receivers: ")
    with pytest.raises(ValueError, match="a receiver is needed at each"):
        ep.figures.wiggles(records, [[0.0, 0.0]])


def test_receivers_of_one_slanted_line_are_all_on_it_and_those_along_corners_in_their_order():
    slanted = replace(pulses_along(2900.0), xy=LINE[:, :1] * np.array([0.6, -0.8]))
    line = line_of(slanted.xy)
    assert line.rows.tolist() == list(range(30, -1, -1)), "upwards, along y, which is the longer way"
    assert line.position == pytest.approx(LINE[:, 0])
    square = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.5, 0.0], [0.3, 0.4]])
    records = ep.Receivers(square, TIME, np.ones((5, 256, 2)))
    line = line_of(records.xy, [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    assert line.rows.tolist() == [0, 3, 2, 1] and line.position == pytest.approx([0.0, 0.5, 1.0, 2.0])


def test_a_fit_at_receivers_of_which_no_two_are_on_a_line_is_drawn_by_their_rows(waves, tmp_path):
    run, problem = recorded_in_a_corner(waves, [20], tmp_path)
    figure = ep.figures.fit_b_scan(run, problem=problem)
    assert figure.axes[0].collections[0].get_array().shape == (11, 20)
    assert "row of the receiver" in labels(figure) and "displacement at all receivers; " in figure.get_suptitle()
    with pytest.raises(ValueError, match="1 receivers lie on this line"):
        ep.figures.fit_b_scan(run, [problem.receivers.xy[0], problem.receivers.xy[0] + 2.0], problem)


def test_a_fit_at_one_receiver_is_a_column_that_fills_its_axes(waves, tmp_path):
    run, problem = recorded_in_a_corner(waves, [20], tmp_path)
    one = ep.Receivers(records=problem.receivers.only.at([3]))
    figure = draw_fit_b_scan(Shot("", problem, one, run.latest().model()))
    for axes in figure.axes[:6]:
        (mesh,) = axes.collections
        assert np.isfinite(mesh.get_array()).all() and mesh.get_array().shape == (11, 1)
        left, right = axes.transData.transform(mesh.get_coordinates()[0, :, :])[:, 0]
        assert (left, right) == pytest.approx((axes.bbox.x0, axes.bbox.x1))


def test_what_cannot_be_drawn_is_refused_with_the_reason(inverse_run, forward_run):
    records = pulses_along(2900.0)
    uneven = replace(records, time=TIME**1.01)
    for draw in (ep.figures.spectra, ep.figures.frequency_wavenumber):
        with pytest.raises(ValueError, match="evenly spaced times"):
            draw(uneven)
    with pytest.raises(ValueError, match="1 receivers lie on this line"):
        ep.figures.b_scan(records, [[0.0, 0.0], [0.0, 0.03]])
    with pytest.raises(ValueError, match="needs 4 receivers on its line, and this one has 3"):
        ep.figures.frequency_wavenumber(records, [[0.0, 0.02], [0.0031, 0.02]])
    with pytest.raises(ValueError, match="no length"):
        ep.figures.b_scan(records, [[0.0, 0.02], [0.0, 0.02]])
    with pytest.raises(ValueError, match="fit_b_scan needs a problem with receivers"):
        ep.figures.fit_b_scan(forward_run)


def test_a_fit_along_a_line_has_its_difference_in_units_of_the_noise(inverse_run):
    receivers = ep.problem_from(inverse_run.config).receivers
    figure = ep.figures.fit_b_scan(inverse_run)
    recorded, predicted, rest = (figure.axes[row].collections[0].get_array() for row in (0, 2, 4))
    line = line_of(receivers.xy)
    x, y = receivers.xy[line.rows].T[:, :, None]
    values = receivers.recorded[line.rows] - inverse_run.predict(x, y, receivers.time)
    assert np.allclose(recorded, 1e9 * receivers.recorded[line.rows, :, 0].T)
    assert np.allclose(predicted, recorded - 1e9 * values[..., 0].T)
    assert np.allclose(rest, values[..., 0].T / receivers.noise)
    size = np.sqrt(np.square(values).mean()) / receivers.noise
    assert figure.get_suptitle().endswith(f"rms difference: {size:.3g} times the noise")
    assert labels(figure) >= {"difference / noise", "recorded (nm)", "predicted (nm)", "t (µs)"}


def test_one_direction_with_gaps_and_a_dead_receiver_is_drawn_by_all_figures():
    whole = pulses_along(2900.0).only
    values = whole.values @ [0.6, 0.8]
    values[4], values[7, 20:60] = np.nan, np.nan
    records = ep.Receivers(records=ep.Records("velocity", values, whole.xy, whole.time, [(0.6, 0.8)]))
    assert ep.figures.receivers(records).axes[0].collections[0].get_array()[4] == 0.0
    for draw in (ep.figures.spectra, ep.figures.frequency_wavenumber, ep.figures.b_scan, ep.figures.wiggles):
        titles = [axes.get_title() for axes in draw(records).axes if axes.get_title()]
        assert titles == ["velocity along (0.6, 0.8)"], draw.__name__
    noise = np.where(np.isnan(values).all(axis=1), np.nan, 0.1)[:, None]
    assert "noise 0.1 m/s" in repr(ep.Receivers(records=replace(records.only, noise=noise)))
    image = ep.figures.b_scan(records).axes[0].collections[0].get_array()  # (T, P)
    assert np.ma.getmaskarray(image)[:, 4].all() and np.ma.getmaskarray(image)[:, 7].sum() == 40


EVERY = (
    ep.figures.receivers, ep.figures.spectra, ep.figures.frequency_wavenumber, ep.figures.b_scan, ep.figures.wiggles,
)  # fmt: skip


@pytest.mark.parametrize("draw", EVERY)
def test_one_of_several_records_is_drawn_as_it_is_alone_and_named(draw):
    slow, fast = (pulses_along(speed, noise=1e-11, seed=seed).only for seed, speed in enumerate((2900.0, 6400.0)))
    alone = ep.Receivers(records=replace(fast, shot="right"), material=ALUMINIUM)
    both = ep.Receivers(records=[replace(slow, shot="left"), *alone.records], material=ALUMINIUM)
    told, first = (draw(each, records=number).get_suptitle() for each, number in ((both, 1), (both, 0)))
    assert told == f"{both.records[1].told}\n{draw(alone).get_suptitle()}".rstrip() != first
    for one, other in zip(draw(both, records=1).axes, draw(alone).axes, strict=True):
        assert one.get_title() == other.get_title() and one.dataLim.bounds == other.dataLim.bounds
    with pytest.raises(ValueError, match="records = 2: legal are 0: displacement of 31"):
        draw(both, records=2)


def test_rows_in_figures_of_several_records_are_those_of_all_receivers():
    one, other = pulses_along(2900.0).only, pulses_along(-2900.0).only
    gap = other.values.copy()
    gap[3, 5] = np.nan
    both = ep.Receivers(records=[one, replace(other, values=gap, shot="b")])
    assert "33" in {text.get_text() for text in ep.figures.receivers(both, records=1).axes[0].texts}
    assert "left out: 34 x, 34 y" in ep.figures.frequency_wavenumber(both, records=1).get_suptitle()


def test_records_of_a_shot_are_drawn_by_its_name():
    one, other = pulses_along(2900.0).only, pulses_along(-2900.0).only
    both = ep.Receivers(records=[replace(one, shot="left"), replace(other.at(range(20)), shot="right")])
    assert (
        ep.figures.b_scan(both, shot="right").get_suptitle().startswith("displacement of 20 at 256 times, shot right\n")
    )
    with pytest.raises(ValueError, match="shot = 'up': recorded were 'left', 'right'"):
        ep.figures.wiggles(both, shot="up")


def test_clocks_of_their_own_are_drawn_at_common_times():
    whole = pulses_along(2900.0).only
    late = whole.time + 1e-6 * np.arange(len(whole.xy))[:, None]
    own = ep.Receivers(records=ep.Records("velocity", whole.values, whole.xy, late))
    shown = on_common_times(own.only)
    assert shown.time.shape == whole.time.shape and shown.time[0] == 0.0
    inside = np.isfinite(shown.values[5, :, 0])
    assert shown.values[5, inside, 0] == pytest.approx(np.interp(shown.time[inside], late[5], whole.values[5, :, 0]))
    assert np.isnan(shown.values[5, shown.time < late[5, 0] - 2e-6, 0]).all()


def test_records_that_a_wavefield_meets_exactly_have_a_difference_of_zero(inverse_run):
    exact = ep.synthetic_receivers(inverse_run, noise=0.0)
    lines = ep.figures.wiggles(inverse_run, receivers=exact).axes[0].lines
    rest = [line for line in lines if line.get_label() == "recorded - network"]
    assert len(rest) == 1 and np.abs(rest[0].get_ydata()).max() < 1e-9


def test_a_dead_receiver_s_fit_is_refused_by_its_row(inverse_run):
    whole = inverse_run.problem().receivers.only
    values = whole.values.copy()
    values[2] = np.nan
    seen = inverse_run.latest().shot()._replace(receivers=ep.Receivers(records=replace(whole, values=values)))
    with pytest.raises(ValueError, match="receiver 2 recorded nothing: it is a dead one"):
        draw_fit(seen, 2, 1)
    assert len(draw_fit(seen, 3, 1).axes) == 4


@pytest.mark.parametrize("is_late", [False, True], ids=["one clock", "delays"])
@pytest.mark.parametrize("is_along_y", [False, True], ids=["along x", "along y"])
def test_the_cells_of_a_b_scan_end_with_the_plate(inverse_run, is_along_y, is_late):
    """They reach half a spacing beyond the outermost receivers where the plate does."""
    shot = inverse_run.latest().shot()
    across = shot.receivers.only.xy[60, 1 - int(is_along_y)]
    on_line = shot.receivers.only.at(np.flatnonzero(shot.receivers.only.xy[:, 1 - int(is_along_y)] == across))
    along = on_line.xy[:, int(is_along_y)]
    three = on_line.at(np.argsort(along)[[0, 3, 6]])  # 0, 1.8 and 3.6 cm of 6 cm
    own = replace(three, time=three.time[1:-1], values=three.values[:, 1:-1])
    own = replace(own, delay=1e-8 * np.arange(3)[:, None] * np.ones(2)) if is_late else own
    figure = draw_fit_b_scan(shot._replace(receivers=ep.Receivers(records=own)))
    meshes = figure.axes[4].collections  # of the differences
    found = np.concatenate([mesh.get_coordinates()[0, :, 0] for mesh in meshes])
    assert (found.min(), found.max()) == pytest.approx((0.0, 4.5))
    image = ep.figures.b_scan(ep.Receivers(records=own)).axes[0].collections[0]  # of which no plate is known
    assert image.get_coordinates()[0, [0, -1], 0].tolist() == pytest.approx([-0.9, 4.5])


@pytest.mark.parametrize("xy", [[(0.0, 0.0), (0.01, 0.0), (0.05, 0.0)], [(0.0, 0.0), (0.0, 0.05)], [(0.02, 0.01)]])
def test_receivers_on_a_line_and_a_single_one_are_drawn_in_a_strip(xy):
    motion = np.random.default_rng(0).standard_normal((len(xy), 20, 2))
    figure = ep.figures.receivers(ep.Receivers(np.array(xy), 1e-6 * np.arange(20), 1e-9 * motion))
    figure.png()
    box = figure.axes[0].get_window_extent()
    assert min(box.width, box.height) > 0.1 * max(box.width, box.height)
    inside = figure.axes[0].transData.transform(100.0 * np.array(xy))
    assert all(box.contains(*each) for each in inside)
