"""What a static problem may not have, anything that depends on time, and what it must have, something that holds it.

The equation of motion of a wavefield that does not depend on time is the equation of equilibrium: statics needs no law
of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from elastic_pinn.physics.elasticity import Normal
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.fields import evaluate, name_of
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.points import probe_points
from elastic_pinn.physics.probes import FEW, SAME, probes

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem
    from elastic_pinn.physics.statement import Statement

HELD = 1e-6  # of what is held best
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


def require_held(problem: Problem) -> None:
    """Raise ProblemError where all that is asked of a plate at rest still holds as it is moved or turned as a whole.

    Then no displacement is the only one, and there is none at all unless the loads balance.
    """
    asked = [each for each in problem.statements[1:] if each.regions is None]  # contacts hold no plate as a whole
    sides = [_of_rigid_motions(problem, each) for each in asked]  # each (N E, 3)
    _, sizes, motions = torch.linalg.svd(torch.cat([torch.zeros(3, 3, dtype=torch.float64), *sides]))
    free = [motion for size, motion in zip(sizes, motions, strict=True) if size <= HELD * max(1.0, float(sizes[0]))]
    ways = dict.fromkeys(("slide along x", "slide along y", "turn")[int(motion.abs().argmax())] for motion in free)
    if ways:
        raise ProblemError(
            f"nothing keeps the plate from moving as a whole: it may {' and '.join(ways)}, so that no displacement is "
            "the only one. Prescribe the displacement of one side, or one component on each of several"
        )


def _of_rigid_motions(problem: Problem, statement: Statement) -> Tensor:
    """The left side of a statement for a unit shift along x and y and for a turn, (N E, 3)."""
    if statement.samples:
        return _at(problem, statement, statement.samples.points, statement.samples.points.new_zeros(0, 2))
    assert statement.place
    points, normals = statement.place.at(probe_points(statement.place.dimensions, FEW))
    found = _at(problem, statement, points, normals)
    if statement.place.image:
        found = found + statement.image_sign * _at(problem, statement, *statement.place.image(points, normals))
    return found


def _at(problem: Problem, statement: Statement, points: Tensor, normals: Tensor) -> Tensor:
    """The same at points (N, 3) with normals."""
    (x, y, _), length = problem.scales.origin, problem.scales.length
    none, one = points.new_zeros(len(points)), points.new_ones(len(points))
    motions = [
        {"": torch.stack([one, none], dim=1)},
        {"": torch.stack([none, one], dim=1)},
        {
            "": torch.stack([y - points[:, 1], points[:, 0] - x], dim=1) / length,
            "x": torch.stack([none, one], dim=1) / length,
            "y": torch.stack([-one, none], dim=1) / length,
        },
    ]
    still = torch.stack([none, none], dim=1)
    moduli, normal = Moduli(lame_lambda=1.0, lame_mu=1.0), Normal.of(normals) if len(normals) else Normal()
    sides = [
        statement.operator({name: u.get(name, still) for name in ("", *statement.derivatives)}, moduli, normal)
        for u in motions
    ]
    return torch.stack([side.reshape(-1) for side in sides], dim=1)
