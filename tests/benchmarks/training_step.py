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
from peers import DeepXDE, Pina, session, use_mode
from report import in_turn, ms, table, write_section
from torch import Tensor

from elastic_pinn.networks import jets
from elastic_pinn.training.session import Session

COMMAND = "python tests/benchmarks/training_step.py"
NO_GPU = """No GPU was at hand: of `compile`, which lets torch compile the loss into CUDA graphs there, only the
results are tested, on a CPU; its speed is not known."""
SIZES = {
    "10,000 points, 4 x 64, float32": (10_000, [64] * 4, "float32"),
    "2,000 points, 4 x 50, float32": (2_000, [50] * 4, "float32"),
    "100,000 points, 4 x 64, float32": (100_000, [64] * 4, "float32"),
    "10,000 points, 8 x 200, float32": (10_000, [200] * 8, "float32"),
    "10,000 points, 4 x 64, float64": (10_000, [64] * 4, "float64"),
}
JET = 8  # components: the value, x, y, t, xx, xy, yy, tt
NOTE = """Equation of motion of problem A', tanh; {peers}. A step is the loss and its gradients at the same points and
weights, then Adam; ours is all that train() does in a step. Floor: only the matrix products of these gradients, forward
and back, as torch does them."""


def made(points: int, hidden: list[int], precision: str) -> Session:
    """The equation of motion of problem A' at some points, a tanh network, Adam."""
    few = {"boundary_points": 1, "initial_points": 1, "validation_points": 2}
    return session(True, hidden_layers=hidden, precision=precision, interior_points=points, **few)


def floor(ours: Session) -> Callable[[], None]:
    """The matrix products of one gradient: x W^T forward, g W and g^T x back."""
    count, dtype = JET * ours.config.interior_points, ours.model.dtype
    widths = [3, *ours.config.hidden_layers, 2]
    layers = [(torch.randn(count, c, dtype=dtype), torch.randn(d, c, dtype=dtype)) for c, d in pairwise(widths)]
    back = {d: torch.randn(count, d, dtype=dtype) for d in widths}

    def products() -> None:
        for i, (x, weight) in enumerate(layers):
            g = back[len(weight)]
            torch.matmul(x, weight.T)
            torch.matmul(g.T, x)
            if i:
                torch.matmul(g, weight)

    return products


def by_torch(ours: Session, nested: bool) -> Callable[[], None]:
    """A step by plain torch: jets and autograd, or autograd nested three deep as textbooks write it."""
    optimizer = torch.optim.Adam(ours.parameters, ours.config.learning_rate)
    batch, extent = ours.sampler.batches["interior"], torch.tensor(ours.problem.scales.extent, dtype=ours.model.dtype)
    (term,), network = ours.loss.terms, ours.model.network

    def step() -> None:
        equations = term.equations(ours.model.material(), batch)
        if nested:
            jet = _nested(network, equations.points, extent, equations.names)
        else:
            jet = network.within(())(jets.seed(equations.points, equations.names, extent), equations.names)
        optimizer.zero_grad()
        equations.misfit(jet).square().sum(1).mean().backward()
        optimizer.step()

    return step


def _nested(network: torch.nn.Module, points: Tensor, extent: Tensor, names: jets.Components) -> Tensor:
    points = points.clone().requires_grad_()
    z = points / extent
    for weight, bias in list(zip(network.weights, network.biases, strict=True))[:-1]:
        z = torch.tanh(torch.nn.functional.linear(z, weight, bias))
    u = torch.nn.functional.linear(z, network.weights[-1], network.biases[-1])
    found = {"": u}
    first = [torch.autograd.grad(u[:, c].sum(), points, create_graph=True)[0] for c in (0, 1)]
    for i, axis in enumerate(jets.AXES):
        found[axis] = torch.stack([g[:, i] for g in first], 1)
    for a, b in (name for name in names if len(name) == 2):
        i, j = jets.AXES.index(a), jets.AXES.index(b)
        rows = [torch.autograd.grad(g[:, i].sum(), points, create_graph=True)[0][:, j] for g in first]
        found[a + b] = torch.stack(rows, 1)
    return torch.stack([found[name] for name in names])


def pina_ms(ours: Session, rounds: int) -> list[float]:
    """Seconds a step of PINA's: those between the steps of one training, without its start."""
    marks: list[float] = []

    class Marks:
        def step(self) -> bool:
            marks.append(time.perf_counter())
            return True

    peer = Pina(ours)
    peer.train(peer.adam(), rounds + 2, Marks())  # type: ignore[arg-type]
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
    gpu = "" if torch.cuda.is_available() else f"\n{NO_GPU}"
    return f"Our gradient differs from DeepXDE's, relative to its length, by {' and '.join(found)}.{gpu}"


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
