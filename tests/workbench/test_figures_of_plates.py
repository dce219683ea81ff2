"""Plates before and after training: wavelengths, film, wiggle plot and B-scan."""

import io
import math
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import elastic_pinn as ep
from elastic_pinn.physics.domains import Disc, Plate, Rectangle
from elastic_pinn.physics.media.material import ALUMINIUM
from elastic_pinn.readable import percent, readable
from elastic_pinn.workbench.figures.maps.rims import draw_map
from elastic_pinn.workbench.figures.problems.wavelengths import points_a_wave, waves_of_sources
from elastic_pinn.workbench.figures.records.arrivals import arrivals, counted_from
from elastic_pinn.workbench.figures.style.picture import Picture
from elastic_pinn.workbench.figures.style.units import Unit
from elastic_pinn.workbench.figures.wavefields.shown_fields import shown_fields
from elastic_pinn.workbench.quantities import GridFields
from tests.plates import PLATE, SOLVED
from tests.workbench.drawn_texts import layout_faults

HIGHEST = 2.77 * 100e3  # Hz, of a Ricker pulse


def fields_of_film(film: bytes) -> list[np.ndarray]:
    """The frames of a film."""
    with Image.open(io.BytesIO(film)) as frames:
        assert frames.format == "WEBP" and frames.info["loop"] == 0
        found = []
        for i in range(frames.n_frames):
            frames.seek(i)
            found.append(np.asarray(frames.convert("RGB"), dtype=float))
    return found


def test_the_waves_of_sources_are_those_of_the_pulses_highest_frequency():
    waves = waves_of_sources(ep.problem_from(ep.Config(**PLATE | SOLVED)))
    assert waves.s == pytest.approx([ALUMINIUM.c_s / HIGHEST]) and waves.shortest == waves.s[0]
    assert waves.p == pytest.approx([ALUMINIUM.c_p / HIGHEST]) and waves.period == pytest.approx(1.0 / HIGHEST)


def test_the_waves_of_sources_of_a_wide_source_are_those_of_its_width():
    pulse = {"kind": "initial_pulse", "at": [0.01, 0.005], "velocity": [1.0, 0.0], "width": 1e-3}
    problem = ep.problem_from(ep.Config(**PLATE | SOLVED | {"sources": [pulse], "holes": []}))
    waves = waves_of_sources(problem)
    assert waves.p == waves.s == (2.0 * math.pi / problem.sources[0].highest_wave_number,)


def test_points_a_wave_are_counted_along_each_axis_and_in_time():
    config = ep.Config(**PLATE | SOLVED)
    found, wave = points_a_wave(ep.problem_from(config), config), ALUMINIUM.c_s / HIGHEST
    area = 0.02 * 0.01 - math.pi * 0.0015**2
    assert found["initial"] == pytest.approx(math.sqrt(250 * wave**2 / area), rel=1e-2)
    longest = 0.02 + 2 * 0.01  # the sides without a load have their points together
    assert found["boundary"] == pytest.approx(math.sqrt(350 * wave / longest / (16e-6 * HIGHEST)), rel=1e-6)
    assert found["interior"] == pytest.approx((20 * wave**2 / area / (16e-6 * HIGHEST)) ** (1 / 3), rel=1e-2)


def test_lengths_are_drawn_with_their_numbers_and_what_is_too_coarse_is_told():
    config = ep.Config(**PLATE | SOLVED)
    problem = ep.problem_from(config)
    fine = ep.figures.wavelengths(problem, config)
    texts = {
        label.get_text(): note.get_text()
        for label, note in zip(fine.axes[0].get_yticklabels(), fine.axes[0].texts, strict=True)
    }
    assert texts["shortest S waves"] == "11.2 mm, 3.1 km/s" and texts["smallest hole"] == "3 mm, across"
    assert texts["longer side"].startswith("20 mm, 1.79 of the shortest") and "points inside" not in texts
    coarse = ep.figures.wavelengths(problem, ep.Config(**PLATE | SOLVED | {"input_frequency": 3.0}))
    assert "set input_frequency = 6 or more" in coarse.get_suptitle().replace("\n", " ")
    assert coarse.get_suptitle() not in (fine.get_suptitle(), "")


