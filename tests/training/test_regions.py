"""Several materials: a network with a pair of outputs for each, from the loss to checkpoints, figures and exports."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.networks.statement_equations import equations_of
from elastic_pinn.physics.elasticity import STRAIN, Normal, residual, traction
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.sampling import first_points
from elastic_pinn.training.session import Session
from elastic_pinn.workbench import figures
from elastic_pinn.workbench.figures.wavefields.field_maps import FieldMap
from elastic_pinn.workbench.figures.wavefields.shown_fields import shown_fields
from elastic_pinn.workbench.quantities import QUANTITIES
from elastic_pinn.workbench.tables import material_table
from tests.benchmarks.validation.interfaces import STIFF, meeting
from tests.benchmarks.validation.row import SOLID

QUICK = {
    "network": "plane_waves", "hidden_layers": [300], "activation": "sin", "input_frequency": 3.5,
    "precision": "float64", "stages": ["last_layer"], "steps": 1, "interior_points": 8, "boundary_points": 300,
    "initial_points": 300, "interface_points": 150, "validate_every": 1, "validation_points": 500,
}  # fmt: skip
SMALL = {
    "hidden_layers": [8, 8], "precision": "float64", "steps": 4, "interior_points": 40, "boundary_points": 20,
    "initial_points": 20, "interface_points": 20, "validation_points": 50, "validate_every": 2, "checkpoint_every": 2,
    "resample_every": 3,
}  # fmt: skip


def problem_of(kind: str, degrees: float, contact: str, size: float = 1.0, **changes) -> ep.Problem:
    """A plane wave on the interface of two materials."""
    return replace(meeting(kind, degrees, contact, size), **changes)


def error_of(run: ep.Run) -> float:
    return float(run.history()["error/displacement"].iloc[-1])


@pytest.fixture(scope="module")
def oblique(tmp_path_factory) -> ep.Run:
    """A P wave on a welded interface at 30 degrees, in a small part of the box."""
    problem = problem_of("p", 30, "welded", size=0.35)
    return ep.train(ep.Config(**QUICK), tmp_path_factory.mktemp("oblique") / "run", problem=problem)


def test_an_oblique_wave_on_a_welded_interface_is_found(oblique):
    assert error_of(oblique) < 1e-4


def test_a_checkpoint_alone_predicts_on_both_sides(oblique):
    problem = problem_of("p", 30, "welded", size=0.35)
    model = ep.load_checkpoint(oblique.latest().path).model()
    x, y, t = 0.4, np.array([-0.2, 0.2]), 0.2
    exact = problem.exact(*(torch.from_numpy(each.copy()) for each in np.broadcast_arrays(x, y, t))).numpy()
    np.testing.assert_allclose(model.predict(x, y, t), exact, atol=1e-4)
    eps, sigma = model.predict(x, y, t, "strain"), model.predict(x, y, t, "stress")
    mu = np.array([1.0, 4.0])
    np.testing.assert_allclose(sigma[:, 2], 2.0 * mu * eps[:, 2], rtol=1e-9)
    just_beside = model.predict(x, np.array([-1e-7, 1e-7]), t, "stress")
    np.testing.assert_allclose(*just_beside[:, 1:], atol=1e-3)  # sigma_yy and sigma_xy are continuous, and
    assert abs(np.subtract(*just_beside[:, 0])) > 0.1  # sigma_xx jumps


def test_the_materials_are_numbered_in_history_checkpoint_and_tables(oblique):
    expected = {"lambda_1": 1.0, "mu_1": 1.0, "rho_1": 1.0, "lambda_2": 4.0, "mu_2": 4.0, "rho_2": 1.0}
    assert oblique.material() == expected
    history = oblique.history()
    assert {name: history[f"material/{name}"].iloc[-1] for name in expected} == expected
    assert "loss/interface" in history
    table = material_table(oblique, problem_of("p", 30, "welded", size=0.35))
    derived = ("c_p", "c_s", "E", "nu")
    assert list(table.index) == [f"{name}_{n}" for n in (1, 2) for name in ("lambda", "mu", "rho", *derived)]
    assert (table["role"] == "known").all() and (table["±"] == 0.0).all()
    assert (table["found"] == table["start"]).all()
    assert oblique.latest().snapshot.units["material/lambda_2"] == "Pa"


def test_inclusions_are_drawn_in_every_map(oblique):
    problem = problem_of("p", 30, "welded", size=0.35)
    window = figures.problem(problem).axes[0]
    assert "interface: welded" in [text.get_text() for text in window.get_legend().get_texts()]
    fields = shown_fields(oblique.latest(), 20)
    assert fields.origin["material_mu_2"] == 4.0
    assert fields.origin["material_mu_2_units"] == "Pa"
    (axes, *_) = FieldMap(fields, "u_y").at(0.1).axes
    assert any(np.ptp(line.get_ydata()) == 0.0 and line.get_ydata()[0] == 0.0 for line in axes.lines)
    for name in QUANTITIES:
        assert np.isfinite(fields.at(name, 0.1)).all()
    energy, t = fields.at("energy", 0.1), 0.1
    model = oblique.latest().model()
    v, eps = (model.predict(fields.x[:, None], fields.y, t, name) for name in ("velocity", "strain"))
    sigma = model.predict(fields.x[:, None], fields.y, t, "stress")
    twice = (v**2).sum(-1) + (sigma * eps * [1.0, 1.0, 2.0]).sum(-1)
    np.testing.assert_allclose(energy, twice / 2.0, rtol=1e-9)


@pytest.mark.parametrize("network", ["mlp", "random_features", "plane_waves"])
def test_each_statement_counts_in_the_regions_that_it_is_about(network):
    problem = problem_of("p", 20, "welded")
    changes = {"network": network, "hidden_layers": [9], "activation": "sin"} if network != "mlp" else {}
    config = ep.Config(**SMALL | changes)
    session = Session(config, problem)
    model, moduli = session.model, session.model.material()
    with torch.no_grad():
        for parameter in session.parameters:
            parameter.copy_(torch.rand(parameter.shape, generator=torch.Generator().manual_seed(3)))
    for statement in problem.statements:
        batch = session.sampler.batches[statement.name]
        found = model.residuals(equations_of(statement, moduli, batch)).reshape(batch.target.shape)
        regions = [torch.eye(2, dtype=torch.float64)[[i]].expand(len(batch.points), 2) for i in (0, 1)]
        terms = [
            batch.regions[:, [i]]
            * statement.operator(
                model.derivatives(batch.points, statement.derivatives, one_hot), moduli.at(i), Normal.of(batch.normal)
            )
            for i, one_hot in enumerate(regions)
        ]
        torch.testing.assert_close(found, (sum(terms) - batch.target).detach(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("network", ["mlp", "random_features", "plane_waves"])
def test_jacobians_and_gradients_agree_with_the_residuals(network):
    problem = problem_of("s", 20, "slip")
    changes = {"network": network, "hidden_layers": [9], "activation": "sin"} if network != "mlp" else {}
    config = ep.Config(**SMALL | changes)
    session, loss = Session(config, problem), Loss(problem, config)
    model, batches, parameters = session.model, session.sampler.batches, session.parameters
    with torch.no_grad():
        for parameter in parameters:
            parameter.add_(torch.rand(parameter.shape, generator=torch.Generator().manual_seed(3)))
    total = loss(model, batches)["total"]
    gradients = torch.cat([each.reshape(-1) for each in torch.autograd.grad(total, parameters)])
    misfits, rows = loss.system(model, batches, parameters)
    torch.testing.assert_close(misfits.square().sum(), total.detach())
    torch.testing.assert_close(2.0 * rows.T @ misfits, gradients, rtol=1e-8, atol=1e-8)
    step = torch.rand(rows.shape[1], dtype=torch.float64)
    torch.testing.assert_close(loss.curvature(model, batches, parameters)(step), rows.T @ (rows @ step))


def test_swapped_tractions_of_the_materials_are_noticed(oblique):
    problem = problem_of("p", 30, "welded", size=0.35)
    model, batches = oblique.latest().model(), first_points(problem, oblique.config)
    statement = next(each for each in problem.statements if each.name == "interface 1 traction")
    batch, moduli = batches[statement.name], model.material()
    swapped = moduli.at(torch.tensor([1, 0]))
    true, wrong = (model.residuals(equations_of(statement, each, batch)) for each in (moduli, swapped))
    assert true.abs().max() < 1e-3 < 0.1 < wrong.abs().max()


@pytest.mark.parametrize("contact", ["welded", "slip"])
@pytest.mark.parametrize("network", ["mlp", "plane_waves"])
def test_a_resumed_run_is_the_same_bit_for_bit(tmp_path, contact, network):
    changes = {"network": network, "hidden_layers": [9], "activation": "sin"} if network != "mlp" else {}
    problem = problem_of("p", 20, contact)
    whole = ep.train(ep.Config(**SMALL | changes), tmp_path / "whole", problem=problem)
    ep.train(ep.Config(**SMALL | changes | {"steps": 2}), tmp_path / "parts", problem=problem)
    parts = ep.train(ep.Config(**SMALL | changes), tmp_path / "parts", problem=problem, resume="auto")
    here, there = whole.latest().model().state_dict(), parts.latest().model().state_dict()
    assert here.keys() == there.keys()
    assert all(torch.equal(here[name], there[name]) for name in here)
    assert {"region_2", "material.1.start", "material.2.start"} <= here.keys()
    columns = whole.history().columns.drop("wall_s")
    assert whole.history()[columns].equals(parts.history()[columns])


def test_a_run_does_not_go_on_with_another_contact(tmp_path):
    ep.train(ep.Config(**SMALL | {"steps": 2}), tmp_path / "run", problem=problem_of("p", 20, "welded"))
    with pytest.raises(Exception, match="problem"):
        ep.train(ep.Config(**SMALL), tmp_path / "run", problem=problem_of("p", 20, "slip"), resume="auto")


def test_states_of_other_regions_are_refused(oblique):
    model = oblique.latest().model()
    state = dict(model.state_dict())
    for missing in ("region_2", "material.2.start"):
        with pytest.raises(ValueError):
            type(model).from_state(oblique.config, {name: each for name, each in state.items() if name != missing})
    for wrong in ([7.0, 0.0], [0.0, 1.0], [0.0, 0.0, math.nan, 0.0, 1.0]):
        with pytest.raises(ValueError):
            type(model).from_state(oblique.config, state | {"region_2": torch.tensor(wrong, dtype=torch.float64)})


def test_loads_count_relative_to_the_stiffest_material_of_their_equation():
    def force(x: torch.Tensor, y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return torch.tensor([1.0, 2.0]).expand(len(x), 2)

    window = ep.Domain((0.0, 2.0), (-1.0, 1.0), (0.0, 1.0))
    layer = ep.Inclusion(ep.Rectangle((0.0, 1.0), (-1.0, 1.0)), STIFF)
    problem = ep.Problem(
        window, SOLID, [ep.Periodic("x")], ep.Initial(), force=force, inclusions=[layer], displacement_scale=1.0
    )
    batches = first_points(problem, ep.Config(**SMALL))
    inside = problem.domain.x[0] + batches["interior"].points[:, 0] + 1.0 < 1.0
    weights, target = batches["interior"].regions, batches["interior"].target / batches["interior"].target.amax()
    assert (weights[inside] == torch.tensor([0.0, 0.25])).all()
    assert (weights[~inside] == torch.tensor([1.0, 0.0])).all()
    assert (target[inside] == torch.tensor([0.125, 0.25])).all()
    assert (target[~inside] == torch.tensor([0.5, 1.0])).all()
    pulled = batches["boundary 0 traction"]  # left in the layer, right beside it: both sides of one equation
    left, right = pulled.regions.split(len(pulled.target))
    assert (left == torch.tensor([0.0, 0.25])).all()
    assert (right == torch.tensor([0.25, 0.0])).all()
    traction_jump = batches["interface 1 traction"].regions
    assert (traction_jump == torch.tensor([-0.25, 0.25])).all()


def swollen(x: torch.Tensor, y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """A disc of radius 0.6, four times as stiff as the plate pulled from all sides: u_r = a r, and r + c / r."""
    c = -0.36 * 12.0 / 18.0  # of u_r and 2 (lambda + mu) a = 2 (lambda + mu) - 2 mu c / r^2, which are continuous
    squared = x**2 + y**2
    factor = torch.where(squared < 0.36, 1.0 + c / 0.36, 1.0 + c / squared.clamp(min=0.36))
    return torch.stack([factor * x, factor * y], dim=-1)


def test_a_stiff_disc_in_a_stretched_plate_is_found(tmp_path):
    disc = ep.Inclusion(ep.Disc((0.0, 0.0), 0.6), STIFF)
    window = ep.Domain((-1.0, 1.0), (-1.0, 1.0))
    problem = ep.Problem(window, SOLID, [ep.Displacement(swollen)], exact=swollen, inclusions=[disc])
    changes = {"network": "random_features", "hidden_layers": [300], "input_frequency": 8.0, "interior_points": 1500}
    fields = {name: each for name, each in QUICK.items() if name != "initial_points"}
    assert error_of(ep.train(ep.Config(**fields | changes), tmp_path / "run", problem=problem)) < 5e-3


def test_plane_waves_cannot_meet_what_an_inclusion_scatters_all_around():
    disc = ep.Inclusion(ep.Disc((1.0, 0.3), 0.2), STIFF)
    with pytest.raises(ep.ConfigError, match="what an inclusion scatters"):
        Session(ep.Config(**QUICK), problem_of("p", 0, "welded", inclusions=[disc]))


def test_plane_waves_of_each_material_satisfy_its_own_equation():
    problem = problem_of("p", 20, "welded")
    changes = {"network": "plane_waves", "hidden_layers": [9], "activation": "sin"}
    model = Session(ep.Config(**SMALL | changes), problem).model
    with torch.no_grad():
        model.network.amplitudes.copy_(torch.rand(18, generator=torch.Generator().manual_seed(1)))
    points = torch.rand(30, 3, dtype=torch.float64)
    for region in (0, 1):
        one_hot = torch.eye(2, dtype=torch.float64)[[region]].expand(30, 2)
        u = model.derivatives(points, ("tt", "xx", "xy", "yy", "t"), one_hot)
        own, other = (residual(u, model.material().at(i)).abs().max() for i in (region, 1 - region))
        assert own < 1e-12 * u["tt"].abs().max() < 1e-3 * other
    assert traction(model.derivatives(points, STRAIN), model.moduli(points), Normal(1.0, 0.0)).shape == (30, 2)


def stretched(x: torch.Tensor, y: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Two layers under the same tension along y: strains are as the stiffnesses' inverse."""
    return torch.stack([0.0 * x, torch.where(y < 0.0, y, y / 4.0)], dim=-1)


def test_layers_at_rest_share_the_tension(tmp_path):
    layer = ep.Inclusion(ep.Rectangle((0.0, 2.0), (0.0, 1.0)), STIFF)
    window = ep.Domain((0.0, 2.0), (-1.0, 1.0))
    problem = ep.Problem(window, SOLID, [ep.Displacement(stretched)], exact=stretched, inclusions=[layer])
    changes = {"network": "random_features", "hidden_layers": [60], "input_frequency": 2.0, "interior_points": 200}
    config = ep.Config(**{name: each for name, each in QUICK.items() if name != "initial_points"} | changes)
    assert error_of(ep.train(config, tmp_path / "run", problem=problem)) < 1e-5
