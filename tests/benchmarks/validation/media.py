"""Solids that vary, that are damped, that are thin, and real ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.solutions import GradientWave, PlaneWave, StandingWaves, WallReflection
from tests.benchmarks.validation.row import Row, plane_waves, random_features
from tests.benchmarks.validation.walls import FEWER as FEWER_WAVES

FEWER = {
    "hidden_layers": [500],
    "input_frequency": 5.0,
    "interior_points": 1000,
    "boundary_points": 250,
    "initial_points": 250,
}


def gradient(size: float) -> ep.Problem:
    """P and S waves along x where the moduli grow fourfold: two of the shortest waves, two periods."""
    wave = GradientWave(1.0, 1.0, 1.0, gradient=0.5, omega=2.0 * math.pi)
    medium = ep.Medium(wave.moduli(1.0), wave.moduli(1.0), 1.0)
    return box(2.0 * size, 2.0 * size, medium, wave)


@dataclass(frozen=True)
class Made:
    """A field and a solid that nothing makes simple: the force that it needs has a part of each gradient."""

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        return torch.stack([torch.sin(2 * x + y - 3 * t) + x * y, torch.cos(x - 2 * y + 2 * t)], dim=-1)

    def lame_lambda(self, x: Tensor, y: Tensor) -> Tensor:
        return 2.0 + torch.sin(2 * x) * torch.cos(y)

    def lame_mu(self, x: Tensor, y: Tensor) -> Tensor:
        return 1.5 + 0.5 * torch.cos(x + 2 * y)

    def density(self, x: Tensor, y: Tensor) -> Tensor:
        return 1.0 + 0.3 * torch.sin(x * y)

    def damping(self, x: Tensor, y: Tensor) -> Tensor:
        return 0.2 + 0.1 * torch.cos(x)

    @property
    def medium(self) -> ep.Medium:
        return ep.Medium(self.lame_lambda, self.lame_mu, self.density, self.damping)

    def force(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """rho (u_tt + d u_t) - div sigma, by automatic differentiation of the stress."""
        with torch.enable_grad():
            x, y, t = (each.detach().requires_grad_() for each in (x, y, t))
            u = self(x, y, t)  # (N, 2)
            rates = [_slope(u[:, i], t) for i in (0, 1)]
            u_xx, u_xy, u_yx, u_yy = (_slope(u[:, i], each) for i in (0, 1) for each in (x, y))
            lam, mu = self.lame_lambda(x, y), self.lame_mu(x, y)
            pressure, shear = lam * (u_xx + u_yy), mu * (u_xy + u_yx)
            divergence = [
                _slope(pressure + 2 * mu * u_xx, x) + _slope(shear, y),
                _slope(shear, x) + _slope(pressure + 2 * mu * u_yy, y),
            ]
            rho, d = self.density(x, y), self.damping(x, y)
            found = [rho * (_slope(v, t) + d * v) - div for v, div in zip(rates, divergence, strict=True)]
        return torch.stack(found, dim=-1).detach()


def _slope(values: Tensor, by: Tensor) -> Tensor:
    return torch.autograd.grad(values.sum(), by, create_graph=True)[0]


def manufactured(size: float, nodes: int = 0) -> ep.Problem:
    """A box of two of its waves. nodes: of the grids that lambda and mu are given by, in place of functions."""
    made, extent = Made(), 5.6 * size
    medium = made.medium
    if nodes:
        side = torch.linspace(0.0, extent, nodes, dtype=torch.float64)
        grids = [ep.Grid(side, side, f(side[:, None], side[None, :])) for f in (made.lame_lambda, made.lame_mu)]
        medium = ep.Medium(*grids, made.density, made.damping)
    return box(extent, 4.2 * size, medium, made, force=made.force)


@dataclass(frozen=True)
class DampedMode:
    """A Lame mode of rho (u_tt + d u_t) = div sigma: exp(-d t / 2) cos(w t), w^2 = (c_s k)^2 2 - d^2 / 4."""

    damping: float

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        shape = StandingWaves(1.0, 1.0, 1.0, p_amplitude=0.0)(x, y, torch.zeros_like(t))  # (N, 2)
        omega = math.sqrt(2.0 * math.pi**2 - self.damping**2 / 4.0)
        return shape * (torch.exp(-self.damping * t / 2.0) * torch.cos(omega * t))[..., None]


def damped(size: float) -> ep.Problem:
    """A square with four free sides, whose mode falls to a quarter in two periods."""
    mode, half = DampedMode(1.0), 1.5 if size == 1.0 else 0.5
    window = ep.Domain((-half, half), (-half, half), (0.0, 2.0 * size * math.sqrt(2.0)))
    solid = ep.Material(1.0, 1.0, 1.0, damping=mode.damping)
    return ep.Problem(window, solid, [ep.Traction()], ep.Initial.of(mode), exact=mode)


def thin(size: float) -> ep.Problem:
    """An S wave at 30 degrees on a free side in plane stress, of two wavelengths and two periods."""
    solid = ep.Material(1.0, 1.0, 1.0, plane="stress")
    wave = WallReflection("s", "free", solid, math.radians(30.0))
    window = ep.Domain((0.0, 2.0 * size), (-2.0 * size, 0.0), (0.0, 4.0 * math.pi * size / wave.omega))
    sides = [ep.Traction(sides="top"), ep.Displacement(wave, sides=("left", "right", "bottom"))]
    return ep.Problem(window, solid, sides, ep.Initial.of(wave), exact=wave)


SOLIDS = {
    "aluminium": (5.76e10, 2.6e10, 2700.0),
    "steel-like": (1e11, 8e10, 7800.0),
    "rubber-like": (1e6, 5e5, 1200.0),
    "plastic-like": (1e9, 0.5e9, 2000.0),
    "tissue": (2.25e9, 2.25e6, 1000.0),
}
"""lambda, mu in Pa, density in kg/m3: problem F. In tissue, lambda is a thousand times mu."""


def real(name: str, size: float) -> ep.Problem:
    """A P and an S wave of one frequency in different directions: two S waves of 1 cm a side, two periods, SI units."""
    solid = ep.Material(*SOLIDS[name])
    s = PlaneWave("s", *SOLIDS[name], angle=0.4, wavelength=0.01, amplitude=1e-6)
    p = PlaneWave("p", *SOLIDS[name], angle=-0.9, wavelength=0.01 * solid.c_p / solid.c_s, amplitude=1e-6)

    def both(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        return s(x, y, t) + p(x, y, t)

    return box(0.02 * size, 0.02 * size / solid.c_s, solid, both)


def time_frequency(name: str) -> float:
    """A little above the two waves' frequency, radians per time that a P wave takes over half a side."""
    solid = ep.Material(*SOLIDS[name])
    return 7.5 * solid.c_s / solid.c_p


