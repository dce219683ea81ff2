"""Variable projection: the material's unknowns alone are searched, the last layer follows.

For each material the last layer is solved for, which leaves misfits that hang on the material only; Gauss-Newton goes
down on their squares. The joint problem would crawl: its last layer is so stiff that no straight step can be long.

Sources: Golub and Pereyra, SIAM J. Numer. Anal. 10, 1973; Kaufman, BIT 15, 1975, whose approximation of the misfits'
derivative is used: the material's effect on them, less what the last layer would make good of it.

Letters: M misfits, P parameters of the last layer, U unknowns.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elastic_pinn.training.attempt import ROUNDING, Attempt
from elastic_pinn.training.optimizers.flat import gather, put
from elastic_pinn.training.optimizers.least_squares import Factored, refine
from elastic_pinn.training.optimizers.own import OwnOptimizer

HALVINGS = 8
LONGEST = 0.7  # of a logarithm: no step more than doubles or halves anything, or searches would end at the range's end


class VariableProjection(OwnOptimizer):
    """One step solves for the last layer and then goes to a material that explains more, or stays.

    Its state holds "information", (U, U): the inverse of the covariance that the unknowns' parameters would have if
    all weighted misfits were independent with variance 1.
    """

    def __init__(self, last_layer: list[nn.Parameter], unknowns: list[nn.Parameter], ridge: float) -> None:
        super().__init__([{"params": last_layer}, {"params": unknowns}], {"ridge": ridge})
        self._layer, self._unknowns = last_layer, unknowns
        self._known: tuple[Tensor, Factored] | None = None  # the material last asked for, and what it gave

    @torch.no_grad()
    def step(self, attempt: Attempt) -> None:  # type: ignore[override]  # a closure that knows more
        """Solve, then step by Gauss-Newton, or by half of it, or by half of that, until the loss is lower."""
        before = refine(attempt, self._layer, self._factored(attempt))
        step, promised = self._gauss_newton(attempt)
        layer, material = gather(self._layer), gather(self._unknowns)
        if promised > ROUNDING * torch.finfo(before.dtype).eps * before:
            for _ in range(HALVINGS):
                put(self._unknowns, material + step)
                if refine(attempt, self._layer, self._factored(attempt)) < before:
                    return
                put(self._layer, layer)
                step = step / 2.0
            put(self._unknowns, material)
        else:
            attempt.note = "no other material near here explains more than rounding"

    def _gauss_newton(self, attempt: Attempt) -> tuple[Tensor, Tensor]:
        """The step (U,) of the unknowns, and by how much the loss would fall were its misfits linear."""
        residuals, effects = attempt.system(self._unknowns)  # (M,), (M, U)
        turned = self._factored(attempt).left_over(torch.cat([residuals[:, None], effects], dim=1))  # (M, 1 + U)
        misfits, by_unknowns = turned[:, 0], turned[:, 1:]
        self.state[self._unknowns[0]]["information"] = by_unknowns.T @ by_unknowns
        # Not by lstsq, the last bits of whose answer are not always alike.
        step = -Factored(by_unknowns.clone(), 0.0).solve(misfits[:, None])[:, 0]
        step = step * (LONGEST / step.abs().max()).clamp(max=1.0)
        return step, misfits.square().sum() - (misfits + by_unknowns @ step).square().sum()

    def _factored(self, attempt: Attempt) -> Factored:
        """The last layer's system, factored for the present material."""
        material = gather(self._unknowns)
        if self._known is None or not torch.equal(self._known[0], material):
            self._known = None  # its memory is needed
            _, matrix = attempt.system(self._layer)  # (M, P)
            self._known = material, Factored(matrix, self.param_groups[0]["ridge"])
        return self._known[1]
