"""Wherever a found value is shown, it has its ± and the verdict of the run's summary, or none and why."""

import html
import json
import math
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import elastic_pinn as ep
from elastic_pinn.fit import NOT_ASSESSED, DerivedValue, ShotFit
from elastic_pinn.workbench.batch.status import status_row
from elastic_pinn.workbench.cli.app import app
from elastic_pinn.workbench.fit_columns import fit_columns
from elastic_pinn.workbench.panels.training.result import NOT_YET, ResultView
from elastic_pinn.workbench.run_columns import run_columns, texts
from elastic_pinn.workbench.run_table import runs_table
from elastic_pinn.workbench.tables import material_table, material_text
from elastic_pinn.workbench.text import interval_text, value_text
from elastic_pinn.workbench.verdict import calibration_texts, values_text

ERRORS = {"lambda": 8.1e7, "mu": 1.6e7}
DERIVED_ERRORS = {"c_p": (3.21, 3.21), "c_s": (1.04, 1.04), "E": (4.3e7, 4.3e7), "nu": (0.14, 0.056)}  # below, above
CORRELATED = "the errors of lambda and mu are correlated by -0.41"
CONDITION = "for rho = 2700 kg/m3 as given, taken as exact"
EXPLAINED = "the data are explained: misfit 0.99 times the noise (stated)"
HOLDS = f"± holds: {EXPLAINED}"


@pytest.fixture(scope="module")
def runs(inverse_run, tmp_path_factory) -> dict[str, ep.Run]:
    """An inverse run whose fit is `withheld`, the same with a fit that `holds`, and one of an `old` version."""
    folder = tmp_path_factory.mktemp("verdicts")
    found = inverse_run.fit
    fits = {
        "withheld": found,
        "holds": replace(
            found,
            verdict="holds",
            reason=EXPLAINED,
            notes=[],
            held_out_samples=0,
            remedies=[],
            plus_minus=ERRORS,
            is_lower_bound=False,
            correlations={"lambda and mu": -0.41},
            derived={
                name: DerivedValue(
                    found.derived[name].value,
                    below if below == above else None,
                    found.derived[name].value - below,
                    found.derived[name].value + above,
                )
                for name, (below, above) in DERIVED_ERRORS.items()
            },
            derived_correlations={"c_p and c_s": 0.12},
        ),
        "old": None,
    }
    for name, fit in fits.items():
        path = Path(shutil.copytree(inverse_run.path, folder / name)) / "summary.json"
        summary = json.loads(path.read_text())
        del summary["fit"]
        path.write_text(json.dumps(summary if fit is None else {**summary, "fit": fit.as_json()}))
    return {name: ep.Run(folder / name) for name in fits}


def derived_text_of(run: ep.Run) -> str:
    """Such as "c_p = 6438.5 ± 3.2 m/s, ..., nu = 0.402 (0.262 to 0.458, 68 %)"."""
    c_p, c_s, youngs, nu = (each.value for each in run.fit.derived.values())
    return (
        f"c_p = {c_p:.1f} ± 3.2 m/s, c_s = {c_s:.1f} ± 1.0 m/s, E = {youngs / 1e9:.3f} ± 0.043 GPa, "
        f"nu = {nu:.3f} ({nu - 0.14:.3f} to {nu + 0.056:.3f}, 68 %)"
    )


def inspected(run: ep.Run) -> str:
    done = CliRunner().invoke(app, ["inspect", str(run.path)])
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_the_summary_gives_the_fit_back(runs):
    assert runs["holds"].fit.plus_minus == ERRORS and runs["withheld"].fit.plus_minus == {}
    assert runs["old"].fit is None


def test_inspect_tells_how_many_samples_were_held_out_of_what_was_recorded(runs):
    fit = runs["withheld"].fit
    assert fit.held_out_samples and fit.samples + fit.held_out_samples == 9922
    told = f"{fit.samples:,} recorded samples were fitted, and {fit.held_out_samples:,} were held out, to check the fit"
    assert told in inspected(runs["withheld"])


