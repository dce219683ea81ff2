"""The config of an experiment: validated, frozen, plain JSON.

Each wing declares its own group of fields (physics/setups/, networks/config.py, training/config.py, storage/config.py),
and each field has one flat name, unique over all of them: the name in notebooks, on the command line and in sweeps. A
function that needs one group takes that group's class.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from pydantic import ConfigDict, ValidationError
from pydantic.fields import FieldInfo

from elastic_pinn.config_sections import Section, entry_of, require_unique_names
from elastic_pinn.errors import ConfigError
from elastic_pinn.fields_that_left import without_left
from elastic_pinn.legal_values import signature_of, with_fields
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.own_numbers import Types, own_number, own_numbers, require_declared
from elastic_pinn.parameters import FUNCTIONS, in_one_line, not_a_field, parameters_in, plain
from elastic_pinn.physics.setups import SETUPS, ProblemConfig
from elastic_pinn.physics.setups.material import GivenMaterial, MaterialConfig, as_stored_now, in_lame_parameters
from elastic_pinn.storage.config import CheckpointConfig
from elastic_pinn.training.config import FIELDS_OF_TERMS, TrainingConfig

__all__ = [
    "BESIDE_CONFIG",
    "FIELDS",
    "GROUPS",
    "NO_PART_OF_THE_RESULT",
    "Config",
    "ConfigError",
    "plain_parameters",
    "unused_fields",
]

logger = logging.getLogger(__name__)

BESIDE_CONFIG = {
    "run_dir": "the path of a folder",
    "resume": "'never', 'auto', or the path or URL of a checkpoint or of a run",
}
"""Notebook parameters for the place and the start of a run, with their legal values: not part of the experiment."""

HELP = "help(ep.Config)"

GROUPS: Sequence[type[Section]] = (ProblemConfig, NetworkConfig, TrainingConfig, CheckpointConfig)
"""In the order of the fields in files."""

NO_PART_OF_THE_RESULT = {*CheckpointConfig.model_fields, "time_limit"} - {"monitor"}
"""Fields that do not affect the result of training."""

TERMS = {
    "boundary": "boundary condition",
    "initial": "initial condition",
    "interface": "interface between materials",
    "data": "recorded data",
}
"""The terms of the loss that a problem may lack, by their columns."""


require_unique_names(GROUPS)


class Config(CheckpointConfig, TrainingConfig, NetworkConfig, ProblemConfig):
    """A whole experiment: every field of the four groups by its flat name.

    Values of NumPy, torch and pandas are accepted where they are unambiguous.

    Raises
    ------
    ConfigError
        Before anything else happens, for an unknown field, a value that is not legal, and a field that the problem does
        not use with another value than its default.
    """

    # The groups have read their docstrings already; only this class is made at every import.
    model_config = ConfigDict(use_attribute_docstrings=False, defer_build=False)

    def __init__(self, **fields: Any) -> None:
        if fields.get("own") and "problem" not in fields:
            fields["problem"] = "own"
        self._fill(**_in_lame_parameters(fields))
        require_declared(self.own.types, _taken())
        self._refuse_unused({name: value for name, value in self._of(fields).items() if value != FIELDS[name].default})
        self.model_fields_set.difference_update(unused_fields(self.problem))

    def _fill(self, **fields: Any) -> None:
        """Set the values of fields, whether the problem uses them or not."""
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise ConfigError("\n".join(map(_message, error.errors()))) from None

    def _of(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The values of some fields as this config has them, but as they are given of other ways to give a material."""
        return {name: getattr(self, name, value) for name, value in fields.items()}

    def _refuse_unused(self, given: Mapping[str, Any], unused: Mapping[str, str] | None = None) -> None:
        """Raise ConfigError if this problem does not use one of the fields, unless it is empty."""
        unused = unused_fields(self.problem) if unused is None else unused
        faults = [
            f"{name} = {in_one_line(value)}: problem {self.problem!r} {unused[name]}; leave it out"
            for name, value in given.items()
            if name in unused and value not in ("", ())
        ]
        if faults:
            raise ConfigError("\n".join(faults))

    def require_used(self) -> None:
        """Raise ConfigError for fields of terms of the loss that the problem named here does not have.

        Not in the constructor: train() may be given a Problem of the user's own in place of the default one.

        Raises
        ------
        ConfigError
            Naming the fields.
        """
        lacking = _of_lacking_terms(self.problem)
        given = {name: getattr(self, name) for name in lacking if name in self.model_fields_set}
        self._refuse_unused({name: value for name, value in given.items() if value != FIELDS[name].default}, lacking)

    if not TYPE_CHECKING:  # or mypy would accept any name

        def __getattr__(self, name: str) -> Any:
            """An own number, as if it were a field."""
            own = self.__dict__.get("own", ())
            return own[name] if name in own else super().__getattr__(name)

    def __repr__(self) -> str:
        """The fields that differ from their defaults."""
        fields = ((name, getattr(self, name), field.default) for name, field in type(self).model_fields.items())
        return f"Config({', '.join(f'{name}={value!r}' for name, value, default in fields if value != default)})"

    __str__ = __repr__

    @classmethod
    def from_namespace(
        cls, namespace: Mapping[str, Any], own: Types | None = None, beside: Collection[str] = ()
    ) -> Self:
        """Make the config from a notebook's parameters: call it with globals() in the first cell after them.

        A public name with a plain value (number, text, list, ...) must be a field, "run_dir" or "resume"; a Problem
        under the name "problem", or a function that makes one, means "own".

        Parameters
        ----------
        namespace
            The notebook's names.
        own
            Names and types (float, int, bool, str) of the numbers of a problem of the user's own, as in
            {"pulse_width": float}: they are parameters, too, and are stored in the config.
        beside
            Names of parameters that the notebook itself reads, and no config has.

        Returns
        -------
        Config
            The config.

        Raises
        ------
        ConfigError
            For a misspelt name, for a field that the problem does not use, whatever its value, for an own number that
            is missing, and as the constructor does, so that plain papermill fails.
        """
        own = own or {}
        require_declared(own, _taken())
        given = {name: value for name, value in plain_parameters(namespace, own).items() if name not in beside}
        for name, legal in BESIDE_CONFIG.items():
            if not isinstance(given.pop(name, ""), str):
                raise ConfigError(f"{name} = {in_one_line(namespace[name])}: must be text, {legal}")
        names = [*(name for name in FIELDS if name != "own"), *own]
        faults = [
            not_a_field(name, [*names, *beside], BESIDE_CONFIG, HELP, [*own, *beside, *BESIDE_CONFIG])
            for name in given
            if name not in names
        ]
        fields = {name: value for name, value in given.items() if name in names and name not in own}
        numbers = config = None
        try:
            numbers = own_numbers(own, given)
        except ConfigError as error:
            faults.append(str(error))
        try:
            config = cls(**({"problem": "own"} if own else {}) | fields, **({"own": numbers} if numbers else {}))
        except ConfigError as error:
            faults.append(str(error))
        if faults or config is None:  # all at once
            raise ConfigError("\n".join(faults))
        config._refuse_unused(config._of(fields))
        return config

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; newer fields get their defaults, and are listed in the log.

        Parameters
        ----------
        text
            JSON with every field, also those that the problem does not use.

        Returns
        -------
        Config
            The config.

        Raises
        ------
        ConfigError
            As the constructor does, and for what has left the library.
        """
        found = json.loads(text)
        if not isinstance(found, dict):
            raise ConfigError(f"a config is a JSON object of fields by their names, and this is {in_one_line(found)}")
        fields = as_stored_now(without_left(found))
        config = cls.__new__(cls)
        config._fill(**fields)
        config.model_fields_set.difference_update(unused_fields(config.problem), _of_lacking_terms(config.problem))
        older = cls.model_fields.keys() - fields.keys() - {"own"}  # which only those with own numbers hold
        if missing := [f"{name} = {getattr(config, name)!r}" for name in cls.model_fields if name in older]:
            logger.info("a config of an older version; by default: %s", ", ".join(missing))
        return config

    def to_json(self) -> str:
        """Write every field with its value, one a line, in the order of the groups; own numbers if there are any.

        Returns
        -------
        str
            JSON.
        """
        return self.model_dump_json(indent=2, exclude=None if self.own else {"own"})

    def flat(self) -> dict[str, Any]:
        """Return the value of every field, and of every own number as if it were one.

        Returns
        -------
        dict
            Values by name.
        """
        values = self.model_dump(exclude={"own"})
        return {**values, **{name: value for name, value in self.own.items() if name not in values}}

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy the config with some fields or own numbers changed; a change to the default counts as not given.

        Parameters
        ----------
        update
            New values by name.
        deep
            Without effect: all values are immutable.

        Returns
        -------
        Config
            The copy.

        Raises
        ------
        ConfigError
            As the constructor does.
        """
        fields = dict(update or {})
        own = {
            name: own_number(name, fields.pop(name), kind) for name, kind in self.own.types.items() if name in fields
        }
        copy = type(self).__new__(type(self))
        copy._fill(**(self.model_dump() | {"own": {**self.own, **own}} | _in_lame_parameters(fields, self.density)))
        changed = {name: now for name, (_, now) in self.differences(copy).items() if name in FIELDS}
        given = {name: now for name, now in changed.items() if now != FIELDS[name].default}
        copy._refuse_unused(given)
        require_declared(copy.own.types, _taken())
        explicit = self.model_fields_set - changed.keys() | given.keys()
        copy.model_fields_set.intersection_update(explicit - unused_fields(copy.problem).keys())
        return copy

    def differences(self, other: Config) -> dict[str, tuple[Any, Any]]:
        """Return the fields and own numbers in which two configs differ.

        Parameters
        ----------
        other
            The other config.

        Returns
        -------
        dict
            Value here and value there, by name; the value of an own number that a config lacks is None.
        """
        mine, theirs = self.flat(), other.flat()
        values = {name: (mine.get(name), theirs.get(name)) for name in {**mine, **theirs}}
        return {name: (here, there) for name, (here, there) in values.items() if here != there}


