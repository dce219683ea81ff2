"""Better values for the fields of a config: of each kind of problem, and never against what advice tells."""

import gc
import re
import weakref

import pytest

import elastic_pinn as ep
from elastic_pinn.networks.held import Held
from elastic_pinn.training.lifecycle.advised import Advice
from elastic_pinn.training.lifecycle.recommended import OF_TOLERANCE
from tests.benchmarks.ablation.problems import recorded_square
from tests.benchmarks.validation import ROWS
from tests.training.lifecycle.test_implied import DEFAULT

BY_NAME = {row.name: row for row in ROWS}
OF_ROW = {"problem": "own", "tolerance": 0.02}
SOLVED = {"network": "random_features", "stages": ["last_layer"], "steps": 1}
SPARSE = {"hidden_layers": [300, 100], "boundary_points": 40, "initial_points": 10, "ridge": 1e-3}
RECEIVERS = {"problem": "receivers", "data": "data/aluminium_receivers.h5", "unknowns": ["lambda", "mu"]}
WAVES = {"network": "plane_waves", "stages": ["variable_projection"], "precision": "float64", "activation": "sin"}
KINDS = {
    "a plate": (DEFAULT, None),
    "a plate, defaults": ({name: each for name, each in DEFAULT.items() if name != "boundary_points"}, None),
    "a plate, sparse": (DEFAULT | SPARSE, None),
    "a plate, frequency": (DEFAULT | {"input_frequency": 5.0, "s_wave_fraction": 0.9}, None),
    "a plate, single precision": (DEFAULT | {"precision": "float32", "weight_initial": 1e6}, None),
    "with a tolerance": (OF_ROW | {"boundary_points": 30, "ridge": 1e-3, "precision": "float32"}, "free-sv-30"),
    "two solids": (OF_ROW | {"interface_points": 5, "weight_interface": 1e7}, "slip-sv-30"),
    "few features": (SOLVED | {"hidden_layers": [20], "interior_points": 50, "boundary_points": 9}, None),
    "a trained network": ({"activation": "tanh", "sampling": "uniform", "interior_points": 5}, None),
    "receivers by waves": (RECEIVERS | WAVES | {"hidden_layers": [50], "input_frequency": 3.0}, None),
    "receivers with a tolerance": (RECEIVERS | {"tolerance": 0.1, "input_frequency": 3.0}, None),
}  # fmt: skip


def previewed(config, row):
    return ep.preview(config, BY_NAME[row].problem(0.5) if row else None)


@pytest.mark.slow
@pytest.mark.parametrize(("given", "row"), KINDS.values(), ids=KINDS)
def test_what_is_recommended_holds_what_advice_tells_and_ends_it(given, row):
    config = ep.Config(**given)
    found = previewed(config, row)
    recommended = {name: each.value for name, each in found.recommended.items()}
    for sentence in found.advice:
        for name, value in sentence.values.items() if isinstance(sentence, Advice) else ():
            pair = [each if isinstance(each, tuple) else (each,) for each in (recommended[name], value)]
            assert len(pair[0]) == len(pair[1]) and all(here >= there for here, there in zip(*pair, strict=True))
        if told := re.search(r"Set (\w+) = (\S+?),? or leave|Set (\w+) = (\S+)$", sentence):
            name, value = (each for each in told.groups() if each)
            if not isinstance(recommended[name], tuple):
                assert float(f"{recommended[name]:.3g}") == float(value)
    names = [name for name in recommended if name not in found.settings.names]
    for _ in range(6):
        better = {name: each.value for name, each in previewed(config, row).recommended.items()
                  if name not in previewed(config, row).settings.names}  # fmt: skip
        if not better:
            break
        config = config.model_copy(update=better)
    assert not better, "which ends"
    left = previewed(config, row).advice
    assert not any(name in each for name in names for each in left)


