"""The exact fields of plates at rest: they are in equilibrium, and have the loads that they state."""

import math

import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.elasticity import Normal, residual, stress, traction
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.solutions import KirschPlate, Nucleus, StrainNuclei
from tests.physics.test_elasticity import derivatives

RADIUS, CENTER, ANGLE, TENSION = 0.3, (0.2, -0.1), 0.6, 5.0
SOLIDS = {plane: ep.Material.from_young(8.0, 0.3, 1.0, plane=plane) for plane in ("strain", "stress")}
NUCLEI = (Nucleus((0.1, 0.2), (0.7, -0.4), 0.3 - 0.2j, 0.5j), Nucleus((-0.4, 0.0), (-0.1, 0.9), 0.1j, -0.6 + 0.2j))

each_plane = pytest.mark.parametrize("plane", SOLIDS)


def moduli(solid: ep.Material) -> Moduli:
    return Moduli.of(solid.in_plane_lambda, solid.lame_mu, solid.density)


def circle(center: tuple[float, float], radius: float, count: int = 400) -> tuple[Tensor, Tensor]:
    """Evenly spread points (N, 3) and unit vectors from the centre, (N, 2)."""
    turn = 2.0 * math.pi * torch.arange(count, dtype=torch.float64) / count
    out = torch.stack([turn.cos(), turn.sin()], dim=1)
    xy = out.new_tensor(center) + radius * out
    return torch.cat([xy, torch.zeros(count, 1, dtype=torch.float64)], dim=1), out


def fields(solid: ep.Material) -> list:
    return [KirschPlate(solid, RADIUS, CENTER, ANGLE, TENSION), StrainNuclei(solid, NUCLEI)]


@each_plane
@pytest.mark.parametrize("which", [0, 1], ids=["Kirsch", "nuclei"])
def test_a_field_is_in_equilibrium_and_its_stress_is_that_of_its_strain(plane, which):
    solid = SOLIDS[plane]
    field, (points, _) = fields(solid)[which], circle((0.05, 0.1), 0.75, 40)
    u = derivatives(field, points)
    assert residual(u, moduli(solid)).abs().max() < 1e-12 * u["xx"].abs().max()
    torch.testing.assert_close(field.stress(*points[:, :2].T), stress(u, moduli(solid)), rtol=1e-11, atol=1e-11)


@each_plane
def test_kirschs_rim_is_free_and_has_three_times_the_tension_where_it_lies_along_it(plane):
    field = KirschPlate(SOLIDS[plane], RADIUS, CENTER, ANGLE, TENSION)
    points, out = circle(CENTER, RADIUS)
    pull = traction(derivatives(field, points), moduli(SOLIDS[plane]), Normal.of(out))
    assert pull.abs().max() < 1e-12 * TENSION
    xx, yy, _ = field.stress(*points[:, :2].T).T
    along = xx + yy  # the other principal stress is 0
    assert along.max().item() == pytest.approx(3.0 * TENSION, rel=1e-3)
    assert along.min().item() == pytest.approx(-TENSION, rel=1e-3)
    turn = math.atan2(*out[along.argmax()].flip(0).tolist())
    assert math.remainder(turn - ANGLE - math.pi / 2.0, math.pi) == pytest.approx(0.0, abs=0.01)


def test_far_from_the_hole_the_plate_is_under_tension_alone():
    field = KirschPlate(SOLIDS["stress"], RADIUS, CENTER, 0.0, TENSION)
    points, _ = circle(CENTER, 1e4 * RADIUS, 20)
    expected = torch.tensor([TENSION, 0.0, 0.0], dtype=torch.float64).expand(20, 3)
    torch.testing.assert_close(field.stress(*points[:, :2].T), expected, rtol=0.0, atol=1e-6 * TENSION)
    u, reach = field(*points.unbind(1)), 1e4 * RADIUS
    assert u[0, 0].item() == pytest.approx(TENSION / 8.0 * reach, rel=1e-6)  # E = 8
    assert u[5, 1].item() == pytest.approx(-0.3 * TENSION / 8.0 * reach, rel=1e-6)


@each_plane
@pytest.mark.parametrize("nucleus", NUCLEI)
def test_around_a_nucleus_the_pull_balances_its_force_and_the_displacement_closes(plane, nucleus):
    field = StrainNuclei(SOLIDS[plane], NUCLEI)
    points, out = circle(nucleus.at, 0.1)
    u = derivatives(field, points)
    pull = traction(u, moduli(SOLIDS[plane]), Normal.of(out)).mean(0) * 2.0 * math.pi * 0.1
    assert (-pull).tolist() == pytest.approx(nucleus.force, abs=1e-12)
    step = u[""].diff(dim=0, append=u[""][:1]).norm(dim=1)
    assert step.max() < 3.0 * step.mean()


def test_a_hole_without_a_radius_is_refused():
    with pytest.raises(ep.ProblemError, match="radius above 0 m"):
        KirschPlate(SOLIDS["strain"], 0.0)
