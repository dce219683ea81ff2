"""A wavefield's energy over time."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np

from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.training.assessment.energy import EnergyBalance, energy_balance
from elastic_pinn.workbench.figures.picture import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    Picture,
    light_grid,
)
from elastic_pinn.workbench.figures.sources import Source, checkpoint_of
from elastic_pinn.workbench.figures.units import unit_for

FAINT = 1e-3  # of the largest energy: what stays below is not drawn


def energy(source: Source, problem: Problem | ProblemMaker | None = None) -> Picture:
    """Draw kinetic and strain energy over time, and what came in and went out.

    The energy expected is that of the first instant, with what came in through the sides and from the body force since,
    less what damping took: between fixed and free sides, all of the first. How far the two are apart says how well the
    wavefield keeps the equation of motion, without an exact solution. All is per metre of thickness.

    Parameters
    ----------
    source
        A run (its newest checkpoint), a checkpoint, or a path of either.
    problem
        The user's problem, or the function that makes it; required if the run has one.

    Returns
    -------
    Picture
        The figure.

    Raises
    ------
    ValueError
        For a static problem.
    """
    checkpoint = checkpoint_of(source)
    balance = energy_balance(checkpoint.model(), checkpoint.problem(problem))
    largest = float(np.abs(balance.total).max())
    unit, time = unit_for(largest, "J"), unit_for(float(balance.times[-1]), "s")
    figure = Picture(3.8)
    axes = figure.subplots()
    curves: list[tuple[str, np.ndarray, dict[str, Any]]] = [
        ("kinetic", balance.kinetic, {"color": BLUE}),
        ("strain", balance.strain, {"color": ORANGE}),
        ("both", balance.total, {"color": BLACK}),
        ("expected", balance.expected, {"color": BLACK, "linestyle": (0, (2, 3)), "linewidth": 2.5}),
    ]
    colors = cycle((VERMILLION, GREEN, PURPLE, SKY))
    for name, values in _exchanged(balance).items():
        curves.append((name, values, {"linestyle": "-.", "color": next(colors)}))
    for name, values, style in curves:
        axes.plot(balance.times / time.size, values / unit.size, label=name, **style)
    axes.set_xlabel(f"t ({time.name})")
    axes.set_ylabel(f"energy ({unit.name}/m)")
    axes.set_title(f"out of balance by up to {100.0 * balance.imbalance:.2g} % of the largest energy", fontsize=10)
    light_grid(axes)
    figure.legend(loc="outside right upper", fontsize=9, frameon=False)
    return figure


def _exchanged(balance: EnergyBalance) -> dict[str, np.ndarray]:
    """What came in through each side of the outline, all holes and from the force, and what damping took, where it is
    enough to be seen."""
    flows: dict[str, np.ndarray] = {}
    for side, values in balance.through_sides.items():
        name = "through the holes" if side.startswith("hole ") else f"through {side}"
        flows[name] = flows.get(name, 0.0) + values
    flows |= {"by the force": balance.by_force, "by damping": -balance.damped}
    least = FAINT * float(np.abs(balance.total).max())
    return {name: values for name, values in flows.items() if np.abs(values).max() > least}
