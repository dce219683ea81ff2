"""Exact fields: how close wavefields come that only the right equation, side, shape and medium give, and how fast."""

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

from tests.benchmarks.report import README, table, write_section
from tests.benchmarks.validation import ROWS, Row

COMMAND = "make validate"
HEAD = ["row", "problem", "method", "error", "goal", "seconds", "published", "measured"]
SECONDS = HEAD.index("seconds")
SPAWN = multiprocessing.get_context("spawn")


def solve(name: str, seeds: int, results: Connection) -> None:
    """Send the error of a row from each seed, and the seconds that it took."""
    row = next(row for row in ROWS if row.name == name)
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            started = time.process_time()
            results.send((row.error(Path(folder) / "run", seed), time.process_time() - started))


def solved(name: str, seeds: int) -> list[tuple[float, float]]:
    """The same by a process of its own: large solves leave gigabytes behind, and one may be killed for its memory."""
    results, sender = SPAWN.Pipe(duplex=False)
    process = SPAWN.Process(target=solve, args=(name, seeds, sender))
    process.start()
    sender.close()  # so that the end of the process ends the wait
    try:
        return [results.recv() for _ in range(seeds)]
    except EOFError:
        process.join()
        raise RuntimeError(f"{name}: its process ended with exit code {process.exitcode}") from None


def line_of(row: Row, solutions: Sequence[tuple[float, float]]) -> list[str]:
    """A row's line of the table, from the error and the seconds of each seed."""
    errors, seconds = zip(*solutions, strict=True)
    error = statistics.median(errors)
    short = "" if error <= row.goal else ", **falls short**"
    line = [
        row.name,
        row.case,
        row.method,
        f"{error:.1e} ({min(errors):.1e} .. {max(errors):.1e})",
        f"{row.goal:.0e}{short}",
        f"{statistics.median(seconds):.0f}",
        row.published() if callable(row.published) else row.published,
        time.strftime("%Y-%m-%d"),
    ]
    print(*line, sep=" | ", flush=True)
    return line


def lines_of_table() -> dict[str, list[str]]:
    """The lines that the section has, by the name of the row."""
    _, _, rest = README.read_text().partition("<!-- validate -->")
    lines = [line for line in rest.partition("<!-- end of validate -->")[0].splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return {each[0]: each for each in cells}


def main(only: list[str], seeds: int, jobs: int) -> None:
    """Measure the rows chosen, all of them if none is, and put each in the place of its line."""
    names = [row.name for row in ROWS]
    chosen = [row for row in ROWS if not only or any(row.name.startswith(each) for each in only)]
    if not chosen:
        raise SystemExit(f"no row begins with {' or '.join(only)}: there are {', '.join(names)}")
    lines = lines_of_table()
    with ThreadPoolExecutor(jobs) as threads:
        solutions = {row.name: threads.submit(solved, row.name, seeds) for row in chosen}
        for row in chosen:
            lines[row.name] = line_of(row, solutions[row.name].result())
            text = text_of([lines[name] for name in names if name in lines], seeds, jobs)
            write_section("validate", COMMAND, text)


def text_of(lines: list[list[str]], seeds: int, jobs: int) -> str:
    """The section."""
    minutes = sum(float(line[SECONDS]) for line in lines) * seeds / jobs / 60.0
    return f"""{table(HEAD, lines)}

Median (lowest .. highest) of {seeds} seeds in double precision. The error is that of the displacement, relative L2
over domain and time, where the problem names no other: by Gauss's quadrature over time and, in boxes, over space, and
at evenly spread places of other shapes; at random, points would seldom meet the last instants and the corners, where
well resolved wavefields are the worst. Seconds are those of all of `train` by one thread, of the processor in rows
measured from 2026-11-30 on, {jobs} solves at a time: about {minutes:.0f} minutes in all. Where nothing else is said,
nu is 0.25, and boxes are two of the shortest wavelengths a side and two periods long. LM is Levenberg-Marquardt. B
goes 0.2 s beyond each window, and the next starts from what was found at the window's end. G would take some 60,000
waves at its full size, three times as many as one least squares holds. Potentials and polynomials are not drawn:
seeds differ in their points alone. The field around a hole goes on into a pole in it, a quarter of a box from the
rim, which sums of sines follow slowly: before all layers are trained, 1000 leave 0.43 of hole-p-trained, and 2500 of
shorter waves 0.21. hole-p-glorot has, beside x, y and t, coordinates inverted in the hole, in which that field is
smooth, and is the only one of the four networks on plates that falls short of 1e-3: at its end the error still falls
as one over the steps, so that 1e-3 would take about an hour, and neither more points, wider layers nor the form of
potentials changed that. "Published": what others report; "none" says that no figure is known.
`make validate ARGS=free-sv` measures the rows whose names begin so, each in the place of its line; `make test-slow`
solves a half-size version of each that has one."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help="beginnings of their names; none: all")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="solved at a time, by one thread each")
    arguments = parser.parse_args()
    main(arguments.rows, arguments.seeds, arguments.jobs)
