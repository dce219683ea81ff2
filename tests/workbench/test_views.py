import io
import re
from dataclasses import replace
from threading import Event, Thread
from types import SimpleNamespace

import ipywidgets as widgets
import numpy as np
import pytest
from PIL import Image

import elastic_pinn as ep
from elastic_pinn.workbench.panels import views
from elastic_pinn.workbench.panels.fit_view import FitView
from elastic_pinn.workbench.panels.live_record import LiveRecord
from elastic_pinn.workbench.panels.view import View
from elastic_pinn.workbench.panels.views import LiveViews
from tests.training.optimizers.recorded_shots import AT


@pytest.fixture
def clock(monkeypatch):
    """The time that the views see, as a list of one number."""
    now = [0.0]
    monkeypatch.setattr("elastic_pinn.workbench.panels.views.time.monotonic", lambda: now[0])
    return now


def test_pictures_take_at_most_a_twentieth_of_the_time(clock, monkeypatch, tmp_path):
    drawn = []

    def draw(self):
        drawn.append(clock[0])
        clock[0] += 0.4

    monkeypatch.setattr(LiveViews, "draw", draw)
    live = LiveViews()
    config = ep.Config()
    live.follow(LiveRecord(tmp_path, config, ep.problem_from(config)))
    drawn.clear()
    while clock[0] < 100.0:
        clock[0] += 0.1
        live.draw_if_due()
    assert len(drawn) > 10
    assert 0.4 * len(drawn) <= 0.05 * clock[0]


def test_the_tab_that_is_open_stays_open_when_training_goes_on_and_the_problem_is_alike(tmp_path):
    live, config = LiveViews(), ep.Config()
    live.follow(LiveRecord(tmp_path, config, ep.problem_from(config)))
    live.selected_index = 1
    live.follow(LiveRecord(tmp_path, config, ep.problem_from(config)))
    assert live.titles[live.selected_index] == "Wavefield"


def test_the_instant_of_the_wavefield_can_be_chosen(forward_run):
    newest, config = forward_run.latest(), forward_run.config
    record = LiveRecord(forward_run.path, config, ep.problem_from(config))
    record.add_history(newest.history())
    record.set_checkpoint(newest)
    live = LiveViews()
    live.follow(record)
    choice, picture = live.children[1].children
    live.selected_index = 1
    last = bytes(picture.value)
    choice.value = choice.options[0][1]
    assert last.startswith(b"\x89PNG") and bytes(picture.value) != last


@pytest.mark.slow
def test_live_figures_of_several_shots_tell_whose_they_are(shots_run, monkeypatch):
    newest, config = shots_run.latest(), shots_run.config
    record = LiveRecord(shots_run.path, config, ep.problem_from(config))
    record.set_checkpoint(newest)
    whose = "; shot left, the first of 2, by its network; the network takes no part in the wavefield"
    assert views._wavefield(record, lambda: AT[-1:]).get_suptitle() == f"step {newest.step}{whose}"
    live = LiveViews()
    live.follow(record)
    titles = []
    monkeypatch.setattr(FitView, "_draw_one", titled(FitView._draw_one, titles))
    shown, _ = live.children[-1].children[0].children
    for way in reversed(shown.options):
        shown.value = way
        assert titles[-1].endswith(f"; step {newest.step}{whose}"), way
    assert len(set(titles)) == len(shown.options)


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
    newest, config = inverse_run.latest(), inverse_run.config
    record = LiveRecord(inverse_run.path, config, ep.problem_from(config))
    record.set_checkpoint(newest)
    live = LiveViews()
    live.follow(record)
    live.selected_index = 3
    return live.children[3]


def test_each_way_to_look_at_a_fit_has_a_picture_of_its_own(fit):
    (shown, _), pictures = fit.children[0].children, set()
    for way in shown.options:
        shown.value = way
        assert fit.children[1].value == "" and fit.image.layout.display is None, way
        pictures.add(bytes(fit.image.value))
    assert len(pictures) == len(shown.options) == 6


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
