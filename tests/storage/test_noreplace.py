"""A finished file gets its name without ever replacing another one, also where there are no hard links."""

import errno
import os

import pytest

from elastic_pinn.storage import (
    CheckpointError,
    History,
    LiveHistory,
    naming,
    noreplace,
    publish,
    read_sealed,
    replace_file,
)
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
    monkeypatch.setattr(noreplace, "_rename_noreplace", lambda old, new: errno.EINVAL)
    told = r"could not be written \(its file system has neither hard links nor .*\). Choose a run_dir on another file"
    with pytest.raises(CheckpointError, match=told):
        publish(tmp_path / "sealed.h5", small_image())
    assert os.listdir(tmp_path) == []


def test_another_fault_of_the_rename_is_told_as_it_is(no_links, tmp_path, monkeypatch):
    monkeypatch.setattr(noreplace, "_rename_noreplace", lambda old, new: errno.ENOSPC)
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
