"""The table of runs as people read it: heads, what is shown at first, cells, and the order of cells."""

import pandas as pd
import pytest

from elastic_pinn.workbench.run_columns import MISSING, ranks, run_columns, texts

FOUND = {
    "status": ["completed", "failed"],
    "step": [6, 3],
    "error": [1e-3, None],
    "estimated": [None, None],
    "validation": [0.5, 0.25],
    "seconds": [1234.5, 2.0],
    "started": pd.to_datetime(["2026-11-29T12:00:00", "2026-11-28T12:00:00"]),
    "mu_2": [2.6e10, None],
    "mu_2 ±": [1.2e7, None],
    "c_p_2": [6345.0, None],
    "c_p_2 ±": [12.0, None],
    "origin_time": [1e-7, None],
    "origin_time ±": [1e-9, None],
    "fit": ["holds", ""],
}


def test_heads_are_names_with_units_and_meanings_are_beside_them():
    columns = run_columns(pd.DataFrame(FOUND | {"frequency_continuation": ["[1e5]", ""], "nu": 0.3, "wavenumber": 2.0}))
    heads = {name: column.head for name, column in columns.items()}
    assert heads["mu_2"] == "mu_2 / Pa" and heads["mu_2 ±"] == "mu_2 ± / Pa" and heads["c_p_2"] == "c_p_2 / m/s"
    assert heads["origin_time ±"] == "origin_time ± / s" and heads["nu"] == "nu" and heads["error"] == "error"
    assert heads["frequency_continuation"] == "frequency_continuation / Hz"
    meanings = {name: column.meaning for name, column in columns.items()}
    assert meanings["mu_2"] == "second Lamé parameter, the shear modulus of material 2"
    assert (
        meanings["c_p_2 ±"]
        == "one standard deviation: speed of P waves (in plane stress, that of a thin plate) of material 2"
    )
    assert meanings["frequency_continuation"] and not meanings["wavenumber"]  # the latter is a user's own number


def test_at_first_are_shown_results_and_unknowns_and_a_few_fields_but_no_empty_column():
    def first(table):
        return [name for name, column in run_columns(table).items() if column.is_first]

    results = ["status", "step", "error", "seconds", "mu_2", "mu_2 ±", "origin_time", "origin_time ±", "fit"]
    table = pd.DataFrame(FOUND)
    assert first(table) == results
    assert first(table.assign(seed=[0, 1], learning_rate=0.1)) == [*results, "seed", "learning_rate"]
    many = dict.fromkeys(("seed", "learning_rate", "steps", "interior_points", "hidden_layers"), 1)
    assert first(table.assign(**many)) == results


def test_an_amplitude_that_was_found_is_no_field_of_a_config():
    field = run_columns(pd.DataFrame({"amplitude": [1e-6, 2e-6]}))["amplitude"]
    found = run_columns(pd.DataFrame({"amplitude": [1.0], "amplitude ±": [0.1]}))["amplitude"]
    assert (field.head, found.head, found.meaning) == ("amplitude / m", "amplitude", "found of the source")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("error", ["1.0e-03", ""]),
        ("seconds", ["1,234.5", "2.0"]),
        ("started", ["2026-11-29 12:00", "2026-11-28 12:00"]),
        ("mu_2 ±", ["1.2e+07", ""]),
        ("step", ["6", "3"]),
    ],
)
def test_cells_are_short_and_empty_where_a_value_is_missing(name, written):
    assert texts(pd.DataFrame(FOUND)[name]) == written


@pytest.mark.parametrize(
    ("values", "placed"),
    [
        (
            [1e-3, 9e-5, 0.2, None, 9e-5],
            [1, 0, 2, MISSING, 0],
        ),  # as texts, 0.2 would be before 1e-3, and this before 9e-5
        ([10, 9, float("nan"), -1], [2, 1, MISSING, 0]),
        (["run-10", "run-9", "Run-1", ""], [3, 2, 1, 0]),
        (["[20]", "[8, 8]", "[8]", "[100]"], [2, 0, 1, 3]),
        ([pd.Timestamp("2026-11-29"), pd.NaT, pd.Timestamp("2026-11-28")], [1, MISSING, 0]),
        (["auto", 10, 2, True], [3, 2, 1, 0]),
    ],
)
def test_values_are_in_order_by_size_and_not_as_texts(values, placed):
    assert ranks(values) == placed
