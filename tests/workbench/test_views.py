from threading import Event, Thread
from types import SimpleNamespace

import ipywidgets as widgets
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.panels import views
from elastic_pinn.workbench.panels.live_record import LiveRecord
from elastic_pinn.workbench.panels.views import LiveViews, View
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
def test_live_figures_of_several_shots_tell_whose_they_are(shots_run):
    newest, config = shots_run.latest(), shots_run.config
    record = LiveRecord(shots_run.path, config, ep.problem_from(config))
    record.set_checkpoint(newest)
    whose = "; shot left, the first of 2, by its network; the network takes no part in the wavefield"
    assert views._wavefield(record, lambda: AT[-1:]).get_suptitle() == f"step {newest.step}{whose}"
    assert views._fit(record, record.problem.receivers, 0).get_suptitle().endswith(f"; step {newest.step}{whose}")


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
