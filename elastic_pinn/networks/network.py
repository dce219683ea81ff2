"""What a network is: it gives a trial function in a material, and all that training needs follows from that.

A subclass that knows a faster way to Jacobians or curvature overrides them; nothing else asks what kind of network it
is.

Letters: N points, E equations a point, P parameters, H holes and circular inclusions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.progress import work
from elastic_pinn.networks.trial_function import TrialFunction
from elastic_pinn.physics.media.moduli import Moduli

ROWS_AT_ONCE = 256  # of a Jacobian
POINTS_A_GRAPH = 16  # of which a row's backward pass goes through all


class CurvatureProduct(Protocol):
    """A weighted sum of J^T J, J being Jacobians of misfits by the same P parameters."""

    def diagonal(self) -> Tensor:
        """Its diagonal, (P,)."""

    def __call__(self, step: Tensor) -> Tensor:
        """Its product with a step, (P,) -> (P,)."""


class Window(NamedTuple):
    """What a network is told of the window.

    extent: (3,), its half extents, dimensionless, by which inputs are divided. speeds: (R,), of P waves in each region,
    relative to the first; each region has a pair of outputs.
    """

    extent: Sequence[float] = (1.0, 1.0, 1.0)
    speeds: Sequence[float] = (1.0,)


CUBE = Window()


class Network(nn.Module, ABC):
    """Outputs over the window as a function of trained parameters.

    config: its fields of the config. generator: of its start. window: its place, and the regions in it.
    """

    has_waves_beside_loads: ClassVar[bool] = False
    """Whether it has waves with a pole in a circle beside each load, which it then is told of as of a hole."""

    extent: Tensor

    def __init__(self, config: NetworkConfig, generator: torch.Generator, window: Window = CUBE) -> None:
        super().__init__()
        self.register_buffer(
            "extent", torch.tensor(window.extent, dtype=getattr(torch, config.precision)), persistent=False
        )

    @staticmethod
    @abstractmethod
    def shapes(config: NetworkConfig, regions: int = 1) -> Mapping[str, tuple[int, ...]]:
        """Names and shapes of what the state_dict holds, for R regions."""

    @abstractmethod
    def within(self, moduli: Moduli) -> TrialFunction:
        """Return what it is in a material of dimensionless lambda, mu and rho."""

    def surround(self, circles: Tensor, beside: Tensor) -> None:  # most networks depend on none
        """Take notice of the domain's holes and circular inclusions: x, y and radius of each, dimensionless, (H, 3),
        and the region around it, (H,)."""

    @property
    def last_layer(self) -> list[nn.Parameter]:
        """The parameters that the outputs are linear in; none where no such are known."""
        return []

    @property
    def cuts(self) -> Tensor:
        """Dimensionless instants in ascending order, (I,): between two that follow each other, outputs depend on few of
        the last layer's parameters, which are next to each other. Most networks have none."""
        return self.extent[:0]

    def apart(self, parameters: Sequence[nn.Parameter]) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Split parameters into its own and the others, which are the material's."""
        own = set(self.parameters())
        return [each for each in parameters if each in own], [each for each in parameters if each not in own]

    def jacobian(self, moduli: Moduli, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
        """Compute the derivatives of all misfits by some parameters, (N E, P): by its own, then by the material's."""
        own, of_material = self.apart(parameters)
        return _jacobian(self.within(moduli), equations, [*own, *of_material])

    def curvature(
        self, moduli: Moduli, weighted: Sequence[tuple[float, Equations]], parameters: Sequence[nn.Parameter]
    ) -> CurvatureProduct:
        """Return the weighted sum of J^T J, J being the `jacobian` of each set of equations."""
        return _RowCurvature(
            lambda equations: self.jacobian(moduli, equations, parameters), weighted, sum(p.numel() for p in parameters)
        )


def _jacobian(trial: TrialFunction, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
    """Compute the derivatives of all misfits by some parameters, (N E, P): a backward pass for each row."""
    rows = equations.target.numel()
    found = equations.target.new_zeros(rows, sum(parameter.numel() for parameter in parameters))
    if not parameters:
        return found
    row = 0
    with work(f"working out {found.shape[0]:,} x {found.shape[1]:,} derivatives") as at:
        for part in equations.split(POINTS_A_GRAPH):
            at(row / max(1, rows))
            with torch.enable_grad():
                misfits = part.misfit(trial(part.points, part.names)).reshape(-1).unbind()  # (n E,)
            for misfit in misfits:
                gradients = torch.autograd.grad(
                    misfit, parameters, retain_graph=True, allow_unused=True, materialize_grads=True
                )
                found[row] = torch.cat([gradient.reshape(-1) for gradient in gradients])
                row += 1
    return found


class _RowCurvature:
    """The weighted sum of J^T J, of which a bounded number of rows is there at a time.

    jacobian: of a set of equations, (N E, P). weighted: each set with its weight. count: P.
    """

    def __init__(
        self, jacobian: Callable[[Equations], Tensor], weighted: Sequence[tuple[float, Equations]], count: int
    ) -> None:
        self._jacobian, self._weighted, self._count = jacobian, weighted, count

    def diagonal(self) -> Tensor:
        """The squared lengths of J's columns, (P,)."""
        return self._sum(lambda rows: rows.square().sum(0))

    def __call__(self, step: Tensor) -> Tensor:
        """J^T J step, (P,) -> (P,)."""
        return self._sum(lambda rows: rows.T @ (rows @ step))

    def _sum(self, of_rows: Callable[[Tensor], Tensor]) -> Tensor:
        total = self._weighted[0][1].target.new_zeros(self._count)
        for weight, equations in self._weighted:
            for part in equations.split(ROWS_AT_ONCE):
                total += weight * of_rows(self._jacobian(part))
        return total
