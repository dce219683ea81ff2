"""What a static problem may not have: anything that depends on time.

The equation of motion of a wavefield that does not depend on time is the equation of equilibrium: statics needs no law
of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.fields import evaluate, name_of
from elastic_pinn.physics.points import probe_points
from elastic_pinn.physics.probing import FEW, SAME, probes

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem

STATIC = "the domain has no t, so that the problem is static"


def require_timeless(problem: Problem) -> None:
    """Raise ProblemError where a static problem has a start, a rate, damping, an unknown rho, or a field of time."""
    if problem.initial:
        raise ProblemError(f"initial = {problem.initial}: {STATIC}, and has no start; give Domain(..., t=...)")
    for statement in problem.statements[1:]:  # of the law, rates vanish
        if any("t" in name for name in statement.derivatives):
            raise ProblemError(f"{statement.name} ({statement.label}) needs a velocity: {STATIC}")
    if damping := max(material.damping for material in problem.materials):
        raise ProblemError(f"damping = {damping:g} 1/s: {STATIC}, and damping has no effect")
    if any("rho" in material.unknowns for material in problem.materials):
        raise ProblemError(f"unknowns = {problem.unknowns}: {STATIC}, and rho has no effect")
    for probe in (each for each in probes(problem) if each.field):
        points, _ = probe.place.at(probe_points(probe.place.dimensions, FEW))
        now = evaluate(probe.field, points)  # (FEW, 2)
        for instant in (1.0, problem.scales.time):
            later = points.clone()
            later[:, 2] = instant
            if ((evaluate(probe.field, later) - now).abs() > SAME * now.abs().max()).any():
                raise ProblemError(
                    f"{probe.name}: {name_of(probe.field)} depends on t, and {STATIC}: give Domain(..., t=...)"
                )
