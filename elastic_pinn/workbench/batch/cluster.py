"""The workers of a sweep: of this machine, a running Dask scheduler, or a batch system."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import dask
from distributed import Client, LocalCluster, Worker, WorkerPlugin

from elastic_pinn.workbench.batch.sweep_config import Cluster, Sweep, SweepError

JOBQUEUES = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "lsf": "LSFCluster",
    "sge": "SGECluster",
    "oar": "OARCluster",
    "moab": "MoabCluster",
    "htcondor": "HTCondorCluster",
    "local": "LocalCluster",  # jobs are processes of this machine, to test a configuration
}
CONNECT_S = 30.0
DASK_SETTINGS = {
    "distributed.admin.low-level-log-length": 50,  # messages kept of each kind; the default fills the memory
    # Dask's monitoring of itself takes an eighth of a core.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
}
"""Dask's settings for runs that take at least seconds."""


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0))


def workers_of(sweep: Sweep) -> int:
    """Return how many runs the sweep executes at a time."""
    return sweep.workers or cores()


def threads_of(sweep: Sweep) -> int:
    """Return the CPU threads of each run: on this machine an equal share of the cores, on a cluster 1 if not given."""
    return sweep.threads or (max(1, cores() // workers_of(sweep)) if sweep.cluster.is_local else 1)


@contextmanager
def connect(sweep: Sweep, runs: int) -> Iterator[Client]:
    """Connect to the sweep's cluster; a cluster made for it has no more workers than runs, and is closed afterwards.

    Raises SweepError if the scheduler does not answer, or if dask-jobqueue is missing or refuses its options.
    """
    cluster = sweep.cluster
    with dask.config.set(DASK_SETTINGS):
        if cluster.scheduler:
            with _client(cluster.scheduler) as client:
                yield client
            return
        start = partial(_jobqueue, cluster) if cluster.jobqueue else _local
        with start(min(workers_of(sweep), runs)) as workers, _client(workers) as client:
            client.register_plugin(_WorkerSetup())
            yield client


class _WorkerSetup(WorkerPlugin):
    """Prepare a worker: import what runs need, and ignore interrupts, since a terminal sends Ctrl-C to all its
    processes and the sweep's process stops the workers itself. Child processes do not inherit this."""

    def setup(self, worker: Worker) -> None:
        """Set up a worker; called in its main thread, unless it is a thread of the sweep's process."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, lambda *_: None)
            import elastic_pinn.workbench.batch.headless  # noqa: F401

            gc.freeze()  # what was imported stays: to search it for garbage would take half a second of each run


def _client(location: Any) -> Client:
    try:
        return Client(location, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:  # ValueError for an unknown kind of address
        raise SweepError(
            f"the scheduler at {location} does not answer ({error}): start one with `dask scheduler`"
        ) from error


def _local(workers: int) -> LocalCluster:
    """Return a cluster of this machine with one process a worker. Dask cannot limit the memory of the kernels."""
    quiet: dict[str, Any] = {"silence_logs": logging.CRITICAL, "dashboard_address": "127.0.0.1:0"}
    return LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, memory_limit=0, **quiet)


def _jobqueue(cluster: Cluster, workers: int) -> Any:
    try:
        import dask_jobqueue
        import dask_jobqueue.local
    except ImportError as error:
        raise SweepError('jobqueue needs dask-jobqueue: pip install "elastic_pinn[cluster]"') from error
    home = dask_jobqueue.local if cluster.jobqueue == "local" else dask_jobqueue
    try:
        made = getattr(home, JOBQUEUES[cluster.jobqueue])(**cluster.options)
    except (TypeError, ValueError) as error:
        raise SweepError(f"jobqueue {cluster.jobqueue} with options {cluster.options}: {error}") from error
    submit = str(getattr(made.job_cls, "submit_command", "")).split()[:1]
    if cluster.jobqueue != "local" and submit and not shutil.which(submit[0]):
        made.close()
        raise SweepError(f"jobqueue {cluster.jobqueue} needs the command {submit[0]}, which this machine does not have")
    made.adapt(minimum=workers, maximum=workers)  # replaces jobs whose walltime has ended
    return made
