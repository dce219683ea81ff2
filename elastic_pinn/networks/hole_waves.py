"""Plane waves, and around each hole waves with a pole in it: the wave equation holds whatever their amplitudes.

A sum of plane waves continues smoothly into a hole, as what a hole scatters does not: that takes waves with a pole
inside. It continues past a side, too, as what is near a load much narrower than the waves does not: that takes waves
with a pole outside, in the middle of a circle that touches the side there (the method of fundamental solutions:
Fairweather and Karageorghis, Adv. Comput. Math. 9, 1998). Source: as of cylindrical_waves.py.

Letters: N points, H holes, C waves around holes, E equations a point, U unknowns of the material.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.cylindrical_waves import CylindricalWaves
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import Components
from elastic_pinn.networks.network import Network
from elastic_pinn.networks.plane_waves import PlaneWaves
from elastic_pinn.networks.trial_function import Sums, TrialFunction
from elastic_pinn.physics.media.moduli import Moduli

FURTHER_ORDERS = 7  # around a hole, beyond as many as radians of the shortest wave fit into its radius
LOWEST = 0.02  # of the greatest frequency: far below, P and S waves around a hole are the same


def highest_order(radius: float) -> int:
    """Return the highest order of waves around a hole of a radius, in radians of the shortest wave."""
    return math.ceil(radius) + FURTHER_ORDERS


class HoleWaves(Network):
    """Plane waves, and waves around holes and beside loads, drawn once from `generator`; their amplitudes are trained.

    The config's `hidden_layers` are the numbers of the two. Those with poles are dealt out to holes and loads, kinds
    and orders in turn, with frequencies that are spread evenly up to that of S waves of `input_frequency` radians per
    dimensionless length.

    extent: (3,), half the window's extents, dimensionless. speeds: of one region: it has no pair of outputs for others.
    """

    fractions: Tensor
    phases: Tensor
    holes: Tensor

    has_waves_beside_loads = True

    def __init__(
        self,
        config: NetworkConfig,
        generator: torch.Generator,
        extent: Sequence[float] = (1.0, 1.0, 1.0),
        speeds: Sequence[float] = (1.0,),
    ) -> None:
        super().__init__(config, generator, extent, speeds)
        dtype, (_, around) = self.extent.dtype, config.hidden_layers
        self.frequency = config.input_frequency
        self.plane = PlaneWaves(_of_plane(config), generator, extent)
        fractions, *phases = torch.rand(3, around, dtype=dtype, generator=generator)  # each (C,)
        self.register_buffer("fractions", LOWEST + (1.0 - LOWEST) * fractions)
        self.register_buffer("phases", 2.0 * math.pi * torch.stack(phases))  # (2, C)
        self.register_buffer("holes", torch.zeros(0, 3, dtype=dtype), persistent=False)  # the domain's
        self.amplitudes = nn.Parameter(torch.zeros(around, dtype=dtype))

    @staticmethod
    def shapes(config: NetworkConfig, regions: int = 1) -> Mapping[str, tuple[int, ...]]:
        """Return names and shapes of the tensors in the state_dict."""
        _, around = config.hidden_layers
        of_plane = {f"plane.{name}": shape for name, shape in PlaneWaves.shapes(_of_plane(config)).items()}
        return {"fractions": (around,), "phases": (2, around), "amplitudes": (around,), **of_plane}

    def surround(self, holes: Tensor) -> None:
        """Place waves around holes, x, y and radius of each, dimensionless, (H, 3). Raises ValueError for none."""
        if not len(holes):
            raise ValueError("waves with poles need a domain with holes, or loads on its sides")
        self.holes = holes.to(self.extent)

    @property
    def last_layer(self) -> list[nn.Parameter]:
        """All amplitudes."""
        return [self.amplitudes, *self.plane.last_layer]

    def within(self, moduli: Moduli) -> TrialFunction:
        """Return the sum of all waves in a material of dimensionless lambda, mu and rho."""
        return _Sum(self.around(moduli), self.plane.within(moduli))

    def jacobian(self, moduli: Moduli, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
        """By the amplitudes through the waves, by the material through all that depends on it.

        By rows where coefficients need gradients.
        """
        if equations.coefficients.requires_grad:
            return super().jacobian(moduli, equations, parameters)
        own, of_material = self.apart(parameters)
        waves = self.around(moduli)
        columns = [
            waves.by_amplitudes(equations)
            if each is self.amplitudes
            else self.plane.jacobian(moduli, equations, [each])
            for each in own
        ]
        if of_material:
            by_plane = self.plane.jacobian(moduli, equations, of_material)
            columns.append(by_plane + _by_unknowns(waves, equations, of_material))
        return torch.cat(columns, dim=1) if columns else equations.target.new_zeros(equations.target.numel(), 0)

    def around(self, moduli: Moduli) -> CylindricalWaves:
        """The waves around holes in a material."""
        number = torch.arange(len(self.amplitudes), device=self.amplitudes.device)  # (C,)
        holes, number = self.holes[number % len(self.holes)], number // len(self.holes)  # (C, 3), (C,)
        radii = (self.frequency * holes[:, 2]).tolist()
        highest = number.new_tensor([highest_order(each) for each in radii])  # (C,)
        orders = (
            number // 2 % (2 * highest + 1) - highest
        ).abs()  # twice as many of each order as of 0, for two angles
        by_order = torch.argsort(orders, stable=True)
        return CylindricalWaves(
            amplitudes=self.amplitudes,
            speeds=torch.stack(moduli.speeds),
            is_s=(number % 2 == 1)[by_order],
            holes=holes[by_order],
            counts=orders.bincount().tolist(),
            frequencies=self.frequency * self.fractions,
            phases=self.phases,
        )


class _Sum(TrialFunction):
    """The sum of trial functions, of which waves around holes keep the jet of each wave for the gradient."""

    points_at_once = 4096

    def __init__(self, *parts: TrialFunction) -> None:
        self._parts = parts

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Those of all parts."""
        return tuple(tensor for part in self._parts for tensor in part.tensors)

    def __call__(self, points: Tensor, names: Components) -> Tensor:
        """The jet of the sum at dimensionless points (N, 3), (J, N, C)."""
        return torch.stack([part(points, names) for part in self._parts]).sum(0)

    def sums_of_squares(self, equations: Sequence[Equations], with_gradients: bool, is_compiled: bool) -> Sums:
        """By automatic differentiation: torch cannot compile Bessel functions."""
        return super().sums_of_squares(equations, with_gradients, is_compiled=False)


def _of_plane(config: NetworkConfig) -> NetworkConfig:
    """The config of the plane waves alone."""
    plane, _ = config.hidden_layers
    return config.model_copy(update={"network": "plane_waves", "hidden_layers": (plane,)})


def _by_unknowns(trial: TrialFunction, equations: Equations, unknowns: Sequence[nn.Parameter]) -> Tensor:
    """Compute the derivatives of all misfits by unknowns, each a number, (N E, U).

    A backward pass gives w^T d misfits / d unknown for any w, linear in w: its derivative by w is the column.
    """
    with torch.enable_grad():
        misfits = equations.misfit(trial(equations.points, equations.names)).reshape(-1)  # (N E,)
        w = torch.zeros_like(misfits, requires_grad=True)
        products = torch.autograd.grad(misfits, unknowns, w, create_graph=True, materialize_grads=True)
        columns = [
            torch.autograd.grad(product, w, retain_graph=True, materialize_grads=True)[0] for product in products
        ]
    return torch.stack(columns, dim=1)
