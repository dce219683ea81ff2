"""Resuming goes on with the same experiment, and with no other."""

import dataclasses
import json
import os
import socket

import h5py
import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.fingerprint import _version_1
from elastic_pinn.storage import Found, Store
from elastic_pinn.storage.format.seal import HEADER_BYTES, seal
from elastic_pinn.training.lifecycle.resume import adopt, start_of, starting_point
from tests.storage.damage import overwrite


def files(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def stop_at(step: int) -> ep.Control:
    control = ep.Control(lambda record: control.stop() if record["step"] == step else None)
    return control


@pytest.fixture
def stopped(tiny, tmp_path):
    """A run that was stopped at step 3 of 6, and its config."""
    config = tiny()
    return ep.train(config, tmp_path / "run", control=stop_at(3)), config


def test_a_used_run_directory_is_refused_and_left_alone(stopped):
    run, config = stopped
    before = files(run.path)
    with pytest.raises(
        ep.RunDirectoryError, match=r"already holds a run: choose another run_dir, or give resume='auto'"
    ):
        ep.train(config, run.path)
    assert files(run.path) == before


def test_an_empty_folder_is_no_used_run_directory(tiny, tmp_path):
    (tmp_path / "run").mkdir()
    assert ep.train(tiny(steps=1), tmp_path / "run").status == "completed"


def test_auto_starts_where_there_is_nothing_and_goes_on_where_there_is(tiny, tmp_path):
    first = ep.train(tiny(), tmp_path / "run", resume="auto", control=stop_at(2))
    assert first.summary.generation == 0
    run = ep.train(tiny(), tmp_path / "run", resume="auto")
    assert run.summary.generation == 1 and run.summary.parent == "step 2, generation 0"
    assert run.summary.run_id == first.summary.run_id
    assert run.history()["step"].tolist() == [1, 2, 3, 4, 5, 6]
    assert [(e.header.generation, e.header.step) for e in run.checkpoints()] == [(0, 0), (0, 2), (1, 2), (1, 6)]


def test_a_path_goes_on_from_that_checkpoint(tiny, tmp_path):
    config = tiny(checkpoint_every=2)
    whole = ep.train(config, tmp_path / "run")
    path = tmp_path / "run" / "checkpoints" / "step-000000002-g000.h5"
    branch = ep.train(config, tmp_path / "branch", resume=str(path))
    assert branch.history().drop(columns="wall_s").equals(whole.history().drop(columns="wall_s"))
    again = ep.train(config, tmp_path / "run", resume=str(path))
    assert again.latest().step == 6 and again.checkpoints()[-1].header.generation == 1


def test_a_path_without_a_good_checkpoint_is_refused_by_name(tiny, tmp_path):
    (tmp_path / "noise.h5").write_bytes(b"no checkpoint")
    for name in ("none.h5", "noise.h5"):
        with pytest.raises(ep.CheckpointError, match=name):
            ep.train(tiny(), tmp_path / "run", resume=str(tmp_path / name))
    assert not (tmp_path / "run").exists()


def test_auto_passes_over_a_damaged_newest_checkpoint(tiny, tmp_path, caplog):
    config = tiny(checkpoint_every=2)
    ep.train(config, tmp_path / "run", control=stop_at(5))
    newest = tmp_path / "run" / "checkpoints" / "step-000000005-g000.h5"
    overwrite(newest, newest.read_bytes()[:-100])
    run = ep.train(config, tmp_path / "run", resume="auto")
    assert run.summary.parent == "step 4, generation 0"
    assert "step-000000005-g000.h5" in caplog.text
    assert run.history()["step"].tolist() == [1, 2, 3, 4, 5, 6]


def test_a_material_that_is_written_out_is_the_one_that_holds_by_default(stopped):
    run, config = stopped
    given = config.model_copy(update={"lame_mu": 1.0, "density": 1.0, "steps": config.steps + 1})
    assert ep.train(given, run.path, resume="auto").summary.step == config.steps + 1


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"hidden_layers": [8, 9]}, r"hidden_layers: \(8, 8\) -> \(8, 9\)"),
        ({"activation": "tanh"}, "activation: sin -> tanh"),
        ({"precision": "float64"}, "precision: float32 -> float64"),
        ({"lame_mu": 2.0}, "lame_mu: 1.0 -> 2.0"),
        ({"length": 3.0, "duration": 5.0}, "length: 1.0 -> 3.0; duration: 2.0 -> 5.0"),
        ({"stages": ["sgd"]}, "stages:"),
    ],
)
def test_another_network_problem_or_past_stage_is_refused_by_name(stopped, changes, named):
    run, config = stopped
    before = files(run.path)
    with pytest.raises(ep.ConfigError, match=f"cannot resume with another network, problem or past stage \\({named}"):
        ep.train(config.model_copy(update=changes), run.path, resume="auto")
    assert files(run.path) == before


