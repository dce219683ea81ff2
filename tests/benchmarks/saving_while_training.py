"""What checkpoints cost a training run: the time it is held up, the writer's CPU time, memory; and no digit of its
result."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from report import table, write_section

import elastic_pinn as ep

COMMAND = "python tests/benchmarks/saving_while_training.py"
BIG = {"hidden_layers": [200] * 8, "interior_points": 10_000, "log_level": "warning"}
SMALL = {
    "hidden_layers": [50] * 4,
    "interior_points": 50,
    "boundary_points": 10,
    "initial_points": 10,
    "validation_points": 10,
    "checkpoint_every": 50,
    "log_level": "error",
}


def shares(steps: int, every: int, folder: Path) -> str:
    """What a run with checkpoints pays, of its training time."""
    run = ep.train(ep.Config(**BIG, steps=steps, checkpoint_every=every), folder / "with")
    summary, wall = run.summary, run.history()["wall_s"].iloc[-1]
    held, cpu = summary["checkpoint_blocked_s"], summary["checkpoint_cpu_s"]
    saves = 1 + steps // every
    rows = [
        ["training", f"{wall:.1f}", "100"],
        [f"held up by {saves} checkpoints", f"{held:.4f}", f"{100 * held / wall:.4f}"],
        ["CPU time of the thread that writes them", f"{cpu:.4f}", f"{100 * cpu / wall:.4f}"],
        ["both", f"{held + cpu:.4f}", f"{100 * (held + cpu) / wall:.4f}"],
    ]
    head = [f"8 x 200, 10,000 points, Adam, {steps} steps, a checkpoint every {every}", "s", "%"]
    return table(head, rows)


def same_curve(folder: Path) -> str:
    """Whether checkpoints change a single bit of the loss."""
    curves = []
    for every in (0, 7):
        config = ep.Config(**SMALL | {"checkpoint_every": every, "steps": 500})
        curves.append(ep.train(config, folder / f"curve-{every}").history()["loss/total"])
    same = sum(one == other for one, other in zip(*curves, strict=True))
    return f"Of 500 steps with and without a checkpoint every 7, {same} have the same total loss to the last bit."


def memory(steps: int) -> str:
    """Resident memory along a long run, in a process of its own."""
    command = [sys.executable, __file__, "--watch", str(steps)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    rows = [line.split() for line in done.stdout.splitlines()]
    return table(["step", "resident memory, MB", "of it history, MB"], rows)


def watch(steps: int) -> None:
    """Train, and print step, resident memory and the size of the history ten times."""

    def look(row: ep.training.control.Record) -> None:
        if row["step"] % (steps // 10) == 0:
            text = Path("/proc/self/status").read_text()
            resident = int(re.search(r"VmRSS:\s*(\d+) kB", text)[1]) / 1e3
            print(f"{row['step']:,} {resident:.1f} {row['step'] * len(row) * 8 / 1e6:.1f}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        ep.train(ep.Config(**SMALL, steps=steps), Path(folder) / "run", control=ep.Control(look))


def main(steps: int, every: int, long: int) -> None:
    """Measure all, and write the section."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        cost, curve = shares(steps, every, Path(folder)), same_curve(Path(folder))
    text = f"""{cost}

{curve}

Memory along {long:,} steps of a small network, with a checkpoint every {SMALL["checkpoint_every"]} steps:

{memory(long)}"""
    write_section("saving while training", COMMAND, text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--long", type=int, default=50_000)
    parser.add_argument("--watch", type=int, help=argparse.SUPPRESS)
    arguments = vars(parser.parse_args())
    if steps := arguments.pop("watch"):
        watch(steps)
    else:
        main(**arguments)
