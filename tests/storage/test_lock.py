"""One owner at a time, and none once it is dead."""

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest

from elastic_pinn.storage import CheckpointError, InUseError, LostFolderError, is_locked, lock, locked, owner_of

HOLD = """
import sys
from pathlib import Path
from elastic_pinn.storage import locked

with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that has tmp_path / "run" for itself."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "locked\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def used(tmp_path):
    """A folder with a file in it."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "file").touch()
    return tmp_path / "run"


def test_another_process_is_refused_and_told_the_owner(holder, tmp_path):
    assert is_locked(tmp_path / "run")
    with pytest.raises(InUseError) as caught, locked(tmp_path / "run"):
        pass
    assert f"{tmp_path / 'run'}: is in use by process {holder.pid} on {socket.gethostname()}." in str(caught.value)
    assert isinstance(caught.value, CheckpointError)


def test_the_lock_of_a_killed_process_is_free(holder, tmp_path):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert not is_locked(tmp_path / "run")
    with locked(tmp_path / "run"):
        assert is_locked(tmp_path / "run")


def test_a_second_call_of_the_same_process_is_refused_from_any_thread(used):
    refused = []

    def try_it() -> None:
        try:
            with locked(used):
                pass
        except InUseError as error:
            refused.append(str(error))

    with locked(used):
        try_it()
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
    assert len(refused) == 2 and all(f"process {os.getpid()} on" in text for text in refused)
    try_it()
    assert len(refused) == 2, "free again"


def test_a_forked_child_does_not_keep_the_lock(used):
    read, write = os.pipe()
    with locked(used):
        child = os.fork()
        if not child:
            os.read(read, 1)
            os._exit(0)
    free = not is_locked(used)
    os.write(write, b"x")
    os.waitpid(child, 0)
    os.close(read)
    os.close(write)
    assert free


def test_looking_is_no_owning(used):
    with locked(used):
        pass
    descriptor = os.open(used / ".lock", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)  # as is_locked does for an instant
    assert not is_locked(used)
    timer = threading.Timer(0.02, os.close, [descriptor])
    timer.start()
    with locked(used):
        pass
    timer.join()


def test_a_folder_that_was_never_locked_is_free(tmp_path):
    assert not is_locked(tmp_path) and not is_locked(tmp_path / "none")


def test_folders_made_in_vain_are_removed_and_others_kept(tmp_path, used):
    with locked(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()
    with locked(tmp_path / "c" / "d"):
        (tmp_path / "c" / "d" / "file").touch()
    (tmp_path / "empty").mkdir()
    for folder in (used, tmp_path / "empty"):
        with locked(folder):
            pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "empty", "run"]
    assert sorted(os.listdir(used)) == sorted(os.listdir(tmp_path / "c" / "d")) == [".lock", "file"]


def test_a_lock_file_that_was_removed_meanwhile_is_made_anew(used, monkeypatch):
    flock = fcntl.flock

    def removing(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        (used / ".lock").unlink()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", removing)
    with locked(used):
        assert is_locked(used)


def test_a_file_system_without_locks_is_used_with_a_warning(used, monkeypatch, caplog):
    def without(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock.fcntl, "flock", without)
    with locked(used):
        assert is_locked(used), "as far as anybody knows"
    assert "has no locks" in caplog.text


def test_a_lock_that_fails_for_another_reason_is_no_lock(used, monkeypatch):
    def failing(descriptor: int, operation: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(lock.fcntl, "flock", failing)
    with pytest.raises(OSError, match="Input/output error"), locked(used):
        pytest.fail("nobody has the lock")


def test_where_it_cannot_be_told_a_folder_counts_as_locked(used):
    (used / ".lock").symlink_to("elsewhere")
    assert is_locked(used) and owner_of(used) == ""


def test_a_lock_file_made_anew_says_who_holds_it(used):
    with locked(used) as held:
        (used / ".lock").unlink()
        held.require()
        assert owner_of(used) == f"process {os.getpid()} on {socket.gethostname()}"


def test_somebody_who_looks_at_a_lock_file_made_anew_has_not_taken_it(used, monkeypatch):
    flock, looks = fcntl.flock, []

    def looked_at(descriptor: int, operation: int) -> None:
        if operation & fcntl.LOCK_EX and len(looks) < 3:  # as while `is_locked` looks
            looks.append(descriptor)
            raise BlockingIOError
        flock(descriptor, operation)

    with locked(used) as held:
        monkeypatch.setattr(fcntl, "flock", looked_at)
        (used / ".lock").unlink()
        held.require()
        assert is_locked(used) and len(looks) == 3


def test_two_threads_that_find_the_lock_file_gone_are_not_two_owners(used):
    lost = []

    def ask(held, both: threading.Barrier) -> None:
        both.wait()
        try:
            held.require()
        except CheckpointError as error:
            lost.append(error)

    with locked(used) as held:
        for _ in range(100):
            (used / ".lock").unlink()
            both = threading.Barrier(2)
            threads = [threading.Thread(target=ask, args=(held, both)) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert is_locked(used)
    assert not lost


def test_a_lock_file_made_anew_by_another_is_not_taken_from_it(used, monkeypatch):
    monkeypatch.setattr(lock, "PAUSE_S", 0.0)
    with locked(used) as held:
        (used / ".lock").unlink()
        with locked(used), pytest.raises(LostFolderError, match="another process works in it"):
            held.require()
