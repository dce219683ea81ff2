"""Each call of a save, of retention, of recovery and of copying fails, or is the one at which the process is killed."""

import errno
import os
import random
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from elastic_pinn.storage import CheckpointError, Store, remove_leftovers
from elastic_pinn.storage.retention import Policy, pin
from tests.descriptors import open_descriptors, require_no_leak
from tests.faults.calls import CHANGES, Failing, intercepted
from tests.faults.children import calls_in, can_trace, ended, forked, traced
from tests.faults.small import (
    SCALE,
    leftovers,
    ready,
    require_next_save,
    require_recovery,
    sent_bytes,
    whole,
)
from tests.storage.recovery import recovered

ERRORS = (errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
FOLDER = Path("run", "checkpoints")
NEXT = "step-000000006-g000.h5"


@dataclass(frozen=True)
class Work:
    """Something that a fault may hit.

    Arguments:
        do: it, in a folder that is as `prepared` makes it.
        done: whether it was done.
        due: steps of the checkpoints that must be there afterwards, whatever happened.
        raises: what it may raise.
    """

    do: Callable[[Path], object]
    done: Callable[[Path], bool]
    due: frozenset[int] = frozenset({1, 2, 3, 4})
    raises: tuple[type[Exception], ...] = (CheckpointError,)


def another(folder: Path) -> Path:
    """The folder of a run that has not begun."""
    return folder.parents[1] / "another" / "checkpoints"


WORKS = {
    "first save": Work(
        lambda folder: Store(another(folder)).publish(ready(6)),
        lambda folder: steps(another(folder)) == {6},
    ),
    "save": Work(
        lambda folder: Store(folder).publish(ready(6)),
        lambda folder: steps(folder) == {1, 2, 3, 4, 6},
    ),
    "retention": Work(
        lambda folder: Store(folder).retain(Policy(keep_last=2)),
        lambda folder: steps(folder) == {1, 3, 4},
        due=frozenset({1, 3, 4}),
        raises=(CheckpointError, OSError),
    ),
    "recovery": Work(
        lambda folder: recovered(Store(folder)),
        lambda folder: os.listdir(folder.parent / "quarantine") == ["step-000000005-g000.h5"],
        raises=(CheckpointError, OSError),
    ),
    "copies": Work(
        lambda folder: Store(folder).copy_out(),
        lambda folder: (folder.parent / "latest.h5").read_bytes() == sent_bytes(4),
    ),
}


def steps(folder: Path) -> set[int]:
    """The steps of the whole checkpoints in a folder, all of generation 0."""
    return {step for _, step in whole(folder)}


@pytest.fixture
def prepared(fast_path: Path) -> Callable[[], Path]:
    """Makes copies of a run's folder: whole checkpoints 1 to 4, the first pinned, a damaged fifth and a leftover."""
    original = fast_path / "original"
    store = Store(original / FOLDER)
    for step in (1, 2, 3, 4):
        store.publish(ready(step))
    pin(store.folder / "step-000000001-g000.h5")
    (store.folder / "step-000000005-g000.h5").write_bytes(sent_bytes(5)[:-10])
    (store.folder / f".{NEXT}.{16 * 'a'}.tmp").write_bytes(sent_bytes(6)[:1000])
    copies = iter(range(1_000_000))

    def copy() -> Path:
        return shutil.copytree(original, fast_path / str(next(copies))) / FOLDER

    return copy


def require_order(folder: Path, work: Work) -> None:
    """After whatever happened: nothing is lost or wrong, recovery cleans up, and the work can be done now."""
    recovered(Store(another(folder)))
    remove_leftovers(folder.parent)  # as resuming does
    assert not leftovers(another(folder)) and not leftovers(folder.parent)
    require_recovery(folder, {(0, step) for step in work.due})
    try:
        done = work.done(folder)
    except FileNotFoundError:
        done = False
    if not done:
        work.do(folder)
    assert work.done(folder)
    require_next_save(folder)


def outcome_of(work: Work, folder: Path, answer: Callable[..., Any]) -> Exception | None:
    """Do some work with its calls intercepted; what it raised, which must be one of the errors that it may raise."""
    before = open_descriptors()
    raised = None
    try:
        with intercepted(answer):
            work.do(folder)
    except work.raises as error:
        raised = error
    require_no_leak(before)
    return raised


def number_of_calls(work: Work, folder: Path) -> int:
    """How many calls there are to let fail."""
    counting = Failing(0, 0)
    outcome_of(work, folder, counting)
    return len(counting.names)


@pytest.mark.parametrize("lasting", [False, pytest.param(True, marks=pytest.mark.faults)], ids=["once", "lasting"])
@pytest.mark.parametrize(
    "error",
    [errno.EIO, *(pytest.param(error, marks=pytest.mark.faults) for error in ERRORS[1:])],
    ids=errno.errorcode.get,
)
@pytest.mark.parametrize("name", WORKS)
def test_an_error_at_any_call_leaves_things_in_order(prepared, name, error, lasting, record_property):
    work = WORKS[name]
    calls = number_of_calls(work, prepared())
    raised = 0
    for number in range(1, calls + 1):
        folder = prepared()
        outcome = outcome_of(work, folder, Failing(number, error, lasting))
        raised += outcome is not None
        if isinstance(outcome, CheckpointError):
            assert str(folder.parents[1]) in outcome.path and ".tmp" not in outcome.path and outcome.advice
        require_order(folder, work)
    record_property("calls failed", calls)
    record_property("of them raised", raised)


@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
def test_a_failed_save_says_why_and_leaves_nothing(prepared, error):
    work = WORKS["save"]
    for number in range(1, number_of_calls(work, prepared()) + 1):
        folder = prepared()
        before = sorted(os.listdir(folder))
        failure = outcome_of(work, folder, Failing(number, error))
        if failure is None:
            assert NEXT in os.listdir(folder)
            continue
        assert failure.path == str(folder / NEXT) and os.strerror(error) in failure.fault
        assert sorted(os.listdir(folder)) == before
        assert work.do(folder).name == NEXT, "the same save, tried again, works"


@pytest.mark.parametrize("length", [1, 511, 512, 4095])
def test_short_writes_are_continued(prepared, length):
    def short(name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        return os_write(arguments[0], arguments[1][:length]) if name == "write" else call()

    os_write, folder = os.write, prepared()
    assert outcome_of(WORKS["save"], folder, short) is None
    assert (folder / NEXT).read_bytes() == sent_bytes(6)


def test_a_file_whose_sync_failed_is_discarded_and_never_synced_again(prepared):
    folder, synced, linked = prepared(), [], []

    def failing(name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        if name == "fsync" and os.path.isfile(path := os.readlink(f"/proc/self/fd/{arguments[0]}")):
            synced.append(path)
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        if name in ("link", "rename", "replace"):
            linked.append(arguments)
        return call()

    for attempt in (1, 2, 3):
        assert os.strerror(errno.EIO) in outcome_of(WORKS["save"], folder, failing).fault
        assert len(set(synced)) == attempt == len(synced), "each attempt syncs a file of its own, and once"
        assert not linked and not any(map(os.path.exists, synced))
    require_order(folder, WORKS["save"])


QUICK = {("save", "before")}  # all others take seconds each: a process for each call


@pytest.mark.parametrize(
    ("name", "when"),
    [
        pytest.param(name, when, marks=[] if when == "within" or (name, when) in QUICK else pytest.mark.faults)
        for name in WORKS
        for when in ("before", "after", "within")
    ],
)
def test_a_kill_at_any_call_leaves_things_in_order(prepared, name, when, record_property):
    work, number, status = WORKS[name], 0, -signal.SIGKILL
    while status == -signal.SIGKILL:
        number, folder = number + 1, prepared()
        status = ended(forked(partial(kill_at, number, when, partial(work.do, folder))))
        require_order(folder, work)
    assert status == 0
    record_property("kills", number - 1)


def kill_at(number: int, when: str, work: Callable[[], object]) -> None:
    """Do some work, and be killed before, after or within one of its changes; a write is then half done."""
    made = 0

    def answer(name: str, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        nonlocal made
        made += 1
        if made == number and when == "within" and name == "write":
            os_write(arguments[0], arguments[1][: len(arguments[1]) // 2])
        if made == number and when != "after":
            os.kill(os.getpid(), signal.SIGKILL)
        result = call()
        if made == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    os_write = os.write
    with intercepted(answer, CHANGES if when != "within" else ("write", "link", "unlink", "replace")):
        work()


@pytest.fixture
def strace(tmp_path: Path) -> Path:
    """Where strace may log the calls of a child."""
    if not can_trace(tmp_path):
        pytest.skip("strace is missing or may not attach here; the calls that Python makes were tested without it")
    return tmp_path / "calls.log"


@pytest.mark.faults
@pytest.mark.parametrize("name", WORKS)
def test_a_kill_at_any_system_call_leaves_things_in_order(prepared, strace, name, record_property):
    work, kills = WORKS[name], 0
    for call, number in part(system_calls(work, prepared(), strace, "all")):
        folder = prepared()
        inject = ("-e", "trace=all", "-e", f"inject={call}:signal=SIGKILL:when={number}")
        kills += traced(partial(work.do, folder), strace, *inject) == -signal.SIGKILL
        require_order(folder, work)
    record_property("kills", kills)


@pytest.mark.faults
@pytest.mark.parametrize("error", ERRORS, ids=errno.errorcode.get)
@pytest.mark.parametrize("name", WORKS)
def test_an_error_at_any_system_call_leaves_things_in_order(prepared, strace, name, error, record_property):
    work, failed = WORKS[name], 0
    for call, number in part(system_calls(work, prepared(), strace, "%file,%desc")):
        if call in ("close", "mmap"):  # strace would leave the descriptor open, and mapping is no matter of files here
            continue
        folder = prepared()
        inject = ("-e", "trace=%file,%desc", "-e", f"inject={call}:error={errno.errorcode[error]}:when={number}")
        assert traced(partial(suppressing, work, folder), strace, *inject) == 0, f"{call} {number}"
        failed += "(INJECTED)" in strace.read_text()
        require_order(folder, work)
    record_property("calls failed", failed)


def suppressing(work: Work, folder: Path) -> None:
    """Do some work, which may raise what it may raise."""
    with suppress(*work.raises):
        work.do(folder)


def system_calls(work: Work, folder: Path, log: Path, which: str) -> list[tuple[str, int]]:
    """The system calls that some work makes."""
    assert traced(lambda: work.do(folder), log, "-e", f"trace={which}") == 0
    return calls_in(log)


def part(calls: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """All calls, or as many of them as FAULT_SCALE says."""
    return calls if SCALE >= 1 else sorted(random.Random(1).sample(calls, round(SCALE * len(calls))))