def test_a_past_stages_length_is_fixed_and_a_coming_ones_is_not(tiny, tmp_path):
    stages = {"stages": ["adam", "sgd", "lbfgs"], "stage_steps": [2, 3], "steps": 8}
    ep.train(tiny(**stages), tmp_path / "run", control=stop_at(4))
    with pytest.raises(ep.ConfigError, match=r"stage_steps: \(2, 3\) -> \(3, 3\)"):
        ep.train(tiny(**stages | {"stage_steps": [3, 3]}), tmp_path / "run", resume="auto")
    with pytest.raises(ep.ConfigError, match="stages:"):
        ep.train(tiny(**stages | {"stages": ["adamw", "sgd", "lbfgs"]}), tmp_path / "run", resume="auto")
    run = ep.train(
        tiny(**stages | {"stage_steps": [2, 4], "stages": ["adam", "sgd", "adamw"]}), tmp_path / "run", resume="auto"
    )
    assert run.history()["stage"].tolist() == [0.0] * 2 + [1.0] * 4 + [2.0] * 2


def test_a_present_stage_made_shorter_than_it_is_ends_at_once(tiny, tmp_path):
    stages = {"stages": ["adam", "sgd", "adamw"], "steps": 8}
    ep.train(tiny(stage_steps=[6, 1], **stages), tmp_path / "run", control=stop_at(5))
    run = ep.train(tiny(stage_steps=[2, 2], **stages), tmp_path / "run", resume="auto")
    assert run.history()["stage"].tolist() == [0.0] * 5 + [2.0] * 3


def test_any_other_change_holds_from_here_and_is_recorded(stopped):
    run, config = stopped
    changed = config.model_copy(update={"learning_rate": 2e-3, "steps": 8, "interior_points": 30, "weight_pde": 2.0})
    run = ep.train(changed, run.path, resume="auto")
    assert set(run.events()) == {
        (3, "learning_rate: 0.001 -> 0.002"),
        (3, "steps: 6 -> 8"),
        (3, "interior_points: 20 -> 30"),
        (3, "weight_pde: 1.0 -> 2.0"),
        (3, "the validation measures something else from here: best, early stopping and plateau start anew"),
    }
    assert run.history()["learning_rate"].tolist() == [1e-3] * 3 + [2e-3] * 5
    assert run.config == changed
    assert run.latest().config == changed


@pytest.mark.parametrize(
    "named",
    [
        lambda run: run.path,
        lambda run: str(run.path) + "/",
        lambda run: run.path / "checkpoints",
        lambda run: f"{run.path}/checkpoints/",
        lambda run: run.checkpoints()[-1].path,
    ],
    ids=["Path of the run", "run/", "Path of its checkpoints", "checkpoints/", "Path of one"],
)
def test_a_path_a_run_or_its_folder_of_checkpoints_may_be_resumed_from(stopped, named):
    run, _ = stopped
    found = starting_point(run.path, Store(run.path / "checkpoints"), start_of(named(run)), "")
    assert found is not None and found.snapshot.step == 3


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_run_that_is_itself_named_checkpoints_is_resumed_by_its_path(stopped, tmp_path, scheme):
    run, _ = stopped
    place = f"{scheme}{run.path.rename(tmp_path / 'checkpoints')}"
    for named in (place, f"{place}/checkpoints"):
        found = starting_point(tmp_path / "new", Store(tmp_path / "new" / "checkpoints"), named, "")
        assert found is not None and found.snapshot.step == 3


@pytest.mark.parametrize("resume", [True, None, 3, ["auto"]])
def test_what_is_no_place_to_resume_from_is_refused_with_what_is_legal(tiny, tmp_path, resume):
    with pytest.raises(ep.RunDirectoryError, match=r"resume = .*: 'never', 'auto', or the path or URL .* is needed"):
        ep.train(tiny(), tmp_path / "run", resume=resume)


