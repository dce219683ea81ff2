"""How long the comparison of many runs takes to open: the table, and the panel with its picture."""

import argparse
import asyncio
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from report import table, write_section

import elastic_pinn as ep
from elastic_pinn.workbench.panels import ComparePanel
from elastic_pinn.workbench.run_table import runs_table

COMMAND = "python tests/benchmarks/compare_at_scale.py"
SMALL = {"hidden_layers": [8], "interior_points": 20, "boundary_points": 8, "initial_points": 8, "log_level": "error"}


def make(folder: Path, runs: int, steps: int) -> None:
    """One run that was trained, and copies of it with other seeds and learning rates in their configs."""
    first = ep.train(ep.Config(**SMALL, steps=steps, validation_points=20), folder / "run-0000").path
    for i in range(1, runs):
        copy = shutil.copytree(first, folder / f"run-{i:04d}")
        config = json.loads((copy / "config.json").read_text())
        config |= {"seed": i % 5, "learning_rate": 1e-3 * (1 + i // 5)}
        (copy / "config.json").write_text(json.dumps(config))


def spread(work: Callable[[], object], rounds: int) -> str:
    """Median (lowest .. highest) seconds."""
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return f"{statistics.median(seconds):.2f} ({min(seconds):.2f} .. {max(seconds):.2f})"


def open_panel(folder: Path) -> None:
    """As the notebook does."""

    async def run() -> None:
        ComparePanel(str(folder))._polling.cancel()

    asyncio.run(run())


def main(runs: int, steps: int, rounds: int) -> None:
    """Measure, and write the section."""
    with tempfile.TemporaryDirectory() as place:
        make(Path(place), runs, steps)
        rows = [
            ["the table of runs", spread(lambda: runs_table(place), rounds)],
            ["the panel: table, curves of the 6 newest, differences", spread(lambda: open_panel(Path(place)), rounds)],
        ]
    text = table([f"{runs} runs of {steps:,} steps", "seconds"], rows)
    write_section("comparing many runs", COMMAND, f"{text}\n\nMedian (lowest .. highest) of {rounds} rounds.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--steps", type=int, default=2000, help="of each")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    main(arguments.runs, arguments.steps, arguments.rounds)
