"""Recordings of 200 MB are read within 2 GB of memory."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.physics.data.readers.files import UNITS

READ = """
import sys, elastic_pinn as ep
found = ep.Receivers.read(sys.argv[1], directions=["x", "y"], **%s)
status = open("/proc/self/status").read()  # the largest of getrusage is that of the parent, where this was larger
print(found.velocity.shape, status.partition("VmHWM:")[2].split()[0])
"""


def csv(path: Path) -> tuple[int, int]:
    """Numbers of five signs, which are more numbers than most files of that size hold."""
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        file.write("x,y,time,velocity_x,velocity_y\n")
        for x, y in np.ndindex(100, 90):
            rows = enumerate(rng.integers(-9, 9, (1000, 2)).tolist())
            file.write("".join(f"{x}.5,{y}.5,{t},{a}.5,{b}.25\n" for t, (a, b) in rows))
    return 9000, 1000


def mat(path: Path) -> tuple[int, int]:
    from scipy.io import savemat

    rng = np.random.default_rng(0)
    savemat(
        path, {"velocity": rng.standard_normal((4900, 2560, 2)), "time": np.arange(2560.0), "xy": rng.random((4900, 2))}
    )
    return 4900, 2560


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the largest memory of a process is read from Linux's /proc")
@pytest.mark.parametrize("write", [csv, mat])
def test_200_mb_are_read_within_2_gb(write, tmp_path):
    path = tmp_path / f"scan.{write.__name__}"
    receivers, times = write(path)
    assert path.stat().st_size > 200_000_000
    command = [sys.executable, "-c", READ % UNITS, str(path)]
    told = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    shape, memory = told.stdout.rsplit(None, 1)
    assert shape == f"({receivers}, {times}, 2)"
    assert 0 < 1024 * int(memory) < 2e9
