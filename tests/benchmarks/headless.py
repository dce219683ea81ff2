"""How long each notebook takes under plain papermill with tiny parameters, from the process's start to its end."""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import yaml
from report import in_turn, table, write_section

import elastic_pinn as ep

COMMAND = "python tests/benchmarks/headless.py"
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
TINY = {
    "hidden_layers": [8],
    "interior_points": 30,
    "initial_points": 10,
    "validation_points": 10,
    "validate_every": 5,
    "checkpoint_every": 10,
    "stages": ["adam", "lbfgs"],
    "stage_steps": [12],
    "steps": 20,
    "tolerance": 0.0,
}
SWEPT = {"hidden_layers": [[20]], "interior_points": 50, "seed": [3], "input_frequency": 1.5}
PARAMETERS: dict[str, dict[str, Any]] = {
    "00_reference_data": {},
    "01_forward": TINY,
    "02_inverse": TINY,
    "03_sweep": SWEPT,
    "04_compare": {},
    "05_explore": {},
    "07_own_data": {},
}
TRAINING = {"01_forward", "02_inverse", "03_sweep"}


WORDS = """\
Median (lowest .. highest) of {} rounds in turn. 03_sweep starts a worker that runs the whole of 01_forward in a
kernel of its own: papermill, two kernels and the worker each import the packages anew, which is most of it."""


def run(name: str, folder: Path, number: int) -> None:
    """One notebook, in a folder that has runs to compare and to explore."""
    place = {"run_dir": str(folder / f"new-{number}")} if name in TRAINING else {}
    given = yaml.safe_dump({**PARAMETERS[name], **place})
    out = folder / f"out-{number}.ipynb"
    command = [sys.executable, "-m", "papermill", str(NOTEBOOKS / f"{name}.ipynb"), str(out), "-y", given]
    subprocess.run([*command, "--no-progress-bar"], cwd=folder, capture_output=True, check=True)


def rows(seconds: Mapping[str, list[float]]) -> list[list[str]]:
    """Median and range of each notebook."""
    return [
        [name, f"{statistics.median(each):.1f} ({min(each):.1f} .. {max(each):.1f})"] for name, each in seconds.items()
    ]


def main(rounds: int) -> None:
    """Measure, and write the section."""
    with tempfile.TemporaryDirectory() as place:
        folder, number = Path(place), count()
        for seed in range(2):
            ep.train(ep.Config(**{**TINY, "seed": seed, "log_level": "error"}), folder / "runs" / f"seed-{seed}")
        works = {name: lambda name=name: run(name, folder, next(number)) for name in PARAMETERS}
        found = table(["notebook, tiny, under `papermill`", "s"], rows(in_turn(works, rounds)))
    write_section("headless", f"{COMMAND} --rounds {rounds}", f"{found}\n\n{WORDS.format(rounds)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    main(parser.parse_args().rounds)
