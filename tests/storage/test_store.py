import dataclasses
import json
import logging
import math
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from elastic_pinn.storage import (
    CheckpointError,
    History,
    LocalFolder,
    Snapshot,
    Store,
    publish,
    read_header,
    read_snapshot,
)
from elastic_pinn.storage.format.seal import HEADER_BYTES, seal
from tests.descriptors import open_descriptors, require_no_leak
from tests.storage.damage import overwrite


def snapshot(step: int = 500, generation: int = 0, metric: float = 0.5, **fields) -> Snapshot:
    history = History(["step", "wall_s", "loss/total"])
    for row in range(4):
        history.append({"step": row, "wall_s": 0.1 * row, "loss/total": 1.0 / (row + 1)})
    history.note(2, "resumed")
    weights = {
        "layers.0.weight": torch.arange(6.0).reshape(2, 3),
        "material.log_mu": torch.tensor(0.5).double(),
    }
    optimizer = {
        "state": {0: {"step": torch.tensor(4.0), "exp_avg": torch.ones(2, 3)}},
        "param_groups": [{"lr": 0.1}],
    }
    state = {"optimizer": optimizer, "rng": {"torch": torch.Generator().get_state()}, "balancing": None}
    contents = {
        "stage": 1,
        "config": json.dumps({"hidden_layers": 4, "note": "μ"}),
        "weights": weights,
        "state": state,
        "history": history,
        "metrics": {"loss/total": 0.25, "loss/pde": math.nan},
        "metric_name": "loss/validation",
        "units": {"wall_s": "s"},
        "attributes": {"run_id": "a1", "torch": "2.13.0", "parent": "", "seed": 3},
        "created": "2026-01-01T00:00:00+00:00",
    }
    return Snapshot(step=step, generation=generation, metric=metric, **{**contents, **fields})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "run" / "checkpoints")


