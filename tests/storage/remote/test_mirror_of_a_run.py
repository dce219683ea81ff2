"""A run with a mirror survives the loss of its machine: the copy is read, resumed and verified like the run itself."""

import logging
import shutil
import threading

import pytest
from typer.testing import CliRunner

import elastic_pinn as ep
from elastic_pinn.storage import LocalFolder
from elastic_pinn.storage.remote.remote_folder import RemoteFolder
from elastic_pinn.training.lifecycle.record import Record
from elastic_pinn.workbench.cli import app
from tests.storage.damage import overwrite


@pytest.fixture(params=["file", "s3"])
def mirror(request, tmp_path) -> str:
    """A folder on each of two stores, one of them over HTTP."""
    return f"file://{tmp_path}/store" if request.param == "file" else request.getfixturevalue("bucket").url


on_files = pytest.mark.parametrize("mirror", ["file"], indirect=True)


def losses(run) -> list[float]:
    return run.history()["loss/total"].tolist()


def test_the_copy_is_read_like_the_run(tiny, tmp_path, mirror):
    run = ep.train(tiny(mirror=mirror, checkpoint_every=3), tmp_path / "run")
    copy = ep.Run(f"{mirror}/run")
    assert [entry.name for entry in copy.checkpoints()] == [entry.name for entry in run.checkpoints()]
    assert copy.config == run.config and copy.status == "completed" and losses(copy) == losses(run)
    assert (copy.latest().step, copy.best().step) == (run.latest().step, run.best().step)
    assert copy.predict(0.5, 0.5, 0.5).tolist() == run.predict(0.5, 0.5, 0.5).tolist()
    assert ep.load_checkpoint(copy.latest().path).step == 6


def test_the_commands_read_the_copy(tiny, tmp_path, mirror):
    ep.train(tiny(mirror=mirror), tmp_path / "run")
    verified = CliRunner().invoke(app, ["verify", "--no-isolated", f"{mirror}/run"])
    assert verified.exit_code == 0 and f"ok     {mirror}/run/checkpoints/step-000000006-g000.h5" in verified.output
    inspected = CliRunner().invoke(app, ["inspect", f"{mirror}/run"])
    assert inspected.exit_code == 0 and "completed: all 6 steps done" in inspected.output


@pytest.mark.parametrize("resume", ["auto", "{mirror}/run", "{mirror}/run/checkpoints/step-000000003-g000.h5"])
def test_an_empty_machine_goes_on_from_the_copy_bit_for_bit(tiny, tmp_path, mirror, resume):
    whole = ep.train(tiny(), tmp_path / "whole")
    lost = ep.train(tiny(mirror=mirror, steps=3), tmp_path / "run")
    run_id = lost.summary.run_id
    shutil.rmtree(lost.path)
    run = ep.train(tiny(mirror=mirror), tmp_path / "run", resume=resume.format(mirror=mirror))
    assert run.status == "completed" and losses(run) == losses(whole)
    assert (run.summary.run_id, run.summary.generation) == (run_id, 1)
    for name, weight in whole.latest().model().state_dict().items():
        assert weight.equal(run.latest().model().state_dict()[name]), name
    assert ep.Run(f"{mirror}/run").latest().path.endswith("step-000000006-g001.h5")


@on_files
def test_what_is_older_in_the_mirror_does_not_win(tiny, tmp_path, mirror):
    ep.train(tiny(mirror=mirror, steps=3), tmp_path / "run")
    ep.train(tiny(steps=4), tmp_path / "run", resume="auto")
    run = ep.train(tiny(mirror=mirror), tmp_path / "run", resume="auto")
    assert run.summary.parent == "step 4, generation 1"


@on_files
def test_another_runs_copy_is_not_gone_on_from(tiny, tmp_path, mirror):
    for steps in (3, 4):
        ep.train(tiny(mirror=mirror, seed=1, steps=steps), tmp_path / "there" / "run", resume="auto")
    ep.train(tiny(seed=9, steps=3), tmp_path / "run")
    with pytest.raises(ep.RunDirectoryError, match="another run"):
        ep.train(tiny(mirror=mirror, seed=9), tmp_path / "run", resume="auto")
    assert ep.Run(tmp_path / "run").config.seed == 9 and len(ep.Run(tmp_path / "run").checkpoints()) == 2


@on_files
def test_a_fresh_run_does_not_write_into_another_runs_copy(tiny, tmp_path, mirror):
    ep.train(tiny(mirror=mirror), tmp_path / "run")
    with pytest.raises(ep.CheckpointError, match="holds another run"):
        ep.train(tiny(mirror=mirror), tmp_path / "other" / "run")


def test_a_mirror_that_cannot_be_written_to_is_refused_before_work(tiny, tmp_path):
    (tmp_path / "store").write_text("a file where a folder belongs")
    trained = []
    with pytest.raises(ep.CheckpointError, match="store"):
        ep.train(tiny(mirror=f"file://{tmp_path}/store"), tmp_path / "run", control=ep.Control(trained.append))
    assert trained == []


@on_files
def test_a_copy_cut_in_half_is_never_chosen_and_is_uploaded_again_as_nothing_else(tiny, tmp_path, mirror, caplog):
    run = ep.train(tiny(mirror=mirror, steps=3), tmp_path / "run")
    newest = tmp_path / "store" / "run" / "checkpoints" / "step-000000003-g000.h5"
    overwrite(newest, newest.read_bytes()[:1000])
    with caplog.at_level(logging.WARNING):
        assert ep.Run(f"{mirror}/run").latest().step == 0
    assert "truncated" in caplog.text
    resumed = ep.train(tiny(mirror=mirror), run.path, resume="auto")
    assert resumed.summary.parent == "step 3, generation 0", "the one here is whole"
    assert "holds other bytes" in caplog.text and resumed.summary.mirror_failures > 0


@on_files
def test_what_the_mirror_has_not_got_stays_here(tiny, tmp_path, mirror, monkeypatch):
    create = RemoteFolder.create

    def refusing(folder, name, data):
        if name.startswith("step-000000001"):
            raise ep.CheckpointError(name, "could not be written (503)", "Try again")
        return create(folder, name, data)

    monkeypatch.setattr(RemoteFolder, "create", refusing)
    config = tiny(mirror=mirror, checkpoint_every=1, keep_last=2, keep_best=0)
    run = ep.train(config, tmp_path / "run")
    assert run.status == "completed" and run.summary.mirror_failures > 0
    assert "step-000000001-g000.h5" in LocalFolder(run.path / "checkpoints").names()
    assert run.latest().step == 6


@on_files
def test_uploads_that_fail_after_the_last_summary_are_told_in_it(tiny, tmp_path, mirror, monkeypatch):
    over = threading.Event()
    completed = Record.summarise

    def summarise(record, *state):
        completed(record, *state)
        if state[0] == "completed":
            over.set()

    def refusing(folder, name, data):
        assert over.wait(60)
        raise ep.CheckpointError(name, "could not be written (503)", "Try again")

    run = ep.train(tiny(mirror=mirror, steps=1), tmp_path / "run", resume="auto")
    monkeypatch.setattr(Record, "summarise", summarise)
    monkeypatch.setattr(RemoteFolder, "create", refusing)
    run = ep.train(tiny(mirror=mirror, steps=2), tmp_path / "run", resume="auto")
    assert run.status == "completed" and run.summary.mirror_failures > 0
    assert "503" in run.summary.mirror_failure
