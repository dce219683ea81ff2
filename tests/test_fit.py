"""A fit in a summary is read whatever version wrote it; one that cannot be read costs nothing else of its run."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import elastic_pinn as ep
from elastic_pinn.fit import Fit, Move
from elastic_pinn.workbench.batch.status import status_row
from elastic_pinn.workbench.cli.app import app
from elastic_pinn.workbench.run_table import runs_table

GOLDEN = Path(__file__).parent / "golden"
SUMMARY = json.loads((GOLDEN / "summary_with_fit.json").read_text())  # of a run of version 0.2.0
NEWER = ("wavelet", "correlations", "calibration", "calibration_plus_minus", "shots")
FIT = SUMMARY["fit"]
NONSENSE = {
    "another verdict": FIT | {"verdict": "perhaps"},
    "no verdict": {name: value for name, value in FIT.items() if name != "verdict"},
    "no fields": {},
    "a text": "holds",
    "a text for a number": FIT | {"values": {"mu": "stiff"}},
    "an unknown that is not known": FIT | {"values": {"eta": 1.0}},
    "a move of what is not found": FIT | {"moves": [{"number": "a", "step": "b", "moved": {"rho": 1.0}}]},
}


@pytest.fixture
def with_fit(tmp_path):
    """A function that gives a copy of a golden run with another fit in its summary."""

    def make(fit: object) -> Path:
        folder = Path(shutil.copytree(GOLDEN / "plane_waves-receivers", tmp_path / "run", dirs_exist_ok=True))
        (folder / "summary.json").write_text(json.dumps(SUMMARY | {"fit": fit}))
        return folder

    return make


def test_what_a_summary_holds_is_what_the_run_gave(with_fit):
    fit = ep.Run(with_fit(FIT)).fit
    without_text = {name: value for name, value in FIT.items() if name != "advice"}
    assert fit.as_json() == without_text | {
        "remedies": [FIT["advice"].removeprefix("what usually helps: ")],
        "notes": [],
        "stated_errors": None,
        "wavelet": {},
        "correlations": {},
        "calibration": {},
        "calibration_plus_minus": {},
        "shots": {},
        "needs_waves": False,
        "held_out_samples": 0,
        "given": [],
        "moves": [],
        "derived": {},
        "derived_correlations": {},
    } and isinstance(fit, Fit)
    outcome, helps, remedies = fit.text.splitlines()
    assert outcome == f"no ±: {FIT['reason']}" and f"{helps} {remedies.removeprefix('- ')}" == FIT["advice"]


def test_a_fit_of_a_version_before_lists_is_shown_with_all_that_it_holds(with_fit):
    told = "for rho = 2700 kg/m3 as given, taken as exact; for positions as given"
    old = FIT | {"verdict": "widened", "plus_minus": {"mu": 0.1}, "advice": "", "condition": told}
    fit = ep.Run(with_fit(old)).fit
    assert fit.given == [told] and fit.remedies == [] and fit.condition == told
    assert fit.text.splitlines() == [f"± is widened: {FIT['reason']}", "the values are:", f"- {told}"]


def test_a_fit_is_read_back_with_what_would_move_its_values(with_fit):
    fit = ep.Run(with_fit(FIT)).fit
    move = Move("the width of the source at (0, 0) m", "10 % larger", {"lambda": -0.02, "mu": 0.1})
    given = replace(fit, verdict="holds", plus_minus={"lambda": 0.1, "mu": 0.05}, moves=[move], notes=["a", "b"])
    again = ep.Run(with_fit(json.loads(json.dumps(given.as_json())))).fit
    assert again == given and "- the width of the source at (0, 0) m, 10 % larger: lambda by -1 % (0.2 ±), mu by " in (
        again.text
    )


def test_what_a_foreign_fit_leaves_out_is_not_told(with_fit):
    lone = {"verdict": "holds", "values": {"mu": 0.0}, "plus_minus": {}, "is_lower_bound": False}
    move = {"number": "a width", "step": "10 % larger", "moved": {"mu": 1.0}}
    fit = ep.Run(with_fit(lone | {"held_out_samples": 120, "moves": [move]})).fit
    assert fit.lines_below[-1] == "- a width, 10 % larger: mu by an unknown part" and len(fit.lines_below) == 2


def test_fields_that_came_later_or_are_missing_hide_no_fit(with_fit):
    other = {name: value for name, value in FIT.items() if name not in ("held_out", "worst_channels", "noise_from")}
    folder = with_fit(other | {"of_a_later_version": [1, 2]})
    fit = ep.Run(folder).fit
    assert (fit.verdict, fit.values, fit.chi_square) == ("withheld", FIT["values"], FIT["chi_square"])
    assert fit.held_out is None and fit.worst_channels == {}
    row = runs_table(folder.parent).loc["run"]
    assert (row["status"], row["fit"], row["mu"]) == ("completed", "withheld", FIT["values"]["mu"])


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_by_name_and_the_rest_of_the_run_is_read(with_fit, name):
    folder = with_fit(NONSENSE[name])
    with pytest.raises(ep.CheckpointError, match=r"summary\.json: holds a fit that this version does not know \("):
        _ = ep.Run(folder).fit
    listed, row = runs_table(folder.parent).loc["run"], status_row(folder)
    assert (listed["status"], listed["fit"], listed["step"]) == ("completed", "unreadable", 4)
    assert (row["fit"], row["step"], row["material/mu"]) == ("unreadable", 4, SUMMARY["material"]["mu"])
    shown = CliRunner().invoke(app, ["inspect", str(folder)])
    assert shown.exit_code == 0 and "not known: " in shown.output and "run id" in shown.output


def test_samples_that_were_held_out_are_told_below_the_verdict():
    fit = Fit("holds", {"mu": 2.6e10}, {"mu": 1e8}, False, "the data are explained", samples=9000)
    assert "held out" not in fit.text
    told = replace(fit, held_out_samples=1000).text
    assert "- 9,000 recorded samples were fitted, and 1,000 were held out, to check the fit by (validation_fr" in told
