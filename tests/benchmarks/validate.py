"""Exact fields: how close wavefields come that only the right equation, side, shape and medium give, and how fast."""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tests.benchmarks.report import README, table, write_section
from tests.benchmarks.validation import ROWS, Row

COMMAND = "make validate"
HEAD = ["row", "problem", "method", "error", "goal", "seconds", "published", "measured"]


def measured(row: Row, seeds: int) -> list[str]:
    """A row's line of the table."""
    errors, seconds = [], []
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            errors.append(row.error(Path(folder) / "run", seed))
            seconds.append(time.perf_counter() - started)
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


def main(only: list[str], seeds: int) -> None:
    """Measure the rows chosen, all of them if none is, and put each in the place of its line."""
    names = [row.name for row in ROWS]
    chosen = [name for name in names if not only or any(name.startswith(each) for each in only)]
    if not chosen:
        raise SystemExit(f"no row begins with {' or '.join(only)}: there are {', '.join(names)}")
    lines = lines_of_table()
    for row in ROWS:
        if row.name in chosen:
            lines[row.name] = measured(row, seeds)
            write_section("validate", COMMAND, text_of([lines[name] for name in names if name in lines], seeds))


def text_of(lines: list[list[str]], seeds: int) -> str:
    """The section."""
    return f"""{table(HEAD, lines)}

Median (lowest .. highest) of {seeds} seeds in double precision. The error is that of the displacement, relative L2 at
20,000 points that no run has seen, where the problem names no other; seconds are those of all of `train`. Where nothing
else is said, nu is 0.25, and boxes are two of the shortest wavelengths a side and two periods long. LM is
Levenberg-Marquardt. B goes 0.2 s beyond each window, and the next starts from what was found at the window's end.
Potentials and polynomials are not drawn: seeds differ in their points alone. "Published": what others report; "none"
says that no figure is known. `make validate ARGS=free-sv` measures the rows whose names begin so, each in the place of
its line; `make test-slow` solves a half-size version of each that has one."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help="beginnings of their names; none: all")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    main(arguments.rows, arguments.seeds)
