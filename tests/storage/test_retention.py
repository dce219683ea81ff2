import errno
import math
import os
import stat
from pathlib import Path

import h5py
import pytest
import torch

import elastic_pinn.storage.store
from elastic_pinn.storage import CheckpointError, Entry, Header, History, Policy, Snapshot, Store, pin, unpin
from elastic_pinn.storage.checkpoints import best_first, name_of
from elastic_pinn.storage.files import replace_by_copy
from elastic_pinn.storage.retention import reasons_to_keep
from tests.storage.damage import overwrite
from tests.storage.recovery import recovered


def entry(
    step: int, metric: float = math.nan, generation: int = 0, name: str = "loss/validation", metric_id: str = "a" * 16
):
    return Entry(Path(name_of(step, generation)), Header(2, step, generation, metric, name, metric_id, 0, b""))


def kept(entries, pins=(), **policy) -> list[int]:
    reasons = reasons_to_keep(entries, Policy(**policy), dict.fromkeys(pins, "why"))
    return sorted(e.header.step for e in entries if e.name in reasons)


def small(step: int, metric: float = 0.5, generation: int = 0) -> Snapshot:
    history = History(["step", "loss/total"])
    history.append({"step": step, "loss/total": metric})
    weights = {"w": torch.ones(2)}
    contents = {"stage": 0, "config": "{}", "weights": weights, "state": {}, "history": history, "metrics": {}}
    return Snapshot(step=step, generation=generation, metric=metric, metric_name="loss/validation", **contents)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "run" / "checkpoints")


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    overwrite(path, data)


def steps(store: Store) -> list[int]:
    return [entry.header.step for entry in store.entries()]


def test_the_last_ones_stay():
    assert kept([entry(step) for step in range(10)], keep_last=3) == [7, 8, 9]


def test_newest_means_the_latest_generation_not_the_highest_step():
    entries = [entry(8000), entry(9000), entry(100, generation=1), entry(200, generation=1)]
    assert kept(entries, keep_last=2) == [100, 200]


def test_the_best_ones_stay_and_nan_is_never_best():
    entries = [entry(step, metric) for step, metric in enumerate([0.5, math.nan, 0.1, 0.3, 0.2, 0.9, 0.8])]
    assert kept(entries, keep_last=2, keep_best=2) == [2, 4, 5, 6]


def test_best_of_a_metric_with_another_meaning_stays_too():
    entries = [entry(1, 0.9), entry(2, 0.1), *(entry(step, 0.5, metric_id="b" * 16) for step in (3, 4, 5))]
    assert kept(entries, keep_last=2, keep_best=1) == [2, 4, 5]
    assert best_first(entries)[0].header.step == 5


def test_every_mth_step_stays_for_ever():
    assert kept([entry(step) for step in range(0, 100, 5)], keep_last=2, keep_every=25) == [0, 25, 50, 75, 90, 95]


def test_pinned_ones_stay():
    assert kept([entry(step) for step in range(6)], pins=[name_of(1, 0)], keep_last=2) == [1, 4, 5]


@pytest.mark.parametrize(
    "bad", [{"keep_last": 1}, {"keep_last": 2, "keep_best": -1}, {"keep_last": 2, "keep_every": -1}]
)
def test_a_policy_that_could_lose_everything_is_refused(bad):
    with pytest.raises(ValueError, match="keep_last"):
        Policy(**bad)


def test_retain_removes_the_rest_oldest_first_and_says_what(store, monkeypatch):
    paths = [store.publish(small(step)) for step in range(5)]
    order, unlink = [], Path.unlink
    monkeypatch.setattr(Path, "unlink", lambda path, **options: order.append(path) or unlink(path, **options))
    assert store.retain(Policy(keep_last=2)) == order == paths[:3]
    assert steps(store) == [3, 4]


def test_what_is_held_stays_until_it_is_let_go(store):
    paths = [store.publish(small(step)) for step in range(5)]
    store.retain(Policy(keep_last=2), hold={paths[0].name})
    assert steps(store) == [0, 3, 4]
    store.retain(Policy(keep_last=2))
    assert steps(store) == [3, 4]


def test_pins_last_and_can_be_taken_back(store):
    paths = [store.publish(small(step)) for step in range(5)]
    pin(paths[1], "the one of the figure")
    assert Store(store.folder).pins() == {paths[1].name: "the one of the figure"}
    store.retain(Policy(keep_last=2))
    assert steps(store) == [1, 3, 4]
    unpin(paths[1])
    store.retain(Policy(keep_last=2))
    assert steps(store) == [3, 4]


def test_a_pin_set_while_retention_decides_still_holds(store, monkeypatch):
    paths = [store.publish(small(step)) for step in range(5)]
    decide = reasons_to_keep

    def and_then_pinned(*given):
        reasons = decide(*given)
        pin(paths[1])
        return reasons

    monkeypatch.setattr(elastic_pinn.storage.store, "reasons_to_keep", and_then_pinned)
    assert store.retain(Policy(keep_last=2)) == [paths[0], paths[2]]


def test_only_checkpoints_of_a_run_can_be_pinned(tmp_path):
    (tmp_path / "notes.h5").touch()
    for path in (tmp_path / "notes.h5", tmp_path / "step-000000001-g000.h5"):
        with pytest.raises(CheckpointError, match="cannot be pinned"):
            pin(path)


def test_nothing_goes_unless_two_that_stay_are_whole(store):
    paths = [store.publish(small(step)) for step in range(5)]
    for path in paths[2:]:
        damage(path)
    removed = Store(store.folder).retain(Policy(keep_last=2))
    assert removed == [] and steps(store) == [0, 1]
    assert sorted(os.listdir(store.folder.parent / "quarantine")) == [path.name for path in paths[2:]]


