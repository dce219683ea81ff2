"""The plan of a sweep: its notebook, and all its runs, each checked before any is started."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.physics.setups import ProblemConfig
from elastic_pinn.workbench.batch.identity import Identity, KnownRuns
from elastic_pinn.workbench.batch.inputs import Inputs, inputs_of
from elastic_pinn.workbench.batch.notebook import Notebook, Value
from elastic_pinn.workbench.batch.sweep_config import Sweep, SweepError, Values, notebook_file

RECORD_FILE = "sweep.json"  # in the folder of the runs: the notebook and the files as they were when the sweep began
LABEL_LENGTH = 80
GIVEN_BY_THE_SWEEP = {"run_dir", "resume"}


class Planned(NamedTuple):
    """One run of a sweep: the name of its folder, the notebook's parameters, and the files that it reads, as
    planned."""

    name: str
    parameters: Values
    inputs: Inputs

    @property
    def mirror(self) -> str:
        """The URL of the folder of copies; "" if there is none."""
        return str(self.parameters.get("mirror", ""))


@dataclass(frozen=True)
class Plan:
    """A sweep with its notebook and runs.

    Attributes:
        sweep: the specification.
        notebook: the notebook.
        runs: all runs, in the order of the sweep.
    """

    sweep: Sweep
    notebook: Notebook
    runs: Sequence[Planned]

    @classmethod
    def of(cls, sweep: Sweep) -> Self:
        """Return the plan of a sweep whose notebook is read from its file.

        Raises SweepError, which names the paths that were searched, and what `of_notebook` raises.
        """
        return cls.of_notebook(sweep, Notebook.read(notebook_file(sweep.notebook)))

    @classmethod
    def of_notebook(cls, sweep: Sweep, notebook: Notebook) -> Self:
        """Return the plan of a sweep of a notebook, with each run checked against the config.

        A run's name ends with a hash of everything that its result depends on (see `identity`), by which it is found
        again in the folder of the runs, whatever else changes in the sweep. Equal random draws are one run. Raises
        SweepError, which names the values, for an illegal run.
        """
        return cls(sweep, notebook, _runs(sweep, notebook, KnownRuns(sweep.folder), inputs_of))

    @classmethod
    def as_begun(cls, sweep: Sweep) -> Self:
        """Return the plan of a sweep that was started before, from the record of its notebook and files in its folder.
        Version 0.1.0 left no record.
        """
        record = sweep.folder / RECORD_FILE
        if not record.exists():
            notebook = Notebook.read(notebook_file(sweep.notebook))
            return cls(sweep, notebook, _runs(sweep, notebook, KnownRuns(sweep.folder, trusted=True), inputs_of))
        try:
            recorded = json.loads(record.read_bytes())
            notebook, inputs = Notebook(**recorded["notebook"]), dict(recorded["inputs"])
        except (ValueError, LookupError, TypeError) as error:
            raise SweepError(f"{record} is not what a sweep writes ({type(error).__name__}: {error})") from None
        return cls(
            sweep, notebook, _runs(sweep, notebook, KnownRuns(sweep.folder), lambda of: inputs.get(_files(of), {}))
        )

    @property
    def record(self) -> bytes:
        """The record that `as_begun` reads."""
        inputs = {_files(self.notebook.config(run.parameters)): dict(run.inputs) for run in self.runs if run.inputs}
        notebook = {"name": self.notebook.name, "text": self.notebook.text}
        return json.dumps({"notebook": notebook, "inputs": inputs}).encode()

    @property
    def others(self) -> list[str]:
        """The runs in the folder that do not belong to this plan: of other values, or of an earlier notebook or
        file."""
        names = {run.name for run in self.runs}
        return sorted(
            path.parent.name for path in self.sweep.folder.glob("*/config.json") if path.parent.name not in names
        )

    def require_possible(self, runs: Iterable[Planned]) -> None:
        """Raise SweepError for the first run that `training.require_possible` refuses."""
        from elastic_pinn.training import require_possible  # imports torch, which reading a sweep does not need

        looked_at = set()
        for run in runs:
            config = self.notebook.config(run.parameters)
            asked = config.model_dump_json(include={"device", "init_from", *ProblemConfig.model_fields})
            if asked in looked_at:
                continue
            looked_at.add(asked)
            try:
                require_possible(config)
            except ElasticPinnError as error:
                raise SweepError(f"the run {run.name} is not possible here: {error}") from None

    @property
    def from_anywhere(self) -> Sweep:
        """The sweep with absolute paths."""
        locations = {
            "notebook": str(notebook_file(self.sweep.notebook).resolve()),
            "directory": str(self.sweep.folder.resolve()),
        }
        return self.sweep.model_copy(update=locations)


def _runs(sweep: Sweep, notebook: Notebook, known: KnownRuns, inputs: Callable[[Config], Inputs]) -> Sequence[Planned]:
    """Return the runs of a sweep. inputs: returns the files that a config reads; called once for each set of paths."""
    if missing := sorted(GIVEN_BY_THE_SWEEP - notebook.cell.names, reverse=True):
        raise SweepError(
            f"{notebook.name}.ipynb has no parameters {' and '.join(missing)}: its runs could not be resumed"
        )
    runs: dict[str, Planned] = {}
    files: dict[str, Inputs] = {}
    for point in sweep.points_and_seeds():
        parameters = {**sweep.parameters, **point}
        config = _config(notebook, parameters, point)
        if (paths := _files(config)) not in files:
            files[paths] = inputs(config)
        identity = Identity.of(notebook, config, parameters, frozenset(point), files[paths])
        if identity.digest in runs and not sweep.random:
            raise SweepError(f"two runs would be the same: {_label(point) or 'all runs'}: leave one out")
        name = known.name_of(identity) or f"{_label(point) or notebook.name}-{identity.digest}"
        runs[identity.digest] = Planned(name, parameters, files[paths])
    return list(runs.values())


def _files(config: Config) -> str:
    """Return the paths that a config names, as one text."""
    return json.dumps([config.data, config.init_from])


def _config(notebook: Notebook, parameters: Mapping[str, Value], point: Values) -> Config:
    if taken := GIVEN_BY_THE_SWEEP & parameters.keys():
        raise SweepError(f"{' and '.join(sorted(taken))}: given by the sweep to each run; leave it out")
    try:
        return notebook.config(parameters)
    except ConfigError as error:
        where = f"the run {_label(point)}: " if point else ""
        raise SweepError(f"{where}{error}") from None


def _label(point: Values) -> str:
    """Return the values of a run for its folder's name."""
    label = ",".join(f"{name}={_short(value)}" for name, value in point.items())
    return label if len(label) <= LABEL_LENGTH else label[:LABEL_LENGTH].rsplit(",", 1)[0]


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = "x".join(map(str, value)) if isinstance(value, list) else str(value)
    return re.sub(r"[^\w.+-]+", "_", text)
