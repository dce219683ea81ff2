"""The panel that compares runs, without a browser: what is listed, chosen, drawn and exported."""

import asyncio
import html
import json
import shutil

import ipywidgets as widgets
import pandas as pd
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.panels import ComparePanel
from elastic_pinn.workbench.panels.comparison import panel as module
from elastic_pinn.workbench.panels.comparison.run_grid import RunGrid
from elastic_pinn.workbench.panels.comparison.run_list import RunList
from elastic_pinn.workbench.run_filter import matching
from elastic_pinn.workbench.run_table import run_row, runs_table


def find(panel, kind, text: str = ""):
    """The one widget of a kind whose description holds a text."""
    found = []

    def look(widget) -> None:
        if isinstance(widget, kind) and text in getattr(widget, "description", ""):
            found.append(widget)
        for child in getattr(widget, "children", ()):
            look(child)

    look(panel)
    assert len(found) == 1, f"{len(found)} {kind.__name__} with {text!r}"
    return found[0]


def labels(panel) -> list[str]:
    """What the labels say."""
    own = [panel.value] if isinstance(panel, widgets.Label) else []
    return own + [text for child in getattr(panel, "children", ()) for text in labels(child)]


def cells(panel) -> dict[str, dict[str, str]]:
    """What the browser gets of each run: its cells as text, by the names of their columns."""
    grid = find(panel, RunGrid)
    names = [column["name"] for column in grid._dt_args["columnDefs"]]
    rows = json.loads(grid._dt_args["data_json"])
    return {name: dict(zip(names, row, strict=True)) for name, row in zip(grid.names, rows, strict=True)}


def said(panel) -> str:
    """What the panel's own lines of text say."""
    return " ".join(child.value for child in panel.children if isinstance(child, widgets.HTML))


def is_shown(panel) -> bool:
    """Whether there is a picture."""
    return find(panel, widgets.Image).layout.display != "none"


def with_panel(folder, work):
    """What a piece of work on a panel gives, with a kernel's event loop."""

    async def run():
        panel = ComparePanel(str(folder))
        result = await work(panel)
        panel._polling.cancel()
        return result

    return asyncio.run(run())


def test_all_runs_are_listed_and_the_newest_are_drawn(folder_of_runs):
    async def work(panel):
        grid = find(panel, RunGrid)
        assert len(grid.names) == 3 and grid.chosen == {"a", "b", "deep/c"}
        assert bytes(find(panel, widgets.Image).value).startswith(b"\x89PNG")
        grid.choose({"a"})
        assert [str(path) for path in panel.runs.chosen] == [str(folder_of_runs / "a")]
        (axes,) = panel.figure().axes
        assert len(axes.lines) == 1

    with_panel(folder_of_runs, work)


@pytest.mark.parametrize(("validate_every", "column"), [(1, "loss/validation"), (50, "loss/total")])
def test_what_was_validated_is_compared_at_first_and_else_the_loss(tmp_path, tiny, validate_every, column):
    ep.train(tiny(steps=2, validate_every=validate_every), tmp_path / "one")

    async def work(panel):
        return find(panel, widgets.Combobox, "Column").value, is_shown(panel)

    assert with_panel(tmp_path, work) == (column, True)


def test_listing_anew_draws_nothing_that_is_as_it_was(folder_of_runs, monkeypatch):
    async def work(panel):
        drawn = []
        monkeypatch.setattr(panel._view, "draw", lambda: drawn.append(1))
        panel.runs.refresh()
        assert not drawn
        find(panel, RunGrid).choose({"a"})
        assert len(drawn) == 1

    with_panel(folder_of_runs, work)


@pytest.mark.slow
def test_a_filter_lists_those_that_pass_and_what_was_chosen_stays_chosen_behind_it(folder_of_runs):
    async def work(panel):
        grid, wanted = find(panel, RunGrid), find(panel, widgets.Text, "Filter")
        grid.choose({"a", "b"})
        wanted.value = "steps == 6 and seed == 1"
        assert (grid.names, grid.chosen) == (["b"], {"b"})
        assert [path.name for path in panel.runs.chosen] == ["b"]
        wanted.value = "deep compl"
        assert (grid.names, grid.chosen, panel.runs.chosen) == (["deep/c"], set(), [])
        wanted.value = ""
        assert grid.chosen == {"a", "b"}
        wanted.value = "deep"
        grid.choose({"deep/c"})
        wanted.value = ""
        assert grid.chosen == {"a", "b", "deep/c"}

    with_panel(folder_of_runs, work)


