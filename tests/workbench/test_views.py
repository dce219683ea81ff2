import io
import re
import time
from dataclasses import replace
from threading import Event, Thread
from types import SimpleNamespace

import ipywidgets as widgets
import numpy as np
import pytest
from PIL import Image

import elastic_pinn as ep
from elastic_pinn.networks import Model
from elastic_pinn.workbench.panels.training.live_fit import FitView
from elastic_pinn.workbench.panels.training.live_record import LiveRecord
from elastic_pinn.workbench.panels.training.live_views import LiveViews
from elastic_pinn.workbench.panels.training.live_wavefield import BESIDE_EXACT, NODES, LiveWavefield
from elastic_pinn.workbench.panels.widgets.movie_view import MovieView
from elastic_pinn.workbench.panels.widgets.view import View
from elastic_pinn.workbench.quantities import QUANTITIES, GridFields
from tests.training.optimizers.recorded_shots import AT

CLOCK = "elastic_pinn.workbench.panels.training.live_views.time"


@pytest.fixture
def clock(monkeypatch):
    """The time that the views see, and take, as a list of one number."""
    now = [0.0]
    for name in ("monotonic", "thread_time"):
        monkeypatch.setattr(f"{CLOCK}.{name}", lambda: now[0])
    return now


def drawn_in_100_s(clock, monkeypatch, folder, take):
    """When pictures are drawn; take: what it is to draw one."""
    drawn = []

    def draw(self):
        drawn.append(clock[0])
        take()

    monkeypatch.setattr(LiveViews, "draw", draw)
    live, config = LiveViews(), ep.Config()
    live.follow(LiveRecord(folder, config, ep.problem_from(config)))
    drawn.clear()
    while clock[0] < 100.0:
        clock[0] += 0.1
        live.draw_if_due()
    return drawn


def test_pictures_take_at_most_a_twentieth_of_the_time(clock, monkeypatch, tmp_path):
    def take():
        clock[0] += 0.4

    drawn = drawn_in_100_s(clock, monkeypatch, tmp_path, take)
    assert len(drawn) > 10
    assert 0.4 * len(drawn) <= 0.05 * clock[0]


def test_on_a_busy_machine_pictures_are_drawn_as_often_as_they_take_little_of_it(clock, monkeypatch, tmp_path):
    taken = [0.0]

    def take():
        clock[0] += 8.0  # of which it waits most
        taken[0] += 0.1

    monkeypatch.setattr(f"{CLOCK}.thread_time", lambda: taken[0])
    assert len(drawn_in_100_s(clock, monkeypatch, tmp_path, take)) >= 9


def test_the_tab_that_is_open_stays_open_when_training_goes_on_and_the_problem_is_alike(tmp_path):
    live, config = LiveViews(), ep.Config()
    live.follow(LiveRecord(tmp_path, config, ep.problem_from(config)))
    live.selected_index = 1
    live.follow(LiveRecord(tmp_path, config, ep.problem_from(config)))
    assert live.titles[live.selected_index] == "Wavefield"


def recorded(run) -> LiveRecord:
    """What a panel knows at the end of a run."""
    record = LiveRecord(run.path, run.config, ep.problem_from(run.config))
    record.add_history(run.latest().history())
    record.set_checkpoint(run.latest())
    return record


@pytest.fixture
def live(inverse_run) -> LiveViews:
    """The figures of a run whose problem has no exact field, with the wavefield in front."""
    live = LiveViews()
    live.follow(recorded(inverse_run))
    live.selected_index = 1
    return live


