"""How close training comes to exact solutions, and in what time: problems A, A', B and C, a few seeds each."""

import argparse
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from report import table, write_section
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.fields import Field, evaluate
from elastic_pinn.physics.solutions import StandingWaves

COMMAND = "python tests/benchmarks/accuracy.py"
FRESH_POINTS = 20_000
MATERIAL = ep.Material(lame_lambda=2.0, lame_mu=1.0, density=1.0)  # c_p = 2 m/s, c_s = 1 m/s
P_AND_S = StandingWaves(2.0, 1.0, 1.0)
P_ALONE = StandingWaves(2.0, 1.0, 1.0, s_amplitude=0.0)
WINDOW = 2.0  # s
OVERLAP = 0.2  # s
WINDOWS = 10

Recipe = dict[str, Any]
Part = tuple[ep.Run, ep.Problem]
"""A trained run, and the problem over the window where it counts."""


def wave_1d(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    """sin(pi x) cos(2 pi t) + sin(4 pi x) cos(8 pi t) / 2 along x, nothing across: PINNacle's Wave1d-C."""
    slow = torch.sin(math.pi * x) * torch.cos(2.0 * math.pi * t)
    fast = torch.sin(4.0 * math.pi * x) * torch.cos(8.0 * math.pi * t)
    return torch.stack([slow + fast / 2.0, torch.zeros_like(x)], dim=-1)  # (N, 2)


def square(exact: Field, start: float, end: float, initial: ep.Initial | None = None) -> ep.Problem:
    """A known wavefield in a square metre, given on the walls and, where not told else, at the start."""
    domain = ep.Domain((0.0, 1.0), (0.0, 1.0), (start, end))
    return ep.Problem(domain, MATERIAL, (ep.Displacement(exact),), initial or ep.Initial.of(exact), exact=exact)


def bar() -> ep.Problem:
    """Problem C as a bar with free sides, of a material that does not bulge: as in one dimension, the wave is told
    about at the two ends and at the start alone."""
    ends, sides = ep.Displacement(wave_1d, ("left", "right")), ep.Traction(None, ("bottom", "top"))
    material = ep.Material(lame_lambda=0.0, lame_mu=2.0, density=1.0)  # c_p = 2 m/s
    domain = ep.Domain((0.0, 1.0), (0.0, 0.05), (0.0, 1.0))
    return ep.Problem(domain, material, (ends, sides), ep.Initial.of(wave_1d), exact=wave_1d)


def recipe(width: int, frequency: float, ridge: float, interior: int, boundary: int, initial: int) -> Recipe:
    """Random features up to a frequency, with the last layer solved for at so many points of each kind."""
    return {
        "network": "random_features",
        "hidden_layers": [width],
        "activation": "sin",
        "input_frequency": frequency,
        "precision": "float64",
        "stages": ["last_layer"],
        "steps": 1,
        "ridge": ridge,
        "interior_points": interior,
        "boundary_points": boundary,
        "initial_points": initial,
        "sampling": "sobol",
        "weight_boundary": 100.0,
        "weight_initial": 100.0,
        "validation_points": 100,
        "log_level": "error",
    }


def all_trained(features: Recipe, steps: int) -> Recipe:
    """The same as an MLP with a narrow layer before the features, and all of its parameters trained from there on."""
    return features | {
        "network": "mlp",
        "hidden_layers": [8, *features["hidden_layers"]],
        "initialization": "features",
        "stages": ["last_layer", "levenberg_marquardt"],
        "stage_steps": [1],
        "steps": 1 + steps,
        "damping": 1e-6,
    }


FROM_GLOROT = recipe(40, 4.0, 1e-12, 800, 250, 200) | {
    "network": "mlp",
    "hidden_layers": [40, 40],
    "stages": ["levenberg_marquardt"],
    "steps": 200,
    "damping": 1e-4,
}


def at_once(problem: ep.Problem, fields: Recipe) -> Callable[[int, Path], list[Part]]:
    """Solves a problem in one run."""

    def solve(seed: int, folder: Path) -> list[Part]:
        return [(ep.train(ep.Config(**fields, seed=seed), folder / "run", problem), problem)]

    return solve


def in_windows(exact: Field, fields: Recipe) -> Callable[[int, Path], list[Part]]:
    """Solves a problem window after window, each from where the one before has come to.

    A run goes on a little beyond its window: at its last instant it is the worst, and a start from there would make
    each window's error some three times that of the one before.
    """

    def solve(seed: int, folder: Path) -> list[Part]:
        parts: list[Part] = []
        for i in range(WINDOWS):
            initial = end_of(parts[-1][0]) if parts else None
            start, end = i * WINDOW, (i + 1) * WINDOW
            problem = square(exact, start, end + OVERLAP, initial)
            run = ep.train(ep.Config(**fields, seed=seed), folder / f"window_{i}", problem)
            parts.append((run, square(exact, start, end)))
        return parts

    return solve


def end_of(run: ep.Run) -> ep.Initial:
    """The next window's start: displacement and velocity as a run has them."""
    model = run.latest().model()

    def displacement(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        return model.displacement(torch.stack([x, y, t], dim=1))  # (N, 2)

    @torch.no_grad()
    def velocity(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        points = model.scales.dimensionless(torch.stack([x, y, t], dim=1))
        return model.derivatives(points, ("t",))["t"] * model.scales.velocity  # (N, 2)

    return ep.Initial(displacement, velocity)


def relative_error(parts: list[Part], seed: int) -> float:
    """The relative L2 error of the displacement over all windows, at points that no run has seen."""
    generator, squares = np.random.default_rng([seed, FRESH_POINTS]), np.zeros(2)
    for run, problem in parts:
        unit = torch.from_numpy(generator.random((FRESH_POINTS // len(parts), 3)))
        points = problem.domain.interior(unit)  # (N, 3)
        exact = evaluate(problem.exact, points).numpy()  # (N, 2)
        squares += [np.square(run.predict(*points.unbind(1)) - exact).sum(), np.square(exact).sum()]
    return float(np.sqrt(squares[0] / squares[1]))


@dataclass(frozen=True)
class Way:
    """A problem, a way to solve it, the error wanted and that which others published."""

    problem: str
    way: str
    solve: Callable[[int, Path], list[Part]]
    wanted: str
    published: str

    def row(self, seeds: int) -> list[str]:
        """Its line of the table."""
        seconds, errors = [], []
        for seed in range(seeds):
            with tempfile.TemporaryDirectory() as folder:
                started = time.perf_counter()
                parts = self.solve(seed, Path(folder))
                seconds.append(time.perf_counter() - started)
                errors.append(relative_error(parts, seed))
        row = [self.problem, self.way, _spread(errors, ".1e"), _spread(seconds, ".0f"), self.wanted, self.published]
        print(*row, sep=" | ", flush=True)
        return row


def _spread(values: list[float], form: str) -> str:
    """Median and range."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} .. {max(values):{form}})"


A, A_PRIME = square(P_ALONE, 0.0, WINDOW), square(P_AND_S, 0.0, WINDOW)
FOR_A = recipe(2000, 3.0, 1e-14, 3500, 1000, 700)
FOR_MLP = recipe(1000, 2.5, 1e-12, 2000, 700, 500)
FOR_B = recipe(1000, 2.5, 1e-13, 2200, 700, 500)
FOR_C = recipe(2000, 8.0, 1e-13, 4000, 600, 600)

PUBLISHED_C = "8e-6 SOAP on a GPU, 1.3e-2 NNCG, 9.8e-2 PINNacle"
WAYS = [
    Way("A", "2000 features", at_once(A, FOR_A), "1e-8", "7e-3 FastLSQ"),
    Way("A'", "2000 features", at_once(A_PRIME, FOR_A), "1e-7", ""),
    Way("A'", "MLP 8 x 1000, last layer, then 2 steps of LM", at_once(A_PRIME, all_trained(FOR_MLP, 2)), "1e-5", ""),
    Way("A'", "MLP 40 x 40 from Glorot's weights, 200 steps of LM", at_once(A_PRIME, FROM_GLOROT), "", ""),
    Way("B", "1000 features, 10 windows of 2 s", in_windows(P_AND_S, FOR_B), "1e-2", ""),
    Way("C", "2000 features", at_once(bar(), FOR_C), "8e-6", PUBLISHED_C),
]


def main(seeds: int, only: str) -> None:
    """Solve each problem in each way, and write the section; `only` looks at one problem, and writes nothing."""
    rows = [way.row(seeds) for way in WAYS if only in ("", way.problem)]
    if only:
        return
    head = ["problem", "way", "relative L2 error", "seconds", "wanted", "published"]
    text = f"""{table(head, rows)}

Median (lowest .. highest) of {seeds} seeds, float64. The error is that of the displacement at {FRESH_POINTS:,} points
that no run has seen; the seconds are all of `train`, checkpoints included. LM is Levenberg-Marquardt. A: a P mode,
A': a P and an S mode in a square metre for {WINDOW:g} s; B: A' for {WINDOW * WINDOWS:g} s, 28 periods of the P mode.
Each run goes {OVERLAP:g} s beyond its window, and the next starts from what it has found at the window's end. C: the
wave of Wave1d-C along a bar with free sides, of which only the two ends and the start are given.
The last layer's solution brings the first MLP most of the way, from a start with random features;
what LM does from Glorot's weights,
the fourth row shows."""
    write_section("accuracy", COMMAND, text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="a problem: A, A', B or C")
    arguments = parser.parse_args()
    main(arguments.seeds, arguments.only)
