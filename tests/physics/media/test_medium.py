"""A solid that varies from place to place: exact fields satisfy its equations, and are found from their data."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from typer.testing import CliRunner

import elastic_pinn as ep
from elastic_pinn.physics.elasticity import residual, stress
from elastic_pinn.physics.solutions import GradientWave
from elastic_pinn.workbench.cli.app import app
from elastic_pinn.workbench.figures.wavefields.shown_fields import shown_fields
from tests.physics.test_elasticity import derivatives

WAVE = GradientWave(2.0, 1.0, 1.0, gradient=1.0, omega=9.0)
GRADED = ep.Medium(WAVE.moduli(2.0), WAVE.moduli(1.0), 1.0)


def points(count: int = 40) -> Tensor:
    return torch.rand(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def made(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    """A field all of whose second derivatives differ."""
    return torch.stack([torch.sin(2 * x + y - 3 * t) + x * y, torch.cos(x - 2 * y + 2 * t)], dim=-1)


def modulus(x: Tensor, y: Tensor) -> Tensor:
    return 2.0 + torch.sin(2 * x) * torch.cos(y)


def rigidity(x: Tensor, y: Tensor) -> Tensor:
    return 1.5 + 0.5 * torch.cos(x + 2 * y)


def density(x: Tensor, y: Tensor) -> Tensor:
    return 1.0 + 0.3 * x * y


VARIED = ep.Medium(modulus, rigidity, density, damping=lambda x, y: 0.2 + 0.1 * x)


def force(x: Tensor, y: Tensor, t: Tensor, medium: ep.Medium = VARIED, plane: str = "strain") -> Tensor:
    """rho (u_tt + d u_t) - div sigma of `made`, with the divergence of the stress by automatic differentiation."""
    at = torch.stack([x, y, t], dim=1).detach()

    def sigma(point: Tensor) -> Tensor:
        gradient = torch.func.jacrev(lambda p: made(*p.unbind()))(point)[:, :2]  # u_i by x_j
        eps = (gradient + gradient.T) / 2.0
        lam, mu = modulus(*point[:2].unbind()), rigidity(*point[:2].unbind())
        lam = lam if plane == "strain" else 2.0 * lam * mu / (lam + 2.0 * mu)
        return lam * torch.trace(eps) * torch.eye(2, dtype=torch.float64) + 2.0 * mu * eps

    slopes = torch.func.vmap(torch.func.jacrev(sigma))(at)  # (N, i, j, k)
    divergence = slopes[:, :, 0, 0] + slopes[:, :, 1, 1]
    u = derivatives(made, at)
    rho, d = (getattr(medium, name).value(x, y)[:, None] for name in ("density", "damping"))
    return rho * (u["tt"] + d * u["t"]) - divergence


def test_the_waves_of_a_gradient_medium_satisfy_its_equation():
    at = points()
    u, moduli = derivatives(WAVE, at), GRADED.moduli(at[:, 0], at[:, 1])
    assert residual(u, moduli).abs().max() < 1e-10 * u["tt"].abs().max()
    without = moduli._replace(lambda_x=0.0, lambda_y=0.0, mu_x=0.0, mu_y=0.0)
    assert residual(u, without).abs().max() > 0.1 * u["tt"].abs().max()


@pytest.mark.parametrize("plane", ["strain", "stress"])
def test_the_equation_of_a_varied_medium_has_every_gradient_term(plane):
    at = points()
    medium = ep.Medium(modulus, rigidity, density, lambda x, y: 0.2 + 0.1 * x, plane)
    u, moduli = derivatives(made, at), medium.moduli(at[:, 0], at[:, 1])
    left = residual(u, moduli)
    assert (left - force(*at.unbind(1), medium, plane)).abs().max() < 1e-12 * left.abs().max()
    for entry in ("drag", "lambda_x", "lambda_y", "mu_x", "mu_y"):
        without = residual(u, moduli._replace(**{entry: 0.0}))
        assert (without - left).abs().max() > 1e-2 * left.abs().max()


def test_a_grid_has_the_values_and_the_gradient_of_its_spline():
    nodes = torch.linspace(0.0, 1.0, 41, dtype=torch.float64)
    grid = ep.Grid(nodes, nodes, modulus(nodes[:, None], nodes[None, :]))
    x, y, _ = points().unbind(1)
    as_function = ep.Medium(modulus, rigidity, density).moduli(x, y)
    as_grid = ep.Medium(grid, rigidity, density).moduli(x, y)
    torch.testing.assert_close(as_grid.lame_lambda, as_function.lame_lambda, rtol=1e-6, atol=0.0)
    h = 1e-5
    differences = (grid.value(x + h, y) - grid.value(x - h, y)) / (2 * h)
    torch.testing.assert_close(as_grid.lambda_x, differences, rtol=1e-7, atol=1e-8)
    torch.testing.assert_close(as_grid.lambda_y, as_function.lambda_y, rtol=1e-3, atol=1e-4)


def solved(tmp_path, problem: ep.Problem, features: int, frequency: float) -> ep.Run:
    config = ep.Config(
        network="random_features", hidden_layers=[features], activation="sin", input_frequency=frequency,
        precision="float64", stages=["last_layer"], steps=1, ridge=1e-13, interior_points=2 * features,
        boundary_points=features // 2, initial_points=features // 2, weight_boundary=1e3, weight_initial=1e3,
    )  # fmt: skip
    return ep.train(config, tmp_path / "run", problem=problem)


def graded_problem(**changes) -> ep.Problem:
    wave = GradientWave(2.0, 1.0, 1.0, gradient=0.5, omega=9.0)
    medium = ep.Medium(**{"lame_lambda": wave.moduli(2.0), "lame_mu": wave.moduli(1.0), "density": 1.0} | changes)
    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.5))
    return ep.Problem(window, medium, [ep.Displacement(wave)], ep.Initial.of(wave), exact=wave)


def varied_problem() -> ep.Problem:
    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.5))
    sides = [ep.Displacement(made, sides=("left", "bottom")), ep.Traction(traction_of_made, sides=("right", "top"))]
    return ep.Problem(window, VARIED, sides, ep.Initial.of(made), force=force, exact=made)


def traction_of_made(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    """sigma n of `made` on the right side, x = 1, and on the top, y = 1."""
    sigma = stress(derivatives(made, torch.stack([x, y, t], dim=1)), VARIED.moduli(x, y))  # xx, yy, xy
    on_right = (x > 1.0 - 1e-9)[:, None]
    return torch.where(on_right, sigma[:, [0, 2]], sigma[:, [2, 1]])


@pytest.mark.slow
def test_waves_in_a_gradient_medium_are_found(tmp_path):
    run = solved(tmp_path, graded_problem(), 500, 4.0)
    assert run.latest().metrics["error/displacement"] < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(("problem", "features"), [(graded_problem, 1500), (varied_problem, 900)])
def test_waves_in_a_heterogeneous_medium_are_found_to_a_millionth(tmp_path, problem, features):
    run = solved(tmp_path, problem(), features, 4.0)
    assert run.latest().metrics["error/displacement"] < 1e-6


@pytest.mark.slow
def test_stress_of_a_run_is_that_of_its_medium(tmp_path):
    run = solved(tmp_path, varied_problem(), 400, 4.0)
    x, y, t = (points(50) * torch.tensor([1.0, 1.0, 0.5])).unbind(1)
    expected = stress(derivatives(made, torch.stack([x, y, t], dim=1)), VARIED.moduli(x, y)).numpy()
    found = run.predict(x.numpy(), y.numpy(), t.numpy(), "stress")
    assert np.linalg.norm(found - expected) < 1e-3 * np.linalg.norm(expected)


def test_a_run_in_a_medium_is_resumed_with_that_medium_alone(tmp_path):
    run = solved(tmp_path, graded_problem(), 60, 4.0)
    again = run.config.model_copy(update={"steps": 2})
    other = graded_problem(lame_mu=lambda x, y: (1.0 + 0.5 * x) ** 2 + 0.01 * torch.exp(-((y - 0.5) ** 2) / 1e-4))
    with pytest.raises(ep.ConfigError, match="problem"):
        ep.train(again, tmp_path / "run", problem=other, resume="auto")
    assert ep.train(again, tmp_path / "run", problem=graded_problem(), resume="auto").history().index.size == 2


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"lame_mu": "soft"}, "lame_mu = 'soft': one number, a function"),
        ({"lame_mu": math.nan}, "lame_mu = nan: it must be finite"),
        ({"density": lambda x, y: x - 0.5}, "no stable solid at x = 0 m"),
        ({"damping": -1.0}, "damping must not be negative"),
        ({"plane": "thin"}, "plane = 'thin': legal are"),
        ({"lame_mu": lambda x, y: 1.0 / (x - 0.5)}, "is not finite at x = 0.5 m"),
        ({"lame_mu": lambda x, y: torch.ones(3)}, "gives no value at each of"),
        ({"lame_mu": lambda x, y: torch.from_numpy(1.0 + x.numpy() ** 2)}, "torch cannot find its gradient"),
        ({"lame_mu": lambda x, y: 1.0 + x.detach() ** 2}, "torch cannot find its gradient"),
        ({"lame_mu": lambda x, y: 1.0 + x / x.max()}, "gives other values at the same points"),
        ({"lame_mu": lambda x, y: torch.where(x + 0.3 * y > 0.61, 2.0, 1.0)}, r"jumps at about x = 0\.\d+ m"),
        ({"lame_lambda": lambda x, y: 2.0 + torch.round(4.0 * y)}, "jumps at about"),
        ({"lame_mu": lambda x, y: torch.exp(1j * x)}, "complex values, where real ones"),
        ({"lame_mu": lambda x, y: np.ma.masked_less(x.numpy(), 0.5)}, "masked values"),
        ({"lame_mu": ep.ByRegion([(lambda x, y: x > 0.5, 2.0)], 1.0)}, "lame_mu jumps between regions"),
        ({"density": ep.Grid([0, 1, 2, 3], [0, 1, 2, 3], np.ones((4, 4)))}, None),
        ({"density": ep.Grid([0, 0.1, 0.2, 0.3], [0, 1, 2, 3], np.ones((4, 4)))}, "it reaches from x = 0 to 0.3 m"),
    ],
)
def test_a_medium_that_is_none_is_refused_by_what_is_wrong(change, fault):
    if fault is None:
        graded_problem(**change)
    else:
        with pytest.raises(ep.ProblemError, match=fault):
            graded_problem(**change)


def test_a_grid_of_other_shapes_is_refused():
    with pytest.raises(ep.ProblemError, match=r"values have shape \(4, 5\)"):
        ep.Grid([0, 1, 2, 3], [0, 1, 2, 3], np.ones((4, 5)))
    with pytest.raises(ep.ProblemError, match="increasing positions"):
        ep.Grid([0, 1, 1, 3], [0, 1, 2, 3], np.ones((4, 4)))


@pytest.mark.parametrize(
    "mu",
    [
        lambda x, y: 1.0 + y**1.5,  # whose domain ends at the window's edge
        lambda x, y: 1.0 + torch.sqrt(y),
        lambda x, y: 1.5 + torch.tanh((x - 0.503) / 1e-4),  # steep, and no jump
        lambda x, y: 1.0 + 1e-12 * x,
        lambda x, y: 1.0 + (x - 0.5).abs(),
    ],
)
def test_what_is_continuous_and_defined_in_the_window_is_taken(mu):
    graded_problem(lame_mu=mu)


def test_a_solid_that_is_not_stable_between_the_nodes_is_refused_where_it_is_met():
    problem = graded_problem(lame_mu=lambda x, y: 1.0 - 3.0 * torch.exp(-(((x - 0.507) / 0.002) ** 2)))
    with pytest.raises(ep.ProblemError, match=r"no stable solid at x = 0\.50"):
        problem.moduli(points(20_000))


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        (lambda: ep.ByRegion(5, 1.0), "a list of pairs"),
        (lambda: ep.ByRegion([(3, 2.0)], 1.0), "a region is a function"),
        (lambda: ep.ByRegion([(lambda x, y: x > 0, "a")], 1.0), "ByRegion = 'a': one number"),
        (lambda: ep.ByRegion([(lambda x, y: x[:, None] > 0, 2.0)], 1.0).value(*points().unbind(1)[:2]), "shape"),
        (lambda: ep.Grid([0, 1, 2, 3], [0, 1, 2, 3], np.ma.masked_less(np.eye(4), 0.5)), "masked values"),
        (lambda: ep.Grid([0, 1, 2, 3], [0, 1, 2, 3], 1j * np.eye(4)), "real numbers are needed"),
    ],
)
def test_what_is_no_coefficient_is_refused_when_it_is_made_or_met(made, fault):
    with pytest.raises(ep.ProblemError, match=fault):
        made()


def test_a_coefficient_need_only_be_defined_in_its_region():
    by_region = ep.ByRegion([(lambda x, y: x > 0.5, lambda x, y: 1.0 + torch.sqrt(x - 0.5))], 1.0)
    graded_problem(density=by_region)


def test_in_single_precision_on_a_window_of_any_size_all_can_be_predicted_and_drawn(tmp_path):
    window = ep.Domain((0.0, 0.3), (0.0, 0.2), (0.0, 0.1))
    problem = ep.Problem(window, VARIED, [ep.Displacement(made)], ep.Initial.of(made), exact=made)
    config = ep.Config(hidden_layers=[8], steps=2, interior_points=50, boundary_points=20, initial_points=20)
    run = ep.train(config, tmp_path / "run", problem=problem)
    assert run.predict([0.0, 0.3], [0.2, 0.2], [0.0, 0.1], "stress").shape == (2, 3)
    fields = shown_fields(run.latest(), 9)
    assert all(np.isfinite(fields.at(name, 0.1)).all() for name in ("u_x", "stress_xy", "energy", "residual"))


@pytest.mark.slow
@pytest.mark.parametrize("stages", [["adam"], ["lbfgs"]])
def test_a_run_in_a_medium_that_is_cut_goes_on_to_the_same_bits(tmp_path, stages):
    config = ep.Config(
        hidden_layers=[8], steps=6, interior_points=50, boundary_points=20, initial_points=20, stages=stages,
        precision="float64", resample_every=2 * (stages == ["adam"]),
    )  # fmt: skip
    whole = ep.train(config, tmp_path / "whole", problem=graded_problem())
    ep.train(config.model_copy(update={"steps": 3}), tmp_path / "cut", problem=graded_problem())
    cut = ep.train(config, tmp_path / "cut", problem=graded_problem(), resume="auto")
    for name, weight in whole.latest().model().state_dict().items():
        assert torch.equal(weight, cut.latest().model().state_dict()[name]), name


def test_a_medium_is_sampled_as_finely_as_it_varies_and_says_where_that_is_not_fine_enough(caplog):
    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.5))
    smooth, fine = VARIED.samples(window), ep.Medium(2.0, lambda x, y: 1.5 + torch.sin(40 * x), 1.0).samples(window)
    assert smooth.shape == (4, 65, 65) and fine.shape == (4, 257, 257) and not caplog.records
    ep.Medium(2.0, lambda x, y: 1.5 + torch.sin(800 * x), 1.0).samples(window)
    assert "varies so fast" in caplog.text


def test_the_energy_in_a_density_that_jumps_is_not_negative(tmp_path):
    heavy = ep.ByRegion([(lambda x, y: x > 0.5, 7800.0)], 1.2)
    run = solved(tmp_path, graded_problem(density=heavy), 40, 4.0)
    assert shown_fields(run.latest(), 41).at("energy", 0.2).min() >= 0.0


def test_inspect_says_what_varies(tmp_path):
    run = solved(tmp_path, graded_problem(), 40, 4.0)
    result = CliRunner().invoke(app, ["inspect", str(run.path)])
    assert result.exit_code == 0 and "mu varies, rho 1 kg/m3" in result.stdout


def test_density_by_region_has_each_regions_value():
    by_region = ep.ByRegion([(lambda x, y: x > 0.7, 3.0), (lambda x, y: x > 0.5, lambda x, y: 2.0 + y)], 1.0)
    x = torch.tensor([0.2, 0.6, 0.9], dtype=torch.float64)
    medium = ep.Medium(2.0, 1.0, by_region)
    assert medium.moduli(x, torch.full_like(x, 0.25)).density.tolist() == [1.0, 2.25, 3.0]


def test_plane_waves_are_refused_where_they_would_not_hold(tmp_path):
    wave = GradientWave(2.0, 1.0, 1.0, gradient=0.5, omega=9.0)
    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.5))
    config = ep.Config(network="plane_waves", hidden_layers=[20], activation="sin")
    damped = ep.Problem(window, ep.Material(2.0, 1.0, 1.0, damping=0.1), [ep.Displacement(wave)])
    for problem, fault in ((graded_problem(), "a heterogeneous medium"), (damped, "damping")):
        with pytest.raises(ep.ConfigError, match=f"cannot meet {fault}"):
            ep.train(config, tmp_path / "run", problem=problem)


@pytest.mark.parametrize("plane", ["strain", "stress"])
def test_a_damped_solid_has_its_decaying_waves(tmp_path, plane):
    """u = e^(-d t / 2) sin(k x) cos(w t), w^2 = c^2 k^2 - d^2 / 4, with the c of the plane."""
    solid, k, d = ep.Material(2.0, 1.0, 1.5, damping=0.8, plane=plane), 5.0, 0.8
    modulus = 4.0 if plane == "strain" else 2.0 * 2.0 * 1.0 / (2.0 + 2.0) + 2.0
    omega = math.sqrt(modulus / 1.5 * k**2 - d**2 / 4.0)

    def wave(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        u_x = torch.exp(-d * t / 2.0) * torch.sin(k * x) * torch.cos(omega * t)
        return torch.stack([u_x, torch.zeros_like(x)], dim=-1)

    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.5))
    run = solved(
        tmp_path, ep.Problem(window, solid, [ep.Displacement(wave)], ep.Initial.of(wave), exact=wave), 400, 4.0
    )
    assert run.latest().metrics["error/displacement"] < 1e-3
    x = np.linspace(0.0, 1.0, 9)
    stress_xx = run.predict(x, 0.3, 0.2, "stress")[:, 0]
    expected = modulus * k * np.cos(k * x) * math.exp(-d * 0.1) * math.cos(omega * 0.2)
    np.testing.assert_allclose(stress_xx, expected, atol=2e-2 * np.abs(expected).max())
    again = ep.load_checkpoint(run.latest().path)
    np.testing.assert_array_equal(again.predict(x, 0.3, 0.2, "stress")[:, 0], stress_xx)


def test_the_material_of_a_run_is_arrays_where_it_varies_and_its_table_and_export_leave_them_out(tmp_path):
    run = solved(tmp_path, graded_problem(), 60, 4.0)
    material = run.material()
    assert material["rho"] == 1.0
    x = np.linspace(0.0, 1.0, 65)[:, None]
    np.testing.assert_allclose(material["mu"], np.broadcast_to((1.0 + 0.5 * x) ** 2, (65, 65)), rtol=1e-12)
    columns = run.history().columns
    assert "material/rho" in columns and not {"material/lambda", "material/mu"} & set(columns)
    assert run.summary.material == {"rho": 1.0}
    origin = shown_fields(run.latest(), 9).origin
    assert origin["material_rho"] == 1.0 and "material_mu" not in origin


@pytest.mark.slow
def test_the_explorers_stress_is_that_of_the_medium(tmp_path):
    run = solved(tmp_path, graded_problem(), 600, 4.0)
    fields, y = shown_fields(run.latest(), 9), 0.5
    expected = run.predict(fields.x, y, 0.2, "stress")[:, 0]
    np.testing.assert_allclose(fields.at("stress_xx", 0.2)[:, 4], expected, rtol=1e-9)
    assert fields.at("residual", 0.2)[1:-1, 1:-1].max() < 1.0 < 0.02 * WAVE.omega**2
