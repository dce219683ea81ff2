"""The problems that a config can name: a module for each, with the fields that it reads and the function that makes it.

Reading the fields imports no torch; making a problem does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

from pydantic import model_validator

from elastic_pinn.errors import ConfigError
from elastic_pinn.physics.setups.material import MaterialConfig
from elastic_pinn.physics.setups.receivers import DataConfig, ReceiversConfig, from_receivers
from elastic_pinn.physics.setups.standing_waves import SquareConfig, StandingWavesConfig, standing_waves
from elastic_pinn.sections import Section

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem


class Setup(NamedTuple):
    """A problem that a config can name.

    Attributes:
        reads: the group of fields that it reads.
        make: the function that makes the problem of these.
        lacks: the columns of the loss that it never has.
    """

    reads: type[Section]
    make: Callable[[Any], Problem]
    lacks: tuple[str, ...]


SETUPS: Mapping[str, Setup] = {
    "standing_waves": Setup(StandingWavesConfig, standing_waves, lacks=("data",)),
    "receivers": Setup(ReceiversConfig, from_receivers, lacks=("boundary",)),
}
"""A line for each problem; its name stands in the field `problem`, too."""


class NameConfig(Section):
    """Which problem."""

    problem: Literal["standing_waves", "receivers", "own"] = "standing_waves"
    """problem to be solved. standing_waves: exact P and S standing waves in a square. receivers: a receiver file, see
    `data`. own: given to train()"""


# What each problem reads; then the parts of these, which, from the last, are in the order of the fields in files.
class ProblemConfig(ReceiversConfig, StandingWavesConfig, MaterialConfig, SquareConfig, DataConfig, NameConfig):
    """The physical problem. A Problem of the user's own, given to train(), replaces this group."""

    @model_validator(mode="after")
    def _problem_is_whole(self) -> Self:
        if self.problem == "receivers" and not self.data:
            raise ValueError("problem 'receivers' needs data, the path of a receiver file")
        if self.problem == "standing_waves" and self.unknowns:
            raise ValueError("unknowns need problem 'receivers': the standing waves are given with their material")
        return self


def problem_from(config: ProblemConfig) -> Problem:
    """Make the problem that a config names.

    Raises ConfigError for "own", which only train() can be given, and the errors of the problem's parts.
    """
    if config.problem == "own":
        raise ConfigError("problem 'own' is in no config: give it to train(config, run_dir, problem=...)")
    return SETUPS[config.problem].make(config)
