"""The panel that compares runs, without a browser: what is listed, chosen, drawn and exported."""

import asyncio
import shutil

import ipywidgets as widgets
import pandas as pd
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.panels import ComparePanel
from elastic_pinn.workbench.panels import compare_panel as module
from elastic_pinn.workbench.panels.run_list import as_lines, matching
from elastic_pinn.workbench.runs import runs_table


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


def with_panel(folder, work):
    """What a piece of work on a panel gives, with a kernel's event loop."""

    async def run():
        panel = ComparePanel(str(folder))
        result = await work(panel)
        panel._watching.cancel()
        return result

    return asyncio.run(run())


def test_all_runs_are_listed_and_the_newest_are_drawn(folder_of_runs):
    async def work(panel):
        lines = find(panel, widgets.SelectMultiple)
        assert len(lines.options) == 3 and set(lines.value) == {"a", "b", "deep/c"}
        assert bytes(find(panel, widgets.Image).value).startswith(b"\x89PNG")
        lines.value = ("a",)
        assert [str(path) for path in panel.runs.chosen] == [str(folder_of_runs / "a")]
        (axes,) = panel.figure().axes
        assert len(axes.lines) == 1

    with_panel(folder_of_runs, work)


def test_listing_anew_draws_nothing_that_is_as_it_was(folder_of_runs, monkeypatch):
    async def work(panel):
        drawn = []
        monkeypatch.setattr(panel._view, "draw", lambda: drawn.append(1))
        panel.runs.refresh()
        assert not drawn
        find(panel, widgets.SelectMultiple).value = ("a",)
        assert len(drawn) == 1

    with_panel(folder_of_runs, work)


def test_a_filter_lists_those_that_pass_and_keeps_what_is_chosen_of_them(folder_of_runs):
    async def work(panel):
        lines, wanted = find(panel, widgets.SelectMultiple), find(panel, widgets.Text, "Filter")
        wanted.value = "steps == 6 and seed == 1"
        assert [name for _, name in lines.options] == ["b"] and lines.value == ("b",)
        wanted.value = "deep compl"
        assert [name for _, name in lines.options] == ["deep/c"] and lines.value == ()

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


def test_a_condition_that_is_none_is_told_and_all_runs_are_listed(folder_of_runs):
    async def work(panel):
        find(panel, widgets.Text, "Filter").value = "setp == 3"
        assert any("not a condition (name 'setp' is not defined); 3 of 3 runs" in text for text in labels(panel))

    with_panel(folder_of_runs, work)


def test_lines_have_columns_of_one_width(folder_of_runs):
    head, *lines = as_lines(runs_table(folder_of_runs))
    assert {len(line) for line in [head, *lines]} == {len(head)}
    assert head.split()[:4] == ["run", "status", "step", "error"] and len(lines) == 3


def test_the_configs_of_chosen_runs_are_set_side_by_side(folder_of_runs):
    async def work(panel):
        texts = [child.value for child in panel.children if isinstance(child, widgets.HTML)]
        assert any("learning_rate" in text and "0.02" in text for text in texts)

    with_panel(folder_of_runs, work)


def test_curves_and_table_are_written_into_the_folder(tmp_path, folder_of_runs):
    shutil.copytree(folder_of_runs, tmp_path / "runs")

    async def work(panel):
        for kind in ("PNG", "SVG", "CSV"):
            find(panel, widgets.Button, kind).click()

    with_panel(tmp_path, work)
    assert (tmp_path / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "comparison.svg").read_bytes()
    assert "run" in pd.read_csv(tmp_path / "comparison.csv").columns


def test_a_folder_without_runs_says_so(tmp_path):
    async def work(panel):
        assert any("choose runs above" in child.value for child in panel.children if isinstance(child, widgets.HTML))
        assert not panel.runs.chosen

    with_panel(tmp_path, work)


def test_a_running_run_moves_on_by_itself(tmp_path, tiny, monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.05)
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


def test_a_run_that_cannot_be_read_is_listed_and_hides_no_other(tmp_path, folder_of_runs):
    folder = shutil.copytree(folder_of_runs, tmp_path / "runs")
    (folder / "b" / "config.json").write_text("{")

    async def work(panel):
        lines = find(panel, widgets.SelectMultiple)
        assert len(lines.options) == 3 and set(lines.value) == {"a", "deep/c"}
        lines.value = ("a", "b")
        assert any("config.json" in child.value for child in panel.children if isinstance(child, widgets.HTML))

    with_panel(folder, work)


def test_runs_of_one_name_are_told_apart(tmp_path, folder_of_runs):
    for sweep, run in (("s1", "a"), ("s2", "deep/c")):
        shutil.copytree(folder_of_runs / run, tmp_path / sweep / "x")

    async def work(panel):
        return " ".join(child.value for child in panel.children if isinstance(child, widgets.HTML))

    said = with_panel(tmp_path, work)
    assert "<th>s1/x</th>" in said and "<th>s2/x</th>" in said


def test_a_look_that_fails_is_not_the_last_one(tmp_path, folder_of_runs, monkeypatch):
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.01)
    looks = []

    async def work(panel):
        def refresh():
            looks.append(1)
            raise OSError("the disk is away for a moment")

        panel.runs.refresh = refresh
        panel.runs.table["status"] = "running"
        async with asyncio.timeout(30):
            while len(looks) < 2:
                await asyncio.sleep(0.01)

    with_panel(folder_of_runs, work)
