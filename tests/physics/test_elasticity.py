"""The equations are those of a textbook: exact waves satisfy them, and hand-worked strains give their stress."""

import math

import pytest
import torch
from torch import Tensor

from elastic_pinn.physics.elasticity import Normal, residual, stress, traction
from elastic_pinn.physics.media.material import ALUMINIUM, RUBBER, Material
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.solutions import PlaneWave, StandingWaves

SOFT = Material(2.0, 1.0, 0.5)
AXES = "xyt"
each_material = pytest.mark.parametrize("material", [SOFT, ALUMINIUM, RUBBER], ids=["soft", "aluminium", "rubber"])


def moduli(material: Material) -> Moduli:
    constants = (material.lame_lambda, material.lame_mu, material.density)
    return Moduli.of(*(torch.tensor(value, dtype=torch.float64) for value in constants))


def derivatives(field, points: Tensor) -> dict[str, Tensor]:
    """Every derivative up to the second of a field (x, y, t) -> (..., 2), by autograd: name -> (N, 2)."""

    def at(point: Tensor) -> Tensor:
        return field(*point.unbind())

    first = torch.func.vmap(torch.func.jacrev(at))(points)  # (N, 2, 3)
    second = torch.func.vmap(torch.func.jacrev(torch.func.jacrev(at)))(points)  # (N, 2, 3, 3)
    u = {"": field(*points.unbind(1))}
    u |= {a: first[..., i] for i, a in enumerate(AXES)}
    return u | {a + b: second[..., i, j] for i, a in enumerate(AXES) for j, b in enumerate(AXES) if j >= i}


def points(duration: float) -> Tensor:
    unit = torch.rand(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return unit * torch.tensor([1.0, 1.0, duration], dtype=torch.float64)


def uniform(dxux: float, dxuy: float, dyux: float, dyuy: float) -> dict[str, Tensor]:
    """A field of constant gradient."""
    return {
        "x": torch.tensor([[dxux, dxuy]], dtype=torch.float64),
        "y": torch.tensor([[dyux, dyuy]], dtype=torch.float64),
    }


def waves(material: Material) -> list:
    constants = (material.lame_lambda, material.lame_mu, material.density)
    plane = [
        PlaneWave(kind, *constants, angle=angle, wavelength=0.7) for kind in ("p", "s") for angle in (0.0, 0.4, 2.0)
    ]
    return [StandingWaves(*constants, p_amplitude=0.7, s_amplitude=1.3), *plane]


@each_material
def test_exact_waves_satisfy_the_equation_of_motion(material):
    for wave in waves(material):
        u = derivatives(wave, points(2.0 / material.c_p))
        inertia = (material.density * u["tt"]).abs().max()
        assert residual(u, moduli(material)).abs().max() < 1e-12 * inertia


def test_the_waves_of_another_material_do_not():
    for wave in waves(SOFT):
        u = derivatives(wave, points(1.0))
        inertia = (SOFT.density * u["tt"]).abs().max()
        for other in (Material(2.2, 1.1, 0.5), Material(2.0, 1.0, 0.55)):
            assert residual(u, moduli(other)).abs().max() > 0.03 * inertia


def test_a_force_accelerates_a_free_body():
    u = derivatives(lambda x, y, t: torch.stack([t**2 / 2, -(t**2)], dim=-1), points(1.0))
    force = torch.tensor([0.5, -1.0], dtype=torch.float64).expand(40, 2)  # density 0.5 times acceleration (1, -2)
    assert residual(u, moduli(SOFT), force).abs().max() < 1e-15
    assert residual(u, moduli(SOFT)).abs().max() == 1.0


def test_the_residual_of_a_hand_worked_field():
    u = derivatives(lambda x, y, t: torch.stack([x**2, x * y + y**2 + t**2], dim=-1), points(1.0))
    # div u = 2 x + x + 2 y, its gradient (3, 2); laplace u = (2, 2); u_tt = (0, 2)
    expected = [-(2.0 + 1.0) * 3.0 - 1.0 * 2.0, 0.5 * 2.0 - (2.0 + 1.0) * 2.0 - 1.0 * 2.0]
    assert residual(u, moduli(SOFT))[0].tolist() == pytest.approx(expected)


def test_the_residual_is_inertia_less_the_divergence_of_stress():
    def field(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        return torch.stack([torch.sin(2 * x + y * t), torch.exp(x * y) * torch.cos(t)], dim=-1)

    def stress_at(point: Tensor) -> Tensor:
        return stress(derivatives(field, point[None]), moduli(SOFT))[0]

    where = points(1.0)
    gradient = torch.func.vmap(torch.func.jacrev(stress_at))(where)  # (N, 3, 3): components xx, yy, xy by x, y, t
    divergence = torch.stack([gradient[:, 0, 0] + gradient[:, 2, 1], gradient[:, 2, 0] + gradient[:, 1, 1]], dim=1)
    u = derivatives(field, where)
    torch.testing.assert_close(residual(u, moduli(SOFT)), 0.5 * u["tt"] - divergence, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("gradient", "expected"),
    [
        ((0.1, 0.0, 0.0, 0.0), (0.4, 0.2, 0.0)),  # stretched along x: (lambda + 2 mu) e, lambda e
        ((0.0, 0.0, 0.0, 0.1), (0.2, 0.4, 0.0)),  # along y
        ((0.1, 0.0, 0.0, 0.1), (0.6, 0.6, 0.0)),  # swollen: 2 (lambda + mu) e
        ((0.0, 0.0, 0.1, 0.0), (0.0, 0.0, 0.1)),  # sheared: mu gamma
        ((0.0, 0.1, 0.0, 0.0), (0.0, 0.0, 0.1)),  # sheared the other way
        ((0.0, 0.1, -0.1, 0.0), (0.0, 0.0, 0.0)),  # turned
        ((0.1, 0.0, 0.0, -0.1), (0.2, -0.2, 0.0)),  # pure shear at 45 degrees
    ],
)
def test_uniform_strain_gives_its_hand_worked_stress(gradient, expected):
    assert stress(uniform(*gradient), moduli(SOFT))[0].tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("normal", "expected"),
    [
        ((1.0, 0.0), (0.4, 0.1)),
        ((-1.0, 0.0), (-0.4, -0.1)),
        ((0.0, 1.0), (0.1, 0.2)),
        ((0.0, -1.0), (-0.1, -0.2)),
        ((math.sqrt(0.5), math.sqrt(0.5)), (0.5 * math.sqrt(0.5), 0.3 * math.sqrt(0.5))),
    ],
)
def test_traction_is_stress_times_outward_normal(normal, expected):
    u = uniform(0.1, 0.04, 0.06, 0.0)  # sigma_xx = 0.4, sigma_yy = 0.2, sigma_xy = 0.1
    found = traction(u, moduli(SOFT), Normal.of(torch.tensor([normal], dtype=torch.float64)))
    assert found[0].tolist() == pytest.approx(expected)
