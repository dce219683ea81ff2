"""The mean squared misfits of a network's equations, with all gradients from the same pass.

On a CPU by a compiled kernel, on other devices by jets and autograd; both take a bounded number of points at a time, so
that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from elastic_pinn.networks import fused, jets
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.layers import Layers

Sums = tuple[Tensor, Tensor, list[Tensor]]
"""(sets,), (sets, P) and, for each set, (K, J, 2, 2)."""

POINTS_AT_ONCE = 131_072  # by autograd: on a GPU, so many that its small layers fill it


def mean_squares(network: Layers, extent: Tensor, equations: Sequence[Equations], is_compiled: bool = False) -> Tensor:
    """Compute the mean over points of each set's squared misfit, (sets,), with gradients for network and operators.

    Remote points only add to the count: the means of all processes are to be summed. extent: (3,), half the window's
    extents, by which the network divides its inputs. is_compiled: where the kernel cannot be used, let torch compile
    the evaluation, into CUDA graphs on a GPU.
    """
    return _MeanSquares.apply(
        network, extent, equations, is_compiled, *network.tensors, *(each.operator for each in equations)
    )


class _MeanSquares(torch.autograd.Function):
    """Mean squares whose gradients are computed in the forward pass, since the kernel does both at once."""

    @staticmethod
    def forward(
        ctx: Any,
        network: Layers,
        extent: Tensor,
        equations: Sequence[Equations],
        is_compiled: bool,
        *inputs: Tensor,
    ) -> Tensor:
        needed = any(ctx.needs_input_grad)
        if extent.device.type == "cpu":
            sums, by_flat, by_operator = fused.sums_of_squares(network, extent, equations, needed)
        else:
            sums, by_flat, by_operator = sums_of_squares(network, extent, equations, needed, is_compiled)
        counts = sums.new_tensor([len(each.points) + each.n_remote for each in equations])  # (sets,)
        if needed:
            ctx.shapes = [tensor.shape for tensor in network.tensors]
            ctx.save_for_backward(counts, by_flat, *by_operator)
        return sums / counts

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        counts, by_flat, *by_operator = ctx.saved_tensors
        factors = 2.0 * g / counts  # (sets,)
        flat = factors @ by_flat  # (P,)
        pieces = flat.split([shape.numel() for shape in ctx.shapes])
        of_network = [piece.view(shape) for piece, shape in zip(pieces, ctx.shapes, strict=True)]
        of_operators = [factor * each for factor, each in zip(factors, by_operator, strict=True)]
        return None, None, None, None, *of_network, *of_operators


def sums_of_squares(
    network: Layers,
    extent: Tensor,
    equations: Sequence[Equations],
    with_gradients: bool,
    is_compiled: bool = False,
) -> Sums:
    """Compute the same as fused.sums_of_squares, for any network and device, by autograd.

    Values without gradients are rarely needed, and on other points: they are not worth a compilation.
    """
    half_sum = _compiled_half_sum() if is_compiled and with_gradients else _half_sum
    trained = [tensor for tensor in network.tensors if tensor.requires_grad]
    sums = extent.new_zeros(len(equations))
    by_flat = extent.new_zeros(len(equations), sum(tensor.numel() for tensor in network.tensors))
    by_operator = [torch.zeros_like(each.operator) for each in equations]
    for k, whole in enumerate(equations):
        for each in whole.split(POINTS_AT_ONCE):
            with torch.set_grad_enabled(with_gradients):
                half = half_sum(network, extent, each)
            sums[k] += 2.0 * half.detach()
            if with_gradients:
                *found, of_operator = torch.autograd.grad(
                    half, [*trained, each.operator], allow_unused=True, materialize_grads=True
                )
                gradients = dict(zip(trained, found, strict=True))
                by_flat[k] += torch.cat([gradients.get(x, torch.zeros_like(x)).reshape(-1) for x in network.tensors])
                by_operator[k] += of_operator
    return sums, by_flat, by_operator


def _half_sum(network: Layers, extent: Tensor, equations: Equations) -> Tensor:
    """Half the sum of the squared misfits."""
    jet = network(jets.seed(equations.points, equations.names, extent), equations.names)  # (J, N, 2)
    return equations.misfit(jet).square().sum() / 2.0


@cache
def _compiled_half_sum() -> Any:
    """The same by one compiled graph, replayed on a GPU without launching its kernels one by one."""
    return torch.compile(_half_sum, fullgraph=True, dynamic=False, mode="reduce-overhead")
