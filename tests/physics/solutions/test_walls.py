"""Plane waves on walls, and the surface wave: the exact fields, and the sides that they hold."""

import math

import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.elasticity import Normal, residual
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.solutions import RayleighWave, WallReflection
from tests.physics.test_elasticity import derivatives

SOLID = ep.Material(1.0, 1.0, 1.0)  # nu = 0.25: an S wave makes no P wave past 35.3 degrees
MODULI = Moduli.of(1.0, 1.0, 1.0)
BOX = ep.Domain((0.0, 1.0), (-1.0, 0.0), (0.0, 1.0))
SIDES = {"fixed": ep.Displacement(), "free": ep.Traction(), "symmetry": ep.Symmetry(), "absorbing": ep.Absorbing()}
WAVES = [("p", 0.0), ("p", 30.0), ("s", 0.0), ("s", 30.0), ("s", 40.0), ("s", 45.0)]


def points(count: int = 40) -> Tensor:
    unit = torch.rand(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return BOX.interior(unit)


def misfit(condition: ep.Symmetry | ep.Traction, field, side: str) -> float:
    """The largest left side of a condition on one side, for a field."""
    found = []
    for statement in type(condition)(sides=side).statements(0, BOX):
        unit = torch.rand(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        at, normals = statement.place.at(unit)
        found.append(statement.operator(derivatives(field, at), MODULI, Normal.of(normals)).abs().max().item())
    return max(found)


@pytest.mark.parametrize("wall", SIDES)
@pytest.mark.parametrize(("kind", "degrees"), WAVES)
def test_reflected_waves_satisfy_the_equation_and_hold_their_wall_alone(wall, kind, degrees):
    field = WallReflection(kind, wall, SOLID, math.radians(degrees))
    u = derivatives(field, points())
    assert residual(u, MODULI).abs().max() < 1e-12 * u["tt"].abs().max()
    held = {name for name, condition in SIDES.items() if misfit(condition, field, "top") < 1e-12}
    same = {  # a wave at a right angle that moves a wall along its normal, or along the wall, alone
        ("p", 0.0): ({"fixed", "symmetry"}, {"free"}),
        ("s", 0.0): ({"free", "symmetry"}, {"fixed"}),
    }
    if wall == "absorbing":
        assert abs(field.waves[1].amplitude) < 0.5 and abs(field.waves[2].amplitude) < 0.5
    alike = next((group for group in same.get((kind, degrees), ()) if wall in group), {wall})
    assert held == alike


@pytest.mark.parametrize(
    ("kind", "degrees", "expected"), [("p", 45, (0.0138, 0.0709)), ("s", 30, (0.134, 0.134)), ("s", 45, (0.420, 0.169))]
)
def test_an_absorbing_wall_reflects_as_in_the_literature(kind, degrees, expected):
    _, p, s = WallReflection(kind, "absorbing", SOLID, math.radians(degrees)).waves
    assert (abs(p.amplitude), abs(s.amplitude)) == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize(("poisson", "ratio"), [(0.25, 0.919402), (0.33, 0.932023)])
def test_the_surface_wave_has_the_speed_of_the_literature_and_a_free_surface(poisson, ratio):
    solid = ep.Material(2.0 * poisson / (1.0 - 2.0 * poisson), 1.0, 1.0)
    wave = RayleighWave(solid, wavelength=0.8)
    assert wave.speed / solid.c_s == pytest.approx(ratio, abs=1e-6)
    u = derivatives(wave, points())
    assert residual(u, Moduli.of(solid.lame_lambda, 1.0, 1.0)).abs().max() < 1e-11 * u["tt"].abs().max()
    if poisson == 0.25:
        assert misfit(ep.Traction(), wave, "top") < 1e-12 < 0.1 < misfit(ep.Symmetry(), wave, "top")


@pytest.mark.parametrize("side", ["left", "right", "bottom", "top"])
def test_a_side_of_symmetry_is_one_whichever_way_it_looks(side):
    """A field and its mirror image beyond the side are symmetric; a field alone is not."""
    axis, place = {"left": (0, 0.0), "right": (0, 1.0), "bottom": (1, -1.0), "top": (1, 0.0)}[side]

    def alone(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        return torch.stack([torch.sin(2 * x + y - 3 * t) + x * y, torch.cos(x - 2 * y + 2 * t)], dim=-1)

    def mirrored(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        image = [x, y]
        image[axis] = 2.0 * place - image[axis]
        sign = torch.ones(2, dtype=torch.float64)
        sign[axis] = -1.0
        return alone(x, y, t) + sign * alone(*image, t)

    assert misfit(ep.Symmetry(), mirrored, side) < 1e-12 < 0.1 < misfit(ep.Symmetry(), alone, side)


def test_a_symmetric_side_is_another_problem_than_a_free_one_and_is_refused_with_a_value():
    def made(condition) -> ep.Problem:
        return ep.Problem(BOX, SOLID, [condition, ep.Displacement(sides=("left", "right", "bottom"))])

    one = made(ep.Symmetry("top"))
    assert one.is_like(made(ep.Symmetry(["top"])).identity) and not one.is_like(made(ep.Traction(sides="top")).identity)
    assert repr(ep.Symmetry("top")) == "Symmetry(('top',))"
    with pytest.raises(ep.ProblemError, match="names of sides"):
        ep.Symmetry(lambda x, y, t: x)
    with pytest.raises(ep.ProblemError, match="legal are any of left"):
        made(ep.Symmetry("middle"))
    with pytest.raises(ep.ProblemError, match="wall = 'soft'"):
        WallReflection("p", "soft", SOLID)
    with pytest.raises(ep.ProblemError, match="0 to pi / 2"):
        WallReflection("p", "free", SOLID, 2.0)
