"""The summary of a run: the typed content of `summary.json`.

`training/lifecycle/record.py` writes it; everything else reads it from here, or as `Run.summary`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

SUMMARY = "summary.json"

Status = Literal["", "running", "completed", "stopped", "failed"]


class Summary(BaseModel):
    """The state of a run, or how it ended. Fields that the file lacks, as those of older versions do, have defaults;
    fields that are not known here are kept.

    Attributes:
        status, reason: "" before training.
        step, steps: done, and the total.
        wall_s: of training, over all parts of the run.
        converged: whether the search for the unknowns did; None without a criterion.
        at_edge: the unknowns at the edge of their range.
        material: lambda (Pa), mu (Pa), rho (kg/m3).
        metrics: the newest losses and validation metrics, by their columns.
        processes: that train together.
        no_longer_bitwise: changes after which a resumed run equals an uninterrupted one to rounding only.
        warnings: why its wavefield may be wrong: what it was advised before training, and what was found at its end.
        chosen: the fields of the config that a tolerance left to the library, with their values at the end.
        energy_drift: the largest change of a completed run's energy while nothing brings or takes any, relative to the
            largest energy; None where its problem has no such time: the title of `figures.energy` says why.
        fit: as `Fit.as_json` of any version returned it; None if not assessed. `Run.fit` parses it.
        checkpoint: the name of the newest one; checkpoint_failures: saves that failed; checkpoint_failure: the last
            of these; checkpoint_blocked_s: for which training waited; checkpoint_cpu_s: of saving in the background.
        history_failure: why the live history is not written any more, or "".
        mirror: the URL of the copy, or ""; mirror_failures, mirror_failure: uploads that failed, and the last of these.
        run_id: the same in all parts of a run; generation: of this part; parent: the checkpoint it continues from.
        pid, host: of the process; started, updated: ISO 8601, UTC.
        notebook: how its notebook ended when run headless.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    status: Status = ""
    reason: str = ""
    step: int = 0
    steps: int | None = None
    wall_s: float = 0.0
    converged: bool | None = None
    at_edge: list[str] = []
    material: Mapping[str, float] = {}
    metrics: Mapping[str, float] = {}
    processes: int = 1
    no_longer_bitwise: list[str] = []
    warnings: list[str] = []
    chosen: Mapping[str, Any] = {}
    fit: Any = None
    energy_drift: float | None = None
    checkpoint: str | None = None
    checkpoint_failures: int = 0
    checkpoint_failure: str = ""
    checkpoint_blocked_s: float = 0.0
    checkpoint_cpu_s: float = 0.0
    history_failure: str = ""
    mirror: str = ""
    mirror_failures: int = 0
    mirror_failure: str = ""
    run_id: str = ""
    generation: int = 0
    parent: str = ""
    pid: int = 0
    host: str = ""
    started: str = ""
    updated: str = ""
    notebook: str = ""

    @classmethod
    def of(cls, run_dir: Path) -> Self:
        """Read the summary of a run directory; the initial values if it has none yet. Raises ValueError."""
        path = run_dir / SUMMARY
        return cls.model_validate_json(path.read_bytes()) if path.exists() else cls(step=0, wall_s=0.0, checkpoint=None)

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """Return a copy with other values of some fields."""
        return self.model_validate({**self.model_dump(exclude_unset=True), **changes})

    def to_json(self) -> str:
        """Return the text of the file: the fields that were set."""
        return json.dumps(self.model_dump(exclude_unset=True), indent=2)