FIELDS: Mapping[str, FieldInfo] = {**Config.model_fields, **GivenMaterial.model_fields}
"""All that a config is made of: its fields, and other ways to give a material."""

Config.__doc__ = with_fields(Config.__doc__, FIELDS)
Config.__signature__ = signature_of(FIELDS)


def plain_parameters(namespace: Mapping[str, Any], own: Collection[str] = ()) -> dict[str, Any]:
    """Return the parameters of an experiment in a notebook's namespace, see `parameters_in`. own: further names."""
    others = {"material", "own"}  # may be names of other things, as of an ep.Material
    found = parameters_in(namespace, {*FIELDS, *BESIDE_CONFIG, *own} - others)
    if isinstance(found.get("problem"), FUNCTIONS):
        found["problem"] = "own"
    return {name: value for name, value in found.items() if not (name == "own" and namespace[name] is own)}


@cache
def _taken() -> frozenset[str]:
    """The names that an own number cannot have."""
    return frozenset({*FIELDS, *BESIDE_CONFIG, *dir(Config)})


def _in_lame_parameters(fields: Mapping[str, Any], density: float | None = None) -> dict[str, Any]:
    """The fields, with lame_lambda, lame_mu and density of a material that is given in another way.

    density: where the fields do not give it.
    """
    values = {name: plain(value) for name, value in fields.items()}
    others = {name: values.pop(name) for name in fields if name in GivenMaterial.model_fields}
    if others:
        try:
            given = GivenMaterial(**others)
        except ValidationError as error:
            raise ConfigError("\n".join(map(_message, error.errors()))) from None
        beside = {name: values[name] for name in MaterialConfig.model_fields if name in values}
        if density is not None and not given.material:
            beside = {"density": density} | beside
        values |= in_lame_parameters(given, beside)
    return values


