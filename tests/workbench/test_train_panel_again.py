"""A panel that is made while its kernel trains already, and runs that clicks start."""

import asyncio
import shutil

import pytest

import elastic_pinn as ep
from elastic_pinn.physics import problem_from
from elastic_pinn.workbench.panels import TrainPanel
from elastic_pinn.workbench.panels.training.thread import Training
from tests.workbench.clicks import ENDLESS, TINY, buttons, enabled, fields, started, status, step, until

RUNNING = {"Pause", "Stop", "Checkpoint now", "Estimate error"}


@pytest.mark.slow
def test_a_fresh_panel_shows_the_run_that_is_trained_and_its_buttons_act_on_it(tmp_path):
    async def scenario():
        first = TrainPanel(ENDLESS, name="mine")
        task = await started(first, str(tmp_path / "run"))
        fresh = TrainPanel(ENDLESS, name="mine")
        await until(lambda: step(fresh) > 0 and status(fresh).startswith("<b>running</b>"))
        assert fresh.run_dir == first.run_dir and enabled(fresh) == RUNNING
        buttons(fresh)["Pause"].click()
        await until(lambda: all(status(panel).startswith("<b>paused</b>") for panel in (first, fresh)))
        paused_at = ep.Run(tmp_path / "run").latest().step
        fields(fresh)["learning_rate"].value = "5e-4"
        buttons(fresh)["Resume"].click()
        await until(lambda: min(step(first), step(fresh)) > paused_at)
        buttons(fresh)["Stop"].click()
        run = await task
        await until(lambda: all(status(panel).startswith("<b>stopped</b>") for panel in (first, fresh)))
        return run, paused_at

    run, paused_at = asyncio.run(scenario())
    assert run.status == "stopped" and run.events() == [(paused_at, "learning_rate: 0.001 -> 0.0005")]


@pytest.mark.slow
def test_the_cell_of_a_fresh_panel_waits_for_the_run_and_starts_no_second_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def scenario():
        task = await started(TrainPanel(ENDLESS, name="mine"))
        fresh = TrainPanel(ENDLESS, name="mine")
        again = asyncio.create_task(fresh.train())
        await until(lambda: step(fresh) > 0)
        buttons(fresh)["Stop"].click()
        return await task, await again, enabled(fresh)

    first, second, can = asyncio.run(scenario())
    assert first.path == second.path and len(list((tmp_path / "runs").iterdir())) == 1
    assert can == {"Start", "Resume", "Estimate error"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "where", "said"),
    [({"seed": 7, "learning_rate": 0.5}, "", "by other values of seed, learning_rate"), ({}, "other", "already, in ")],
)
def test_the_cell_of_a_fresh_panel_refuses_to_wait_for_another_run_than_its_own(tmp_path, changes, where, said):
    async def scenario():
        task = await started(TrainPanel(ENDLESS, name="mine"), str(tmp_path / "run"))
        fresh = TrainPanel(ENDLESS.model_copy(update=changes), name="mine")
        with pytest.raises(RuntimeError, match=said):
            await fresh.train(where and str(tmp_path / where))
        assert not task.done() and "Stop" in enabled(fresh)
        buttons(fresh)["Stop"].click()
        return await task

    assert asyncio.run(scenario()).status == "stopped"
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_panels_of_other_names_and_panels_made_afterwards_are_on_their_own(tmp_path):
    async def scenario():
        task = await started(TrainPanel(ENDLESS, name="mine"), str(tmp_path / "run"))
        other = TrainPanel(ENDLESS, name="yours")
        assert enabled(other) == {"Start"} and status(other).startswith("<b>ready</b>")
        buttons(TrainPanel(ENDLESS, name="mine"))["Stop"].click()
        await task
        later = TrainPanel(ENDLESS, name="mine")
        assert enabled(later) == {"Start"} and status(later).startswith("<b>ready</b>")

    asyncio.run(scenario())


