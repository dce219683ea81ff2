import json
import threading
import time
from pathlib import Path
from unittest.mock import Mock

import nbformat
import papermill
import pytest
from nbformat.sign import NotebookNotary

from elastic_pinn.config import ConfigError
from elastic_pinn.workbench.batch import Notebook, executed_copy, headless
from elastic_pinn.workbench.batch.headless import NotebookError, run_notebook
from elastic_pinn.workbench.batch.supervisor import Supervisor
from tests.headless import write_notebook

COMPLETED = json.dumps({"status": "completed"})


@pytest.fixture
def notebook(tmp_path):
    """A function that makes a notebook with a parameters cell and one more."""

    def write(source):
        return Notebook.read(write_notebook(tmp_path / "small.ipynb", "steps = 1\nrun_dir = ''", source))

    return write


def test_a_notebook_gets_its_parameters_and_its_output_is_passed_on(notebook, tmp_path, capsys):
    source = "import logging\nprint('steps', steps, 'in', run_dir)\nlogging.warning('a line of the log')"
    executed = run_notebook(notebook(source), tmp_path / "new" / "run", {"steps": 7})
    printed = capsys.readouterr()
    assert f"steps 7 in {tmp_path / 'new' / 'run'}" in printed.out
    assert "a line of the log" in printed.err
    assert executed == tmp_path / "new" / "run" / "notebook.ipynb"
    assert nbformat.read(executed, as_version=4).cells[-1].execution_count == 3


def test_a_misspelt_parameter_is_refused_before_anything_is_made(notebook, tmp_path):
    with pytest.raises(ConfigError, match=r"'stesp'.*'steps'"):
        run_notebook(notebook("pass"), tmp_path / "run", {"stesp": 7})
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("given", "told"), [({"steps": 0}, "steps = 0"), ({"learning_rate": "fast"}, "learning_rate = 'fast'")]
)
def test_a_value_that_is_not_legal_is_refused_before_anything_is_made(notebook, tmp_path, given, told):
    with pytest.raises(ConfigError, match=told):
        run_notebook(notebook("pass"), tmp_path / "run", given)
    assert not (tmp_path / "run").exists()


def test_what_is_legal_only_with_the_notebooks_own_parameters_is_judged_with_them():
    forward = Notebook.read(Path(__file__).parents[3] / "notebooks" / "01_forward.ipynb")
    assert forward.config({"ridge": 1e-9}).ridge == 1e-9
    with pytest.raises(ConfigError, match="need 0 stage_steps"):
        forward.config({"stage_steps": [1, 2]})


def test_the_executed_copy_is_trusted(notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    executed = run_notebook(notebook("'a result'"), tmp_path / "run")
    assert NotebookNotary().check_signature(nbformat.read(executed, as_version=4))


def test_a_run_whose_notebook_failed_says_so_in_its_summary(notebook, tmp_path):
    with pytest.raises(NotebookError):
        run_notebook(notebook("1 / 0"), tmp_path / "run")
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["status"] == "failed" and "ZeroDivisionError" in summary["reason"]


@pytest.mark.slow
def test_a_kernel_that_dies_is_a_failure_too(notebook, tmp_path):
    with pytest.raises(NotebookError, match=r"failed as its kernel died\. The executed copy"):
        run_notebook(notebook("import os\nos._exit(1)"), tmp_path / "run")
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["status"] == "failed"


def test_a_failing_cell_is_named_and_its_notebook_kept(notebook, tmp_path):
    with pytest.raises(NotebookError, match=r"small.ipynb failed in its cell \[3\], ZeroDivisionError"):
        run_notebook(notebook("1 / 0"), tmp_path / "run")
    assert "ZeroDivisionError" in (tmp_path / "run" / "notebook.ipynb").read_text()


def test_the_summary_says_that_every_cell_ran(notebook, tmp_path):
    run_notebook(notebook("pass"), tmp_path / "run")
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["notebook"] == "executed"


@pytest.fixture
def stopped_when_started(tmp_path):
    """A function that gives a cell that tells when it has begun, and a supervisor whose time limit passes then."""
    begun = tmp_path / "begun"

    def make(source):
        supervisor = Supervisor(time_limit=3600)

        def pull():
            while not begun.exists():
                time.sleep(0.05)
            supervisor._on_time_limit()

        threading.Thread(target=pull, daemon=True).start()
        return f"open({str(begun)!r}, 'w').close()\n{source}", supervisor

    return make


@pytest.mark.slow
def test_a_notebook_beyond_its_time_limit_is_interrupted_and_says_so(notebook, tmp_path):
    with pytest.raises(NotebookError):
        run_notebook(notebook("import time\ntime.sleep(60)"), tmp_path / "run", supervisor=Supervisor(time_limit=3))
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert (summary["status"], summary["reason"]) == ("failed", "time_limit of 3 s")


def test_the_cell_that_runs_as_the_time_is_over_is_interrupted(notebook, tmp_path, stopped_when_started):
    source, supervisor = stopped_when_started("import time\ntime.sleep(60)")
    with pytest.raises(NotebookError, match="KeyboardInterrupt"):
        run_notebook(notebook(source), tmp_path / "run", supervisor=supervisor)


def test_a_stop_while_the_figures_are_drawn_says_that_training_was_completed(notebook, tmp_path, stopped_when_started):
    source, supervisor = stopped_when_started("import time\ntime.sleep(60)")
    trained = f"import json, pathlib\npathlib.Path(run_dir, 'summary.json').write_text({COMPLETED!r})"
    ended = r"small.ipynb: training was completed; drawing was interrupted in its cell \[\d+\], KeyboardInterrupt\. The"
    with pytest.raises(NotebookError, match=ended):
        run_notebook(notebook(f"{trained}\n{source}"), tmp_path / "run", supervisor=supervisor)


@pytest.mark.slow
def test_a_notebook_that_does_not_heed_an_interrupt_is_killed(notebook, tmp_path, monkeypatch, stopped_when_started):
    monkeypatch.setattr("elastic_pinn.workbench.batch.supervisor.GRACE_S", 0.5)
    deaf = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)"
    source, supervisor = stopped_when_started("time.sleep(60)")
    with pytest.raises(NotebookError, match="as its kernel died"):
        run_notebook(notebook(f"{deaf}\n{source}"), tmp_path / "run", supervisor=supervisor)


