"""What a run leaves on disk says what was run, where, and how it ended."""

import json
import os
import platform
import socket
from datetime import datetime

import h5py
import torch

import elastic_pinn as ep
from elastic_pinn.storage import read_header


def loaded(run, name: str) -> dict:
    return json.loads((run.path / name).read_text())


def test_a_run_directory_holds_what_the_design_lists(tiny, tmp_path):
    run = ep.train(tiny(checkpoint_every=3), tmp_path / "run")
    found = sorted(str(path.relative_to(run.path)) for path in run.path.rglob("*") if path.is_file())
    checkpoints = [f"checkpoints/step-{step:09d}-g000.h5" for step in (0, 3, 6)]
    copies = ["latest.h5", "best.h5"]
    files = [".lock", "config.json", "environment.json", "summary.json", "history.h5", *copies]
    assert found == sorted([*files, *checkpoints])


def test_config_json_is_the_config(tiny, tmp_path):
    config = tiny(learning_rate=0.0123)
    run = ep.train(config, tmp_path / "run")
    assert ep.Config.from_json((run.path / "config.json").read_text()) == run.config == config


def test_the_environment_names_packages_machine_and_threads(tiny, tmp_path):
    environment = loaded(ep.train(tiny(steps=1), tmp_path / "run"), "environment.json")
    assert set(environment["packages"]) == {"elastic_pinn", "torch", "numpy", "scipy", "numba", "h5py"}
    assert torch.__version__.startswith(environment["packages"]["torch"].split("+")[0])
    assert environment["python"] == platform.python_version()
    assert environment["host"] == socket.gethostname()
    assert environment["torch_threads"] == torch.get_num_threads()
    assert (environment["device"], environment["cpus"]) == ("cpu", os.cpu_count())


def test_the_summary_says_how_the_run_ended(tiny, tmp_path, inverse):
    run = ep.train(tiny(), tmp_path / "run", inverse)
    summary = run.summary
    assert summary.status == "completed" and summary.reason.startswith("all 6 steps done; lambda moved by ")
    assert (summary.step, summary.steps, summary.generation, summary.parent) == (6, 6, 0, "")
    assert summary.checkpoint == run.checkpoints()[-1].path.name
    assert summary.material == run.material() == run.latest().material()
    assert (summary.pid, summary.host) == (os.getpid(), socket.gethostname())
    assert datetime.fromisoformat(summary.started) <= datetime.fromisoformat(summary.updated)
    assert summary.wall_s >= run.history()["wall_s"].iloc[-1] > 0


def test_while_it_runs_the_summary_says_so(tiny, tmp_path):
    seen = []
    control = ep.Control(lambda record: seen.append(ep.Run(tmp_path / "run").summary))
    ep.train(tiny(checkpoint_every=2), tmp_path / "run", control=control)
    assert {summary.status for summary in seen} == {"running"}
    steps = [summary.step for summary in seen]
    assert steps == sorted(steps) and set(steps) <= {0, 2, 4}  # in the background: soon after the checkpoint's step
    assert all(summary.checkpoint == f"step-{summary.step:09d}-g000.h5" for summary in seen)


def test_a_checkpoint_says_what_made_it(tiny, tmp_path):
    run = ep.train(tiny(), tmp_path / "run")
    header = read_header(run.latest().path)
    assert (header.step, header.generation, header.metric_name) == (6, 0, "loss/validation")
    with h5py.File(run.latest().path) as file:
        attributes = {name: value.decode() if isinstance(value, bytes) else value for name, value in file.attrs.items()}
        groups = set(file)
    assert attributes["run_id"] == run.summary.run_id and attributes["parent"] == ""
    assert attributes["version_torch"] == loaded(run, "environment.json")["packages"]["torch"]
    assert (attributes["step"], attributes["stage"], attributes["device"]) == (6, 0, "cpu")
    assert attributes["torch_threads"] == torch.get_num_threads()
    assert {"weights", "optimizer", "scheduler", "sampler", "rng", "config", "history", "metrics"} <= groups


def test_a_checkpoint_has_the_metrics_of_its_own_weights(tiny, tmp_path):
    run = ep.train(tiny(validate_every=3, checkpoint_every=3), tmp_path / "run")
    middle = ep.load_checkpoint(run.checkpoints()[1].path)
    rows = run.history().set_index("step")
    assert middle.step == 3
    assert middle.metrics == rows.loc[3].to_dict() | {"step": 3}


def test_columns_carry_their_units(tiny, tmp_path):
    run = ep.train(tiny(), tmp_path / "run")
    units = {"wall_s": "s", "material/lambda": "Pa", "material/mu": "Pa", "material/rho": "kg/m3"}
    for path, group in ((run.path / "history.h5", "/"), (run.latest().path, "/history")):
        with h5py.File(path) as file:
            found = {name: file[group][name].attrs["units"].decode() for name in units}
            assert found == units and "units" not in file[group]["loss/total"].attrs


def test_a_run_directory_is_entered_durably_into_its_parents(tiny, tmp_path, monkeypatch):
    fsync, synced = os.fsync, []

    def recorded(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    ep.train(tiny(steps=1), tmp_path / "a" / "run")
    assert synced[:3] == [str(tmp_path.parent), str(tmp_path), str(tmp_path / "a")]
