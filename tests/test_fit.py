"""A fit in a summary is read whatever version wrote it; one that cannot be read costs nothing else of its run."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import elastic_pinn as ep
from elastic_pinn.fit import Fit
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
}


@pytest.fixture
def with_fit(tmp_path):
    """A function that gives a copy of a golden run with another fit in its summary."""

    def make(fit: object) -> Path:
        folder = Path(shutil.copytree(GOLDEN / "plane_waves-receivers", tmp_path / "run"))
        (folder / "summary.json").write_text(json.dumps(SUMMARY | {"fit": fit}))
        return folder

    return make


def test_what_a_summary_holds_is_what_the_run_gave(with_fit):
    fit = ep.Run(with_fit(FIT)).fit
    assert fit.as_json() == FIT | {
        "wavelet": {},
        "correlations": {},
        "calibration": {},
        "calibration_plus_minus": {},
        "shots": {},
        "needs_waves": False,
        "condition": "",
        "derived": {},
        "derived_correlations": {},
    } and isinstance(fit, Fit)
    assert fit.sentence.startswith("no ±: the data are not explained: misfit 26.6 times the noise; worst channels 24 y")


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
