"""Exact wavefields are exact: they satisfy the equation of motion, and conserve what it conserves."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from elastic_pinn.physics.media.material import ALUMINIUM, Material
from elastic_pinn.physics.solutions import GaussianPulse, PlaneWave, StandingWaves, free_space, record_pulses

N, SPACING = 48, 0.1
C_P, C_S = 2.0, 1.0
TIMES = torch.tensor([0.0, 0.7, 1.9], dtype=torch.float64)
PULSES = (
    GaussianPulse((0.1, -0.2), (1.0, 0.0), width=0.5, peak=2.0),
    GaussianPulse((-0.3, 0.4), (0.6, 0.8), width=0.4, peak=-1.0),
)


def points(length: float, duration: float) -> tuple[Tensor, ...]:
    unit = torch.rand(3, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return length * unit[0], length * unit[1], duration * unit[2]


def residual(wave, material: Material, x: Tensor, y: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """rho u_tt - (lambda + mu) grad(div u) - mu laplace(u), and rho u_tt, both (N, 2)."""

    def at(point: Tensor) -> Tensor:
        return wave(*point)

    second = torch.func.vmap(torch.func.jacrev(torch.func.jacrev(at)))(torch.stack([x, y, t], dim=-1))  # (N, 2, 3, 3)
    inertia = material.density * second[:, :, 2, 2]
    laplace = second[:, :, 0, 0] + second[:, :, 1, 1]
    grad_div = second[:, 0, 0, :2] + second[:, 1, 1, :2]
    lame_lambda, lame_mu = material.lame_lambda, material.lame_mu
    return inertia - (lame_lambda + lame_mu) * grad_div - lame_mu * laplace, inertia


def grid() -> tuple[Tensor, Tensor]:
    nodes = SPACING * (torch.arange(N, dtype=torch.float64) - N // 2)
    x, y = torch.meshgrid(nodes, nodes, indexing="ij")
    return x, y


def gradient(field: Tensor) -> tuple[Tensor, Tensor]:
    """The derivatives by x and y of a periodic field (..., n, n), by way of its spectrum."""
    k = 2 * math.pi * torch.fft.fftfreq(N, SPACING, dtype=torch.float64)
    spectrum = torch.fft.fft2(field)
    return torch.fft.ifft2(1j * k[:, None] * spectrum).real, torch.fft.ifft2(1j * k * spectrum).real


@pytest.mark.parametrize("s_amplitude", [0.0, 1.0])
@pytest.mark.parametrize(("material", "length"), [(Material(2.0, 1.0, 1.0), 1.0), (ALUMINIUM, 0.06)])
def test_standing_waves_satisfy_the_equation_of_motion(material, length, s_amplitude):
    wave = StandingWaves(*moduli(material), s_amplitude=s_amplitude, length=length)
    rest, inertia = residual(wave, material, *points(length, 2 * length / material.c_s))
    assert rest.abs().max() < 1e-12 * inertia.abs().max()


@pytest.mark.parametrize("kind", ["p", "s"])
def test_plane_waves_satisfy_the_equation_of_motion(kind):
    wave = PlaneWave(kind, *moduli(ALUMINIUM), angle=0.7, wavelength=0.01, amplitude=1e-6)
    rest, inertia = residual(wave, ALUMINIUM, *points(0.06, 8e-6))
    assert rest.abs().max() < 1e-12 * inertia.abs().max()


def moduli(material: Material) -> tuple[float, float, float]:
    return material.lame_lambda, material.lame_mu, material.density


def test_standing_waves_are_the_published_benchmark_by_default():
    x, y, t = points(1.0, 2.0)
    u = StandingWaves(2.0, 1.0, 1.0, s_amplitude=0.0)(x, y, t)
    expected = math.pi * torch.cos(math.pi * x) * torch.sin(math.pi * y) * torch.cos(2 * math.pi * 2**0.5 * t)
    torch.testing.assert_close(u[:, 0], expected, rtol=0, atol=1e-12)


def test_a_standing_p_mode_alone_does_not_show_the_shear_speed():
    x, y, t = points(1.0, 2.0)
    one = StandingWaves(2.0, 1.0, 1.0, s_amplitude=0.0)(x, y, t)
    other = StandingWaves(3.0, 0.5, 1.0, s_amplitude=0.0)(x, y, t)
    torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_a_p_wave_moves_along_its_direction_and_an_s_wave_across():
    x, y, t = points(1.0, 1.0)
    along = torch.tensor([math.cos(0.7), math.sin(0.7)], dtype=torch.float64)
    across = torch.tensor([-math.sin(0.7), math.cos(0.7)], dtype=torch.float64)
    assert (PlaneWave("p", 2.0, 1.0, 1.0, angle=0.7)(x, y, t) @ across).abs().max() < 1e-14
    assert (PlaneWave("s", 2.0, 1.0, 1.0, angle=0.7)(x, y, t) @ along).abs().max() < 1e-14


def test_another_kind_of_plane_wave_is_refused_with_the_legal_ones():
    with pytest.raises(ValueError, match="'p' or 's', not 'sv'"):
        PlaneWave("sv", 2.0, 1.0, 1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"width": 0.0}, "width above 0 m"),
        ({"direction": (1.0, 1.0)}, "length 1"),
        ({"peak": math.nan}, "not finite"),
    ],
)
def test_an_impossible_pulse_is_refused(change, fault):
    right = {"center": (0.0, 0.0), "direction": (1.0, 0.0), "width": 1.0, "peak": 1.0}
    with pytest.raises(ValueError, match=fault):
        GaussianPulse(**(right | change))


def test_a_pulse_peaks_at_its_centre_and_falls_to_one_in_e_at_its_width():
    x, y = torch.tensor([0.1, 0.1]), torch.tensor([-0.2, 0.3])
    expected = torch.tensor([[2.0, 0.0], [2.0 / math.e, 0.0]])
    torch.testing.assert_close(PULSES[0].velocity(x, y), expected)


@pytest.mark.parametrize(("speed", "turn"), [(C_P, 0.0), (C_S, math.pi / 2)])
def test_free_space_lets_a_plane_wave_swing_at_its_own_speed(speed, turn):
    x, y = grid()
    kx, ky = 2 * 2 * math.pi / (N * SPACING), -2 * math.pi / (N * SPACING)
    angle, k = math.atan2(ky, kx) + turn, math.hypot(kx, ky)
    shape = torch.cos(kx * x + ky * y)[..., None] * torch.tensor([math.cos(angle), math.sin(angle)])
    expected = shape * (torch.sin(speed * k * TIMES) / (speed * k))[:, None, None, None]
    torch.testing.assert_close(free_space(shape, SPACING, C_P, C_S, TIMES), expected, rtol=0, atol=1e-13)


def test_free_space_lets_a_uniform_velocity_carry_the_plane_along():
    velocity = torch.tensor([1.0, -2.0], dtype=torch.float64).expand(N, N, 2)
    expected = TIMES[:, None, None, None] * velocity
    torch.testing.assert_close(free_space(velocity, SPACING, C_P, C_S, TIMES), expected, rtol=0, atol=1e-13)


def test_free_space_keeps_a_gradient_without_curl_and_a_curl_without_divergence():
    x, y = grid()
    d_x, d_y = gradient(torch.exp(-(x**2 + y**2) / 0.5**2))
    for velocity, absent in ((torch.stack([d_x, d_y], -1), "curl"), (torch.stack([d_y, -d_x], -1), "div")):
        u = free_space(velocity, SPACING, C_P, C_S, TIMES)
        (xx, xy), (yx, yy) = gradient(u[..., 0]), gradient(u[..., 1])
        parts = {"div": xx + yy, "curl": yx - xy}
        assert parts.pop(absent).abs().max() < 1e-12
        assert parts.popitem()[1].abs().max() > 0.1


def test_free_space_conserves_energy():
    x, y = grid()
    velocity = PULSES[0].velocity(x, y) + PULSES[1].velocity(x, y)
    step = 1e-4
    energies = []
    for t in TIMES.tolist():
        around = torch.tensor([t - step, t, t + step], dtype=torch.float64)
        before, u, after = free_space(velocity, SPACING, C_P, C_S, around)
        (xx, xy), (yx, yy) = gradient(u[..., 0]), gradient(u[..., 1])
        kinetic = ((after - before) / (2 * step)).square().sum() / 2
        shear = xx**2 + yy**2 + (xy + yx) ** 2 / 2
        strain = ((C_P**2 - 2 * C_S**2) * (xx + yy) ** 2 / 2 + C_S**2 * shear).sum()  # per density
        energies.append(float(kinetic + strain))
    assert energies[0] == pytest.approx(float(velocity.square().sum()) / 2, rel=1e-6)
    assert all(a == pytest.approx(b, rel=1e-6) for a, b in pairwise(energies))


def test_pulses_are_recorded_as_on_a_wide_grid_whose_nodes_are_the_receivers():
    n = 150  # 15 wide: what leaves enters again 7 c_p away
    nodes = SPACING * (torch.arange(n, dtype=torch.float64) - n // 2)
    x, y = torch.meshgrid(nodes, nodes, indexing="ij")
    velocity = PULSES[0].velocity(x, y) + PULSES[1].velocity(x, y)
    rows, columns = torch.tensor([60, 75, 75, 91]), torch.tensor([80, 75, 66, 92])
    expected = free_space(velocity, SPACING, C_P, C_S, TIMES)[:, rows, columns].transpose(0, 1)
    xy = torch.stack([nodes[rows], nodes[columns]], dim=-1)
    torch.testing.assert_close(record_pulses(PULSES, xy, TIMES, C_P, C_S), expected, rtol=0, atol=1e-12)


def test_pulses_reach_no_receiver_before_a_p_wave_can():
    far = torch.tensor([[9.0, 0.0], [-7.0, -7.0]], dtype=torch.float64)
    u = record_pulses(PULSES, far, TIMES, C_P, C_S)
    assert u.abs().max() < 1e-13


@pytest.mark.parametrize(("axis", "speed"), [(0, C_P), (1, C_S)])
def test_crests_run_at_the_p_speed_along_a_pulse_and_at_the_s_speed_across(axis, speed):
    xy = torch.zeros(2, 2, dtype=torch.float64)
    xy[:, axis] = torch.tensor([4.0, 6.0])
    pulse = GaussianPulse((0.0, 0.0), (1.0, 0.0), width=0.4, peak=1.0)
    times = torch.linspace(3.5, 7.0, 141, dtype=torch.float64) / speed
    u = record_pulses([pulse], xy, times, C_P, C_S)[..., 0]  # (R, T)
    near, far = times[u.argmax(dim=1)].tolist()
    assert far - near == pytest.approx(2.0 / speed, rel=0.03)
