"""Plates at rest, and sides of which one component is prescribed, held to a field with a known force."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.physics.elasticity import residual
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.workbench.figures.wavefields.shown_fields import shown_fields
from elastic_pinn.workbench.panels.exploration.tabs import CheckpointTabs
from tests.benchmarks.validation.statics import LAMBDA, MU, bent, force, mixed_plate
from tests.physics.media.test_medium import solved
from tests.physics.test_elasticity import derivatives

SOLID = ep.Material(LAMBDA, MU, 1.0)
PLATE = ep.Domain((0.0, 1.0), (0.0, 1.0))


def test_the_known_plate_is_in_equilibrium():
    points = PLATE.interior(torch.rand(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)))
    left = residual(derivatives(bent, points), Moduli.of(LAMBDA, MU, 1.0))
    assert (left - force(*points.unbind(1))).abs().max() < 1e-12 * left.abs().max()


@pytest.mark.slow
def test_a_plate_at_rest_is_found_and_nothing_in_it_moves(tmp_path):
    problem = mixed_plate(1.0)
    run = solved(tmp_path, problem, 250, 6.0)
    assert run.latest().metrics["error/displacement"] < 1e-9
    x, y = np.array([0.2, 0.7]), np.array([0.4, 0.9])
    assert not run.predict(x, y, 0.0, "velocity").any()
    u = derivatives(bent, torch.tensor([[0.2, 0.4, 0.0], [0.7, 0.9, 0.0]], dtype=torch.float64))
    pressure = (LAMBDA + 2.0 * MU) * u["x"][:, 0] + LAMBDA * u["y"][:, 1]
    assert run.predict(x, y, 0.0, "stress")[:, 0] == pytest.approx(pressure.numpy(), rel=1e-8)
    with pytest.raises(ValueError, match="outside the window"):
        run.predict(0.5, 0.5, 1e-9)
    fields = shown_fields(run.latest(), 21)
    kinetic = fields.at("energy", 0.0)
    assert np.isfinite(kinetic).all() and kinetic.max() > 0.0
    for picture in (
        ep.figures.problem(problem, run.config),
        ep.figures.snapshots(run, problem=problem),
        ep.figures.error_map(run, problem=problem),
        CheckpointTabs(run.latest(), lambda write, ending: None).figure(),
    ):
        picture.savefig(tmp_path / "picture.png")
        assert (tmp_path / "picture.png").stat().st_size > 5_000


def test_without_an_exact_field_a_plate_at_rest_is_drawn_once(tmp_path):
    problem = ep.Problem(PLATE, SOLID, [ep.Displacement(sides="bottom"), ep.Traction(pull, sides="top")])
    run = solved(tmp_path, problem, 30, 3.0)
    assert len([axes for axes in ep.figures.snapshots(run, problem=problem).axes if axes.images]) == 2  # u_x and u_y


def pull(x: Tensor, y: Tensor, t: Tensor) -> Tensor:
    return torch.stack([torch.zeros_like(x), torch.ones_like(x)], dim=-1)


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"initial": ep.Initial()}, "has no start"),
        ({"boundary": [ep.Absorbing()]}, "needs a velocity"),
        ({"material": ep.Material(1.0, 1.0, 1.0, damping=2.0)}, "damping has no effect"),
        ({"boundary": [ep.Displacement(lambda x, y, t: torch.stack([x * t, y], dim=-1))]}, "depends on t"),
        ({"force": lambda x, y, t: torch.stack([torch.sin(math.pi * t), y], dim=-1)}, "depends on t"),
    ],
)
def test_what_depends_on_time_is_refused_in_a_plate_at_rest(parts, reason):
    whole = {"domain": PLATE, "material": SOLID, "boundary": [ep.Displacement()]} | parts
    with pytest.raises(ep.ProblemError, match=reason):
        ep.Problem(**whole)


def recorded() -> ep.Receivers:
    xy = np.random.default_rng(0).uniform(0.1, 0.9, (20, 2))
    u = bent(*torch.from_numpy(xy).unbind(1), torch.zeros(20, dtype=torch.float64)).numpy()
    return ep.Receivers(xy, np.zeros(1), u[:, None], 0.0, {"lambda": LAMBDA, "mu": MU, "rho": 1.0}, frozenset())


@pytest.mark.parametrize(
    ("unknowns", "load", "reason"),
    [(("rho",), True, "rho has no effect"), (("lambda", "mu"), False, "cannot both be found"), (("mu",), False, "")],
)
def test_what_a_plate_at_rest_cannot_tell_is_refused(unknowns, load, reason):
    def made() -> ep.Problem:
        solid = ep.Material(LAMBDA, MU, 1.0, unknowns=unknowns)
        return ep.Problem(PLATE, solid, [ep.Displacement()], force=force if load else None, receivers=recorded())

    if not reason:
        made()
        return
    with pytest.raises(ep.ProblemError, match=reason):
        made()


def test_lambda_and_mu_of_a_loaded_plate_at_rest_are_found(tmp_path):
    """Haghighat's inverse problem, from a start 40 % off."""
    solid = ep.Material(1.4 * LAMBDA, 0.6 * MU, 1.0, unknowns=("lambda", "mu"))
    problem = ep.Problem(PLATE, solid, [ep.Displacement(bent)], force=force, receivers=recorded())
    config = ep.Config(
        network="random_features", hidden_layers=[150], activation="sin", input_frequency=6.0, precision="float64",
        stages=["variable_projection"], steps=20, ridge=1e-12, interior_points=300, boundary_points=100,
        weight_boundary=1e3, weight_data=1e3,
    )  # fmt: skip
    found = ep.train(config, tmp_path / "run", problem).material()
    assert (found["lambda"], found["mu"]) == pytest.approx((LAMBDA, MU), rel=1e-4)


