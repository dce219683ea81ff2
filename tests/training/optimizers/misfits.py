"""Sums of squares of small vectors, as an optimizer meets them."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from elastic_pinn.training.distributed.processes import Processes
from elastic_pinn.training.losses import Block
from elastic_pinn.training.objective import Objective
from elastic_pinn.training.step_objective import StepObjective


class Product:
    """J^T J by a Jacobian (M, P) at hand."""

    def __init__(self, jacobian: Tensor) -> None:
        self.jacobian = jacobian

    def __call__(self, step: Tensor) -> Tensor:
        return self.jacobian.T @ (self.jacobian @ step)

    def diagonal(self) -> Tensor:
        return self.jacobian.square().sum(0)


class Misfits(Objective):
    """The squares of misfits (M,), a function of parameters; `asked` holds how many columns each system had."""

    def __init__(self, function: Callable[..., Tensor], *starts: Tensor) -> None:
        self.parameters = [nn.Parameter(start.clone()) for start in starts]
        self.function, self.asked = function, []
        super().__init__(
            self.parameters,
            lambda _: {"total": function(*self.parameters).square().sum()},
            self._system,
            self._blocks,
            lambda wanted: Product(self._system(wanted)[1]),
            Processes(),
        )

    def _system(self, wanted: list[nn.Parameter]) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            found = torch.autograd.functional.jacobian(self.function, tuple(self.parameters))
        here = self.function(*self.parameters).detach()
        columns = {p: j.reshape(len(here), -1) for p, j in zip(self.parameters, found, strict=True)}
        jacobian = torch.cat([here.new_zeros(len(here), 0), *(columns[p] for p in wanted)], dim=1)
        self.asked.append(jacobian.shape[1])
        return here, jacobian

    def _blocks(self, wanted: list[nn.Parameter]) -> Iterator[Block]:
        misfits, jacobian = self._system(wanted)
        half = len(misfits) // 2
        for here, before in ((slice(half), 0.0), (slice(half, None), 0.5)):
            yield Block(misfits[here], jacobian[here].clone(), before, 0.5)

    def after(self, optimizer: Optimizer, steps: int = 1) -> StepObjective:
        """The objective of the last of some steps."""
        for _ in range(steps):
            step_objective = StepObjective(self)
            optimizer.step(step_objective)
        return step_objective
