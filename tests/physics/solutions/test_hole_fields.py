"""The exact fields of holes: finite differences satisfy the equation of motion, and the rims are free or fixed."""

import math

import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.elasticity import Derivatives, Normal, residual, traction
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.solutions import AnnulusMode, HoleWave, PlaneWave

SOLID = ep.Material(2.0, 1.0, 1.3)
MODULI = Moduli.of(2.0, 1.0, 1.3)
INNER, OUTER = 0.4, 1.0
FIRST = {-2: 1 / 12, -1: -8 / 12, 1: 8 / 12, 2: -1 / 12}  # weights of central differences of fourth order
SECOND = {-2: -1 / 12, -1: 16 / 12, 0: -30 / 12, 1: 16 / 12, 2: -1 / 12}


def differences(field, points: Tensor, h: float = 2e-3) -> Derivatives:
    """The derivatives in the equation of motion by finite differences."""
    steps = h * torch.eye(3, dtype=torch.float64)

    def at(shift: Tensor) -> Tensor:
        return field(*(points + shift).unbind(1))

    u = {"": at(0.0 * steps[0])}
    for axis, step in zip("xyt", steps, strict=True):
        u[axis] = sum(w * at(i * step) for i, w in FIRST.items()) / h
        u[2 * axis] = sum(w * at(i * step) for i, w in SECOND.items()) / h**2
    u["xy"] = sum(v * w * at(i * steps[0] + j * steps[1]) for i, v in FIRST.items() for j, w in FIRST.items()) / h**2
    return u


def ring(low: float, high: float, center: tuple[float, float] = (0.0, 0.0)) -> tuple[Tensor, Tensor]:
    """Points (40, 3) between two radii, and unit vectors from the centre, (40, 2)."""
    radius, turn, t = torch.rand(3, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    out = torch.stack([(2 * math.pi * turn).cos(), (2 * math.pi * turn).sin()], dim=1)
    xy = out.new_tensor(center) + (low + (high - low) * radius)[:, None] * out
    return torch.cat([xy, t[:, None]], dim=1), out


def assert_rim(field, kind: str, radius: float, center: tuple[float, float] = (0.0, 0.0)) -> None:
    points, out = ring(radius, radius, center)
    u = differences(field, points)
    pull, size = traction(u, MODULI, Normal.of(out)).abs().max(), u["x"].abs().max()
    held = {"free": pull, "fixed": u[""].abs().max()}
    assert held.pop(kind) < 1e-6 * size < 0.1 * size < min(held.values())


@pytest.mark.parametrize("rims", [("free", "free"), ("fixed", "free"), ("free", "fixed"), ("fixed", "fixed")])
@pytest.mark.parametrize("kind", ["torsion", "radial"])
def test_a_mode_of_an_annulus_moves_by_the_equation_between_free_or_fixed_rims(kind, rims):
    mode = AnnulusMode(kind, SOLID, INNER, OUTER, rims)
    u = differences(mode, ring(INNER, OUTER)[0])
    assert residual(u, MODULI).abs().max() < 1e-7 * u["tt"].abs().max()
    assert_rim(mode, rims[0], INNER)
    assert_rim(mode, rims[1], OUTER)
    dense = torch.linspace(INNER, OUTER, 5000, dtype=torch.float64)
    assert mode(dense, 0 * dense, 0 * dense).abs().max().item() == pytest.approx(1.0, abs=1e-5)


def test_the_first_mode_is_that_of_a_disc_where_the_hole_is_small_and_of_a_ring_where_it_is_narrow():
    assert AnnulusMode("torsion", SOLID, 1e-3, 1.0).wave_number == pytest.approx(5.1356, abs=1e-3)
    ring = AnnulusMode("radial", ep.Material(1.0, 1.0, 1.0), 0.999, 1.0)  # all of it moves out and back: E' / rho r^2
    assert ring.wave_number == pytest.approx(math.sqrt((1.0 + 2.0) ** 2 - 1.0) / 3.0, abs=1e-3)


@pytest.mark.parametrize("angle", [0.0, 0.7])
@pytest.mark.parametrize("kind", ["p", "s"])
def test_a_wave_on_a_hole_moves_by_the_equation_and_leaves_its_rim_free(kind, angle):
    center, radius = (0.2, -0.1), 0.3
    wave = HoleWave(kind, SOLID, radius, center, angle, wavelength=0.9)
    u = differences(wave, ring(1.05 * radius, 4.0 * radius, center)[0])
    assert residual(u, MODULI).abs().max() < 1e-6 * u["tt"].abs().max()
    assert_rim(wave, "free", radius, center)


def test_a_small_hole_scatters_little_of_the_plane_wave_that_meets_it():
    points, _ = ring(0.5, 1.0)
    alone = PlaneWave("p", SOLID.lame_lambda, SOLID.lame_mu, SOLID.density, angle=0.4, wavelength=0.9)(
        *points.unbind(1)
    )
    off = [
        (HoleWave("p", SOLID, a, angle=0.4, wavelength=0.9)(*points.unbind(1)) - alone).abs().max()
        for a in (2e-3, 1e-3)
    ]
    assert off[1] < 1e-3 and off[0] / off[1] == pytest.approx(4.0, rel=0.02)  # as its area


def test_a_mode_or_wave_of_another_kind_is_refused():
    with pytest.raises(ep.ProblemError, match="'torsion' or 'radial', not 'bending'"):
        AnnulusMode("bending", SOLID)
    with pytest.raises(ep.ProblemError, match="0 < inner < outer"):
        AnnulusMode("radial", SOLID, 1.0, 0.5)
    with pytest.raises(ep.ProblemError, match="each 'free' or 'fixed'"):
        AnnulusMode("radial", SOLID, rims=("free", "welded"))
    with pytest.raises(ep.ProblemError, match="kind 'p' or 's'"):
        HoleWave("sv", SOLID, 0.1)
    with pytest.raises(ep.ProblemError, match="radius above 0 m"):
        HoleWave("p", SOLID, 0.0)