def test_a_table_and_its_text_say_it(runs):
    holds, withheld = (material_table(runs[name]) for name in ("holds", "withheld"))
    assert holds.loc["lambda", "±"] == 0.081 and holds.loc["lambda", "verdict"] == "holds"
    assert material_text(holds).splitlines()[0].endswith(" ± 0.081 GPa") and material_text(holds).endswith(HOLDS)
    assert math.isnan(withheld.loc["lambda", "±"]) and withheld.loc["lambda", "verdict"] == "withheld"
    assert " ± " not in material_text(withheld) and runs["withheld"].fit.text in material_text(withheld)


def test_of_all_unknowns_the_two_that_are_correlated_most_are_told(runs, monkeypatch):
    several = {"lambda and mu": -0.41, "lambda and rho": 0.2, "mu and rho": -0.934}
    fit, told = replace(runs["holds"].fit, correlations=several), "the errors of mu and rho are correlated by -0.93"
    assert fit.largest_correlation == told and runs["withheld"].fit.largest_correlation == ""
    monkeypatch.setattr("elastic_pinn.workbench.tables.assessed_fit", lambda source, problem: fit)
    *values, derived, correlation, verdict = material_text(material_table(runs["holds"])).splitlines()
    assert (correlation, verdict) == (told, HOLDS) and len(values) == 2 and derived == derived_text_of(runs["holds"])


def test_the_given_numbers_that_a_value_is_for_are_told_wherever_it_is_shown(runs, tmp_path):
    run = ep.Run(shutil.copytree(runs["holds"].path, tmp_path / "runs" / "of_density"))
    shutil.copytree(runs["withheld"].path, tmp_path / "runs" / "withheld")
    summary = json.loads((run.path / "summary.json").read_text())
    summary["fit"]["given"] = [CONDITION]
    (run.path / "summary.json").write_text(json.dumps(summary))
    assert run.fit.text == f"{HOLDS}\nthe values are:\n- {CONDITION}"
    assert CONDITION in repr(run.fit) and CONDITION in inspected(run)
    assert material_text(material_table(run)).endswith(CONDITION)
    table = runs_table(tmp_path / "runs")
    assert table.loc["of_density", "condition"] == status_row(run.path)["condition"] == CONDITION
    assert table.columns[-1] == "condition" and table["condition"].notna().sum() == 1
    assert sorted(texts(table["condition"])) == ["", CONDITION]


def test_an_error_that_is_small_beside_its_unit_is_shown(runs, monkeypatch):
    small = replace(runs["holds"].fit, plus_minus={"lambda": 3e4, "mu": 1.6e7})
    monkeypatch.setattr("elastic_pinn.workbench.tables.assessed_fit", lambda source, problem: small)
    assert material_text(material_table(runs["holds"])).splitlines()[0].endswith(" ± 0.000030 GPa")


def test_an_error_that_is_a_lower_bound_says_so_beside_the_number(runs, monkeypatch):
    bound = replace(runs["holds"].fit, is_lower_bound=True)
    monkeypatch.setattr("elastic_pinn.workbench.tables.assessed_fit", lambda source, problem: bound)
    assert " ± at least 0.081 GPa" in material_text(material_table(runs["holds"]))
    assert " ± at least 0.081 GPa" in values_text(bound)


def test_inspect_says_it(runs):
    assert f"{values_text(runs['holds'].fit)} {CORRELATED} {HOLDS}" in inspected(runs["holds"])
    assert f", no ± {' '.join(runs['withheld'].fit.text.split())}" in inspected(runs["withheld"])
    assert NOT_ASSESSED in inspected(runs["old"])


