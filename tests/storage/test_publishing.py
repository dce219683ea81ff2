"""A published file is whole and synced or not there, and never replaces another one, without hard links too."""

import errno
import os
from pathlib import Path

import pytest

from elastic_pinn.storage import (
    CheckpointError,
    History,
    LiveHistory,
    naming,
    publish,
    publishing,
    read_sealed,
    replace_file,
)
from elastic_pinn.storage.files import make_folders
from tests.descriptors import open_descriptors, require_no_leak
from tests.storage.format.test_seal import small_image


@pytest.fixture(params=[errno.EPERM, errno.EOPNOTSUPP])
def no_links(request, monkeypatch):
    """A file system without hard links, as FAT is and as some network file systems are."""

    def refused(source, target):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(os, "link", refused)


def test_a_save_without_hard_links_keeps_its_promises(no_links, tmp_path):
    path = tmp_path / "sealed.h5"
    publish(path, small_image())
    before = path.read_bytes()
    read_sealed(path)
    with pytest.raises(CheckpointError, match="exists already"):
        publish(path, small_image(step=501))
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["sealed.h5"]


def test_a_file_system_with_neither_is_named_as_that(no_links, tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "_rename_noreplace", lambda old, new: errno.EINVAL)
    told = r"could not be written \(its file system has neither hard links nor .*\). Choose a run_dir on another file"
    with pytest.raises(CheckpointError, match=told):
        publish(tmp_path / "sealed.h5", small_image())
    assert os.listdir(tmp_path) == []


def test_another_fault_of_the_rename_is_told_as_it_is(no_links, tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "_rename_noreplace", lambda old, new: errno.ENOSPC)
    with pytest.raises(CheckpointError, match=r"sealed.h5: could not be written \(No space left on device\)"):
        publish(tmp_path / "sealed.h5", small_image())
    assert os.listdir(tmp_path) == []


def test_a_link_that_fails_for_another_reason_is_not_made_up_for_by_a_rename(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(CheckpointError, match=r"could not be written \(No space left on device\)"):
        publish(tmp_path / "sealed.h5", small_image())
    assert os.listdir(tmp_path) == []


def test_running_out_of_open_files_is_told_with_what_to_do(tmp_path, monkeypatch):
    def exhausted(*args):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "open", exhausted)
    with pytest.raises(CheckpointError, match=r"Too many open files\)\. Raise the limit of open files \(`ulimit -n`\)"):
        publish(tmp_path / "sealed.h5", small_image())
    with pytest.raises(CheckpointError, match=r"Too many open files\)\. Raise the limit of open files"):
        read_sealed(tmp_path / "sealed.h5")


def test_an_error_in_replacing_a_small_file_names_it(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match=rf"No space left on device: '{tmp_path}/summary.json'"):
        replace_file(tmp_path / "summary.json", b"new")
    with (
        pytest.raises(OSError, match=rf"No space left on device: '{tmp_path}/run/history.h5'"),
        naming(tmp_path / "run" / "history.h5"),
    ):
        LiveHistory(tmp_path / "run" / "history.h5", History(["step"]))


def test_publishing_makes_nested_folders_and_leaves_only_the_file(tmp_path):
    path = tmp_path / "a" / "b" / "c" / "sealed.h5"
    publish(path, small_image())
    assert os.listdir(path.parent) == ["sealed.h5"]
    assert path.stat().st_nlink == 1


def test_contents_are_synced_before_the_name_and_folders_after_it(tmp_path, monkeypatch):
    events = []
    fsync, link = os.fsync, os.link

    def recorded_fsync(descriptor: int) -> None:
        events.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        fsync(descriptor)

    def recorded_link(source: Path, target: Path) -> None:
        assert source.parent == target.parent
        events.extend([source, "link"])
        link(source, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "link", recorded_link)
    publish(tmp_path / "a" / "b" / "sealed.h5", small_image())
    temporary = events[4]
    assert events == [
        tmp_path.parent, tmp_path, tmp_path / "a", temporary, temporary, "link", tmp_path / "a" / "b",
    ]  # fmt: skip


def test_a_folder_that_was_there_is_made_last_by_syncing_its_parent(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.readlink(f"/proc/self/fd/{descriptor}")))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    make_folders(Path("a") / "b")
    make_folders(Path("a") / "b")
    assert synced == [str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a")]


def test_a_parent_that_may_not_be_listed_is_no_obstacle(tmp_path, monkeypatch):
    opened = os.open

    def forbidding(path, *args):
        if Path(path) == tmp_path.parent:
            raise PermissionError(13, "Permission denied")
        return opened(path, *args)

    monkeypatch.setattr(os, "open", forbidding)
    make_folders(tmp_path / "a")
    assert (tmp_path / "a").is_dir()


def test_publishing_never_overwrites(tmp_path):
    path = tmp_path / "sealed.h5"
    publish(path, small_image())
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="exists already"):
        publish(path, small_image(step=501))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("at", [0, 600, -1])
def test_what_the_disk_does_not_give_back_is_not_published(tmp_path, monkeypatch, at):
    def flipped(descriptor: int, data: memoryview, write=os.write) -> int:
        damaged = bytearray(data)
        damaged[at] ^= 1
        return write(descriptor, damaged)

    monkeypatch.setattr(os, "write", flipped)
    with pytest.raises(CheckpointError, match="not read back as written"):
        publish(tmp_path / "sealed.h5", small_image())
    assert os.listdir(tmp_path) == []


def test_short_writes_are_completed(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:100]))
    publish(tmp_path / "sealed.h5", small_image())
    assert (tmp_path / "sealed.h5").read_bytes() == small_image()


@pytest.mark.parametrize("call", ["mkdir", "open", "write", "fsync", "link", "unlink"])
def test_a_failure_at_any_call_of_a_save_leaves_nothing_and_the_next_save_works(tmp_path, monkeypatch, call):
    folder = tmp_path / "checkpoints"
    descriptors = open_descriptors()
    original = getattr(os, call)
    for failing in range(20):
        calls = iter(range(100))

        def faulty(*args, calls=calls, failing=failing, **kwargs):
            if next(calls) == failing:
                raise OSError(28, "No space left on device")
            return original(*args, **kwargs)

        monkeypatch.setattr(os, call, faulty)
        try:
            publish(folder / "sealed.h5", small_image())
        except CheckpointError as error:
            assert "No space left" in str(error)
        else:
            break
        finally:
            monkeypatch.setattr(os, call, original)
        assert not folder.exists() or os.listdir(folder) == []
        require_no_leak(descriptors)
    assert failing > 0 and next(calls) < 100
    assert os.listdir(folder) == ["sealed.h5"]
    read_sealed(folder / "sealed.h5")


def test_a_small_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "summary.json"
    replace_file(path, b"old")
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"

    def failing(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(os, "fsync", failing)
        replace_file(path, b"newer")
    assert path.read_bytes() == b"new" and os.listdir(tmp_path) == ["summary.json"]
