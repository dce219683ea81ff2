"""The panel of a sweep without a browser: what it refuses, previews, and shows."""

import asyncio
import signal

import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Plan, Sweep, SweepError
from elastic_pinn.workbench.batch import engine as engines
from elastic_pinn.workbench.batch.comparisons import COMPARED, comparison
from elastic_pinn.workbench.batch.status import status_rows
from elastic_pinn.workbench.panels import SweepPanel
from elastic_pinn.workbench.panels.sweeps import panel as module
from elastic_pinn.workbench.panels.sweeps.form import SweepForm

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


@pytest.mark.slow
def test_runs_that_are_there_already_are_shown_with_what_they_found(in_loop, tmp_path):
    grid = {"steps": [2, 3]}
    sweep = Sweep(notebook=FORWARD, directory=str(tmp_path / "runs"), parameters={"hidden_layers": [20]}, grid=grid)
    plan = Plan.of(sweep)
    first = plan.runs[0]
    run = ep.train(plan.notebook.config(first.parameters), sweep.folder / first.name)
    (run.path / "summary.json").write_text(run.summary.changed({"notebook": "executed"}).to_json())

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
        assert form.plan.sweep.workers == 0 and not form.fault
        return
    form._fields[field].value = text
    assert told in form.fault and form.plan.sweep == before
    form._fields[field].value = ""
    assert not form.fault


def test_what_the_form_shows_is_what_it_was_given():
    given = {"grid": {"hidden_layers": [[20, 10], [30]], "ridge": [1e-9]}, "parameters": {"stages": ["last_layer"]}}
    sweep = Sweep(notebook=FORWARD, directory="runs/none", **given, workers=3, time_limit=60.0, metric="loss/pde")
    form = SweepForm(sweep, lambda: None)
    form._changed()
    assert form.plan.sweep == sweep and not form.fault


def test_a_list_of_runs_is_shown_a_line_each_and_may_be_typed():
    sweep = Sweep(notebook=FORWARD, directory="runs/none", list=[{"steps": 1, "ridge": 1e-9}, {"steps": 2}], seeds=[3])
    form = SweepForm(sweep, lambda: None)
    form._changed()
    assert form.plan.sweep == sweep and not form.fault
    form._fields["grid"].value += "- {seed: 1}"
    assert "seeds and a field seed" in form.fault
    form._fields["grid"].value = "- {steps: 5}"
    assert form.plan.sweep.points == [{"steps": 5}] and len(form.plan.runs) == 1


@pytest.mark.parametrize("name", COMPARED)
def test_one_click_compares_samplings_balancings_or_networks(name):
    changes = []
    before = Sweep(notebook=FORWARD, directory="runs/none", grid={"steps": [1]}, workers=2, time_limit=60.0)
    form = SweepForm(before, lambda: changes.append(1))
    form.enable(True)
    next(button for button in form._clicks.children if button.description == name).click()
    plan = form.plan
    assert not form.fault and changes == [1]
    assert len(plan.runs) == 2 * len(COMPARED[name]) and (plan.sweep.workers, plan.sweep.time_limit) == (2, 60.0)
    assert plan.sweep.directory != before.directory and name in plan.sweep.directory
    assert all(str(value) in form._fields["grid"].value for value in COMPARED[name][-1].values())
    form.enable(False)
    assert all(button.disabled for button in form._clicks.children[1:])


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPARED)
def test_each_run_of_a_comparison_trains(name, tmp_path):
    few = {"steps": 2, "interior_points": 64, "boundary_points": 24, "initial_points": 16, "validation_points": 20}
    plan = Plan.of(Sweep(directory=str(tmp_path / "runs"), **comparison(name)))
    for run in plan.runs[::2]:
        config = plan.notebook.config(run.parameters).model_copy(update=few)
        assert ep.train(config, tmp_path / run.name).status == "completed"


def test_a_sweep_that_the_engine_refuses_is_said_and_raised(in_loop, monkeypatch):
    def refuse(*_):
        raise SweepError("in use by process 1")

    monkeypatch.setattr(module, "run_sweep", refuse)

    async def use(panel):
        with pytest.raises(SweepError):
            await panel.run()
        return texts(panel)

    assert "in use by process 1" in in_loop(use)


def test_an_interrupt_asks_the_sweep_to_stop_and_the_table_is_written(in_loop, monkeypatch):
    asked = []

    def run_until_stopped(plan, retry_failed, watch, stop):
        asked.append(stop.wait(20))
        rows = {run.name: {"run": run.name, "status": "unfinished"} for run in plan.runs}
        plan.sweep.folder.mkdir()
        return engines.SweepProgress(rows)

    monkeypatch.setattr(module, "run_sweep", run_until_stopped)

    async def use(panel):
        awaited = asyncio.current_task()
        asyncio.get_running_loop().call_later(0.5, awaited.cancel)  # as the kernel does on an interrupt
        table = await panel.run()
        return list(table["status"]), texts(panel), (panel.sweep.folder / "sweep.csv").exists()

    statuses, said, is_written = in_loop(use, seeds=[0, 1])
    assert asked == [True] and statuses == ["unfinished"] * 2
    assert "stopped: Start continues" in said and is_written