def test_the_browser_has_new_rows_and_the_choice_among_them_by_one_message(folder_of_runs, monkeypatch):
    async def work(panel):
        grid, sent = find(panel, RunGrid), []
        grid.choose({"a"})
        monkeypatch.setattr(grid, "send_state", lambda key=None: sent.append({*key}))
        find(panel, widgets.Text, "Filter").value = "deep"
        assert {"_dt_args", "selected_rows"} <= sent[0] and grid.selected_rows == []

    with_panel(folder_of_runs, work)


@pytest.mark.slow
def test_a_click_into_a_list_that_was_replaced_meanwhile_chooses_the_run_that_was_clicked(folder_of_runs):
    async def work(panel):
        grid = find(panel, RunGrid)
        grid.choose({"b", "deep/c"})
        number, names = grid._number, list(grid.names)
        find(panel, widgets.Text, "Filter").value = "steps == 6"
        assert names == ["deep/c", "b", "a"] and grid.names == ["b", "a"]
        grid.set_state({"selected_rows": [0, 2], "_clicked": [number, 0, 2]})  # b was taken out, and a chosen
        assert grid.chosen == {"a"} and [path.name for path in panel.runs.chosen] == ["a"]
        grid.set_state({"selected_rows": [0, 1], "_clicked": [grid._number, 0, 1]})
        assert grid.chosen == {"a", "b"}
        find(panel, widgets.Text, "Filter").value = ""
        assert grid.chosen == {"a", "b", "deep/c"}

    with_panel(folder_of_runs, work)


def test_where_there_is_nothing_to_draw_no_old_picture_stays(folder_of_runs):
    async def work(panel):
        column = find(panel, widgets.Combobox)
        assert is_shown(panel)
        column.value = "nonsense"
        assert not is_shown(panel) and "has a column &#x27;nonsense&#x27;; they have: step" in said(panel)
        column.value = "loss/pde"
        assert is_shown(panel) and "nonsense" not in said(panel)
        find(panel, widgets.Button, "None").click()
        assert not is_shown(panel) and "choose runs above" in said(panel)

    with_panel(folder_of_runs, work)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("", {"a", "b", "deep/c"}),
        ("error < 0", set()),
        ("step == 3", {"deep/c"}),
        ("DEEP", {"deep/c"}),
        ("e", {"deep/c", "a", "b"}),
    ],
)
def test_a_filter_is_a_condition_or_words(folder_of_runs, wanted, names):
    assert set(matching(runs_table(folder_of_runs), wanted).index) == names


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("setp == 3", "no column is called setp"),
        ("step = 3", "equality is written ==, not ="),
        ("step % 2 > 'x'", "one reads error < 1e-3 and status == 'completed'"),
        ("(step", "it is incomplete, for ( is not closed"),
        ("status == 'completed", "it is incomplete, for ' is not closed"),
        ("error <", "it is incomplete, for nothing follows '<'"),
        ("error < 1 and", "it is incomplete, for nothing follows 'and'"),
        ("step in", "it is incomplete, for nothing follows 'in'"),
        ("validation", "it is incomplete, for validation has to be compared with something"),
        ("run", "it is incomplete, for run has to be compared with something"),
    ],
)
def test_a_condition_that_is_none_is_told_with_the_columns_and_all_runs_are_listed(folder_of_runs, wanted, reason):
    async def work(panel):
        find(panel, widgets.Text, "Filter").value = wanted
        told = [html.unescape(child.value) for child in panel.runs.children if isinstance(child, widgets.HTML)]
        (fault,) = [text for text in told if text.startswith("not a condition")]
        assert reason in fault and "columns: run, status, step, error" in fault and "learning_rate" in fault
        assert "3 of 3 runs, 3 chosen" in labels(panel)
        find(panel, widgets.Text, "Filter").value = ""
        assert not any("not a condition" in child.value for child in panel.runs.children if hasattr(child, "value"))

    with_panel(folder_of_runs, work)


