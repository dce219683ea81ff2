"""A plate that is given by plain values is the problem that one states in Python."""

import math

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics import problem_from
from tests.physics.setups.plates import ALUMINIUM, BUMP, DISC, HOLE, LAYER, PRESS, PUSH, TURN, plate_config

SOLID = ep.Material(5.76e10, 2.6e10, 2700.0)
STEEL = ep.Material(1.0e11, 8.0e10, 7800.0)
WINDOW = ep.Domain(
    shape=ep.Plate(ep.Rectangle((0.0, 0.04), (0.0, 0.02)), [ep.Disc((0.026, 0.009), 0.003)]), t=(0, 12e-6)
)
LOAD = ep.SideLoad((0.012, 0.02), (0.0, -1000.0), ep.Ricker(2e5, 5e-6), 1e-3)
UNLOADED = ep.Traction(sides=["left", "right", "bottom"])


def test_a_plate_by_plain_values_is_that_stated_in_python():
    stated = ep.Problem(
        WINDOW, SOLID, [UNLOADED, ep.Traction(sides="hole 1"), ep.Traction(LOAD, sides="top")], ep.Initial()
    )
    problem = problem_from(plate_config())
    assert problem.is_like(stated.identity) and repr(problem) == repr(stated)
    assert repr(problem_from(plate_config(sources=[PRESS | {"width": 1.001e-3}]))) != repr(stated)


def test_forces_moments_and_pulses_inside_are_those_stated_in_python():
    width = 1.0 / (math.sqrt(2.0) * math.pi * 2e5)
    burst = PUSH | {"pulse": "tone_burst", "cycles": 2.0}
    fields = {"sides": "absorbing", "hole_rims": "fixed", "sources": [PUSH, TURN, burst, BUMP], "plane": "stress"}
    stated = ep.Problem(
        WINDOW,
        ep.Material(5.76e10, 2.6e10, 2700.0, damping=3e4, plane="stress"),
        [ep.Absorbing(sides=["left", "right", "bottom", "top"]), ep.Displacement(sides="hole 1")],
        ep.Initial(velocity=ep.InitialPulse((0.03, 0.012), (0.0, 1.0), 1e-3)),
        force=[
            ep.PointForce((0.012, 0.008), (0.0, -1000.0), ep.Ricker(2e5, 5e-6), 1e-3),
            ep.MomentSource((0.01, 0.01), ((1.0, 0.5), (0.5, -1.0)), ep.Gaussian(width, 6e-6), 1e-3),
            ep.PointForce((0.012, 0.008), (0.0, -1000.0), ep.ToneBurst(2e5, 2.0, 0.0), 1e-3),
        ],
    )
    assert repr(problem_from(plate_config(**fields, material_damping=3e4))) == repr(stated)


def test_a_gaussian_is_that_whose_second_derivative_is_the_ricker_of_its_frequency():
    problem = problem_from(plate_config(sources=[TURN]))
    [source] = problem.sources
    t = torch.linspace(2e-6, 10e-6, 101, dtype=torch.float64, requires_grad=True)
    [slope] = torch.autograd.grad(source.pulse(t).sum(), t, create_graph=True)
    [curvature] = torch.autograd.grad(slope.sum(), t)
    ricker = ep.Ricker(2e5, 6e-6)(t.detach())
    peak = ep.Ricker(2e5, 6e-6)(torch.tensor([6e-6], dtype=torch.float64)) / float(curvature[50])
    assert torch.allclose(curvature * peak, ricker, atol=1e-9)


@pytest.mark.parametrize("pulse", ["ricker", "gaussian", "tone_burst"])
def test_without_a_delay_a_pulse_begins_where_all_is_at_rest(pulse):
    problem = problem_from(plate_config(sources=[PRESS | {"pulse": pulse}]))
    [source] = problem.sources
    first = float(source.pulse(torch.zeros(1, dtype=torch.float64)))
    assert abs(first) < 1e-2 and source.pulse.interval[1] > 0.0


def test_each_side_has_its_condition_and_loads_on_one_side_add_up():
    loads = [PRESS, PRESS | {"at": [0.02, 0.02], "force": [500.0, 0.0]}, PRESS | {"at": [0.026, 0.012], "width": 5e-4}]
    problem = problem_from(plate_config(sides=["fixed", "symmetry", "open", "free"], sources=loads))
    fixed, symmetric, top, rim = problem.boundary
    assert (type(fixed), fixed.sides) == (ep.Displacement, ("left",))
    assert (type(symmetric), symmetric.sides) == (ep.Symmetry, ("right",))
    assert (type(top), top.sides) == (ep.Traction, ("top",)) and len(top.value.fields) == 2
    assert (type(rim), rim.sides) == (ep.Traction, ("hole 1",)) and rim.value.at == (0.026, 0.012)


