"""The power is cut at each instant of a run's saves: see power.py for what the disk may then hold."""

import random
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from elastic_pinn.storage import Store
from elastic_pinn.storage.retention import Policy, pin
from tests.faults.power import Enter, Note, Recorder, Step, Sync, crash_states, lay_out, recorded
from tests.faults.small import ready, require_next_save, require_recovery, sent_bytes, sizes, whole
from tests.storage.recovery import recovered

FOLDER = Path("run", "checkpoints")
POLICY = Policy(keep_last=2, keep_every=3)
PINNED, PINNED_NAME = 2, "step-000000002-g000.h5"

Saved = frozenset[tuple[int, int]]  # (generation, step) of what must be there
Noting = Callable[[Saved], None]


def stays(step: int) -> bool:
    """Whether retention keeps a checkpoint however old it is."""
    return step % POLICY.keep_every == 0 or step == PINNED


def saves(root: Path, steps: Iterable[int], note: Noting) -> None:
    """Checkpoints with retention; notes, at each point, what must outlast a power cut from there on."""
    store, due = Store(root / FOLDER), frozenset()
    for step in steps:
        path = store.publish(ready(step))
        if step == PINNED:
            pin(path)
        due |= {(0, step)}
        note(due)
        due = frozenset(sorted(due)[-POLICY.keep_last :]) | {(0, old) for _, old in due if stays(old)}
        note(due)
        store.retain(POLICY)
        store.copy_out()


@pytest.fixture
def many_saves(fast_path: Path) -> Recorder:
    root = fast_path / "recorded"
    root.mkdir()
    return recorded(root, lambda note: saves(root, range(1, 13), note))


def survive(recorder: Recorder, states: int, scratch: Path, first: Saved = frozenset(), at_least: int = 0) -> int:
    """Recover from each state of the disk; fails at the first broken promise.

    Arguments:
        recorder: of the work.
        states: how many to try for.
        scratch: where to lay them out.
        first: what must be there before anything is noted.
        at_least: so many whole checkpoints must be there.

    Returns how many different states there were.
    """
    seen: set[int] = set()
    for notes, tree in crash_states(recorder, states, random.Random(1)):
        due = notes[-1] if notes else first
        state = hash((due, frozenset(tree.items())))
        if state in seen:
            continue
        seen.add(state)
        root = scratch / str(len(seen))
        lay_out(tree, root)
        require_recovery(root / FOLDER, due)
        assert len(whole(root / FOLDER)) >= at_least, f"lost: fewer than {at_least} are left"
        if len(seen) % 10 == 0:
            require_next_save(root / FOLDER)
            Store(root / FOLDER).retain(POLICY)
            assert {(0, step) for _, step in due if stays(step)} <= whole(root / FOLDER), "lost in the next retention"
        remove(root)
    return len(seen)


def remove(folder: Path) -> None:
    """A faster shutil.rmtree for two or three known levels."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.rmdir()


@pytest.mark.parametrize("states", sizes(50, 30_000))
def test_what_was_acknowledged_outlasts_a_power_cut(many_saves, fast_path, states, record_property):
    record_property("states of the disk recovered", survive(many_saves, states, fast_path))


@pytest.mark.parametrize("states", sizes(15, 600))
def test_a_power_cut_during_recovery_and_the_saves_after_it_loses_nothing(fast_path, states, record_property):
    root = fast_path / "recorded"
    folder = root / FOLDER
    for step in (1, 2, 3):
        Store(folder).publish(ready(step))
    pin(folder / PINNED_NAME)
    (folder / "step-000000004-g000.h5").write_bytes(sent_bytes(4)[:-100])
    (folder / f".step-000000005-g000.h5.{16 * 'a'}.tmp").write_bytes(sent_bytes(5)[:1000])
    first = frozenset({(0, 2), (0, 3)})

    def go_on(note: Noting) -> None:
        store = Store(folder)
        recovered(store)
        note(first)
        store.publish(ready(4, generation=1))
        note(first | {(1, 4)})
        note(frozenset({(0, 2), (0, 3), (1, 4)}))
        store.retain(POLICY)

    recorder = recorded(root, go_on)
    record_property("states of the disk recovered", survive(recorder, states, fast_path, first))


@pytest.mark.parametrize("states", sizes(15, 600))
def test_two_stay_when_a_save_is_killed_before_its_last_sync_and_then_the_power_fails(
    fast_path, states, record_property
):
    root = fast_path / "recorded"
    for step in (1, 2):
        Store(root / FOLDER).publish(ready(step))
    pin(root / FOLDER / PINNED_NAME)
    first, last = frozenset({(0, 1), (0, 2)}), frozenset({(0, 2)})

    def killed_and_started_again(note: Noting) -> None:
        Store(root / FOLDER).publish(ready(3))  # its last sync is taken out below: the kill came before it
        note(last)
        again = Store(root / FOLDER)
        recovered(again)
        again.retain(Policy(keep_last=2))

    recorder = recorded(root, killed_and_started_again)
    killed = recorder.steps.index(Note(last))
    assert isinstance(recorder.steps[killed - 1], Sync)
    del recorder.steps[killed - 1]
    record_property("states of the disk recovered", survive(recorder, states, fast_path, first, at_least=2))


def no_sync_of(kind: str) -> Callable[[Recorder], list[Step]]:
    return lambda recorder: [
        step for step in recorder.steps if not (isinstance(step, Sync) and recorder.kinds[step.number] == kind)
    ]


def no_sync_above(recorder: Recorder) -> list[Step]:
    """The folder of checkpoints is synced, but not its entry in the run's folder."""
    checkpoints = next(
        s.entries["checkpoints"] for s in recorder.steps if isinstance(s, Enter) and "checkpoints" in s.entries
    )
    return [
        step
        for step in recorder.steps
        if not (isinstance(step, Sync) and recorder.kinds[step.number] == "folder" and step.number != checkpoints)
    ]


def removal_first(recorder: Recorder) -> list[Step]:
    """What retention removes goes before the save that takes its place is entered into the folder."""
    steps = list(recorder.steps)
    for step in recorder.steps:
        if changes_checkpoints(step) and None in step.entries.values():
            at = steps.index(step)
            steps.insert(max(i for i in range(at) if changes_checkpoints(steps[i])), steps.pop(at))
    return steps


def changes_checkpoints(step: Step) -> bool:
    return isinstance(step, Enter) and any(name.startswith("step-") for name in step.entries)


@pytest.mark.parametrize(
    "broken",
    [no_sync_of("file"), no_sync_of("folder"), no_sync_above, pytest.param(removal_first, marks=pytest.mark.slow)],
    ids=lambda f: f.__qualname__,
)
def test_the_model_finds_what_is_left_out(many_saves, fast_path, broken):
    many_saves.steps = broken(many_saves)
    with pytest.raises(AssertionError, match="lost"):
        survive(many_saves, 2_000, fast_path)