def test_inspect_of_a_checkpoint_tells_what_it_found(runs, forward_run, monkeypatch):
    def told(path):
        done = CliRunner().invoke(app, ["inspect", "--no-isolated", str(path)])
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())

    newest = runs["holds"].latest().path
    assert f"found {values_text(runs['holds'].fit)} {CORRELATED} {HOLDS} contents" in told(newest)
    monkeypatch.chdir(newest.parent.parent)
    assert derived_text_of(runs["holds"]) in told(newest.relative_to(newest.parent.parent))
    elsewhere = shutil.copy(newest, newest.parent.parent.parent / "alone.h5")
    another = shutil.copy(newest, newest.parent / "step-000000001-g000.h5")
    for path in (elsewhere, another, runs["old"].latest().path):
        lines = told(path).partition(" found ")[2]
        assert re.match(r"lambda = [\d.]+ GPa, no ± mu = [\d.]+ GPa, no ± ± and verdict are known only ", lines)
        assert "±" not in told(path).replace("no ±", "").replace("± and verdict", "")
    assert " found " not in told(forward_run.latest().path)


def test_what_follows_from_the_constants_found_has_its_errors_everywhere(runs):
    holds, withheld = (material_table(runs[name]) for name in ("holds", "withheld"))
    assert list(holds.index) == ["lambda", "mu", "rho", "c_p", "c_s", "E", "nu"] == list(withheld.index)
    assert holds.loc["E", ["unit", "role", "±", "verdict"]].to_list() == ["GPa", "derived", 0.043, "holds"]
    found = {name: each.value for name, each in runs["holds"].fit.derived.items()}
    assert holds.loc["c_p", ["unit", "±"]].to_list() == ["m/s", 3.21]
    assert holds.loc["c_p", ["from", "to"]].to_list() == [found["c_p"] - 3.21, found["c_p"] + 3.21]
    assert math.isnan(holds.loc["nu", "±"])
    assert holds.loc["nu", ["from", "to"]].to_list() == [found["nu"] - 0.14, found["nu"] + 0.056]
    assert holds.loc["mu", "± / %"] == pytest.approx(100 * 0.016 / holds.loc["mu", "found"])
    assert holds.attrs["correlations"] == {"lambda and mu": -0.41, "c_p and c_s": 0.12}
    assert withheld.loc[["c_p", "c_s", "E", "nu"], ["±", "± / %", "from", "to"]].isna().all(axis=None)
    assert derived_text_of(runs["holds"]) in inspected(runs["holds"]) and " ± " not in material_text(withheld)
    table = runs_table(Path(runs["holds"].path).parent)
    assert table.loc["holds", "c_s ±"] == 1.04 and table.loc["holds", "E"] == found["E"]
    assert math.isnan(table.loc["holds", "nu ±"]), "it is not alike either way"
    for name in ("c_p", "E"):
        assert table.loc["withheld", name] > 0 and math.isnan(table.loc["withheld", f"{name} ±"])
    row = status_row(Path(runs["holds"].path))
    assert row["material/c_p"] == found["c_p"] and row["material/c_p ±"] == 3.21


def test_a_fit_of_an_older_version_has_no_errors_of_what_follows(runs, monkeypatch):
    old = replace(runs["holds"].fit, derived={}, derived_correlations={})
    monkeypatch.setattr("elastic_pinn.workbench.tables.assessed_fit", lambda source, problem: old)
    table = material_table(runs["holds"])
    assert table.loc["mu", "±"] == 0.016 and table.loc[["c_p", "c_s", "E", "nu"], "±"].isna().all()


def test_a_density_with_an_error_of_its_own_is_shown_with_it(runs, monkeypatch):
    problem = runs["holds"].problem()
    uncertain = replace(problem, material=replace(problem.material, density_plus_minus=30.0))
    monkeypatch.setattr(ep.Checkpoint, "problem", lambda self, own: uncertain)
    table = material_table(runs["holds"])
    assert table.loc["rho", ["found", "±", "from", "to"]].to_list() == [2700.0, 30.0, 2670.0, 2730.0]
    assert table.loc["rho", "role"] == "known"


def test_an_interval_has_two_digits_of_its_half():
    told = " ".join(interval_text.__doc__.split())
    assert f'"{interval_text("nu", 0.343, 0.198, 0.402, "")}", where' in told
    assert interval_text("E", 70.2, 60.0, 90.0, "GPa", is_lower_bound=True) == "E = 70 (60 to 90 at least, 68 %) GPa"


