"""Whether a wavefield keeps its energy where, by the problem's statement, nothing brings or takes any.

Between fixed, free, symmetric and periodic sides the energy of an undamped solid stays what it is once all sources have
ended. A network that has not learned the equation of motion loses or gains some, whatever its losses are.
"""

from __future__ import annotations

import math

import numpy as np

from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.physics.conditions.side import SideCondition
from elastic_pinn.physics.sources import end_of
from elastic_pinn.readable import readable
from elastic_pinn.training.assessment.energy import total_energy

INSTANTS = 13
LEAST_LEFT = 0.1  # of the window, after the last source
NODES = (32, 64)  # along each axis; a drift by the first that is not by the second is the integral's
TELLING = 0.05  # a drift that is worth a warning


def conserved_from(problem: Problem) -> tuple[float | None, str]:
    """Return from when on a problem's energy stays the same, s.

    Parameters
    ----------
    problem
        Any problem.

    Returns
    -------
    float or None
        The window's first instant, or the end of the last source; None where the energy need not stay at any time.
    str
        Why it need not; "" where it has to stay.
    """
    if problem.domain.is_static:
        return None, "nothing moves"
    if problem.open_sides:
        return None, f"no condition holds on {', '.join(problem.open_sides)}"
    if any(material.damping for material in problem.materials):
        return None, "damping takes energy"
    first, last = problem.domain.t
    until, what = max(
        (end_of(problem.force), "the body force acts"),
        *((condition.works_until, _passage(problem, condition)) for condition in problem.boundary),
    )
    start = max(first, until)
    if last - start >= LEAST_LEFT * (last - first):
        return start, ""
    if math.isinf(until):
        return None, f"{what} at any time"
    return None, f"{what} until {readable(until, 's')}, and the window ends at {readable(last, 's')}"


def _passage(problem: Problem, condition: SideCondition) -> str:
    """What of a condition lets energy through, and where."""
    sides = dict.fromkeys(part.side for part in problem.domain.shape.parts_of(condition.sides))
    return f"{condition.labels[condition.value is None]} on {', '.join(sides)} lets energy through"


def energy_drift(model: Model, problem: Problem) -> float | None:
    """Compute by how much a wavefield's energy changes while it should not.

    Parameters
    ----------
    model
        The network and its material, on the CPU.
    problem
        What it was trained on.

    Returns
    -------
    float or None
        The largest difference from the energy at the beginning of that time, relative to the largest energy; None where
        the problem's energy may change, and where there is none.
    """
    start, _ = conserved_from(problem)
    if start is None:
        return None
    times = np.linspace(start, problem.domain.t[1], INSTANTS)
    for nodes in NODES:
        energies = total_energy(model, problem, times, nodes)  # (T,)
        largest = float(energies.max())
        drift = float(np.abs(energies - energies[0]).max()) / largest if largest else None
        if drift is None or drift < TELLING:
            break
    return drift
