import math

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.training.settings import chosen
from elastic_pinn.training.settings.waves_needed import plane_waves_needed, waves_needed_around
from tests.benchmarks.validation import ROWS
from tests.plates import PLATE

BY_NAME = {row.name: row for row in ROWS}
NETWORKS = {
    "free-sv-30": "plane_waves",
    "welded-sv-30": "plane_waves",
    "hole-p": "hole_waves",
    "inclusion-sv": "hole_waves",
    "gradient": "random_features",
    "damped-mode": "random_features",
    "kirsch": "potentials",
    "static-clamped": "random_features",
    "point-force": "plane_waves",
    "lamb": "hole_waves",
}


def of(name, level=0.0, **given):
    return chosen(ep.Config(problem="own", tolerance=1e-2, **given), BY_NAME[name].problem(0.5), level)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_network_is_one_that_can_solve_the_problem(name):
    assert of(name)["network"] == NETWORKS[name]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_finer_level_and_a_lower_tolerance_have_more_of_all(name):
    coarse, fine = of(name), of(name, 1.0)
    assert sum(fine["hidden_layers"]) > sum(coarse["hidden_layers"])
    assert fine["boundary_points"] > coarse["boundary_points"]
    config = ep.Config(problem="own", tolerance=1e-5)
    strict = chosen(config, BY_NAME[name].problem(0.5))
    assert sum(strict["hidden_layers"]) >= sum(coarse["hidden_layers"])


@pytest.mark.parametrize("level", [-4.0, -2.0, 0.0])
@pytest.mark.parametrize("name", ["free-sv-30", "hole-p", "inclusion-sv"])
def test_however_coarse_as_many_waves_are_chosen_as_differ(name, level):
    problem, found = BY_NAME[name].problem(0.5), of(name, level)
    greatest, of_p_waves = (found[each] / problem.scales.length for each in ("input_frequency", "time_frequency"))
    plane, *around = found["hidden_layers"]
    assert plane >= plane_waves_needed(problem, greatest, of_p_waves)[0]
    assert sum(around[:1]) >= waves_needed_around(problem, greatest)


def test_rims_of_small_holes_have_points_enough_for_the_potentials_around_them():
    solid, hole = ep.Material(1.0, 1.0, 1.0), ep.Disc((0.0, 0.0), 0.02)
    plate = ep.Plate(ep.Rectangle((-4.0, 4.0), (-1.0, 1.0)), [hole])
    sides = [ep.Displacement(sides="left"), ep.Traction(sides=("right", "top", "bottom", *plate.names))]
    problem = ep.Problem(ep.Domain(shape=plate), solid, sides)
    for given in ({}, {"network": "potentials", "hidden_layers": [20, 90], "activation": "sin"}):
        found = ep.preview(ep.Config(problem="own", tolerance=0.01, **given), problem)
        (_, around), points = found.config.hidden_layers, found.config.boundary_points
        rim = 2.0 * math.pi * hole.radius
        assert 2.0 * points * rim / (18.0 + rim) > around and found.advice == ()


def test_what_is_given_is_kept_and_what_follows_from_it_is_chosen():
    given = of("free-sv-30", input_frequency=20.0, ridge=1e-9)
    assert "input_frequency" not in given and "ridge" not in given
    assert sum(given["hidden_layers"]) > 2 * sum(of("free-sv-30")["hidden_layers"])
    few = of("free-sv-30", network="plane_waves", hidden_layers=[40], activation="sin")
    assert few["boundary_points"] < 40 and "network" not in few


def test_sides_beside_a_load_have_points_enough_whatever_the_number_of_conditions():
    for sides, least in ((["free"], 0.8), (["absorbing", "absorbing", "absorbing", "free"], 1.5)):
        config = ep.Config(**PLATE | {"holes": [], "sides": sides}, tolerance=1e-2)
        problem = ep.problem_from(config)
        found = chosen(config, problem)
        assert found["network"] == "hole_waves"
        assert found["boundary_points"] * len(problem.boundary) >= least * sum(found["hidden_layers"])


def test_all_that_is_chosen_makes_a_legal_config():
    for name in NETWORKS:
        config = ep.Config(problem="own", tolerance=1e-2)
        settled = config.model_copy(update=chosen(config, BY_NAME[name].problem(0.5)))
        assert settled.stages == ("last_layer",) and settled.precision == "float64"


def test_a_problem_in_which_nothing_moves_is_no_fault():
    domain = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    still = ep.Problem(domain, ep.Material(1.0, 1.0, 1.0), [ep.Traction()], ep.Initial())
    assert chosen(ep.Config(problem="own", tolerance=1e-2), still)["hidden_layers"]
    assert torch.isfinite(torch.tensor(chosen(ep.Config(problem="own", tolerance=1e-2), still)["input_frequency"]))