def test_the_table_of_runs_says_it(runs):
    table = runs_table(Path(runs["holds"].path).parent)
    assert table["fit"].to_dict() == {"holds": "holds", "withheld": "withheld", "old": "not assessed"}
    assert table.loc["holds", "mu ±"] == ERRORS["mu"] and table["mu ±"].notna().sum() == 1
    assert table.loc["old", "mu"] == table.loc["holds", "mu"] == runs["holds"].material()["mu"]
    assert table.loc["holds", "chi2"] == runs["holds"].fit.chi_square > 1.5 and math.isnan(table.loc["old", "chi2"])
    assert run_columns(table)["mu ±"].head == "mu ± / Pa" and "1.6e+07" in texts(table["mu ±"])


def test_a_table_of_forward_runs_has_no_such_columns(folder_of_runs):
    assert not {"lambda", "mu ±", "fit", "chi2"} & set(runs_table(folder_of_runs).columns)


def test_the_row_of_a_sweep_says_it(runs, forward_run):
    rows = {name: status_row(Path(run.path)) for name, run in runs.items()}
    assert {name: row["fit"] for name, row in rows.items()} == {
        "holds": "holds", "withheld": "withheld", "old": "not assessed"
    }  # fmt: skip
    assert rows["holds"]["material/mu ±"] == ERRORS["mu"] and math.isnan(rows["withheld"]["material/mu ±"])
    assert "material/mu ±" not in rows["old"] and "fit" not in status_row(Path(forward_run.path))


SOURCE = {"amplitude": 0.70123, "origin_time": -1.3e-6}
GAINS = {f"gain of {row} y": 0.5 + 0.1 * row for row in range(6)}


def test_what_was_found_of_the_source_is_told_everywhere(runs, tmp_path):
    run = ep.Run(shutil.copytree(runs["holds"].path, tmp_path / "runs" / "of_source"))
    summary = json.loads((run.path / "summary.json").read_text())
    summary["fit"] |= {
        "calibration": SOURCE | GAINS,
        "calibration_plus_minus": {"amplitude": 0.0093, "origin_time": 1.4e-8} | dict.fromkeys(GAINS, 0.02),
        "wavelet": {"time": [0.0], "strength": [1.0]},
    }
    (run.path / "summary.json").write_text(json.dumps(summary))
    told = ["amplitude = 0.7012 ± 0.0093", "origin time = -1.300 ± 0.014 µs",
            "gains of 6 channels from 0.5 to 1, ± 0.02"]  # fmt: skip
    assert material_text(material_table(run)).splitlines()[3:6] == told
    assert f", {', '.join(told)} {CORRELATED} {HOLDS}" in inspected(run)
    table, row = runs_table(tmp_path / "runs"), status_row(run.path)
    for name, error in (("amplitude", 0.0093), ("origin_time", 1.4e-8)):
        for shown in (table.loc["of_source"], row):
            assert shown[name] == SOURCE[name] and shown[f"{name} ±"] == error


def test_few_gains_are_told_one_by_one_and_of_a_wavelet_its_greatest_strength(runs):
    wavelet = {"time": [1e-6, 2e-6, 3e-6], "strength": [0.1, -2.0, 0.3], "plus_minus": [0.1, 0.03, 0.1]}
    fit = replace(runs["holds"].fit, wavelet=wavelet, calibration={"gain of 3 y": 1.25})
    assert calibration_texts(fit) == [
        "gain of 3 y = 1.250, no ±",
        "greatest strength of the wavelet = -2.000 ± 0.030, at 2 µs",
    ]
    assert calibration_texts(replace(fit, wavelet={}, calibration={})) == []


