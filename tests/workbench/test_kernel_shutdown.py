"""A kernel that ends while its panel trains."""

import signal
import time

import pytest
from jupyter_client.manager import KernelManager

import elastic_pinn as ep
from tests.workbench.clicks import TINY

PATIENCE_S = 60
BEGIN = """
import asyncio
import elastic_pinn as ep
from elastic_pinn.workbench.panels import TrainPanel
panel = TrainPanel(ep.Config(**{config!r}), name="mine")
"""
AWAITED = "run = await panel.train({run_dir!r})"
CLICKED = "panel._start_training({run_dir!r}, 'never')"  # what a click on Start does

ENDS = {
    "kernel restarted": lambda manager: manager.restart_kernel(),
    "kernel shut down": lambda manager: manager.shutdown_kernel(),
    "kernel terminated": lambda manager: manager.signal_kernel(signal.SIGTERM),
}


@pytest.fixture
def kernel():
    """A kernel's manager and a client of it."""
    manager = KernelManager()
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(PATIENCE_S)
    yield manager, client
    client.stop_channels()
    if manager.is_alive():
        manager.shutdown_kernel(now=True)
    manager.cleanup_resources()  # sockets of a kernel that ended by itself are open still


def until(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_training(path):
    return (path / "summary.json").exists() and ep.Run(path).history()["step"].max() > 0


@pytest.mark.slow
@pytest.mark.parametrize(("reason", "how"), [(reason, AWAITED) for reason in ENDS] + [("kernel restarted", CLICKED)])
def test_training_ends_with_a_checkpoint_and_says_why_when_its_kernel_ends(kernel, tmp_path, reason, how):
    manager, client = kernel
    config = TINY | {"steps": 1_000_000, "log_level": "error"}
    client.execute(BEGIN.format(config=config) + how.format(run_dir=str(tmp_path / "run")))
    until(lambda: is_training(tmp_path / "run"))
    run = ep.Run(tmp_path / "run")
    ENDS[reason](manager)
    until(lambda: run.summary.status != "running")
    assert (run.summary.status, run.summary.reason) == ("stopped", reason)
    assert run.latest().step == run.summary.step == len(run.history())
