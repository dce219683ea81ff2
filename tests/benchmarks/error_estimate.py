"""The estimate of the error beside the true one, on runs of every kind whose error is known."""

import argparse
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.benchmarks.known_errors.cases import ADAM, CHOSEN, FLOAT32, Case, drawn
from tests.benchmarks.known_errors.scatter import scatter
from tests.benchmarks.known_errors.section import line_of, text_of
from tests.benchmarks.known_errors.ways import measured
from tests.benchmarks.report import write_section

COMMAND = "python tests/benchmarks/error_estimate.py"
PICTURE = Path(__file__).with_suffix(".png")


def ready() -> None:
    """Set up a process: what is compiled or imported once is no part of what is timed."""
    torch.set_num_threads(1)
    for fields in ({}, FLOAT32, ADAM):
        measured(Case("free-p-0", features=0.1, fields=fields))


def main(only: list[str], jobs: int) -> None:
    """Measure all runs and write the section and its figure, or print what some runs give."""
    torch.set_num_threads(1)
    cases = [case for case in (*CHOSEN, *drawn()) if not only or any(case.row.startswith(each) for each in only)]
    if not cases:
        raise SystemExit(f"no row of a run begins with {' or '.join(only)}")
    runs = []
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), ready) as pool:
        for run in pool.map(measured, cases):
            print(*line_of(run), sep=" | ", flush=True)
            runs.append(run)
    text = text_of(runs, PICTURE.name)
    if only:
        print(text)
        return
    PICTURE.write_bytes(scatter(runs).for_file())
    write_section("error-estimate", COMMAND, text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=[], help="beginnings of the names of rows; writes nothing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at a time, by one thread each")
    arguments = parser.parse_args()
    main(arguments.only, arguments.jobs)
