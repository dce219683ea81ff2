"""The panel that trains, without a browser: pause, go on, and go on from any checkpoint."""

import asyncio
import threading
from unittest.mock import Mock

import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.panels import TrainPanel
from elastic_pinn.workbench.panels.training import thread
from elastic_pinn.workbench.panels.widgets.checkpoint_list import newest_checkpoints
from tests.workbench.clicks import ENDLESS, TINY, buttons, enabled, fields, started, status, step, until


@pytest.mark.slow
def test_after_a_stop_resume_goes_on_with_the_same_run(tmp_path):
    async def scenario():
        panel = TrainPanel(ENDLESS)
        first = await started(panel, str(tmp_path / "run"))
        buttons(panel)["Stop"].click()
        stopped_at = (await first).latest().step
        buttons(panel)["Resume"].click()
        await until(lambda: step(panel) > stopped_at)
        buttons(panel)["Stop"].click()
        await until(lambda: status(panel).startswith("<b>stopped</b>"))
        return stopped_at

    stopped_at = asyncio.run(scenario())
    run = ep.Run(tmp_path / "run")
    assert run.summary.generation == 1
    assert run.summary.parent == f"step {stopped_at}, generation 0"
    assert run.history()["step"].tolist() == list(range(1, run.latest().step + 1))


def test_a_paused_cell_waits_and_resume_goes_on_in_it_with_changed_fields(tmp_path):
    async def scenario():
        panel = TrainPanel(ENDLESS)
        task = await started(panel, str(tmp_path / "run"))
        buttons(panel)["Pause"].click()
        await until(lambda: status(panel).startswith("<b>paused</b>"))
        paused_at = ep.Run(tmp_path / "run").latest().step
        assert not task.done() and enabled(panel) == {"Resume", "Stop", "Estimate error"}
        fields(panel)["learning_rate"].value = "5e-4"
        buttons(panel)["Resume"].click()
        await until(lambda: step(panel) > paused_at)
        buttons(panel)["Stop"].click()
        return paused_at, await task

    paused_at, run = asyncio.run(scenario())
    assert run.status == "stopped" and run.summary.generation == 1
    assert run.events() == [(paused_at, "learning_rate: 0.001 -> 0.0005")]
    assert run.history()["learning_rate"].iloc[paused_at - 1 : paused_at + 1].tolist() == [1e-3, 5e-4]


@pytest.mark.slow
def test_a_paused_run_can_be_stopped_by_the_button_and_by_an_interrupt(tmp_path):
    async def scenario(end, where):
        panel = TrainPanel(ENDLESS)
        task = await started(panel, str(where))
        buttons(panel)["Pause"].click()
        await until(lambda: status(panel).startswith("<b>paused</b>"))
        end(panel, task)
        return await task

    for name, end in {
        "button": lambda panel, _: buttons(panel)["Stop"].click(),
        "interrupt": lambda _, task: task.cancel(),
    }.items():
        assert asyncio.run(scenario(end, tmp_path / name)).status == "stopped"


@pytest.mark.slow
def test_a_change_that_the_run_cannot_go_on_with_is_told_and_the_pause_goes_on(tmp_path):
    async def scenario():
        panel = TrainPanel(ENDLESS)
        task = await started(panel, str(tmp_path / "run"))
        buttons(panel)["Pause"].click()
        await until(lambda: status(panel).startswith("<b>paused</b>"))
        fields(panel)["hidden_layers"].value = "9"
        buttons(panel)["Resume"].click()
        await until(lambda: "Resume was refused" in status(panel))
        assert status(panel).startswith("<b>paused</b>") and "hidden_layers: (8,) -&gt; (9,)" in status(panel)
        assert panel.views.children[0].children[-1].layout.display is None  # the loss is still seen
        await until(lambda: enabled(panel) == {"Resume", "Stop", "Estimate error"})
        fields(panel)["hidden_layers"].value = "8"
        buttons(panel)["Resume"].click()
        await until(lambda: status(panel).startswith("<b>running</b>"))
        buttons(panel)["Stop"].click()
        return await task

    assert asyncio.run(scenario()).summary.generation == 1