def test_of_patches_no_shortest_wave_of_the_network_is_drawn_since_it_depends_on_the_axis():
    patches = {"network": "patches", "hidden_layers": [30], "patches": [2, 1, 3]}
    config = ep.Config(**PLATE | SOLVED | patches)
    labels = [
        each.get_text() for each in ep.figures.wavelengths(ep.problem_from(config), config).axes[0].get_yticklabels()
    ]
    assert "points on sides" in labels and "network's shortest" not in labels


@pytest.mark.parametrize("size", [0.02, 0.03, 0.4])
def test_each_text_about_a_length_is_within_the_frame(size):
    at_side = PLATE["sources"][0] | {"at": [0.006, size / 2.0]}
    config = ep.Config(**PLATE | SOLVED | {"plate_size": [size, size / 2.0], "holes": [], "sources": [at_side]})
    picture = ep.figures.wavelengths(ep.problem_from(config), config)
    picture.draw_without_rendering()
    frame = picture.axes[0].get_window_extent()
    for text in picture.axes[0].texts:
        shown = text.get_window_extent()
        assert frame.x0 < shown.x0 and shown.x1 < frame.x1, text.get_text()


@pytest.mark.parametrize("size", [[0.04, 0.02], [0.02, 0.02], [0.02, 0.04]])
def test_window_and_pulse_are_side_by_side_at_one_height_and_the_legend_is_in_the_picture(size):
    at_side = PLATE["sources"][0] | {"at": [0.006, size[1]]}
    config = ep.Config(**PLATE | SOLVED | {"plate_size": size, "sources": [at_side]})
    picture = ep.figures.problem(ep.problem_from(config), config)
    picture.draw_without_rendering()
    window, pulse = (axes.get_window_extent() for axes in picture.axes)
    assert [window.y0, window.y1] == pytest.approx([pulse.y0, pulse.y1], abs=5.0)  # pixels
    assert picture.axes[0].get_legend().get_window_extent().y0 >= 0.0


@pytest.mark.parametrize(
    "shape",
    [
        Plate(Rectangle((0.0, 2.0), (0.0, 2.0)), (Disc((1.1, 0.8), 0.3),)),
        Plate(Disc((1.0, 1.0), 1.0), (Disc((1.2, 0.9), 0.3),)),
    ],
)
def test_a_map_ends_at_the_rims_and_not_at_those_of_its_cells(shape):
    middles = (np.arange(400) + 0.5) / 200.0
    inside = shape.mask(middles, middles[::-1, None])
    x, y = np.meshgrid(*2 * [np.linspace(0.0, 2.0, 21)])
    picture = Picture(4.0, 4.0)
    axes = picture.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    draw_map(axes, np.where(shape.mask(x, y), 1.0, np.nan), shape, Unit("m", 1.0), vmin=0.0, vmax=2.0, cmap="gray")
    picture.set_layout_engine("none")
    is_drawn = np.asarray(Image.open(io.BytesIO(picture.png())).convert("L"), dtype=float) < 190  # gray, not white
    assert (is_drawn != inside).mean() < 5e-4 and inside.mean() < 0.95  # no more than the pixels of the rims


def test_wavelengths_of_a_problem_without_sources_are_refused():
    config = ep.Config()
    with pytest.raises(ValueError, match="this problem has none"):
        ep.figures.wavelengths(ep.problem_from(config), config)


@pytest.mark.slow
def test_a_film_has_a_frame_for_each_instant_and_is_saved_beside_the_figures(plate_run):
    film = ep.figures.movie(plate_run, "u_y", frames=5)
    frames = fields_of_film(film.webp())
    assert len(frames) == 5 and frames[0].shape == (445, 900, 3)
    assert np.abs(frames[-1] - frames[0]).max() > 100
    assert film._repr_html_().startswith('<img alt="movie" src="data:image/webp;base64,')
    assert ep.figures.save(film, plate_run, "film") is film
    assert (plate_run.path / "figures" / "film.webp").read_bytes() == film.webp()


@pytest.mark.slow
def test_a_film_of_a_plate_is_small_enough_for_a_notebook(plate_run):
    assert len(ep.figures.movie(plate_run)._repr_html_()) < 1.5e6


def test_a_film_of_what_is_no_quantity_is_refused(plate_run):
    with pytest.raises(ValueError, match="quantity = 'pressure': legal are u_x"):
        ep.figures.movie(plate_run, "pressure")


