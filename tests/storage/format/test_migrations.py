"""A checkpoint of every format version there ever was loads, and training goes on from it."""

import hashlib
import logging
from pathlib import Path

import h5py
import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.storage import FORMAT_VERSION, CheckpointError, read_header, read_snapshot
from elastic_pinn.storage.format.migrations import STEPS, migrate
from elastic_pinn.storage.format.seal import HEADER_BYTES, VERSION

GOLDEN = Path(__file__).parent / "golden"
# The losses in the rows of steps 1 to 3: up to version 2 of the weights that the step started from.
OF_START = [45.582603454589844, 42.7821159362793, 40.148101806640625]
LOSSES = {1: OF_START, 2: OF_START, 3: [42.78212356567383, 40.148101806640625, 37.68638610839844]}
UNTIL = {1: 3, 2: 3, 3: 0}
DIGESTS = {
    1: "6e17d0488b14aef0326d08f53fa1fc657e1207374257a9ee06275e7ae937af3b",
    2: "a9a7699c6dcc7f3797f91de176adf7c072f6d190bb5c133f6114aad072fa9f77",
    3: "1e201e060f401a461db9aef4dcd2f51765d5e1c1f8744a3ee9417422ca148b3f",
}

each_version = pytest.mark.parametrize("version", range(1, FORMAT_VERSION + 1))


def golden(version: int) -> Path:
    return GOLDEN / f"version-{version}.h5"


@each_version
def test_the_golden_file_is_the_one_that_was_kept(version):
    assert hashlib.sha256(golden(version).read_bytes()).hexdigest() == DIGESTS[version]
    assert read_header(golden(version)).format_version == version


@each_version
def test_a_file_of_each_version_loads_whole(version):
    checkpoint = ep.load_checkpoint(golden(version))
    assert checkpoint.step == 3 and checkpoint.config.hidden_layers == (4,)
    assert checkpoint.history()["loss/total"].tolist() == LOSSES[version]
    assert checkpoint.history().attrs == {"losses_of_start_until": UNTIL[version]} and checkpoint.events() == []
    assert checkpoint.material() == {"lambda": 2.0, "mu": 1.0, "rho": 1.0}


@each_version
def test_the_optimizer_stands_as_today(version):
    moments = read_snapshot(golden(version)).state["optimizer"]
    shapes = [(4, 3), (2, 4), (4,), (2,)]
    assert {name: [tuple(tensor.shape) for tensor in tensors] for name, tensors in moments.items()} == {
        "step": [()] * 4,
        "exp_avg": shapes,
        "exp_avg_sq": shapes,
    }


@each_version
def test_training_goes_on_from_each_version(version, tmp_path, caplog):
    config = ep.load_checkpoint(golden(version)).config
    resumed = ep.train(config, tmp_path / "resumed", resume=str(golden(version)))
    whole = ep.train(config, tmp_path / "whole")
    assert resumed.status == "completed" and len(resumed.history()) == 6
    start = ep.load_checkpoint(whole.checkpoints()[0].path).metrics["loss/total"]
    of_weights = [start, *whole.history()["loss/total"]]  # after 0, 1, 2, ... steps
    expected = [of_weights[step - (step <= UNTIL[version])] for step in range(1, 7)]
    # Another machine's torch may round otherwise.
    assert resumed.history()["loss/total"].to_numpy() == pytest.approx(np.array(expected), rel=1e-4)
    assert read_header(resumed.latest().path).format_version == FORMAT_VERSION


@each_version
def test_the_row_from_which_losses_mean_something_else_is_marked_once_and_for_good(version, tmp_path):
    config = ep.load_checkpoint(golden(version)).config.model_copy(update={"checkpoint_every": 1})

    def stop_at(step):
        control = ep.Control(lambda row: control.stop() if row["step"] == step else None)
        return control

    run = ep.train(config, tmp_path / "run", resume=str(golden(version)), control=stop_at(4))
    first = next(entry.path for entry in run.checkpoints() if entry.header.step == 3)
    for place in ("auto", str(first)):  # from behind the mark, and from the row of the mark
        ep.train(config, run.path, resume=place, control=stop_at(5))
        marks = [step for step, text in run.events() if "are of the weights that their steps started from" in text]
        assert marks == [3] * (version < 3)
        assert run.history().attrs == run.latest().history().attrs == {"losses_of_start_until": UNTIL[version]}


def test_fields_that_came_later_get_their_defaults_and_are_listed(caplog):
    with caplog.at_level(logging.INFO, logger="elastic_pinn"):
        config = ep.load_checkpoint(golden(1)).config
    assert config.keep_last == ep.Config().keep_last and config.mirror == ""
    for name in ("keep_last", "keep_best", "keep_every", "compression", "mirror", "init_from", "checkpoint_every_s"):
        assert f"{name} = " in caplog.text


def test_there_is_one_migration_from_each_version_but_the_last():
    assert len(STEPS) == FORMAT_VERSION - 1 == len(list(GOLDEN.glob("version-*.h5"))) - 1


def test_a_migration_leaves_what_it_is_given_as_it_is():
    state = {"optimizer": {0: {"step": 3}, 1: {"step": 4}}, "rng": 1}
    assert migrate({"state": state}, 1) == {"state": {"optimizer": {"step": [3, 4]}, "rng": 1}}
    assert state == {"optimizer": {0: {"step": 3}, 1: {"step": 4}}, "rng": 1}
    assert migrate({"state": {"optimizer": {}}}, 1) == {"state": {"optimizer": {}}}
    assert migrate({"state": state}, FORMAT_VERSION) == {"state": state}


def newer(path: Path) -> Path:
    """A checkpoint as the next version of elastic_pinn might write it: the header is good, and its version higher."""
    image = bytearray(golden(FORMAT_VERSION).read_bytes())
    VERSION.pack_into(image, 0, VERSION.unpack_from(image)[0], FORMAT_VERSION + 1)
    image[HEADER_BYTES - 32 : HEADER_BYTES] = hashlib.sha256(image[: HEADER_BYTES - 32]).digest()
    path.write_bytes(image)
    return path


def test_a_newer_file_is_refused_with_both_versions(tmp_path):
    with pytest.raises(CheckpointError, match=f"version {FORMAT_VERSION + 1}, newer than version {FORMAT_VERSION}"):
        ep.load_checkpoint(newer(tmp_path / "new.h5"))


def test_a_run_that_has_gone_on_in_a_newer_version_is_not_taken_back(tiny, tmp_path):
    run = ep.train(tiny(steps=3), tmp_path / "run")
    latest = newer(run.path / "checkpoints" / "step-000000003-g001.h5")
    with pytest.raises(CheckpointError, match="newer than version"):
        ep.train(tiny(), run.path, resume="auto")
    assert latest.exists() and not (run.path / "quarantine").exists()


def test_a_config_that_no_version_here_knows_is_refused_with_the_files_name(tiny, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(ep.Config, "to_json", lambda config: '{"future_field": 1}')
        ep.train(tiny(steps=3), tmp_path / "other")
    path = next((tmp_path / "other" / "checkpoints").glob("*.h5"))
    with pytest.raises(CheckpointError, match="does not know") as error:
        ep.train(tiny(), tmp_path / "third", resume=str(path))
    assert error.value.path == str(path)


def test_plain_h5py_reads_each_version():
    for version in range(1, FORMAT_VERSION + 1):
        with h5py.File(golden(version)) as file:
            assert file["history/loss/total"][:].tolist() == LOSSES[version] and file.attrs["format_version"] == version
