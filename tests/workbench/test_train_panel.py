import asyncio

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


def buttons(panel):
    return {button.description: button for button in panel.children[0].children[:3]}


def status(panel):
    return panel.children[1].value


async def started(panel, *where):
    """A running training, after its first step."""
    task = asyncio.create_task(panel.train(*where))
    await until(lambda: buttons(panel)["Start"].disabled)
    await until(lambda: panel.children[0].children[3].value > 0)
    return task


def test_training_without_a_click_shows_its_end(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=30))
        return panel, await panel.train(str(tmp_path / "run"))

    panel, run = asyncio.run(scenario())
    assert run.status == "completed"
    assert all(button.disabled for button in buttons(panel).values()), "nothing is left to start or to stop"
    assert panel.children[0].children[3].value == 30
    assert "step 30 of 30" in panel.children[0].children[4].value
    assert status(panel).startswith("<b>completed</b>")
    assert bytes(panel.children[2].value).startswith(b"\x89PNG")


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
    assert not buttons(panel)["Start"].disabled
    assert buttons(panel)["Stop"].disabled
    assert status(panel).startswith("<b>stopped</b>")


def test_an_interrupt_is_a_stop_and_the_run_is_returned(tmp_path):
    async def scenario():
        task = await started(TrainPanel(ENDLESS), str(tmp_path / "run"))
        task.cancel()
        return await task

    run = asyncio.run(scenario())
    assert run.status == "stopped"
    assert run.latest().step == len(run.history())


def test_after_a_stop_start_goes_on_with_the_same_run(tmp_path):
    async def scenario():
        panel = TrainPanel(ENDLESS)
        first = await started(panel, str(tmp_path / "run"))
        buttons(panel)["Stop"].click()
        stopped_at = (await first).latest().step
        buttons(panel)["Start"].click()
        await until(lambda: panel.children[0].children[3].value > stopped_at)
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
        await until(lambda: panel.children[0].children[3].value > asked)
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
    assert not buttons(panel)["Start"].disabled


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

    monkeypatch.setattr("elastic_pinn.workbench.panels.live.LiveRecord.png", broken)

    async def scenario():
        return await TrainPanel(ep.Config(**TINY, steps=30)).train(str(tmp_path / "run"))

    assert asyncio.run(scenario()).status == "completed"
    assert "could not be drawn" in caplog.text


def test_a_fault_in_the_panel_leaves_no_run_going_on_unseen(tmp_path, monkeypatch):
    def broken(self, pace):
        if self._step > 2:
            raise ZeroDivisionError("no progress today")

    monkeypatch.setattr(TrainPanel, "_show_progress", broken)

    async def scenario():
        panel = TrainPanel(ENDLESS)
        with pytest.raises(ZeroDivisionError):
            await panel.train(str(tmp_path / "run"))
        return panel

    panel = asyncio.run(scenario())
    assert ep.Run(tmp_path / "run").summary["reason"] == "asked to stop"
    assert status(panel).startswith("<b>failed</b>") and not buttons(panel)["Start"].disabled
