"""Potentials: their jets are those of the formula of Kolosov and Muskhelishvili, and every one is in equilibrium."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

import elastic_pinn as ep
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.equations import Equations, operator_of
from elastic_pinn.networks.mean_squares import mean_squares
from elastic_pinn.networks.network import Network, Window
from elastic_pinn.networks.potentials import Potentials, PotentialSum, orthonormal
from elastic_pinn.physics.elasticity import MOTION, Normal, residual, traction
from elastic_pinn.physics.media.moduli import Moduli

NAMES = ("", "x", "y", "t", "xx", "xy", "xt", "yy", "yt", "tt")
HOLES = torch.tensor([[0.1, 0.2, 0.3], [-0.5, -0.1, 0.1]], dtype=torch.float64)
REGULAR, AROUND = 18, 28


def moduli() -> Moduli:
    return Moduli.of(*(nn.Parameter(torch.tensor(value, dtype=torch.float64)) for value in (0.4, 0.3, 1.1)))


def config(**fields) -> NetworkConfig:
    given = {"network": "potentials", "hidden_layers": [REGULAR, AROUND], "precision": "float64"}
    return NetworkConfig(**given | fields)


def network(**fields) -> Potentials:
    generator = torch.Generator().manual_seed(0)
    net = Potentials(config(**fields), generator, Window((1.0, 0.6, float("inf"))))
    net.surround(HOLES, torch.zeros(len(HOLES), dtype=torch.long))
    with torch.no_grad():
        net.amplitudes.normal_(generator=generator)
    return net


def points(count: int = 9) -> Tensor:
    """Around the first hole, outside of both."""
    turn = torch.linspace(0.0, 6.0, count, dtype=torch.float64)
    r = 0.32 + 0.05 * turn
    return torch.stack([0.1 + r * turn.cos(), 0.2 + r * turn.sin(), 0.0 * turn], dim=1)


def differences(trial: PotentialSum, at: Tensor, h: float = 1e-4) -> dict[str, Tensor]:
    """First derivatives of values and of first derivatives by central differences of fourth order."""
    steps = h * torch.eye(3, dtype=torch.float64)
    weights = {-2: 1 / 12, -1: -8 / 12, 1: 8 / 12, 2: -1 / 12}

    def slope(names: tuple[str, ...], axis: int) -> Tensor:
        return sum(w * trial(at + i * steps[axis], names)[-1] for i, w in weights.items()) / h

    found = {"x": slope(("",), 0), "y": slope(("",), 1)}
    return found | {"xx": slope(("", "x"), 0), "xy": slope(("", "x"), 1), "yy": slope(("", "y"), 1)}


def test_jets_are_the_derivatives_of_the_displacement():
    trial = network().within(moduli())
    found = dict(zip(NAMES, trial(points(), NAMES), strict=True))
    for name, expected in differences(trial, points()).items():
        assert (found[name] - expected).abs().max() < 1e-9 * found[name].abs().max()
    assert not any(found[name].any() for name in NAMES if "t" in name)


def test_the_displacement_is_that_of_kolosov_and_muskhelishvili():
    """Of a power around a hole and of a polynomial, with phi' by automatic differentiation."""
    medium, z = moduli(), torch.complex(*points()[:, :2].T).requires_grad_()
    kappa = ((medium.lame_lambda + 3 * medium.lame_mu) / (medium.lame_lambda + medium.lame_mu)).item()
    net = network()
    fields = net.within(medium).fields(points(), ("",))[0]  # (N, 2, C)
    at, radius = complex(*HOLES[0, :2].tolist()), HOLES[0, 2].item()

    def by_potentials(phi, psi) -> Tensor:
        value = phi(z)
        (slope,) = torch.autograd.grad(value, z, torch.ones_like(value))  # conj(phi')
        both = kappa * value - z * slope - psi(z).conj()
        return torch.stack([both.real, both.imag], dim=1).detach()

    def none(z: Tensor) -> Tensor:
        return 0.0 * z

    q = [lambda z: z**0]
    for row in net.recurrence[:3].tolist():
        below = list(q)
        q.append(
            lambda z, row=row, below=below: (
                (z * below[-1](z) - sum(h * f(z) for h, f in zip(row, below, strict=False))) / row[len(below)]
            )
        )
    zeta = lambda z: (z - at) / radius  # noqa: E731
    # u = c kappa zeta^-2 + 2 conj(c) (zeta - 1 / conj(zeta)) conj(zeta)^-3, c = i, with the shift and what vanishes on
    # the rim in psi
    two = by_potentials(
        lambda z: 1j * zeta(z) ** -2,
        lambda z: 2j * zeta(z) ** -4 + 2j * zeta(z) ** -3 * at.conjugate() / radius,
    )
    expected = {
        0: by_potentials(q[0], none),
        2: by_potentials(q[1], none),
        3: by_potentials(lambda z: 1j * q[1](z), none),
        4: by_potentials(none, q[1]),
        10: by_potentials(q[3], none),
        REGULAR + 2 * (3 * len(HOLES)) + 1: two,
        REGULAR + 2 * (4 * len(HOLES)): by_potentials(none, lambda z: zeta(z) ** -2),
    }
    for column, value in expected.items():
        torch.testing.assert_close(fields[..., column], value, rtol=1e-12, atol=1e-12)


