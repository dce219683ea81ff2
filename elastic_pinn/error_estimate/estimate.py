"""The error of a wavefield without an exact one.

For the exact displacement u + e, the error e satisfies the same linear equations as u, with the misfits of u on their
right sides: L e = target - L u in the solid, on the sides, at interfaces and at the start. Finite elements that are
right to a few percent solve that for e to a few percent, however small e is (deferred correction: Stetter, The defect
correction principle and discretization methods, Numer. Math. 29, 1978). They know nothing of the network.

Letters: P nodes, T instants, D degrees of freedom, Q points of quadrature.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from elastic_pinn.error_estimate.misfits import derivatives
from elastic_pinn.error_estimate.resolution import elements_of, instants_of, why_unresolved
from elastic_pinn.error_estimate.solution import ErrorSolution
from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.physics.elasticity import STRAIN, stress
from elastic_pinn.physics.media.moduli import Moduli

Array = np.ndarray[Any, Any]

INSTANTS = 25  # at most, at which the error is kept
SHEAR_TWICE = np.array([1.0, 1.0, 2.0])[:, None]  # in sigma : sigma
LEAST_GROWTH = 1e-4  # of a norm's square from one instant to the next, as a logarithm


class ErrorEstimateError(ElasticPinnError, ValueError):
    """No error can be estimated; the text says why."""


@dataclass(frozen=True)
class ErrorEstimate:
    """The estimated error of a wavefield, as `Run.estimate_error` gives it.

    Parameters
    ----------
    displacement
        The relative L2 error of the displacement over the domain and all of the time, dimensionless.
    stress
        That of the stress, dimensionless.
    times
        Instants, denser towards the first and the last, where errors change the fastest, (T,), s.
    over_time
        The L2 norm of the displacement's error at each instant, relative to the largest of the displacement, (T,),
        dimensionless.
    places
        Nodes, (P, 2), m.
    triangles
        Numbers of their nodes, for drawing, (N, 3), dimensionless.
    error
        The displacement's error, exact less computed, (T, P, 2), m.
    size
        The root mean square displacement, m.
    """

    displacement: float
    stress: float
    times: Array
    over_time: Array
    places: Array
    triangles: Array
    error: Array
    size: float


def why_no_estimate(problem: Problem) -> str:
    """Explain why the error of a problem's wavefield cannot be estimated; "" where it can be."""
    if problem.unknowns:
        return f"{', '.join(problem.unknowns)} unknown: ep.WavefieldUncertainty tells how far the wavefield is known"
    return why_undetermined(problem) or why_unresolved(problem)


def why_undetermined(problem: Problem) -> str:
    """Explain why sides and start do not determine the wavefield of a known material; "" where they do."""
    if problem.open_sides:
        return f"no condition holds on {', '.join(problem.open_sides)}"
    if problem.initial is None and not problem.domain.is_static:
        return "no start is given"
    return ""


def estimate_error(model: Model, problem: Problem) -> ErrorEstimate:
    """Estimate the error of a wavefield.

    Parameters
    ----------
    model
        The wavefield, on the CPU.
    problem
        What it should solve.

    Returns
    -------
    ErrorEstimate
        The error.

    Raises
    ------
    ErrorEstimateError
        Where the problem does not determine a wavefield by itself, and for a statement that elements cannot take over.
    """
    if reason := why_no_estimate(problem):
        raise ErrorEstimateError(f"no error can be estimated: {reason}")
    try:
        solution = _MeasuredSolution(model, problem, elements_of(problem), instants_of(problem))
    except (RuntimeError, ValueError) as error:
        raise ErrorEstimateError(f"no error can be estimated: {error}") from error
    return solution.estimate()


