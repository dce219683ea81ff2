"""Unknowns in one or several of the materials: named by their region, found from receivers."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.session import Session
from elastic_pinn.workbench import figures
from elastic_pinn.workbench.run_table import runs_table
from elastic_pinn.workbench.tables import material_table
from tests.benchmarks.validation.interfaces import meeting
from tests.benchmarks.validation.row import SOLID

SMALL = {
    "hidden_layers": [8, 8], "precision": "float64", "steps": 4, "interior_points": 40, "initial_points": 20,
    "interface_points": 20, "validation_points": 50, "validate_every": 2, "checkpoint_every": 2, "resample_every": 3,
}  # fmt: skip


def inverse_problem(materials: tuple[ep.Material, ep.Material], noise: float = 0.0, side: int = 6) -> ep.Problem:
    """A P wave on a welded interface, recorded below it only: what is above is seen by what comes back from there."""
    plain = meeting("p", 30, "welded", size=0.5)
    window, field = plain.domain, plain.exact
    x, y, t = np.linspace(0.05, 0.95, side), np.linspace(-0.45, -0.05, side), np.linspace(*window.t, 15)
    xy = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)  # (R, 2)
    at = (torch.from_numpy(np.repeat(xy, len(t), axis=0)), torch.from_numpy(np.tile(t, len(xy))))
    recorded = field(*at[0].unbind(1), at[1]).reshape(len(xy), len(t), 2).numpy()
    recorded = recorded + noise * np.random.default_rng(0).standard_normal(recorded.shape)
    receivers = ep.Receivers(xy, t, recorded, noise=noise)
    layer = ep.Inclusion(ep.Rectangle((0.0, 1.0), (0.0, 0.5)), materials[1])
    start = ep.Initial.of(field)
    return ep.Problem(window, materials[0], initial=start, receivers=receivers, inclusions=[layer], exact=field)


SOUGHT = (
    ep.Material(1.0, 1.1, 1.0, unknowns=("mu",)),
    ep.Material(3.5, 4.4, 1.2, unknowns=("rho", "lambda")),
)


@pytest.mark.parametrize("network", ["mlp", "random_features", "plane_waves"])
def test_jacobians_by_unknowns_of_several_materials_agree_with_the_gradients(network):
    problem = inverse_problem(SOUGHT, side=2)
    assert problem.unknowns == ("mu_1", "rho_2", "lambda_2")
    changes = {"network": network, "hidden_layers": [9], "activation": "sin"} if network != "mlp" else {}
    config = ep.Config(**SMALL | changes)
    session, loss = Session(config, problem), Loss(problem, config)
    model, batches, parameters = session.model, session.sampler.batches, session.parameters
    assert len(model.unknowns) == 3
    with torch.no_grad():
        for parameter in parameters:
            parameter.add_(0.1 * torch.rand(parameter.shape, generator=torch.Generator().manual_seed(3)))
    total = loss(model, batches)["total"]
    gradients = torch.cat([each.reshape(-1) for each in torch.autograd.grad(total, parameters)])
    assert gradients[-3:].all()
    misfits, rows = loss.system(model, batches, parameters)
    torch.testing.assert_close(2.0 * rows.T @ misfits, gradients, rtol=1e-8, atol=1e-8)
    for parameter in model.unknowns:
        sizes = []
        for step in (1e-6, -2e-6):
            with torch.no_grad():
                parameter.add_(step)
                sizes.append(loss(model, batches)["total"].item())
        with torch.no_grad():
            parameter.add_(1e-6)
        gradient = gradients[-3 + [each is parameter for each in model.unknowns].index(True)]
        assert (sizes[0] - sizes[1]) / 2e-6 == pytest.approx(gradient.item(), rel=1e-4)


@pytest.mark.slow
def test_unknowns_of_several_materials_have_columns_and_survive_a_resume(tmp_path):
    problem = inverse_problem(SOUGHT, side=2)
    whole = ep.train(ep.Config(**SMALL), tmp_path / "whole", problem=problem)
    ep.train(ep.Config(**SMALL | {"steps": 2}), tmp_path / "parts", problem=problem)
    parts = ep.train(ep.Config(**SMALL), tmp_path / "parts", problem=problem, resume="auto")
    here, there = whole.latest().model().state_dict(), parts.latest().model().state_dict()
    assert {"material.1.log_mu", "material.2.log_rho", "material.2.log_bulk"} <= here.keys()
    assert all(torch.equal(here[name], there[name]) for name in here)
    found = whole.material()
    assert found["mu_1"] != 1.1
    assert found["lambda_1"] == 1.0
    assert found["mu_2"] == 4.4
    table = material_table(whole, problem)
    assert list(table.index[table["role"] == "unknown"]) == ["mu_1", "lambda_2", "rho_2"]
    derived = list(table.index[table["role"] == "derived"])
    assert derived == ["c_p_1", "c_s_1", "E_1", "nu_1", "c_p_2", "c_s_2", "E_2", "nu_2"]
    assert {"mu_1", "mu_1 ±", "rho_2", "c_p_1 ±", "nu_2"} <= set(runs_table(tmp_path).columns)
    traces = figures.material_traces(whole, problem)
    assert [axes.get_ylabel().split()[0] for axes in traces.axes] == [r"$\mu_{1}$", r"$\rho_{2}$", r"$\lambda_{2}$"]


@pytest.mark.parametrize(
    ("materials", "fault"),
    [
        ((ep.Material(1, 1, 1, ("mu", "rho", "lambda")), ep.Material(4, 4, 1, ("lambda", "mu", "rho"))), "any factor"),
        ((ep.Material(0, 1, 1, ("mu", "rho")), ep.Material(4, 4, 1, ("lambda", "mu", "rho"))), "any factor"),
        ((ep.Material(1, 1, 1), ep.Material(4, 4, 1, ("lambda", "mu", "rho"))), ""),
        ((ep.Material(1, 1, 1, ("mu", "rho")), ep.Material(4, 4, 1, ("lambda", "mu", "rho"))), ""),
    ],
)
def test_one_known_constant_determines_the_factor_of_all_materials(materials, fault):
    if fault:
        with pytest.raises(ep.ProblemError, match=fault):
            inverse_problem(materials, side=2)
    else:
        assert len(inverse_problem(materials, side=2).unknowns) >= 3


def test_unknowns_of_an_inclusion_need_receivers():
    layer = ep.Inclusion(ep.Rectangle((0.0, 1.0), (0.0, 0.5)), ep.Material(4.0, 4.0, 1.0, unknowns=("mu",)))
    with pytest.raises(ep.ProblemError, match=r"unknowns \['mu_2'\] need receivers"):
        ep.Problem(ep.Domain((0.0, 1.0), (-0.5, 0.5), (0.0, 1.0)), SOLID, [ep.Displacement()], inclusions=[layer])


@pytest.mark.slow
def test_a_material_is_found_from_what_its_interface_reflects(tmp_path):
    known, sought = SOLID, ep.Material(4.8, 3.4, 1.0, unknowns=("lambda", "mu"), unknown_range=3.0)
    problem = inverse_problem((known, sought), noise=1e-3)
    config = ep.Config(
        network="plane_waves", hidden_layers=[500], activation="sin", input_frequency=6.0, precision="float64",
        stages=["variable_projection"], steps=12, ridge=1e-9, interior_points=8, initial_points=500,
        interface_points=300, validation_points=200,
    )  # fmt: skip
    run = ep.train(config, tmp_path / "run", problem=problem)
    fit, found = run.fit, run.material()
    assert fit.verdict in ("holds", "widened")
    for name in ("lambda_2", "mu_2"):
        assert abs(found[name] - 4.0) < 4.0 * fit.plus_minus[name] < 0.4
    std = ep.WavefieldUncertainty(run.latest(), problem).std(0.5, np.array([-0.2, 0.2]), 0.3)
    assert (std > 0.0).all()
