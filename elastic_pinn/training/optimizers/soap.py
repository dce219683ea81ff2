"""SOAP: Adam in the eigenbasis of Shampoo's preconditioners.

Vyas, Morwani, Zhao, Kwun, Shapira, Brandfonbrener, Janson and Kakade (2024), "SOAP: improving and stabilizing Shampoo
using Adam", arXiv 2409.11321.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.optimizer import ParamsT

from elastic_pinn.training.optimizers.base import BaseOptimizer


class SOAP(BaseOptimizer):
    """Adam for each matrix G (m, n) in the eigenbases of the running means of G G' and G' G; plain Adam for the rest.

    The bases follow the means every `every` steps by one power iteration and a QR decomposition, which costs far less
    than eigenvectors. A matrix's first step only makes its bases and changes no weight: a gradient in its own basis
    would be diagonal.

    Each parameter's state: `step`, `exp_avg`, `exp_avg_sq` as in torch's Adam, the latter of a matrix in its bases;
    of a matrix also `left` (m, m), `right` (n, n) and the bases `left_basis` and `right_basis`, a column a vector.
    """

    def __init__(self, parameters: ParamsT, lr: float, betas: tuple[float, float], epsilon: float, every: int) -> None:
        super().__init__(parameters, {"lr": lr, "betas": betas, "epsilon": epsilon, "every": every})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # the gradients are set already
        """Make one update from the present gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    _step(parameter, self.state[parameter], group)


def _step(parameter: nn.Parameter, memory: dict[str, Any], group: dict[str, Any]) -> None:
    gradient = parameter.grad
    assert gradient is not None
    if not memory:
        zero = torch.zeros_like(gradient)
        memory |= {"step": 0, "exp_avg": zero, "exp_avg_sq": zero.clone()}
        if gradient.ndim == 2:
            _initialize(memory, gradient)
            return
    memory["step"] += 1
    _adam(parameter, gradient, memory, group)
    if gradient.ndim == 2:
        _update_means(memory, gradient, group["betas"][1])
        if memory["step"] % group["every"] == 0:
            _update_bases(memory)


def _adam(parameter: nn.Parameter, gradient: Tensor, memory: dict[str, Any], group: dict[str, Any]) -> None:
    """Adam's step, the second moment taken and the step made in the memory's bases, if it has any."""
    (beta1, beta2), step = group["betas"], memory["step"]
    memory["exp_avg"].lerp_(gradient, 1 - beta1)
    rotated = _rotated(gradient, memory)
    memory["exp_avg_sq"].mul_(beta2).addcmul_(rotated, rotated, value=1 - beta2)
    mean = _rotated(memory["exp_avg"], memory) / (1 - beta1**step)
    spread = (memory["exp_avg_sq"] / (1 - beta2**step)).sqrt_()
    parameter.sub_(_rotated_back(mean / spread.add_(group["epsilon"]), memory), alpha=group["lr"])


def _rotated(matrix: Tensor, memory: dict[str, Any]) -> Tensor:
    """A parameter's gradient in its bases."""
    return memory["left_basis"].T @ matrix @ memory["right_basis"] if "left" in memory else matrix


def _rotated_back(matrix: Tensor, memory: dict[str, Any]) -> Tensor:
    return memory["left_basis"] @ matrix @ memory["right_basis"].T if "left" in memory else matrix


def _initialize(memory: dict[str, Any], gradient: Tensor) -> None:
    """Start a matrix's means and bases from its first gradient, whose singular vectors are the means' eigenvectors."""
    left, _, right = torch.linalg.svd(gradient)  # (m, m), (n, n)
    memory |= {"left": gradient @ gradient.T, "right": gradient.T @ gradient}
    memory |= {"left_basis": left.contiguous(), "right_basis": right.T.contiguous()}  # as they come from a checkpoint


def _update_means(memory: dict[str, Any], gradient: Tensor, beta: float) -> None:
    """Update the running means by a gradient: each one so far counts `beta` times as much as the next."""
    weight = (1 - beta) / (1 - beta ** (memory["step"] + 1))
    memory["left"].lerp_(gradient @ gradient.T, weight)
    memory["right"].lerp_(gradient.T @ gradient, weight)


def _update_bases(memory: dict[str, Any]) -> None:
    """Rotate the bases towards the means' eigenvectors, the largest first, and reorder the second moment's rows and
    columns with them."""
    for axis, side in enumerate(("left", "right")):
        basis = memory[f"{side}_basis"]
        powered = memory[side] @ basis
        order = (basis * powered).sum(0).argsort(descending=True, stable=True)  # by Rayleigh quotients
        memory[f"{side}_basis"] = torch.linalg.qr(powered[:, order])[0].contiguous()
        memory["exp_avg_sq"] = memory["exp_avg_sq"].index_select(axis, order)
