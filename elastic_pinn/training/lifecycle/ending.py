"""How a run stands, and how one ended that needs no further step: whether its search converged, and where."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection

from elastic_pinn.fit import Fit
from elastic_pinn.networks.config import HELD_AT_ZERO
from elastic_pinn.physics.media.material import unit_of
from elastic_pinn.readable import about, percent
from elastic_pinn.training.assessment.conservation import TELLING, energy_drift
from elastic_pinn.training.assessment.judgement import edges_text
from elastic_pinn.training.session import ESTIMATED, Session
from elastic_pinn.training.stopping import may_end_early

logger = logging.getLogger(__name__)

UNSEEN_TIMES = 10.0  # the loss at points that were not trained on over that at those that were: more is worth a warning
UNSEEN_LEAST = (
    0.03  # of a squared misfit at those points, about 17 %; with a smaller one the displacement is often right
)
DOUBTFUL = "its wavefield is wrong, as its warnings say"  # after the reason of an end with any of the texts below
FAR = 5.0  # times below or above a tolerance: an error that the end of a run tells as far from it
MUCH = 0.1  # of the displacement: a larger estimated error is worth a warning
TELLING_STEPS = 10  # of a run that may end early, from which on the time that all of them take is told
LAST_PART = 10  # of equal parts of a run, in which the change of the unknowns is reported


def progress_text(session: Session, elapsed: float) -> str:
    """One line for the log."""
    row = session.history.last
    done = session.step - session.first_step
    left = elapsed / done * (session.config.steps - session.step)
    unknowns = session.problem.unknowns
    material = "".join(f"  {name} {row[f'material/{name}']:.4g} {unit_of(name)}" for name in unknowns)
    is_limit = may_end_early(session.config)
    steps = f"{'at most ' * is_limit}{session.config.steps}"
    # Searches converge within a few long steps, of which so few tell nothing about the rest.
    time_left = (
        "" if is_limit and done < TELLING_STEPS else f"  {'at most' if is_limit else 'about'} {about(left)} left"
    )
    return f"step {session.step} of {steps}  loss {row['loss/total']:.3e}{material}{time_left}"


def has_converged(session: Session) -> bool | None:
    """Return whether the search for the unknowns converged within their ranges; None if there is no criterion."""
    return session.converged and not session.model.material.at_edge()


def explain_end(session: Session) -> str:
    """Explain why no further step is needed; first, whatever makes the result invalid."""
    edges = edges_text(session.model.material)
    advice = f"{edges}: widen unknown_range, or check the units" if edges else ""
    return "; ".join(filter(None, (advice, session.reason_to_end or _by_steps(session))))


def with_verdict(session: Session, end: str, fit: Fit) -> str:
    """Join how a run ended with the verdict on its fit; an edge that both mention is named once."""
    edges = edges_text(session.model.material)
    return f"{end}; hence no ±" if edges and edges == fit.reason and edges in end else f"{end}; {fit.outcome}"


def estimate_text(session: Session) -> str:
    """Say how far the wavefield is off the exact one by the estimate, and how that is to the tolerance, which is of the
    displacement; "" where there is no estimate, or none that is finite."""
    tolerance = session.config.tolerance
    errors: list[str] = []
    for name, metric in zip(("displacement", "stress"), ESTIMATED, strict=True):
        if math.isfinite(error := session.metrics.get(metric, math.nan)):
            is_compared = metric == ESTIMATED[0] and tolerance
            errors.append(f"of the {name} {_beside_tolerance(error, tolerance) if is_compared else percent(error)}")
    return f"estimated error {', '.join(errors)}" if errors else ""


def _beside_tolerance(error: float, tolerance: float) -> str:
    """An error, and how it is to a tolerance; with a third digit where two do not tell them apart."""
    digits = 3 if percent(error) == percent(tolerance) else 2
    side = "below" if error < tolerance else "above"
    if percent(error, digits) == percent(tolerance, digits):
        side = "at"
    is_far = not tolerance / FAR <= error <= tolerance * FAR
    return f"{percent(error, digits)} ({'far ' * is_far}{side} the tolerance of {percent(tolerance, digits)})"


def estimate_doubt(session: Session, chosen: Collection[str]) -> str:
    """Explain an estimated error that is worth a warning; "" for a smaller one, and where there is none.

    chosen: fields that were not given: nobody is told to change them.
    """
    error = session.metrics.get(ESTIMATED[0], 0.0)
    if error < MUCH:
        return ""
    give = (
        ": give more waves or neurons (hidden_layers), more points, or steps" if "hidden_layers" not in chosen else ""
    )
    return (
        f"the displacement is {percent(error)} off the exact one, as estimated by finite elements; "
        f"ep.figures.error(run) shows where and when{give}"
    )


def drift_of_energy(session: Session) -> float | None:
    """By how much the energy changes while the problem keeps it; None where it does not, where it failed, and of a
    network that takes no part in its wavefield."""
    if session.config.ridge >= HELD_AT_ZERO:
        return None
    try:
        return energy_drift(session.trained().on_cpu().model, session.problem)
    except Exception as error:
        logger.error("the run could not work out whether its energy stays the same: %s", error)
        return None


def energy_text(drift: float | None) -> str:
    """Explain a drift of the energy that is worth a warning; "" for a smaller one, and where there is none."""
    if drift is None or drift < TELLING:
        return ""
    return (
        f"the energy of the wavefield changes by {percent(drift)} where nothing brings or takes any: by about so much "
        "the wavefield is wrong; ep.figures.energy(run) shows when"
    )


def unseen_text(session: Session, chosen: Collection[str]) -> str:
    """Explain a loss that is far larger at points that were not trained on; "" for a smaller one, and for a search.

    With as many amplitudes as equations a wavefield can be right at each point and wrong between them. Of a search for
    unknowns the verdict on its fit tells. chosen: as of `estimate_doubt`.
    """
    if session.problem.unknowns or session.metrics.get(ESTIMATED[0], math.inf) < MUCH:
        return ""
    losses = session.metrics
    weights = session.loss.weights  # those of the validation, whatever balances the terms
    trained = sum(weight * losses.get(f"loss/{column}", 0.0) for column, weight in weights.items())
    unseen = losses.get("loss/validation", 0.0)
    if unseen < UNSEEN_LEAST * max(weights.values()) or unseen <= UNSEEN_TIMES * trained:
        return ""
    give = (
        "; give more of them (boundary_points, initial_points, interior_points), a larger ridge, or fewer waves or "
        "neurons (hidden_layers)"
    )
    return (
        f"the loss at points that were not trained on is {unseen:.2g}, at those that were {trained:.2g}: the wavefield "
        f"is wrong between its points{give if 'hidden_layers' not in chosen else ''}"
    )


def _by_steps(session: Session) -> str:
    """The reason of an end by the number of steps."""
    steps, done = session.config.steps, session.step
    beyond = f"at step {done} already, beyond the {steps} steps asked for" if done > steps else ""
    if session.converged is False:
        limit = f"{beyond}," if beyond else f"stopped by the limit of {steps} steps"
        return f"{limit} before it converged: {_moved(session, 1)} in the last one; give more steps"
    count = max(1, done // LAST_PART)
    moved = _moved(session, count)
    return f"{beyond or f'all {steps} steps done'}{f'; {moved} in the last {count}' if moved else ''}"


def _moved(session: Session, steps: int) -> str:
    """How far the unknowns moved in the last steps; "" without unknowns."""
    problem, history = session.problem, session.history
    before = problem.constants
    moves: list[str] = []
    for name in problem.unknowns:
        column = history.column(f"material/{name}")
        first = column[-1 - steps] if len(column) > steps else before[name]
        moved = 100 * abs(column[-1] - first) / abs(first or problem.reference.bulk_modulus)  # lambda may start at 0
        moves.append(f"{name} {'' if moves else 'moved '}by {moved:.2g} %")
    return ", ".join(moves)
