"""The specification of a sweep: a notebook, and the parameters of its runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args, get_origin

import numpy as np
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from elastic_pinn.config import FIELDS, ConfigError, plain_parameters
from elastic_pinn.config_sections import NonNegative, OptionalCount, Threads
from elastic_pinn.paths import delivered, from_root, near_file
from elastic_pinn.workbench.batch.notebook import Notebook, Value
from elastic_pinn.workbench.run_folders import RUNS, stamped
from elastic_pinn.yaml_values import read_yaml, write_yaml

Values = dict[str, Any]
Range = tuple[float, float]

MEASURED = ("loss/", "error/", "material/")  # the prefixes of a metric's name


class SweepError(ConfigError):
    """An illegal sweep; the text names the fault and the legal values."""


class SweepPart(BaseModel):
    """A part of a specification: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Distribution(SweepPart):
    """The distribution of a random parameter: one of the four fields."""

    uniform: Range | None = None
    log_uniform: Range | None = None
    integers: tuple[int, int] | None = None
    choice: Annotated[list[Any], Field(min_length=1)] | None = None

    def draw(self, rng: np.random.Generator) -> Value:
        """Draw one value."""
        if self.choice:
            return self.choice[rng.integers(len(self.choice))]
        if self.integers:
            return int(rng.integers(self.integers[0], self.integers[1], endpoint=True))
        if self.log_uniform:
            return float(np.exp(rng.uniform(*np.log(self.log_uniform))))
        assert self.uniform  # the validator requires one of the four
        return float(rng.uniform(*self.uniform))

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        given = {name: value for name, value in self if value is not None}
        if len(given) != 1:
            raise ValueError(
                "give one of uniform: [from, to], log_uniform: [from, to], integers: [from, to], choice: [...]"
            )
        [(name, value)] = given.items()
        if name != "choice" and not (value[0] < value[1] and (name != "log_uniform" or value[0] > 0)):
            raise ValueError(
                f"{name}: {list(value)}: needs a lower end{' above 0' * (name == 'log_uniform')}, then a higher one"
            )
        return self


class Random(SweepPart):
    """Runs with randomly drawn values."""

    count: Annotated[int, Field(ge=1)]
    seed: OptionalCount = 0
    """of the draws"""
    parameters: Annotated[dict[str, Distribution], Field(min_length=1)]

    def points(self) -> Iterator[Values]:
        """Yield the drawn values; a higher `count` keeps the first ones."""
        rng = np.random.default_rng(self.seed)
        for _ in range(self.count):
            yield {name: each.draw(rng) for name, each in self.parameters.items()}


class Cluster(SweepPart):
    """The source of the workers."""

    scheduler: Annotated[str, Field(pattern=r"^$|^[a-z]+://.+")] = ""
    """address of a running Dask scheduler, such as tcp://host:8786"""
    jobqueue: Literal["", "slurm", "pbs", "lsf", "sge", "oar", "moab", "htcondor", "local"] = ""
    """a batch system, by dask-jobqueue: each of its jobs starts workers"""
    options: Values = {}
    """of dask-jobqueue's cluster of this kind: queue, cores, processes, memory, walltime, ..."""
    directory: str = ""
    """where workers that share no disk with this machine keep their runs, as in "$SCRATCH/sweep", in which each worker
    puts its own environment; needs the parameter mirror. "": the sweep's own directory, which all of them see"""

    @property
    def is_local(self) -> bool:
        """Whether all workers are processes of this machine, started for the sweep."""
        return not (self.scheduler or self.jobqueue)

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.scheduler and self.jobqueue:
            raise ValueError("give scheduler or jobqueue, not both")
        if self.options and not self.jobqueue:
            raise ValueError("options are those of a jobqueue, and none is given")
        return self


def _as_lists(values: dict[str, list[Any]]) -> dict[str, list[Any]]:
    for name, each in values.items():
        if not each:
            raise ValueError(f"{name}: [] leaves nothing to run")
    return values


def _as_metric(name: str) -> str:
    if name and not name.startswith(MEASURED):
        raise ValueError(f"{name!r}: legal are columns of the history that begin with {', '.join(MEASURED)}")
    return name


