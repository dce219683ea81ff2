"""A notebook that may not go on with a run leaves its run directory as it was: summary, executed copy, every byte."""

import asyncio
import json
import os
import threading
from unittest.mock import Mock

import papermill
import pytest
from typer.testing import CliRunner

import elastic_pinn as ep
from elastic_pinn.storage import locked
from elastic_pinn.training.lifecycle.record import amend_summary
from elastic_pinn.workbench.batch import Notebook, engine, headless
from elastic_pinn.workbench.batch.engine import run_sweep
from elastic_pinn.workbench.batch.headless import NotebookError, run_notebook
from elastic_pinn.workbench.batch.jobs import Job, execute
from elastic_pinn.workbench.batch.plan import Plan, Planned
from elastic_pinn.workbench.batch.sweep_config import Sweep, SweepError
from elastic_pinn.workbench.cli import app
from elastic_pinn.workbench.panels import TrainPanel
from tests.files import contents
from tests.workbench.batch.conftest import TINY

OTHER = TINY | {"hidden_layers": [7]}


@pytest.fixture
def stopped(tmp_path):
    """A run directory that was stopped, with an executed copy beside it."""
    control = ep.Control(lambda record: control.stop() if record["step"] == 5 else None)
    run = ep.train(ep.Config(**TINY), tmp_path / "run", control=control)
    (run.path / "notebook.ipynb").write_text("what was executed")
    return run.path


@pytest.fixture
def notebook(training_notebook):
    return Notebook.read(training_notebook())


def test_a_run_in_use_is_refused_before_a_kernel_starts(notebook, stopped, monkeypatch):
    monkeypatch.setattr(headless.papermill, "execute_notebook", lambda *args, **options: pytest.fail("it was run"))
    with locked(stopped):
        before = contents(stopped)
        with pytest.raises(ep.RunDirectoryError, match=rf"run is in use by process {os.getpid()} on .*choose another"):
            run_notebook(notebook, stopped, TINY | {"resume": "auto"})
        assert contents(stopped) == before


def test_the_command_line_refuses_a_run_in_use_in_one_line(training_notebook, stopped):
    with locked(stopped):
        before = contents(stopped)
        done = CliRunner().invoke(app, ["run", str(training_notebook()), f"run_dir={stopped}", "resume=auto"])
        assert done.exit_code == 1 and " is in use by process " in done.output and len(done.output.splitlines()) == 1
        assert contents(stopped) == before


@pytest.mark.slow
def test_a_run_that_another_process_took_meanwhile_is_left_to_it(notebook, stopped, monkeypatch):
    monkeypatch.setattr(headless, "owner_of", lambda folder: "")
    with locked(stopped):
        before = contents(stopped)
        with pytest.raises(NotebookError, match=r"RunDirectoryError: .* is in use by ") as error:
            run_notebook(notebook, stopped, TINY | {"resume": "auto"}, echo_output=False)
        assert contents(stopped) == before
    assert error.value.is_refusal and "The run that is there stays as it was" in str(error.value)


@pytest.mark.slow
def test_a_config_that_a_run_cannot_go_on_with_changes_nothing_in_it(notebook, stopped):
    before = contents(stopped)
    with pytest.raises(NotebookError, match="ConfigError: cannot resume with another network"):
        run_notebook(notebook, stopped, OTHER | {"resume": "auto"}, echo_output=False)
    assert contents(stopped) == before


@pytest.mark.slow
def test_the_worker_of_a_sweep_tells_a_refusal_and_changes_nothing(notebook, stopped):
    before = contents(stopped)
    job = Job("a sweep", Planned(stopped.name, OTHER, {}), str(stopped.parent), time_limit=0.0, threads=1)
    row = execute(notebook, job)
    assert row["status"] == "failed" and "cannot resume with another network" in row["reason"] and row["step"] == 5
    assert contents(stopped) == before


@pytest.mark.slow
def test_what_goes_on_with_a_run_puts_its_copy_in_the_place_of_the_older_one(notebook, stopped):
    executed = run_notebook(notebook, stopped, TINY | {"resume": "auto"}, echo_output=False)
    told = json.loads(executed.read_text())
    assert told["metadata"]["papermill"]["output_path"] == str(executed) == str(stopped / "notebook.ipynb")
    summary = json.loads((stopped / "summary.json").read_text())
    assert (summary["status"], summary["notebook"]) == ("completed", "executed")


@pytest.mark.slow
def test_a_cell_that_fails_after_it_went_on_is_told_in_summary_and_copy(training_notebook, stopped):
    with pytest.raises(NotebookError, match="ZeroDivisionError") as error:
        run_notebook(
            Notebook.read(training_notebook("1 / 0")), stopped, TINY | {"resume": "auto", "steps": 6}, echo_output=False
        )
    assert not error.value.is_refusal and "ZeroDivisionError" in (stopped / "notebook.ipynb").read_text()
    assert "ZeroDivisionError" in json.loads((stopped / "summary.json").read_text())["notebook"]


@pytest.mark.slow
def test_papermill_itself_changes_nothing_in_a_run_that_is_refused(training_notebook, stopped, tmp_path):
    before = contents(stopped)
    for given in (TINY | {"resume": "never"}, OTHER | {"resume": "auto"}):
        with pytest.raises(papermill.PapermillExecutionError, match=r"RunDirectoryError|ConfigError"):
            papermill.execute_notebook(
                training_notebook(), tmp_path / "out.ipynb", given | {"run_dir": str(stopped)}, progress_bar=False
            )
        assert contents(stopped) == before


def test_a_summary_is_never_changed_under_who_trains(stopped):
    with locked(stopped):
        before = contents(stopped)
        with pytest.raises(ep.CheckpointError, match=r" is in use by "):
            amend_summary(stopped, {"status": "failed"})
        assert contents(stopped) == before


def test_a_sweep_that_reaches_no_cluster_changes_nothing_in_its_folder(training_notebook, tmp_path, monkeypatch):
    def plan(**changes):
        return Plan.of(
            Sweep(notebook=str(training_notebook()), directory=str(tmp_path / "sweep"), parameters=TINY, **changes)
        )

    begun = threading.Event()
    begun.set()
    run_sweep(plan(seeds=[1, 2]), stop=begun)  # its sweep.yaml, and nothing more
    before = contents(tmp_path / "sweep")
    monkeypatch.setattr(engine, "connect", Mock(side_effect=SweepError("tcp://nowhere:1 cannot be reached")))
    with pytest.raises(SweepError, match="cannot be reached"):
        run_sweep(plan(seeds=[3], cluster={"scheduler": "tcp://nowhere:1"}))
    assert contents(tmp_path / "sweep") == before


@pytest.mark.slow
def test_a_panel_that_is_refused_changes_nothing_and_leaves_no_folder(stopped, monkeypatch, tmp_path):
    monkeypatch.setattr("elastic_pinn.workbench.run_folders.project_root", lambda: tmp_path)

    async def scenario(config, *given):
        with pytest.raises((ep.RunDirectoryError, ep.ConfigError)):
            await TrainPanel(config).train(*given)

    before = contents(tmp_path)
    asyncio.run(scenario(ep.Config(**TINY), str(stopped)))
    asyncio.run(scenario(ep.Config(**OTHER), str(stopped), "auto"))
    with locked(stopped):
        held = contents(stopped)
        asyncio.run(scenario(ep.Config(**TINY), str(stopped), "auto"))
        assert contents(stopped) == held
    asyncio.run(scenario(ep.Config(**TINY | {"monitor": "loss/none"})))
    assert contents(tmp_path) == before | {"runs": None}
