"""A process that was forked from one that used torch's threads trains, or is told why it cannot; it never hangs."""

import os
import subprocess
import sys

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.training.lifecycle import threads

PROGRAM = """
import logging, os, signal, sys
import torch
import elastic_pinn as ep
from elastic_pinn.training import train

logging.basicConfig(format="%(message)s", stream=sys.stdout)
torch.set_num_threads(2)
torch.randn(1_000_000).exp().sum()  # the threads are there now
if os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
signal.alarm(120)  # a child that hangs ends with that
try:
    run = train(ep.Config(hidden_layers=[64, 64], interior_points=4000, steps=2, threads=int(sys.argv[2])), sys.argv[1])
    print("status", run.status, "threads", run.latest().snapshot.attributes["torch_threads"], flush=True)
except ep.ConfigError as error:
    print(error, flush=True)
os._exit(0)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (0, ["training with 1 thread, not 2: this process was forked", "status completed threads 1"]),
        (1, ["status completed threads 1"]),
        (2, ["threads = 2: this process was forked", "would wait for them for ever: give 1"]),
    ],
)
def test_a_forked_child_never_hangs(tmp_path, asked, told):
    environment = os.environ | {"OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "run"), str(asked)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(each in done.stdout for each in told), done.stdout
    assert (tmp_path / "run").exists() == (asked < 2)


def test_a_fork_with_more_than_one_thread_is_refused_before_anything_is_written(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(threads, "_IMPORTED_BY", os.getpid() + 1)
    with pytest.raises(ep.ConfigError, match="threads = 3: this process was forked from one that had loaded torch"):
        ep.train(tiny(threads=3), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert ep.train(tiny(threads=1), tmp_path / "run").status == "completed"


def test_the_number_of_threads_is_what_was_given_and_is_set_back():
    usual = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError), threads.threads(usual + 1):
        assert torch.get_num_threads() == usual + 1
        raise ZeroDivisionError
    assert torch.get_num_threads() == usual
    with threads.threads(0):
        assert torch.get_num_threads() == usual
