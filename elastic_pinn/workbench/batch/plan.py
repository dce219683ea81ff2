"""What a sweep comes to: its notebook, and every run that is to be, each checked before any is started."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

from elastic_pinn.config import CheckpointConfig, Config, ConfigError, ProblemConfig, project_root
from elastic_pinn.workbench.batch.notebook import Notebook, Value
from elastic_pinn.workbench.batch.sweep import Sweep, SweepError, Values

# What changes nothing in what a run finds: two configs that differ in these alone are the same run.
WITHOUT_EFFECT = {*CheckpointConfig.model_fields, "threads", "time_limit"} - {"monitor"}
HASH_DIGITS, LABEL_LENGTH = 16, 80
SHIPPED = Path(__file__).parents[3]  # the folder of this package, beside the notebooks of a clone
GIVEN_BY_THE_SWEEP = {"run_dir", "resume"}


class Planned(NamedTuple):
    """One run of a sweep: the name of its folder, and the parameters that the notebook gets."""

    name: str
    parameters: Values

    @property
    def mirror(self) -> str:
        """The URL of the folder of copies, where it is to have any."""
        return str(self.parameters.get("mirror", ""))


@dataclass(frozen=True)
class Plan:
    """A sweep with what it runs.

    Attributes:
        sweep: what was asked for.
        notebook: what is run.
        runs: all runs, in the order of the sweep.
    """

    sweep: Sweep
    notebook: Notebook
    runs: Sequence[Planned]

    @classmethod
    def of(cls, sweep: Sweep) -> Self:
        """The plan of a sweep whose notebook is read from its file.

        Raises SweepError with the places where it is not, and what `of_notebook` raises.
        """
        return cls.of_notebook(sweep, Notebook.read(_find(sweep.notebook)))

    @classmethod
    def of_notebook(cls, sweep: Sweep, notebook: Notebook) -> Self:
        """The plan of a sweep of a notebook: each run checked against the config.

        A run's name ends with a hash of its config and the notebook's name, by which it is found again in the folder of
        the runs, whatever else is changed in the sweep. Draws that come twice are one run. Raises SweepError, naming
        the values, for a run that cannot be.
        """
        if missing := sorted(GIVEN_BY_THE_SWEEP - notebook.parameters.keys(), reverse=True):
            raise SweepError(
                f"{notebook.name}.ipynb has no parameters {' and '.join(missing)}: its runs could not go on"
            )
        runs: dict[str, Planned] = {}
        known = _names_by_hash(sweep.folder)
        for point in sweep.points_and_seeds():
            parameters = {**sweep.parameters, **point}
            digest = _identity(notebook, _config(notebook, parameters, point), point)
            if digest in runs and not sweep.random:
                raise SweepError(f"two runs would be the same: {_label(point) or 'all runs'}: leave one out")
            runs[digest] = Planned(known.get(digest) or f"{_label(point) or notebook.name}-{digest}", parameters)
        return cls(sweep, notebook, list(runs.values()))

    def require_possible(self, runs: Iterable[Planned]) -> None:
        """Raise SweepError for the first of some runs that `training.require_possible` refuses."""
        from elastic_pinn.physics import ProblemError  # with torch, which who only reads a sweep does without
        from elastic_pinn.training import require_possible

        looked_at = set()
        for run in runs:
            config = self.notebook.config(run.parameters)
            asked = config.model_dump_json(include={"device", *ProblemConfig.model_fields})
            if asked in looked_at:
                continue
            looked_at.add(asked)
            try:
                require_possible(config)
            except (ConfigError, ProblemError) as error:
                raise SweepError(f"the run {run.name} is not possible here: {error}") from None

    @property
    def from_anywhere(self) -> Sweep:
        """The sweep with whole paths, which mean the same from any folder."""
        places = {"notebook": str(_find(self.sweep.notebook).resolve()), "directory": str(self.sweep.folder.resolve())}
        return self.sweep.model_copy(update=places)


def _find(path: str) -> Path:
    """The notebook at a path from the project's root or, as shipped, from above this package."""
    places = [project_root() / path, SHIPPED / path]
    found = next((place for place in places if place.is_file()), None)
    if not found:
        raise SweepError(f"notebook = {path!r}: not found as {' or '.join(map(str, dict.fromkeys(places)))}")
    return found


def _names_by_hash(folder: Path) -> dict[str, str]:
    """The runs that are there already: hash -> name, of which the values before the hash may be told otherwise."""
    names = os.listdir(folder) if folder.is_dir() else []
    return {name.rpartition("-")[2]: name for name in names if "-" in name}


def _config(notebook: Notebook, parameters: Mapping[str, Value], point: Values) -> Config:
    if taken := GIVEN_BY_THE_SWEEP & parameters.keys():
        raise SweepError(f"{' and '.join(sorted(taken))}: given by the sweep to each run; leave it out")
    try:
        return notebook.config(parameters)
    except ConfigError as error:
        where = f"the run {_label(point)}: " if point else ""
        raise SweepError(f"{where}{error}") from None


def _identity(notebook: Notebook, config: Config, point: Values) -> str:
    """A hash of what a run finds: the notebook's name, and each field that has an effect, or is varied, and is not as
    by default."""
    fields = config.model_dump(mode="json", exclude=WITHOUT_EFFECT - point.keys(), exclude_defaults=True)
    text = json.dumps([notebook.name, fields], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


def _label(point: Values) -> str:
    """The values of a run as a folder's name tells them."""
    label = ",".join(f"{name}={_short(value)}" for name, value in point.items())
    return label if len(label) <= LABEL_LENGTH else label[:LABEL_LENGTH].rsplit(",", 1)[0]


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = "x".join(map(str, value)) if isinstance(value, list) else str(value)
    return re.sub(r"[^\w.+-]+", "_", text)
