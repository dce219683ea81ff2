"""Circular inclusions by exact waves: from the loss to checkpoints, material search and what is refused."""

import math

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.training import advise
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.session import Session
from tests.benchmarks.validation.holes import STIFF, wave_on_inclusion
from tests.benchmarks.validation.row import SOLID

SMALL = {
    "problem": "own", "network": "hole_waves", "hidden_layers": [20, 30, 10], "activation": "sin",
    "input_frequency": 2.0, "precision": "float64", "steps": 4, "interior_points": 20, "boundary_points": 40,
    "initial_points": 40, "interface_points": 30, "validation_points": 50, "validate_every": 2, "checkpoint_every": 2,
    "log_level": "error",
}  # fmt: skip
WAVES = {
    "hidden_layers": [200, 240, 80], "input_frequency": 1.8, "stages": ["last_layer"], "steps": 1, "ridge": 1e-14,
    "boundary_points": 260, "initial_points": 180, "interface_points": 130, "weight_boundary": 100.0,
    "weight_initial": 100.0, "weight_interface": 100.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def scattered(tmp_path_factory) -> ep.Run:
    """A P wave on a welded inclusion, in a quarter of the box."""
    folder = tmp_path_factory.mktemp("scattered") / "run"
    return ep.train(ep.Config(**SMALL | WAVES), folder, problem=wave_on_inclusion("p", "welded", 0.25))


def test_what_an_inclusion_scatters_and_what_is_in_it_is_found(scattered):
    assert scattered.latest().metrics["error/displacement"] < 1e-3


def test_a_checkpoint_alone_predicts_around_and_within(scattered):
    exact = wave_on_inclusion("p", "welded", 0.25).exact
    model = ep.load_checkpoint(scattered.latest().path).model()
    x, y, t = np.array([0.0125, 0.05, -0.2]), np.array([-0.0075, 0.02, 0.2]), np.array([0.1, 0.2, 0.3])
    expected = exact(*(torch.from_numpy(each) for each in (x, y, t))).numpy()
    np.testing.assert_allclose(model.predict(x, y, t), expected, atol=3e-3)
    assert np.isfinite(model.predict(0.0125, -0.0075, 0.1, "stress")).all()  # the middle of the inclusion
    assert model.network.state_dict()["inside.vectors"].shape == (80, 2)


def test_a_resumed_run_is_the_same_bit_for_bit(tmp_path):
    problem = wave_on_inclusion("s", "slip", 0.25)
    whole = ep.train(ep.Config(**SMALL), tmp_path / "whole", problem=problem)
    ep.train(ep.Config(**SMALL | {"steps": 2}), tmp_path / "parts", problem=problem)
    parts = ep.train(ep.Config(**SMALL), tmp_path / "parts", problem=problem, resume="auto")
    here, there = whole.latest().model().state_dict(), parts.latest().model().state_dict()
    assert here.keys() == there.keys()
    assert all(torch.equal(here[name], there[name]) for name in here)
    columns = whole.history().columns.drop("wall_s")
    assert whole.history()[columns].equals(parts.history()[columns])


def sought() -> ep.Problem:
    """A P wave on an inclusion, recorded around it: what is within is seen by what it scatters."""
    plain = wave_on_inclusion("p", "welded", 0.25)
    disc, t = plain.inclusions[0].shape, np.linspace(*plain.domain.t, 12)
    angle = np.arange(10) * 2.0 * math.pi / 10
    xy = np.array(disc.center) + 1.6 * disc.radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    at = torch.from_numpy(np.concatenate([np.repeat(xy, 12, axis=0), np.tile(t, 10)[:, None]], axis=1))
    receivers = ep.Receivers(xy, t, plain.exact(*at.unbind(1)).reshape(10, 12, 2).numpy(), noise=1e-4)
    inclusion = ep.Inclusion(disc, ep.Material(4.0, 3.4, 1.0, unknowns=("mu",), unknown_range=3.0))
    around = ep.Material(1.0, 1.05, 1.0, unknowns=("mu",), unknown_range=2.0)
    return ep.Problem(
        plain.domain, around, plain.boundary, plain.initial, None, receivers, plain.exact, inclusions=[inclusion]
    )


def test_jacobians_by_unknowns_of_both_materials_agree_with_the_gradients():
    problem, config = sought(), ep.Config(**SMALL)
    session, loss = Session(config, problem), Loss(problem, config)
    model, batches, parameters = session.model, session.sampler.batches, session.parameters
    assert len(model.unknowns) == 2
    with torch.no_grad():
        for parameter in parameters:
            parameter.add_(0.1 * torch.rand(parameter.shape, generator=torch.Generator().manual_seed(3)))
    total = loss(model, batches)["total"]
    gradients = torch.cat([each.reshape(-1) for each in torch.autograd.grad(total, parameters)])
    assert gradients[-2:].all()
    with torch.no_grad():
        misfits, rows = loss.system(model, batches, parameters)
    torch.testing.assert_close(2.0 * rows.T @ misfits, gradients, rtol=1e-8, atol=1e-8)


@pytest.mark.slow
def test_both_materials_are_found_from_receivers_around_an_inclusion(tmp_path):
    config = ep.Config(**SMALL | WAVES | {"stages": ["variable_projection"], "steps": 8, "weight_data": 1e3})
    run = ep.train(config, tmp_path / "run", problem=sought())
    assert run.material()["mu_1"] == pytest.approx(1.0, abs=3e-3)
    assert run.material()["mu_2"] == pytest.approx(4.0, abs=0.04)
    assert run.fit is not None


def test_a_hole_in_an_inclusion_has_waves_of_its_material_and_a_layer_none_around_it():
    holes = [ep.Disc((0.5, 0.5), 0.1), ep.Disc((0.3, 1.5), 0.1)]
    plate = ep.Plate(ep.Rectangle((0.0, 1.0), (0.0, 2.0)), holes)
    parts = [ep.Inclusion(ep.Disc((0.5, 0.5), 0.3), STIFF), ep.Inclusion(ep.Rectangle((0.0, 1.0), (1.0, 2.0)), STIFF)]
    window = ep.Domain(shape=plate, t=(0.0, 1.0))
    problem = ep.Problem(window, SOLID, [ep.Traction()], ep.Initial(), inclusions=parts)
    network = Session(ep.Config(**SMALL), problem).model.network
    assert network.beside.tolist() == [1, 2, 0]
    assert [regions.start for regions, _ in network.around(Session(ep.Config(**SMALL), problem).model.material())] == [
        0, 1, 2,
    ]  # fmt: skip


def problem_with(*shapes: ep.Disc | ep.Rectangle) -> ep.Problem:
    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    return ep.Problem(window, SOLID, [ep.Traction()], ep.Initial(), inclusions=[ep.Inclusion(s, STIFF) for s in shapes])


@pytest.mark.parametrize(
    ("fields", "shapes", "fault"),
    [
        ({}, [ep.Rectangle((0.4, 0.6), (0.4, 0.6))], "'hole_waves' cannot meet what a rectangular inclusion scatters"),
        ({}, [ep.Rectangle((0.0, 1.0), (0.0, 0.4))], "a circular inclusion or an ep.SideLoad: take 'plane_waves'"),
        (
            {"network": "plane_waves", "hidden_layers": [20]},
            [ep.Disc((0.5, 0.5), 0.2)],
            "what an inclusion scatters all around it: take 'hole_waves'",
        ),
    ],
)
def test_inclusions_that_waves_cannot_meet_are_refused_with_what_can(fields, shapes, fault):
    with pytest.raises(ep.ConfigError, match=fault):
        Session(ep.Config(**SMALL | fields), problem_with(*shapes))


def test_a_number_of_plane_waves_in_inclusions_is_refused_where_there_are_none():
    plate = ep.Plate(ep.Rectangle((0.0, 1.0), (0.0, 1.0)), [ep.Disc((0.5, 0.5), 0.2)])
    problem = ep.Problem(ep.Domain(shape=plate, t=(0.0, 1.0)), SOLID, [ep.Traction()], ep.Initial())
    with pytest.raises(ep.ConfigError, match=r"hidden_layers = \[20, 30, 10\]: the last is the number of plane waves"):
        Session(ep.Config(**SMALL), problem)


def test_too_few_waves_around_and_in_inclusions_are_told():
    problem = problem_with(ep.Disc((0.3, 0.5), 0.1), ep.Disc((0.7, 0.5), 0.2))
    given = {"input_frequency": 6.0, "boundary_points": 2000, "initial_points": 1000, "interface_points": 500}

    def told(*numbers: int, **changes) -> tuple[str, ...]:
        return advise(ep.Config(**SMALL | given | changes | {"hidden_layers": list(numbers)}), problem)

    assert told(900, 600, 500) == ()
    (sentence,) = told(900, 600, 20)
    assert sentence.startswith("20 waves in each inclusion are too few") and "hidden_layers = [900, 600, " in sentence
    (sentence,) = told(900, 60, 500)
    assert sentence.startswith("60 waves around 2 inclusions are too few") and sentence.count(", 500] or more") == 1
    (sentence,) = told(900, 600, 500, boundary_points=100, initial_points=100, interface_points=100)
    assert sentence.startswith("2,500 amplitudes are to be found from 1,400 numbers")
    assert "Set hidden_layers to at most [504, 336, 280], or" in sentence