@pytest.mark.slow
def test_a_film_shows_the_wavefield_in_its_own_colours(plate_run):
    *_, last = fields_of_film(ep.figures.movie(plate_run, "u_y", frames=2).webp())
    fields = GridFields(plate_run.latest().model(), 50)
    values = fields.at("u_y", fields.end)
    largest = np.unravel_index(np.nanargmax(np.abs(values)), values.shape)
    assert np.abs(values[largest]) > 0.0
    reds, blues = (last[..., 0] - last[..., 2]).max(), (last[..., 2] - last[..., 0]).max()
    assert max(reds, blues) > 60


def test_traces_are_one_below_the_other_on_one_scale_with_their_error(plate_run):
    recorded = ep.synthetic_receivers(plate_run, noise=0.05)
    figure = ep.figures.wiggles(plate_run, recorded.xy[:3], recorded)
    left = figure.axes[0]
    assert [line.get_label() for line in left.lines if not line.get_label().startswith("_")] == [
        "recorded", "network", "recorded - network", "P wave arrives", "S wave arrives", "Rayleigh wave arrives",
    ]  # fmt: skip
    network = [line for line in left.lines if len(line.get_xdata()) == 400]
    here = plate_run.predict(*recorded.xy[1], 1e-6 * network[1].get_xdata())[:, 0]
    shown = network[1].get_ydata() + 1.0
    assert np.allclose(shown * np.abs(here).max(), here * np.abs(shown).max(), atol=1e-3 * np.abs(here).max())
    scale = np.abs(here).max() / np.abs(shown).max()
    rest = recorded.recorded[0, :, 0] - plate_run.predict(*recorded.xy[0], recorded.time)[:, 0]
    [drawn] = [line for line in left.lines if line.get_label() == "recorded - network"]
    assert np.allclose(drawn.get_ydata() * scale, rest, atol=1e-3 * np.abs(here).max())
    assert left.get_yticklabels()[0].get_text() == f"{recorded.xy[0, 0] * 100:.3g}, {recorded.xy[0, 1] * 100:.3g}"
    error = 100 * ep.relative_error(plate_run, recorded)
    told = f"\nrelative L2 error at all 60 receivers, beside the waves without noise: {error:.2g} %\n"
    assert told in figure.get_suptitle()
    found = replace(recorded, truth=None)
    error, size = 100 * ep.relative_error(plate_run, found), np.sqrt(np.square(found.recorded).mean())
    noise = 100 * found.noise / size
    told = f"\nresidual at all 60 receivers: {error:.2g} % of the records; noise (stated): {noise:.2g} %\n"
    assert told in ep.figures.wiggles(plate_run, recorded.xy[:3], found).get_suptitle()


def test_records_that_begin_or_end_within_the_window_are_marked_and_no_trace_is_cut(plate_run):
    recorded = ep.synthetic_receivers(plate_run, noise=0.05)
    whole, (begin, end) = recorded.only, np.quantile(recorded.time, [0.25, 0.75])
    inside = (recorded.time >= begin) & (recorded.time <= end)
    part = ep.Receivers(records=replace(whole, values=whole.values[:, inside], time=whole.time[inside]))
    left = ep.figures.wiggles(plate_run, receivers=part).axes[0]
    marks = {line.get_label(): 1e-6 * line.get_xdata()[0] for line in left.lines}
    assert marks["records begin"] == pytest.approx(part.only.time[0])
    assert marks["records end"] == pytest.approx(part.only.time[-1])
    (low, high), rows = left.get_ylim(), len(left.get_yticks())
    assert low <= -rows + 1 - 0.95 and high >= 0.95, "the largest amplitude is 0.9 from its row"
    labels = [line.get_label() for line in ep.figures.wiggles(plate_run, receivers=recorded).axes[0].lines]
    assert not {"records begin", "records end"} & {*labels}


def test_titles_of_movies_and_snapshots_tell_how_far_the_wavefield_is_off(plate_run, forward_run):
    error = percent(plate_run.summary.metrics["error/estimated"])
    assert shown_fields(plate_run.latest(), 5).told == f"estimated error of the displacement {error}: "
    known = f"relative L2 error of the displacement {percent(forward_run.summary.metrics['error/displacement'])}"
    assert ep.figures.snapshots(forward_run, times=[1.0]).get_suptitle() == known


