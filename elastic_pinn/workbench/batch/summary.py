"""What the summary of a run says of its notebook, here and in its copy on a remote store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elastic_pinn.storage import locked, replace_file
from elastic_pinn.workbench.batch.notebook import EXECUTED_FILE

EXECUTED = "executed"  # what a summary says under "notebook" when every cell ran


def send_to_mirror(run_dir: Path) -> None:
    """Copy a run's summary, notebook and figures to where its checkpoints have their copies, if anywhere."""
    mirror = read_summary(run_dir).get("mirror")
    if not mirror:
        return
    from elastic_pinn.storage.remote.remote_folder import RemoteFolder  # only those who use a remote store need fsspec

    folder = RemoteFolder(mirror)
    for path in (run_dir / "summary.json", run_dir / EXECUTED_FILE, *(run_dir / "figures").glob("*")):
        folder.replace(str(path.relative_to(run_dir)), path.read_bytes())


def update_summary(run_dir: Path, changes: Mapping[str, Any]) -> None:
    """Change some of what a run's summary says. Its copy follows by `send_to_mirror`.

    Raises InUseError, and changes nothing, while somebody trains it.
    """
    with locked(run_dir):
        replace_file(run_dir / "summary.json", json.dumps({**read_summary(run_dir), **changes}, indent=2).encode())


def read_summary(run_dir: Path) -> dict[str, Any]:
    """What the summary of a run here says; of one that was not begun, what it would say first."""
    path = run_dir / "summary.json"
    return json.loads(path.read_bytes()) if path.exists() else {"step": 0, "wall_s": 0.0, "checkpoint": None}
