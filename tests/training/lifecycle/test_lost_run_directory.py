"""A run directory that goes away while it is trained in: told at once, nothing written elsewhere, nothing lost."""

import errno
import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import elastic_pinn as ep
from elastic_pinn.storage import LocalFolder, Store, is_locked, locked, publishing
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.lifecycle import record, trainer
from elastic_pinn.training.lifecycle.record import Record
from elastic_pinn.training.lifecycle.rescue import rescue_folders

STEPS = 40
HELD: list[int] = []  # locks of another process
LOST_AT = 5


@pytest.fixture(autouse=True)
def looking_at_each_step(monkeypatch):
    monkeypatch.setattr(record, "CHECK_EVERY_S", 0.0)
    yield
    while HELD:
        os.close(HELD.pop())


def removed(run_dir: Path) -> None:
    shutil.rmtree(run_dir)


def with_its_parent_removed(run_dir: Path) -> None:
    shutil.rmtree(run_dir.parent)


def moved(run_dir: Path) -> None:
    run_dir.rename(run_dir.with_name("elsewhere"))


def replaced(run_dir: Path) -> None:
    moved(run_dir)
    shutil.copytree(run_dir.with_name("elsewhere"), run_dir)


def replaced_by_a_file(run_dir: Path) -> None:
    shutil.rmtree(run_dir)
    run_dir.write_text("mine")


