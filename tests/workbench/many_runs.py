"""Several hundred run directories, made quickly."""

import json
import random
import shutil
from pathlib import Path

import elastic_pinn as ep


def copy_often(run: ep.Run, folder: Path, count: int) -> None:
    """Make copies of a run without its checkpoints, from run-1 on: other seeds and times, errors from 1e-5 to 1, and
    some without one."""
    numbers = random.Random(0)
    for number in range(1, count + 1):
        copy = folder / f"run-{number}"
        copy.mkdir(parents=True)
        shutil.copy(Path(run.path) / "history.h5", copy)
        for name, changes in {
            "config.json": {"seed": number},
            "summary.json": {"wall_s": numbers.uniform(1.0, 1000.0)},
        }.items():
            content = json.loads((Path(run.path) / name).read_text()) | changes
            if name == "summary.json" and number % 7:
                content["metrics"]["error/displacement"] = 10.0 ** numbers.uniform(-5.0, 0.0)
            elif name == "summary.json":
                content["metrics"].pop("error/displacement", None)
                content["status"] = "failed"
            (copy / name).write_text(json.dumps(content))