@pytest.mark.slow
def test_two_runs_of_one_name_are_both_kept_and_each_cell_finds_its_own_again(tmp_path):
    async def scenario():
        panels = [TrainPanel(ENDLESS), TrainPanel(ENDLESS)]
        tasks = [await started(panel, str(tmp_path / name)) for panel, name in zip(panels, "ab", strict=True)]
        assert [training.run_dir.name for training in Training.all_current()] == ["a", "b"]
        fresh = TrainPanel(ENDLESS)
        assert fresh.run_dir == tmp_path / "b", "the newest, as long as it is not known which is meant"
        with pytest.raises(RuntimeError, match="training already"):
            await fresh.train(str(tmp_path / "c"))
        again = asyncio.create_task(fresh.train(str(tmp_path / "a")))
        await until(lambda: f"in {tmp_path / 'a'};" in status(fresh))
        buttons(fresh)["Stop"].click()
        first = await again
        assert not tasks[1].done() and [training.run_dir.name for training in Training.all_current()] == ["b"]
        assert enabled(panels[1]) == RUNNING and enabled(fresh) == {"Start", "Resume", "Estimate error"}
        buttons(panels[1])["Stop"].click()
        return first, await tasks[0], await tasks[1]

    first, a, b = asyncio.run(scenario())
    assert first.path == a.path != b.path and a.status == b.status == "stopped"
    assert not Training.all_current()


def test_a_stop_before_the_first_step_is_not_lost(tmp_path):
    training = Training("mine", tmp_path / "run", "never", ENDLESS, problem_from(ENDLESS), None)
    training.stop("kernel restarted")
    training.begin()
    assert training.wait(60) and training.run.reason == "kernel restarted" and training.run.summary.step <= 1


@pytest.mark.slow
@pytest.mark.parametrize("how", ["~/run", "$RUNS/run"])
def test_a_cell_finds_its_run_again_by_a_path_as_people_write_it(tmp_path, monkeypatch, how):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("RUNS", str(tmp_path))

    async def scenario():
        task = await started(TrainPanel(ENDLESS, name="mine"), how)
        fresh = TrainPanel(ENDLESS, name="mine")
        again = asyncio.create_task(fresh.train(how))
        buttons(fresh)["Stop"].click()
        return await task, await again

    first, second = asyncio.run(scenario())
    assert first.path == second.path == tmp_path / "run"


@pytest.mark.slow
def test_a_folder_that_goes_away_in_a_pause_ends_no_training(tmp_path):
    async def scenario():
        panel = TrainPanel(ENDLESS, name="mine")
        task = await started(panel, str(tmp_path / "run"))
        buttons(panel)["Pause"].click()
        await until(lambda: status(panel).startswith("<b>paused</b>"))
        shutil.rmtree(tmp_path / "run")
        fresh = TrainPanel(ENDLESS, name="mine")
        await until(lambda: status(fresh).startswith("<b>paused</b>"))
        assert "fields may be changed" in status(fresh) and enabled(fresh) >= {"Resume", "Stop"}
        buttons(panel)["Stop"].click()
        await until(lambda: all(status(each).startswith("<b>failed</b>") for each in (panel, fresh)))
        assert "summary.json: is missing" in status(panel) and "Start" in enabled(panel)
        return await task

    assert asyncio.run(scenario()).path == tmp_path / "run"


@pytest.mark.slow
def test_after_start_by_the_button_the_panels_run_is_the_new_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=3))
        with pytest.raises(RuntimeError, match="nothing yet"):
            panel.run  # noqa: B018
        first = await panel.train()
        assert panel.run.path == first.path
        fields(panel)["steps"].value = "5"
        buttons(panel)["Start"].click()
        await until(lambda: "are executed again" in status(panel))
        return first, panel.run

    first, new = asyncio.run(scenario())
    assert new.path != first.path and (first.summary.step, new.summary.step) == (3, 5)
