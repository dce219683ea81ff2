"""Rows of unit norm: each equation counts as much as any other of its term, however large its coefficients are.

Of least squares for the last layer, whose columns alone the ridge scales: van der Sluis, Numer. Math. 14, 1969, for
columns; of collocation Chen, Chi, E and Yang (2022), "Bridging traditional and machine learning-based algorithms for
solving PDEs: the random feature method", J. Mach. Learn. 1, who divide by the largest coefficient.
"""

from __future__ import annotations

import torch
from torch import Tensor

from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.statement_equations import equations_of
from elastic_pinn.training.balancing.points import Points, Weights, to_mean_of_one
from elastic_pinn.training.losses import POINTS_AT_ONCE

LEAST = 1e-10  # of the largest square of a norm: what hardly depends on the last layer is not enlarged further


@torch.no_grad()
def row_norm(points: Points) -> Weights:
    """Return the reciprocal squares of the rows' norms, by the parameters of the last layer."""
    moduli, found = points.model.material(), {}
    for statement in points.statements:
        squares = _squares_of_rows(points, equations_of(statement, moduli, points.batches[statement.name]))
        largest = squares.max()
        found[statement.name] = to_mean_of_one(1.0 / squares.clamp(min=LEAST * largest)) if largest > 0.0 else squares
    return {name: torch.where(each > 0.0, each, 1.0) for name, each in found.items()}


def _squares_of_rows(points: Points, equations: Equations) -> Tensor:
    """The squared norms of the rows of each point together, (N,)."""
    model, count = points.model, equations.target.shape[1]
    parts = [
        model.jacobian(part, model.last_layer).square().sum(1).view(-1, count).sum(1)  # (n E, P) -> (n,)
        for part in equations.split(POINTS_AT_ONCE)
    ]
    return torch.cat(parts)
