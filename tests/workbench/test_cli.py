"""The command elastic-pinn: what it says, which files it leaves, and its exit status."""

import csv
import dataclasses
import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_type_hints

import h5py
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.import_options import ImportOptions
from elastic_pinn.readable import percent, readable
from elastic_pinn.storage import checkpoint_repair, parse_snapshot, publish, read_snapshot
from elastic_pinn.workbench.cli import app
from elastic_pinn.workbench.text import readable_checks
from tests.storage.damage import overwrite
from tests.workbench.commands import call, flip_a_bit, refused, row, said

COMMANDS = ("inspect", "estimate", "verify", "history", "export", "prune", "pin", "unpin", "repair", "movie", "fields")
SCRIPT = Path(sys.executable).with_name("elastic-pinn")


def test_without_a_word_it_says_what_there_is():
    text = said()
    assert text == said("--help")
    assert all(f"\n  {command} " in text for command in COMMANDS)
    assert "Exit status" in text and text.isascii()


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command):
    text = said(command, "--help")
    assert text.startswith("Usage: ") and "Arguments:" in text and text.isascii()


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["verfy"], "No such command 'verfy'"),
        (["verify"], "Missing argument"),
        (["inspect", "a.h5", "--isolate"], "No such option"),
        (["prune", "run", "--keep-last", "1"], "greater than or equal to 2"),
        (["export", "a.h5"], "--weights, --history or --torch"),
        (["export", "a.h5", "--history", "a.txt"], ".csv or .parquet"),
        (["prune", "s3://bucket/run"], "only a run of this machine"),
    ],
)
def test_what_is_asked_wrongly_is_said_in_one_line(words, fault):
    assert fault in refused(2, *words)


@pytest.mark.parametrize(
    "words", [["inspect"], ["history"], ["export", "--torch", "x.pt"], ["prune"], ["pin"], ["unpin"]]
)
def test_what_is_not_there_is_said_in_one_line(words, tmp_path):
    assert "nowhere" in refused(1, *words, tmp_path / "nowhere")
    if words[0] not in ("pin", "unpin"):
        assert "holds no run" in refused(1, *words, tmp_path)