def test_what_was_found_beside_the_material_has_a_lower_bound_too(runs):
    wavelet = {"time": [1e-6, 2e-6], "strength": [0.1, -2.0], "plus_minus": [0.1, 0.03]}
    bound = replace(runs["holds"].fit, is_lower_bound=True)
    few = replace(
        bound, wavelet=wavelet, calibration={"gain of 3 y": 1.25}, calibration_plus_minus={"gain of 3 y": 0.02}
    )
    assert calibration_texts(few) == [
        "gain of 3 y = 1.250 ± at least 0.020",
        "greatest strength of the wavelet = -2.000 ± at least 0.030, at 2 µs",
    ]
    errors = dict.fromkeys(GAINS, 0.02) | {"gain of 5 y": 0.04}
    many = replace(bound, calibration=GAINS, calibration_plus_minus=errors)
    assert calibration_texts(many) == ["gains of 6 channels from 0.5 to 1, ± at least 0.02 to 0.04"]


@pytest.mark.parametrize("name", ["holds", "withheld", "old"])
def test_the_figure_of_the_material_says_it(runs, name):
    said = ep.figures.material_traces(runs[name]).get_suptitle().replace("\n", " ")
    fit = runs[name].fit
    assert said == (fit.headline if fit else NOT_ASSESSED)
    if fit and fit.condition:
        assert fit.condition not in said
        assert said.endswith('see the list "the values are" of elastic-pinn inspect, or of the tab Result')
        for shown in (inspected(runs[name]), html.unescape(ResultView(runs[name].path).value)):
            assert fit.given[0] in shown.split("the values are:")[1]


def test_the_docstring_shows_what_is_returned():
    told = " ".join(value_text.__doc__.split())
    assert f'"{value_text("lambda", 57.6213, 0.084, "GPa")}", to two digits of the error' in told
    assert f'"{value_text("lambda", 57.6213, math.nan, "GPa")}" where that is not known' in told


def test_a_value_has_two_digits_of_its_error_and_four_without():
    assert value_text("mu", 26.0012, 0.0153, "GPa") == "mu = 26.001 ± 0.015 GPa"
    assert value_text("mu", 26.0012, 4.2, "GPa") == "mu = 26.0 ± 4.2 GPa"
    assert value_text("lambda", 73.95, math.nan, "GPa") == "lambda = 73.95 GPa, no ±"
    assert value_text("mu", 26.0, math.inf, "GPa") == "mu = 26.00 GPa, no ±"
    assert value_text("mu", 26.0, 0.0, "GPa") == "mu = 26.00 GPa, no ±", "nothing is known without error"


def test_a_fit_that_cannot_be_read_is_told_as_that_in_tables(tiny, tmp_path):
    run = ep.train(tiny(steps=1), tmp_path / "run")
    summary = json.loads((run.path / "summary.json").read_text())
    (run.path / "summary.json").write_text(json.dumps(summary | {"fit": {"verdict": "surely"}}))
    assert fit_columns(ep.Run(run.path), run.summary) == {"fit": "unreadable"}


def legend_of(figure):
    return sorted(text.get_text() for text in figure.legends[0].get_texts())


def test_of_several_shots_each_has_its_misfit_and_its_wavelet(runs, monkeypatch):
    left = {"time": [0.0, 1e-6, 2e-6], "strength": [0.0, 1.0, -0.5], "plus_minus": [0.1, 0.02, 0.02]}
    right = {"time": [0.0, 1e-6, 2e-6], "strength": [0.0, 0.3, 0.7], "plus_minus": [0.1, 0.02, 0.03]}
    shots = {"left": ShotFit(1.21, left), "right": ShotFit(0.81, right), "known": ShotFit(None, {})}
    fit = replace(runs["holds"].fit, wavelet=left, shots=shots)
    assert calibration_texts(fit) == [
        "greatest strength of the wavelet of shot left = 1.000 ± 0.020, at 1 µs",
        "greatest strength of the wavelet of shot right = 0.700 ± 0.030, at 2 µs",
        "misfit of shot left 1.1 times the noise",
        "misfit of shot right 0.9 times the noise",
    ]
    monkeypatch.setattr(ep.Run, "fit", fit)
    for shot, found in {"": left, "left": left, "right": right}.items():
        (axes,) = ep.figures.wavelet(runs["holds"], shot=shot).axes
        assert axes.lines[0].get_ydata().tolist() == found["strength"]
    banded = "found, 2 standard deviations either way"
    assert legend_of(ep.figures.wavelet(runs["holds"], ep.Ricker(1e6, 1e-6))) == ["found", banded, "stated"]
    alone = {name: each for name, each in left.items() if name != "plus_minus"}
    monkeypatch.setattr(ep.Run, "fit", replace(fit, wavelet=alone, shots={}))
    assert legend_of(ep.figures.wavelet(runs["holds"], ep.Ricker(1e6, 1e-6))) == ["found", "stated"]
    monkeypatch.setattr(ep.Run, "fit", fit)
    with pytest.raises(ValueError, match="no wavelet was unknown"):
        ep.figures.wavelet(runs["holds"], shot="known")
    with pytest.raises(ValueError, match="legal are 'left', 'right', 'known'"):
        ep.figures.wavelet(runs["holds"], shot="middle")


