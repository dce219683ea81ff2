"""A folder that is held open is told from whatever else its path leads to."""

import errno
import os

import pytest

from elastic_pinn.storage import HeldFolder


@pytest.fixture
def held(tmp_path):
    (tmp_path / "above" / "run").mkdir(parents=True)
    held = HeldFolder(tmp_path / "above" / "run")
    yield held
    held.close()


def test_a_folder_in_its_place_is_not_lost_through_whatever_link_it_is_reached(held, tmp_path):
    assert held.loss == "" and held.moved_to is None
    held.path.parent.rename(tmp_path / "elsewhere")
    held.path.parent.symlink_to(tmp_path / "elsewhere")
    assert held.loss == "" and held.moved_to is None


def test_a_folder_that_was_moved_is_found(held, tmp_path):
    held.path.rename(tmp_path / "moved\nto é")
    assert held.moved_to == tmp_path / "moved\nto é"
    assert held.loss == f"was moved to {held.moved_to}"


def test_a_folder_that_was_removed_is_nowhere(held):
    held.path.rmdir()
    assert held.loss == "was removed" and held.moved_to is None


def test_a_file_in_the_place_of_the_folder_above_is_a_loss(held, tmp_path):
    held.path.parent.rename(tmp_path / "elsewhere")
    held.path.parent.touch()
    assert held.loss == f"was moved to {tmp_path / 'elsewhere' / 'run'}"


@pytest.mark.parametrize("make", [lambda path, other: path.mkdir(), lambda path, other: path.symlink_to(other)])
def test_another_folder_or_a_link_to_one_in_its_place_is_told(held, tmp_path, make):
    held.path.rename(tmp_path / "moved")
    (tmp_path / "other").mkdir()
    make(held.path, tmp_path / "other")
    assert held.loss == "was moved or removed, and something else is in its place"


def test_a_disk_that_does_not_answer_tells_of_no_loss(held, monkeypatch):
    def silent(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "stat", silent)
    assert held.loss == ""
