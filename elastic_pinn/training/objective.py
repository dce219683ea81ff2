"""The loss as an optimizer sees it: a closure that evaluates, goes backward, and never does the same work twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from elastic_pinn.networks.curvature import Curvature

System = Callable[[Sequence[nn.Parameter]], tuple[Tensor, Tensor]]
"""Misfits (M,) whose squares add up to the loss, and their derivatives J by the given parameters (M, P)."""

MakeCurvature = Callable[[Sequence[nn.Parameter]], Curvature]
"""J^T J by the given parameters."""


class Objective:
    """Loss and gradients at the parameters' present values, and the misfits behind them.

    An L-BFGS iteration ends, as a rule, where its line search evaluated last, and the next one starts by asking for
    the loss just there. The last evaluation is therefore kept and given again, which saves up to half of all
    evaluations and changes no bit.
    """

    def __init__(
        self,
        parameters: list[nn.Parameter],
        evaluate: Callable[[], Mapping[str, Tensor]],
        system: System,
        curvature: MakeCurvature,
    ) -> None:
        self._parameters, self._evaluate, self.system, self.curvature = parameters, evaluate, system, curvature
        self.forget()

    def forget(self) -> None:
        """Evaluate anew next time: the points are others now."""
        self._known: Tensor | None = None  # (parameters,): where the last evaluation was
        self._gradients: list[Tensor] = []
        self.terms: Mapping[str, Tensor] = {}

    def __call__(self) -> Tensor:
        """The total loss, with the gradients set and the terms at hand."""
        here = self.position()
        if self._known is None or not torch.equal(self._known, here):
            self._work()
            self._known = here
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = gradient.clone()
        return self.terms["total"]

    def gradient_norm(self) -> float:
        """The Euclidean length of the gradient at the last evaluation."""
        return torch.stack([gradient.norm() for gradient in self._gradients]).norm().item()

    def position(self) -> Tensor:
        """All parameters in one vector, a copy."""
        return torch.cat([parameter.detach().reshape(-1) for parameter in self._parameters])

    def _work(self) -> None:
        with torch.enable_grad():
            terms = self._evaluate()
            gradients = torch.autograd.grad(terms["total"], self._parameters, allow_unused=True, materialize_grads=True)
        self._gradients = list(gradients)
        self.terms = {name: term.detach() for name, term in terms.items()}
