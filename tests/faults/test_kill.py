"""kill -9 at random instants of repeated saves with retention and copies."""

import os
import random
import signal
import struct
import time
from itertools import count
from pathlib import Path

import pytest

from elastic_pinn.storage import Store
from elastic_pinn.storage.retention import Policy
from tests.faults.children import ended, forked
from tests.faults.small import ready, require_next_save, require_recovery, sent_bytes, sizes

POLICY = Policy(keep_last=3)
KILLS_IN_A_FOLDER = 25
SLOWEST_S = 0.02
AHEAD = 30  # saves that a child makes before it is killed, about
STEP = struct.Struct("<q")


def save_for_ever(folder: Path, first: int, acknowledge: int) -> None:
    """Save step after step, and say so into a pipe, until killed."""
    store = Store(folder)
    for step in count(first):
        store.publish(ready(step))
        os.write(acknowledge, STEP.pack(step))
        store.retain(POLICY)
        store.copy_out()


def killed_after(seconds: float, folder: Path, first: int) -> list[int]:
    """The steps that were acknowledged by a child that saved, from step `first` on, until it was killed."""
    for step in range(first, first + AHEAD):
        sent_bytes(step)  # made here, so that the kills hit the writing and not the making
    reading, writing = os.pipe()
    child = forked(lambda: save_for_ever(folder, first, writing))
    os.close(writing)
    with open(reading, "rb") as pipe:
        told = pipe.read(STEP.size)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        told += pipe.read()
    assert ended(child) == -signal.SIGKILL
    return [step for (step,) in STEP.iter_unpack(told)]


@pytest.mark.parametrize("kills", sizes(50, 1_000))
def test_a_kill_at_any_instant_of_repeated_saves_loses_nothing(fast_path, kills, record_property):
    rng, saves, newer = random.Random(1), 0, 0
    for at in range(kills):
        folder = fast_path / str(at // KILLS_IN_A_FOLDER) / "checkpoints"
        if at % KILLS_IN_A_FOLDER == 0:
            acknowledged = [0]
        told = killed_after(rng.uniform(0.0, SLOWEST_S), folder, acknowledged[-1] + 1)
        acknowledged = (acknowledged + told)[-POLICY.keep_last :]
        _, newest = require_recovery(folder, {(0, step) for step in acknowledged if step})
        saves += len(told)
        if newest > acknowledged[-1]:  # the kill came between the last sync and the acknowledgement
            acknowledged.append(newest)
            newer += 1
        if at % KILLS_IN_A_FOLDER == KILLS_IN_A_FOLDER - 1:
            require_next_save(folder)
    record_property("kills", kills)
    record_property("saves", saves)
    record_property("kills that left a newer checkpoint than the last acknowledged", newer)
