"""The panel that trains, without a browser: start, stop, what it shows, and what it says when something is wrong."""

import asyncio

import ipywidgets as widgets
import pytest

import elastic_pinn as ep
from elastic_pinn.readable import percent
from elastic_pinn.storage import Store
from elastic_pinn.workbench.panels import TrainPanel
from tests.workbench.clicks import ENDLESS, TINY, buttons, enabled, fields, inside, started, status, step, until

INVERSE = {name: value for name, value in TINY.items() if name != "boundary_points"} | {
    "problem": "receivers", "data": "data/aluminium_receivers.h5", "unknowns": ["lambda", "mu"],
}  # fmt: skip


def test_training_without_a_click_shows_its_end(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=30))
        return panel, await panel.train(str(tmp_path / "run"))

    panel, run = asyncio.run(scenario())
    assert run.status == "completed"
    assert enabled(panel) == {"Start", "Estimate error"}, "this run has nothing left to do"
    assert step(panel) == 30
    assert "step 30 of 30" in inside(panel, widgets.Label)[""].value
    assert status(panel).startswith("<b>completed</b>")
    views = panel.children[4]
    assert views.titles == ("Loss", "Wavefield")
    assert all(bytes(view.image.value).startswith(b"\x89PNG") for view in views.children)


@pytest.mark.slow
def test_a_run_to_a_tolerance_counts_its_own_steps_and_is_done(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(tolerance=0.05, duration=0.5, log_level="error"))
        before = status(panel)
        return panel, before, await panel.train(str(tmp_path / "run"))

    panel, before, run = asyncio.run(scenario())
    assert before.startswith("<b>ready</b> 1 step;")
    assert run.summary.metrics["error/estimated"] <= 0.05 and step(panel) == run.latest().step
    label = inside(panel, widgets.Label)[""].value
    assert label.startswith(f"step {run.config.steps} of {run.config.steps} · last_layer")
    assert enabled(panel) == {"Start", "Estimate error"}


@pytest.mark.slow
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


@pytest.mark.slow
def test_stop_ends_training_with_a_checkpoint(tmp_path):
    async def scenario():
        panel = TrainPanel(ENDLESS)
        task = await started(panel, str(tmp_path / "run"))
        buttons(panel)["Stop"].click()
        return panel, await task

    panel, run = asyncio.run(scenario())
    assert run.status == "stopped"
    assert 0 < run.latest().step == len(run.history())
    assert enabled(panel) == {"Start", "Resume", "Estimate error"}
    assert status(panel).startswith("<b>stopped</b>")


@pytest.mark.slow
def test_an_interrupt_is_a_stop_and_the_run_is_returned(tmp_path):
    async def scenario():
        task = await started(TrainPanel(ENDLESS), str(tmp_path / "run"))
        task.cancel()
        return await task

    run = asyncio.run(scenario())
    assert run.status == "stopped"
    assert run.latest().step == len(run.history())


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_error_of_the_newest_checkpoint_is_estimated_while_training_goes_on_and_after_it(tmp_path):
    async def scenario():
        panel = TrainPanel(ENDLESS)
        assert "Estimate error" not in enabled(panel), "there is no run yet"
        task = await started(panel, str(tmp_path / "run"))
        buttons(panel)["Estimate error"].click()
        await until(lambda: "estimated error at step 0:" in row_text(panel))
        before = step(panel)
        await until(lambda: step(panel) > before)
        buttons(panel)["Stop"].click()
        run = await task
        buttons(panel)["Estimate error"].click()
        await until(lambda: f"estimated error at step {run.latest().step:,}:" in row_text(panel))
        return run, row_text(panel)

    run, text = asyncio.run(scenario())
    found = run.estimate_error()
    assert text.endswith(f"{percent(found.displacement)} of the displacement, {percent(found.stress)} of the stress")


def row_text(panel):
    """The text beside the buttons."""
    return panel.children[1].children[2].value.partition("<style>")[0]


@pytest.mark.slow
def test_where_no_error_can_be_estimated_the_panel_says_why(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(**INVERSE, steps=2))
        await panel.train(str(tmp_path / "run"))
        buttons(panel)["Estimate error"].click()
        await until(lambda: "failed" in row_text(panel))
        return row_text(panel)

    assert "no error can be estimated: lambda, mu unknown" in asyncio.run(scenario())


def test_an_error_of_train_reaches_the_awaiting_cell_and_the_status_line(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, monitor="loss/nothing"))
        with pytest.raises(ep.ConfigError, match="legal: "):
            await panel.train(str(tmp_path / "run"))
        return panel

    panel = asyncio.run(scenario())
    assert status(panel).startswith("<b>failed</b> ConfigError: monitor")
    assert "Start" in enabled(panel)


def test_a_folder_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").write_text("a file")

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY))
        buttons(panel)["Start"].click()
        await until(lambda: status(panel).startswith("<b>failed</b> FileExistsError"))
        return panel

    assert "Start" in enabled(asyncio.run(scenario()))


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_fault_in_the_picture_does_not_end_the_run(tmp_path, monkeypatch, caplog):
    def broken(record):
        raise ZeroDivisionError("no picture today")

    monkeypatch.setattr("elastic_pinn.workbench.panels.training.live_views._loss", broken)

    async def scenario():
        return await TrainPanel(ep.Config(**TINY, steps=30)).train(str(tmp_path / "run"))

    assert asyncio.run(scenario()).status == "completed"
    assert "could not be drawn" in caplog.text


