"""Functions of one vector, and how an optimizer goes down on them."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


def rosenbrock(x: Tensor) -> Tensor:
    return (100 * (x[1:] - x[:-1].square()).square() + (1 - x[:-1]).square()).sum()


def quadratic(x: Tensor) -> Tensor:
    """Curvatures from 1 to 10,000."""
    return (torch.logspace(0, 4, len(x), dtype=x.dtype) * x.square()).sum() / 2


def quartic(x: Tensor) -> Tensor:
    """Curvatures that fall by orders of magnitude on the way down."""
    return (torch.logspace(0, 4, len(x), dtype=x.dtype) * x.pow(4)).sum() + x.square().sum() / 100


def losses(
    function: Callable[[Tensor], Tensor], start: Tensor, make: Callable[[list[nn.Parameter]], Optimizer], steps: int
) -> list[float]:
    """The loss at the start and after each step, up to the first below 1e-10."""
    x = nn.Parameter(start.clone())
    optimizer = make([x])

    def closure() -> Tensor:
        with torch.enable_grad():
            loss = function(x)
            x.grad = torch.autograd.grad(loss, x)[0]
        return loss.detach()

    seen = [closure().item()]
    while seen[-1] >= 1e-10 and len(seen) <= steps:
        optimizer.step(closure)
        seen.append(closure().item())
    return seen
