"""Whether the sides are, at the first instant, where the start puts them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from torch import Tensor

from elastic_pinn.physics.conditions.side import SideCondition
from elastic_pinn.physics.elasticity import Normal
from elastic_pinn.physics.fields import evaluate
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.points import probe_points
from elastic_pinn.physics.quantity import DISPLACEMENT

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem
    from elastic_pinn.physics.statement import Statement

POINTS = 500  # of each side
TELLING = 1e-2  # of the problem's displacement: less may be the tail of a pulse


class Jump(NamedTuple):
    """A condition on the displacement that the start does not meet: by how much, m, and x and y, m, of the worst
    place."""

    condition: SideCondition
    size: float
    x: float
    y: float


def jumps(problem: Problem) -> Iterator[Jump]:
    """Find the conditions whose displacement at the first instant is not that of the start, one jump each.

    Parameters
    ----------
    problem
        The problem; nothing is found in one without a start.

    Yields
    ------
    Jump
        A condition, the largest difference on it, and where that is.
    """
    for number, condition in enumerate(problem.boundary if problem.initial else ()):
        of_displacement = [s for s in condition.statements(number, problem.domain) if s.quantity is DISPLACEMENT]
        for statement in of_displacement:
            points, misfit = _misfits(problem, statement)
            size, worst = misfit.max(0)
            if size > TELLING * problem.scales.displacement:
                x, y, _ = points[worst].tolist()
                yield Jump(condition, float(size), x, y)


def _misfits(problem: Problem, statement: Statement) -> tuple[Tensor, Tensor]:
    """Points of a statement's sides at the first instant, (n, 3), and how far the start is from its target, (n,) m."""
    assert problem.initial and statement.place, "there is a start, and the statement is on sides"
    points, normals = statement.place.at(probe_points(statement.place.dimensions, POINTS))
    points[:, 2] = problem.domain.t[0]
    left = statement.operator({"": evaluate(problem.initial.displacement, points)}, Moduli(), Normal.of(normals))
    if statement.place.image:
        far, other = statement.place.image(points, normals)
        there = statement.operator({"": evaluate(problem.initial.displacement, far)}, Moduli(), Normal.of(other))
        left = left + statement.image_sign * there
    return points, (left - evaluate(statement.target, points)[:, list(statement.of_target)]).norm(dim=1)
