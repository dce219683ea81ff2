"""What a run leaves on disk; nothing else writes into a run directory while it trains."""

from __future__ import annotations

import json
import logging
import os
import platform
import socket
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from elastic_pinn.physics.material import UNITS
from elastic_pinn.storage import LiveHistory, Snapshot, Store, replace_file
from elastic_pinn.training.session import Session

logger = logging.getLogger(__name__)

PACKAGES = ("elastic_pinn", "torch", "numpy", "scipy", "h5py")
COLUMN_UNITS = {"wall_s": "s"} | {f"material/{name}": unit for name, unit in UNITS.items()}


def environment(device: str) -> dict[str, Any]:
    """What a result may depend on beside its config."""
    cuda = torch.cuda.get_device_name(device) if device.startswith("cuda") else None
    return {
        "packages": {name: version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "host": socket.gethostname(),
        "cpus": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "device": cuda or device,
    }


class Record:
    """The files of one run, in a folder that is there: config, environment, summary, live history, checkpoints."""

    def __init__(self, run_dir: Path, session: Session, run_id: str, generation: int, parent: str) -> None:
        self._run_dir, self._session = run_dir, session
        self._store = Store(run_dir / "checkpoints")
        self._generation, self._run_id, self._parent = generation, run_id, parent
        self._environment = environment(session.config.device)
        self.last_checkpoint: Path | None = None
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        replace_file(run_dir / "config.json", session.config.to_json().encode())
        self._write_json("environment.json", self._environment)
        self._live = LiveHistory(run_dir / "history.h5", session.history, COLUMN_UNITS)
        self.summarise("running", "")

    def row(self) -> None:
        """Let the newest row of the history be seen, now or within a second."""
        self._live.update()

    def checkpoint(self) -> Path:
        """Write the session as it is now: acknowledged when this returns.

        Raises DivergedError, and writes nothing, if there is no going on from here.
        """
        started, session = time.monotonic(), self._session
        metrics = {**session.history.last, **session.losses(), **session.measure()}
        snapshot = Snapshot(
            step=session.step,
            stage=session.stage.index,
            generation=self._generation,
            config=session.config.to_json(),
            weights=session.model.state_dict(),
            state=session.state(),
            history=session.history,
            metrics=metrics,
            metric=metrics.get(session.config.monitor, float("nan")),
            metric_name=session.config.monitor,
            units=COLUMN_UNITS,
            attributes=self._attributes(),
        )
        self.last_checkpoint = self._store.publish(snapshot)
        self._live.flush()
        self.summarise("running", "")
        logger.info(
            "step %d: checkpoint %s in %.0f ms",
            session.step,
            self.last_checkpoint.name,
            1e3 * (time.monotonic() - started),
        )
        return self.last_checkpoint

    def summarise(self, status: str, reason: str) -> None:
        """Say how the run stands: status running, completed, stopped or failed, and why."""
        session = self._session
        summary = {
            "status": status,
            "reason": reason,
            "step": session.step,
            "steps": session.config.steps,
            "wall_s": session.elapsed,
            "material": session.model.material.si(),
            "checkpoint": self.last_checkpoint.name if self.last_checkpoint else None,
            "run_id": self._run_id,
            "generation": self._generation,
            "parent": self._parent,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "started": self._started,
            "updated": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._write_json("summary.json", summary)

    def close(self) -> None:
        """Leave the live history as a plain file."""
        self._live.close()

    def _attributes(self) -> Mapping[str, str | int | float]:
        packages = {f"version_{name}": text for name, text in self._environment["packages"].items()}
        return packages | {
            "run_id": self._run_id,
            "parent": self._parent,
            "torch_threads": self._environment["torch_threads"],
            "device": self._environment["device"],
        }

    def _write_json(self, name: str, content: Mapping[str, Any]) -> None:
        replace_file(self._run_dir / name, json.dumps(content, indent=2).encode())
