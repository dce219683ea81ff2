"""Parameters as one vector, in their order."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def gather(parameters: Sequence[nn.Parameter]) -> Tensor:
    """Copy all values into one vector (P,)."""
    return torch.cat([parameter.detach().reshape(-1) for parameter in parameters])


def gradients(parameters: Sequence[nn.Parameter]) -> Tensor:
    """Copy all gradients into one vector (P,); 0 where there is none."""
    return torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).reshape(-1) for p in parameters])


@torch.no_grad()
def put(parameters: Sequence[nn.Parameter], place: Tensor) -> None:
    """Set all values to those of a vector (P,), exact to the last bit, as a step forth and back would not be."""
    pieces = place.split([parameter.numel() for parameter in parameters])
    for parameter, piece in zip(parameters, pieces, strict=True):
        parameter.copy_(piece.view_as(parameter))
