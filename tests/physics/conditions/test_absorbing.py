"""An absorbing side reflects plane waves by the coefficients of theory, and lets those at a right angle leave."""

import cmath
import math

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics import Absorbing, Displacement, Domain, Initial, Material, Problem, Traction
from elastic_pinn.physics.elasticity import Normal
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.solutions import PlaneWave

DOMAIN = Domain((-1.0, 0.0), (0.0, 1.0), (0.0, 1.0))
RIGHT = Normal.of(torch.tensor([[1.0, 0.0]], dtype=torch.complex128))
MODULI = (2.0, 1.0, 1.3)  # lambda, mu, rho
ANY = 0.7 - 0.2j  # what all derivatives have in common: the phase at the point


def residual(material: Material, k: tuple[complex, complex], d: tuple[complex, complex], omega: float) -> np.ndarray:
    """The left side (2,) of an absorbing right side for the wave d exp(i (k . x - omega t))."""
    (statement,) = Absorbing(sides=("right",)).statements(0, DOMAIN)
    factors = {"": 1.0, "x": 1j * k[0], "y": 1j * k[1], "t": -1j * omega}
    u = {name: torch.tensor([[ANY * f * d[0], ANY * f * d[1]]], dtype=torch.complex128) for name, f in factors.items()}
    moduli = Moduli.of(material.lame_lambda, material.lame_mu, material.density)
    return statement.operator(u, moduli, RIGHT)[0].numpy()


def reflected(kind: str, degrees: float, poisson: float) -> tuple[float, float]:
    """|R_P| and |R_S| of a plane wave that meets the right side at an angle from its normal."""
    material = Material(2.0 * poisson / (1.0 - 2.0 * poisson), 1.0, 1.3)  # lambda / mu = 2 nu / (1 - 2 nu)
    speed = {"p": material.c_p, "s": material.c_s}
    omega, angle = 2.0, math.radians(degrees)
    along_side = omega / speed[kind] * math.sin(angle)
    waves = {}
    for name, sign in ((kind, 1.0), ("p", -1.0), ("s", -1.0)):
        k = omega / speed[name]
        across = sign * cmath.sqrt(k**2 - along_side**2)  # imaginary where a P wave creeps along the side
        across = across if across.imag == 0.0 else -1j * abs(across)  # and dies out away from it
        unit = (across / k, along_side / k)
        direction = unit if name == "p" else (-unit[1], unit[0])
        waves[name, sign] = residual(material, (across, along_side), direction, omega)
    system = np.column_stack([waves["p", -1.0], waves["s", -1.0]])
    r_p, r_s = np.linalg.solve(system, -waves[kind, 1.0])
    return abs(r_p), abs(r_s)


@pytest.mark.parametrize(
    ("kind", "degrees", "poisson", "expected"),
    [
        ("p", 15, 0.25, (0.0077, 0.0132)),
        ("p", 30, 0.25, (0.0160, 0.0090)),
        ("p", 45, 0.25, (0.0138, 0.0709)),
        ("s", 15, 0.25, (0.0, 0.0545)),
        ("s", 30, 0.25, (0.134, 0.134)),
        ("s", 45, 0.25, (0.420, 0.169)),
        ("p", 45, 0.33, (0.0629, 0.0757)),
        ("s", 15, 0.33, (0.0175, 0.0454)),
        ("s", 30, 0.33, (0.227, 0.083)),
        ("s", 45, 0.33, (0.342, 0.172)),
    ],
)
def test_oblique_waves_are_reflected_as_theory_says(kind, degrees, poisson, expected):
    assert reflected(kind, degrees, poisson) == pytest.approx(expected, abs=6e-4)


@pytest.mark.parametrize("kind", ["p", "s"])
def test_a_wave_at_a_right_angle_leaves(kind):
    assert reflected(kind, 0.0, 0.25) == pytest.approx((0.0, 0.0), abs=1e-14)


@pytest.mark.parametrize(("side", "angle"), [("left", math.pi), ("top", math.pi / 2), ("bottom", -math.pi / 2)])
def test_each_side_absorbs_what_leaves_through_it_and_nothing_else(side, angle):
    (statement,) = Absorbing(sides=(side,)).statements(0, DOMAIN)
    unit = torch.rand(9, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    points, normals = statement.place.at(unit)
    for way, absorbed in ((angle, True), (angle + math.pi, False)):
        wave = PlaneWave("s", *MODULI, angle=way, wavelength=0.8)
        x, y, t = (column.clone().requires_grad_() for column in points.unbind(1))
        u = wave(x, y, t)
        rates = [torch.autograd.grad(u[:, c].sum(), (x, y, t), retain_graph=True) for c in (0, 1)]
        jet = {name: torch.stack([rates[0][i], rates[1][i]], dim=1) for i, name in enumerate("xyt")}
        left = statement.operator(jet, Moduli.of(*MODULI), Normal.of(normals))
        assert (left.abs().max() < 1e-12) == absorbed


@pytest.mark.parametrize(("right", "low", "high"), [(Absorbing, 0.0, 5e-3), (Traction, 0.1, math.inf)])
def test_a_wave_leaves_a_box_through_an_absorbing_side_and_not_through_a_free_one(tmp_path, right, low, high):
    """The right side knows nothing of the wave; the others are moved as it moves them."""
    material = Material(2.0, 1.0, 1.0)
    wave = PlaneWave("p", 2.0, 1.0, 1.0, wavelength=0.9, amplitude=1e-3)
    box = Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.6))
    sides = [Displacement(wave, sides=("left", "bottom", "top")), right(sides="right")]
    problem = Problem(box, material, sides, Initial.of(wave), exact=wave)
    points = {"interior_points": 20, "boundary_points": 700, "initial_points": 350, "validation_points": 200}
    config = ep.Config(
        problem="own", network="plane_waves", hidden_layers=[700], activation="sin", input_frequency=10.0,
        precision="float64", stages=["last_layer"], steps=1, ridge=1e-13, **points,
    )  # fmt: skip
    run = ep.train(config, tmp_path / "run", problem=problem)
    assert low < run.latest().metrics["error/displacement"] < high


def test_an_absorbing_side_is_no_free_one_to_a_resume(tmp_path):
    def made(condition):
        return Problem(DOMAIN, Material(2.0, 1.0, 1.0), [condition])

    absorbing, free = made(Absorbing()), made(Traction())
    assert absorbing.is_like(made(Absorbing()).identity)
    assert not absorbing.is_like(free.identity) and not free.is_like(absorbing.identity)
