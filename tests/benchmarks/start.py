"""What it costs to start: the import beside torch's own, and a notebook until its first step."""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import yaml
from report import in_turn, table, write_section

import elastic_pinn as ep

COMMAND = "python tests/benchmarks/start.py"
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "01_forward.ipynb"
TORCH, FIRST_USE = "`import torch`", "import elastic_pinn; elastic_pinn.train"
IMPORTS = {  # what runs before, what is timed
    TORCH: ("", "import torch"),
    "**`import elastic_pinn`**": ("", "import elastic_pinn"),
    f"**`{FIRST_USE}`**": ("", FIRST_USE),
    f"`{FIRST_USE}` once torch is there": ("import torch", FIRST_USE),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "as it stands: the first step solves all": {},
    "an MLP by Adam, 10,000 points, 4 x 64": {
        "network": "mlp",
        "hidden_layers": [64] * 4,
        "activation": "tanh",
        "precision": "float32",
        "stages": ["adam"],
        "interior_points": 10_000,
        "steps": 3,
    },
}
CELLS = ["import elastic_pinn", "TrainPanel(", "figures.problem", "panel.train("]
PARTS = [
    "papermill and its kernel",
    "imports",
    "the panel",
    "the problem and its picture",
    "train() until the first row",
]


def environment(folder: Path) -> dict[str, str]:
    """Where compiled modules are kept in the folder: all of them, after a round that warms up."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def seconds_of_import(before: str, timed: str, env: Mapping[str, str]) -> float:
    """How long a statement takes in a process of its own, without the process's start and end."""
    code = f"{before}\nimport time\nstarted = time.perf_counter()\n{timed}\nprint(time.perf_counter() - started)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    return float(done.stdout)


def imports(rounds: int, env: Mapping[str, str]) -> str:
    """The table of imports."""
    seconds: dict[str, list[float]] = {name: [] for name in IMPORTS}
    works = {
        name: lambda name=name, code=code: seconds[name].append(seconds_of_import(*code, env))
        for name, code in IMPORTS.items()
    }
    in_turn(works, rounds)
    counted = {name: values[1:] for name, values in seconds.items()}
    rows = [[name, _spread(values), _spread(_ratios(values, counted[TORCH]))] for name, values in counted.items()]
    return table(["in a fresh process", "s", "times `import torch`"], rows)


def _ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def _spread(values: Sequence[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} .. {max(values):.2f})"


def notebook_start(parameters: Mapping[str, Any], env: Mapping[str, str]) -> list[float]:
    """Seconds of each of PARTS when papermill runs the notebook: its stamps on the cells, and the history's clock."""
    with tempfile.TemporaryDirectory() as folder:
        run, out = Path(folder) / "run", Path(folder) / "out.ipynb"
        given = yaml.safe_dump({**parameters, "run_dir": str(run), "log_level": "error"})
        command = [sys.executable, "-m", "papermill", str(NOTEBOOK), str(out), "-y", given, "--no-progress-bar"]
        started = time.time()
        subprocess.run(command, capture_output=True, check=True, env=env)
        cells = nbformat.read(out, as_version=4).cells
        times = [next(_began(cell) for cell in cells if what in cell.source) for what in CELLS]
        first_row = times[-1] + float(ep.Run(run).history()["wall_s"].iloc[0])
    marks = [started, *times, first_row]
    return [after - before for before, after in pairwise(marks)]


def _began(cell: nbformat.NotebookNode) -> float:
    """When papermill began with a cell, s since the epoch."""
    return datetime.fromisoformat(cell.metadata.papermill.start_time).timestamp()


def notebooks(rounds: int, env: Mapping[str, str]) -> str:
    """The table of the notebook's start: a column for each setting."""
    parts: dict[str, list[list[float]]] = {name: [] for name in SETTINGS}
    works = {
        name: lambda name=name, setting=setting: parts[name].append(notebook_start(setting, env))
        for name, setting in SETTINGS.items()
    }
    in_turn(works, rounds)
    counted = {name: [[*each, sum(each)] for each in values[1:]] for name, values in parts.items()}
    columns = [[_spread(values) for values in zip(*each, strict=True)] for each in counted.values()]
    names = [*PARTS, "**from the process's start to the first row of the history**"]
    return table(
        [f"{NOTEBOOK.name} under papermill, s", *SETTINGS],
        [[name, *row] for name, row in zip(names, zip(*columns, strict=True), strict=True)],
    )


def main(rounds: int, notebook_rounds: int) -> None:
    """Measure, and write the section."""
    with tempfile.TemporaryDirectory() as folder:
        env = environment(Path(folder))
        text = f"""{imports(rounds, env)}

Median (lowest .. highest) of {rounds} rounds in turn; the statement alone, every module compiled before. A public name
imports what it needs when it is first used.

{notebooks(notebook_rounds, env)}

{notebook_rounds} rounds in turn, kernels compiled before. What checkpoints and the history cost stands in "save and
load", "saving while training" and "history at scale"."""
    write_section("start", COMMAND, text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--notebook-rounds", type=int, default=5)
    arguments = parser.parse_args()
    main(arguments.rounds, arguments.notebook_rounds)
