"""The panel of a sweep without a browser: what it refuses, previews, and shows."""

import asyncio
import json

import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Sweep, SweepError
from elastic_pinn.workbench.batch import engine as engines
from elastic_pinn.workbench.panels import SweepPanel, sweep_panel
from elastic_pinn.workbench.panels.sweep_form import SweepForm

FORWARD = "notebooks/01_forward.ipynb"


@pytest.fixture
def in_loop(tmp_path):
    """A function that gives what another makes of a panel, in an event loop as a notebook has it."""

    def run(use, **fields):
        async def inside():
            return await use(SweepPanel(Sweep(notebook=FORWARD, directory=str(tmp_path / "runs"), **fields)))

        return asyncio.run(inside())

    return run


def texts(panel):
    """All that stands in the panel's words."""
    found, todo = [], [panel]
    while todo:
        widget = todo.pop()
        todo += getattr(widget, "children", ())
        found.append(str(getattr(widget, "value", "")))
    return " ".join(found)


def test_a_panel_says_what_would_run(in_loop):
    async def use(panel):
        return texts(panel), list(panel.table["status"]), panel.sweep.folder.exists()

    said, statuses, is_there = in_loop(use, grid={"steps": [1, 2]}, seeds=[0, 1], workers=2)
    assert "4 runs, 2 at a time, 1 CPU threads each" in said
    assert statuses == ["queued"] * 4
    assert not is_there


def test_runs_that_are_there_already_are_shown_with_what_they_found(in_loop, tmp_path):
    grid = {"steps": [2, 3]}
    sweep = Sweep(notebook=FORWARD, directory=str(tmp_path / "runs"), parameters={"hidden_layers": [20]}, grid=grid)
    notebook = sweep.read_notebook()
    first = sweep.runs(notebook)[0]
    run = ep.train(notebook.config(first.parameters), sweep.folder / first.name)
    (run.path / "summary.json").write_text(json.dumps({**run.summary, "notebook": "executed"}))

    async def use(panel):
        return panel.table, panel.seeds_table, panel.figure(), texts(panel)

    table, seeds, figure, said = in_loop(use, parameters={"hidden_layers": [20]}, grid=grid)
    error = run.latest().metrics["error/displacement"]
    assert list(table["status"]) == ["completed", "queued"]
    assert seeds["median"].tolist() == [error]
    assert error in figure.axes[0].lines[0].get_ydata()
    assert f"{error:.2e}" in said and "1 completed, 1 queued" in said


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("grid", "stesp: [1, 2]", "did you mean 'steps'"),
        ("grid", "steps: [1, 0]", "steps = 0"),
        ("grid", "steps: [1, 2", "grid: "),
        ("parameters", "just words", "a line each is needed"),
        ("workers", -3, ""),
    ],
)
def test_what_cannot_be_run_is_said_while_typing_and_the_last_good_one_stays(field, text, told):
    before = Sweep(notebook=FORWARD, directory="runs/none", grid={"steps": [1]})
    form = SweepForm(before, lambda: None)
    if field == "workers":  # the field takes no such number
        form._fields[field].value = text
        assert form.sweep.workers == 0 and not form.fault
        return
    form._fields[field].value = text
    assert told in form.fault and form.sweep == before
    form._fields[field].value = ""
    assert not form.fault


def test_what_the_form_shows_is_what_it_was_given():
    given = {"grid": {"hidden_layers": [[20, 10], [30]], "ridge": [1e-9]}, "parameters": {"stages": ["last_layer"]}}
    sweep = Sweep(notebook=FORWARD, directory="runs/none", **given, workers=3, time_limit=60.0, metric="loss/pde")
    form = SweepForm(sweep, lambda: None)
    form._changed()
    assert form.sweep == sweep and not form.fault


def test_a_sweep_that_the_engine_refuses_is_said_and_raised(in_loop, monkeypatch):
    def refuse(*_):
        raise SweepError("in use by process 1")

    monkeypatch.setattr(sweep_panel, "run_sweep", refuse)

    async def use(panel):
        with pytest.raises(SweepError):
            await panel.run()
        return texts(panel)

    assert "in use by process 1" in in_loop(use)


def test_an_interrupt_asks_the_sweep_to_stop_and_the_table_is_written(in_loop, monkeypatch):
    asked = []

    def run_until_stopped(sweep, retry_failed, watch, stop):
        asked.append(stop.wait(20))
        rows = {run.name: {"run": run.name, "status": "unfinished"} for run in sweep.runs(sweep.read_notebook())}
        sweep.folder.mkdir()
        return engines.Progress(len(rows), rows)

    monkeypatch.setattr(sweep_panel, "run_sweep", run_until_stopped)

    async def use(panel):
        awaited = asyncio.current_task()
        asyncio.get_running_loop().call_later(0.5, awaited.cancel)  # as the kernel does on an interrupt
        table = await panel.run()
        return list(table["status"]), texts(panel), (panel.sweep.folder / "sweep.csv").exists()

    statuses, said, is_written = in_loop(use, seeds=[0, 1])
    assert asked == [True] and statuses == ["unfinished"] * 2
    assert "stopped: Start goes on" in said and is_written
