"""A checkpoint that a viewer wrote into comes back exactly as it was sealed, or is said not to."""

from dataclasses import replace
from pathlib import Path

import h5py
import pytest

import elastic_pinn as ep
from elastic_pinn import storage
from elastic_pinn.storage import CheckpointError, read_header, repair_checkpoint
from elastic_pinn.storage.checkpoint_repair import _agreements
from elastic_pinn.storage.format.snapshot import parse_changed
from tests.storage.damage import overwrite


@pytest.fixture
def run(tiny, tmp_path):
    """A run with the checkpoints of steps 0, 3 and 6, and without copies of the newest and the best."""
    run = ep.train(tiny(checkpoint_every=3), tmp_path / "run")
    for name in ("latest.h5", "best.h5"):
        (run.path / name).unlink()
    return run


@pytest.fixture
def path(run) -> Path:
    return run.latest().path


def noted(path: Path, note) -> bytes:
    """Open a checkpoint as a viewer does, write into it, and return what it was before."""
    before = path.read_bytes()
    path.chmod(0o644)
    with h5py.File(path, "r+") as file:
        note(file)
    assert path.read_bytes() != before
    return before


def test_appended_bytes_are_left_out(path):
    before = path.read_bytes()
    overwrite(path, before + b"a note\n")
    done = repair_checkpoint(path)
    assert done.image == before and not done.unverified and "7 bytes were appended" in done.found


def add_a_text(file):
    file.attrs["note"] = "the one of figure 3"


def add_numbers(file):
    file.attrs["quality"] = 3
    file.attrs["score"] = 0.5


def add_many(file):
    for number in range(20):
        file.attrs[f"note {number}"] = "x" * 100


def mark_a_weight(file):
    next(iter(file["weights"].values())).attrs["unit"] = "m"


def mark_a_column(file):
    file["history/loss/total"].attrs["color"] = "red"


def change_what_the_header_has(file):
    file.attrs["step"] = 7
    file.attrs["metric"] = "lowest"


def change_whose_run_it_is(file):
    file.attrs["run_id"] = "mine"
    file.attrs["device"] = 5


def remove_one(file):
    del file.attrs["torch_threads"]


NOTES = [
    add_a_text,
    add_numbers,
    add_many,
    mark_a_weight,
    mark_a_column,
    change_what_the_header_has,
    change_whose_run_it_is,
    remove_one,
]


@pytest.fixture
def quick(monkeypatch):
    """Reads in this process: the child takes a second to start."""
    monkeypatch.setattr(
        storage.checkpoint_repair, "parse_isolated", lambda place, data, how: parse_changed(place, data)
    )


@pytest.mark.slow
def test_a_note_in_a_checkpoint_is_read_in_a_process_of_its_own_and_left_out(path):
    before = noted(path, add_a_text)
    assert repair_checkpoint(path).image == before


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("note", NOTES)
def test_changed_attributes_are_brought_back_to_the_very_bytes_that_were_sealed(path, note):
    before = noted(path, note)
    changed = path.read_bytes()
    done = repair_checkpoint(path)
    assert done.image == before and not done.unverified and "SHA-256" in done.found
    assert path.read_bytes() == changed, "the file itself stays as it is"


@pytest.mark.usefixtures("quick")
def test_a_compressed_checkpoint_with_a_note_comes_back_too(tiny, tmp_path):
    run = ep.train(tiny(steps=1, hidden_layers=[40, 40], compression=5), tmp_path / "run")
    path = run.latest().path
    for copy in ("latest.h5", "best.h5"):
        (run.path / copy).unlink()
    before = noted(path, add_a_text)
    assert repair_checkpoint(path).image == before


def add_three(file):
    for i, name in enumerate(("note", "author", "seen")):
        file.attrs[name] = i


@pytest.mark.usefixtures("quick")
def test_up_to_three_notes_are_left_out_where_no_other_checkpoint_tells_what_was_there(run, path):
    for entry in run.checkpoints()[:-1]:
        entry.path.unlink()
    before = noted(path, add_three)
    assert repair_checkpoint(path).image == before


def test_another_config_is_not_passed_off_as_that_of_the_run(run):
    newest = run.latest().snapshot
    assert "the config is that of" in next(_agreements(newest, [newest]))
    assert not [each for each in _agreements(replace(newest, config="{}"), [newest]) if "config" in each]


def change_a_weight(file):
    file["weights/network.biases.0"][0] += 1


def change_a_loss(file):
    file["history/loss/total"][0] *= 2


def change_when_it_was_made(file):
    file.attrs.modify("created", b"2001-01-01T00:00:00.000+00:00")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("note", [change_a_weight, change_a_loss, change_when_it_was_made])
def test_what_cannot_be_verified_is_never_passed_off_as_what_was_sealed(path, note, caplog):
    noted(path, note)
    done = repair_checkpoint(path)
    assert "weights" in done.unverified
    assert ("NOT those of" in done.found) == (note is change_a_loss)
    elsewhere = path.with_name("repaired.h5")
    elsewhere.write_bytes(done.image)
    checkpoint = ep.load_checkpoint(elsewhere)
    assert checkpoint.step == 6 and "not verified: weights" in caplog.text


def test_a_whole_copy_is_taken_where_there_is_one(tiny, tmp_path):
    run = ep.train(tiny(), tmp_path / "run")
    path = run.latest().path
    before = noted(path, change_a_weight)
    done = repair_checkpoint(path)
    assert done.image == before and str(run.path / "latest.h5") in done.found


@pytest.mark.parametrize("name", ["latest.h5", "best.h5", "beside.h5", "inside/under.h5"])
def test_a_damaged_copy_is_brought_back_from_the_checkpoint_that_it_is_of(run, path, name):
    copy = run.path / name
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(path.read_bytes())
    before = noted(copy, change_a_weight)
    done = repair_checkpoint(copy)
    assert done.image == before and not done.unverified and str(path) in done.found


@pytest.mark.usefixtures("quick")
def test_of_a_copy_too_other_checkpoints_of_the_run_tell_what_was_changed(run, path):
    copy = run.path / "latest.h5"
    copy.write_bytes(path.read_bytes())
    path.unlink()
    before = noted(copy, change_whose_run_it_is)
    assert repair_checkpoint(copy).image == before


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (lambda whole: whole, "is good"),
        (lambda whole: whole[:-10], "truncated"),
        (lambda whole: b"\0" + whole[1:], "seal"),
        (lambda whole: whole[:40] + bytes([whole[40] ^ 1]) + whole[41:], "header"),
    ],
)
def test_what_is_no_case_for_repair_is_refused(path, data, fault):
    overwrite(path, data(path.read_bytes()))
    with pytest.raises(CheckpointError, match=fault):
        repair_checkpoint(path)


def test_what_is_read_and_written_again_gives_the_same_bytes(run):
    for entry in run.checkpoints():
        assert bytes(ep.load_checkpoint(entry.path).snapshot.image()) == entry.path.read_bytes()
        assert read_header(entry.path) == entry.header
