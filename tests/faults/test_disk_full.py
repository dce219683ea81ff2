"""The disk fills up in the middle of a save: at each KiB of it, and on a real small file system."""

import ctypes
import errno
import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from elastic_pinn.storage import CheckpointError, History, LiveHistory, Store, read_live_history, read_snapshot
from tests.descriptors import open_descriptors, require_no_leak
from tests.faults.calls import intercepted
from tests.faults.children import ended, forked
from tests.faults.small import sent, sizes

KIB = 1024
CLONE_NEWNS, MS_REC, MS_PRIVATE, MS_REMOUNT = 0x20000, 0x4000, 0x40000, 0x20
NOT_ALLOWED = 77  # the exit status of a child that may not mount anything


@cache
def large(step: int, kib: int) -> SimpleNamespace:
    """For `Store.publish`: a checkpoint with so many KiB of weights."""
    image = replace(sent(step), weights={"w": torch.full((kib * KIB // 4,), float(step))}).image()
    return SimpleNamespace(step=step, generation=0, image=lambda: image)


def require_nothing_happened(store: Store) -> None:
    """Only the first checkpoint is there, and it reads."""
    assert os.listdir(store.folder) == ["step-000000001-g000.h5"]
    assert store.latest().snapshot.step == 1


def filling_up(free: int) -> Callable[..., Any]:
    """An answer to intercepted calls: a disk with so many free bytes."""
    write = os.write

    def answer(name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        nonlocal free
        if name != "write":
            return call()
        if not free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = write(arguments[0], memoryview(arguments[1])[:free])
        free -= written
        return written

    return answer


@pytest.mark.parametrize("kib", sizes(40, 1_000))
def test_a_disk_that_is_full_after_any_kib_of_a_save_loses_nothing(fast_path, kib, record_property):
    store = Store(fast_path / "checkpoints")
    store.publish(large(1, 1))
    new, before, failed = large(2, kib), open_descriptors(), 0
    for free in range(0, len(new.image()), KIB):
        with pytest.raises(CheckpointError, match=os.strerror(errno.ENOSPC)), intercepted(filling_up(free)):
            store.publish(new)
        require_nothing_happened(store)
        failed += 1
    require_no_leak(before)
    path = store.publish(new)
    assert path.read_bytes() == bytes(new.image()) and read_snapshot(path).step == 2
    record_property("saves that failed", failed)


def in_small_file_system(work: Callable[[Path, Callable[[int], None]], None], place: Path) -> None:
    """Do some work in a child process that has a file system of its own at a place, in memory.

    Arguments:
        work: of the place and a function that sets the size of the file system in KiB.
        place: an empty folder.
    """
    status = ended(forked(partial(_mounted, work, place)))
    if status == NOT_ALLOWED:
        pytest.skip("mounting a small file system needs more rights here; the same was tested with simulated writes")
    assert status == 0


def _mounted(work: Callable[[Path, Callable[[int], None]], None], place: Path) -> None:
    c = ctypes.CDLL(None, use_errno=True)

    def mount(flags: int, options: str) -> bool:
        return c.mount(b"tmpfs", os.fsencode(place), b"tmpfs", flags, options.encode()) == 0

    private = c.unshare(CLONE_NEWNS) == 0 and c.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) == 0
    if not (private and mount(0, "size=16k")):
        os._exit(NOT_ALLOWED)

    def resize(kib: int) -> None:
        assert mount(MS_REMOUNT, f"size={kib}k"), os.strerror(ctypes.get_errno())

    work(place, resize)


def test_a_real_disk_that_is_full_loses_nothing_and_the_next_save_works(tmp_path):
    def work(place: Path, resize: Callable[[int], None]) -> None:
        store = Store(place / "checkpoints")
        store.publish(large(1, 1))
        before, failed = open_descriptors(), 0
        for kib in range(16, 16 + 80, 4):
            resize(kib)
            try:
                store.publish(large(kib, 60))
                break
            except CheckpointError as error:
                assert os.strerror(errno.ENOSPC) in error.fault and str(store.folder) in error.path
                require_nothing_happened(store)
                failed += 1
        assert failed > 5 and store.latest().snapshot.step == kib
        require_no_leak(before)

    in_small_file_system(work, tmp_path)


def test_a_full_disk_stops_the_live_history_and_nothing_else(tmp_path):
    def work(place: Path, resize: Callable[[int], None]) -> None:
        resize(2048)
        history = History(["step", "loss/total"])
        history.append({"step": 0, "loss/total": 1.0})
        live = LiveHistory(place / "history.h5", history)
        before = open_descriptors()
        (place / "filler").write_bytes(bytes(os.statvfs(place).f_bavail * os.statvfs(place).f_bsize))
        for step in range(1, 100_000):
            history.append({"step": step, "loss/total": 1.0})
        live.flush()
        assert live.broken
        resize(8192)
        live.renew()
        assert not live.broken
        require_no_leak(before)
        live.close()
        assert len(read_live_history(place / "history.h5")) == 100_000

    in_small_file_system(work, tmp_path)