@pytest.mark.slow
@pytest.mark.parametrize("name", ["forward_run", "inverse_run"])
def test_the_wavefield_of_every_problem_is_a_movie_of_any_quantity(name, request):
    live = LiveViews()
    live.follow(recorded(request.getfixturevalue(name)))
    live.draw_all()
    movie = live.children[1]
    row, picture = movie.children
    assert [type(each) for each in row.children] == [widgets.Dropdown, widgets.Play, widgets.SelectionSlider]
    assert movie.play.max == len(movie.instant.options) - 1 and movie.instant.index == movie.play.value
    seen = [bytes(picture.value)]
    assert seen[0].startswith(b"\x89PNG") and picture.layout.display is None
    for index in (0, 20):
        movie.instant.index = index
        seen.append(bytes(picture.value))
    for quantity in ("stress_xx", "energy"):
        movie.quantity.value = quantity
        seen.append(bytes(picture.value))
    assert len(set(seen)) == 5
    assert set(movie.quantity.options) >= set(QUANTITIES)


def test_frames_have_their_instants_the_values_of_the_network_and_one_scale(inverse_run):
    wavefield, fields = LiveWavefield(recorded(inverse_run)), GridFields(inverse_run.latest().model(), NODES)
    options = wavefield.view().instant.options
    scales = set()
    for text, t in (options[8], options[-1]):
        axes, bar = wavefield.frame("stress_xx", t).axes
        assert axes.get_title() == f"step 10: t = {text}" and text.endswith(" µs")
        [image] = axes.images
        scales.add(image.get_clim())
        assert bar.get_ylabel() == "$\\sigma_{xx}$ (kPa)"
        np.testing.assert_allclose(1e3 * image.get_array(), fields.at("stress_xx", t).T, rtol=1e-9)
    assert len(scales) == 1 and float(options[8][0].split()[0]) == pytest.approx(
        8 / 40 * float(options[-1][0].split()[0])
    )


def test_a_frame_is_of_the_newest_weights_and_on_their_scale(inverse_run):
    record = recorded(inverse_run)
    wavefield = LiveWavefield(record)
    before = wavefield.frame("u_x", 4e-6).png()
    early = ep.load_checkpoint(inverse_run.path / "checkpoints" / "step-000000006-g000.h5")
    record.set_checkpoint(early)
    after = wavefield.frame("u_x", 4e-6)
    assert after.axes[0].get_title().startswith("step 6: ") and after.png() != before
    fresh = LiveRecord(inverse_run.path, inverse_run.config, record.problem)
    fresh.set_checkpoint(early)
    [follows], [is_new] = after.axes[0].images, LiveWavefield(fresh).frame("u_x", 4e-6).axes[0].images
    assert follows.get_clim() == is_new.get_clim()
    np.testing.assert_array_equal(follows.get_array(), is_new.get_array())


def test_while_it_trains_play_draws_no_more_than_its_share_and_no_frame_is_passed_over(clock, live, monkeypatch):
    movie, drawn = live.children[1], []

    def draw():
        drawn.append(movie.instant.index)
        clock[0] += 0.4

    monkeypatch.setattr(movie, "draw", draw)
    live.set_training(True)
    live.draw_if_due()
    drawn.clear()
    movie.instant.index, movie.play.playing, begun = 0, True, clock[0]
    following = begun + movie.play.interval / 1000
    drawn.clear()
    while clock[0] < begun + 250.0:
        clock[0] += 0.1
        live.draw_if_due()
        if clock[0] >= following:
            movie.instant.index, following = movie.instant.index + 1, clock[0] + movie.play.interval / 1000
    assert len(drawn) > 20 and 0.4 * len(drawn) <= 0.05 * (clock[0] - begun) + 0.4
    assert set(range(max(drawn))) <= set(drawn)


def test_when_it_does_not_train_and_when_the_slider_is_moved_a_frame_is_drawn_at_once(live):
    movie, picture = live.children[1], live.children[1].children[-1]
    live.set_training(True)
    before = bytes(picture.value)
    movie.instant.index = 3
    assert bytes(picture.value) != before, "a hand moved it"
    movie.play.playing = True
    before = bytes(picture.value)
    movie.instant.index = 4
    assert bytes(picture.value) == before and movie.play.interval >= 1000
    live.set_training(False)
    movie.instant.index = 5
    assert bytes(picture.value) != before and movie.play.interval == 250


