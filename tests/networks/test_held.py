"""Conditions that are held exactly hold for any weights, and nothing else changes: equations, gradients, states."""

import copy
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.networks.batch import Batch
from elastic_pinn.networks.jets import components
from elastic_pinn.networks.model import Model
from elastic_pinn.physics.elasticity import Normal
from elastic_pinn.training.assessment.linearised import Linearised
from elastic_pinn.training.sampling.draw import draw_evenly
from elastic_pinn.training.session import Session

MATERIAL = ep.Material(2.0, 1.5, 1.3)
WINDOW = ep.Domain((0.2, 2.0), (-1.0, 0.5), (0.1, 0.9))
FORCE = ep.PointForce((1.0, 0.0), (1.0, 0.0), ep.UnknownWavelet(3.0, 0.2), 0.1)
NAMES = components(("xx", "xy", "xt", "yy", "yt", "tt"))
FIELDS = {"hidden_layers": [6, 5], "precision": "float64", "log_level": "error"}
SOME = {"interior_points": 12, "boundary_points": 9, "initial_points": 7, "validation_points": 20, "threads": 1}


def wave(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    return torch.stack([torch.sin(2.0 * x - y + 3.0 * t), x * torch.cos(y - 2.0 * t) + 0.3], dim=1) * 1e-3


def slope(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    """Its derivative by t."""
    return torch.stack([3.0 * torch.cos(2.0 * x - y + 3.0 * t), 2.0 * x * torch.sin(y - 2.0 * t)], dim=1) * 1e-3


def problem(sides=("left", "right", "bottom", "top"), **changed) -> ep.Problem:
    conditions = [ep.Displacement(wave, [side]) for side in sides]
    given = {"material": MATERIAL, "boundary": conditions, "initial": ep.Initial(wave, slope)} | changed
    return ep.Problem(WINDOW, **given)


def session(posed: ep.Problem, conditions=("start", "sides"), **fields) -> Session:
    return Session(ep.Config(problem="own", hard_conditions=conditions, **FIELDS | SOME | fields), posed)


def points(count: int = 40) -> Tensor:
    cube = torch.rand(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return WINDOW.low + cube * (WINDOW.high - WINDOW.low)


SIDES = {"left": (0, 0.2), "right": (0, 2.0), "bottom": (1, -1.0), "top": (1, 0.5)}


@pytest.mark.parametrize(
    ("conditions", "sides"),
    [
        (("start",), ("left",)),
        (("sides",), ("left",)),
        (("sides",), ("bottom", "right")),
        (("sides",), ("bottom", "top")),
        (("start", "sides"), ("top",)),
        (("start", "sides"), ("left", "right", "bottom")),
        (("start", "sides"), ("left", "right", "bottom", "top")),
    ],
)
def test_they_hold_to_rounding_for_any_weights_and_others_do_not(conditions, sides):
    made = session(problem(sides), conditions).model
    held = list(sides) if "sides" in conditions else []
    for name, (axis, at) in SIDES.items():
        where = points()
        where[:, axis] = at
        missed = float((made.displacement(where) - wave(*where.unbind(1))).abs().max()) / 2e-3
        assert missed < 1e-9 if name in held else missed > 1e-2, (name, missed)
    where = points()
    where[:, 2] = 0.1
    for quantity, field in (("displacement", wave), ("velocity", slope)):
        found = torch.from_numpy(made.predict(*where.numpy().T, quantity))
        missed = float((found - field(*where.unbind(1))).abs().max()) / 2e-3
        assert missed < 1e-9 if "start" in conditions else missed > 1e-2, (quantity, missed)


def test_all_derivatives_are_those_of_the_displacement():
    made = session(problem()).model
    where = made.scales.dimensionless(points(9))

    def displacement(points: Tensor) -> Tensor:
        return made._trial(points, ("",))[0].detach()

    found = made._trial(where, NAMES).detach()
    step = 1e-4
    unit = dict(zip("xyt", torch.eye(3, dtype=torch.float64) * step, strict=True))
    for j, name in enumerate(NAMES):
        if len(name) == 1:
            by_differences = (displacement(where + unit[name]) - displacement(where - unit[name])) / (2 * step)
        elif len(name) == 2:
            a, b = (unit[axis] for axis in name)
            corners = [displacement(where + i * a + k * b) * i * k for i in (-1, 1) for k in (-1, 1)]
            by_differences = sum(corners) / (4 * step**2)
        else:
            by_differences = displacement(where)
        assert (found[j] - by_differences).abs().max() < 1e-6 * max(1.0, float(found[j].abs().max()))


def test_equations_for_the_outputs_are_those_for_the_displacement():
    made = session(problem())
    model, moduli = made.model, made.model.material()
    for statement in made.problem.statements:
        batch = made.sampler.batches[statement.name]
        asked = model.equations(statement, moduli, batch)
        names = components(statement.derivatives)
        u = dict(zip(names, model._trial(batch.points, names), strict=True))
        normal = Normal.of(batch.normal) if len(batch.normal) else None
        expected = statement.operator(u, moduli, normal) - batch.target
        torch.testing.assert_close(model.residuals(asked).view_as(expected), expected, rtol=1e-9, atol=1e-10)
        if statement.column != "pde":
            assert expected.abs().max() < 1e-9


@pytest.mark.parametrize("unknowns", [(), ("lambda", "mu")])
def test_gradients_and_rows_reach_the_network_and_an_unknown_material(unknowns):
    solid = replace(MATERIAL, unknowns=unknowns)
    where = points(30).numpy()
    posed = problem(material=solid, receivers=records(where) if unknowns else None)
    made = session(posed, validation_fraction=0.0)
    parameters = made.parameters
    found = made.loss(made.model, made.points.batches)["total"]
    gradients = torch.autograd.grad(found, parameters, allow_unused=True, materialize_grads=True)
    step = 1e-6
    for parameter, gradient in zip(parameters, gradients, strict=True):
        flat = parameter.data.view(-1)
        for i in range(min(2, flat.numel())):
            values = []
            for sign in (1.0, -1.0):
                flat[i] += sign * step
                values.append(float(made.loss(made.model, made.points.batches)["total"].detach()))
                flat[i] -= sign * step
            by_differences = (values[0] - values[1]) / (2 * step)
            assert math.isclose(float(gradient.reshape(-1)[i]), by_differences, rel_tol=1e-4, abs_tol=1e-6)
    with torch.no_grad():  # as within optimizers
        residuals, rows = made.loss.system(made.model, made.points.batches, parameters)
        blocks = torch.cat([each.jacobian for each in made.loss.blocks(made.model, made.points.batches, parameters)])
    assert torch.allclose(torch.linalg.vector_norm(blocks, dim=0), torch.linalg.vector_norm(rows, dim=0), rtol=1e-9)
    flat_gradient = torch.cat([gradient.reshape(-1) for gradient in gradients])
    torch.testing.assert_close(2.0 * rows.T @ residuals, flat_gradient, rtol=1e-7, atol=1e-9)
    with torch.no_grad():
        curvature = made.loss.curvature(made.model, made.points.batches, parameters)
        product, diagonal = curvature(flat_gradient), curvature.diagonal()
    torch.testing.assert_close(product, rows.T @ (rows @ flat_gradient), rtol=1e-7, atol=1e-9)
    torch.testing.assert_close(diagonal, rows.square().sum(0), rtol=1e-7, atol=1e-9)


def test_further_features_of_a_wider_layer_hold_the_same_conditions():
    posed = problem(material=replace(MATERIAL, unknowns=("mu",)), receivers=records(points().numpy()))
    fields = {"network": "random_features", "activation": "sin", "hidden_layers": [8], "validation_fraction": 0.0}
    made = session(posed, stages=["variable_projection"], steps=1, **fields)
    fit = Linearised(made.trained())
    further = fit._of_more_features()
    rows = made.loss.rows(made.model, made.points.batches)
    held = torch.cat([further[rows[name]] for name in rows if name.startswith(("boundary", "initial"))])
    assert held.abs().max() < 1e-9 < further.abs().max()


def records(where: np.ndarray) -> ep.Receivers:
    xy, times = where[:4, :2], np.linspace(0.15, 0.85, 8)
    values = np.stack([[wave(*torch.tensor([[*place, t]]).unbind(1))[0].numpy() for t in times] for place in xy])
    return ep.Receivers(xy, times, values)


def test_a_state_alone_makes_the_same_model_again():
    made = session(problem())
    again = Model.from_state(made.config, made.model.state_dict())
    x, y, t = points().numpy().T
    for quantity in ("displacement", "velocity", "acceleration", "stress"):
        np.testing.assert_array_equal(again.predict(x, y, t, quantity), made.model.predict(x, y, t, quantity))
    wrong = {name: value for name, value in made.model.state_dict().items() if name != "held.orders"}
    with pytest.raises(ValueError, match=r"held\.orders"):
        Model.from_state(made.config, wrong)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_and_a_pickle_are_the_same_model(again):
    model, [x, y, t] = session(problem()).model, points().numpy().T
    before = model.predict(x, y, t)
    copied = again(model)
    np.testing.assert_array_equal(copied.predict(x, y, t), before)
    np.testing.assert_array_equal(model.predict(x, y, t), before)


def test_what_cannot_hold_is_refused_in_a_sentence():
    def still(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        return torch.zeros(len(x), 2, dtype=torch.float64)

    def rough(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        return torch.stack([(x - 1.0).abs(), y], dim=1) * 1e-3

    for posed, conditions, message in (
        (problem(initial=ep.Initial(wave, still)), ("start", "sides"), "initial velocity at the start differs"),
        (problem(initial=ep.Initial(still, slope)), ("start", "sides"), "displacement at .* differs by"),
        (problem(initial=None), ("start",), "has no initial condition"),
        (problem(force=FORCE, receivers=records(points().numpy())), ("start",), "of one pulse"),
        (problem(boundary=[ep.Traction()]), ("sides",), "no whole side"),
        (
            problem(boundary=[ep.Displacement(wave, [ep.Part("left", -1.0, 0.0)])]),
            ("sides",),
            "no whole side",
        ),
        (problem(sides=("left",), initial=ep.Initial(rough)), ("start",), "too short or too rough"),
    ):
        with pytest.raises(ep.ProblemError, match=message):
            session(posed, conditions)
    with pytest.raises(ep.ConfigError, match=r"hard_conditions = .*'start'.* with network 'plane_waves': only with"):
        ep.Config(network="plane_waves", hidden_layers=[9], activation="sin", hard_conditions=["start"])


def test_points_of_a_batch_are_worked_out_once():
    made = session(problem())
    held, batches = made.model.held, draw_evenly(made.problem, {"interior": 5, "boundary": 5, "initial": 5},
                                                 "uniform", np.random.default_rng(0))  # fmt: skip
    batch: Batch = batches["interior"]
    first, second = held.jets(batch.points, NAMES), held.jets(batch.points, NAMES)
    assert first is second
