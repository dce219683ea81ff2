"""Recordings of 200 MB are read within 2 GB of memory."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.physics.data.readers.files import UNITS

READ = """
import resource, sys, elastic_pinn as ep
found = ep.Receivers.read(sys.argv[1], directions=["x", "y"], **%s)
print(found.velocity.shape, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
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
    assert int(memory) * (1 if sys.platform == "darwin" else 1024) < 2e9
