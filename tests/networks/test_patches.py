"""Features of patches: their weights sum to one, and jets and Jacobian are those of the plain formula."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.config import ConfigError
from elastic_pinn.networks import Model
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.network import Window
from elastic_pinn.networks.patches import OVERLAP, Patches
from elastic_pinn.physics import Domain, Material, Scales
from elastic_pinn.physics.solutions import StandingWaves
from tests.networks.known import Written
from tests.networks.samples import EXTENT, some_equations

CELLS = (3, 2, 4)
CONFIG = NetworkConfig(
    network="patches", patches=CELLS, hidden_layers=[3], activation="sin", input_frequency=2.0, precision="float64"
)
SECOND = ("", "x", "y", "t", "tt", "xx", "xy", "yy")


def patches(config: NetworkConfig = CONFIG) -> Patches:
    """Of some amplitudes."""
    generator = torch.Generator().manual_seed(0)
    network = Patches(config, generator, Window(EXTENT.tolist()))
    with torch.no_grad():
        network.amplitudes.normal_(generator=generator)
    return network


def some_points(n: int = 60) -> torch.Tensor:
    unit = torch.rand(n, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return (2.0 * unit - 1.0) * EXTENT


def plain(network: Patches, points: torch.Tensor) -> torch.Tensor:
    """The blended sum as it is written, without jets, (N, 2)."""
    u, total = points / EXTENT, torch.zeros(len(points), 2, dtype=points.dtype)
    nx, ny, nt = CELLS
    for q, (k, i, j) in enumerate(itertools.product(range(nt), range(nx), range(ny))):
        weight, local = torch.ones(len(points), dtype=points.dtype), []
        for axis, (own, count) in enumerate(zip((i, j, k), CELLS, strict=True)):
            half = 1.0 / count
            center = (2 * own + 1) * half - 1.0
            local.append((u[:, axis] - center) / (half * (1.0 + OVERLAP)))
            if own > 0:
                weight = weight * smooth((u[:, axis] - center + half) / (OVERLAP * half))
            if own < count - 1:
                weight = weight * (1.0 - smooth((u[:, axis] - center - half) / (OVERLAP * half)))
        z = torch.stack(local, dim=1) @ network.wave_vectors[q].T + network.phases[q]
        total = total + weight[:, None] * (torch.sin(z) @ network.amplitudes[q].T)
    return total


def smooth(z: torch.Tensor) -> torch.Tensor:
    s = ((z + 1.0) / 2.0).clamp(0.0, 1.0)
    return 35 * s**4 - 84 * s**5 + 70 * s**6 - 20 * s**7


def test_weights_sum_to_one_and_their_derivatives_to_zero():
    corners = EXTENT * torch.tensor(list(itertools.product((-1.0, 0.0, 1.0), repeat=3)), dtype=torch.float64)
    edges = EXTENT * torch.tensor([[-1 / 3, 0.0, 0.5], [1 / 3, 0.0, -0.5]], dtype=torch.float64)
    ends = edges * (1.0 - OVERLAP * (1.0 - 1e-5))  # where a weight rounds to 0, and its curvature does not
    points = torch.cat([some_points(500), corners, edges, ends])
    total = torch.zeros(len(SECOND), len(points), dtype=torch.float64)
    times = torch.zeros(len(points), dtype=torch.long)
    for _, inside, weight in patches().within(()).weights(points, SECOND):
        assert (weight[0] > -1e-15).all()
        total.index_add_(1, inside, weight)
        times[inside] += 1
    assert (total[0] - 1.0).abs().max() < 1e-15
    assert total[1:].abs().max() < 1e-13
    assert times.max() == 8 and times.min() == 1


def test_jets_are_the_derivatives_of_the_blended_sum():
    network, points = patches(), some_points()
    found = network.within(())(points, SECOND)
    expected = Written(lambda at: plain(network, at), (network.amplitudes,))(points, SECOND)
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-10 * theirs.detach().abs().max().item())


def test_weights_and_two_derivatives_are_continuous():
    """As the equation of motion takes them: at the edge of a support nothing jumps."""
    network, step = patches().within(()), 1e-9
    for edge in (-1 / 3 - OVERLAP / 3, -1 / 3 + OVERLAP / 3):
        sides = [EXTENT * torch.tensor([[edge + by, 0.3, 0.2]], dtype=torch.float64) for by in (-step, step)]
        before, after = (network(side, SECOND) for side in sides)
        torch.testing.assert_close(before, after, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", range(4))
def test_the_jacobian_is_that_of_automatic_differentiation(kind):
    network, (equations, moduli) = patches(), some_equations(40)
    own, parameters = list(network.parameters()), [*network.parameters(), *moduli]
    jet = network.within(())(equations[kind].points, equations[kind].names)
    rows = [
        torch.cat([g.reshape(-1) for g in torch.autograd.grad(each, parameters, retain_graph=True,
                                                              allow_unused=True, materialize_grads=True)])
        for each in equations[kind].misfit(jet).reshape(-1)
    ]  # fmt: skip
    expected = torch.stack(rows)  # (2 N, P + U)
    found = network.jacobian(moduli, equations[kind], parameters)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)
    count = network.amplitudes.numel()
    torch.testing.assert_close(network.jacobian(moduli, equations[kind], own), expected[:, :count])
    torch.testing.assert_close(network.jacobian(moduli, equations[kind], moduli), expected[:, count:])
    assert network.jacobian(moduli, equations[kind], []).shape == (80, 0)


def test_equations_that_tie_points_have_the_sum_of_their_rows():
    network, equations = patches(), some_equations(40)[0][1]
    generator = torch.Generator().manual_seed(2)
    signs = torch.randn(40, 1, dtype=torch.float64, generator=generator)
    tied = replace(equations, coefficients=signs * equations.coefficients, target=equations.target[:20])
    found = network.jacobian((), tied, list(network.parameters()))
    rows = network.jacobian((), tied.untied(), list(network.parameters())).view(2, 40, -1).sum(0)
    torch.testing.assert_close(found, rows)
    jet = network.within(())(tied.points, tied.names)
    torch.testing.assert_close(found @ network.amplitudes.reshape(-1), (tied.misfit(jet) + tied.target).reshape(-1))


def test_wave_vectors_fill_each_patch_up_to_the_given_frequencies():
    config = CONFIG.model_copy(update={"hidden_layers": (500,), "time_frequency": 0.5})
    greatest = patches(config).wave_vectors.abs().amax(1)  # (Q, 3)
    assert (greatest <= torch.tensor([2.0, 2.0, 0.5])).all() and (greatest > torch.tensor([1.9, 1.9, 0.47])).all()


def test_the_state_alone_rebuilds_the_patches():
    domain, solid = Domain((0.0, 0.06), (0.01, 0.05), (0.0, 8e-6)), Material(5.76e10, 2.6e10, 2700.0)
    generator = torch.Generator().manual_seed(0)
    made = Model.create(CONFIG, solid, Scales.of(domain, solid, 2e-9), generator)
    with torch.no_grad():
        made.network.amplitudes.normal_(generator=generator)
    x, y, t = np.linspace(0.0, 0.06, 9), 0.02, 3e-6
    assert np.array_equal(Model.from_state(CONFIG, made.state_dict()).predict(x, y, t), made.predict(x, y, t))
    with pytest.raises(ValueError, match=r"network\.\w+ is torch\.float64 of shape"):
        Model.from_state(CONFIG.model_copy(update={"patches": (3, 2, 5)}), made.state_dict())


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"hidden_layers": [8, 8]}, "it needs one number, of features in each patch"),
        ({"activation": "tanh"}, "and the activation 'sin'"),
        ({"patches": [2, 2]}, r"patches\[2\] is missing"),
        ({"patches": [2, 0, 2]}, "patches"),
        ({"network": "random_features", "patches": [2, 2, 2]}, "only 'patches' has any"),
    ],
)
def test_impossible_patches_are_refused(fields, reason):
    with pytest.raises(ConfigError, match=reason):
        ep.Config(**{"network": "patches", "hidden_layers": [8], "activation": "sin"} | fields)


def test_patches_in_time_of_a_plate_at_rest_are_refused(tiny, tmp_path):
    config = tiny(problem="own", network="patches", hidden_layers=[8], activation="sin", patches=[2, 2, 2])
    plate = Domain((0.0, 1.0), (0.0, 1.0))
    with pytest.raises(ConfigError, match=r"patches = \[2, 2, 2\]: a plate at rest has no time: the last must be 1"):
        ep.train(config, tmp_path / "run", ep.Problem(plate, Material(1.0, 1.0, 1.0), [ep.Displacement()]))


@pytest.mark.slow
def test_patches_in_time_solve_for_more_periods_than_as_many_features(tmp_path):
    """A P and an S mode for one and a half periods, the error at points that no run has seen."""
    exact, half = StandingWaves(2.0, 1.0, 1.0), 1.0
    domain = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, half))
    problem = ep.Problem(
        domain, ep.Material(2.0, 1.0, 1.0), (ep.Displacement(exact),), ep.Initial.of(exact), exact=exact
    )
    fields = {
        "problem": "own", "hidden_layers": [150], "activation": "sin", "input_frequency": 2.2, "ridge": 1e-14,
        "precision": "float64", "stages": ["last_layer"], "steps": 1, "interior_points": 1000, "boundary_points": 350,
        "initial_points": 250, "weight_boundary": 100.0, "weight_initial": 100.0, "log_level": "error",
    }  # fmt: skip
    run = ep.train(ep.Config(**fields, network="patches", patches=[1, 1, 4]), tmp_path / "run", problem)
    points = problem.domain.interior(torch.rand(2000, 3, dtype=torch.float64, generator=torch.Generator()))
    wanted = exact(*points.unbind(1)).numpy()
    error = np.linalg.norm(run.predict(*points.unbind(1)) - wanted) / np.linalg.norm(wanted)
    assert error < 3e-3
