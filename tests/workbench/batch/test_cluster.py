"""Workers of this machine, as processes."""

import gc
import os
import signal
import sys

import pytest

from elastic_pinn.workbench.batch import Sweep
from elastic_pinn.workbench.batch.cluster import connect


@pytest.mark.slow
def test_a_worker_has_what_a_run_needs_and_is_not_ended_by_ctrl_c(write_sweep):
    def look():
        return "elastic_pinn.workbench.batch.headless" in sys.modules, gc.get_freeze_count() > 0, gc.isenabled()

    with connect(Sweep.read(write_sweep(workers=1)), 1) as client:
        pids = client.run(os.getpid)
        for _ in range(3):  # the second of which would end it, had the first interrupted it
            client.run(lambda: os.kill(os.getpid(), signal.SIGINT))
        assert client.run(os.getpid) == pids
        assert [*client.run(look).values()] == [(True, True, True)]
