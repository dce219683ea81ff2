"""A wavefield's energy over time."""

from __future__ import annotations

from itertools import product
from textwrap import wrap
from typing import Any

import numpy as np

from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.physics.setups import ProblemMaker
from elastic_pinn.readable import percent, readable
from elastic_pinn.training.assessment.conservation import conserved_from, energy_drift
from elastic_pinn.training.assessment.energy import EnergyBalance, energy_balance
from elastic_pinn.workbench.figures.drawn_from import FigureError, Source, checkpoint_of, first_shot_text, network_of
from elastic_pinn.workbench.figures.style.colors import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION
from elastic_pinn.workbench.figures.style.picture import Picture, light_grid
from elastic_pinn.workbench.figures.style.units import unit_for

TITLE = 90  # characters of a line
FAINT = 1e-3  # of the largest energy: what stays below is not drawn


def energy(source: Source, problem: Problem | ProblemMaker | None = None) -> Picture:
    """Draw kinetic and strain energy over time, and what came in and went out; of several shots, of the first.

    The energy expected is that of the first instant, with what came in since from the body force and, while loads act
    or where the side is open, through the sides, less what damping took; what passes free or fixed sides, by an error
    of the wavefield, is drawn and not expected. How far the two are apart says how well the wavefield keeps the
    equation of motion and its conditions, without an exact solution. Where nothing brings or takes energy once the last
    source has ended, the title also says by how much it changes from then on, as the run does at its end (its summary's
    `energy_drift`), and elsewhere why it need not stay. All is per metre of thickness.

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
    FigureError
        For a source whose wavelet was unknown, and for a network that takes no part in the wavefield.
    """
    checkpoint = checkpoint_of(source)
    if checkpoint.wavelet is not None:
        raise FigureError("the wavelet of the source was unknown: what energy is to be expected of it is not known")
    model, problem = network_of(checkpoint), checkpoint.problem(problem)
    balance = energy_balance(model, problem)
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
    styles = product(("-.", (0, (1.0, 1.0)), "--"), (VERMILLION, GREEN, PURPLE, SKY))
    for (name, values), (line, color) in zip(_exchanged(balance).items(), styles, strict=False):
        curves.append((name, values, {"linestyle": line, "color": color}))
    for name, values, style in curves:
        axes.plot(balance.times / time.size, values / unit.size, label=name, **style)
    axes.set_xlabel(f"t ({time.name})")
    axes.set_ylabel(f"energy ({unit.name}/m)")
    start, _ = conserved_from(problem)
    if start is not None and start > problem.domain.t[0]:
        axes.axvline(start / time.size, color=BLACK, linewidth=0.8, linestyle=":")
    if first := first_shot_text(problem):
        figure.suptitle(first.rstrip(": "), fontsize=10)
    axes.set_title("\n".join(_title(model, problem, balance)), fontsize=10)
    light_grid(axes)
    figure.legend(loc="outside right upper", fontsize=9, frameon=False)
    return figure


def _title(model: Model, problem: Problem, balance: EnergyBalance) -> list[str]:
    """How far the energy is from what is expected, and by how much it changes where it has to stay, in lines."""
    away = f"up to {percent(balance.imbalance)} of the largest energy away from what is expected"
    start, why = conserved_from(problem)
    if start is None:
        return [away, *wrap(f"it need not stay: {why}", TITLE)]
    drift = energy_drift(model, problem)
    if drift is None:  # there is no energy
        return [away]
    if start > problem.domain.t[0]:
        since = f"after the last source's end at {readable(start, 's')}, where it has to stay"
        return [away, f"changes by up to {percent(drift)} {since}"]
    return [f"changes by up to {percent(drift)} of the largest energy, where it has to stay"]


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
