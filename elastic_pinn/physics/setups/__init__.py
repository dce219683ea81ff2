"""The problems that a config can name: a module for each, with the fields that it reads and the function that makes it.

Reading the fields imports no torch; making a problem does.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self

from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from elastic_pinn.config_sections import Section
from elastic_pinn.errors import ConfigError, MissingProblemError
from elastic_pinn.own_numbers import OwnNumbers, own_numbers, require_declared
from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.setups.material import MaterialConfig
from elastic_pinn.physics.setups.plate import MediumConfig, PlateConfig, PlatePartsConfig, plate, require_whole
from elastic_pinn.physics.setups.receivers import DataConfig, ReceiversConfig, find, from_receivers
from elastic_pinn.physics.setups.standing_waves import SquareConfig, StandingWavesConfig, standing_waves
from elastic_pinn.physics.setups.window import WindowConfig

__all__ = ["SETUPS", "ProblemConfig", "ProblemMaker", "Setup", "find", "problem_from"]

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem


ProblemMaker = Callable[..., "Problem"]
"""A user's function that makes a Problem of the config's own numbers."""


class Setup(NamedTuple):
    """A problem that a config can name.

    Attributes:
        reads: the group of fields that it reads.
        make: the function that makes the problem of these.
        meaning: of the problem, for the help of the field `problem`.
        lacks: the columns of the loss that it never has.
    """

    reads: type[Section]
    make: Callable[[Any], Problem]
    meaning: str
    lacks: tuple[str, ...] = ()


SETUPS: Mapping[str, Setup] = {
    "standing_waves": Setup(
        StandingWavesConfig, standing_waves, "exact P and S standing waves in a square", lacks=("interface", "data")
    ),
    "receivers": Setup(ReceiversConfig, from_receivers, "a receiver file, see `data`", lacks=("boundary", "interface")),
    "plate": Setup(PlateConfig, plate, "a plate of any sides, holes, inclusions and sources"),
}
"""The problems by their names. The fields of a new one are among the bases of ProblemConfig, too."""

MEANINGS = ". ".join(f"{name}: {setup.meaning}" for name, setup in SETUPS.items())

if TYPE_CHECKING:
    Name = str
else:
    Name = Literal[(*SETUPS, "own")]


def _stored(values: Any) -> OwnNumbers:
    """Own numbers as a file or another config has them: each of the type that it has there."""
    if not isinstance(values, Mapping):
        raise ValueError("Input should be names with numbers, truth values or text")
    types = {name: type(value) for name, value in values.items()}
    require_declared(types, ())
    return own_numbers(types, values)


class NameConfig(Section):
    """Which problem, and the numbers of one of the user's own."""

    problem: Name = Field("standing_waves", description=f"problem to be solved. {MEANINGS}. own: given to train()")
    own: Annotated[OwnNumbers, PlainValidator(_stored), PlainSerializer(dict)] = OwnNumbers({})
    """named numbers of a problem of the user's own, by their names"""


# What each problem reads; then the parts of these, which, from the last, are in the order of the fields in files.
class ProblemConfig(
    ReceiversConfig,
    PlateConfig,
    StandingWavesConfig,
    MediumConfig,
    MaterialConfig,
    PlatePartsConfig,
    WindowConfig,
    SquareConfig,
    DataConfig,
    NameConfig,
):
    """The physical problem. A Problem of the user's own, given to train(), replaces this group."""

    @model_validator(mode="after")
    def _problem_is_whole(self) -> Self:
        if self.problem == "receivers" and not self.data:
            raise ValueError("problem 'receivers' needs data, the path of a receiver file")
        if self.problem == "standing_waves" and self.unknowns:
            raise ValueError(
                "unknowns need problem 'receivers' or 'plate': the standing waves are given with their material"
            )
        if self.problem == "plate":
            require_whole(self)
        if self.own and self.problem != "own":
            raise ValueError(f"problem {self.problem!r} has no numbers of its own, but {', '.join(self.own)} are given")
        return self


def problem_from(config: ProblemConfig, own: Problem | ProblemMaker | None = None) -> Problem:
    """Make the problem that a config names, or one of the user's own.

    Parameters
    ----------
    config
        Names the problem, and contains its numbers.
    own
        A Problem, or the function that makes it, which is called with the config's own numbers by their names.

    Returns
    -------
    Problem
        The problem.

    Raises
    ------
    MissingProblemError
        A ConfigError: for problem "own" where none is given.
    ConfigError
        For a function that does not take the config's own numbers or does not return a Problem.
    ProblemError
        For a problem that is impossible or has no solution.
    ReceiverFileError
        For a receiver file that cannot be used.
    """
    from elastic_pinn.physics.problem import Problem

    if isinstance(own, Problem):
        return own
    if own is not None:
        return _made(own, config.own, Problem)
    if config.problem == "own":
        raise MissingProblemError(
            "problem 'own' is in no config: give it too, as train(config, run_dir, problem=...) or "
            "snapshots(run, problem=...); from a shell that is not possible: in Python run.estimate_error(problem) and "
            "physical_checks(run, problem)"
        )
    return SETUPS[config.problem].make(config)


def _made(make: ProblemMaker, numbers: OwnNumbers, kind: type[Problem]) -> Problem:
    """The problem that a user's function makes of own numbers."""
    name = getattr(make, "__name__", "the function")
    try:
        inspect.signature(make).bind(**numbers)
    except TypeError as error:
        given = ", ".join(numbers) or "none"
        raise ConfigError(f"{name} does not take the own numbers of the config, {given}: {error}") from None
    except ValueError:  # some compiled functions tell no arguments
        pass
    problem = make(**numbers)
    if not isinstance(problem, kind):
        raise ConfigError(f"{name} returned {in_one_line(problem)}: a Problem is needed")
    return problem
