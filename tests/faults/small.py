"""A run of checkpoints as small as real ones can be, each known by its step, and what must hold of a folder of them.

FAULT_SCALE in the environment takes a part of the full sets: 0.3 is three tenths of the cases.
"""

import os
from collections.abc import Collection
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from elastic_pinn.storage import CheckpointError, History, Snapshot, Store, read_snapshot
from elastic_pinn.storage.checkpoints import order
from tests.storage.recovery import recovered

SCALE = float(os.environ.get("FAULT_SCALE", "1"))


def sizes(quick: int, full: int) -> list:
    """Parameters for a test that runs `quick` cases among all tests and `full` ones where faults are asked for."""
    scaled = max(quick, round(SCALE * full))
    return [pytest.param(quick, id="quick"), pytest.param(scaled, id="full", marks=pytest.mark.faults)]


def sent(step: int, generation: int = 0) -> Snapshot:
    """The checkpoint of a step: always the same, and different from that of any other step or generation."""
    history = History(["step", "loss/total"])
    history.append({"step": step, "loss/total": 1.0 / (1 + step)})
    return Snapshot(
        step=step,
        stage=0,
        generation=generation,
        config="{}",
        weights={"w": torch.tensor([float(step), float(generation)])},
        state={"optimizer": None},
        history=history,
        metrics={"loss/total": 1.0 / (1 + step)},
        metric=1.0 / (1 + step),
        metric_name="loss/total",
        created="2026-01-01T00:00:00+00:00",
    )


@cache
def sent_bytes(step: int, generation: int = 0) -> bytes:
    """The file of `sent`."""
    return bytes(sent(step, generation).image())


def ready(step: int, generation: int = 0) -> SimpleNamespace:
    """As `sent`, for `Store.publish`: with an image that is there already, so that only the calls take time."""
    return SimpleNamespace(step=step, generation=generation, image=lambda: sent_bytes(step, generation))


def equals_sent(snapshot: Snapshot, generation: int, step: int) -> bool:
    """Whether a loaded checkpoint is bit for bit what was sent as this one."""
    return bytes(snapshot.image()) == sent_bytes(step, generation)


def whole(folder: Path) -> set[tuple[int, int]]:
    """(generation, step) of the checkpoints that are exactly what was sent. Fails if a file loads but differs."""
    found = set()
    for path in folder.glob("step-*.h5"):
        generation, step = order(path.name)
        if path.read_bytes() == sent_bytes(step, generation):
            found.add((generation, step))
        else:
            with pytest.raises(CheckpointError):
                read_snapshot(path)
    return found


def require_recovery(folder: Path, acknowledged: Collection[tuple[int, int]]) -> tuple[int, int] | None:
    """Recover a folder after a fault: nothing acknowledged is lost, nothing wrong is loaded, nothing is left over.

    Arguments:
        folder: of the checkpoints.
        acknowledged: (generation, step) of those that must be there.

    Returns (generation, step) of what was recovered.
    """
    lost = set(acknowledged) - whole(folder)
    assert not lost, f"lost: {sorted(lost)}"
    found = recovered(Store(folder))
    assert (found is not None) or not acknowledged, "nothing was recovered"
    assert not leftovers(folder), f"left over: {leftovers(folder)}"
    if found is None:
        return None
    newest = order(Path(found.path).name)
    assert equals_sent(found.snapshot, *newest), f"silently wrong: {found.path}"
    assert newest >= max(acknowledged, default=(0, 0)), f"{found.path} is older than what was acknowledged"
    return newest


def require_next_save(folder: Path) -> None:
    """A further save works, and is the newest one."""
    store = Store(folder)
    generation = store.next_generation()
    path = store.publish(ready(1, generation))
    assert store.latest().path == path


def leftovers(folder: Path) -> list[str]:
    """Names in a folder of checkpoints that no finished work leaves there."""
    return [path.name for path in folder.glob("*") if path.name.endswith(".tmp")] if folder.is_dir() else []