def test_every_field_is_in_equilibrium():
    medium = moduli()
    jets = network().within(medium).fields(points(), ("", *MOTION))  # (J, N, 2, C)
    for i in range(jets.shape[-1]):
        u = dict(zip(("", *MOTION), jets[..., i], strict=True))
        assert residual(u, medium).abs().max() <= 1e-11 * max(u["xx"].abs().max().item(), 1e-3)


def test_around_each_hole_two_fields_alone_have_a_force_and_all_close():
    medium, net = moduli(), network()
    turn = 2.0 * torch.pi * torch.arange(64, dtype=torch.float64) / 64
    out = torch.stack([turn.cos(), turn.sin()], dim=1)
    for number, (x, y, radius) in enumerate(HOLES.tolist()):
        rim = torch.cat([out.new_tensor([x, y]) + radius * out, 0.0 * out[:, :1]], dim=1)
        jets = net.within(medium).fields(rim, ("", "x", "y"))  # (J, N, 2, C)
        forces = torch.stack(
            [
                traction(dict(zip(("", "x", "y"), jets[..., i], strict=True)), medium, Normal.of(out)).mean(0)
                for i in range(jets.shape[-1])
            ]
        )
        with_force = (forces.norm(dim=1) > 1e-9).nonzero()[:, 0] - REGULAR
        assert with_force.tolist() == [2 * number, 2 * number + 1]  # the logarithm of this hole
        rank = torch.linalg.matrix_rank(jets[0].flatten(0, 1)[:, REGULAR:][:, _of_hole(number, 2)], rtol=1e-9)
        assert rank == len(_of_hole(number, 2))  # harmonics of the angle, each by one field


