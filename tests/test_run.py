"""A run directory and a lone checkpoint can be read at any time, by anyone."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from pandas.testing import assert_frame_equal

import elastic_pinn as ep
from elastic_pinn.networks import Model
from elastic_pinn.physics.data import ReceiverFileError
from elastic_pinn.storage import History, LiveHistory, publish, read_snapshot
from elastic_pinn.workbench.tables import material_table
from tests.storage.damage import overwrite

CHILD = """
import functools, pathlib, sys, time
import elastic_pinn as ep
from elastic_pinn.training.lifecycle import record

record.LiveHistory = functools.partial(record.LiveHistory, every_s=0.0)

def on_step(record):
    if record["step"] == 4:
        while not list(pathlib.Path(sys.argv[1], "checkpoints").glob("step-000000003-*.h5")):
            time.sleep(0.001)  # it is written in the background
        print("at step 4", flush=True)
        sys.stdin.readline()

config = ep.Config.from_json(sys.argv[2])
ep.train(config, sys.argv[1], control=ep.Control(on_step))
"""

PLAIN = """
import json, sys
import h5py

path, group = sys.argv[1:]
live = group == "/"
with h5py.File(path, "r", swmr=True, libver="latest", locking=False) if live else h5py.File(path, "r") as file:
    history = file[group]
    found = {name: history[name][:].tolist() for name in ("step", "loss/total", "loss/pde", "wall_s")}
    if not live:
        found["config"] = json.loads(file["config"][()].decode())
        names = ("network.weights.0", "network.biases.2")
        found["weights"] = {name: file["weights"][name][:].tolist() for name in names}
        found["validation"] = float(file["metrics"].attrs["loss/validation"])
