"""What checkpoints cost a training run: time held up, and the writer's CPU time; and no digit of its result."""

import argparse
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
    held, cpu = summary.checkpoint_blocked_s, summary.checkpoint_cpu_s
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


def main(steps: int, every: int) -> None:
    """Measure all, and write the section."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        cost, curve = shares(steps, every, Path(folder)), same_curve(Path(folder))
    text = f"{cost}\n\n{curve}"
    write_section("saving while training", COMMAND, text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--every", type=int, default=100)
    main(**vars(parser.parse_args()))
