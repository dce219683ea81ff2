"""Variable projection: only the material's unknowns are searched, the last layer is eliminated.

For each material the last layer is solved for, which leaves misfits that depend on the material only; Gauss-Newton
minimises their squares. The joint problem would converge slowly: it is so stiff in the last layer that no straight step
can be long.

Sources: Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973; Kaufman, BIT 15, 1975, whose approximation of the misfits'
derivative is used: the material's effect on them, less its projection on the last layer.

Letters: M misfits, P parameters of the last layer, U unknowns.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from elastic_pinn.training.optimizers.base import BaseOptimizer
from elastic_pinn.training.optimizers.flat import gather, put
from elastic_pinn.training.optimizers.gauss_newton import gauss_newton, shortened
from elastic_pinn.training.optimizers.least_squares import RidgeQR
from elastic_pinn.training.step_objective import ROUNDING, StepObjective

HALVINGS = 8
WHEN_NEAR = 2  # the same of a step that is NEAR: a shorter one is not worth its factorisation
SMALL = 0.01  # of the unknowns' standard deviations: a step without significance
NEAR = 0.1  # of these: so little may be left where no step lowers the loss, as sizes of columns move with the material


class Step(NamedTuple):
    """A step of the unknowns (U,), its predicted decrease of the loss, the decrease of a step of SMALL standard
    deviations, and the information (U, U)."""

    by: Tensor
    fall: Tensor
    small: Tensor
    information: Tensor


class VariableProjection(BaseOptimizer):
    """One step solves for the last layer and then makes a step of the material that decreases the loss, if any does.

    It minimises the misfits and the ridge's part over the material, whatever the last layer was before, and has
    converged if the full step of Gauss-Newton is small relative to the unknowns' standard deviations, as if all misfits
    were noise, or if only rounding is left. At a bound of its range, an unknown is fixed while the gradient points
    outwards. The first step starts from the result of the coarse search, if it is better than the present unknowns.

    Its state holds "information", (U, U): the inverse of the covariance that the unknowns' parameters would have if
    all weighted misfits were independent with variance 1.
    """

    def __init__(self, last_layer: list[nn.Parameter], unknowns: list[nn.Parameter], ridge: float) -> None:
        super().__init__([{"params": last_layer}, {"params": unknowns}], {"ridge": ridge})
        self._layer, self._unknowns = last_layer, unknowns
        self._known: tuple[Tensor, RidgeQR] | None = None  # the material of the last factorisation, and this

    @torch.no_grad()
    def step(self, objective: StepObjective) -> None:  # type: ignore[override]  # a StepObjective in place of a closure
        """Solve for the last layer, then make a Gauss-Newton step, halved until the loss decreases."""
        if not self.state[self._unknowns[0]] and (place := objective.better_start()) is not None:
            put(self._unknowns, place)
        before = self._solve(objective)
        step = self._gauss_newton(objective, before)
        self._descend(objective, before, step)
        self.state[self._unknowns[0]]["information"] = step.information

    def _descend(self, objective: StepObjective, before: Tensor, step: Step) -> None:
        """Take the step, halved until the loss decreases, unless the search has converged.

        Where it is near, no step may lower the loss at all, as that of Gauss-Newton leaves out how sizes of columns
        move.
        """
        rounding = self._rounding(objective, before)
        objective.converged = bool(step.fall <= torch.maximum(step.small, rounding))
        if objective.converged:
            is_small, of = step.fall <= step.small, f"{SMALL:g} of a standard deviation"
            objective.note = f"the next step would be {f'less than {of} long' if is_small else 'within rounding'}"
            return
        layer, material = gather(self._layer), gather(self._unknowns)
        by = shortened(step.by)
        is_near = bool(step.fall <= (NEAR / SMALL) ** 2 * step.small)
        for _ in range(WHEN_NEAR if is_near else HALVINGS):
            put(self._unknowns, torch.clamp(material + by, -objective.search_bound, objective.search_bound))
            if self._solve(objective) < before:
                return
            put(self._layer, layer)
            by = by / 2.0
        put(self._unknowns, material)
        objective.converged = is_near
        if is_near:
            objective.note = f"no step lowers the loss, and the next one would be less than {NEAR:g} of a standard "
            objective.note += "deviation long"

    def _solve(self, objective: StepObjective) -> Tensor:
        """Set the last layer to its optimum in the present material, unless rounding makes it no better.

        Returns the loss with the ridge's part.
        """
        factored = self._factored(objective)

        def remaining() -> Tensor:
            return objective() + self._ridge_residual(factored).square().sum()

        before, start = remaining(), gather(self._layer)
        residuals, _ = objective.system([])  # (M,)
        put(self._layer, start - factored.solve(residuals[:, None], self._ridge_residual(factored)[:, None])[:, 0])
        after = remaining()
        if after < before:
            return after
        put(self._layer, start)
        return before

    def _gauss_newton(self, objective: StepObjective, left: Tensor) -> Step:
        """The Gauss-Newton step from here. left: the loss with the ridge's part.

        The predicted decrease of a step s is s^T I s, I being the information: SMALL^2 v for a length of SMALL standard
        deviations, v being the misfits' variance.
        """
        residuals, effects = objective.system(self._unknowns)  # (M,), (M, U)
        factored = self._factored(objective)
        ridge_residual = self._ridge_residual(factored)[:, None]  # (P, 1)
        ridge_rhs = torch.nn.functional.pad(ridge_residual, (0, effects.shape[1]))  # (P, 1 + U)
        rhs = torch.cat([residuals[:, None], effects], dim=1)  # (M, 1 + U)
        rotated = factored.rotated_residual(rhs, ridge_rhs)  # (M + P, 1 + U)
        misfits, by_unknowns = rotated[:, 0], rotated[:, 1:]
        by, fall = gauss_newton(misfits, by_unknowns, gather(self._unknowns), objective.search_bound)
        small = SMALL**2 * left / len(residuals)
        return Step(by, fall, small, by_unknowns.T @ by_unknowns)

    def _rounding(self, objective: StepObjective, left: Tensor) -> Tensor:
        """The decrease that is within rounding, of the loss or of the sums in the misfits."""
        unit = ROUNDING * torch.finfo(left.dtype).eps
        sizes = self._factored(objective).sizes(gather(self._layer))  # (P,)
        return torch.maximum(unit * left, (unit * sizes.norm()).square())

    def _ridge_residual(self, factored: RidgeQR) -> Tensor:
        """The ridge's residuals, (P,)."""
        return factored.ridge * factored.sizes(gather(self._layer))

    def factored_here(self) -> RidgeQR | None:
        """Return the factorisation of the last layer's system in the present material, if there is one."""
        return self._known[1] if self._known and torch.equal(self._known[0], gather(self._unknowns)) else None

    def _factored(self, objective: StepObjective) -> RidgeQR:
        """The last layer's system, factored for the present material."""
        material = gather(self._unknowns)
        if self._known is None or not torch.equal(self._known[0], material):
            self._known = None  # its memory is needed
            _, matrix = objective.system(self._layer)  # (M, P)
            self._known = material, RidgeQR(matrix, self.param_groups[0]["ridge"])
        return self._known[1]
