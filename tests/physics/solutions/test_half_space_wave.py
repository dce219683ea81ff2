"""The wave of a load on a half-space satisfies the equation and the traction, and is Lamb's on the surface."""

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.solutions import HalfSpaceWave
from tests.physics.solutions.test_source_wave import FIRST, SECOND

SOLID = ep.Material(2.0, 1.0, 1.3)
PULSE = ep.Ricker(2.0, 0.75)
WAVE = HalfSpaceWave(ep.SideLoad((0.5, 1.0), (0.3, -1.0), PULSE, 0.1), SOLID, (0.0, 1.5))
STEP = 4e-3
ONE_SIDED = (-137 / 60, 5.0, -5.0, 10 / 3, -5 / 4, 1 / 5)  # of the first derivative, of fifth order


def points() -> Tensor:
    found = torch.rand(60, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return found * torch.tensor([1.0, 0.95, 1.3]) + torch.tensor([0.0, 0.0, 0.1])


def test_the_wave_satisfies_the_equation_of_motion():
    def at(dx: int = 0, dy: int = 0, dt: int = 0) -> Tensor:
        return WAVE(*(points() + STEP * torch.tensor([dx, dy, dt])).unbind(1))

    tt = sum(c * at(dt=i) for i, c in SECOND.items()) / STEP**2
    xx = sum(c * at(dx=i) for i, c in SECOND.items()) / STEP**2
    yy = sum(c * at(dy=i) for i, c in SECOND.items()) / STEP**2
    xy = sum(a * b * at(i, j) for i, a in FIRST.items() for j, b in FIRST.items()) / STEP**2
    grad_div = torch.stack([xx[:, 0] + xy[:, 1], xy[:, 0] + yy[:, 1]], dim=1)
    assert (1.3 * tt - 3.0 * grad_div - 1.0 * (xx + yy)).abs().max() < 1e-7 * (1.3 * tt).abs().max()


def test_the_traction_on_the_surface_is_the_load():
    x, _, t = points().unbind(1)
    step = 5e-4
    by_y = sum(c * WAVE(x, torch.full_like(x, 1.0 - i * step), t) for i, c in enumerate(ONE_SIDED)) / -step
    by_x = sum(c * WAVE(x + i * step, torch.ones_like(x), t) for i, c in FIRST.items()) / step
    shear, normal = by_y[:, 0] + by_x[:, 1], 2.0 * (by_x[:, 0] + by_y[:, 1]) + 2.0 * by_y[:, 1]
    load = WAVE.load(x, torch.ones_like(x), t)
    assert (torch.stack([shear, normal], dim=1) - load).abs().max() < 1e-5 * load.abs().max()


def of_lamb(x: float, t: float, width: float) -> float:
    """u_y on the surface at a distance x from a unit load along y, in closed form but for the sums over load and pulse.

    An impulse at a point gives H(t / x) / x with H(p) = -Im(a / R) / (pi mu c_s^2), where q = i p,
    a^2 = q^2 + 1 / c_p^2, b^2 = q^2 + 1 / c_s^2 and R = (q^2 + b^2)^2 - 4 q^2 a b; at Rayleigh's slowness its integral
    is a principal value.
    """
    fast, slow = 1.0 / SOLID.c_p, 1.0 / SOLID.c_s

    def response(p):
        a, b = np.sqrt(fast**2 - p**2 + 0j), np.sqrt(slow**2 - p**2 + 0j)
        return -(a / ((slow**2 - 2 * p**2) ** 2 + 4 * p**2 * a * b)).imag / (np.pi * SOLID.lame_mu * SOLID.c_s**2)

    def secular(p):
        return (slow**2 - 2 * p**2) ** 2 - 4 * p**2 * np.sqrt(p**2 - fast**2) * np.sqrt(p**2 - slow**2)

    rayleigh = brentq(secular, slow * (1.0 + 1e-9), 1.3 * slow, xtol=1e-15)
    nodes, weights = np.polynomial.legendre.leggauss(300)
    off = 7.0 * width * nodes
    spread = 7.0 * width * weights * np.exp(-(off**2) / (2.0 * width**2)) / (np.sqrt(2.0 * np.pi) * width)

    def strength(p):  # of the pulse, over the load: (n,)
        then = t - p[:, None] * (x - off)
        return np.where(then > 0.0, PULSE(torch.from_numpy(then)).numpy(), 0.0) @ spread

    def integral(of, first, last):
        return (last - first) / 2.0 * weights @ of((first + last) / 2.0 + (last - first) / 2.0 * nodes)

    def product(p):
        return response(p) * strength(p)

    middle, half = (fast + slow) / 2.0, np.sqrt((slow - fast) / 2.0)
    found = integral(lambda v: 2 * v * product(fast + v**2), 0.0, half)
    found += integral(lambda v: 2 * v * product(slow - v**2), 0.0, half)
    gap = rayleigh - slow
    assert middle < slow < rayleigh
    found += integral(  # both sides of the pole together
        lambda v: 2 * v * (product(slow + v**2) + product(rayleigh + gap - v**2)), 0.0, np.sqrt(gap)
    )
    return found + integral(product, rayleigh + gap, max(rayleigh + gap, t / (x - 7.0 * width)))


@pytest.mark.parametrize(("x", "t"), [(1.0, 1.2), (1.0, 1.9), (1.0, 2.2), (1.3, 2.3)])
def test_on_the_surface_it_is_the_closed_solution_of_lamb(x, t):
    width = 0.1
    wave = HalfSpaceWave(ep.SideLoad((0.0, 0.0), (0.0, 1.0), PULSE, width), SOLID, (0.0, 2.4))
    found = wave(*torch.tensor([[x], [0.0], [t]], dtype=torch.float64))[0, 1]
    assert float(found) == pytest.approx(of_lamb(x, t, width), abs=1e-9)  # m, of up to 0.03