class _MeasuredSolution(ErrorSolution):
    """The error on elements, and the wavefield there."""

    def estimate(self) -> ErrorEstimate:
        """Solve for the error and measure it."""
        kept = _denser_towards_ends(len(self.times))
        wanted = set(kept.tolist())
        error = np.stack([e for i, e in enumerate(self.instants()) if i in wanted])  # (T, D)
        index = torch.from_numpy(self.elements.regions_of_nodes)
        exact = error.copy()
        exact[:, self.elements.nodes] += derivatives(self.model, self.xy, self.times[kept], index, ())[""]
        sizes, of_exact = self._norms(error), self._norms(exact)  # (T,)
        scale, area = self.problem.scales.displacement, float(self.elements.quadrature[1].sum())
        times = self.times[kept]
        whole = mean_over_time(of_exact, times)
        return ErrorEstimate(
            displacement=_ratio(mean_over_time(sizes, times), whole),
            stress=self._of_stress(error, times),
            times=times,
            over_time=sizes / (of_exact.max() or 1.0),
            places=self.xy.numpy(),
            triangles=self.elements.triangles,
            error=scale * error[:, self.elements.nodes],
            size=scale * whole / math.sqrt(area),
        )

    def _norms(self, u: Array) -> Array:
        """The L2 norms over the domain of displacements (T, D), (T,)."""
        return np.sqrt(np.einsum("td,td->t", u, u @ self.mass))

    def _of_stress(self, error: Array, times: Array) -> float:
        """The relative error of the stress at instants (T,), of the displacement's error there, (T, D)."""
        places, areas = self.elements.centres  # (2, N), (N,)
        moduli = {name: each[:, 0] for name, each in self.moduli(places[:, :, None]).items()}  # each (N,)
        index = torch.from_numpy(self.elements.mesh.regions)
        u = derivatives(self.model, torch.from_numpy(self.elements.si(places.T)), times, index, STRAIN)
        norms = []
        for i, e in enumerate(error):
            gradient = self.elements.gradients(e)  # (2, 2, N): of component i by axis j
            off = _stress(gradient, moduli)
            exact = _stress(gradient + np.stack([u["x"][i].T, u["y"][i].T], axis=1), moduli)
            norms.append([np.sqrt((areas * (each * each * SHEAR_TWICE).sum(0)).sum()) for each in (off, exact)])
        of_error, of_exact = np.array(norms).T
        return _ratio(mean_over_time(of_error, times), mean_over_time(of_exact, times))


def _stress(gradient: Array, moduli: Mapping[str, Array]) -> Array:
    """Stress xx, yy, xy, (3, N), of a gradient (2, 2, N)."""
    by_x, by_y = torch.from_numpy(gradient).permute(1, 2, 0)  # each (N, 2)
    constants = (torch.from_numpy(moduli[name]) for name in ("lame_lambda", "lame_mu"))
    return stress({"x": by_x, "y": by_y}, Moduli(*constants)).numpy().T


def _denser_towards_ends(steps: int) -> Array:
    """Numbers of some of so many instants, (T,): wavefields are often far the worst at the first or the last ones."""
    angles = np.linspace(0.0, math.pi, INSTANTS)
    return np.unique(((steps - 1) * (1.0 - np.cos(angles)) / 2.0).round().astype(np.int64))


def mean_over_time(norms: Array, times: Array) -> float:
    """The root mean square over time of norms (T,) at instants (T,), between which they grow or fall exponentially:
    those of errors may do so a hundredfold towards the last instant."""
    if len(times) == 1:
        return float(norms[0])
    low, high = np.sort(np.stack([norms[:-1], norms[1:]]) ** 2, axis=0)  # each (T - 1,)
    with np.errstate(all="ignore"):
        growth = np.log(high / low)  # not finite from zero
    grows = np.isfinite(growth) & (growth > LEAST_GROWTH)  # below, the quotient would be rounding
    means = (low + high) / 2.0
    means[grows] = (high - low)[grows] / growth[grows]
    return math.sqrt(means @ np.diff(times) / (times[-1] - times[0]))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else (math.inf if part else 0.0)
