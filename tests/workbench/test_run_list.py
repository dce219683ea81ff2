"""The table of runs to choose from, without a browser: what of it the browser gets."""

import json
import shutil
import sys
from importlib import import_module

import ipywidgets as widgets
import pandas as pd
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.panels.comparison.run_grid import LISTS, RunGrid, with_numbers
from elastic_pinn.workbench.panels.comparison.run_list import RunList
from elastic_pinn.workbench.run_columns import MISSING, run_columns
from tests.workbench.many_runs import copy_often


def shown(grid) -> dict[str, list]:
    """The columns that the browser gets, by their names."""
    names = [column["name"] for column in grid._dt_args["columnDefs"]]
    rows = json.loads(grid._dt_args["data_json"])
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def grid_of(runs) -> RunGrid:
    (grid,) = [child for child in runs.children if isinstance(child, RunGrid)]
    return grid


def box(runs, head) -> widgets.Checkbox:
    """The box to tick for a column."""
    boxes = [
        box for child in runs.children for box in getattr(child, "children", ()) if isinstance(box, widgets.Checkbox)
    ]
    (found,) = [box for box in boxes if box.description == head]
    return found


def test_several_hundred_runs_are_sorted_by_numbers_with_those_without_one_apart(tmp_path, folder_of_runs):

    copy_often(ep.Run(folder_of_runs / "a"), tmp_path, 300)
    runs = RunList(tmp_path, lambda: None)
    columns = shown(grid_of(runs))
    assert len(columns["run"]) == 300 and "downsampling_warning" not in grid_of(runs)._dt_args
    errors = runs.table["error"]
    by_rank = sorted(range(300), key=lambda row: columns["rank of error"][row])
    known = [row for row in by_rank if columns["rank of error"][row] != MISSING]
    assert 200 < len(known) < 300 and errors.iloc[known].is_monotonic_increasing
    missing = set(range(300)).difference(known)
    assert {columns["error"][row] for row in missing} == {""} and errors.iloc[sorted(missing)].isna().all()
    (of_error,) = [each for each in grid_of(runs)._dt_args["columnDefs"] if each["name"] == "error"]
    assert list(columns)[of_error["orderData"][0]] == "rank of error"


def test_columns_are_shown_as_they_are_ticked(folder_of_runs):
    runs = RunList(folder_of_runs, lambda: None)
    assert "validation" not in shown(grid_of(runs)) and "seed" in shown(grid_of(runs))
    box(runs, "validation").value, box(runs, "seed").value = True, False
    assert "validation" in shown(grid_of(runs)) and "seed" not in shown(grid_of(runs))
    runs.refresh()
    assert "validation" in shown(grid_of(runs)) and "seed" not in shown(grid_of(runs))


def test_a_column_that_comes_with_a_later_run_is_offered_and_what_was_ticked_stays(folder_of_runs, tmp_path):

    shutil.copytree(folder_of_runs / "a", tmp_path / "a")
    runs = RunList(tmp_path, lambda: None)
    box(runs, "validation").value = True
    shutil.copytree(folder_of_runs / "b", tmp_path / "b")
    runs.refresh()
    assert {"validation", "seed"} <= set(shown(grid_of(runs))) and box(runs, "seed").value


def test_all_and_none_choose_among_the_runs_that_are_listed(folder_of_runs):
    choices = []
    runs = RunList(folder_of_runs, lambda: choices.append([path.name for path in runs.chosen]))
    row = runs.children[0]
    text = next(child for child in row.children if isinstance(child, widgets.Text))
    buttons = {child.description: child for child in row.children if isinstance(child, widgets.Button)}
    assert choices == []
    buttons["None"].click()
    text.value = "seed == 0"
    buttons["All"].click()
    text.value = ""
    assert [len(choice) for choice in choices] == [0, 2] and set(choices[-1]) == {"a", "c"}


def test_names_and_texts_are_no_html(tmp_path):
    table = pd.DataFrame({"status": ["<b>&"], "x_y": ["<i>"]}, index=pd.Index(["<script>'\""], name="run"))
    grid = RunGrid(lambda: None)
    grid.show(table, run_columns(table), ())
    assert shown(grid)["run"] == ["&lt;script&gt;&#x27;&quot;"] and shown(grid)["status"] == ["&lt;b&gt;&amp;"]
    assert "x_<wbr>y" in grid._dt_args["table_html"]


def test_a_name_is_listed_without_its_hash_and_a_long_one_without_its_middle():
    names = ["s/seed=0-0123456789abcdef", "s/seed=1-0123456789abcdef", "x" * 200 + "1", "x" * 200 + "2"]
    table = pd.DataFrame({"step": 1}, index=pd.Index(names, name="run"))
    grid = RunGrid(lambda: None)
    grid.show(table, run_columns(table), ())
    cells = shown(grid)["run"]
    assert [cell.rpartition("</")[0].rpartition(">")[2] for cell in cells[:2]] == ["s/seed=0", "s/seed=1"]
    assert all(f'title="{name}"' in cell for name, cell in zip(names, cells, strict=True))
    assert cells[2].endswith("x1</span>") and cells[3].endswith("x2</span>") and len(cells[2]) < 300


@pytest.mark.parametrize("count", [0, 1])
def test_a_table_with_few_or_no_runs_is_one_too(folder_of_runs, tmp_path, count):
    runs = RunList(folder_of_runs / "a" if count else tmp_path, lambda: None)
    assert len(shown(grid_of(runs))["run"]) == count == len(runs.chosen)


def test_a_click_into_a_list_that_is_kept_no_more_changes_no_choice(folder_of_runs):
    grid = grid_of(RunList(folder_of_runs, lambda: None))
    grid.choose({"a"})
    for count in range(2 * LISTS):
        grid.show(pd.DataFrame(index=["a", f"run {count}"]), {}, grid.chosen)
    grid.set_state({"selected_rows": [1], "_clicked": [1, 1]})
    assert grid.chosen == {"a"}


def test_an_itables_of_another_build_is_used_as_it_is(caplog):
    other = "const t={};export{t as widget};"
    assert with_numbers(other) == other and "may choose another run" in caplog.text
    caplog.clear()
    numbered = with_numbers("const t={};export{t as default};")
    assert numbered.startswith("const t={};const itables = t;") and not caplog.messages


@pytest.mark.parametrize(
    ("fault", "told"),
    [(FileNotFoundError("File not found: static/widget.js"), "static/widget.js"), (ImportError("no itables"), "no it")],
)
def test_without_all_of_itables_it_is_told_what_to_install(monkeypatch, fault, told):
    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "itables.widget":
                raise fault

    monkeypatch.delitem(sys.modules, "itables.widget")
    monkeypatch.delattr("itables.widget")
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "elastic_pinn.workbench.panels.comparison.run_grid")
    with pytest.raises(ImportError, match=rf"needs all of itables, and here .*{told}.*pip install .* itables"):
        import_module("elastic_pinn.workbench.panels.comparison.run_grid")


def test_a_click_into_a_table_that_was_replaced_by_a_shorter_one_breaks_nothing(folder_of_runs):
    runs = RunList(folder_of_runs, lambda: None)
    grid = grid_of(runs)
    grid.selected_rows = [0, len(grid.names) + 3]
    assert list(grid.selected_rows) == [0] and grid.chosen == {grid.names[0]}
    runs.refresh()
    assert runs.chosen == [folder_of_runs / grid.names[0]]