def test_what_reads_like_a_condition_may_be_a_part_of_a_name_or_a_list():
    names = ["sweep/seed=0-0123456789abcdef", "sweep/seed=1-fedcba9876543210"]
    table = pd.DataFrame(
        {"status": "completed", "hidden_layers": ["[20]", "[8, 8]"]}, index=pd.Index(names, name="run")
    )
    for wanted in ("seed=1", "hidden_layers == '[8, 8]'", "[8, 8]"):
        assert matching(table, wanted).index.tolist() == names[1:]


def test_the_configs_of_chosen_runs_are_set_side_by_side(folder_of_runs):
    async def work(panel):
        texts = [child.value for child in panel.children if isinstance(child, widgets.HTML)]
        assert any("learning_rate" in text and "0.02" in text for text in texts)

    with_panel(folder_of_runs, work)


@pytest.mark.slow
def test_curves_and_table_are_written_into_the_folder(tmp_path, folder_of_runs):
    shutil.copytree(folder_of_runs, tmp_path / "runs")

    async def work(panel):
        for kind in ("PDF", "PNG", "SVG", "CSV"):
            find(panel, widgets.Button, kind).click()

    with_panel(tmp_path, work)
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "comparison.pdf").read_bytes().startswith(b"%PDF")
    assert b"<svg" in (tmp_path / "comparison.svg").read_bytes()
    assert "run" in pd.read_csv(tmp_path / "comparison.csv").columns


def test_a_folder_without_runs_says_so(tmp_path):
    async def work(panel):
        assert any("choose runs above" in child.value for child in panel.children if isinstance(child, widgets.HTML))
        assert not panel.runs.chosen

    with_panel(tmp_path, work)


def test_a_running_run_moves_on_by_itself(tmp_path, tiny, monkeypatch):
    monkeypatch.setattr(module, "POLL_S", 0.05)
    ep.train(tiny(), tmp_path / "done")

    async def work(panel):
        panel.runs.table.loc["done", "status"] = "running"
        before = bytes(find(panel, widgets.Image).value)
        ep.train(tiny(steps=9), tmp_path / "done", resume="auto")
        for _ in range(100):
            await asyncio.sleep(0.05)
            if bytes(find(panel, widgets.Image).value) != before:
                return panel.runs.table.loc["done", "step"]

    assert with_panel(tmp_path, work) == 9


SHIPPED = {"problem": "receivers", "data": "data/aluminium_receivers.h5", "unknowns": ["lambda", "mu"]}


@pytest.mark.parametrize("is_own", [False, True])
def test_a_run_that_ends_is_listed_with_the_values_and_the_verdict_of_its_end(tmp_path, tiny, inverse, is_own):
    lists = []  # made while the run is at its first step

    def at_first(row):
        if not lists:
            lists.append(RunList(tmp_path, lambda: None))
            assert lists[0].table["status"].tolist() == ["running"]

    config = tiny(steps=20, learning_rate=0.02) if is_own else tiny(steps=20, learning_rate=0.02, **SHIPPED)
    run = ep.train(config, tmp_path / "run", inverse if is_own else None, control=ep.Control(at_first))
    (runs,) = lists
    before = runs.table.loc["run"]
    assert {"mu", "fit"}.isdisjoint(before.index) if is_own else before["fit"] == "not assessed"
    assert runs.refresh_running(), "the end of a chosen run has to be drawn"
    after = runs.table.loc["run"]
    assert (after["status"], after["step"]) == ("completed", 20)
    assert after["mu"] == run.material()["mu"] != before.get("mu")
    assert (after["fit"], after["chi2"]) == (run.fit.verdict, run.fit.chi_square)
    assert not runs.refresh_running()


def test_a_run_that_ends_between_two_looks_at_its_summary_is_not_listed_as_ended_with_values_from_before(
    folder_of_runs, monkeypatch
):
    end = ep.Run(folder_of_runs / "a").summary
    looks = iter([end.changed({"status": "running", "step": 2})])
    monkeypatch.setattr(ep.Run, "summary", property(lambda run: next(looks, end)))
    row, _ = run_row(folder_of_runs / "a")
    assert (row["status"], row["step"]) in {("completed", 6), ("running", 6), ("running", 2)}