def test_the_seed_stays_the_runs_own(stopped, tmp_path):
    run, config = stopped
    run = ep.train(config.model_copy(update={"seed": 9}), run.path, resume="auto")
    assert run.config.seed == 0 and run.latest().config.seed == 0
    assert run.events() == [(3, "seed: 0 -> 9 is ignored: the run keeps its seed")]
    whole = ep.train(config, tmp_path / "whole")
    assert whole.history().drop(columns="wall_s").equals(run.history().drop(columns="wall_s"))


def test_events_stay_through_further_resumes(stopped):
    run, config = stopped
    ep.train(config.model_copy(update={"learning_rate": 2e-3}), run.path, resume="auto", control=stop_at(4))
    run = ep.train(config.model_copy(update={"learning_rate": 3e-3}), run.path, resume="auto")
    assert run.events() == [(3, "learning_rate: 0.001 -> 0.002"), (4, "learning_rate: 0.002 -> 0.003")]


def test_a_problem_of_ones_own_is_demanded_again_on_resume_but_not_on_loading(tiny, tmp_path, waves):
    ep.train(tiny(), tmp_path / "run", waves(), control=stop_at(3))
    run = ep.Run(tmp_path / "run")
    assert run.predict(0.5, 0.5, 0.5).shape == (2,) and run.material() == {"lambda": 2.0, "mu": 1.0, "rho": 1.0}
    with pytest.raises(ep.ConfigError):
        ep.train(tiny(), run.path, resume="auto")
    assert ep.train(tiny(), run.path, waves(), resume="auto").status == "completed"


def test_a_run_of_ones_own_problem_goes_on_with_the_config_it_stored(tiny, tmp_path, waves):
    run = ep.train(tiny(), tmp_path / "run", waves(), control=stop_at(3))
    assert ep.train(run.config, run.path, waves(), resume="auto").status == "completed"
    assert run.events() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"material": ep.Material(2.0, 1.0, 1.1)},
        {"boundary": (ep.Traction(),)},
        {"force": lambda x, y, t: torch.stack([x, y], dim=1)},
        {"exact": None},
    ],
)
def test_another_problem_of_ones_own_is_refused(tiny, tmp_path, waves, changes):
    ep.train(tiny(), tmp_path / "run", waves(), control=stop_at(3))
    with pytest.raises(ep.ConfigError, match="not the one that the checkpoint at step 3 was trained on"):
        ep.train(tiny(), tmp_path / "run", waves(**changes), resume="auto")


def test_a_fingerprint_of_a_version_to_come_is_refused(stopped):
    run, config = stopped
    newest = run.latest()
    newest.snapshot.state["problem"]["fingerprint_version"] = 99
    with pytest.raises(ep.CheckpointError, match="a fingerprint of version 99, which is not known here"):
        adopt(config, ep.problem_from(config), Found(newest.path, newest.snapshot))


def test_a_fingerprint_without_a_version_is_compared_by_the_old_rule(stopped):
    run, config = stopped
    newest, problem = run.latest(), ep.problem_from(config)
    stored = newest.snapshot.state["problem"]
    assert stored.pop("fingerprint_version") == 2
    stored["fingerprint"] = _version_1(problem)
    assert adopt(config, problem, Found(newest.path, newest.snapshot)) == config
    stored["fingerprint"] = _version_1(ep.problem_from(config.model_copy(update={"lame_mu": 2.0})))
    with pytest.raises(ep.ConfigError, match="not the one that the checkpoint"):
        adopt(config, problem, Found(newest.path, newest.snapshot))


def test_other_receivers_are_refused(tiny, tmp_path, inverse):
    ep.train(tiny(), tmp_path / "run", inverse, control=stop_at(3))
    changed = inverse.receivers.displacement.copy()
    changed[1, 2, 0] *= 1 + 1e-12
    other = dataclasses.replace(inverse, receivers=dataclasses.replace(inverse.receivers, displacement=changed))
    with pytest.raises(ep.ConfigError, match="receivers differ"):
        ep.train(tiny(), tmp_path / "run", other, resume="auto")


