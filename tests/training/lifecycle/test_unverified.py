"""Whatever comes from a checkpoint that nobody could verify says so, however far from it."""

import dataclasses
from pathlib import Path

import pytest

import elastic_pinn as ep
from elastic_pinn.storage import UNVERIFIED, publish

NOTE = "repaired; not verified: weights"


@pytest.fixture
def repaired(tiny, tmp_path) -> Path:
    """A checkpoint of step 3 as `repair --unverified` leaves it, and no verified one beside it."""
    stop = ep.Control(lambda row: stop.stop() if row["step"] == 3 else None)
    run = ep.train(tiny(), tmp_path / "source", control=stop)
    snapshot = run.latest().snapshot
    changed = dataclasses.replace(snapshot, attributes={**snapshot.attributes, UNVERIFIED: NOTE})
    publish(tmp_path / "repaired.h5", changed.image())
    return tmp_path / "repaired.h5"


def notes(run: ep.Run) -> list[str]:
    """What each checkpoint of a run says of what is not verified, the oldest first."""
    return [ep.load_checkpoint(entry.path).snapshot.attributes.get(UNVERIFIED, "") for entry in run.checkpoints()]


def test_all_that_is_trained_on_from_it_says_so_once(repaired, tiny, tmp_path):
    told = f"trained on from step 3, generation 0, which was {NOTE}"
    run = ep.train(tiny(), tmp_path / "run", resume=repaired)
    assert run.events() == [(3, told)] and notes(run) == [told] * 2
    run = ep.train(tiny(steps=8), tmp_path / "run", resume="auto")
    assert run.events() == [(3, told), (6, "steps: 6 -> 8")] and set(notes(run)) == {told}


def test_a_run_that_was_started_from_it_says_so_and_so_do_those_started_from_that(repaired, tiny, tmp_path):
    told = f"started from {repaired}, step 3, which was {NOTE}"
    run = ep.train(tiny(init_from=str(repaired)), tmp_path / "run")
    assert (0, told) in run.events() and notes(run) == [told] * 2
    after = ep.train(tiny(init_from=str(run.path)), tmp_path / "after")
    assert (0, told) in after.events() and notes(after) == [told] * 2


def test_what_is_verified_is_said_nothing_of(tiny, tmp_path):
    run = ep.train(tiny(), tmp_path / "run")
    after = ep.train(tiny(init_from=str(run.path)), tmp_path / "after")
    assert notes(run) == notes(after) == ["", ""] and len(after.events()) == 1
