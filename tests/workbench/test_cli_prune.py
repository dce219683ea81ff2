"""elastic-pinn prune, pin and unpin: what stays, and why."""

import os
import shutil
from pathlib import Path

from elastic_pinn.storage import LocalFolder, locked
from tests.workbench.commands import call, flip_a_bit, refused, row, said


def test_prune_says_what_it_would_remove_and_why_the_others_stay(run):
    before = sorted(os.listdir(run.path / "checkpoints"))
    text = said("prune", run.path, "--keep-last", 2, "--keep-best", 0, "--dry-run")
    assert " ".join(row(text, before[0])).endswith("would be removed")
    assert " ".join(row(text, before[2])).endswith("stays: of the last 2")
    assert text.splitlines()[-1].startswith("1 of 3 checkpoints would be removed: ")
    assert sorted(os.listdir(run.path / "checkpoints")) == before


def test_prune_goes_by_the_runs_own_rules_unless_told(run):
    assert said("prune", run.path).splitlines()[-1] == "0 of 3 checkpoints removed: 0 B"
    text = said("prune", run.path, "--keep-last", 2, "--keep-best", 0)
    assert " ".join(row(text, "step-000000000-g000.h5")).endswith("removed")
    assert [entry.header.step for entry in run.checkpoints()] == [6, 10]


def test_prune_leaves_pinned_ones_until_unpinned(run):
    first = run.checkpoints()[0].path
    assert said("pin", first, "--why", "the start") == f"pinned {first}: the start\n"
    text = said("prune", run.path, "--keep-last", 2, "--keep-best", 0)
    assert " ".join(row(text, first.name)).endswith("stays: pinned: the start")
    assert said("unpin", first) == f"no longer pinned: {first}\n"
    said("prune", run.path, "--keep-last", 2, "--keep-best", 0)
    assert not first.exists()


def test_prune_puts_a_damaged_checkpoint_aside_and_keeps_another(run, newest):
    flip_a_bit(newest)
    result = call("prune", run.path, "--keep-last", 2, "--keep-best", 0)
    assert result.exit_code == 0 and "quarantine" in " ".join(row(result.stdout, newest.name))
    assert [entry.header.step for entry in run.checkpoints()] == [0, 6]


def test_prune_leaves_what_the_mirror_does_not_have(run, tmp_path, monkeypatch):
    config = run.config.model_copy(update={"mirror": "memory://there"})
    (run.path / "config.json").write_text(config.to_json())
    asked = []

    def folder_at(place):
        asked.append(str(place))
        return LocalFolder(tmp_path / "there" if "://" in str(place) else Path(place))

    monkeypatch.setattr("elastic_pinn.storage.folder_at", folder_at)
    (tmp_path / "there" / "checkpoints").mkdir(parents=True)
    words = ["prune", run.path, "--keep-last", 2, "--keep-best", 0]
    first = run.checkpoints()[0].path
    assert " ".join(row(said(*words), first.name)).endswith("stays: not in the mirror yet")
    assert "memory://there/run" in asked
    shutil.copy(first, tmp_path / "there" / "checkpoints")
    assert " ".join(row(said(*words), first.name)).endswith("removed") and not first.exists()


def test_prune_of_a_run_that_trains_is_refused_with_its_process(run):
    with locked(run.path):
        line = refused(1, "prune", run.path, "--keep-last", 2, "--keep-best", 0)
    assert f"is in use by process {os.getpid()} on" in line
    assert len(run.checkpoints()) == 3