def test_two_conditions_on_one_side_may_each_prescribe_a_component():
    solid = ep.Material(1.0, 1.0, 1.0)
    held = ep.Displacement(sides="bottom")
    roller = [ep.Displacement(sides="left", component="x"), ep.Traction(sides="left", component="y")]
    problem = ep.Problem(PLATE, solid, [*roller, held])
    names = [(statement.name, statement.label) for statement in problem.statements[1:3]]
    assert names == [("boundary 0", "clamped, along x"), ("boundary 1", "free surface, along y")]
    turned = [ep.Displacement(sides="left", component="y"), ep.Traction(sides="left", component="x")]
    assert not ep.Problem(PLATE, solid, [*turned, held]).is_like(problem.identity)
    for other in ("x", None):
        with pytest.raises(ep.ProblemError, match="two conditions on the side left"):
            ep.Problem(PLATE, solid, [*roller, ep.Traction(sides=ep.Part("left", 0.2, 0.3), component=other)])
    with pytest.raises(ep.ProblemError, match="component = 'z'"):
        ep.Traction(component="z")


@pytest.mark.parametrize(
    ("sides", "ways"),
    [
        ([ep.Traction(pull, "top"), ep.Traction(sides=("left", "right", "bottom"))], "slide along"),
        ([ep.Displacement(sides="bottom", component="y"), ep.Traction(pull, "top")], "slide along x,"),
        ([ep.Symmetry("left"), ep.Traction(pull, "top")], "slide along y,"),
        ([ep.Periodic("x"), ep.Displacement(sides="bottom", component="y")], "slide along x,"),
        ([ep.Traction(pull, "top")], "turn"),
    ],
)
def test_a_plate_that_nothing_holds_is_refused(sides, ways):
    with pytest.raises(ep.ProblemError, match=f"it may .*{ways}"):
        ep.Problem(PLATE, SOLID, sides)


@pytest.mark.parametrize(
    "sides",
    [
        [ep.Displacement(sides="bottom"), ep.Traction(pull, "top")],
        [ep.Symmetry(("left", "bottom")), ep.Traction(pull, "top")],
        [ep.Displacement(sides="left", component="x"), ep.Displacement(sides="bottom", component="y")],
        [ep.Displacement(sides=ep.Part("left", 0.0, 0.1)), ep.Traction(pull, "top")],
    ],
)
def test_a_plate_that_is_held_is_taken(sides):
    far = ep.Domain((100.0, 101.0), (0.0, 1.0))
    for plate in (PLATE, far):
        ep.Problem(plate, SOLID, sides)


def test_receivers_hold_a_plate_as_a_side_does():
    solid = ep.Material(LAMBDA, MU, 1.0, unknowns=("mu",))
    ep.Problem(PLATE, solid, [ep.Traction(pull, "top")], receivers=recorded())