def test_a_sweep_that_runs_is_not_started_twice_and_can_still_be_stopped(in_loop, monkeypatch):
    stops = []

    def run_until_stopped(plan, retry_failed, watch, stop):
        stops.append(stop)
        assert stop.wait(20)
        plan.sweep.folder.mkdir()
        return engines.SweepProgress({run.name: {"run": run.name, "status": "unfinished"} for run in plan.runs})

    monkeypatch.setattr(module, "run_sweep", run_until_stopped)

    async def use(panel):
        panel._buttons["Start"].click()
        while not stops:
            await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="runs already"):
            await panel.run()
        assert not panel._buttons["Stop"].disabled
        signal.raise_signal(signal.SIGINT)  # as the interrupt button does, while no cell is there to be interrupted
        while not stops[0].is_set():
            await asyncio.sleep(0.01)
        await panel._clicked
        return texts(panel)

    before = signal.getsignal(signal.SIGINT)
    assert "stopped: Start continues" in in_loop(use, seeds=[0, 1])
    assert len(stops) == 1 and signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("statuses", "told"),
    [
        (["completed", "completed"], "done; results"),
        (["completed", "failed"], "1 of 2 runs failed: Retry failed continues them; results"),
        (["completed", "unfinished"], "some runs were interrupted: Start continues them; results"),
    ],
)
def test_the_end_tells_what_is_to_be_done(in_loop, monkeypatch, statuses, told):
    def run_to_the_end(plan, retry_failed, watch, stop):
        plan.sweep.folder.mkdir()
        each = zip(plan.runs, statuses, strict=True)
        return engines.SweepProgress({run.name: {"run": run.name, "status": status} for run, status in each})

    monkeypatch.setattr(module, "run_sweep", run_to_the_end)

    async def use(panel):
        await panel.run()
        return texts(panel)

    assert told in in_loop(use, seeds=[0, 1])


@pytest.mark.slow
def test_the_picture_is_of_the_runs_in_the_table(in_loop, tmp_path):
    sweep = Sweep(notebook=FORWARD, directory=str(tmp_path / "runs"), parameters={"hidden_layers": [20]}, seeds=[0])
    plan = Plan.of(sweep)
    run = ep.train(plan.notebook.config(plan.runs[0].parameters), sweep.folder / plan.runs[0].name)
    (run.path / "summary.json").write_text(run.summary.changed({"notebook": "executed"}).to_json())

    async def use(panel):
        image = panel._view.image.layout
        shown = [image.display]
        panel._form._fields["grid"].value = "seed: [7]"
        while "queued" not in panel._count.value or "completed" in panel._count.value:
            await asyncio.sleep(0.01)
        return [*shown, image.display]

    assert in_loop(use, parameters={"hidden_layers": [20]}, seeds=[0]) == [None, "none"]


@pytest.mark.parametrize(
    "points",
    [
        {"list": [{"steps": 1}, {"steps": 2, "ridge": 1e-9}]},
        {"random": {"count": 2, "parameters": {"ridge": {"uniform": [1e-9, 1e-8]}}}},
    ],
)
def test_a_list_and_draws_stay_with_their_seeds_when_a_field_is_changed(points):
    sweep = Sweep(notebook=FORWARD, directory="runs/none", **points, seeds=[0, 1, 2])
    form = SweepForm(sweep, lambda: None)
    form._fields["workers"].value = 3
    assert not form.fault and form.plan.sweep == sweep.model_copy(update={"workers": 3})
    assert len(form.plan.runs) == 6


def test_a_change_that_comes_as_the_sweep_starts_counts_afterwards():
    calls = []
    form = SweepForm(Sweep(notebook=FORWARD, directory="runs/none", grid={"steps": [1]}), lambda: calls.append(1))
    form.enable(False)
    form._fields["grid"].value = "steps: [1, 2]"
    assert len(form.plan.runs) == 1 and not calls
    form.enable(True)
    assert len(form.plan.runs) == 2 and len(calls) == 1


def test_what_would_run_is_looked_at_when_the_typing_rests(in_loop, monkeypatch):
    looks = []
    monkeypatch.setattr(module, "status_rows", lambda plan: looks.append(plan) or status_rows(plan))

    async def use(panel):
        for text in ("steps: [1, 2]", "steps: [1, 2, 3]", "steps: [1, 2, 3, 4]"):
            panel._form._fields["grid"].value = text
        async with asyncio.timeout(20):
            while len(panel.table) != 4:
                await asyncio.sleep(0.01)
        return texts(panel)

    assert "4 runs, " in in_loop(use, grid={"steps": [1]})
    assert [len(plan.runs) for plan in looks] == [1, 4]


def test_a_metric_that_no_completed_run_has_is_told(in_loop, tmp_path):
    asked = {"parameters": {"hidden_layers": [20], "steps": 1}, "metric": "error/speed"}
    plan = Plan.of(Sweep(notebook=FORWARD, directory=str(tmp_path / "runs"), **asked))
    run = ep.train(plan.notebook.config(plan.runs[0].parameters), plan.sweep.folder / plan.runs[0].name)
    (run.path / "summary.json").write_text(run.summary.changed({"notebook": "executed"}).to_json())

    async def use(panel):
        with pytest.raises(
            ValueError, match=r"metric = 'error/speed': no completed run has it; what they have: .*loss/"
        ):
            panel.figure()
        return texts(panel)

    assert "no completed run has it" in in_loop(use, **asked)
