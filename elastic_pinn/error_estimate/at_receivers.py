"""The error of a wavefield at some places, at any time: what records of the exact wavefield have beside its own.

Letters: N places, T instants, S slopes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from elastic_pinn.error_estimate.resolution import elements_of, instants_of
from elastic_pinn.error_estimate.solution import ErrorSolution
from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem, ProblemError

Array = np.ndarray[Any, Any]


@torch.no_grad()
def why_no_error(model: Model, problem: Problem, finer: float = 1.0) -> str:
    """Explain why elements cannot solve for the error of a wavefield; "" where they can.

    Parameters
    ----------
    model, problem
        The wavefield, on the CPU, and what it should solve.
    finer
        As of `ErrorAtReceivers`.

    Returns
    -------
    str
        Too many triangles or steps, or a statement that elements cannot take over.
    """
    try:
        ErrorSolution(model, problem, elements_of(problem, finer), instants_of(problem, finer)[:2])
    except (RuntimeError, ValueError) as error:
        return str(error)
    return ""


HELD = 48  # bytes of each number: itself, once more while all are put together, and four coefficients of a spline
MOST_BYTES = 4 * 2**30


class ErrorAtReceivers:
    """The errors of wavefields of one problem at some places, on the same elements and instants.

    Parameters
    ----------
    problem
        What the wavefields should solve.
    places
        (N, 2), m.
    finer, coarser
        By how many times finer elements and time steps are than for an estimate of the error, as far as they may be,
        and by how many times coarser than that, dimensionless.
    resolved
        The same problem in the materials whose waves elements and time steps resolve; None: in its own.
    slopes
        Of "", the errors themselves, "x" and "y", their derivatives by these, those that are wanted, (S,).

    Raises
    ------
    ValueError
        Where elements or time steps would be too coarse.
    """

    def __init__(
        self,
        problem: Problem,
        places: Array,
        finer: float = 1.0,
        coarser: float = 1.0,
        resolved: Problem | None = None,
        slopes: Sequence[str] = ("",),
    ) -> None:
        self._problem = problem
        self._elements = elements_of(resolved or problem, finer, coarser)
        self._times = instants_of(resolved or problem, finer, coarser)
        regions = problem.regions.index(*torch.from_numpy(places).unbind(1)).numpy()
        self._values = self._elements.values_at(places, regions, slopes)
        self._columns = 2 * len(slopes)

    def of(self, model: Model, orders: Sequence[int] = (0,), acting: Problem | None = None) -> Callable[[Array], Array]:
        """Solve for the error of a wavefield.

        Parameters
        ----------
        model
            The wavefield in its present material, on the CPU.
        orders
            Of its derivatives by time.
        acting
            A problem that differs in its sources, of which it should be the wavefield; None: the problem.

        Returns
        -------
        callable
            From dimensionless times, (T,), since the window's first instant to the exact less the computed
            displacement, or its derivatives one after another, dimensionless, (T, N, 2 S orders): of each order all
            slopes.

        Raises
        ------
        ProblemError
            For more places than memory holds.
        """
        from scipy.interpolate import CubicSpline  # slow to import, and rarely needed

        count = self._values.shape[0] * len(self._times)
        if HELD * count > MOST_BYTES:
            raise ProblemError(
                f"elements would hold {HELD * count / 2**30:.0f} GiB of a wavefield at {len(self._times):,} instants: "
                "ask for it at fewer places, or for a shorter time"
            )

        solution = ErrorSolution(model, acting or self._problem, self._elements, self._times)
        errors = np.stack([self._values @ e for e in solution.instants()]).reshape(len(self._times), -1, self._columns)
        if self._problem.domain.is_static:
            return lambda times: np.repeat(errors, len(times), axis=0)  # whose derivatives nobody records
        since = (self._times - self._times[0]) / self._problem.scales.time
        spline = CubicSpline(since, errors)
        return lambda times: np.concatenate([spline(times, order) for order in orders], axis=-1)
