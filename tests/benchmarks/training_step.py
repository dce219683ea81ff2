"""What a training step costs: ours, the peers' and the matrix products that none can do without."""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from peers import DeepXDE, Pina, use_mode
from plain_torch import SIZES, by_torch, floor, made
from report import in_turn, ms, table, write_section

from elastic_pinn.training.session import Session

COMMAND = "python tests/benchmarks/training_step.py"
NOTE = """Equation of motion of problem A', tanh; {peers}. A step is the loss and its gradients at the same points and
weights, then Adam; ours is all that train() does in a step. Floor: only the matrix products of these gradients, forward
and back, as torch does them."""


def pina_ms(ours: Session, rounds: int) -> list[float]:
    """Seconds a step of PINA's: those between the steps of one training, without its start."""
    marks: list[float] = []

    class Marks:
        def step(self) -> bool:
            marks.append(time.perf_counter())
            return True

    peer = Pina(ours)
    peer.steps(peer.adam(), rounds + 2, Marks())  # type: ignore[arg-type]
    return [b - a for a, b in pairwise(marks[1:])]


def compare(name: str, rounds: int) -> list[list[str]]:
    """A row for each way to make a step."""
    ours = made(*SIZES[name])
    deepxde = DeepXDE(ours)
    works: dict[str, Callable[[], object]] = {
        "matrix products alone (floor)": floor(ours),
        "DeepXDE": deepxde.step,
        "nested autograd, plain torch": by_torch(ours, nested=True),
        "jets, plain torch": by_torch(ours, nested=False),
        "**elastic_pinn**": ours.advance,
    }
    if SIZES[name][0] <= 10_000:
        works["DeepXDE, forward mode"] = DeepXDE(ours, "forward").step
    seconds = in_turn(works, rounds, before=lambda way: use_mode("forward" if "forward" in way else "reverse"))
    use_mode("reverse")
    seconds["PINA"] = pina_ms(ours, rounds)
    median = {way: statistics.median(times) for way, times in seconds.items()}
    lowest, peer = median["matrix products alone (floor)"], median["DeepXDE"]
    return [
        [f"{name}: {way}" if i == 0 else way, ms(times), f"{median[way] / lowest:.2f}", f"{peer / median[way]:.2f}"]
        for i, (way, times) in enumerate(seconds.items())
    ]


def same_gradient() -> str:
    """How far our gradients are from DeepXDE's at the same weights and points."""
    found = []
    for precision in ("float64", "float32"):
        ours = made(10_000, [64] * 4, precision)
        ours.objective()
        mine = torch.cat([parameter.grad.reshape(-1) for parameter in ours.parameters])
        theirs = DeepXDE(ours).gradient()
        found.append(f"{((mine - theirs).norm() / theirs.norm()).item():.1e} in {precision}")
    return f"Our gradient differs from DeepXDE's, relative to its length, by {' and '.join(found)}."


def exponents(rounds: int) -> str:
    """How a step's cost grows with points, width and depth, as exponents fitted to medians."""
    sweeps = {
        "points": [(n, [64] * 4, "float32") for n in (2_000, 4_000, 8_000, 16_000)],
        "width": [(4_000, [w] * 4, "float32") for w in (32, 64, 128, 256)],
        "depth": [(4_000, [64] * d, "float32") for d in (2, 4, 8, 16)],
    }
    rows = []
    for what, sizes in sweeps.items():
        x = [size[0] if what == "points" else size[1][0] if what == "width" else len(size[1]) for size in sizes]
        medians: dict[str, list[float]] = {"elastic_pinn": [], "DeepXDE": [], "PINA": []}
        for size in sizes:
            ours = made(*size)
            times = in_turn({"elastic_pinn": ours.advance, "DeepXDE": DeepXDE(ours).step}, rounds)
            times["PINA"] = pina_ms(ours, rounds)
            for who, seconds in times.items():
                medians[who].append(statistics.median(seconds))
        slopes = {who: np.polyfit(np.log(x), np.log(seconds), 1)[0] for who, seconds in medians.items()}
        rows.append([f"{what}: {', '.join(map(str, x))}", *(f"{slope:.2f}" for slope in slopes.values())])
    return table(["a step's time grows as a power of", "elastic_pinn", "DeepXDE", "PINA"], rows)


def memory() -> str:
    """Peak resident memory of a process that makes two steps."""
    rows = []
    for points in (10_000, 100_000, 1_000_000):
        command = [sys.executable, __file__, "--memory", str(points)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
        rows.append([f"{points:,} points, 4 x 64, float32", *done.stdout.split()[-2:]])
    return table(["peak resident memory", "before, MB", "after two steps, MB"], rows)


def watch(points: int) -> None:
    """Print the peak memory before and after two steps."""
    import elastic_pinn as ep
    from elastic_pinn.training.session import Session as Ours

    def peak() -> str:  # not by getrusage, which begins with the peak of the process that forked this one
        (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        return f"{int(line.split()[1]) * 1024 / 1e6:.0f}"

    config = ep.Config(hidden_layers=[64] * 4, interior_points=points, sampling="uniform")
    before, ours = peak(), Ours(config, ep.problem_from(config))
    for _ in range(2):
        ours.advance()
    print(before, peak())


def main(rounds: int) -> None:
    """Measure all, and write the section."""
    rows = [row for name in SIZES for row in compare(name, rounds if SIZES[name][0] < 50_000 else max(3, rounds // 4))]
    head = ["", "ms a step", "times the floor", "DeepXDE's time over this"]
    peers = ", ".join(f"{name} {version(name.lower())}" for name in ("DeepXDE", "pina-mathlab", "numba"))
    text = "\n\n".join(
        [
            NOTE.format(peers=peers),
            table(head, rows),
            same_gradient(),
            exponents(max(3, rounds // 2)),
            memory(),
        ]
    )
    write_section("training step", COMMAND, text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory:
        watch(arguments.memory)
    else:
        main(arguments.rounds)