print(json.dumps(found))
assert "elastic_pinn" not in sys.modules and "torch" not in sys.modules
"""


OUTSIDE = [
    ((-0.1, 0.5, 0.5), r"x = -0\.1 m is outside the window .* 0 to 1 m: no prediction is valid there"),
    ((0.5, [0.2, 1.001], 0.5), r"y = 1\.001 m is outside the window"),
    ((0.5, 0.5, [[0.1], [2.5]]), r"t = 2\.5 s is outside the window .* 0 to 2 s"),
    ((0.5, np.nan, 0.5), "y = nan m is outside the window"),
    ((np.inf, 0.5, 0.5), "x = inf m is outside the window"),
]


@pytest.mark.parametrize(("place", "fault"), OUTSIDE)
def test_a_prediction_outside_the_window_is_refused(tiny, place, fault):
    model = _model(tiny())
    with pytest.raises(ValueError, match=fault):
        model.predict(*place)


def test_a_prediction_at_the_edge_of_the_window_is_given(tiny):
    model = _model(tiny())
    x, y = np.linspace(0.0, 1.0, 7), np.array([0.0, 1.0 + 1e-9])
    assert np.isfinite(model.predict(x[:, None], y, 0.1 + 0.2 - 0.3)).all()
    assert np.isfinite(model.predict(0.0, 1.0, 2.0)).all()


def _model(config: ep.Config) -> Model:
    problem = ep.problem_from(config)
    return Model.create(config, problem.material, problem.scales, torch.Generator())


def test_the_representation_of_every_public_object_is_short(tiny, tmp_path, inverse):
    run = ep.train(tiny(), tmp_path / "run", inverse)
    newest = run.latest()
    found = [
        run, newest, newest.model(), newest.config, newest.snapshot, run.checkpoints(), ep.Control(), inverse,
        inverse.domain, inverse.material, inverse.receivers, inverse.scales, ep.problem_from(ep.Config()),
        ep.Displacement(), ep.Traction(None, "top"), ep.Initial(), ep.Initial.of(ep.problem_from(ep.Config()).exact),
    ]  # fmt: skip
    for each in found:
        text = repr(each)
        assert len(text) < 1200 and text.count("\n") < 12, text
        assert "array(" not in text and "tensor(" not in text, text
    assert (
        repr(ep.Config(steps=3, stages=["sgd"]))
        == "Config(steps=3, stages=('sgd',))"
        == str(ep.Config(steps=3, stages=["sgd"]))
    )


def by_plain_h5py(path: Path, group: str) -> dict:
    """What a process with h5py alone reads of a history or a checkpoint."""
    done = subprocess.run([sys.executable, "-c", PLAIN, str(path), group], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def run(tiny, tmp_path, inverse) -> ep.Run:
    return ep.train(tiny(checkpoint_every=3, validate_every=3, learning_rate=0.01), tmp_path / "run", inverse)


@pytest.fixture
def running(tiny, tmp_path):
    """A process that trains, halted in its fourth step, with checkpoints of steps 0 and 3."""
    config = tiny(checkpoint_every=3)
    command = [sys.executable, "-c", CHILD, str(tmp_path / "run"), config.to_json()]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "at step 4\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_folder_without_a_run_is_refused_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"{tmp_path} holds no run"):
        ep.Run(tmp_path)


def test_a_finished_run_has_a_row_for_each_step(run):
    h = run.history()
    assert h["step"].tolist() == [1, 2, 3, 4, 5, 6]
    assert h.drop(columns="loss/validation").notna().all(axis=None)
    assert h["step"].dtype == np.int64 and h["loss/total"].dtype == np.float64


def test_checkpoints_newest_and_best_are_told_apart(run):
    assert [entry.header.step for entry in run.checkpoints()] == [0, 3, 6]
    assert run.latest().step == 6
    assert run.best().metrics["loss/validation"] == min(entry.header.metric for entry in run.checkpoints())


def test_a_run_predicts_and_tells_its_material_by_its_newest_checkpoint(run):
    newest = run.latest()
    x, t = np.linspace(0, 1, 4), np.array([[0.0], [1.0]])
    assert np.array_equal(run.predict(x, 0.5, t), newest.predict(x, 0.5, t))
    assert run.predict(x, 0.5, t).shape == (2, 4, 2)
    row = run.history().iloc[-1]
    assert run.material() == {name: row[f"material/{name}"] for name in ("lambda", "mu", "rho")}
    assert run.material()["mu"] != 0.8


def test_a_lone_checkpoint_file_is_the_whole_experiment(run, tmp_path):
    elsewhere = tmp_path / "far" / "away.h5"
    elsewhere.parent.mkdir()
    shutil.copy(run.latest().path, elsewhere)
    history, config, material = run.history(), run.config, run.material()
    expected = run.predict(0.3, 0.4, [0.0, 0.5])
    shutil.rmtree(run.path)
    alone = ep.load_checkpoint(elsewhere)
    assert alone.path == elsewhere and alone.step == 6
    assert alone.config == config
    assert_frame_equal(alone.history(), history, check_exact=True, check_like=True)
    assert alone.material() == material == alone.model().material.si()
    assert np.array_equal(alone.predict(0.3, 0.4, [0.0, 0.5]), expected)
    assert alone.metrics["loss/validation"] == history["loss/validation"].iloc[-1]


def test_a_history_that_is_handed_out_is_ones_own(run):
    checkpoint = run.latest()
    taken = checkpoint.history()
    taken["loss/total"] = 0.0
    assert (checkpoint.history()["loss/total"] > 0).all()


@pytest.mark.parametrize("damage", ["lost", "cut", "overwritten", "emptied"])
def test_a_lost_or_damaged_history_comes_from_the_newest_checkpoint(run, damage):
    path, before = run.path / "history.h5", run.history()
    content = path.read_bytes()
    if damage == "lost":
        path.unlink()
    else:
        overwrite(path, {"cut": content[: len(content) // 3], "overwritten": b"no HDF5" * 500, "emptied": b""}[damage])
    assert_frame_equal(run.history(), before, check_exact=True, check_like=True)
    assert run.events() == []


def test_a_damaged_history_of_a_killed_run_comes_from_the_newest_checkpoint_and_it_is_said(run, caplog):
    path, before = run.path / "history.h5", run.history()
    with LiveHistory(path, run.latest().snapshot.history):
        content = bytearray(path.read_bytes())
    content[content.rindex(b"OHDR") + 12] ^= 1
    overwrite(path, content)
    assert_frame_equal(run.history(), before, check_exact=True, check_like=True)
    assert str(path) in caplog.text and run.latest().path.name in caplog.text


def test_without_history_and_checkpoints_the_fault_is_named(run):
    shutil.rmtree(run.path / "checkpoints")
    (run.path / "history.h5").unlink()
    with pytest.raises(ep.CheckpointError, match=r"history\.h5"):
        run.history()
    with pytest.raises(ep.CheckpointError, match="no good checkpoint"):
        run.latest()


def test_a_damaged_checkpoint_file_is_refused_by_name(run):
    path = run.latest().path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    overwrite(path, content)
    with pytest.raises(ep.CheckpointError, match=path.name):
        ep.load_checkpoint(path)
    assert run.latest().step == 3, "the next older good one"


def test_a_live_history_that_a_kill_left_behind_gives_way_to_the_newest_checkpoints(run):
    whole = run.history()
    behind = History.from_columns({name: whole[name][:4] for name in whole})
    LiveHistory(run.path / "history.h5", behind).close()
    assert run.history().equals(whole[list(run.history())])


@pytest.mark.slow
def test_a_running_runs_history_is_read_from_another_process(running, tmp_path):
    run = ep.Run(tmp_path / "run")
    assert run.status == "running" and run.summary.pid == running.pid
    assert run.history()["step"].tolist()[:3] == [1, 2, 3]
    assert run.latest().step == 3
    live = by_plain_h5py(run.path / "history.h5", "/")
    assert live["step"][:3] == [1, 2, 3] and live["loss/total"][:3] == run.history()["loss/total"].tolist()[:3]
    running.communicate("go on\n", timeout=60)
    assert running.returncode == 0 and run.status == "completed"
    assert run.history()["step"].tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.slow
def test_a_killed_runs_history_is_read_up_to_its_end(running, tmp_path, tiny):
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    run = ep.Run(tmp_path / "run")
    assert run.summary.status == "running", "nobody could say otherwise"
    assert (run.status, run.reason) == ("stopped", "its process ended without a word, as after a kill")
    assert run.history()["step"].tolist()[:3] == [1, 2, 3]
    assert by_plain_h5py(run.path / "history.h5", "/")["step"][:3] == [1, 2, 3]
    resumed = ep.train(tiny(checkpoint_every=3), run.path, resume="auto")
    assert resumed.status == "completed" and resumed.history()["step"].tolist() == [1, 2, 3, 4, 5, 6]


def test_plain_h5py_reads_a_finished_history_and_a_checkpoint(run):
    history = run.history()
    for path, group in ((run.path / "history.h5", "/"), (run.latest().path, "/history")):
        found = by_plain_h5py(path, group)
        for name in ("step", "loss/total", "loss/pde", "wall_s"):
            assert found[name] == history[name].tolist()
    assert found["config"] == json.loads(run.config.to_json())
    assert found["validation"] == history["loss/validation"].iloc[-1]
    weights = run.latest().model().state_dict()
    assert found["weights"] == {name: weights[name].tolist() for name in ("network.weights.0", "network.biases.2")}


def test_a_run_that_ends_while_its_status_is_asked_for_is_not_called_stopped(run, monkeypatch):
    summary = run.path / "summary.json"
    ended = summary.read_text()
    summary.write_text(ended.replace("completed", "running"))

    def ends(folder: Path) -> bool:
        summary.write_text(ended)
        return False

    monkeypatch.setattr("elastic_pinn.run.directory.is_locked", ends)
    assert run.status == "completed"


@pytest.mark.parametrize(
    "config", [lambda text: text.replace('"steps"', '"strides"'), lambda text: "[1]", lambda text: "no JSON"]
)
def test_a_sealed_checkpoint_with_an_unknown_config_is_refused_by_name(run, tmp_path, config):
    snapshot = read_snapshot(run.latest().path)
    publish(tmp_path / "strange.h5", dataclasses.replace(snapshot, config=config(snapshot.config)).image())
    fault = r"strange\.h5: holds a config that this version does not know \(.*Install the elastic_pinn that wrote it"
    with pytest.raises(ep.CheckpointError, match=fault):
        ep.load_checkpoint(tmp_path / "strange.h5")


@pytest.mark.parametrize("name", ["network.weights.0", "scale_numbers"])
def test_a_sealed_checkpoint_with_weights_that_do_not_fit_is_refused_by_name(run, tmp_path, name):
    snapshot = read_snapshot(run.latest().path)
    weights = {kept: value for kept, value in snapshot.weights.items() if kept != name}
    publish(tmp_path / "strange.h5", dataclasses.replace(snapshot, weights=weights).image())
    with pytest.raises(ep.CheckpointError, match=r"strange\.h5: holds weights that do not fit its config \(.*\)"):
        ep.load_checkpoint(tmp_path / "strange.h5").model()


def test_figures_and_tables_of_a_run_refuse_a_receiver_file_that_has_changed(tiny, tmp_path, aluminium, monkeypatch):
    file = tmp_path / "waves.h5"
    file.write_bytes(aluminium.read_bytes())
    config = tiny(problem="receivers", data=str(file), unknowns=["lambda", "mu"], steps=2)
    run = ep.train(config, tmp_path / "run")
    assert run.problem().data_sha256 == run.latest().problem().data_sha256 != ""
    then = run.problem().data_sha256
    receivers = ep.Receivers.load(file)
    receivers.displacement[:] *= 2.0
    receivers.save(file)
    other = ep.problem_from(config)
    told = rf"waves\.h5 is not the file .* was trained on: .* begins {other.data_sha256[:12]}, that one's {then[:12]}"
    for draw in (ep.figures.data_fit, ep.figures.material_traces, ep.figures.snapshots, material_table):
        with pytest.raises(ReceiverFileError, match=told):
            draw(run)
    with pytest.raises(ReceiverFileError, match=told):
        ep.figures.data_fit(run, problem=other)
    file.write_bytes(aluminium.read_bytes())
    assert ep.figures.data_fit(run)


def test_a_run_without_data_gives_its_problem_and_one_of_ones_own_has_to_be_given(tiny, tmp_path, waves):
    assert ep.train(tiny(steps=1), tmp_path / "a").problem().exact
    own = waves()
    run = ep.train(tiny(steps=1), tmp_path / "b", problem=own)
    assert run.problem(own) is own
    assert run.problem(waves()), "by its values, whichever object it is"
    with pytest.raises(ep.ConfigError, match="'own' is in no config"):
        run.problem()


def test_figures_and_tables_refuse_another_problem_of_ones_own(tiny, tmp_path, inverse):
    run = ep.train(tiny(), tmp_path / "run", problem=inverse)
    records = dataclasses.replace(inverse.receivers, displacement=3.0 * inverse.receivers.displacement)
    for other in (
        dataclasses.replace(inverse, receivers=records),
        dataclasses.replace(inverse, material=ep.Material(2.0, 1.0, 1.0)),
    ):
        for draw in (ep.figures.data_fit, ep.figures.material_traces, ep.figures.snapshots, material_table):
            with pytest.raises(ep.ProblemError, match=r"is not the one that .* was trained on .*: give that one"):
                draw(run, problem=other)
    assert ep.figures.data_fit(
        run, problem=dataclasses.replace(inverse, receivers=dataclasses.replace(inverse.receivers))
    )


def test_an_exact_solution_may_come_later(tiny, tmp_path, waves):
    unsolved = waves(exact=None, initial=None)
    run = ep.train(tiny(), tmp_path / "run", problem=unsolved)
    assert run.problem(waves(initial=None)).exact
