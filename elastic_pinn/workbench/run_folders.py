"""The folders of notebooks' runs."""

import time
from itertools import count
from pathlib import Path

from elastic_pinn.paths import from_root, project_root

RUNS = "runs"  # the folder of new runs, below the project's root


def run_folder(run_dir: str | Path, name: str) -> Path:
    """Return the run directory of a notebook's parameter: a path from the project's root, or "" for a new one.

    A new one is made, as runs/TIME-NAME, and never existed before.
    """
    if run_dir:
        return from_root(run_dir)
    stem, runs = stamped(name), project_root() / RUNS
    runs.mkdir(parents=True, exist_ok=True)  # if it cannot be made, no other name helps
    for i in count(1):
        path = runs / (stem if i == 1 else f"{stem}-{i}")
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path
    raise AssertionError("count() does not end")


def stamped(name: str) -> str:
    """Return TIME-NAME, the name of a new folder."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{name}"


def resume_from(resume: str | Path) -> str:
    """Return the argument of train() for a notebook's `resume`: "never", "auto", a URL, or a path from the project's
    root."""
    location = str(resume)
    return location if location in ("never", "auto") or "://" in location else str(from_root(location))