@pytest.mark.slow
def test_the_console_script_isolates_and_ends_with_a_status(newest, tmp_path):
    damaged = tmp_path / "damaged.h5"
    damaged.write_bytes(newest.read_bytes()[:-1])
    done = subprocess.run([SCRIPT, "verify", newest, damaged], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    good, bad = done.stdout.splitlines()
    assert good == f"ok     {newest}"
    assert bad.startswith(f"BAD    {damaged}: truncated")


def test_every_path_of_every_command_is_written_out():
    hints = [get_type_hints(command.callback, include_extras=True) for command in app.registered_commands]
    texts = {
        (name, hint.__metadata__[0].callback)
        for each in hints
        for name, hint in each.items()
        if name != "return" and {str, Path} & {hint.__origin__, *get_args(hint.__origin__)}
    }
    no_paths = {"scheduler", "why", "quantity", "shot", "name", "nodes", *ImportOptions.model_fields} - {"positions"}
    assert {name for name, callback in texts if callback is None} == no_paths
    paths = {"location", "locations", "directory", "notebook", "csv", "output", "file", "run"}
    assert {name for name, _ in texts} > paths


def test_paths_in_the_home_folder_are_found_and_nothing_is_named_by_a_tilde(run, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "here")
    assert said("inspect", "~/run").startswith(f"run {run.path}")
    said("verify", "--no-isolated", "~/run")
    said("history", "~/run", "--csv=~/l.csv")
    said("export", "~/run", "--torch=~/l.pt")
    said("notebooks", "~/starter")
    assert {"l.csv", "l.pt", "starter"} <= {path.name for path in tmp_path.iterdir()}
    assert not list(Path.cwd().iterdir())
    assert "$NO_SUCH_NAME" in refused(1, "inspect", "$NO_SUCH_NAME/a")


def test_inspect_tells_how_a_run_stands(run):
    text = said("inspect", run.path)
    assert "status    completed: all 10 steps done" in text
    assert "material  lambda 2 Pa, mu 1 Pa, rho 1 kg/m3" in text
    assert "0 checkpoints failed" in text
    assert row(text, "hidden_layers") == ["hidden_layers", "[8]", "default", "[100,", "100,", "100,", "100]"]
    assert "learning_rate" not in text, "it is as by default"
    assert row(text, "step-000000006-g000.h5")[1:3] == ["6", "0"]
    assert "latest" in row(text, "step-000000010-g000.h5")[-1] + row(text, "step-000000010-g000.h5")[-2]
    best = run.best().path.name
    assert "best" in " ".join(row(text, best))


def test_inspect_checks_a_wavefield_if_it_is_asked_to(run):
    assert "checks of" not in said("inspect", run.path)
    text = said("inspect", run.path, "--checks")
    checks = ep.physical_checks(run)
    for name in ("left: displacement given", "start: velocity"):
        largest, unit, relative, rms, of = checks.loc[name]
        assert f"{readable(largest, unit)}  {percent(relative)}  {percent(rms)}  of the {of}" in squeezed(text, name)
    shown = readable_checks(run).drop(columns="of").to_string(index=False, header=False)
    assert "%" in shown and not re.search(r"\d [^\s\d]", shown), "in a notebook, no line ends before a unit"


def squeezed(text, name):
    """The line of a table that begins with a name, with two spaces between its cells."""
    [line] = [line for line in text.splitlines() if line.strip().startswith(name)]
    return "  ".join(re.split(r"\s{2,}", line.strip()))


def test_estimate_prints_what_a_run_estimates_and_inspect_what_it_ended_with(plate_run):
    run, found = plate_run, plate_run.estimate_error()
    errors = f"{found.displacement:.6g}", f"{found.stress:.6g}"
    newest = run.checkpoints()[-1].path
    lines = said("estimate", run.path, newest).splitlines()
    assert lines[0].split() == ["step", "displacement", "stress"]
    assert [line.split() for line in lines[1:]] == [[str(path), "1", *errors] for path in (run.path, newest)]
    assert "relative L2 error {} of the displacement, {} of the stress".format(*errors) in said("inspect", run.path)


def test_estimate_prints_json_for_other_programs(plate_run, inverse_run):
    found = plate_run.estimate_error()
    told = call("estimate", "--json", plate_run.path, inverse_run.path)
    assert json.loads(told.stdout) == [
        {"location": str(plate_run.path), "step": 1, "displacement": found.displacement, "stress": found.stress}
    ]
    assert told.exit_code == 1 and "lambda, mu unknown" in told.stderr


@pytest.mark.parametrize("error", [math.inf, math.nan])
def test_an_estimate_that_is_not_finite_is_null_for_other_programs_and_a_fault(plate_run, monkeypatch, error):
    found = dataclasses.replace(plate_run.estimate_error(), displacement=error)
    monkeypatch.setattr(ep.Checkpoint, "estimate_error", lambda checkpoint: found)
    told = call("estimate", "--json", plate_run.path)
    assert json.loads(told.stdout) == [
        {"location": str(plate_run.path), "step": 1, "displacement": None, "stress": found.stress}
    ]
    fault = f"error: {plate_run.path}: estimated errors that are not finite: {error:g} and {found.stress:g}"
    assert all(each.exit_code == 1 and fault in each.stderr for each in (told, call("estimate", plate_run.path)))


def test_estimate_names_each_run_that_has_none_and_estimates_the_others(run, inverse_run):
    told = call("estimate", inverse_run.path, run.path)
    assert told.exit_code == 1 and str(run.path) in told.stdout
    assert f"error: {inverse_run.path}: no error can be estimated: lambda, mu unknown" in told.stderr


def test_inspect_names_damaged_pinned_and_quarantined_checkpoints(run):
    first, second, _ = (entry.path for entry in run.checkpoints())
    said("pin", second, "--why", "figure 3")
    overwrite(first, first.read_bytes()[:100])
    (run.path / "quarantine").mkdir()
    shutil.copy(first, run.path / "quarantine" / "step-000000003-g000.h5")
    text = said("inspect", run.path)
    assert "BAD: truncated: 100 bytes" in " ".join(row(text, first.name))
    assert " ".join(row(text, second.name)).endswith("pinned: figure 3")
    assert "quarantine/step-000000003-g000.h5: was found damaged" in text


def test_inspect_of_a_run_with_a_broken_summary_is_one_line(run):
    (run.path / "summary.json").write_text('{"status": ')
    assert "summary.json: is not what a run writes" in call("inspect", run.path).stderr


def test_inspect_shows_all_that_is_in_a_checkpoint(newest):
    text = said("inspect", newest, "--no-isolated")
    assert re.search(rf"verdict +good: all {newest.stat().st_size} bytes", text)
    assert re.search(r"step +10 of 10, stage 1 \(lbfgs\), generation 0", text)
    assert f"torch {torch.__version__}" in text
    assert "    network.weights.0: float32 (8, 3)\n" in text
    assert "    loss/total: float64 (10,)\n" in text
    assert row(text, "material/mu") == ["material/mu", "1", "Pa"]
    assert "lbfgs_history" not in text, "it is as by default"
    assert row(said("inspect", newest, "--no-isolated", "--config"), "lbfgs_history") == ["lbfgs_history", "50"]


def test_inspect_of_a_damaged_checkpoint_shows_nothing_of_it(newest):
    flip_a_bit(newest)
    assert f"{newest}: damaged" in refused(1, "inspect", newest)


@pytest.mark.slow
def test_inspect_tells_what_a_receiver_file_holds(tmp_path):
    text = " ".join(said("inspect", "data/aluminium_receivers.h5").split())
    assert "receivers: 121, x 0 to 0.06 m" in text and "c_p 6420 m/s" in text and "noise: " in text
    (tmp_path / "cut.h5").write_bytes(Path("data/aluminium_receivers.h5").read_bytes()[:-500])
    assert "cut.h5 is not a whole HDF5 file" in " ".join(refused(1, "inspect", tmp_path / "cut.h5").split())
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1.0
    assert "a plain HDF5 file" in refused(1, "inspect", tmp_path / "other.h5")


@pytest.mark.slow
def test_inspect_of_a_receiver_file_imports_nothing_that_lies_beside_it(tmp_path):
    shutil.copy("data/aluminium_receivers.h5", tmp_path / "-scan.h5")
    for name in ("h5py.py", "elastic_pinn.py"):
        (tmp_path / name).write_text("raise SystemExit('imported')")
    done = subprocess.run([SCRIPT, "inspect", "--", "-scan.h5"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and "receivers: 121, " in done.stdout


def test_inspect_and_verify_isolate_unless_told(newest, monkeypatch):
    isolated = []

    def parse(place, data):
        isolated.append(str(place))
        return parse_snapshot(place, data)

    for module in ("elastic_pinn.storage", "elastic_pinn.storage.isolation"):
        monkeypatch.setattr(f"{module}.parse_isolated", parse)
    for command in ("inspect", "verify"):
        said(command, newest, "--no-isolated")
        assert not isolated
        said(command, newest)
        assert isolated.pop() == str(newest)


def test_a_foreign_text_does_nothing_to_the_terminal(newest, tmp_path):
    snapshot = read_snapshot(newest)
    snapshot.history.note(3, "\x1b[2J\x1b]0;title\x07 and \u202e")
    foreign = dataclasses.replace(snapshot, attributes={"device": "\x1b[31mred\r\n", "\x9b0m": 1})
    publish(tmp_path / "foreign.h5", foreign.image())
    text = said("inspect", tmp_path / "foreign.h5", "--no-isolated")
    assert r"\x1b[31mred\r\n" in text and r"\x1b[2J\x1b]0;title\x07 and \u202e" in text
    assert all(c.isprintable() or c == "\n" for c in text)
    assert r"\x1b[5m" in refused(1, "inspect", tmp_path / "\x1b[5m.h5")


def test_verify_says_which_good_checkpoints_are_latest_and_best(run):
    *files, count, latest, best = said("verify", "--no-isolated", run.path).splitlines()
    assert files == [f"ok     {entry.path}" for entry in run.checkpoints()]
    assert count == f"3 of 3 checkpoints of {run.path} are good"
    assert latest.split() == ["latest", "step-000000010-g000.h5"]
    assert best.split()[:3] == ["best", run.best().path.name, "loss/validation"]


def test_verify_goes_on_after_what_is_bad_and_fails_in_the_end(run, tmp_path):
    first, second, third = (entry.path for entry in run.checkpoints())
    flip_a_bit(third)
    shutil.move(first, first.with_name("step-000000007-g000.h5"))
    (tmp_path / "empty").mkdir()
    result = call("verify", "--no-isolated", tmp_path / "nowhere.h5", tmp_path / "empty", run.path)
    assert result.exit_code == 1 and result.stderr == ""
    missing, empty, good, renamed, damaged, count, latest, _ = result.stdout.splitlines()
    assert missing == f"BAD    {tmp_path}/nowhere.h5: is missing. Check the path."
    assert empty.startswith(f"BAD    {tmp_path}/empty holds no run")
    assert good == f"ok     {second}"
    assert "is named otherwise than what is in it" in renamed and f"{third}: damaged" in damaged
    assert count.startswith("1 of 3 ") and latest.split()[1] == second.name


def test_verify_lists_the_quarantine_and_does_not_fail_for_it(run):
    (run.path / "quarantine").mkdir()
    (run.path / "quarantine" / "step-000000003-g000.h5").write_bytes(b"damaged")
    assert f"\nquarantined  {run.path}/quarantine/step-000000003-g000.h5" in said("verify", "--no-isolated", run.path)


@pytest.mark.parametrize("summary", [{"step": 0, "wall_s": 0.0, "checkpoint": None, "status": "failed",
                                      "reason": "no space", "notebook": "failed"}, None])  # fmt: skip
def test_inspect_tells_what_it_can_of_a_run_whose_disk_was_full_at_the_start(run, tmp_path, summary):
    (tmp_path / "full").mkdir()
    shutil.copy(run.path / "config.json", tmp_path / "full")
    if summary:
        (tmp_path / "full" / "summary.json").write_text(json.dumps(summary))
    text = said("inspect", tmp_path / "full")
    assert ("failed: no space" if summary else "not known: ") in text and "config, " in text
    assert "checkpoints, by their headers" in text


def test_history_tells_where_each_loss_stands(run, newest):
    frame = run.history()
    for place in (run.path, newest):
        text = said("history", place)
        lowest = frame["loss/total"].idxmin()
        assert text.startswith("10 rows, steps 1 to 10\n")
        expected = [f"{frame['loss/total'].iloc[-1]:.6g}", "10", f"{frame['loss/total'].min():.6g}"]
        assert row(text, "loss/total") == ["loss/total", *expected, str(frame["step"][lowest])]
        assert row(text, "loss/validation")[2] == "8", "the last step at which it was measured"
        assert row(text, "material/lambda") == ["material/lambda", "Pa", "2", "10"]


def test_history_as_csv_has_every_row_with_every_digit(run, tmp_path):
    target = tmp_path / "h.csv"
    assert said("history", run.path, "--csv", target) == f"{target}: 10 rows, {len(run.history().columns)} columns\n"
    rows = list(csv.DictReader(target.read_text().splitlines()))
    assert [float(row["loss/total"]) for row in rows] == run.history()["loss/total"].tolist()
    assert list(pd.read_csv(target).columns) == list(run.history().columns)
    assert said("history", run.path, "--csv", "-") == target.read_text()


def test_rows_whose_losses_are_of_other_weights_are_named(run, tmp_path):
    told = "up to step 3, losses and grad_norm are of the weights that a step started from (an earlier version)"
    old = "tests/storage/format/golden/version-2.h5"
    assert told in said("history", old) and told not in said("history", run.path)
    assert told in said("history", old, "--csv", tmp_path / "h.csv")
    assert told in said("export", old, "--history", tmp_path / "h.parquet")
    assert pq.read_schema(tmp_path / "h.parquet").metadata[b"losses_of_start_until"] == b"3"


def test_export_writes_what_was_asked_for(run, tmp_path):
    names = {"--weights": "w.safetensors", "--history": "h.parquet", "--torch": "t.pt"}
    text = said("export", run.path, *[word for option, name in names.items() for word in (option, tmp_path / name)])
    assert text.startswith(f"from {run.path}/checkpoints/step-000000010-g000.h5\n")
    assert all(f"  {tmp_path / name}  " in text for name in names.values())
    assert torch.load(tmp_path / "t.pt", weights_only=True)["step"] == 10
    assert len(pd.read_parquet(tmp_path / "h.parquet")) == 10
    oldest = run.checkpoints()[0].path
    said("export", oldest, "--torch", tmp_path / "t.pt", "--force")
    assert torch.load(tmp_path / "t.pt", weights_only=True)["step"] == 0


def test_export_takes_the_best_checkpoint_if_told(run, newest, tmp_path):
    worse = dataclasses.replace(read_snapshot(newest), metric=1e9).image()
    newest.unlink()
    publish(newest, worse)
    assert run.best().step < 10
    assert said("export", run.path, "--torch", tmp_path / "l.pt").startswith(f"from {newest}\n")
    assert said("export", run.path, "--best", "--torch", tmp_path / "b.pt").startswith(f"from {run.best().path}\n")


def test_export_passes_over_a_damaged_checkpoint_and_says_so(run, newest, tmp_path):
    flip_a_bit(newest)
    result = call("export", run.path, "--history", tmp_path / "h.csv")
    assert result.exit_code == 0 and len(pd.read_csv(tmp_path / "h.csv")) == 6
    [warning] = result.stderr.splitlines()
    assert warning.startswith(f"warning: passed over: {newest}: damaged")


@pytest.mark.parametrize("words", [["history", "--csv"], ["export", "--weights"], ["export", "--history"]])
def test_a_file_that_is_there_stays_unless_told(run, tmp_path, words):
    target = tmp_path / "mine.csv"
    target.write_text("mine")
    assert "is there already, and stays" in refused(2, words[0], run.path, words[1], target)
    assert target.read_text() == "mine"
    said(words[0], run.path, words[1], target, "--force")
    assert target.read_text(errors="replace") != "mine" and not list(tmp_path.glob(".*"))


def test_a_file_that_cannot_be_written_is_said_in_one_line(run, tmp_path):
    assert "there is no folder" in refused(2, "export", run.path, "--torch", tmp_path / "no" / "t.pt")
    assert "File name too long" in refused(1, "export", run.path, "--torch", tmp_path / f"{'t' * 300}.pt")


def test_repair_writes_the_sealed_bytes_to_a_new_file_and_never_over_another(newest):
    whole = newest.read_bytes()
    overwrite(newest, whole + b"a note")
    repaired = newest.with_name(f"{newest.stem}-repaired.h5")
    assert "6 bytes were appended" in said("repair", newest)
    assert repaired.read_bytes() == whole and newest.read_bytes() == whole + b"a note"
    assert "is there already" in refused(2, "repair", newest)


@pytest.mark.slow
def test_repair_writes_nothing_that_it_cannot_verify_unless_told_to(newest, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint_repair, "MAX_CANDIDATES", 3)
    (newest.parents[1] / "latest.h5").unlink()
    (newest.parents[1] / "best.h5").unlink()
    newest.chmod(0o644)
    with h5py.File(newest, "r+") as file:
        file["history/loss/total"][0] *= 2
    target = tmp_path / "new.h5"
    done = call("repair", newest, "--output", target)
    assert done.exit_code == 1 and "not verified: weights" in done.stdout and not target.exists()
    assert "NOT those of" in done.stdout
    assert said("repair", newest, "--output", target, "--unverified").startswith("UNVERIFIED")
    assert "not verified: weights" in said("inspect", target, "--no-isolated")
