"""Periodic sides, held to plane waves that go on as they are, and equations that tie points to each other."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.networks import Model
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.statement_equations import equations_of
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.new_model import new_model
from elastic_pinn.training.sampling import first_points
from tests.benchmarks.validation.periodic import between
from tests.physics.media.test_medium import solved

SOLID = ep.Material(1.0, 1.0, 1.0)


@pytest.mark.parametrize("axis", ["x", pytest.param("y", marks=pytest.mark.slow)])
def test_a_wave_goes_on_beyond_periodic_sides(tmp_path, axis):
    run = solved(tmp_path, between(axis, 0.5), 700, 5.0)
    assert run.latest().metrics["error/displacement"] < 2e-3
    x, y = (0.0, 0.3) if axis == "x" else (0.3, 0.0)
    there = (1.0, 0.3) if axis == "x" else (0.3, 1.0)
    for quantity in ("displacement", "stress"):
        assert run.predict(x, y, 0.2, quantity) == pytest.approx(run.predict(*there, 0.2, quantity), abs=2e-2)


@pytest.mark.slow
def test_without_the_sides_the_wave_is_not_found(tmp_path):
    whole = between("x", 0.5)
    left_open = replace(whole, boundary=whole.boundary[1:])
    run = solved(tmp_path, left_open, 700, 5.0)
    assert run.latest().metrics["error/displacement"] > 5e-2


def tied(network: str) -> tuple[Model, list[Equations]]:
    problem = between("x", 1.0)
    fields = {"hidden_layers": [12], "activation": "sin", "input_frequency": 3.0, "precision": "float64"}
    config = ep.Config(problem="own", network=network, boundary_points=7, interior_points=5, initial_points=4, **fields)
    model = Model.create(config, problem.reference, problem.scales, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in model.network.last_layer:
            parameter.normal_(generator=torch.Generator().manual_seed(1))
    batches = first_points(problem, config)
    moduli = model.material()
    return model, [equations_of(each, moduli, batches[each.name]) for each in problem.statements if each.image_sign]


def misfits(model: Model, equations: Equations) -> Tensor:
    """What the equations are by their definition: the sum of each point's left side and its image's."""
    jet = model.network.within(model.material())(equations.points, equations.names)  # (J, 2 N, C)
    left = torch.einsum("nk,kjec,jnc->ne", equations.coefficients, equations.operator, jet)
    return (left[:7] + left[7:] - equations.target).reshape(-1)


@pytest.mark.parametrize("network", ["mlp", "random_features", "plane_waves"])
def test_equations_of_tied_points_have_the_derivatives_of_their_definition(network):
    model, sets = tied(network)
    assert len(sets) == 2 and all(each.tied == 2 and len(each.target) == 7 for each in sets)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for each in sets:
        expected = misfits(model, each)
        gradients = [torch.autograd.grad(row, parameters, retain_graph=True) for row in expected]
        rows = torch.stack([torch.cat([g.reshape(-1) for g in each_row]) for each_row in gradients])  # (14, P)
        torch.testing.assert_close(model.residuals(each), expected.detach())
        torch.testing.assert_close(model.jacobian(each, parameters), rows)
        square = model.mean_squares([each])[0]
        torch.testing.assert_close(square, expected.square().sum() / 7)
        found = torch.cat([g.reshape(-1) for g in torch.autograd.grad(square, parameters)])
        torch.testing.assert_close(found, 2.0 / 7 * expected.detach() @ rows)
        step = torch.ones(rows.shape[1], dtype=torch.float64)
        torch.testing.assert_close(model.curvature([(1.0, each)], parameters)(step), rows.T @ (rows @ step))
        pieces = list(each.split(6))
        assert [len(piece.target) for piece in pieces] == [3, 3, 1]
        torch.testing.assert_close(torch.cat([model.residuals(piece) for piece in pieces]), expected.detach())
        weighted = each.weighted(torch.full((7,), 4.0, dtype=torch.float64))
        torch.testing.assert_close(model.residuals(weighted), 2.0 * expected.detach())


def test_parts_and_rows_of_a_batch_keep_points_with_their_images():
    problem = between("x", 1.0)
    config = ep.Config(problem="own", boundary_points=7, interior_points=5, initial_points=4, precision="float64")
    batch = first_points(problem, config)["boundary 0"]
    assert batch.points.shape == (14, 3) and batch.target.shape == (7, 2)
    torch.testing.assert_close(batch.points[:7, 1:], batch.points[7:, 1:])
    assert (batch.points[7:, 0] - batch.points[:7, 0]).unique().numel() == 1
    part = batch.part(1, 2)
    torch.testing.assert_close(part.points, torch.cat([batch.points[4:7], batch.points[11:]]))
    assert part.n_remote == 4 and part.normal.shape == (6, 2)
    few = batch.rows(torch.tensor([5, 2]))
    torch.testing.assert_close(few.points, batch.points[[5, 2, 12, 9]])


def test_a_periodic_problem_trains_by_gradients_too(tmp_path):
    problem = between("x", 0.5)
    fields = {"hidden_layers": [16], "interior_points": 60, "boundary_points": 20, "initial_points": 20}
    config = ep.Config(problem="own", stages=["adam"], steps=30, learning_rate=1e-2, resampling="r3",
                       resample_every=10, **fields)  # fmt: skip
    history = ep.train(config, tmp_path / "run", problem).history()
    assert history["loss/total"].iloc[-1] < history["loss/total"].iloc[0]


def test_the_loss_counts_a_pair_once():
    problem = between("x", 1.0)
    config = ep.Config(problem="own", boundary_points=7, interior_points=5, initial_points=4, precision="float64")
    rows = Loss(problem, config).rows(new_model(config, problem, torch.Generator()), first_points(problem, config))
    assert rows["boundary 0"].stop - rows["boundary 0"].start == 14


def test_periodic_sides_are_refused_where_there_are_none_and_are_another_problem():
    for bad in ("z", "left", ("left", "right")):
        with pytest.raises(ep.ProblemError, match="legal are 'x' and 'y'"):
            ep.Periodic(bad)
    disc = ep.Domain(shape=ep.Disc((0.0, 0.0), 1.0), t=(0.0, 1.0))
    with pytest.raises(ep.ProblemError, match="legal are any of rim"):
        ep.Problem(disc, SOLID, [ep.Periodic("x")])
    with pytest.raises(ep.ProblemError, match="two conditions on the side left"):
        whole = between("x", 1.0)
        replace(whole, boundary=[*whole.boundary, ep.Traction(sides="left")])
    free = ep.Traction(sides=("left", "right"))
    one, other = between("x", 1.0), replace(between("x", 1.0), boundary=[free, *between("x", 1.0).boundary[1:]])
    assert one.is_like(between("x", 1.0).identity) and not one.is_like(other.identity)
    assert repr(one.boundary[0]) == "Periodic('x')"
