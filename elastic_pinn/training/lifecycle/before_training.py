"""What train() would do with a config, before any of it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from elastic_pinn.config import Config
from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.training.lifecycle.advice import advise
from elastic_pinn.training.lifecycle.recommended import Recommendation, recommended
from elastic_pinn.training.lifecycle.refinement import resolved, told
from elastic_pinn.training.lifecycle.requirements import settle
from elastic_pinn.training.sampling import held_out_told
from elastic_pinn.training.settings import Settings


@dataclass(frozen=True)
class Preview:
    """What a run would begin with; as text, what was chosen for it, what it takes, how many samples it
    fits, and what is advised.

    Attributes
    ----------
    config : Config
        With a value for every field that a tolerance leaves to the library.
    settings : Settings
        Which fields these are.
    chosen : str
        These with their values, and memory and time of a solution, and what a step of a search by waveforms takes; ""
        without a tolerance and such a search.
    advice : tuple of str
        What will be poor, as sentences that end with what to set.
    problem : Problem
        The problem that this is of.
    """

    config: Config
    settings: Settings
    chosen: str
    advice: tuple[str, ...]
    problem: Problem = field(repr=False)

    @cached_property
    def recommended(self) -> dict[str, Recommendation]:
        """Better values, by the names of fields that were requested with others, each with the reason: what was chosen
        for them, what the problem implies for the tolerance, of a plate without one for an error of 5 %, what advice
        tells to set, and what trained networks reached the least error with."""
        return recommended(self.config, self.problem, self.settings, self.advice)

    def __str__(self) -> str:
        given = [] if self.settings.names else ["no tolerance is set: all settings are as given"]
        held_out = held_out_told(self.problem, self.config.validation_fraction)
        return "\n".join(
            [*given, *filter(None, [self.chosen, held_out]), *(f"warning: {sentence}" for sentence in self.advice)]
        )


def preview(config: Config, problem: Problem | ProblemMaker | None = None) -> Preview:
    """Tell what `train` would begin with: `print(ep.preview(config))`.

    Parameters
    ----------
    config, problem
        As for `train`.

    Returns
    -------
    Preview
        The settings that a tolerance leaves to the library, memory and time of a solution on this machine, and advice.

    Raises
    ------
    ConfigError
        As `train` does, for a tolerance that no estimate can tell, or that takes more than one least squares can.
    ProblemError
        For a problem that is impossible or has no solution.
    ReceiverFileError
        For a receiver file that cannot be used.
    """
    return preview_of(*settle(config, problem))


def preview_of(config: Config, problem: Problem) -> Preview:
    """Return the same of a problem that belongs to the config."""
    found, settings = resolved(config, problem, None)
    advice = advise(found, problem, settings)
    return Preview(found, settings, told(found, settings, problem), advice, problem)
