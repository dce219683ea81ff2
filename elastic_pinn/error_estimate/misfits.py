"""By how much a wavefield misses what is asked of it, at places over time.

Letters: n places, T instants, E equations a place, M points of an equation, R regions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batch
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.statement_equations import equations_of
from elastic_pinn.physics import Problem
from elastic_pinn.physics.statement import Statement

Array = np.ndarray[Any, Any]
POINTS_AT_ONCE = 1 << 16


def equations_at(model: Model, problem: Problem, statement: Statement, xy: Tensor, normals: Tensor) -> Equations:
    """Return the left sides of a statement at places (n, 2), m, with unit normals, against zero."""
    one = torch.ones(len(xy), len(statement.of_target), dtype=torch.float64)
    batch = Batch.of(statement, problem, at_instant(xy, problem.domain.t[0]), normals, one)
    asked = equations_of(statement, model.material(), batch.to(torch.device("cpu"), model.dtype))
    unit = asked.target[:, :1].repeat(asked.tied, 1)  # (M n, 1), by which equations of several materials are divided
    return replace(asked, coefficients=asked.coefficients / unit, target=torch.zeros_like(asked.target))


def misfits(model: Model, problem: Problem, statement: Statement, xy: Tensor, normals: Tensor, times: Array) -> Array:
    """Compute right side less left side of a statement's equations.

    Parameters
    ----------
    model, problem
        The wavefield, on the CPU, and what is asked of it.
    statement
        One of the problem's, on places.
    xy, normals
        Places, (n, 2) in m, and unit normals, (n, 2), or (0, 2).
    times
        (T,), s.

    Returns
    -------
    ndarray
        (T, n, E), dimensionless.
    """
    asked = equations_at(model, problem, statement, xy, normals)
    found = np.empty((len(times), *asked.target.shape))
    at_once = max(1, POINTS_AT_ONCE // len(asked.points))
    for first in range(0, len(times), at_once):
        chunk = times[first : first + at_once]
        jets = model.jets_over_time(asked.points[:, :2], _dimensionless(chunk, model), asked.names)  # (J, T, M n, 2 R)
        for i, t in enumerate(chunk):
            right = statement.right_side(at_instant(xy, t), problem.scales)  # (n, E)
            found[first + i] = (right - asked.misfit(jets[:, i]).double()).numpy()
    return found


def derivatives(model: Model, xy: Tensor, times: Array, index: Tensor, wanted: Iterable[str]) -> dict[str, Array]:
    """Compute the displacement and some of its derivatives where the region is known.

    Parameters
    ----------
    model
        The wavefield, on the CPU.
    xy, index
        Places, (n, 2) in m, and the region of each, (n,).
    times
        (T,), s.
    wanted
        Names of derivatives, as "x".

    Returns
    -------
    dict
        By the name, "" that of the displacement itself: (T, n, 2), dimensionless.
    """
    at = model.scales.dimensionless(at_instant(xy, times[0]))[:, :2].to(model.dtype)
    found = model.derivatives_over_time(at, _dimensionless(times, model), wanted, index)  # each (T, n, 2)
    return {name: each.double().numpy() for name, each in found.items()}


def at_instant(xy: Tensor, t: float) -> Tensor:
    """Points (n, 3) in m, m, s."""
    return torch.cat([xy, torch.full_like(xy[:, :1], float(t))], dim=1)


def _dimensionless(times: Array, model: Model) -> Tensor:
    return ((torch.from_numpy(times) - model.scales.origin[2]) / model.scales.time).to(model.dtype)