def test_periodic_sides_are_pairs():
    problem = problem_from(plate_config(sides=["periodic", "periodic", "free", "free"], holes=[]))
    assert [repr(each) for each in problem.boundary][:2] == ["Traction(0, sides=('bottom',))", "Periodic('x')"]
    both = problem_from(plate_config(sides="periodic", sources=[PUSH]))
    assert [repr(each) for each in both.boundary] == [
        "Periodic('x')",
        "Periodic('y')",
        "Traction(0, sides=('hole 1',))",
    ]


def test_a_disc_with_holes_is_loaded_on_its_rim():
    load = PRESS | {"at": [0.0, 0.02]}
    problem = problem_from(plate_config(plate_shape="disc", plate_size=[0.02], holes=[[0, 0, 0.005]], sources=[load]))
    assert problem.domain.shape == ep.Plate(ep.Disc((0.0, 0.0), 0.02), (ep.Disc((0.0, 0.0), 0.005),))
    assert [each.sides for each in problem.boundary] == [("hole 1",), ("rim",)]


def test_inclusions_are_of_the_materials_that_are_given():
    problem = problem_from(plate_config(inclusions=[DISC, LAYER, DISC | {"center": [0.012, 0.015], "damping": 10.0}]))
    disc, layer, other = problem.inclusions
    assert disc == ep.Inclusion(ep.Disc((0.008, 0.006), 0.002), STEEL)
    soft = ep.Material(5.76e10, 2e10, 2700.0)
    assert layer == ep.Inclusion(ep.Rectangle((0.0, 0.04), (0.0, 0.003)), soft, "slip")
    assert other.material.damping == 10.0
    stress = problem_from(plate_config(inclusions=[DISC], plane="stress"))
    assert {material.plane for material in stress.materials} == {"stress"}


def recorded(path, **changes) -> str:
    """A receiver file of two receivers in the plate."""
    time = np.linspace(1e-6, 11e-6, 5)
    values = {
        "xy": [[0.01, 0.01], [0.035, 0.005]],
        "displacement": 1e-9 * np.ones((2, 5, 2)),
        "material": {"lambda": 5e10, "mu": 2.5e10, "rho": 2700.0},
        "start": {"lambda", "mu"},
    }
    ep.Receivers(time=time, **(values | changes)).save(path)
    return str(path)


def test_receivers_in_the_known_plate_are_inverted_from_the_given_start(tmp_path):
    path = recorded(tmp_path / "a.h5")
    problem = problem_from(plate_config(data=path, unknowns=["lambda", "mu"], unknown_range=3.0))
    assert problem.material == ep.Material(5.76e10, 2.6e10, 2700.0, ("lambda", "mu"), 3.0)
    assert problem.data_sha256 == ep.Receivers.load(path).sha256 and len(problem.boundary) == 3
    assert problem.domain == WINDOW


def test_a_known_load_lets_all_three_be_found(tmp_path):
    path, three = recorded(tmp_path / "a.h5"), ["lambda", "mu", "rho"]
    assert problem_from(plate_config(data=path, unknowns=three)).unknowns == ("lambda", "mu", "rho")
    with pytest.raises(ep.ConfigError, match=r"^unknowns = .'lambda', 'mu', 'rho'.: .*cannot all be found"):
        problem_from(plate_config(data=path, unknowns=three, sources=[BUMP]))


