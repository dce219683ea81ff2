"""Plane waves in each material, and waves with a pole in each hole and circular inclusion: the wave equation holds
whatever their amplitudes.

A sum of plane waves continues smoothly into a hole or an inclusion, as what these scatter does not: that takes waves
with a pole inside. It continues past a side, too, as what is near a load much narrower than the waves does not: that
takes waves with a pole outside, in the middle of a circle that touches the side there (the method of fundamental
solutions: Fairweather and Karageorghis, Adv. Comput. Math. 9, 1998). Source: as of cylindrical_waves.py.

Letters: N points, R regions, H circles, C waves around them, E equations a point, U unknowns of
the material.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.cylindrical_waves import CylindricalWaves
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import Components
from elastic_pinn.networks.network import CUBE, Network, Window
from elastic_pinn.networks.plane_waves import PlaneWaves
from elastic_pinn.networks.superposition import by_unknowns
from elastic_pinn.networks.trial_function import Sums, TrialFunction
from elastic_pinn.physics.media.moduli import Moduli

FURTHER_ORDERS = 7  # around a circle, beyond as many as radians of the shortest wave fit into its radius
FALL = 0.9  # of the number of waves from order to order there
LOWEST = 0.02  # of the greatest frequency: far below, P and S waves around a circle are the same


class Numbers(NamedTuple):
    """How many waves: plane ones around all inclusions, others around circles, and plane ones in each inclusion."""

    plane: int
    around: int
    inside: int

    @classmethod
    def of(cls, config: NetworkConfig) -> Numbers:
        """Those of a config, whose `hidden_layers` may leave out the last: there are as many as around inclusions."""
        plane, around, *inside = config.hidden_layers
        return cls(plane, around, *(inside or [plane]))


def highest_order(radius: float) -> int:
    """Return the highest order of waves around a circle of a radius, in radians of the shortest wave."""
    return math.ceil(radius) + FURTHER_ORDERS


def shares_of_orders(radius: float) -> Tensor:
    """Return which part of the waves around such a circle has an order up to 0, 1, 2, ..., increasing to 1.

    As many waves of each order, twice those of order 0 for two angles; beyond as many as radians of the shortest wave
    fit into the radius, where what is scattered falls off with the order, fewer.
    """
    orders = torch.arange(highest_order(radius) + 1, dtype=torch.float64)
    waves = (1.0 + (orders > 0)) * FALL ** (orders - radius).clamp(min=0.0)
    return torch.cumsum(waves, 0) / waves.sum()


class HoleWaves(Network):
    """Plane waves and waves around circles, drawn once, from `generator`; their amplitudes are trained.

    The config's `hidden_layers` are their `Numbers`. The plane waves of each region are those of `PlaneWaves`. Waves
    around circles are dealt out to holes, circular inclusions and loads, the two kinds in turn, over the orders by
    `shares_of_orders`, with frequencies that are spread evenly up to that of the shortest plane S waves of the region
    around the circle.
    """

    fractions: Tensor
    phases: Tensor
    greatest: Tensor
    circles: Tensor
    beside: Tensor

    has_waves_beside_loads = True

    def __init__(self, config: NetworkConfig, generator: torch.Generator, window: Window = CUBE) -> None:
        super().__init__(config, generator, window)
        dtype, numbers = self.extent.dtype, Numbers.of(config)
        self.register_buffer(
            "greatest", config.input_frequency / self.extent.new_tensor(window.speeds), persistent=False
        )
        self.plane = PlaneWaves(_of_plane(config, numbers.plane), generator, Window(window.extent))
        fractions, *phases = torch.rand(3, numbers.around, dtype=dtype, generator=generator)  # each (C,)
        self.register_buffer("fractions", LOWEST + (1.0 - LOWEST) * fractions)
        self.register_buffer("phases", 2.0 * math.pi * torch.stack(phases))  # (2, C)
        self.register_buffer("circles", torch.zeros(0, 3, dtype=dtype), persistent=False)  # the domain's
        self.register_buffer("beside", torch.zeros(0, dtype=torch.long), persistent=False)
        self.amplitudes = nn.Parameter(torch.zeros(numbers.around, dtype=dtype))
        if len(window.speeds) > 1:
            self.inside = PlaneWaves(
                _of_plane(config, numbers.inside), generator, Window(window.extent, window.speeds[1:])
            )

    @staticmethod
    def shapes(config: NetworkConfig, regions: int = 1) -> Mapping[str, tuple[int, ...]]:
        """Return names and shapes of the tensors in the state_dict."""
        plane, around, inside = Numbers.of(config)
        of_plane = PlaneWaves.shapes(_of_plane(config, plane))
        of_inside = PlaneWaves.shapes(_of_plane(config, inside), regions - 1) if regions > 1 else {}
        own = {"fractions": (around,), "phases": (2, around), "amplitudes": (around,)}
        return {
            **own,
            **{f"plane.{name}": shape for name, shape in of_plane.items()},
            **{f"inside.{name}": shape for name, shape in of_inside.items()},
        }

    def surround(self, circles: Tensor, beside: Tensor) -> None:
        """Place waves around holes, circular inclusions and beside loads. Raises ValueError for none."""
        if not len(circles):
            raise ValueError("waves with poles need a domain with holes or circular inclusions, or loads on its sides")
        self.circles, self.beside = circles.to(self.extent), beside.to(self.extent.device)

    @property
    def last_layer(self) -> list[nn.Parameter]:
        """All amplitudes."""
        return [self.amplitudes, *(plane.amplitudes for _, plane in self._planes)]

    def within(self, moduli: Moduli) -> TrialFunction:
        """Return the sum of all waves in a material of dimensionless lambda, mu and rho, or one for each region."""
        planes = [(regions, plane.within(moduli.at(regions))) for regions, plane in self._planes]
        return _Sum([*self.around(moduli), *planes], 2 * len(self.greatest))

    def jacobian(self, moduli: Moduli, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
        """By the amplitudes through the waves, by the material through all that depends on it.

        By rows where coefficients need gradients.
        """
        if equations.coefficients.requires_grad:
            return super().jacobian(moduli, equations, parameters)
        own, of_material = self.apart(parameters)
        with torch.enable_grad():  # parts of moduli and operators lead to the material too, within optimizers
            around = self.around(moduli)
            planes = [(plane, moduli.at(regions), _within(regions, equations)) for regions, plane in self._planes]
        columns: list[Tensor] = []
        for each in own:
            if each is self.amplitudes:
                columns += [waves.by_amplitudes(_within(regions, equations)) for regions, waves in around]
            else:
                columns += [plane.jacobian(at, part, [each]) for plane, at, part in planes if each is plane.amplitudes]
        if of_material:
            of_planes = sum(plane.jacobian(at, part, of_material) for plane, at, part in planes)
            of_around = by_unknowns(_Sum(around, 2 * len(self.greatest)), equations, of_material)
            columns.append(of_planes + of_around)
        return torch.cat(columns, dim=1) if columns else equations.target.new_zeros(equations.target.numel(), 0)

    def around(self, moduli: Moduli) -> list[tuple[slice, CylindricalWaves]]:
        """The waves around circles in each region that has some, with the region."""
        number = torch.arange(len(self.amplitudes), device=self.amplitudes.device)  # (C,)
        which, number = number % len(self.circles), number // len(self.circles)  # (C,)
        circles, region = self.circles[which], self.beside[which]  # (C, 3), (C,)
        part = (number // 2 + 0.5) / (1 + number.max() // 2)  # (C,), of the waves of its kind around its circle
        radii = self.greatest[self.beside] * self.circles[:, 2]  # (H,)
        orders = torch.zeros_like(number)
        for at, radius in enumerate(radii.tolist()):
            orders[which == at] = torch.searchsorted(shares_of_orders(radius).to(part), part[which == at])
        in_turn = torch.argsort(region * (1 + orders.max()) + orders, stable=True)
        is_s, circles, orders = (number % 2 == 1)[in_turn], circles[in_turn], orders[in_turn]
        found = []
        for at, ends in enumerate(pairwise([0, *region.bincount().cumsum(0).tolist()])):
            if (own := slice(*ends)).start < own.stop:
                waves = CylindricalWaves(
                    amplitudes=self.amplitudes[own],
                    speeds=torch.stack(moduli.at(at).speeds),
                    is_s=is_s[own],
                    circles=circles[own],
                    counts=orders[own].bincount().tolist(),
                    frequencies=self.greatest[at] * self.fractions[own],
                    phases=self.phases[:, own],
                )
                found.append((slice(at, at + 1), waves))
        return found

    @property
    def _planes(self) -> list[tuple[slice, PlaneWaves]]:
        """The plane waves around inclusions and, where there are any, in each of these, with their regions."""
        around = [(slice(0, 1), self.plane)]
        return around if len(self.greatest) == 1 else [*around, (slice(1, len(self.greatest)), self.inside)]


class _Sum(TrialFunction):
    """The sum of trial functions, each with the outputs of some regions; waves around circles keep the jet of each wave
    for the gradient.

    outputs: of all regions.
    """

    def __init__(self, parts: Sequence[tuple[slice, TrialFunction]], outputs: int) -> None:
        self._parts, self._outputs = parts, outputs

    @property
    def points_at_once(self) -> int:
        """So few that the jets of all waves at them stay small."""
        return 4096

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Those of all parts."""
        return tuple(tensor for _, part in self._parts for tensor in part.tensors)

    def __call__(self, points: Tensor, names: Components) -> Tensor:
        """The jet of the sum at dimensionless points (N, 3), (J, N, C)."""
        return self._sum([part(points, names) for _, part in self._parts])

    @torch.no_grad()
    def without_gradients(self, points: Tensor, names: Components) -> Tensor:
        """That of the sum, each part in its own way, (J, N, C)."""
        return self._sum([part.without_gradients(points, names) for _, part in self._parts])

    @torch.no_grad()
    def over_time(self, places: Tensor, times: Tensor, names: Components) -> Tensor:
        """The same at places (N, 2) at each of some times (T,), (J, T, N, C)."""
        return self._sum([part.over_time(places, times, names) for _, part in self._parts])

    def on_grids(self, x: Tensor, y: Tensor, times: Tensor, wanted: Iterable[str]) -> Iterator[dict[str, Tensor]]:
        """That of the sum, each part in its own way."""
        names = tuple(dict.fromkeys(("", *wanted)))
        for jets in zip(*(part.on_grids(x, y, times, names) for _, part in self._parts), strict=True):
            yield {name: self._sum([jet[name] for jet in jets]) for name in names}

    def on_grid(self, x: Tensor, y: Tensor, t: float, wanted: Iterable[str]) -> dict[str, Tensor]:
        """That of the sum, each part in its own way."""
        return next(self.on_grids(x, y, x.new_tensor([t]), wanted))

    def _sum(self, values: Sequence[Tensor]) -> Tensor:
        """The sum of values of all parts, each (..., outputs of its regions), (..., C)."""
        ends = ((2 * regions.start, self._outputs - 2 * regions.stop) for regions, _ in self._parts)
        return torch.stack([pad(each, end) for each, end in zip(values, ends, strict=True)]).sum(0)

    def sums_of_squares(self, equations: Sequence[Equations], with_gradients: bool, is_compiled: bool) -> Sums:
        """By automatic differentiation: torch cannot compile Bessel functions."""
        return super().sums_of_squares(equations, with_gradients, is_compiled=False)


def _of_plane(config: NetworkConfig, count: int) -> NetworkConfig:
    """The config of so many plane waves alone."""
    return config.model_copy(update={"network": "plane_waves", "hidden_layers": (count,)})


def _within(regions: slice, equations: Equations) -> Equations:
    """The equations for the outputs of some regions alone."""
    return replace(equations, operator=equations.operator[..., 2 * regions.start : 2 * regions.stop])