def test_of_a_plate_at_rest_there_is_no_time_to_choose():
    view = MovieView(lambda name, t: None, ["u_x"], [("0 s", 0.0)], 0)
    assert [type(each) for each in view.children[0].children] == [widgets.Dropdown]


@pytest.mark.slow
def test_views_in_several_threads_use_the_model_one_after_another(inverse_run, monkeypatch):
    record, using, most = recorded(inverse_run), [], []

    def slowly(model, *given):
        using.append(None)
        most.append(len(using))
        time.sleep(0.2)
        using.pop()
        return predict(model, *given)

    predict = Model.predict
    monkeypatch.setattr(Model, "predict", slowly)
    fit = FitView(record, record.problem.receivers, "")
    wavefield = MovieView(LiveWavefield(record).frame, [BESIDE_EXACT], [("0 s", 0.0)], 0)
    threads = [Thread(target=each.draw) for each in (fit, wavefield)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) >= 2 and max(most) == 1 and fit.image.value and wavefield.image.value


@pytest.mark.slow
def test_live_figures_of_several_shots_tell_whose_they_are(shots_run, monkeypatch):
    record, step = recorded(shots_run), shots_run.latest().step
    whose = "; shot left, the first of 2, by its network; the network takes no part in the wavefield"
    frame = LiveWavefield(record).frame("speed", AT[-1])
    assert frame.axes[0].get_title().replace("\n", " ").startswith(f"step {step}{whose}: t = ")
    live = LiveViews()
    live.follow(record)
    titles = []
    monkeypatch.setattr(FitView, "_draw_one", titled(FitView._draw_one, titles))
    of_fit = live.children[live.titles.index("Data fit")]
    for view in (live.children[1], of_fit):
        assert "ep.figures.movie(run)" in view.children[-1].value
    shown, _ = of_fit.children[0].children
    for way in reversed(shown.options):
        shown.value = way
        assert titles[-1].endswith(f"; step {step}{whose}"), way


def titled(draw, titles):
    """A drawing function that adds the title of each figure to a list."""

    def drawn(*arguments):
        figure = draw(*arguments)
        titles.append(figure.get_suptitle())
        return figure

    return drawn


@pytest.fixture
def fit(inverse_run):
    """The view of a fit, and its choices: what is shown, and the receiver."""
    live = LiveViews()
    live.follow(recorded(inverse_run))
    live.selected_index = 3
    return live.children[3]


@pytest.mark.slow
def test_each_way_to_look_at_a_fit_has_a_picture_of_its_own(fit):
    (shown, _), pictures = fit.children[0].children, set()
    for way in shown.options:
        shown.value = way
        assert fit.children[1].value == "" and fit.image.layout.display is None, way
        pictures.add(bytes(fit.image.value))
    assert len(pictures) == len(shown.options) == 6


@pytest.mark.slow
def test_a_click_on_the_map_picks_the_receiver_whose_trace_is_then_below(fit):
    (shown, row), (_, _, clickable, below) = fit.children[0].children, fit.children
    assert len(clickable.children) == 1 and below.layout.display == "none"
    shown.value = "map by receiver"
    _, *buttons = clickable.children
    before = bytes(fit.image.value), bytes(below.value)
    assert len(buttons) == 2 * 121 and below.layout.display is None
    next(each for each in buttons if each.tooltip == "receiver 17").click()
    assert row.value == 17
    assert bytes(fit.image.value) != before[0] and bytes(below.value) != before[1]
    shown.value = "one receiver"
    assert len(clickable.children) == 1 and below.layout.display == "none"


