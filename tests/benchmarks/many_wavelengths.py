"""What many wavelengths and periods cost, in one least squares, and how errors grow over 28 periods."""

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import elastic_pinn as ep
from elastic_pinn.training.optimizers import most_columns
from tests.benchmarks.report import table, write_section
from tests.benchmarks.validation import ROWS
from tests.benchmarks.validation.many_wavelengths import BEYOND, WAVES, for_square, free_square
from tests.benchmarks.validation.published import WINDOW, WINDOWS, Windows, square
from tests.benchmarks.validation.row import errors, relative_error

COMMAND = "python -m tests.benchmarks.many_wavelengths"
MODES = 6, 8, 11, 14, 17, 20
FITTED = 4  # of the largest
MOST_WAVES = most_columns()


def solved(count: int, threads: int) -> dict[str, float]:
    """A free square with so many modes: error, seconds and memory of a process that does nothing else."""
    problem, recipe = free_square(count), for_square(count)
    config = ep.Config(**recipe, threads=threads, estimate_error=False)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        run = ep.train(config, Path(folder) / "run", problem)
        seconds = time.perf_counter() - started
        error = relative_error(run, problem)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # GiB
    return {"error": error, "seconds": seconds, "memory": memory, "waves": config.hidden_layers[0]}


def in_own_process(count: int, threads: int) -> dict[str, float]:
    """The same in a process of its own, whose memory is measured."""
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.many_wavelengths",
        "--modes",
        str(count),
        "--threads",
        str(threads),
    ]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    print(count, found.stdout.strip(), flush=True)
    return dict(json.loads(found.stdout.splitlines()[-1]))


def growth(name: str) -> list[float]:
    """The relative error of B in each of its windows, 2 s long."""
    row = next(row for row in ROWS if row.name == name)
    problem, config = row.problem(1.0), ep.Config(**row.fields, estimate_error=False)
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(row, Windows):
            parts = row.parts(problem, config, Path(folder))
        else:
            run = ep.train(config, Path(folder) / "run", problem)
            windows = (square(problem.exact, i * WINDOW, (i + 1) * WINDOW) for i in range(WINDOWS))
            parts = [(run, window) for window in windows]
        pairs = [errors(*part) for part in parts]
    return [error / size for error, size in pairs]


def power(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """Factor and exponent of y = factor x^exponent, by least squares of logarithms."""
    exponent, factor = np.polyfit(np.log(x), np.log(y), 1)
    return float(np.exp(factor)), float(exponent)


def main(threads: int) -> None:
    """Write the section."""
    found = {count: in_own_process(count, threads) for count in MODES}
    lengths = {count: count / math.sqrt(2.0) for count in MODES}
    rows = [
        [
            f"{lengths[count]:.1f}",
            f"{each['waves']:,.0f}",
            f"{each['error']:.1e}",
            f"{each['seconds']:.0f}",
            f"{each['memory']:.1f}",
        ]
        for count, each in found.items()
    ]
    last = MODES[-FITTED:]
    factor, exponent = power([lengths[n] for n in last], [found[n]["seconds"] for n in last])
    end = (math.sqrt(MOST_WAVES / WAVES) - BEYOND) / math.pi  # wavelengths
    hours = factor * end**exponent / 3600.0
    b = {name: growth(name) for name in ("b", "b-at-once")}
    middles = [WINDOW * (i + 0.5) for i in range(WINDOWS)]
    of_b = [
        [title, *(f"{error:.1e}" for error in b[name]), f"{power(middles, b[name])[1]:.2f}"]
        for name, title in (("b", "ten windows, one after another"), ("b-at-once", "one least squares"))
    ]
    write_section(
        "many-wavelengths",
        COMMAND,
        f"""A square with four free sides, its Lame modes up to so many wavelengths of S waves along a side, and as many
periods, by {threads} threads:

{table(["wavelengths", "plane waves", "error", "seconds", "GiB"], rows)}

Seconds of the last {FITTED}: {factor:.2g} L^{exponent:.1f} of L wavelengths; the number of waves grows as L^2. One
least squares takes {MOST_WAVES:,} waves at most, whose triangle has 2 GiB: {end:.0f} wavelengths, in about
{hours:.1f} hours.

The relative error of problem B in each of ten windows of 2 s, 28 periods of its P mode in all, and the power of time
by which it grows:

{table(["B", *(f"to {2 * (i + 1)} s" for i in range(WINDOWS)), "power"], of_b)}""",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modes", type=int, help="one square alone, as JSON; writes nothing")
    parser.add_argument("--threads", type=int, default=2, help="of torch")
    arguments = parser.parse_args()
    if arguments.modes:
        print(json.dumps(solved(arguments.modes, arguments.threads)))
    else:
        main(arguments.threads)