def test_of_shots_of_unlike_sources_each_is_told(runs, monkeypatch):
    found = {"time": [0.0, 1e-6], "strength": [0.0, 1.0]}
    shots = {"a": ShotFit(1.0, found), "b": ShotFit(1.0, found), "c": ShotFit(1.0, {})}
    fit = replace(runs["holds"].fit, wavelet=found, shots=shots, calibration={"amplitude of shot a": 1.2})
    told = calibration_texts(fit)
    assert told[0].startswith("amplitude of shot a = 1.200") and len(told) == 2 + len(shots)
    assert told[1].startswith("greatest strength of the wavelet of shot b = 1.000")
    monkeypatch.setattr(ep.Run, "fit", replace(fit, wavelet={}, shots={"c": shots["c"], "b": shots["b"]}))
    (axes,) = ep.figures.wavelet(runs["holds"]).axes
    assert axes.lines[0].get_ydata().tolist() == found["strength"]


def test_each_item_of_a_verdict_is_a_line_of_text_and_of_a_list_in_the_panel(runs, tmp_path):
    path = Path(shutil.copytree(runs["holds"].path, tmp_path / "told"))
    summary = json.loads((path / "summary.json").read_text())
    moves = [{"number": "the width of the source", "step": "10 % larger", "moved": {"lambda": -8.1e6, "mu": 3.2e7}}]
    summary["fit"] |= {"notes": ["x < y"], "given": [CONDITION, "for sources as given"], "moves": moves}
    del summary["fit"]["remedies"]
    (path / "summary.json").write_text(json.dumps(summary))
    fit = ep.Run(path).fit
    lame_lambda, mu = (100.0 / fit.values[name] for name in ("lambda", "mu"))
    moved = f"lambda by {-8.1e6 * lame_lambda:+.2g} % (0.1 ±), mu by {3.2e7 * mu:+.2g} % (2 ±)"
    lines = [
        "- x < y",
        "the values are:",
        f"- {CONDITION}",
        "- for sources as given",
        "were a given number another, the values would move by (in brackets: by so many ±):",
        f"- the width of the source, 10 % larger: {moved}",
    ]
    assert fit.text.splitlines() == [HOLDS, *lines]
    done = CliRunner().invoke(app, ["inspect", str(path)])
    assert [line.strip() for line in done.output.splitlines() if line.strip() in lines] == lines
    assert material_text(material_table(ep.Run(path))).splitlines()[-len(lines) :] == lines
    shown = ResultView(path).value
    assert f"<b>{HOLDS}</b>" in shown and values_text(fit) in shown
    assert re.findall(r"<li>(.*?)</li>", shown) == [
        html.escape(line.removeprefix("- ")) for line in lines if line.startswith("- ")
    ]


def test_the_result_is_shown_once_the_run_has_ended(runs, tmp_path):
    view = ResultView(tmp_path / "run")
    assert NOT_YET in view.value
    shutil.copytree(runs["withheld"].path, tmp_path / "run")
    view.draw()
    assert NOT_YET not in view.value and f"<b>{html.escape(runs['withheld'].fit.outcome)}</b>" in view.value