def _of_hole(number: int, first: int) -> list[int]:
    """Which amplitudes around holes are those of one, from its function `first` on."""
    return [i for i in range(AROUND) if i // 2 % len(HOLES) == number and i // 2 // len(HOLES) >= first // 2]


def test_polynomials_are_orthonormal_around_a_long_window_up_to_high_degree():
    half_x, half_y, degree = 1.0, 0.1, 60
    net = Potentials(config(hidden_layers=[4 * degree]), torch.Generator(), Window((half_x, half_y, float("inf"))))
    along = torch.cos(torch.pi * (torch.arange(900, dtype=torch.float64) + 0.5) / 900)
    one = torch.ones_like(along)
    sides = [(half_x * along, half_y * one), (half_x * along, -half_y * one), (half_x * one, half_y * along)]
    x, y = torch.cat([torch.stack(side) for side in [*sides, (-half_x * one, half_y * along)]], dim=1)
    fields = net.within(moduli()).fields(torch.stack([x, y, 0.0 * x], dim=1), ("",))[0]  # (N, 2, C)
    of_psi = torch.complex(*fields.unbind(1))[:, 4::4]  # conj(q_n), of the real part of each amplitude
    gram = of_psi.conj().T @ of_psi / len(x)
    torch.testing.assert_close(gram, torch.eye(len(gram), dtype=gram.dtype), rtol=0.0, atol=1e-9)
    assert orthonormal(half_x, half_y, degree).shape == net.recurrence.shape == (degree, degree + 1)


def equations(medium: Moduli, name: str) -> Equations:
    """The equation of motion, or the traction on a circle, at points."""
    normals = Normal.of(torch.tensor([[0.6, 0.8]], dtype=torch.float64))
    linear = {"motion": lambda u: residual(u, medium), "traction": lambda u: traction(u, medium, normals)}
    names, at = ("", *MOTION), points()
    one = torch.ones(len(at), 1, dtype=torch.float64)
    target = torch.linspace(-1.0, 1.0, 18, dtype=torch.float64).reshape(9, 2)
    return Equations(at, names, operator_of([linear[name]], names, one), one, target)


@pytest.mark.parametrize("name", ["motion", "traction"])
def test_the_jacobian_by_amplitudes_and_by_the_material_is_that_of_automatic_differentiation(name):
    net, medium = network(), moduli()
    unknowns = [medium.lame_lambda, medium.lame_mu]
    given = equations(medium, name)
    parameters = [net.amplitudes, *unknowns]
    with torch.no_grad():  # as optimizers do
        fast = net.jacobian(medium, given, parameters)
    slow = Network.jacobian(net, medium, given, parameters)
    assert fast.shape == (18, REGULAR + AROUND + 2)
    torch.testing.assert_close(fast, slow, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(net.jacobian(medium, given, unknowns), slow[:, -2:], rtol=1e-9, atol=1e-9)
    tied = replace(given, target=given.target[:3])  # three points an equation
    torch.testing.assert_close(
        net.jacobian(medium, tied, parameters), Network.jacobian(net, medium, tied, parameters), rtol=1e-9, atol=1e-9
    )


def test_gradients_of_sums_of_squares_reach_the_material_once():
    net, medium = network(), moduli()
    given, own = equations(medium, "traction"), [medium.lame_lambda, medium.lame_mu, net.amplitudes]
    rows = net.jacobian(medium, given, own[2:] + own[:2])
    misfits = given.misfit(net.within(medium)(given.points, given.names))
    found = torch.autograd.grad(mean_squares(net.within(medium), [given]).sum(), own)
    expected = 2.0 * rows.T @ misfits.reshape(-1) / len(given.points)
    torch.testing.assert_close(torch.stack(found[:2]), expected[-2:], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(found[2], expected[:-2], rtol=1e-9, atol=1e-9)


def test_single_precision_is_double_precision_rounded():
    double, single = (network(precision=precision) for precision in ("float64", "float32"))
    with torch.no_grad():
        double.recurrence.copy_(single.recurrence)
        double.amplitudes.copy_(single.amplitudes)
    for name, fine in zip(NAMES, double.within(moduli())(points(), NAMES), strict=True):
        medium = Moduli(*(value.float() if isinstance(value, Tensor) else value for value in moduli()))
        coarse = single.within(medium)(points().float(), ("", name) if name else ("",))[-1]
        assert coarse.dtype == torch.float32
        torch.testing.assert_close(coarse.double(), fine, rtol=1e-4, atol=1e-4 * max(1.0, fine.abs().max().item()))


def test_more_numbers_than_two_are_refused():
    with pytest.raises(ValueError, match=r"it needs one number, of polynomials, as in \[100\], and where there"):
        config(hidden_layers=[9, 9, 9])


def rest(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    return torch.stack([torch.sin(x), torch.cos(y)], dim=1)


def test_a_problem_that_potentials_cannot_solve_is_refused(tmp_path):
    square = ep.Rectangle((0.0, 1.0), (0.0, 1.0))
    plate, solid = ep.Plate(square, [ep.Disc((0.5, 0.5), 0.2)]), ep.Material(1.0, 1.0, 1.0)
    layer = ep.Inclusion(ep.Rectangle((0.0, 1.0), (0.0, 0.2)), ep.Material(2.0, 1.0, 1.0))
    soft = ep.Medium(1.0, lambda x, y: 1.0 + x, 1.0)

    def problem(shape=square, material=solid, **parts) -> ep.Problem:
        return ep.Problem(ep.Domain(shape=shape), material, [ep.Displacement(rest)], **parts)

    moving = ep.Problem(ep.Domain(shape=square, t=(0.0, 1.0)), solid, [ep.Displacement(rest)], ep.Initial())
    for numbers, given, fault in (
        ([20], moving, "is of plates at rest: take 'plane_waves' or, with holes, 'hole_waves'"),
        ([20], problem(force=rest), "cannot meet a body force: take 'mlp' or 'random_features'"),
        ([20], problem(material=soft), "cannot meet a heterogeneous medium"),
        ([20], problem(inclusions=[layer]), "cannot meet inclusions"),
        ([20], problem(plate), r"hidden_layers = \[20\]: the domain has holes, and it needs one number"),
        ([20, 20], problem(), r"hidden_layers = \[20, 20\]: the domain has no holes, and it needs one number"),
    ):
        with pytest.raises(ep.ConfigError, match=fault):
            ep.train(ep.Config(network="potentials", hidden_layers=numbers, problem="own"), tmp_path / "run", given)
    with pytest.raises(ep.ConfigError, match="cannot meet a static problem: take 'potentials' or 'random_features'"):
        waves = ep.Config(network="plane_waves", hidden_layers=[20], activation="sin", problem="own")
        ep.train(waves, tmp_path / "run", problem())