@pytest.mark.slow
def test_a_button_tells_what_the_file_calls_its_receiver(fit):
    shown, clickable, receivers = fit.children[0].children[0], fit.children[2], fit._receivers
    names = [f"A{row}" for row in range(len(receivers.places))]
    names[3] = "$x$\n" + 80 * "y"
    fit._receivers = replace(receivers, displacement=None, records=replace(receivers.only, names=names))
    shown.value = "map by receiver"
    assert {each.tooltip for each in clickable.children[1:]} >= {"receiver 0 (A0)", "receiver 17 (A17)"}
    assert f"receiver 3 ($x$ {16 * 'y'}…{19 * 'y'})" in {each.tooltip for each in clickable.children[1:]}


@pytest.mark.slow
def test_buttons_are_where_the_receivers_are_drawn(fit):
    shown, row = fit.children[0].children
    shown.value, row.value = "map by receiver", 0
    alone = np.asarray(Image.open(io.BytesIO(bytes(fit.image.value))).convert("L"), dtype=float)
    row.value = 120
    other = np.asarray(Image.open(io.BytesIO(bytes(fit.image.value))).convert("L"), dtype=float)
    changed = np.argwhere(np.abs(alone - other) > 100)
    for number in (0, 120):  # each has a ring in one of the two
        buttons = [each for each in fit.children[2].children[1:] if each.tooltip == f"receiver {number}"]
        for button in buttons:
            top, left = (9 * float(part) for part in re.findall(r"calc\(([\d.]+)%", button.layout.margin))
            ring = changed[np.linalg.norm(changed - [top, left], axis=1) < 14]
            middle = 0.5 * (ring.min(0) + ring.max(0))
            assert len(ring) > 20 and np.abs(middle - [top, left]).max() < 2.0


def places_of_buttons(fit):
    """How far each is from the top and from the left, % of the width."""
    return np.array(
        [re.findall(r"calc\(([\d.]+)%", each.layout.margin) for each in fit.children[2].children[1:]], dtype=float
    )


@pytest.mark.slow
def test_the_map_stays_where_it_is_when_its_title_and_scale_change(fit):
    shown, _ = fit.children[0].children
    shown.value = "map by receiver"
    before = Image.open(io.BytesIO(bytes(fit.image.value))).size, places_of_buttons(fit)
    fit._record.set_checkpoint(ep.load_checkpoint(fit._record.run_dir / "checkpoints" / "step-000000006-g000.h5"))
    fit.draw()
    assert Image.open(io.BytesIO(bytes(fit.image.value))).size == before[0]
    assert np.abs(places_of_buttons(fit) - before[1]).max() < 0.2  # % of the width: 2 pixels
    fit._whose = "\nof which the title has\nsome lines more"
    fit.draw()
    assert Image.open(io.BytesIO(bytes(fit.image.value))).size == before[0] == (900, before[0][1])


def test_a_dead_receiver_is_told_and_has_no_picture(fit):
    _, row = fit.children[0].children
    only = fit._receivers.only
    values = only.values.copy()
    values[2] = np.nan
    fit._receivers = ep.Receivers(records=replace(only, values=values))
    row.value = 2
    assert fit.children[1].value == "receiver 2 recorded nothing: it is a dead one"
    assert fit.image.layout.display == "none"
    row.value = 3
    assert fit.children[1].value == "" and fit.image.layout.display is None


def test_a_picture_that_is_slow_to_draw_never_follows_a_newer_one():
    choice, is_slow, may_end = widgets.Text("old"), Event(), Event()

    def draw():
        value = choice.value
        if value == "old":
            is_slow.set()
            may_end.wait(60)
        return SimpleNamespace(png=value.encode)

    view = View(draw, choice)
    older, newer = Thread(target=view.draw), Thread(target=lambda: setattr(choice, "value", "new"))
    older.start()
    assert is_slow.wait(60)
    newer.start()
    newer.join(0.3)
    may_end.set()
    older.join()
    newer.join()
    assert bytes(view.children[-1].value) == b"new"