@pytest.mark.slow
def test_a_fault_in_the_panel_leaves_no_run_going_on_unseen(tmp_path, monkeypatch):
    def broken(self, step, *others):
        if step > 2:
            raise ZeroDivisionError("no progress today")

    monkeypatch.setattr("elastic_pinn.workbench.panels.training.progress.ProgressBar.show", broken)

    async def scenario():
        panel = TrainPanel(ENDLESS)
        with pytest.raises(ZeroDivisionError):
            await panel.train(str(tmp_path / "run"))
        return panel

    panel = asyncio.run(scenario())
    assert ep.Run(tmp_path / "run").summary.reason == "asked to stop"
    assert status(panel).startswith("<b>failed</b>") and "Start" in enabled(panel)


@pytest.mark.slow
def test_start_makes_a_fresh_run_by_the_fields_as_they_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3), name="mine")
        await panel.train()
        fields(panel)["steps"].value, fields(panel)["run name"].value = "5", "yours"
        buttons(panel)["Start"].click()
        await until(lambda: step(panel) == 5 and status(panel).startswith("<b>completed</b>"))

    asyncio.run(scenario())
    found = {path.name.split("-", 2)[2]: ep.Run(path).summary.step for path in (tmp_path / "runs").iterdir()}
    assert found == {"mine": 3, "yours": 5}


def test_fields_that_are_not_legal_are_told_and_cannot_be_started(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3))
        fields(panel)["steps"].value = "many"
        assert enabled(panel) == set() and "steps = &#x27;many&#x27;" in status(panel)  # the fields are folded
        panel.children[0].selected_index = 0
        assert status(panel).startswith("<b>not possible</b> see steps above")  # where it is said
        panel.children[0].selected_index = None
        assert "steps = &#x27;many&#x27;" in status(panel)
        fields(panel)["steps"].value = "3"
        assert status(panel).startswith("<b>ready</b>")
        fields(panel)["device"].value = "cuda:5"
        assert enabled(panel) == set() and "no such device" in status(panel)
        fields(panel)["device"].value, fields(panel)["steps"].value = "cpu", "many"
        with pytest.raises(ep.ConfigError, match="steps = 'many'"):
            await panel.train(str(tmp_path / "run"))

    asyncio.run(scenario())
    assert not (tmp_path / "run").exists()


def test_lists_may_be_written_as_a_notebook_has_them(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3))
        fields(panel)["hidden_layers"].value = "[9, 5]"
        return panel.config.hidden_layers

    assert asyncio.run(scenario()) == (9, 5)


@pytest.mark.slow
def test_a_field_that_is_changed_while_training_is_said_to_count_later(tmp_path):
    async def scenario():
        panel = TrainPanel(ENDLESS)
        task = await started(panel, str(tmp_path / "run"))
        assert "count from the next" not in status(panel)
        fields(panel)["learning_rate"].value = "0.5"
        await until(lambda: "changed fields count from the next Resume or Start" in status(panel))
        buttons(panel)["Stop"].click()
        return await task

    assert asyncio.run(scenario()).config.learning_rate == ENDLESS.learning_rate


@pytest.mark.slow
def test_the_panel_of_an_inverse_problem_shows_material_and_fit(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(**INVERSE, steps=3))
        await panel.train(str(tmp_path / "run"))
        return panel

    views = asyncio.run(scenario()).children[4]
    assert views.titles == ("Loss", "Wavefield", "Material", "Data fit", "Result")
    *pictures, result = views.children
    assert all(bytes(view.image.value).startswith(b"\x89PNG") for view in pictures)
    assert "no ±: the data are not explained" in result.value


@pytest.mark.slow
def test_another_receiver_shows_another_fit(tmp_path):
    async def scenario():
        panel = TrainPanel(ep.Config(**INVERSE, steps=3))
        await panel.train(str(tmp_path / "run"))
        view = panel.children[4].children[3]
        _, row = view.children[0].children
        before = bytes(view.image.value)
        row.value += 1
        return before, bytes(view.image.value)

    before, after = asyncio.run(scenario())
    assert before != after


@pytest.mark.slow
def test_a_function_of_own_numbers_is_trained_with_those_of_the_fields(waves, tmp_path):
    def make(stiffness):
        return waves(material=ep.Material(2.0, stiffness, 1.0))

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3, own={"stiffness": 1.0}), make)
        fields(panel)["stiffness"].value = "3.5"
        run = await panel.train(str(tmp_path / "run"))
        fields(panel)["stiffness"].value, fields(panel)["steps"].value = "4.5", "5"
        with pytest.raises(ep.ConfigError, match=r"cannot resume with another .*\(stiffness: 3.5 -> 4.5\)"):
            await panel.train(str(tmp_path / "run"), resume="auto")
        fields(panel)["stiffness"].value = "3.5"
        return run.material(), await panel.train(str(tmp_path / "run"), resume="auto")

    material, run = asyncio.run(scenario())
    assert (material["mu"], run.summary.step) == (3.5, 5)
    assert run.config.own == {"stiffness": 3.5}
