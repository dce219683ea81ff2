"""What a network is: it gives jets of its outputs at points, and all that training needs follows from these.

A subclass that knows a faster way to mean squares, Jacobians or values on a grid overrides these; nothing else asks
what kind of network it is.

Letters: N points, J jet components, C outputs, E equations a point, P parameters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from elastic_pinn.networks import by_autograd
from elastic_pinn.networks.by_autograd import Sums
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import Components, components
from elastic_pinn.physics.material import Moduli
from elastic_pinn.sections import NetworkConfig


class TrialFunction(ABC):
    """A network in a material: its outputs as a function of the coordinates."""

    @property
    @abstractmethod
    def tensors(self) -> tuple[Tensor, ...]:
        """All tensors that the outputs depend on and that gradients may be needed by."""

    @abstractmethod
    def __call__(self, points: Tensor, names: Components) -> Tensor:
        """Evaluate the jet of the outputs at dimensionless points (N, 3), (J, N, C), differentiable by `tensors`."""

    def sums_of_squares(self, equations: Sequence[Equations], with_gradients: bool, is_compiled: bool) -> Sums:
        """Compute each set's sum of squared misfits, and half of its gradients.

        is_compiled: whether torch may compile the work.
        """
        return by_autograd.sums_of_squares(self, equations, with_gradients, is_compiled)

    def on_grid(self, x: Tensor, y: Tensor, t: float, wanted: Iterable[str]) -> dict[str, Tensor]:
        """Evaluate the outputs and their wanted derivatives on a grid x (G,) by y (H,) at one time, without gradients.

        Returns name -> (G H, C), x first.
        """
        names = components(wanted)
        points = torch.cartesian_prod(x, y, x.new_tensor([t]))  # (G H, 3)
        with torch.no_grad():
            return dict(zip(names, self(points, names).unbind(0), strict=True))


class CurvatureProduct(Protocol):
    """A weighted sum of J^T J, J being Jacobians of misfits by the same P parameters."""

    def diagonal(self) -> Tensor:
        """Its diagonal, (P,)."""

    def __call__(self, step: Tensor) -> Tensor:
        """Its product with a step, (P,) -> (P,)."""


class Network(nn.Module, ABC):
    """Outputs over the window as a function of trained parameters.

    config: its fields of the config. generator: of its start. extent: (3,), half the window's extents, dimensionless,
    by which inputs are divided.
    """

    extent: Tensor

    def __init__(
        self, config: NetworkConfig, generator: torch.Generator, extent: Sequence[float] = (1.0, 1.0, 1.0)
    ) -> None:
        super().__init__()
        self.register_buffer("extent", torch.tensor(extent, dtype=getattr(torch, config.precision)), persistent=False)

    @staticmethod
    @abstractmethod
    def shapes(config: NetworkConfig) -> Mapping[str, tuple[int, ...]]:
        """Names and shapes of what the state_dict holds."""

    @abstractmethod
    def within(self, moduli: Moduli) -> TrialFunction:
        """Return what it is in a material of dimensionless lambda, mu and rho."""

    def apart(self, parameters: Sequence[nn.Parameter]) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Split parameters into its own and the others, which are the material's."""
        own = set(self.parameters())
        return [each for each in parameters if each in own], [each for each in parameters if each not in own]

    def jacobian(self, moduli: Moduli, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
        """Compute the derivatives of all misfits by some parameters, (N E, P): by its own, then by the material's."""
        own, of_material = self.apart(parameters)
        return by_autograd.jacobian(self.within(moduli), equations, [*own, *of_material])

    def curvature(
        self, moduli: Moduli, weighted: Sequence[tuple[float, Equations]], parameters: Sequence[nn.Parameter]
    ) -> CurvatureProduct:
        """Return the weighted sum of J^T J, J being the `jacobian` of each set of equations."""
        return by_autograd.Curvature(
            lambda equations: self.jacobian(moduli, equations, parameters), weighted, sum(p.numel() for p in parameters)
        )
