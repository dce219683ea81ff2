"""How far a network is from meeting its equations: mean squares, with all gradients worked out in the same go.

On a CPU by a compiled kernel, elsewhere by jets and autograd; either way a bounded number of points at a time, so that
memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from elastic_pinn.networks import fused, jets
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.mlp import MLP

Sums = tuple[Tensor, Tensor, list[Tensor]]
"""(sets,), (sets, P) and, for each set, (K, J, 2, 2)."""

POINTS_AT_ONCE = 131_072  # by autograd: on a GPU, so many that its small layers fill it


def mean_squares(network: nn.Module, extent: Tensor, equations: Sequence[Equations]) -> Tensor:
    """The mean over points of each set's squared misfit, (sets,), with gradients for network and forms.

    extent: (3,), half the window's extents, which the network divides its inputs by.
    """
    return _MeanSquares.apply(network, extent, equations, *network.parameters(), *(each.form for each in equations))


class _MeanSquares(torch.autograd.Function):
    """Mean squares whose gradients are there before anybody asks: forward and back are one piece of work."""

    @staticmethod
    def forward(
        ctx: Any, network: nn.Module, extent: Tensor, equations: Sequence[Equations], *inputs: Tensor
    ) -> Tensor:
        needed = any(ctx.needs_input_grad)
        if isinstance(network, MLP) and extent.device.type == "cpu":
            sums, by_flat, by_form = fused.sums_of_squares(network, extent, equations, needed)
        else:
            sums, by_flat, by_form = sums_of_squares(network, extent, equations, needed)
        counts = sums.new_tensor([len(each.points) for each in equations])  # (sets,)
        if needed:
            ctx.shapes = [parameter.shape for parameter in network.parameters()]
            ctx.save_for_backward(counts, by_flat, *by_form)
        return sums / counts

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        counts, by_flat, *by_form = ctx.saved_tensors
        factors = 2.0 * g / counts  # (sets,)
        flat = factors @ by_flat  # (P,)
        pieces = flat.split([shape.numel() for shape in ctx.shapes])
        of_network = [piece.view(shape) for piece, shape in zip(pieces, ctx.shapes, strict=True)]
        return None, None, None, *of_network, *(f * form for f, form in zip(factors, by_form, strict=True))


def sums_of_squares(network: nn.Module, extent: Tensor, equations: Sequence[Equations], with_gradients: bool) -> Sums:
    """As fused.sums_of_squares, for any network and device, by autograd."""
    parameters = list(network.parameters())
    size = sum(parameter.numel() for parameter in parameters)
    sums = extent.new_zeros(len(equations))
    by_flat = extent.new_zeros(len(equations), size if with_gradients else 0)
    by_form = [torch.zeros_like(each.form) for each in equations]
    for k, whole in enumerate(equations):
        for each in whole.split(POINTS_AT_ONCE):
            with torch.set_grad_enabled(with_gradients):
                jet = network(jets.seed(each.points, each.names, extent), each.names)  # (J, N, 2)
                half = each.misfit(jet).square().sum() / 2.0
            sums[k] += 2.0 * half.detach()
            if with_gradients:
                *of_network, of_form = torch.autograd.grad(
                    half, [*parameters, each.form], allow_unused=True, materialize_grads=True
                )
                by_flat[k] += torch.cat([gradient.reshape(-1) for gradient in of_network])
                by_form[k] += of_form
    return sums, by_flat, by_form