def box(extent: float, duration: float, solid, exact, force=None) -> ep.Problem:
    """A square whose sides move as the exact field does."""
    window = ep.Domain((0.0, extent), (0.0, extent), (0.0, duration))
    return ep.Problem(window, solid, [ep.Displacement(exact)], ep.Initial.of(exact), force=force, exact=exact)


ROWS = (
    Row(
        "gradient",
        "P and S waves in moduli that grow as (1 + x / 2)^2",
        gradient,
        "4000 features",
        random_features(4000, 6.5, time_frequency=4.5),
        FEWER,
        1e-2,
    ),
    Row(
        "manufactured",
        "all of lambda, mu, rho and the damping functions of x, y",
        manufactured,
        "2300 features",
        random_features(2300, 7.0),
        FEWER,
        1e-2,
    ),
    Row(
        "grids",
        "the same, lambda and mu as arrays of 200 x 200",
        partial(manufactured, nodes=200),
        "2300 features",
        random_features(2300, 7.0),
        FEWER,
        1e-2,
    ),
    Row(
        "damped-mode",
        "damped Lame mode on four free sides",
        damped,
        "3000 features",
        random_features(3000, 7.0),
        FEWER | {"hidden_layers": [900], "interior_points": 1800, "boundary_points": 450, "initial_points": 450},
        1e-2,
    ),
    Row(
        "plane-stress",
        "SV wave at 30 degrees on a free side, plane stress",
        thin,
        "2500 plane waves",
        plane_waves(2500, 7.5),
        FEWER_WAVES,
        1e-2,
    ),
    *(
        Row(
            f"solid-{name}",
            f"P and S waves in {name} (F)",
            partial(real, name),
            "2000 plane waves",
            plane_waves(2000, 7.5, time_frequency=time_frequency(name)),
            FEWER_WAVES,
            1e-3,
        )
        for name in SOLIDS
    ),
)
