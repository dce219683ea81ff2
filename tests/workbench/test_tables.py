import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.figures.found.assessed_fit import assessed_fit
from elastic_pinn.workbench.tables import material_table, material_text


def test_the_material_table_sets_found_values_beside_start_and_truth(inverse_run):
    table = material_table(inverse_run)
    found = inverse_run.material()
    assert table["unit"].to_dict() == {
        "lambda": "GPa", "mu": "GPa", "rho": "kg/m3", "c_p": "m/s", "c_s": "m/s", "E": "GPa", "nu": ""
    }  # fmt: skip
    assert table["role"].to_list() == ["unknown", "unknown", "known", *["derived"] * 4]
    assert table.loc["c_s", "found"] == pytest.approx((found["mu"] / 2700.0) ** 0.5)
    assert table.loc["c_s", "true"] == pytest.approx((2.6e10 / 2700.0) ** 0.5)
    assert table.loc["nu", "start"] == pytest.approx(0.5 * 1.3 * 57.6 / (1.3 * 57.6 + table.loc["mu", "start"]))
    assert table.loc["mu", "found"] == pytest.approx(found["mu"] / 1e9, abs=1e-4)
    assert table.loc["mu", "true"] == 26.0
    assert table.loc["mu", "error / %"] == pytest.approx(100 * (found["mu"] / 2.6e10 - 1), abs=1e-3)
    assert table["verdict"].to_list() == ["withheld", "withheld", "", *["withheld"] * 4]
    assert np.isnan(table.loc["mu", "±"]) and table.loc["rho", "±"] == 0
    assert table.attrs["verdict"] == inverse_run.fit.text
    assert table.loc["rho", "found"] == table.loc["rho", "start"] == 2700.0
    assert ep.material_table is material_table


def test_without_a_truth_there_is_no_error(forward_run):
    table = material_table(forward_run)
    assert table["true"].isna().all()
    assert table["error / %"].isna().all()


def test_the_unknowns_are_told_with_two_digits_of_what_is_uncertain():
    columns = ["role", "found", "±", "unit"]
    rows = [["unknown", 57.6234, 0.0812, "GPa"], ["unknown", 26.0, 1.24, "GPa"], ["known", 2700.0, 0.0, "kg/m3"]]
    table = pd.DataFrame(rows, ["lambda", "mu", "rho"], columns)
    table["from"], table["to"] = table["found"] - table["±"], table["found"] + table["±"]
    table.attrs["verdict"] = "the data are explained"
    assert material_text(table) == "lambda = 57.623 ± 0.081 GPa\nmu = 26.0 ± 1.2 GPa\nthe data are explained"
    table.attrs["correlation"] = "the errors of lambda and mu are correlated by -0.42"
    assert material_text(table).splitlines()[2:] == [table.attrs["correlation"], "the data are explained"]


def test_a_value_without_an_error_has_few_digits_and_the_reason_below(inverse_run):
    text = material_text(material_table(inverse_run))
    first, second, derived, *why = text.splitlines()
    assert re.fullmatch(r"lambda = \d\d\.\d\d GPa, no ±", first) and re.fullmatch(r"mu = \d\d\.\d\d GPa, no ±", second)
    assert re.fullmatch(r"c_p = \d{4} m/s, no ±, c_s = \d{4} m/s, no ±, E = .* GPa, no ±, nu = 0\.\d{4}, no ±", derived)
    assert "\n".join(why) == inverse_run.fit.text and why[0].startswith("no ±: ")


@pytest.mark.slow
def test_of_a_run_of_an_older_version_the_verdict_is_worked_out(inverse_run, tmp_path):
    copy = Path(shutil.copytree(inverse_run.path, tmp_path / "old"))
    summary = json.loads((copy / "summary.json").read_text())
    del summary["fit"]
    (copy / "summary.json").write_text(json.dumps(summary))
    assert ep.Run(copy).fit is None
    assert assessed_fit(copy) == assessed_fit(ep.Run(copy).latest()) == inverse_run.fit


def test_there_is_no_verdict_without_unknowns(forward_run):
    assert assessed_fit(forward_run) is None and material_text(material_table(forward_run)) == ""