@pytest.mark.slow
def test_a_notebook_that_was_stopped_before_it_began_ends_at_once(notebook, tmp_path):
    supervisor, begun = Supervisor(), tmp_path / "begun"
    supervisor.stop("asked to stop")
    with pytest.raises(NotebookError):
        run_notebook(notebook(f"open({str(begun)!r}, 'w').close()"), tmp_path / "run", supervisor=supervisor)
    assert not begun.exists()
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert (summary["status"], summary["reason"]) == ("stopped", "asked to stop")


@pytest.mark.slow
def test_a_kernel_looks_for_no_garbage_in_what_it_imported_and_keeps_its_names_free(notebook, tmp_path):
    before = "import gc\nassert gc.get_freeze_count() == 0 and 'freeze_imports' not in globals()\nimport torch"
    after = "assert gc.get_freeze_count() > 0"
    written = write_notebook(tmp_path / "two.ipynb", "steps = 1\nrun_dir = ''", before, after)
    run_notebook(Notebook.read(written), tmp_path / "run")


def test_the_threads_of_a_kernel_are_those_of_its_leash(notebook, tmp_path):
    source = "import os\nassert os.environ['OMP_NUM_THREADS'] == '3'"
    run_notebook(notebook(source), tmp_path / "run", supervisor=Supervisor(threads=3))


def test_the_executed_notebook_of_another_run_is_never_replaced(notebook, tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "notebook.ipynb").write_text("what was executed")
    with pytest.raises(ConfigError, match="already holds a run, with its executed notebook: choose another run_dir"):
        run_notebook(notebook("pass"), tmp_path)
    assert (tmp_path / "notebook.ipynb").read_text() == "what was executed"


@pytest.mark.slow
def test_a_run_that_fails_again_tells_the_newest_reason(notebook, tmp_path):
    for source, told in (("1 / 0", "ZeroDivisionError"), ("[][1]", "IndexError")):
        with pytest.raises(NotebookError):
            run_notebook(notebook(source), tmp_path / "run")
        assert told in json.loads((tmp_path / "run" / "summary.json").read_text())["reason"]


def test_a_copy_that_cannot_be_signed_is_none_the_worse(notebook, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(executed_copy.NotebookNotary, "sign", Mock(side_effect=OSError("database is locked")))
    run_notebook(notebook("pass"), tmp_path / "run")
    assert "could not be signed: database is locked" in caplog.text


def test_a_kernel_that_could_not_tell_its_error_is_told_by_the_last_line_that_it_printed(tmp_path, monkeypatch):
    monkeypatch.setattr(headless.resource, "getrlimit", lambda which: (64, 64))
    fault = "OSError: [Errno 24] Too many open files: 'x.py'"
    printed = nbformat.v4.new_output("stream", name="stderr", text=f"Traceback ...\n{fault}\n")
    cell = nbformat.v4.new_code_cell("pass", outputs=[printed])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "notebook.ipynb")
    error = papermill.PapermillExecutionError(0, 6, "pass", "CellExecutionError", "", [])
    with executed_copy.ExecutedCopy(tmp_path, {}, Supervisor()) as copy:
        told, name = headless._fault_and_name(error, copy)
    assert told.startswith("in its cell [6], without an error that could be shown") and fault in told
    assert told.endswith("; its limit is 64 open files: raise it (`ulimit -n`)") and name == "CellExecutionError"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("steps = 1", "holds no notebook"),
        ("[]", "holds no notebook"),
        ('{"nbformat": 4}', "holds no notebook"),
        ('{"nbformat": 3, "worksheets": []}', "another format than 4"),
        ('{"nbformat": 5, "cells": []}', "another format than 4"),
    ],
)
def test_what_is_no_notebook_is_refused_by_its_name(tmp_path, text, told):
    (tmp_path / "a.ipynb").write_text(text)
    with pytest.raises(ValueError, match=rf"a\.ipynb .*({told})"):
        Notebook.read(tmp_path / "a.ipynb")