def taken_by_another(run_dir: Path) -> None:
    """As by a process that begins once somebody has removed the lock file: lock and history are its own."""
    (run_dir / ".lock").unlink()
    lock = os.open(run_dir / ".lock", os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    HELD.append(lock)
    shutil.copy(run_dir / "history.h5", run_dir / "another.h5")
    os.replace(run_dir / "another.h5", run_dir / "history.h5")


def with_checkpoints_replaced(run_dir: Path) -> None:
    (run_dir / "checkpoints").rename(run_dir / "old")
    shutil.copytree(run_dir / "old", run_dir / "checkpoints")


def wait_for_the_save(run_dir: Path, step: int) -> None:
    """Wait until the save of a step, which goes on in the background, and all that follows it is done."""
    deadline = time.monotonic() + 120.0
    while json.loads((run_dir / "summary.json").read_text())["step"] != step:
        assert time.monotonic() < deadline, f"step {step} was never saved"
        time.sleep(0.001)


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def lose(tiny, tmp_path) -> Callable[..., str]:
    """A function that trains, loses the run directory in a given way, and returns what was told.

    foreign: what then is not the run's own any more, in the run directory's place.
    """

    def train(how: Callable[[Path], None], foreign: str = ".", **changes) -> str:
        run_dir, seen, after = tmp_path / "runs" / "one", [], {}

        def on_step(row) -> None:
            seen.append(row["step"])
            if row["step"] == LOST_AT:
                wait_for_the_save(run_dir, LOST_AT - 1)
                how(run_dir)
                after.update(files_in(run_dir / foreign))

        config = tiny(steps=STEPS, checkpoint_every=2, keep_last=2, keep_best=0, **changes)
        with pytest.raises(ep.LostRunDirectoryError) as caught:
            ep.train(config, run_dir, control=ep.Control(on_step))
        assert seen[-1] <= LOST_AT + 1, "training went on"
        assert files_in(run_dir / foreign) == after, "written into, or removed from"
        return str(caught.value)

    return train


def place_in(told: str) -> Path:
    """Where what was trained is."""
    return Path(told.partition("What was trained is in ")[2].partition(": go on")[0])


LOSSES = {
    removed: "was removed",
    with_its_parent_removed: "was removed",
    moved: "was moved to",
    replaced: "something else is in its place",
    replaced_by_a_file: "something else is in its place",
    taken_by_another: "another process works in it",
}


@pytest.mark.parametrize("how", LOSSES, ids=lambda how: how.__name__)
def test_a_lost_run_directory_ends_training_at_once_and_what_was_trained_is_kept(lose, tiny, how):
    told = lose(how)
    place = place_in(told)
    assert LOSSES[how] in told and f"training stopped at step {LOST_AT + 1}" in told
    run = ep.Run(place)
    assert (run.status, run.latest().step) == ("stopped", LOST_AT + 1) and LOSSES[how] in run.reason
    assert len(run.history()) == LOST_AT + 1
    again = ep.train(tiny(steps=STEPS, checkpoint_every=2, keep_last=2, keep_best=0), place, resume="auto")
    assert again.status == "completed" and again.history()["step"].tolist() == list(range(1, STEPS + 1))


def test_a_moved_run_directory_takes_what_was_trained_along(lose, tmp_path):
    assert place_in(lose(moved)) == tmp_path / "runs" / "elsewhere"
    assert os.listdir(tmp_path / "runs") == ["elsewhere"] and not is_locked(tmp_path / "runs" / "elsewhere")


@pytest.mark.slow
def test_a_resumed_run_leads_where_an_uninterrupted_one_does(lose, tiny, tmp_path):
    config = tiny(steps=STEPS, checkpoint_every=2, keep_last=2, keep_best=0)
    rescued = ep.train(config, place_in(lose(removed)), resume="auto").latest().model().state_dict()
    straight = ep.train(config, tmp_path / "straight").latest().model().state_dict()
    assert all(rescued[name].equal(weight) for name, weight in straight.items())


def test_a_new_run_at_the_old_path_is_the_only_writer_there(tiny, tmp_path):
    run_dir, config = tmp_path / "one", tiny(checkpoint_every=1, keep_last=2, keep_best=0)
    before = {}

    def start_another(row) -> None:
        if row["step"] == 3:
            wait_for_the_save(run_dir, 2)
            shutil.rmtree(run_dir)
            before.update(files_in(ep.train(config, run_dir).path))

    with pytest.raises(ep.LostRunDirectoryError):
        ep.train(config.model_copy(update={"seed": 1}), run_dir, control=ep.Control(start_another))
    assert files_in(run_dir) == before and ep.Run(run_dir).status == "completed"


def test_checkpoints_of_another_run_in_the_place_of_its_own_are_left_alone(lose, tmp_path):
    told = lose(with_checkpoints_replaced, foreign="checkpoints")
    assert "checkpoints was moved or removed, and something else is in its place" in told
    assert ep.Run(place_in(told)).latest().step == LOST_AT + 1
    left = ep.Run(tmp_path / "runs" / "one")
    assert left.status == "stopped" and left.reason == told


def test_checkpoints_that_were_removed_are_warned_of_and_training_goes_on(tiny, tmp_path, caplog):
    def remove(row) -> None:
        if row["step"] == 3:
            wait_for_the_save(tmp_path / "run", 2)
            shutil.rmtree(tmp_path / "run" / "checkpoints")

    run = ep.train(tiny(checkpoint_every=2), tmp_path / "run", control=ep.Control(remove))
    assert (run.status, run.latest().step) == ("completed", 6)
    assert "checkpoints was removed or moved" in caplog.text


def test_a_lock_file_that_was_removed_is_made_anew(tiny, tmp_path, caplog):
    held = []

    def remove(row) -> None:
        held.append(is_locked(tmp_path / "run"))
        if row["step"] == 2:
            (tmp_path / "run" / ".lock").unlink()

    run = ep.train(tiny(), tmp_path / "run", control=ep.Control(remove))
    assert run.status == "completed" and held == [True] * 6
    assert "its lock file was removed" in caplog.text


def test_a_disk_that_does_not_answer_for_a_moment_ends_no_run(tiny, tmp_path, monkeypatch):
    run_dir, stat = tmp_path / "run", os.stat

    def failing(path, *arguments, **options):
        if not isinstance(path, int) and Path(os.fsdecode(path)).is_relative_to(run_dir):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return stat(path, *arguments, **options)

    def on_step(row) -> None:
        if row["step"] == 3:
            wait_for_the_save(run_dir, 2)
            monkeypatch.setattr(os, "stat", failing)
        if row["step"] == 5:
            monkeypatch.setattr(os, "stat", stat)

    run = ep.train(tiny(checkpoint_every=2), run_dir, control=ep.Control(on_step))
    assert (run.status, run.latest().step) == ("completed", 6)


def read_only(monkeypatch, run_dir: Path) -> None:
    """Let a folder be as on a file system that became read-only, for everybody."""
    access, write_new, link = os.access, publishing.write_new, os.link

    def refused(path, *arguments, **options):
        if Path(path).is_relative_to(run_dir):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        return write_new(path, *arguments, **options)

    monkeypatch.setattr(os, "access", lambda path, mode: not Path(path).is_relative_to(run_dir) and access(path, mode))
    monkeypatch.setattr(publishing, "write_new", refused)
    monkeypatch.setattr(os, "link", link)


def test_a_run_directory_that_became_read_only_is_told_at_once_and_what_was_trained_is_kept(
    tiny, tmp_path, monkeypatch, caplog
):
    run_dir, warned = tmp_path / "one", []

    def on_step(row) -> None:
        if row["step"] == LOST_AT:
            read_only(monkeypatch, run_dir)
        warned.append("cannot be written to any more" in caplog.text)

    with pytest.raises(ep.LostRunDirectoryError, match="cannot be written to any more") as caught:
        ep.train(tiny(steps=STEPS, checkpoint_every=2), run_dir, control=ep.Control(on_step))
    assert warned.index(True) == LOST_AT
    assert caplog.text.count("cannot be written to any more: no checkpoint") == 1
    assert caplog.text.count("this checkpoint failed") == 3
    place = place_in(str(caught.value))
    assert place.parent == tmp_path and ep.Run(place).latest().step == len(warned)


def test_what_cannot_be_saved_anywhere_is_said(lose, monkeypatch):
    def how(run_dir: Path) -> None:
        shutil.rmtree(run_dir)
        monkeypatch.setattr(Store, "publish", full)

    def full(store, snapshot):
        raise ep.CheckpointError(store.folder, "could not be written (No space left on device)", "Free space")

    assert "could not be saved anywhere" in lose(how)


def test_nothing_of_another_folder_is_uploaded_to_the_mirror(lose, tmp_path, monkeypatch):
    mirror = tmp_path / "mirror" / "one"
    lose(replaced, mirror=f"file://{tmp_path}/mirror")
    names = LocalFolder(mirror / "checkpoints").names()
    assert names and all(int(name[5:14]) <= LOST_AT + 1 for name in names)
    assert json.loads((mirror / "summary.json").read_text())["status"] == "stopped"


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_run_directory_lost_while_the_fit_is_assessed_is_told_and_what_was_trained_is_kept(
    tiny, tmp_path, monkeypatch, inverse, before
):
    run_dir = tmp_path / "one"

    def assessed(session):
        if before:
            shutil.rmtree(run_dir)
        fit = assess(session)
        if not before:
            moved(run_dir)
        return fit

    monkeypatch.setattr(trainer, "assess", assessed)
    with pytest.raises(ep.LostRunDirectoryError, match="training stopped at step 6") as caught:
        ep.train(tiny(), run_dir, inverse)
    monkeypatch.undo()
    place = place_in(str(caught.value))
    assert (ep.Run(place).status, ep.Run(place).latest().step) == ("stopped", 6)
    again = ep.train(tiny(), place, inverse, resume="auto")
    assert (again.status, again.summary.step) == ("completed", 6) and again.fit


def test_a_run_directory_lost_after_the_last_checkpoint_is_told(tiny, tmp_path, monkeypatch):
    settle = Record.settle

    def settled(self):
        settle(self)
        if self.last_checkpoint.name.startswith("step-000000006"):
            shutil.rmtree(tmp_path / "one")

    monkeypatch.setattr(Record, "settle", settled)
    with pytest.raises(ep.LostRunDirectoryError, match="was removed") as caught:
        ep.train(tiny(), tmp_path / "one")
    assert ep.Run(place_in(str(caught.value))).latest().step == 6


def test_a_run_directory_lost_within_a_long_step_is_told_within_it(tiny, tmp_path):
    class Losing(ep.Control):
        """Has the run directory go away in the first long work within a step."""

        def report(self, what: str, part: float) -> None:
            super().report(what, part)
            if what and (tmp_path / "one").exists():
                shutil.rmtree(tmp_path / "one")

    step_of_parts = {"stages": ["last_layer"], "network": "random_features", "precision": "float64"}
    with pytest.raises(ep.LostRunDirectoryError, match=r"was removed while .* training stopped at step 0") as caught:
        ep.train(tiny(**step_of_parts), tmp_path / "one", control=Losing())
    assert ep.Run(place_in(str(caught.value))).latest().step == 0


def test_what_was_trained_is_saved_beside_where_it_was_or_else_among_temporary_files(tmp_path):
    run_dir, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    with locked(run_dir) as lock:
        beside, temporary = rescue_folders(lock)
        assert beside.parent == tmp_path and beside.name.startswith("run-rescued-")
        assert temporary == Path(tempfile.gettempdir()) / beside.name
        run_dir.rename(elsewhere)
        assert next(rescue_folders(lock)) == elsewhere