@pytest.mark.slow
def test_after_a_refused_resume_the_pictures_are_of_the_run_as_it_is(tmp_path, caplog):
    async def scenario():
        panel = TrainPanel(ep.Config(**TINY | {"validate_every": 1_000_000}, steps=1_000_000, time_limit=60.0))
        task = await started(panel, str(tmp_path / "run"))
        buttons(panel)["Pause"].click()
        await until(lambda: status(panel).startswith("<b>paused</b>"))
        panel.views.selected_index = 1
        before = bytes(panel.views.children[1].children[-1].value)
        fields(panel)["hidden_layers"].value, fields(panel)["duration"].value = "9", "3.0"
        buttons(panel)["Resume"].click()
        await until(lambda: "Resume was refused" in status(panel))
        panel.views.draw_all()
        loss, wavefield = [bytes(view.children[-1].value) for view in panel.views.children]
        buttons(panel)["Stop"].click()
        await task
        assert before.startswith(b"\x89PNG") and wavefield == before and loss.startswith(b"\x89PNG")

    asyncio.run(scenario())
    assert "could not be drawn" not in caplog.text


@pytest.mark.slow
def test_pictures_follow_what_training_was_given_though_fields_change_meanwhile(tmp_path, monkeypatch, caplog):
    run = ep.train(ep.Config(**TINY, steps=3), tmp_path / "run")
    read, is_reading, may_read = ep.Checkpoint.history, threading.Event(), threading.Event()

    def slowly(self):
        is_reading.set()
        assert may_read.wait(30)
        return read(self)

    async def scenario():
        panel = TrainPanel(ENDLESS)
        monkeypatch.setattr(ep.Checkpoint, "history", slowly)
        task = asyncio.create_task(panel.train(str(run.path), "auto"))
        await until(is_reading.is_set)
        fields(panel)["hidden_layers"].value = "9"
        may_read.set()
        await until(lambda: step(panel) > 3)
        buttons(panel)["Stop"].click()
        await task
        panel.views.draw_all()
        return panel

    panel = asyncio.run(scenario())
    assert run.config.hidden_layers == (8,) and run.latest().step > 3
    assert all(bytes(view.children[-1].value).startswith(b"\x89PNG") for view in panel.views.children)
    assert "could not be drawn" not in caplog.text


@pytest.mark.slow
def test_more_steps_let_a_completed_run_be_resumed(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3))
        await panel.train(str(tmp_path / "run"))
        fields(panel)["steps"].value = "5"
        assert enabled(panel) == {"Start", "Resume", "Estimate error"}
        buttons(panel)["Resume"].click()
        await until(lambda: step(panel) == 5 and status(panel).startswith("<b>completed</b>"))

    asyncio.run(scenario())
    assert ep.Run(tmp_path / "run").events() == [(3, "steps: 3 -> 5")]


def choose(choice, beginning):
    choice.label = next(label for label, _ in choice.options if label.startswith(beginning))


def test_any_checkpoint_of_any_run_can_be_gone_on_from_and_brings_its_fields(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ep.train(ep.Config(**TINY | {"hidden_layers": [5], "checkpoint_every": 2}, steps=6), tmp_path / "runs" / "other")

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3))
        assert enabled(panel) == {"Start"}
        fields(panel)["Resume from"].label = "other"
        assert fields(panel)["at"].label.startswith("step 6 (g0)")
        choose(fields(panel)["at"], "step 4 (g0)")
        assert fields(panel)["hidden_layers"].value == "5" and fields(panel)["steps"].value == "6"
        assert enabled(panel) == {"Start", "Resume"}
        fields(panel)["learning_rate"].value = "0.01"
        buttons(panel)["Resume"].click()
        await until(lambda: status(panel).startswith("<b>completed</b>"))
        return panel

    panel = asyncio.run(scenario())
    run = ep.Run(tmp_path / "runs" / "other")
    assert panel.run_dir == run.path and run.summary.parent == "step 4, generation 0"
    assert run.events() == [(4, "learning_rate: 0.001 -> 0.01")]


@pytest.mark.slow
def test_the_list_shows_the_panels_own_checkpoints_at_once_and_others_when_it_is_read_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3))
        await panel.train("runs/own")
        own = listed(panel)
        ep.train(ep.Config(**TINY, steps=2), tmp_path / "runs" / "other")
        buttons(panel)[""].click()
        return own, listed(panel)

    def listed(panel):
        return [label for label, path in fields(panel)["Resume from"].options if path]

    own, all_of_them = asyncio.run(scenario())
    assert own == ["own"] and all_of_them == ["other", "own"]


