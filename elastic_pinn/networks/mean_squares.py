"""Mean squares of a trial function's misfits, with all gradients worked out in the same go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.trial_function import TrialFunction


def mean_squares(trial: TrialFunction, equations: Sequence[Equations], is_compiled: bool = False) -> Tensor:
    """Compute the mean over points of each set's squared misfit, (sets,), with all gradients.

    Those of the trial function, the operators and the coefficients. Remote points are only counted: the means of all
    processes are to be added up.

    is_compiled: whether torch may compile the work where no compiled kernel serves, into CUDA graphs on a GPU.
    """
    if any(each.target.requires_grad for each in equations):  # which no kernel knows of
        return torch.stack([_mean_square(trial, each) for each in equations])
    operators, coefficients = [each.operator for each in equations], [each.coefficients for each in equations]
    return _MeanSquares.apply(trial, equations, is_compiled, *trial.tensors, *operators, *coefficients)


def _mean_square(trial: TrialFunction, equations: Equations) -> Tensor:
    """The mean square of one set's misfits, all of its points in one graph."""
    squares = equations.misfit(trial(equations.points, equations.names)).square()  # (N, E)
    return squares.sum() / (len(equations.target) + equations.n_remote)


class _MeanSquares(Function):
    """Mean squares whose gradients are computed in the forward pass, since the kernel does both at once."""

    @staticmethod
    def forward(
        ctx: Any, trial: TrialFunction, equations: Sequence[Equations], is_compiled: bool, *inputs: Tensor
    ) -> Tensor:
        needed = any(ctx.needs_input_grad)
        found = trial.sums_of_squares(equations, needed, is_compiled)
        counts = found.sums.new_tensor([len(each.target) + each.n_remote for each in equations])  # (sets,)
        if needed:
            ctx.shapes = [tensor.shape for tensor in trial.tensors]
            ctx.sets = len(equations)
            ctx.save_for_backward(counts, found.by_tensors, *found.by_operator, *found.by_coefficients)
        return found.sums / counts

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        counts, by_tensors, *rest = ctx.saved_tensors
        factors = 2.0 * g / counts  # (sets,)
        flat = factors @ by_tensors  # (P,)
        pieces = flat.split([shape.numel() for shape in ctx.shapes])
        of_network = [piece.view(shape) for piece, shape in zip(pieces, ctx.shapes, strict=True)]
        of_equations = [
            None if each is None else factor * each
            for half in (rest[: ctx.sets], rest[ctx.sets :])
            for factor, each in zip(factors, half, strict=True)
        ]
        return None, None, None, *of_network, *of_equations
