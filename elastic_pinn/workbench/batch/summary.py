"""Read and update the summary of a run, here and in its copy on a remote store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elastic_pinn.storage import locked, replace_file
from elastic_pinn.workbench.batch.notebook import EXECUTED_FILE

EXECUTED = "executed"  # a summary's value of "notebook" when every cell ran


def send_to_mirror(run_dir: Path) -> None:
    """Copy a run's summary, notebook and figures to its mirror, if it has one."""
    mirror = read_summary(run_dir).get("mirror")
    if not mirror:
        return
    from elastic_pinn.storage.remote.remote_folder import RemoteFolder  # fsspec is needed only for remote stores

    folder = RemoteFolder(mirror)
    for path in (run_dir / "summary.json", run_dir / EXECUTED_FILE, *(run_dir / "figures").glob("*")):
        folder.replace(str(path.relative_to(run_dir)), path.read_bytes())


def update_summary(run_dir: Path, changes: Mapping[str, Any]) -> None:
    """Change fields of a run's summary. `send_to_mirror` updates its copy.

    Raises InUseError, without a change, while the run is trained.
    """
    with locked(run_dir):
        replace_file(run_dir / "summary.json", json.dumps({**read_summary(run_dir), **changes}, indent=2).encode())


def read_summary(run_dir: Path) -> dict[str, Any]:
    """Return the summary of a local run; the initial values for a run that was not started."""
    path = run_dir / "summary.json"
    return json.loads(path.read_bytes()) if path.exists() else {"step": 0, "wall_s": 0.0, "checkpoint": None}