@pytest.mark.slow
def test_the_checkpoints_of_the_chosen_run_are_listed_and_a_choice_is_kept_when_they_are_read_anew(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for name, steps in (("one", 2), ("two", 3)):
        ep.train(ep.Config(**TINY, steps=steps), tmp_path / "runs" / name)

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3))
        at = fields(panel)["at"]
        assert at.layout.display == "none"
        fields(panel)["Resume from"].label = "one"
        assert at.layout.display is None
        listed = [label.split(" · loss")[0] for label, _ in at.options]
        choose(at, "step 0 (g0)")
        buttons(panel)[""].click()
        kept = at.label
        fields(panel)["Resume from"].label = "two"
        newest = at.label
        fields(panel)["Resume from"].index = 0
        return listed, kept, newest, enabled(panel)

    listed, kept, newest, last = asyncio.run(scenario())
    assert listed == ["step 2 (g0)", "step 0 (g0)"]
    assert kept.startswith("step 0 (g0)") and newest.startswith("step 3 (g0)") and last == {"Start"}


@pytest.mark.slow
def test_after_a_start_that_was_refused_resume_goes_on_with_the_run_before(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3))
        run = await panel.train()
        fields(panel)["monitor"].value = "loss/nothing"
        buttons(panel)["Start"].click()
        await until(lambda: status(panel).startswith("<b>failed</b> ConfigError: monitor"))
        fields(panel)["monitor"].value, fields(panel)["steps"].value = "loss/validation", "5"
        buttons(panel)["Resume"].click()
        await until(lambda: "at step 5" in status(panel))
        return run

    run = asyncio.run(scenario())
    assert run.summary.step == 5 and run.summary.generation == 1


@pytest.mark.slow
def test_what_is_asked_while_the_past_is_read_is_done(tmp_path, monkeypatch):
    run = ep.train(ep.Config(**TINY, steps=3), tmp_path / "run")
    read, is_read = ep.Checkpoint.history, threading.Event()

    def slowly(self):
        assert is_read.wait(30)
        return read(self)

    monkeypatch.setattr(ep.Checkpoint, "history", slowly)

    async def scenario():
        panel = TrainPanel(ENDLESS)
        task = asyncio.create_task(panel.train(str(run.path), "auto"))
        await until(lambda: "Stop" in enabled(panel))
        buttons(panel)["Stop"].click()
        await asyncio.sleep(0.01)
        is_read.set()
        return await task

    assert asyncio.run(scenario()).status == "stopped"
    assert run.latest().step <= 4


@pytest.mark.slow
def test_a_full_disk_at_resume_is_told_and_the_pause_goes_on(tmp_path, monkeypatch):
    full = ep.CheckpointError(tmp_path, "could not be written (No space left on device)", "Free space")

    async def scenario():
        panel = TrainPanel(ENDLESS)
        task = await started(panel, str(tmp_path / "run"))
        buttons(panel)["Pause"].click()
        await until(lambda: status(panel).startswith("<b>paused</b>"))
        with monkeypatch.context() as patched:
            patched.setattr(thread, "train", Mock(side_effect=full))
            buttons(panel)["Resume"].click()
            await until(lambda: "No space left" in status(panel) and "Resume" in enabled(panel))
        buttons(panel)["Resume"].click()
        await until(lambda: status(panel).startswith("<b>running</b>"))
        buttons(panel)["Stop"].click()
        return await task

    assert asyncio.run(scenario()).summary.generation == 1


def test_a_checkpoint_of_another_problem_leaves_ones_own_as_it_is(tmp_path, monkeypatch, waves):
    monkeypatch.chdir(tmp_path)
    other = {"duration": 3.0, "hidden_layers": [5]}
    ep.train(ep.Config(**TINY | other, steps=2), tmp_path / "runs" / "other")

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3), waves())
        fields(panel)["Resume from"].index = 1
        assert fields(panel)["hidden_layers"].value == "5"
        return panel

    panel = asyncio.run(scenario())
    assert panel.config.duration == ep.Config().duration and "Start" in enabled(panel)


def test_the_run_whose_checkpoint_is_newest_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runs = tmp_path / "runs"
    for name in ("a", "deep/b"):
        ep.train(ep.Config(**TINY, steps=2), runs / name)
    ep.train(ep.Config(**TINY, steps=4), runs / "a", resume="auto")
    (runs / "broken").mkdir()
    (runs / "broken" / "config.json").touch()
    found = [str(path.relative_to(runs).parent.parent) for path in newest_checkpoints(runs)]
    assert found == ["a"] * 4 + ["deep/b"] * 2