def test_what_another_process_wrote_is_verified_before_older_ones_go(store):
    paths = [store.publish(small(step)) for step in range(4)]
    damage(paths[3])  # its header is good, and it would count as the newest
    assert Store(store.folder).retain(Policy(keep_last=2)) == [paths[0]]
    assert steps(store) == [1, 2]


def test_damage_done_after_the_store_wrote_it_is_seen(store):
    paths = [store.publish(small(step)) for step in range(4)]
    damage(paths[3])
    assert store.retain(Policy(keep_last=2)) == [paths[0]]


def test_nothing_is_removed_when_all_may_stay(store):
    store.publish(small(1))
    assert store.retain(Policy(keep_last=2)) == []


def test_recovery_quarantines_damaged_newer_ones_and_names_both(store, caplog):
    older, newer = store.publish(small(1)), store.publish(small(2))
    damage(newer)
    assert recovered(store).path == older
    assert str(newer) in caplog.text and str(older) in caplog.text
    assert not newer.exists() and (store.folder.parent / "quarantine" / newer.name).exists()
    assert store.next_generation() == 1


def test_the_numbers_of_quarantined_ones_are_not_used_again(store):
    store.publish(small(1))
    damage(store.publish(small(2, generation=7)))
    recovered(store)
    assert store.next_generation() == 8


def test_recovery_removes_what_killed_saves_left_but_nothing_else(store):
    path = store.publish(small(1))
    left = path.with_name(f".{path.name}.0123456789abcdef.tmp")
    mine = path.with_name(".mine.tmp")
    left.touch(), mine.touch()
    recovered(store)
    assert not left.exists() and mine.exists() and path.exists()


def test_what_cannot_be_read_for_now_is_passed_over_but_not_moved(store, monkeypatch):
    older, newer = store.publish(small(1)), store.publish(small(2))
    opened = os.open

    def failing(path, *rest, **named):
        if str(path) == str(newer):
            raise PermissionError(13, "Permission denied")
        return opened(path, *rest, **named)

    monkeypatch.setattr(os, "open", failing)
    assert recovered(store).path == older
    assert newer.exists()


def test_when_nothing_is_whole_nothing_is_moved(store):
    path = store.publish(small(1))
    damage(path)
    assert recovered(store) is None and path.exists()


def copies(store: Store) -> tuple[Path, Path]:
    """latest.h5 and best.h5."""
    return store.folder.parent / "latest.h5", store.folder.parent / "best.h5"


def test_copies_show_the_latest_and_the_best_and_are_never_read(store):
    paths = [store.publish(small(step, metric)) for step, metric in [(1, 0.5), (2, 0.1), (3, 0.4)]]
    store.copy_out()
    latest, best = copies(store)
    assert (latest.read_bytes(), best.read_bytes()) == (paths[2].read_bytes(), paths[1].read_bytes())
    overwrite(latest, b"misleading")
    assert store.latest().path == paths[2]
    newest = store.publish(small(4, 0.05))
    store.copy_out()
    assert latest.read_bytes() == best.read_bytes() == newest.read_bytes()
    assert not [name for name in os.listdir(store.folder.parent) if name.endswith(".tmp")]


def test_whatever_is_written_into_a_copy_no_checkpoint_changes(store):
    paths = [store.publish(small(step)) for step in (1, 2, 3)]
    before = [path.read_bytes() for path in paths]
    for path in copies(store):
        os.link(paths[-1], path)  # as versions before this one made them
    store.copy_out()
    for path in copies(store):
        path.chmod(0o644)
        with h5py.File(path, "r+") as file:
            file.attrs["note"] = "seen"
            file["weights/w"][:] = 0
    assert [path.read_bytes() for path in paths] == before
    assert store.latest().path == paths[-1]


def test_checkpoints_and_copies_are_read_only_files(store):
    path = store.publish(small(1))
    store.copy_out()
    assert {stat.S_IMODE(each.stat().st_mode) & 0o222 for each in (path, *copies(store))} == {0}


def test_a_copy_that_is_right_already_is_not_written_again(store):
    store.publish(small(1, 0.1))
    store.copy_out()
    latest, best = copies(store)
    before = latest.stat().st_ino, best.stat().st_ino
    store.publish(small(2, 0.5))
    store.copy_out()
    assert latest.stat().st_ino != before[0] and best.stat().st_ino == before[1]
    overwrite(best, b"changed by somebody")
    store.copy_out()
    assert best.read_bytes() == store.best().path.read_bytes()


def test_a_copy_without_help_of_the_system_is_the_same(store, monkeypatch):
    path = store.publish(small(1))

    def refused(*_):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(os, "copy_file_range", refused)
    store.copy_out()
    assert [copy.read_bytes() for copy in copies(store)] == [path.read_bytes()] * 2


def test_a_copy_that_cannot_be_written_is_warned_of_and_no_old_one_stays(store, monkeypatch, caplog):
    store.publish(small(1))
    store.copy_out()
    store.publish(small(2, 0.01))

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    store.copy_out()
    for copy in copies(store):
        assert not copy.exists() and f"{copy} could not be written" in caplog.text
    assert "No space left" in caplog.text


def test_what_a_link_leads_to_is_not_copied(tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"theirs")
    (tmp_path / "checkpoint.h5").symlink_to("elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        replace_by_copy(tmp_path / "latest.h5", tmp_path / "checkpoint.h5")
    assert not (tmp_path / "latest.h5").exists()