@pytest.mark.slow
def test_each_run_that_is_running_moves_on_whether_it_is_chosen_or_not(tmp_path, tiny, monkeypatch):
    monkeypatch.setattr(module, "POLL_S", 0.01)
    for name in ("chosen", "other", "still"):
        ep.train(tiny(), tmp_path / name)

    async def work(panel):
        find(panel, RunGrid).choose({"chosen"})
        panel.runs.table.loc[["other", "still"], "status"] = "running"
        ep.train(tiny(steps=9), tmp_path / "other", resume="auto")
        ep.train(tiny(steps=8), tmp_path / "chosen", resume="auto")  # not known to be running: as it was
        async with asyncio.timeout(60):
            while (panel.runs.table["status"] == "running").any():
                await asyncio.sleep(0.01)
        return panel.runs.table["step"].to_dict(), cells(panel)["other"]["step"]

    assert with_panel(tmp_path, work) == ({"chosen": 6, "other": 9, "still": 6}, "9")


def test_rows_that_are_as_they_were_are_not_sent_again(folder_of_runs, monkeypatch):
    async def work(panel):
        sent = []
        find(panel, RunGrid).observe(sent.append)
        panel.runs.refresh()
        panel.runs.table["status"] = "running"
        monkeypatch.setattr(RunList, "_show", lambda _: sent.append("a poll"))
        assert panel.runs.refresh_running()
        return sent

    assert with_panel(folder_of_runs, work) == []


def test_a_run_that_cannot_be_read_is_listed_and_hides_no_other(tmp_path, folder_of_runs):
    folder = shutil.copytree(folder_of_runs, tmp_path / "runs")
    (folder / "b" / "config.json").write_text("{")

    async def work(panel):
        grid = find(panel, RunGrid)
        assert len(grid.names) == 3 and grid.chosen == {"a", "deep/c"}
        grid.choose({"a", "b"})
        assert any("config.json" in child.value for child in panel.children if isinstance(child, widgets.HTML))

    with_panel(folder, work)


def test_columns_are_those_of_the_first_chosen_run_that_has_a_history(tmp_path, folder_of_runs):
    folder = shutil.copytree(folder_of_runs, tmp_path / "runs")
    shutil.rmtree(folder / "deep" / "c" / "checkpoints")
    (folder / "deep" / "c" / "history.h5").unlink()

    async def work(panel):
        assert panel.runs.chosen[0].name == "c" and is_shown(panel)
        return find(panel, widgets.Combobox, "Column")

    column = with_panel(folder, work)
    assert column.value == "loss/validation" and "loss/pde" in column.options


def test_floats_are_rounded_and_integers_and_small_numbers_are_not(tmp_path, folder_of_runs):
    for name, fields in {"a": {"learning_rate": 3 * 0.29, "seed": 1234567}, "b": {"learning_rate": 1e-8}}.items():
        folder = shutil.copytree(folder_of_runs / name, tmp_path / name)
        config = json.loads((folder / "config.json").read_text()) | fields
        (folder / "config.json").write_text(json.dumps(config))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{")  # beside which the column of seeds is one of floats

    async def work(panel):
        return {cell for row in cells(panel).values() for cell in row.values()}, said(panel)

    listed, differences = with_panel(tmp_path, work)
    assert {"0.87", "1e-08", "1234567"} <= listed
    assert all(f"<td>{text}</td>" in differences for text in ("0.87", "1e-08", "1234567"))


def test_runs_of_one_name_are_told_apart(tmp_path, folder_of_runs):
    for sweep, run in (("s1", "a"), ("s2", "deep/c")):
        shutil.copytree(folder_of_runs / run, tmp_path / sweep / "x")

    async def work(panel):
        return " ".join(child.value for child in panel.children if isinstance(child, widgets.HTML))

    said = with_panel(tmp_path, work)
    assert "<th>s1/x</th>" in said and "<th>s2/x</th>" in said


def test_a_look_that_fails_is_not_the_last_one(tmp_path, folder_of_runs, monkeypatch):
    monkeypatch.setattr(module, "POLL_S", 0.01)
    looks = []

    async def work(panel):
        def refresh():
            looks.append(1)
            raise OSError("the disk is away for a moment")

        panel.runs.refresh_running = refresh
        async with asyncio.timeout(30):
            while len(looks) < 2:
                await asyncio.sleep(0.01)

    with_panel(folder_of_runs, work)