def damage(path: Path, at: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    overwrite(path, data)


def test_a_published_snapshot_comes_back_whole(store):
    written = snapshot()
    path = store.publish(written)
    back = read_snapshot(path)
    assert path.name == "step-000000500-g000.h5"
    assert back.units == written.units and back.attributes == written.attributes
    for field in ("step", "stage", "generation", "metric", "metric_name", "config", "created"):
        assert getattr(back, field) == getattr(written, field)
    assert back.weights.keys() == written.weights.keys()
    assert all(torch.equal(back.weights[name], written.weights[name]) for name in written.weights)
    assert torch.equal(back.state["rng"]["torch"], written.state["rng"]["torch"])
    assert back.state["optimizer"]["param_groups"] == [{"lr": 0.1}] and back.state["balancing"] is None
    assert np.array_equal(back.history.columns()["loss/total"], written.history.columns()["loss/total"])
    assert back.history.events == [(2, "resumed")]
    assert back.metrics["loss/total"] == 0.25 and math.isnan(back.metrics["loss/pde"])


def test_a_checkpoint_is_read_by_plain_h5py(store):
    path = store.publish(snapshot())
    with h5py.File(path) as file:
        assert file.attrs["format"] == b"elastic_pinn checkpoint" and file.attrs["step"] == 500
        assert file.attrs["torch"] == b"2.13.0"
        assert file["weights/layers.0.weight"][:].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert file["history/loss/total"][:].tolist() == [1, 1 / 2, 1 / 3, 1 / 4]
        assert file["history/wall_s"].attrs["units"] == b"s"
        assert json.loads(file["config"][()])["hidden_layers"] == 4
        assert file["metrics"].attrs["loss/total"] == 0.25


def test_a_checkpoint_has_no_variable_length_types(store):
    def check(_: str, item: h5py.HLObject) -> None:
        kinds = [item.attrs.get_id(name).get_type() for name in item.attrs]
        kinds += [item.id.get_type()] if isinstance(item, h5py.Dataset) else []
        assert all(kind.get_class() in (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING) for kind in kinds)
        assert not any(isinstance(kind, h5py.h5t.TypeStringID) and kind.is_variable_str() for kind in kinds)

    with h5py.File(store.publish(snapshot())) as file:
        check("", file)
        file.visititems(check)


def test_equal_snapshots_give_equal_bytes():
    assert bytes(snapshot().image()) == bytes(snapshot().image())


def test_names_that_a_checkpoint_uses_itself_are_refused():
    with pytest.raises(ValueError, match="history"):
        snapshot(state={"history": 1})
    with pytest.raises(ValueError, match="step"):
        snapshot(attributes={"step": 1})


def test_state_that_cannot_be_stored_is_named_and_nothing_is_written(store):
    with pytest.raises(TypeError, match="/sampler/points"):
        store.publish(snapshot(state={"sampler": {"points": object()}}))
    assert not store.folder.exists()


def test_a_damaged_checkpoint_is_refused_before_hdf5_sees_it(store, monkeypatch):
    path = store.publish(snapshot())
    damage(path)
    monkeypatch.setattr(h5py, "File", None)
    with pytest.raises(CheckpointError, match="damaged"):
        read_snapshot(path)


def test_a_sealed_file_with_other_contents_is_refused_by_its_own_name(store):
    path = store.publish(snapshot())
    other = path.with_name("other.h5")
    with h5py.File(path.with_name("edited.h5"), "w", userblock_size=HEADER_BYTES) as file:
        file["weights"] = h5py.ExternalLink("/etc/passwd", "x")
    image = bytearray(path.with_name("edited.h5").read_bytes())
    seal(image, step=1, generation=0, metric=0.0, metric_name="")
    publish(other, image)
    with pytest.raises(CheckpointError, match="no checkpoint") as caught:
        read_snapshot(other)
    assert caught.value.path == str(other)


def test_reading_leaves_no_file_open(store):
    path = store.publish(snapshot())
    descriptors = open_descriptors()
    read_snapshot(path)
    damage(path)
    with pytest.raises(CheckpointError):
        read_snapshot(path)
    require_no_leak(descriptors)


def test_entries_are_ordered_by_generation_and_step_and_read_only_headers(store):
    for step, generation in [(1000, 0), (500, 0), (2000, 0), (700, 1)]:
        store.publish(snapshot(step, generation))
    (store.folder / "notes.txt").write_text("mine")
    (store.folder / ".step-000000500-g000.h5.abc.tmp").write_text("left by a kill")
    order = [(entry.header.generation, entry.header.step) for entry in store.entries()]
    assert order == [(0, 500), (0, 1000), (0, 2000), (1, 700)]
    assert all(entry.header == read_header(entry.path) for entry in store.entries())


def test_an_empty_or_missing_folder_has_nothing_latest_or_best(store):
    assert (store.entries(), store.latest(), store.best(), store.next_generation()) == ([], None, None, 0)


def test_a_resume_from_an_older_step_is_not_shadowed_by_higher_numbers(store):
    store.publish(snapshot(9000, 0))
    store.publish(snapshot(700, 1))
    assert store.latest().snapshot.step == 700
    assert store.next_generation() == 2


def test_a_damaged_newest_file_is_passed_over_and_both_are_named(store, caplog):
    older = store.publish(snapshot(500))
    newer, newest = store.publish(snapshot(600)), store.publish(snapshot(700))
    damage(newer)
    damage(newest, at=30)
    with caplog.at_level(logging.WARNING):
        assert store.latest().path == older
    for path in (newer, newest):
        assert any(str(path) in text and str(older) in text for text in caplog.messages)
    assert store.next_generation() == 1


def publish_unreadable(store: Store, **fields) -> Path:
    """A newest checkpoint that is sealed as it should be, but whose contents no reader knows."""
    path = store.folder / f"step-{fields['step']:09d}-g000.h5"
    with h5py.File(path.with_name("foreign"), "w", userblock_size=HEADER_BYTES) as file:
        file["x"] = 1
    image = bytearray(path.with_name("foreign").read_bytes())
    seal(image, generation=0, metric_name="loss/validation", **fields)
    publish(path, image)
    return path


def test_a_sealed_file_that_cannot_be_read_is_passed_over_like_a_damaged_one(store, caplog):
    older = store.publish(snapshot(500))
    unreadable = publish_unreadable(store, step=600, metric=0.0)
    assert store.entries()[-1].path == unreadable, "its header is good"
    with caplog.at_level(logging.WARNING):
        assert store.latest().path == store.best().path == older
    assert str(unreadable) in caplog.text


@pytest.mark.parametrize("load", [Store.latest, Store.best])
def test_a_checkpoint_is_read_once_to_be_verified_and_loaded(store, monkeypatch, load):
    path = store.publish(snapshot())
    read, reads = LocalFolder.read, []
    monkeypatch.setattr(LocalFolder, "read", lambda folder, name: reads.append(name) or read(folder, name))
    found = load(store)
    assert (found.path, found.snapshot.step, reads) == (path, 500, [path.name])


def test_a_file_with_a_bad_header_is_reported_and_left_out(store, caplog):
    good, bad = store.publish(snapshot(500)), store.publish(snapshot(600))
    overwrite(bad, bad.read_bytes()[:100])
    with caplog.at_level(logging.WARNING):
        assert [entry.path for entry in store.entries()] == [good]
    assert str(bad) in caplog.text and "truncated" in caplog.text


def test_a_renamed_checkpoint_does_not_pass_for_another(store):
    path = store.publish(snapshot(500))
    path.rename(path.with_name("step-000000900-g005.h5"))
    assert store.latest() is None and store.entries() == []


def test_when_all_are_damaged_there_is_no_latest_and_it_is_said(store, caplog):
    path = store.publish(snapshot())
    damage(path)
    with caplog.at_level(logging.WARNING):
        assert store.latest() is None
    assert str(path) in caplog.text


def test_best_is_the_lowest_metric_that_verifies_and_never_nan(store):
    for step, metric in [(100, 0.5), (200, 0.1), (300, 0.3), (400, 0.3), (500, math.nan)]:
        store.publish(snapshot(step, metric=metric))
    assert store.best().snapshot.step == 200
    damage(store.best().path)
    assert store.best().snapshot.step == 400


def test_best_compares_one_metric_only(store):
    store.publish(snapshot(100, metric=0.01, metric_name="loss/total"))
    store.publish(snapshot(200, metric=0.5))
    assert store.best().snapshot.step == 200


def test_a_checkpoint_is_never_written_twice(store):
    path = store.publish(snapshot(config="{}"))
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="exists already"):
        store.publish(snapshot())
    assert path.read_bytes() == before


def test_a_failed_sync_leaves_nothing_and_the_next_publish_works(store, monkeypatch):
    def failing(_: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch, pytest.raises(CheckpointError, match="Input/output error"):
        patch.setattr(os, "fsync", failing)
        store.publish(snapshot())
    assert not store.folder.exists() or os.listdir(store.folder) == []
    assert read_snapshot(store.publish(snapshot())).step == 500


def test_fields_of_a_snapshot_can_be_replaced():
    assert dataclasses.replace(snapshot(), step=7).step == 7
