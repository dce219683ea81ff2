"""The table of runs says how each stands, and in what they differ."""

import json
import shutil

import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.run_table import config_differences, find_runs, runs_table, written
from elastic_pinn.yaml_values import read_yaml
from tests.physics.setups.plates import PLATE


def test_runs_are_found_at_any_depth_and_nothing_else_is(folder_of_runs):
    assert [str(path.relative_to(folder_of_runs)) for path in find_runs(folder_of_runs)] == ["a", "b", "deep/c"]


def test_each_run_has_a_row_with_its_standing_and_what_differs(folder_of_runs):
    table = runs_table(folder_of_runs)
    assert set(table.index) == {"a", "b", "deep/c"} and set(table["status"]) == {"completed"}
    assert table.loc["deep/c", "step"] == 3 and table.loc["a", "step"] == 6
    run = ep.Run(folder_of_runs / "a")
    assert table.loc["a", "error"] == run.latest().metrics["error/displacement"]
    assert table.loc["a", "validation"] == run.latest().metrics["loss/validation"]
    assert table.loc["a", "seconds"] == run.summary.wall_s > 0
    assert {"seed", "learning_rate", "steps"} == set(table.columns) - {
        "status", "step", "error", "validation", "seconds", "started"
    }  # fmt: skip
    assert table.loc["b", "seed"] == 1 and table.loc["deep/c", "learning_rate"] == 0.02
    assert table["started"].is_monotonic_decreasing


def test_runs_without_an_exact_solution_have_their_estimated_error(folder_of_runs, plate_run, tmp_path):
    shutil.copytree(folder_of_runs / "a", tmp_path / "known")
    shutil.copytree(plate_run.path, tmp_path / "plate")
    table = runs_table(tmp_path)
    assert list(table.columns[:5]) == ["status", "warnings", "step", "error", "estimated"]
    assert table.loc["plate", "estimated"] == plate_run.summary.metrics["error/estimated"]
    assert table["error"].notna().to_dict() == table["estimated"].isna().to_dict() == {"known": True, "plate": False}


def test_a_run_that_cannot_be_read_is_listed_as_such(tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text("{")
    assert runs_table(tmp_path)["status"].to_dict() == {"broken": "unreadable"}


def test_lists_are_texts_as_a_notebook_writes_them(tmp_path, folder_of_runs):
    folder = shutil.copytree(folder_of_runs, tmp_path / "runs")
    config = folder / "a" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"hidden_layers": [20, 20]}))
    table = runs_table(folder)
    assert table["hidden_layers"].to_dict() == {"a": "[20, 20]", "b": "[8]", "deep/c": "[8]"}
    assert table.query("hidden_layers == '[20, 20]'").index.tolist() == ["a"]
    differences = config_differences([ep.Run(folder / "a"), ep.Run(folder / "b")])
    assert differences.loc["hidden_layers"].tolist() == ["[20, 20]", "[8]"]


def test_lists_of_lists_and_of_dicts_are_texts_too():
    config = ep.Config(**PLATE)
    assert written(config.holes) == "[[0.026, 0.009, 0.003]]" and written(config.sides) == "[free]"
    assert written(config.sources).startswith("[{'kind': 'side_load', 'at': [0.012, 0.02], ")
    assert read_yaml(written(config.sources)) == PLATE["sources"]


def test_an_empty_or_missing_folder_has_no_runs(tmp_path):
    assert runs_table(tmp_path / "nothing").empty


def test_a_column_may_be_any_field_or_result_and_another_name_is_refused_with_the_nearest(folder_of_runs, tmp_path):
    table = runs_table(folder_of_runs, ["hidden_layers", "seed", "error"])
    assert list(table) == ["hidden_layers", "seed", "error"] and set(table["hidden_layers"]) == {"[8]"}
    assert table["seed"].to_dict() == runs_table(folder_of_runs)["seed"].to_dict()
    assert set(runs_table(folder_of_runs, ["warnings"])["warnings"]) == {0}
    results = ["estimated", "mu", "mu ±", "c_p", "fit", "chi2", "condition"]  # which none of these has
    results += ["mu_1", "c_p_12 ±", "origin_time", "amplitude ±"]  # of several materials, and of a source
    results += ["origin_time of shot left", "amplitude of shot 2 ±"]  # of those of several shots
    assert runs_table(folder_of_runs, [*results, "seed"])[results].isna().all(axis=None)
    empty = runs_table(tmp_path / "nothing", ["seed", "error", "fit"])
    assert empty.empty and list(empty) == ["seed", "error", "fit"]
    for folder in (folder_of_runs, tmp_path / "nothing"):
        with pytest.raises(ep.ConfigError, match=r"^'hiden_layers' is not a column of runs; did you mean 'hidden_lay"):
            runs_table(folder, ["seed", "hiden_layers"])
        with pytest.raises(ep.ConfigError, match=r"^'mu_0' is not a column of runs; did you mean 'mu'"):
            runs_table(folder, ["mu_0"])  # materials are counted from 1
        with pytest.raises(ep.ConfigError, match=r"^'mu of shot left' is not a column of runs"):
            runs_table(folder, ["mu of shot left"])
        with pytest.raises(ep.ConfigError, match=r"^columns = 'seed': a list is needed, \['seed'\]"):
            runs_table(folder, "seed")


def test_differences_are_the_fields_that_are_not_alike(folder_of_runs):
    found = config_differences([ep.Run(folder_of_runs / "a"), ep.Run(folder_of_runs / "deep/c")])
    assert set(found.index) == {"learning_rate", "steps"}
    assert found.loc["steps"].tolist() == [6, 3]
    assert config_differences([ep.Run(folder_of_runs / "a")] * 2).empty


def test_a_table_can_be_asked_in_pandas_own_words(folder_of_runs):
    table = runs_table(folder_of_runs)
    assert table.query("steps == 3").index.tolist() == ["deep/c"]
