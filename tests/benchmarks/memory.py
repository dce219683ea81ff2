"""Memory along a long run with many checkpoints: flat, but for the history."""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from report import table, write_section

import elastic_pinn as ep
from elastic_pinn.training.lifecycle.control import Record

COMMAND = "python tests/benchmarks/memory.py"
CONFIG = {
    "hidden_layers": [50] * 4,
    "interior_points": 50,
    "boundary_points": 10,
    "initial_points": 10,
    "validation_points": 10,
    "checkpoint_every": 50,
    "log_level": "error",
}


def watched(steps: int) -> list[list[str]]:
    """Step, resident and peak memory and the size of the history, ten times along a run in a process of its own."""
    command = [sys.executable, __file__, "--watch", str(steps)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    return [line.split() for line in done.stdout.splitlines()]


def watch(steps: int) -> None:
    """Train, and print what `watched` reads."""

    def look(row: Record) -> None:
        if row["step"] % (steps // 10) == 0:
            resident = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
            print(f"{row['step']:,} {resident:.1f} {peak:.1f} {row['step'] * len(row) * 8 / 1e6:.1f}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        ep.train(ep.Config(**CONFIG, steps=steps), Path(folder) / "run", control=ep.Control(look))


def main(steps: int) -> None:
    """Watch, and write the section."""
    rows = watched(steps)
    text = f"""{table(["step", "resident, MB", "peak up to now, MB", "the history's numbers, MB"], rows)}

{steps:,} steps of a small network, a checkpoint every {CONFIG["checkpoint_every"]}. The history is kept twice, as
numbers and as the chunks that every checkpoint takes over; nothing else grows."""
    write_section("memory", COMMAND, text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--watch", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.watch:
        watch(arguments.watch)
    else:
        main(arguments.steps)
