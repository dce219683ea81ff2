"""A run that warned of its wavefield does not look like one that did not, wherever its status is shown."""

import asyncio
import logging

import pytest

import elastic_pinn as ep
from elastic_pinn.training.lifecycle import trainer
from elastic_pinn.workbench.batch.status import status_row
from elastic_pinn.workbench.panels import TrainPanel
from elastic_pinn.workbench.run_columns import run_columns, texts
from elastic_pinn.workbench.run_table import runs_table
from elastic_pinn.workbench.text import end_text
from tests.workbench.clicks import TINY, status
from tests.workbench.commands import row, said

TOLD = ("too few waves: set more", "units disagree")


@pytest.fixture
def warned(tmp_path, monkeypatch) -> ep.Run:
    monkeypatch.setattr(trainer, "advise", lambda config, problem, settings: TOLD)
    return ep.train(ep.Config(**TINY, steps=4), tmp_path / "warned")


def test_advice_is_in_the_summary_from_the_first_step_to_the_end_and_after_a_resume(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "advise", lambda config, problem, settings: TOLD)
    seen, folder = [], tmp_path / "run"
    control = ep.Control(lambda record: seen.append((ep.Run(folder).status, ep.Run(folder).summary.warnings)))
    run = ep.train(ep.Config(**TINY, steps=4), folder, control=control)
    assert seen == [("running", [*TOLD])] * 4 and run.summary.warnings == [*TOLD]
    monkeypatch.setattr(trainer, "advise", lambda config, problem, settings: TOLD[1:])  # of a config that was mended
    assert ep.train(ep.Config(**TINY, steps=6), folder, resume="auto").summary.warnings == [TOLD[1]]


def test_lists_of_runs_and_sweeps_count_them(warned, tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "advise", lambda config, problem, settings: ())
    ep.train(ep.Config(**TINY, steps=3), tmp_path / "right")
    table = runs_table(tmp_path)
    assert table.columns[:2].tolist() == ["status", "warnings"] and table.loc["warned", "warnings"] == 2
    assert table.query("status == 'completed' and warnings > 0").index.tolist() == ["warned"]
    assert run_columns(table)["warnings"].is_first and set(texts(table["warnings"])) == {"2", "0"}
    assert status_row(warned.path)["warnings"] == 2


def test_inspect_and_the_end_of_a_notebook_name_each(warned):
    text = said("inspect", warned.path)
    assert "status    completed with 2 warnings: all 4 steps done" in text
    assert all(" ".join(("warning", each)) in " ".join(text.split()) for each in TOLD)
    end, *lines = end_text(warned).splitlines()
    assert end.startswith("completed with 2 warnings at step 4 after ") and end.endswith(" s: all 4 steps done")
    assert lines == [f"warning: {each}" for each in TOLD]


def test_a_run_without_any_is_shown_as_before(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "advise", lambda config, problem, settings: ())
    run = ep.train(ep.Config(**TINY, steps=4), tmp_path / "run")
    assert "warnings" not in runs_table(tmp_path)
    assert row(said("inspect", run.path), "status")[1] == "completed:"
    assert end_text(run).startswith("completed at step 4 ")


@pytest.mark.slow
def test_the_panel_says_it_beside_the_status(tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "advise", lambda config, problem, settings: TOLD[:1])

    async def scenario():
        panel = TrainPanel(ep.Config(**TINY, steps=4))
        await panel.train(str(tmp_path / "run"))
        return panel

    assert status(asyncio.run(scenario())).startswith("<b>completed with 1 warning</b> at step 4")


def test_records_of_such_a_wavefield_come_with_its_warnings(warned, caplog):
    with caplog.at_level(logging.WARNING, logger="elastic_pinn"):
        ep.synthetic_receivers(warned)
    assert f"these records are of a wavefield that its run warns of: {'; '.join(TOLD)}" in caplog.text


def test_a_notebook_that_ran_headless_ends_with_them(warned, monkeypatch):
    from elastic_pinn.workbench.batch import headless

    monkeypatch.setattr(headless, "run_notebook", lambda *given: warned.path / "notebook.ipynb")
    lines = said("run", "notebooks/01_forward.ipynb", "steps=4").splitlines()
    assert lines[-2:] == [f"warning: {each}" for each in TOLD]