def test_a_point_without_a_receiver_has_the_networks_trace_alone(plate_run):
    recorded = ep.synthetic_receivers(plate_run)
    figure = ep.figures.wiggles(plate_run, [[0.001, 0.001]], recorded)
    labels = {line.get_label() for line in figure.axes[0].lines}
    assert "network" in labels and "recorded" not in labels
    assert "error" not in figure.get_suptitle()


def test_the_points_that_a_tolerance_chooses_are_drawn():
    config = ep.Config(**PLATE, tolerance=0.05)
    window = ep.figures.problem(ep.problem_from(config), config).axes[0]
    chosen = ep.preview(config).config.interior_points
    assert [len(line.get_xdata()) for line in window.lines if line.get_label() == "interior points"] == [chosen]


def test_arrivals_are_marked_where_waves_travel_straight_from_their_source(plate_run):
    problem = ep.problem_from(plate_run.config)
    c_p, c_s, start = problem.material.c_p, problem.material.c_s, problem.sources[0].pulse.interval[0]
    k = (c_s / c_p) ** 2  # and Rayleigh's equation in (c_R / c_s)^2
    slow = np.sqrt(
        min(root.real for root in np.roots([1.0, -8.0, 24.0 - 16.0 * k, -16.0 * (1.0 - k)]) if root.real > 0)
    )
    distances = np.array([0.006, np.hypot(0.004, 0.001)])
    figure = ep.figures.wiggles(plate_run, [[0.006, 0.004], [0.002, 0.009]])
    told = f"arrivals count from {readable(max(0.0, start), 's')}, when the pulse begins"
    assert figure.get_suptitle().splitlines()[-1] == told
    for axes in figure.axes[:2]:
        marks = {line.get_label(): line.get_data() for line in axes.lines if line.get_label().endswith("arrives")}
        for wave, speed in {"P": c_p, "S": c_s, "Rayleigh": slow * c_s}.items():
            instants, rows = marks[f"{wave} wave arrives"]
            assert 1e-6 * instants == pytest.approx(max(0.0, start) + distances / speed, rel=1e-9)
            assert rows.tolist() == [0, -1]


@pytest.mark.parametrize("shape", ["ricker", "gaussian", "tone_burst", "amplitude"])
def test_arrivals_count_from_the_onset_of_a_pulse_that_is_delayed(shape, plate_run):
    """It is told from when they count, since a delay may be that of the peak."""
    known = {"pulse": "ricker", "unknowns": ["amplitude"]} if shape == "amplitude" else {"pulse": shape}
    load = {**PLATE["sources"][0], **known, "frequency": 5e5} | ({"cycles": 3} if shape == "tone_burst" else {})
    model, places = plate_run.latest().model(), np.array([[0.006, 0.004]])
    found = {}
    for delay in (4e-6, 12e-6):
        problem = ep.problem_from(ep.Config(**PLATE | {"sources": [load | {"delay": delay}], "duration": 2e-5}))
        found[delay] = arrivals(model, problem, places)
        onset = problem.sources[0].pulse.interval[0]
        assert onset > 0.0 and np.isclose(found[delay]["P"][0, 0], onset + 0.006 / problem.material.c_p)
        assert counted_from(problem) == f"arrivals count from {readable(onset, 's')}, when the pulse begins"
    assert found[12e-6]["S"][0, 0] - found[4e-6]["S"][0, 0] == pytest.approx(8e-6, rel=1e-9)


@pytest.mark.parametrize(
    ("unknowns", "told"),
    [
        (["origin_time"], "as given; its time is sought"),
        (["amplitude"], "as given; its amplitude is sought"),
        (["amplitude", "origin_time"], "as given; its amplitude and time are sought"),
    ],
)
def test_a_pulse_of_which_a_part_is_sought_is_drawn_where_it_is_given(unknowns, told):
    load = {**PLATE["sources"][0], "pulse": "ricker", "frequency": 2e5, "delay": 1.5e-5}
    figures = [
        ep.figures.problem(ep.problem_from(ep.Config(**PLATE | {"sources": [load | of], "duration": 4e-5})))
        for of in ({}, {"unknowns": unknowns})
    ]
    given, drawn = (each.axes[-1].lines[0].get_xydata() for each in figures)
    np.testing.assert_array_equal(drawn, given)
    assert drawn[drawn[:, 1].argmax(), 0] == pytest.approx(15.0, abs=0.1)
    assert [each.axes[-1].get_xlabel() for each in figures] == ["t (µs)", f"t (µs)\n{told}"]
    assert not layout_faults(figures[1])


