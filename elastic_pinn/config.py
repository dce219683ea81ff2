"""The config of an experiment: validated, frozen, plain JSON.

The fields are in sections (sections.py: problem, network, training, checkpoint), and each has one flat name, unique
over all of them: the name in notebooks, on the command line and in sweeps. A function that needs one section takes
that section's class.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Self

from pydantic import ConfigDict, ValidationError, model_validator

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.legal import documented
from elastic_pinn.parameters import in_one_line, not_a_field, parameters_in, plain
from elastic_pinn.sections import CheckpointConfig, NetworkConfig, ProblemConfig, TrainingConfig, UsedBy

logger = logging.getLogger(__name__)

BESIDE_CONFIG = {
    "run_dir": "the path of a folder",
    "resume": "'never', 'auto', or the path or URL of a checkpoint or of a run",
}
"""Notebook parameters for the place and the start of a run, with their legal values: not part of the experiment."""


class ConfigError(ElasticPinnError, ValueError):
    """An invalid config: the text names each bad field, its value and what is legal."""


@documented
class Config(CheckpointConfig, TrainingConfig, NetworkConfig, ProblemConfig):
    """A whole experiment: every field of the four sections by its flat name.

    Values of NumPy, torch and pandas are accepted where they are unambiguous. Raises ConfigError, before
    anything else happens, for an unknown field, a value that is not legal, and a field that the problem does not use
    with another value than its default.
    """

    # The sections have read their docstrings already; only this class is made at every import.
    model_config = ConfigDict(use_attribute_docstrings=False, defer_build=False)

    def __init__(self, **fields: Any) -> None:
        self._fill(**fields)
        kinds = type(self).model_fields
        self._refuse_unused(name for name in fields if getattr(self, name) != kinds[name].default)  # a dump has all
        self.model_fields_set.difference_update(unused_fields(self.problem))

    def _fill(self, **fields: Any) -> None:
        """Set the values of fields, whether the problem uses them or not."""
        try:
            super().__init__(**{name: plain(value) for name, value in fields.items()})
        except ValidationError as error:
            raise ConfigError("\n".join(_message(fault) for fault in error.errors())) from None

    def _refuse_unused(self, names: Iterable[str]) -> None:
        """Raise ConfigError if one of the fields belongs to another problem than this one, unless it is empty."""
        unused = unused_fields(self.problem)
        faults = [
            f"{name} = {in_one_line(value)}: problem {self.problem!r} does not use it, "
            f"{unused[name]!r} does; leave it out"
            for name in names
            if name in unused and (value := getattr(self, name)) not in ("", ())
        ]
        if faults:
            raise ConfigError("\n".join(faults))

    def __repr__(self) -> str:
        """The fields that differ from their defaults."""
        changed = Config().differences(self).items()
        return f"Config({', '.join(f'{name}={value!r}' for name, (_, value) in changed)})"

    __str__ = __repr__

    @classmethod
    def from_namespace(cls, namespace: Mapping[str, Any]) -> Self:
        """Make the config from a notebook's parameters: call it with globals() in the first cell after them.

        A public name with a plain value (number, text, list, ...) must be a field, `run_dir` or `resume`; a Problem
        under the name `problem` means "own". Raises ConfigError for a misspelt name, for a field that the problem does
        not use, whatever its value, and as the constructor does, so that plain papermill fails.
        """
        given = plain_parameters(namespace)
        for name, legal in BESIDE_CONFIG.items():
            if not isinstance(given.pop(name, ""), str):
                raise ConfigError(f"{name} = {in_one_line(namespace[name])}: must be text, {legal}")
        config = cls(**given)
        config._refuse_unused(given)
        return config

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; newer fields get their defaults, and are listed in the log.

        It holds every field, those that its problem does not use as well. Raises ConfigError as the constructor does.
        """
        fields = json.loads(text)
        config = cls.__new__(cls)
        config._fill(**fields)
        config.model_fields_set.difference_update(unused_fields(config.problem))
        missing = [f"{name} = {getattr(config, name)!r}" for name in cls.model_fields if name not in fields]
        if missing:
            logger.info("a config of an older version; by default: %s", ", ".join(missing))
        return config

    def to_json(self) -> str:
        """Write every field with its value, one a line, in the order of the sections."""
        return self.model_dump_json(indent=2)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy the config with some fields changed; a change to the default counts as not given. Raises ConfigError."""
        copy = type(self).__new__(type(self))
        copy._fill(**(self.model_dump() | dict(update or {})))
        changed = self.differences(copy).keys()
        given = {name for name in changed if getattr(copy, name) != type(self).model_fields[name].default}
        copy._refuse_unused(given)
        explicit = self.model_fields_set - changed | given
        copy.model_fields_set.intersection_update(explicit - unused_fields(copy.problem).keys())
        return copy

    def differences(self, other: Config) -> dict[str, tuple[Any, Any]]:
        """Return the fields in which two configs differ: name -> (value here, value there)."""
        mine, theirs = self.model_dump(), other.model_dump()
        return {name: (mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]}

    @model_validator(mode="after")
    def _stages_have_lengths(self) -> Self:
        if len(self.stage_steps) != len(self.stages) - 1:
            raise ValueError(
                f"stages {list(self.stages)} need {len(self.stages) - 1} stage_steps, one for each stage but the last, "
                f"but there are {len(self.stage_steps)}: {list(self.stage_steps)}"
            )
        return self

    @model_validator(mode="after")
    def _waves_have_no_layers(self) -> Self:
        if self.network == "plane_waves" and (len(self.hidden_layers) != 1 or self.activation != "sin"):
            raise ValueError(
                f"network 'plane_waves' with hidden_layers = {list(self.hidden_layers)}, activation = "
                f"{self.activation!r}: it needs one number, of waves, as in [3000], and the activation 'sin'"
            )
        return self

    @model_validator(mode="after")
    def _rates_go_down(self) -> Self:
        if self.min_learning_rate > self.learning_rate:
            raise ValueError(
                f"min_learning_rate = {self.min_learning_rate:g} is above learning_rate = {self.learning_rate:g}: "
                "it must be at most that"
            )
        return self

    @model_validator(mode="after")
    def _problem_is_whole(self) -> Self:
        if self.problem == "receivers" and not self.data:
            raise ValueError("problem 'receivers' needs data, the path of a receiver file")
        if self.problem == "standing_waves" and self.unknowns:
            raise ValueError("unknowns need problem 'receivers': the standing waves are given with their material")
        return self


def plain_parameters(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of an experiment in a notebook's namespace, see `parameters_in`."""
    return parameters_in(namespace, {*Config.model_fields, *BESIDE_CONFIG})


@cache
def unused_fields(problem: str) -> Mapping[str, str]:
    """Return the fields of the problem section that a problem does not use, and the problem that does."""
    fields = ProblemConfig.model_fields.items()
    of = {name: str(each) for name, field in fields for each in field.metadata if isinstance(each, UsedBy)}
    return {name: other for name, other in of.items() if other != problem}


def _message(fault: Mapping[str, Any]) -> str:
    """One line for one of pydantic's faults: the field, or its item, the value found, what is legal."""
    if not fault["loc"]:
        return fault["msg"].removeprefix("Value error, ")
    name = str(fault["loc"][0])
    if fault["type"] == "extra_forbidden":
        return not_a_field(name, Config.model_fields, BESIDE_CONFIG)
    wanted = fault["msg"].replace("a valid tuple", "a list, as in [...]")
    if fault["type"] == "string_pattern_mismatch":  # the description is clearer than a regular expression
        wanted = "not legal"
    item = "".join(f"[{index}]" for index in fault["loc"][1:])
    summary = " ".join(f"{Config.model_fields[name].description}".split()).partition(". ")[0]
    return f"{name}{item} = {in_one_line(fault['input'])}: {wanted}. {name} is {summary}"
