"""Ctrl-C in a terminal, which every process there gets."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Sweep
from elastic_pinn.workbench.cli.signals import stop_on_signals

pytestmark = pytest.mark.slow

FORWARD = str(Path(__file__).parents[3] / "notebooks" / "01_forward.ipynb")


def is_training(run_dir):
    """Whether steps of a run can be seen already."""
    return (run_dir / "history.h5").exists() and len(ep.Run(run_dir).history()) > 0


def test_ctrl_c_ends_a_notebook_with_a_checkpoint_and_says_how_to_go_on(command, tmp_path):
    long = ["network=mlp", "stages=[adam]", "precision=float32", "steps=100000", "checkpoint_every=0", "threads=1"]
    points = ["hidden_layers=[8]", "interior_points=50", "boundary_points=20", "initial_points=20"]
    run_dir = tmp_path / "run"
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    asked = [command, "run", FORWARD, *long, *points, f"run_dir={run_dir}"]
    with subprocess.Popen(asked, **quiet, start_new_session=True) as running:
        while not is_training(run_dir):
            assert running.poll() is None, running.stderr.read()
            time.sleep(0.1)
        os.killpg(running.pid, signal.SIGINT)
        said, _ = running.communicate(timeout=300)
    run = ep.Run(run_dir)
    assert (run.status, run.reason) == ("stopped", "asked to stop")
    assert run.latest().step == len(run.history()) > 0
    assert running.returncode == 130 and "resume=auto continues it" in said


def test_ctrl_c_ends_each_run_with_a_checkpoint_and_the_same_command_goes_on(write_sweep, command):
    long = {"network": "mlp", "stages": ["adam"], "precision": "float32", "steps": 100_000, "checkpoint_every": 0}
    file = write_sweep(notebook=FORWARD, parameters=long, seeds=[0, 1, 2], workers=2, threads=1)
    folder = Sweep.read(file).folder
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([command, "sweep", file], **quiet, start_new_session=True) as sweep:
        while sum(map(is_training, folder.glob("*/"))) < 2:
            assert sweep.poll() is None, sweep.stderr.read()
            time.sleep(0.1)
        os.killpg(sweep.pid, signal.SIGINT)
        said, _ = sweep.communicate(timeout=300)
    assert sweep.returncode == 130 and "the same command continues" in said
    begun = [path.parent for path in folder.glob("*/config.json")]
    assert len(begun) == 2
    for path in begun:
        summary, run = json.loads((path / "summary.json").read_text()), ep.Run(path)
        assert (summary["status"], summary["reason"]) == ("stopped", "asked to stop")
        assert run.latest().step == summary["step"] == len(run.history()) > 0


def test_the_first_ctrl_c_stops_in_order_saying_so_and_the_second_is_obeyed_at_once(capsys):
    stops, before = [], signal.getsignal(signal.SIGINT)
    with stop_on_signals(lambda: stops.append("in order"), "with a checkpoint") as asked:
        assert not asked.is_set()
        signal.raise_signal(signal.SIGINT)
        assert asked.is_set() and stops == ["in order"]
        assert "with a checkpoint; Ctrl-C again" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