def test_of_an_unknown_pulse_it_is_told_what_is_drawn():
    load = {**PLATE["sources"][0], "pulse": "unknown", "frequency": 2e5, "delay": 1.5e-5}
    figure = ep.figures.problem(ep.problem_from(ep.Config(**PLATE | {"sources": [load], "duration": 4e-5})))
    assert figure.axes[-1].get_xlabel() == "t (µs)\none of the equal pulses that it is a sum of"
    assert not layout_faults(figure)


@pytest.mark.parametrize("known", [{"pulse": "unknown"}, {"pulse": "ricker", "unknowns": ["origin_time"]}])
def test_no_arrival_is_marked_of_a_source_of_which_nobody_knows_when_it_begins(known, plate_run):
    load = {**PLATE["sources"][0], "frequency": 5e5, "delay": 5e-6, **known}
    problem = ep.problem_from(ep.Config(**PLATE | {"sources": [load], "duration": 2e-5}))
    assert arrivals(plate_run.latest().model(), problem, np.array([[0.006, 0.004]])) == {}


def test_rayleigh_waves_arrive_within_a_wavelength_of_the_straight_side_that_is_loaded(plate_run):
    model, places = plate_run.latest().model(), np.array([[0.001, 0.0095], [0.001, 0.001]])
    pulse = {"pulse": "tone_burst", "frequency": 1e6, "cycles": 3}  # waves of about 2.9 mm
    loads = [{**PLATE["sources"][0], **pulse, "at": at} for at in ([0.006, 0.01], [0.013, 0.0055])]  # and on the hole
    of_side, of_hole = arrivals(model, ep.problem_from(ep.Config(**PLATE | {"sources": loads})), places)["Rayleigh"]
    assert np.isfinite(of_side).tolist() == [True, False] and np.isinf(of_hole).all()


def test_no_arrival_is_marked_where_waves_are_refracted_or_nothing_acts_at_one_place(forward_run):
    labels = [line.get_label() for line in ep.figures.wiggles(forward_run, [[0.2, 0.3]]).axes[0].lines]
    assert labels == ["exact", "network"]
    inclusion = {"center": [0.006, 0.004], "radius": 0.002, "material": "steel"}
    problem = ep.problem_from(ep.Config(**PLATE, inclusions=[inclusion]))
    assert arrivals(None, problem, np.zeros((1, 2))) == {}


def test_traces_beside_an_exact_field_have_their_error(forward_run):
    figure = ep.figures.wiggles(forward_run, [[0.2, 0.3], [0.5, 0.5]])
    assert "relative L2 error of these traces: " in figure.get_suptitle()


def test_a_b_scan_is_the_motion_along_a_line_over_time_and_grey_in_a_hole(plate_run):
    figure = ep.figures.b_scan(plate_run, [[0.0, 0.004], [0.02, 0.004]])
    [image] = figure.axes[1].collections
    values = image.get_array()  # (T, P)
    assert figure.axes[1].get_ylim() == pytest.approx((16.0, 0.0)), "time downwards"
    assert figure.axes[1].get_xlim() == pytest.approx((0.0, 2.0), abs=0.01)
    unit = {"nm": 1e-9, "pm": 1e-12, "µm": 1e-6}[figure.axes[2].get_ylabel().split("(")[1][:-1]]
    here = plate_run.predict(0.02 * 30 / 120, 0.004, 16e-6 * 80 / 160)[1]
    assert values[80, 30] * unit == pytest.approx(here, rel=1e-6)
    hole = np.abs(np.linspace(0.0, 0.02, 121) - 0.013) < 0.0015 - 1e-9
    assert np.array_equal(np.ma.getmaskarray(np.ma.masked_invalid(values)).all(0), hole)


@pytest.mark.parametrize("points", [[[0.0, 0.0]], [[0.01, 0.0], [0.01, 0.0]], [0.0, 1.0]])
def test_what_is_no_line_has_no_b_scan(plate_run, points):
    with pytest.raises(ValueError, match=r"points"):
        ep.figures.b_scan(plate_run, points)
