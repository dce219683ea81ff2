"""Make the golden run directories beside this file, by the commit d6a2850 (version 0.1.0), which alone should do so:

git worktree add ../old d6a2850; cd ../old; cp -r ../elastic_pinn/tests/golden tests; python -m tests.golden.make

Each is a run of 6 steps that was stopped after 3. expected.json holds what the whole run of 6 steps ends with. They
are never made anew by newer code: they are what people have on their disks.
"""

import json
import shutil
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

import elastic_pinn as ep
from elastic_pinn.physics.solutions import StandingWaves
from tests.golden.problems import AT, CONFIGS, RECEIVERS, own_problem

HERE = Path(__file__).parent


def receiver_file() -> ep.Receivers:
    """What 25 receivers record of standing waves, with noise of 1e-3 m."""
    grid = np.linspace(0.1, 0.9, 5)
    xy = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)  # (25, 2)
    time = np.linspace(0.0, 1.0, 12)
    points = [torch.from_numpy(np.broadcast_to(a, (25, 12)).copy()) for a in (*xy.T[:, :, None], time)]
    exact = StandingWaves(2.0, 1.0, 1.0)(*points).numpy()  # (25, 12, 2)
    noise = 1e-3 * np.random.default_rng(0).standard_normal(exact.shape)
    return ep.Receivers(
        xy=xy,
        time=time,
        displacement=exact + noise,
        noise=1e-3,
        material={"lambda": 2.2, "mu": 0.9, "rho": 1.0},
        start=frozenset({"lambda", "mu"}),
        title="golden receivers",
        provenance="tests/golden/make.py",
    )


def main() -> None:
    socket.gethostname = lambda: "golden"
    root = HERE.parents[1]
    receiver_file().save(root / RECEIVERS)
    expected = {}
    for name, fields in CONFIGS.items():
        config = ep.Config(**fields)
        problem = own_problem() if name.endswith("own") else None
        shutil.rmtree(HERE / name, ignore_errors=True)
        control = ep.Control(lambda record: control.stop() if record["step"] == 3 else None)  # noqa: B023
        ep.train(config, HERE / name, problem=problem, control=control)
        (HERE / name / ".lock").unlink(missing_ok=True)
        stopped = ep.Run(HERE / name)
        with TemporaryDirectory() as folder:
            whole = ep.train(config, Path(folder) / "run", problem=problem)
            expected[name] = {
                "at_3": stopped.predict(*AT).tolist(),
                "step": whole.summary.step,
                "at_end": whole.predict(*AT).tolist(),
                "material": whole.latest().material(),
            }
            print(name, whole.summary.reason, whole.summary.material, stopped.summary.step)
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