def test_the_pulses_that_a_file_knows_are_used_once(tmp_path):
    from elastic_pinn.physics.solutions import GaussianPulse

    pulse = GaussianPulse((0.01, 0.01), (1.0, 0.0), 1e-3, 0.5)
    path = recorded(tmp_path / "a.h5", pulses=(pulse,))
    given = {"data": path, "unknowns": ["lambda", "mu"]}
    points = torch.tensor([[0.0105, 0.01, 0.0]], dtype=torch.float64)
    known = problem_from(plate_config(**given)).initial.velocity(*points.unbind(1))
    assert torch.equal(known, pulse.velocity(points[:, 0], points[:, 1])) and known.any()
    assert problem_from(plate_config(**given, initial_pulses=False)).initial.is_rest
    assert problem_from(plate_config(**given, sources=[])).sources == ()
    with pytest.raises(ep.ConfigError, match=r"^sources.1., data: .* knows 1 initial pulses as well"):
        problem_from(plate_config(**given, sources=[PRESS, BUMP]))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"xy": [[0.01, 0.01], [0.026, 0.01]]},
            r"^data = .*: a receiver at x = 0.026 m, y = 0.01 m lies in holes\[0\]",
        ),
        ({"xy": [[0.01, 0.01], [40.0, 10.0]]}, r"^data = .*x goes from 0.01 to 40 m, outside .* larger plate_size"),
        (
            {"time": np.linspace(1.0, 11.0, 5)},
            r"^data = .*t goes from 1 to 11 s, outside .*: set a longer duration, or",
        ),
        ({"start": {"mu"}}, r"^lame_lambda = 5.76e\+10: .* lambda is known to be 5e\+10: leave .* or add 'lambda'"),
    ],
)
def test_records_that_cannot_be_of_this_plate_are_refused(tmp_path, changes, fault):
    path = tmp_path / "a.h5"
    time = changes.pop("time", None)
    recorded(path, **changes)
    if time is not None:
        ep.Receivers(xy=[[0.01, 0.01]], time=time, displacement=np.ones((1, 5, 2)), material=SOLID).save(path)
    with pytest.raises(ep.ConfigError, match=fault):
        problem_from(plate_config(data=str(path), unknowns=["mu"]))


def test_where_nothing_acts_nothing_can_be_recorded(tmp_path):
    path = recorded(tmp_path / "a.h5")
    quiet = {"data": path, "unknowns": ["lambda", "mu"], "sources": []}
    with pytest.raises(ep.ConfigError, match=r"^sources = \[\]: nothing acts on the plate"):
        problem_from(plate_config(**quiet))
    problem = problem_from(plate_config(**quiet, sides=["open", "free", "free", "free"]))
    assert len(problem.boundary) == 2 and problem.initial.is_rest


@pytest.mark.slow
def test_a_plate_trains_and_resumes_from_its_checkpoint(tmp_path):
    tiny = {"hidden_layers": [8], "interior_points": 20, "boundary_points": 8, "initial_points": 8, "threads": 1}
    tiny |= {"validation_points": 16, "validate_every": 2, "checkpoint_every": 2, "inclusions": [DISC]}
    config = plate_config(**tiny, steps=2)
    ep.train(config, tmp_path / "run")
    again = ep.train(config.model_copy(update={"steps": 4}), tmp_path / "run", resume="auto")
    whole = ep.train(plate_config(**tiny, steps=4), tmp_path / "whole")
    assert again.config.sources == config.sources and again.config.holes == (tuple(HOLE),)
    assert again.history()["loss/total"].tolist() == whole.history()["loss/total"].tolist()
    assert again.material()["mu_1"] == ALUMINIUM["lame_mu"]


def test_a_load_on_a_rim_is_moved_onto_it_from_the_few_digits_that_are_given():
    problem = problem_from(plate_config(sources=[PRESS | {"at": [0.02812, 0.01112]}]))
    [load] = problem.sources
    assert math.dist(load.at, (0.026, 0.009)) == pytest.approx(0.003, rel=1e-12)
    assert math.dist(load.at, (0.02812, 0.01112)) < 1e-5
    assert problem.boundary[-1].sides == ("hole 1",)


def test_constants_of_several_materials_are_sought_by_the_entries_that_give_them(tmp_path):
    path = tmp_path / "records.h5"
    shape = (2, 3, 2)
    ep.Receivers([[0.001, 0.02], [0.03, 0.02]], [0.0, 1e-6, 2e-6], np.ones(shape), noise=0.1).save(path)
    layer = LAYER | {"unknowns": ["mu", "lambda"]}
    config = plate_config(inclusions=[DISC, layer], unknowns=["mu"], unknown_range=3.0, data=str(path))
    problem = problem_from(config)
    assert problem.unknowns == ("mu_1", "mu_3", "lambda_3")
    assert [each.unknown_range for each in problem.materials] == [3.0, 3.0, 3.0]
    assert config.sought == {"unknowns": ("mu",), "inclusions[1].unknowns": ("mu", "lambda")}
    with pytest.raises(ep.ConfigError, match=r"inclusions\[0\].unknowns = \['mu'\]: they are found from data"):
        plate_config(inclusions=[DISC | {"unknowns": ["mu"]}])
    with pytest.raises(ep.ConfigError, match=r"inclusions\[0\] = .*'unknowns': \['mu', 'mu'\].*"):
        problem_from(plate_config(inclusions=[DISC | {"unknowns": ["mu", "mu"]}], data=str(path)))