@cache
def unused_fields(problem: str) -> Mapping[str, str]:
    """Return the fields that have no effect with a problem, each with the reason.

    Those of other problems, and, unless the problem is the default one, which may only stand for a Problem of the
    user's own that is given to train(), those of terms that it lacks.
    """
    used = SETUPS[problem].reads.model_fields if problem in SETUPS else {}
    unused = {}
    for name in ProblemConfig.model_fields.keys() - used.keys():
        if readers := [repr(other) for other, setup in SETUPS.items() if name in setup.reads.model_fields]:
            named = " and ".join(filter(None, [", ".join(readers[:-1]), readers[-1]]))
            unused[name] = f"does not use it, {named} {'do' if readers[1:] else 'does'}"
    is_default = problem == ProblemConfig.model_fields["problem"].default
    if "lame_lambda" in unused:
        unused |= dict.fromkeys(GivenMaterial.model_fields, unused["lame_lambda"])
    return unused if is_default else {**unused, **_of_lacking_terms(problem)}


def _of_lacking_terms(problem: str) -> dict[str, str]:
    """The fields of the terms of the loss that a problem lacks, each with the reason."""
    lacking = SETUPS[problem].lacks if problem in SETUPS else ()
    return {name: f"has no {TERMS[column]}" for column in lacking for name in FIELDS_OF_TERMS[column]}


def _message(fault: Mapping[str, Any]) -> str:
    """One line for one of pydantic's faults: the field, or its item, the value found, what is legal."""
    if not fault["loc"]:
        return fault["msg"].removeprefix("Value error, ")
    at, name, fields = _place(fault["loc"])
    if fault["type"] == "extra_forbidden":
        where, _, _ = at.rpartition(".")  # of an entry
        return f"{where}: {not_a_field(name, fields, ())}" if where else not_a_field(name, FIELDS, BESIDE_CONFIG, HELP)
    summary = " ".join(f"{fields[name].description}".split()).partition(". ")[0]
    if fault["type"] == "missing":
        return f"{at} is missing. {name} is {summary}"
    wanted = fault["msg"].removeprefix("Value error, ").replace("a valid tuple", "a list, as in [...]")
    wanted = wanted.replace("Tuple should have", "The list should have").replace(
        "Value should have", "The list should have"
    )
    if fault["type"] == "string_pattern_mismatch":  # the description is clearer than a regular expression
        wanted = "not legal"
    return f"{at} = {in_one_line(fault['input'])}: {wanted}. {name} is {summary}"


def _place(location: Sequence[str | int]) -> tuple[str, str, Mapping[str, FieldInfo]]:
    """Where a fault is, as "sources[0].at[1]"; the name of the field there, "at", and the fields that it is among."""
    name, *path = location
    at, fields = str(name), FIELDS
    for part in path:
        if isinstance(part, str):
            entry = entry_of(fields[str(name)].annotation)
            at, name, fields = f"{at}.{part}", part, entry.model_fields if entry else {}
        else:
            at += f"[{part}]"
    return at, str(name), fields
