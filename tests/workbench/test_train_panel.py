import asyncio

import ipywidgets as widgets
import pytest

import elastic_pinn as ep
from elastic_pinn.storage import Store
from elastic_pinn.workbench.panels import TrainPanel

TINY = {
    "hidden_layers": [8],
    "interior_points": 20,
    "boundary_points": 8,
    "initial_points": 8,
    "validation_points": 8,
    "validate_every": 10,
    "checkpoint_every": 0,
}
ENDLESS = ep.Config(**TINY, steps=1_000_000, time_limit=60.0)  # ends by itself, or a failing test would hang


async def until(condition):
    """Give the loop away until the condition holds; the test's own time limit is the guard."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


def inside(widget, kind):
    """The widgets of a kind in a panel, by what their label says."""
    found = {widget.description: widget} if isinstance(widget, kind) else {}
    for child in getattr(widget, "children", ()):
        found |= inside(child, kind)
    return found


def buttons(panel):
    return inside(panel, widgets.Button)


def enabled(panel):
    return {name for name, button in buttons(panel).items() if name and not button.disabled}


def fields(panel):
    return inside(panel, widgets.Text) | inside(panel, widgets.Dropdown) | inside(panel, widgets.Checkbox)


def status(panel):
    return panel.children[3].value


def step(panel):
    return inside(panel, widgets.IntProgress)[""].value


async def started(panel, *where):
    """A running training, after its first step."""
    task = asyncio.create_task(panel.train(*where))
    await until(lambda: "Stop" in enabled(panel))
    await until(lambda: step(panel) > 0)
    return task


def test_training_without_a_click_shows_its_end(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=30))
        return panel, await panel.train(str(tmp_path / "run"))

    panel, run = asyncio.run(scenario())
    assert run.status == "completed"
    assert enabled(panel) == {"Start"}, "this run has nothing left to do"
    assert step(panel) == 30
    assert "step 30 of 30" in inside(panel, widgets.Label)[""].value
    assert status(panel).startswith("<b>completed</b>")
    views = panel.children[4]
    assert views.titles == ("Loss", "Wavefield")
    assert all(bytes(view.children[-1].value).startswith(b"\x89PNG") for view in views.children)


def test_checkpoints_that_could_not_be_written_are_shown(tmp_path, monkeypatch):
    publish = Store.publish

    def failing_once(store, snapshot):
        if snapshot.step == 3:
            raise ep.CheckpointError(store.folder, "could not be written (No space left on device)", "Free space")
        return publish(store, snapshot)

    monkeypatch.setattr(Store, "publish", failing_once)

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY | {"checkpoint_every": 1}, steps=6))
        await panel.train(str(tmp_path / "run"))
        return panel

    text = status(asyncio.run(scenario()))
    assert "newest checkpoint step-000000006-g000.h5" in text
    assert "1 failed to be written" in text and "No space left" in text


def test_a_panel_changes_no_number(tmp_path):
    async def scenario():
        return await TrainPanel(ep.Config(**TINY, steps=30)).train(str(tmp_path / "panel"))

    with_panel = asyncio.run(scenario()).history()
    without = ep.train(ep.Config(**TINY, steps=30), tmp_path / "plain").history()
    assert with_panel.drop(columns="wall_s").equals(without.drop(columns="wall_s"))


def test_stop_ends_training_with_a_checkpoint(tmp_path):
    async def scenario():
        panel = TrainPanel(ENDLESS)
        task = await started(panel, str(tmp_path / "run"))
        buttons(panel)["Stop"].click()
        return panel, await task

    panel, run = asyncio.run(scenario())
    assert run.status == "stopped"
    assert 0 < run.latest().step == len(run.history())
    assert enabled(panel) == {"Start", "Resume"}
    assert status(panel).startswith("<b>stopped</b>")


def test_an_interrupt_is_a_stop_and_the_run_is_returned(tmp_path):
    async def scenario():
        task = await started(TrainPanel(ENDLESS), str(tmp_path / "run"))
        task.cancel()
        return await task

    run = asyncio.run(scenario())
    assert run.status == "stopped"
    assert run.latest().step == len(run.history())


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
    assert run.summary["generation"] == 1
    assert run.summary["parent"] == f"step {stopped_at}, generation 0"
    assert run.history()["step"].tolist() == list(range(1, run.latest().step + 1))


def test_checkpoint_now_writes_one_and_training_goes_on(tmp_path):
    async def scenario():
        panel = TrainPanel(ENDLESS)
        task = await started(panel, str(tmp_path / "run"))
        buttons(panel)["Checkpoint now"].click()
        run = ep.Run(tmp_path / "run")
        await until(lambda: run.checkpoints()[-1].header.step > 0)
        asked = run.checkpoints()[-1].header.step
        await until(lambda: step(panel) > asked)
        buttons(panel)["Stop"].click()
        return asked, await task

    asked, run = asyncio.run(scenario())
    assert [entry.header.step for entry in run.checkpoints()] == [0, asked, run.latest().step]


def test_an_error_of_train_reaches_the_awaiting_cell_and_the_status_line(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, monitor="loss/nothing"))
        with pytest.raises(ep.ConfigError, match="legal: "):
            await panel.train(str(tmp_path / "run"))
        return panel

    panel = asyncio.run(scenario())
    assert status(panel).startswith("<b>failed</b> ConfigError: monitor")
    assert "Start" in enabled(panel)


def test_a_panel_trains_one_run_at_a_time(tmp_path):
    async def scenario():
        panel = TrainPanel(ENDLESS)
        task = await started(panel, str(tmp_path / "run"))
        with pytest.raises(RuntimeError, match="training already"):
            await panel.train(str(tmp_path / "other"))
        buttons(panel)["Stop"].click()
        return await task

    assert asyncio.run(scenario()).status == "stopped"
    assert not (tmp_path / "other").exists()


def test_a_fault_in_the_picture_does_not_end_the_run(tmp_path, monkeypatch, caplog):
    def broken(self):
        raise ZeroDivisionError("no picture today")

    monkeypatch.setattr("elastic_pinn.workbench.panels.views.LiveViews._loss", broken)

    async def scenario():
        return await TrainPanel(ep.Config(**TINY, steps=30)).train(str(tmp_path / "run"))

    assert asyncio.run(scenario()).status == "completed"
    assert "could not be drawn" in caplog.text


def test_a_fault_in_the_panel_leaves_no_run_going_on_unseen(tmp_path, monkeypatch):
    def broken(self, step):
        if step > 2:
            raise ZeroDivisionError("no progress today")

    monkeypatch.setattr("elastic_pinn.workbench.panels.progress.Progress.show", broken)

    async def scenario():
        panel = TrainPanel(ENDLESS)
        with pytest.raises(ZeroDivisionError):
            await panel.train(str(tmp_path / "run"))
        return panel

    panel = asyncio.run(scenario())
    assert ep.Run(tmp_path / "run").summary["reason"] == "asked to stop"
    assert status(panel).startswith("<b>failed</b>") and "Start" in enabled(panel)


def test_a_paused_cell_waits_and_resume_goes_on_in_it_with_changed_fields(tmp_path):
    async def scenario():
        panel = TrainPanel(ENDLESS)
        task = await started(panel, str(tmp_path / "run"))
        buttons(panel)["Pause"].click()
        await until(lambda: status(panel).startswith("<b>paused</b>"))
        paused_at = ep.Run(tmp_path / "run").latest().step
        assert not task.done() and enabled(panel) == {"Resume", "Stop"}
        fields(panel)["learning_rate"].value = "5e-4"
        buttons(panel)["Resume"].click()
        await until(lambda: step(panel) > paused_at)
        buttons(panel)["Stop"].click()
        return paused_at, await task

    paused_at, run = asyncio.run(scenario())
    assert run.status == "stopped" and run.summary["generation"] == 1
    assert run.events() == [(paused_at, "learning_rate: 0.001 -> 0.0005")]
    assert run.history()["learning_rate"].iloc[paused_at - 1 : paused_at + 1].tolist() == [1e-3, 5e-4]


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


def test_a_change_that_the_run_cannot_go_on_with_is_told_and_the_pause_goes_on(tmp_path):
    async def scenario():
        panel = TrainPanel(ENDLESS)
        task = await started(panel, str(tmp_path / "run"))
        buttons(panel)["Pause"].click()
        await until(lambda: status(panel).startswith("<b>paused</b>"))
        fields(panel)["hidden_layers"].value = "9"
        buttons(panel)["Resume"].click()
        await until(lambda: "hidden_layers: (8,) -&gt; (9,)" in status(panel))
        await until(lambda: enabled(panel) == {"Resume", "Stop"})
        fields(panel)["hidden_layers"].value = "8"
        buttons(panel)["Resume"].click()
        await until(lambda: status(panel).startswith("<b>running</b>"))
        buttons(panel)["Stop"].click()
        return await task

    assert asyncio.run(scenario()).summary["generation"] == 1


def test_start_makes_a_fresh_run_by_the_fields_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3), name="mine")
        await panel.train()
        fields(panel)["steps"].value, fields(panel)["run name"].value = "5", "yours"
        buttons(panel)["Start"].click()
        await until(lambda: step(panel) == 5 and status(panel).startswith("<b>completed</b>"))

    asyncio.run(scenario())
    found = {path.name.split("-", 2)[2]: ep.Run(path).summary["step"] for path in (tmp_path / "runs").iterdir()}
    assert found == {"mine": 3, "yours": 5}


def test_more_steps_let_a_completed_run_be_resumed(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3))
        await panel.train(str(tmp_path / "run"))
        fields(panel)["steps"].value = "5"
        assert enabled(panel) == {"Start", "Resume"}
        buttons(panel)["Resume"].click()
        await until(lambda: step(panel) == 5 and status(panel).startswith("<b>completed</b>"))

    asyncio.run(scenario())
    assert ep.Run(tmp_path / "run").events() == [(3, "steps: 3 -> 5")]


def test_any_checkpoint_of_any_run_can_be_gone_on_from_and_brings_its_fields(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ep.train(ep.Config(**TINY | {"hidden_layers": [5], "checkpoint_every": 2}, steps=6), tmp_path / "runs" / "other")

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3))
        assert enabled(panel) == {"Start"}
        choice = fields(panel)["Resume from"]
        labels = dict(choice.options)
        choice.value = next(path for label, path in labels.items() if label.startswith("other · step 4 (g0)"))
        assert fields(panel)["hidden_layers"].value == "5" and fields(panel)["steps"].value == "6"
        assert enabled(panel) == {"Start", "Resume"}
        fields(panel)["learning_rate"].value = "0.01"
        buttons(panel)["Resume"].click()
        await until(lambda: status(panel).startswith("<b>completed</b>"))
        return panel

    panel = asyncio.run(scenario())
    run = ep.Run(tmp_path / "runs" / "other")
    assert panel.run_dir == run.path and run.summary["parent"] == "step 4, generation 0"
    assert run.events() == [(4, "learning_rate: 0.001 -> 0.01")]


def test_the_list_shows_new_checkpoints_when_it_is_read_anew(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3))
        await panel.train()
        assert len(fields(panel)["Resume from"].options) == 1
        buttons(panel)[""].click()
        return [label for label, path in fields(panel)["Resume from"].options if path]

    found = asyncio.run(scenario())
    assert ["step 3 (g0)" in found[0], "step 0 (g0)" in found[1], len(found)] == [True, True, 2]


def test_fields_that_are_not_legal_are_told_and_cannot_be_started(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3))
        fields(panel)["steps"].value = "many"
        assert enabled(panel) == set()
        with pytest.raises(ep.ConfigError, match="steps = 'many'"):
            await panel.train(str(tmp_path / "run"))

    asyncio.run(scenario())
    assert not (tmp_path / "run").exists()


def test_the_panel_of_an_inverse_problem_shows_material_and_fit(tmp_path):
    asked = {"problem": "receivers", "data": "data/aluminium_receivers.h5", "unknowns": ["lambda", "mu"]}

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, **asked, steps=3))
        await panel.train(str(tmp_path / "run"))
        return panel

    views = asyncio.run(scenario()).children[4]
    assert views.titles == ("Loss", "Wavefield", "Material", "Data fit")
    assert all(bytes(view.children[-1].value).startswith(b"\x89PNG") for view in views.children)


def test_another_receiver_shows_another_fit(tmp_path):
    asked = {"problem": "receivers", "data": "data/aluminium_receivers.h5", "unknowns": ["lambda", "mu"]}

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, **asked, steps=3))
        await panel.train(str(tmp_path / "run"))
        row, picture = panel.children[4].children[3].children
        before = bytes(picture.value)
        row.value += 1
        return before, bytes(picture.value)

    before, after = asyncio.run(scenario())
    assert before != after
