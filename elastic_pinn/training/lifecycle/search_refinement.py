"""A search for a material with twice as many waves, where its verdict is that those chosen for it do not suffice.

Each refinement is a stage that goes on from the material found so far, until a ± is given, or until the waves are more
than can be told from the records or than a search is worth. The verdict then names those tried, and those to try.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

from elastic_pinn.config import Config
from elastic_pinn.fit import Fit
from elastic_pinn.training.assessment.misfits import WIDENED_UP_TO
from elastic_pinn.training.lifecycle.time_limit import TimeLimit
from elastic_pinn.training.optimizers import can_be_factored
from elastic_pinn.training.session import Session
from elastic_pinn.training.settings import Settings, chosen
from elastic_pinn.training.settings.cost import Cost, cost_of

logger = logging.getLogger(__name__)

MOST_OPERATIONS = 2e13  # of the solutions of a refinement together: a quarter of an hour on two cores
SOLUTIONS = {"variable_projection": 10, "full_waveform": 3}  # of a refinement, about
STALLED = 0.5  # of the squared misfit: waves that leave more of it, where it is far from the noise, are the last
CHOSEN = {"hidden_layers", "stages", "stage_steps"}
"""Fields without which nothing is refined."""


def refined_search(session: Session, settings: Settings, fit: Fit, limit: TimeLimit) -> tuple[Session, Settings] | str:
    """Return a session that goes on with more waves, or why there is none, "" where none is needed or may be chosen.

    fit: of the session, which has ended for a reason of its own.
    """
    config = session.config
    if not (fit.needs_waves and set(settings.names) >= CHOSEN):
        return ""
    misfits = (*settings.misfits, math.nan if fit.chi_square is None else fit.chi_square)
    finer = Settings(settings.names, (*settings.levels, settings.levels[-1] + 1.0), misfits)
    following = _at(session, finer)
    cost = cost_of(following, session.problem)
    waves, more = (f"hidden_layers = {list(each.hidden_layers)}" for each in (config, following))
    if reason := _why_in_vain(misfits) or _why_not(session, following, cost, limit):
        return f"{waves} do not suffice, and {more} were not tried: {reason}"
    logger.info("step %d: %s do not suffice: %s; the next solutions, with %s: %s",
                session.step, waves, fit.reason, more, cost)  # fmt: skip
    refined = Session(following, session.problem, session.processes)
    refined.go_on_from(session)
    return refined, finer


def _at(session: Session, settings: Settings) -> Config:
    """The config at the last of some levels, whose stage begins at the present step."""
    config = session.config
    values = chosen(settings.requested(config), session.problem, settings.levels[-1])
    ended = (*config.stage_steps, session.step - sum(config.stage_steps))
    stages = (*config.stages, config.stages[-1])
    return config.model_copy(update=values | {"steps": config.steps, "stages": stages, "stage_steps": ended})


def _why_in_vain(misfits: Sequence[float]) -> str:
    """Why more waves would not mend misfits (L,), that ended each level; "" where they may."""
    if len(misfits) < 2 or not (misfits[-1] > WIDENED_UP_TO and misfits[-1] > STALLED * misfits[-2]):
        return ""
    before, now = (f"{math.sqrt(each):.3g}" for each in misfits[-2:])
    return f"the last ones left a misfit of {now} times the noise, {before} times before: it is not by the waves"


def _why_not(session: Session, finer: Config, cost: Cost, limit: TimeLimit) -> str:
    """Why no refinement is tried; "" where one is."""
    if session.step >= finer.steps:
        return f"all {finer.steps} steps are done"
    if cost.amplitudes > cost.misfits:
        return f"these are more than the {cost.misfits:,} numbers that they are found from"
    if SOLUTIONS[finer.stages[-1]] * cost.operations > MOST_OPERATIONS or not can_be_factored(cost.amplitudes):
        return f"each solution would take {cost.spent}"
    # What earlier stages took is not scaled: that of elements alone tells nothing of waves. On a GPU the cost is nan.
    in_time = limit.leaves(SOLUTIONS[finer.stages[-1]] * cost.seconds)
    return "" if in_time else f"that would take longer than the {limit}"