class Sweep(SweepPart):
    """A notebook, to be run once for each point of a grid, a list or random draws, times each seed.

    Raises SweepError for an illegal specification; its `Plan` checks it against the notebook.
    """

    notebook: str
    """the notebook to run; a relative path starts at the project's root. Shipped ones are found from anywhere"""
    directory: str
    """the folder of the runs, one folder each; a relative path starts at the project's root"""
    parameters: Values = {}
    """of all runs: fields of the config, in the place of the notebook's own"""
    grid: Annotated[dict[str, list[Any]], AfterValidator(_as_lists)] = {}
    """fields with the values of each: every combination is a run"""
    points: Annotated[list[Values], Field(alias="list")] = []
    """one run for each item, which gives the fields that are its own"""
    random: Random | None = None
    """runs with values drawn at random"""
    seeds: list[OptionalCount] = []
    """each of the runs above once for each seed; []: with the notebook's"""
    workers: OptionalCount = 0
    """runs at a time; 0: one for each CPU core. Of a running scheduler, it is that one's matter"""
    threads: Threads = 0
    """CPU threads of each run; 0: cores / workers on this machine, 1 on a cluster"""
    time_limit: NonNegative = 0.0
    """seconds after which a run is stopped, with a checkpoint; 0: none"""
    metric: Annotated[str, AfterValidator(_as_metric)] = ""
    """what the best run has least of: a column of its history that begins with loss/, error/ or material/; "":
    error/displacement where the runs have it, else loss/validation"""
    cluster: Cluster = Cluster()

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise SweepError("\n".join(map(_error_text, error.errors()))) from None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the sweep in a YAML file. Raises SweepError, which names the file."""
        try:
            fields = read_yaml(path.read_text(encoding="utf-8"))
            if not isinstance(fields, dict):
                raise SweepError("a sweep file gives notebook, directory and more, a line each: name: value")
            return cls(**fields)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            location = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
            raise SweepError(f"{path}: {location}{error.problem}") from None
        except OSError as error:
            near = near_file(path, path.absolute())
            raise SweepError(f"no sweep file could be read at {path}: {error.strerror}{near}") from None
        except (yaml.YAMLError, UnicodeDecodeError, SweepError) as error:
            raise SweepError(f"{path}: {error}") from None

    @classmethod
    def of_parameters(cls, namespace: Mapping[str, Any], name: str, **fields: Any) -> Self:
        """Return the sweep of parameters in a notebook; call it with globals(), as Config.from_namespace.

        `notebook` is the one to run. A list for a field that takes one value, or a list of lists for a field that takes
        a list, gives a run for each item, and so does a list of lists of rows for holes, and a list for any other
        parameter of that notebook which has no list there. `run_dir` is the folder of the runs; "" means a new
        runs/TIME-NAME. Raises ConfigError if there is no such notebook.
        """
        path = str(namespace.get("notebook", ""))
        own = Notebook.read(notebook_file(path)).own({})
        given = plain_parameters(namespace, own)
        given.pop("notebook", None)
        directory = given.pop("run_dir", "") or f"{RUNS}/{stamped(name)}"
        grid = {key: value for key, value in given.items() if _is_several(key, value, own)}
        same = {key: value for key, value in given.items() if key not in grid}
        return cls(notebook=path, directory=directory, parameters=same, grid=grid, **fields)

    def to_yaml(self) -> str:
        """Return the YAML text that `read` reads, without default values."""
        return write_yaml(self.model_dump(by_alias=True, exclude_defaults=True, mode="json"))

    @property
    def folder(self) -> Path:
        """The folder of the runs."""
        return from_root(self.directory)

    @property
    def varied(self) -> list[str]:
        """The varied fields."""
        return [*self._varied_by_points, *(["seed"] if self.seeds else [])]

    def points_and_seeds(self) -> Iterator[Values]:
        """Yield the varied values of each run, in the order of the sweep."""
        for point in self._points():
            yield from ({**point, "seed": seed} for seed in self.seeds) if self.seeds else (point,)

    @property
    def _varied_by_points(self) -> list[str]:
        names = [*self.grid, *itertools.chain.from_iterable(self.points)]
        return list(dict.fromkeys([*names, *(self.random.parameters if self.random else ())]))

    def _points(self) -> Iterator[Values]:
        if self.grid:
            for values in itertools.product(*self.grid.values()):
                yield dict(zip(self.grid, values, strict=True))
        elif self.points:
            yield from self.points
        elif self.random:
            yield from self.random.points()
        else:
            yield {}

    @model_validator(mode="after")
    def _vary_in_one_way(self) -> Self:
        given = [name for name, value in (("grid", self.grid), ("list", self.points), ("random", self.random)) if value]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)}: give one of grid, list, random")
        if self.cluster.directory and not self.parameters.get("mirror"):
            raise ValueError(
                "cluster.directory, for workers that share no disk, needs the parameter mirror: a remote store"
            )
        if self.seeds and "seed" in {*self._varied_by_points, *self.parameters}:
            raise ValueError("seeds and a field seed: give one of them")
        if both := self.parameters.keys() & set(self.varied):
            raise ValueError(f"{sorted(both)}: in parameters, and varied as well: give each once")
        return self


def notebook_file(path: str) -> Path:
    """Return the path of a notebook, from the project's root or of the package. Raises SweepError if there is none."""
    locations = [from_root(path), delivered() / path]
    found = next((location for location in locations if location.is_file()), None)
    if not found:
        raise SweepError(f"notebook = {path!r}: not found as {' or '.join(map(str, dict.fromkeys(locations)))}")
    return found


def _is_several(name: str, value: Any, own: Mapping[str, Any]) -> bool:
    """Return whether a value is a list of values for a field, or for another parameter, whose own value is given."""
    if name in own:
        return _levels(value) > _levels(own[name])
    if name not in FIELDS:
        return False
    return _levels(value) > _levels_of(FIELDS[name].annotation)


def _levels(value: Any) -> int:
    """Return how deeply lists are nested in a value."""
    return 1 + max(map(_levels, value), default=0) if isinstance(value, list) else 0


def _levels_of(kind: Any) -> int:
    """Return how deeply lists are nested in one value of a field."""
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return 1 + _levels_of(get_args(kind)[0]) if get_origin(kind) is tuple else 0


def _error_text(fault: Any) -> str:
    location = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        *where, name = map(str, fault["loc"])
        model = {0: Sweep, 1: Cluster if where == ["cluster"] else Random}.get(len(where), Distribution)
        legal = [field.alias or name for name, field in model.model_fields.items()]
        meant = "".join(f"; did you mean {each!r}?" for each in get_close_matches(name, legal, 1))
        return f"{location!r} is not known{meant or ';'} legal there: {', '.join(legal)}"
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "string_type" and fault["input"] is None:
        message = 'text is needed, and in YAML nothing, or a lone ~, is none: "~" means the home folder'
    return f"{location}: {message}" if location else message