def test_a_default_has_its_effect_too():
    given, _ = KINDS["a plate, defaults"]
    found = ep.preview(ep.Config(**given | {"hidden_layers": [6400, 3800]}))
    assert any(each.startswith("boundary_points = 1000 is far below") for each in found.advice)
    assert found.recommended["boundary_points"].why.endswith("between so few points the wavefield is arbitrary")


@pytest.mark.slow
def test_each_has_a_reason_in_one_line():
    for given, row in KINDS.values():
        for each in previewed(ep.Config(**given), row).recommended.values():
            assert each.why and "\n" not in each.why and len(each.why) < 160


def test_a_trained_network_is_recommended_what_won_the_ablation():
    config = ep.Config(activation="tanh", sampling="uniform")
    found = ep.preview(config).recommended
    assert {name: each.value for name, each in found.items()} == {
        "activation": "sin", "sampling": "sobol", "hard_conditions": ("start", "sides"),
    }  # fmt: skip
    free = ep.Problem(
        ep.Domain(x=(0.0, 1.0), y=(0.0, 1.0), t=(0.0, 1.0)), ep.physics.ALUMINIUM,
        [ep.Displacement(sides="left"), ep.Traction(sides=["right", "top", "bottom"])], ep.Initial(),
    )  # fmt: skip
    assert "hard_conditions" not in ep.preview(ep.Config(problem="own"), free).recommended, "which does harm there"


def test_a_trained_network_beside_holes_is_recommended_their_own_coordinates():
    holes = [ep.Disc((0.3, 0.3), 0.1), ep.Disc((0.7, 0.6), 0.05)]
    shape = ep.Plate(ep.Rectangle((0.0, 1.0), (0.0, 1.0)), holes)
    problem = ep.Problem(ep.Domain(shape=shape, t=(0.0, 1.0)), ep.physics.ALUMINIUM, [ep.Traction()], ep.Initial())
    found = ep.preview(ep.Config(problem="own"), problem).recommended
    assert found["hole_inputs"].value == 2
    for other in ({"hole_inputs": 2}, {"network": "random_features"}, {"initialization": "features"}):
        assert "hole_inputs" not in ep.preview(ep.Config(problem="own", **other), problem).recommended
    sides = [ep.Periodic("x"), ep.Traction(sides=["bottom", "top", *shape.names])]
    tube = ep.Problem(problem.domain, ep.physics.ALUMINIUM, sides, ep.Initial())
    found = ep.preview(ep.Config(problem="own", periodic_axes=["x"]), tube).recommended
    assert "hole_inputs" not in found, "the two are illegal together"


@pytest.mark.slow
def test_that_start_and_sides_can_hold_is_worked_out_once_and_keeps_no_problem_in_memory(monkeypatch):
    held, make = [], Held.of
    monkeypatch.setattr(Held, "of", lambda *given: held.append(1) or make(*given))
    problem = ep.problem_from(ep.Config())
    for seed in range(3):
        found = ep.preview(ep.Config(seed=seed, sampling="uniform", activation="tanh"), problem).recommended
        assert found["hard_conditions"].value == ("start", "sides")
    assert len(held) == 1
    gone = weakref.ref(problem)
    del problem, found
    gc.collect()
    assert gone() is None


def test_records_weigh_as_much_as_the_sides_where_a_network_is_trained():
    config = ep.Config(problem="own", weight_boundary=100.0)
    assert ep.preview(config, recorded_square()).recommended["weight_data"].value == 100.0
    heavy = config.model_copy(update={"weight_data": 100.0})
    assert "weight_data" not in ep.preview(heavy, recorded_square()).recommended


def test_least_squares_are_solved_in_double_precision():
    found = ep.preview(ep.Config(**SOLVED | {"hidden_layers": [200]})).recommended
    assert found["precision"].value == "float64" and "as a ridge of 1.2e-05 does" in found["precision"].why
    assert not {"activation", "sampling"} & found.keys()


def test_of_a_search_with_a_tolerance_all_is_chosen():
    found = ep.preview(ep.Config(**RECEIVERS, tolerance=0.1)).recommended
    assert {each.why for each in found.values()} == {OF_TOLERANCE}
