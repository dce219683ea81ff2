"""Rows of equal norm: the equations at a point count as much as those at any other of their term, however large their
coefficients are there.

Of least squares for the last layer, whose columns alone the ridge scales. Chen, Chi, E and Yang (2022), "Bridging
traditional and machine learning-based algorithms for solving PDEs: the random feature method", J. Mach. Learn. 1, 268,
divide each row by its largest coefficient, here by the root mean square of all those at its point.
"""

from __future__ import annotations

import torch
from torch import Tensor

from elastic_pinn.networks import Model
from elastic_pinn.networks.equations import Equations
from elastic_pinn.training.balancing.points import Points, Weights
from elastic_pinn.training.losses import POINTS_AT_ONCE

LEAST = 1e-10  # of the largest square of a norm: what hardly depends on the last layer is not enlarged further


@torch.no_grad()
def row_norm(points: Points) -> Weights:
    """Return the reciprocal squares of the norms of rows by the parameters of the last layer, times their mean."""
    model, found = points.model, {}
    for statement in points.statements:
        squares = _squares_of_rows(model, model.equations(statement, model.material(), points.batches[statement.name]))
        largest = squares.max()
        is_zero = not largest > 0.0  # as of waves, which satisfy the equation whatever their amplitudes are
        scaled = squares.mean() / squares.clamp(min=LEAST * largest)
        found[statement.name] = torch.ones_like(squares) if is_zero else scaled
    return found


def _squares_of_rows(model: Model, equations: Equations) -> Tensor:
    """The squared norms of the rows of each point together, (N,)."""
    count = equations.target.shape[1]
    parts = [
        model.jacobian(part, model.last_layer).square().sum(1).view(-1, count).sum(1)  # (n E, P) -> (n,)
        for part in equations.split(POINTS_AT_ONCE)
    ]
    return torch.cat(parts)