def test_a_receiver_file_may_move_but_not_change(tiny, tmp_path, receivers):
    inverse = {"problem": "receivers", "unknowns": ["lambda", "mu"]}
    here, there = tmp_path / "here.h5", tmp_path / "there.h5"
    receivers().save(here)
    ep.train(tiny(data=str(here), **inverse), tmp_path / "run", control=stop_at(3))
    here.rename(there)
    run = ep.train(tiny(data=str(there), **inverse), tmp_path / "run", resume="auto", control=stop_at(4))
    assert run.events() == [(3, f"data: {here} -> {there}")]
    receivers(title="another").save(there)
    with pytest.raises(ep.ConfigError, match="receivers differ"):
        ep.train(tiny(data=str(there), **inverse), tmp_path / "run", resume="auto")


def test_a_resumed_history_is_continuous_without_the_files_of_the_last_process(stopped):
    run, config = stopped
    (run.path / "history.h5").unlink()
    (run.path / "summary.json").unlink()
    run = ep.train(config, run.path, resume="auto")
    h = run.history()
    assert h["step"].tolist() == [1, 2, 3, 4, 5, 6] and np.isfinite(h["loss/total"]).all()
    assert h["wall_s"].is_monotonic_increasing


def test_auto_never_starts_anew_over_checkpoints_that_are_all_damaged(stopped):
    run, config = stopped
    for entry in run.checkpoints():
        overwrite(entry.path, entry.path.read_bytes()[:-1])
    before = files(run.path)
    with pytest.raises(ep.RunDirectoryError, match="holds checkpoints, but none is good"):
        ep.train(config, run.path, resume="auto")
    assert files(run.path) == before


def test_a_misspelt_resume_is_told_what_is_legal(tiny, tmp_path):
    with pytest.raises(ep.CheckpointError, match=r"atuo.* is missing.*Give resume 'never', 'auto', or the path"):
        ep.train(tiny(), tmp_path / "run", resume="atuo")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("lost", [None, "summary.json"])
@pytest.mark.parametrize("steps", [3, 8])
def test_a_checkpoint_of_another_run_is_refused_in_a_used_run_directory(stopped, tmp_path, tiny, lost, steps):
    run, _ = stopped
    other = ep.train(tiny(seed=1), tmp_path / "other")
    if lost:
        (other.path / lost).unlink()
    before = files(other.path)
    with pytest.raises(ep.RunDirectoryError, match=r"other holds another run: choose another run_dir, or a checkpoint"):
        ep.train(tiny(steps=steps), other.path, resume=str(run.latest().path))
    assert files(other.path) == before


def test_a_checkpoint_of_the_same_run_is_known_without_a_summary(stopped):
    run, config = stopped
    (run.path / "summary.json").unlink()
    assert ep.train(config, run.path, resume=str(run.latest().path)).status == "completed"


@pytest.mark.parametrize("resume", ["never", "auto"])
def test_nobody_else_trains_in_a_run_directory_in_use(tiny, tmp_path, resume):
    refused = []

    def train_too(record) -> None:
        try:
            ep.train(tiny(), tmp_path / "run", resume=resume)
        except ep.RunDirectoryError as error:
            refused.append(str(error))

    run = ep.train(tiny(steps=1), tmp_path / "run", control=ep.Control(train_too))
    assert len(refused) == 1 and f"is in use by process {os.getpid()} on {socket.gethostname()}" in refused[0]
    assert run.status == "completed" and run.summary.generation == 0


def test_auto_passes_over_a_sealed_checkpoint_that_cannot_be_read(stopped, tmp_path, caplog):
    run, config = stopped
    newest = run.checkpoints()[-1].path
    with h5py.File(tmp_path / "foreign.h5", "w", userblock_size=HEADER_BYTES) as file:
        file["x"] = 1
    image = bytearray((tmp_path / "foreign.h5").read_bytes())
    seal(image, step=3, generation=0, metric=0.0, metric_name="loss/validation")
    overwrite(newest, image)
    again = ep.train(config, run.path, resume="auto")
    assert again.summary.parent == "step 0, generation 0" and newest.name in caplog.text


def test_a_run_that_was_once_given_a_field_in_vain_goes_on_without_it(stopped):
    run, config = stopped
    newest = run.latest()
    stored = json.loads(newest.snapshot.config) | {"unknown_range": 3.0}
    snapshot = dataclasses.replace(newest.snapshot, config=json.dumps(stored))
    assert adopt(config, ep.problem_from(config), Found(newest.path, snapshot)) == config
    assert snapshot.history.events == newest.snapshot.history.events
