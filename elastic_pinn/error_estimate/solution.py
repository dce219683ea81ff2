"""The error of a wavefield as the solution of the equations that its misfits are the right sides of.

Letters: P nodes, T instants, D degrees of freedom, Q points of quadrature.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from elastic_pinn.error_estimate.misfits import derivatives, misfits
from elastic_pinn.error_estimate.side_terms import SideTerms
from elastic_pinn.networks import Model
from elastic_pinn.physics import Problem
from elastic_pinn.physics.finite_elements import Elements, at_rest, motion
from elastic_pinn.physics.statement import Statement

Array = np.ndarray[Any, Any]

PROBES = 64  # nodes at which the equation of motion is looked at first
EXACT = 1e-9  # of its terms: a smaller misfit of the equation of motion is rounding
NEGLIGIBLE = 0.01  # of the largest misfit of a side: what less would do in the window, acting all the time


@dataclass
class ErrorSolution:
    """The error of a wavefield on elements: exact less computed, dimensionless.

    Attributes
    ----------
    model, problem
        The wavefield, on the CPU, and what it should solve.
    elements, times
        Where and at which instants, (T,) in s, it is solved for.

    Raises
    ------
    ValueError
        For a statement that elements cannot take over.
    """

    model: Model
    problem: Problem
    elements: Elements
    times: Array

    def __post_init__(self) -> None:
        self.sides = SideTerms(self.model, self.problem, self.elements, self.times)
        self.xy = torch.from_numpy(self.elements.si(self.elements.places_within))  # (P, 2)
        self.mass = self.elements.mass()

    def instants(self) -> Iterator[Array]:
        """Solve for the error at each instant, (D,)."""
        moduli = self.moduli(self.elements.quadrature[0])
        stiffness = self.elements.stiffness(moduli["lame_lambda"], moduli["lame_mu"]) + self.sides.stiffness
        loads, constraints, prescribed = self.sides.loads, self.sides.constraints, self.sides.prescribed
        if self._has_body_misfit():
            loads = loads + self._of_nodes(self._law, self.times) @ self.mass  # which is symmetric
        if self.problem.domain.is_static:
            yield at_rest(stiffness, constraints, loads[0], prescribed[0])
            return
        damping = self.elements.mass(moduli["drag"]) + self.sides.damping
        matrices = self.elements.mass(moduli["density"]), damping, stiffness
        dt = (self.times[1] - self.times[0]) / self.problem.scales.time
        start = np.zeros((2, self.elements.count))
        for statement in self.problem.statements:
            if statement.place and statement.place.kind == "initial":
                start[int("t" in statement.derivatives)] = self._of_nodes(statement, self.times[:1])[0]
        yield from motion(matrices, constraints, dt, loads, prescribed, start)

    @property
    def _law(self) -> Statement:
        return self.problem.statements[0]

    def _of_nodes(self, statement: Statement, times: Array) -> Array:
        """The misfits of a statement of two equations at all nodes, (T, D)."""
        found = np.zeros((len(times), self.elements.count))
        found[:, self.elements.nodes] = misfits(self.model, self.problem, statement, self.xy, self.xy[:0], times)
        return found

    def _has_body_misfit(self) -> bool:
        """Whether the equation of motion is missed by more than rounding: sums of waves satisfy it everywhere.

        A force may act between the instants that are looked at: it counts always, unless its free field is added.
        The rounding of large amplitudes that cancel is told by what it would do beside the misfits of the sides.
        """
        if self.problem.force is not None and not self.model.has_free_field:
            return True
        some = self.xy[:: max(1, len(self.xy) // PROBES)]
        times = self.times[:: max(1, len(self.times) // 8)]
        missed = float(np.abs(misfits(self.model, self.problem, self._law, some, some[:0], times)).max())
        index = self.problem.regions.index(*some.unbind(1))
        terms = derivatives(self.model, some, times, index, ("tt", "xx", "yy"))
        window = max(1.0, (self.times[-1] - self.times[0]) / self.problem.scales.time)
        least = EXACT * max(float(np.abs(each).max()) for each in terms.values())
        return missed > max(least, NEGLIGIBLE * self.sides.largest / window**2)

    def moduli(self, places: Array) -> dict[str, Array]:
        """lambda, mu, rho and drag at places (2, N, Q) in the triangles, each (N, Q)."""
        xy = torch.from_numpy(self.elements.si(np.moveaxis(places, 0, -1)).reshape(-1, 2))
        found = {}
        for name in ("lame_lambda", "lame_mu", "density", "drag"):
            by_region = [
                np.broadcast_to(getattr(self.sides.moduli(region, xy), name), len(xy)).reshape(places.shape[1:])
                for region in range(self.problem.regions.count)
            ]
            found[name] = np.choose(self.elements.mesh.regions[:, None], by_region)
        return found
