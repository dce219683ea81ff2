import pandas as pd
import pytest

from elastic_pinn.workbench.tables import material_table, material_text


def test_the_material_table_sets_found_values_beside_start_and_truth(inverse_run):
    table = material_table(inverse_run)
    found = inverse_run.material()
    assert table["unit"].to_dict() == {"lambda": "GPa", "mu": "GPa", "rho": "kg/m3"}
    assert table["role"].to_dict() == {"lambda": "unknown", "mu": "unknown", "rho": "known"}
    assert table.loc["mu", "found"] == pytest.approx(found["mu"] / 1e9, abs=1e-4)
    assert table.loc["mu", "true"] == 26.0
    assert table.loc["mu", "error / %"] == pytest.approx(100 * (found["mu"] / 2.6e10 - 1), abs=1e-3)
    assert table.loc["mu", "±"] > 0 and table.loc["rho", "±"] == 0
    assert table.loc["rho", "found"] == table.loc["rho", "start"] == 2700.0


def test_without_a_truth_there_is_no_error(forward_run):
    table = material_table(forward_run)
    assert table["true"].isna().all()
    assert table["error / %"].isna().all()


def test_the_unknowns_are_told_with_two_digits_of_what_is_uncertain():
    columns = ["role", "found", "±", "unit"]
    rows = [["unknown", 57.6234, 0.0812, "GPa"], ["unknown", 26.0, 1.24, "GPa"], ["known", 2700.0, 0.0, "kg/m3"]]
    text = material_text(pd.DataFrame(rows, ["lambda", "mu", "rho"], columns))
    assert text == "lambda = 57.623 ± 0.081 GPa\nmu = 26.0 ± 1.2 GPa"
