"""Given settings that contradict what the problem implies are told before training."""

import pytest

import elastic_pinn as ep
from elastic_pinn.training.lifecycle.advice import advise
from elastic_pinn.training.lifecycle.implied import RANGES
from elastic_pinn.training.settings import Settings, chosen
from elastic_pinn.workbench.recordings import PLATE
from tests.benchmarks.validation import ROWS

BY_NAME = {row.name: row for row in ROWS}
DEFAULT = PLATE | {
    "network": "hole_waves", "hidden_layers": [3200, 1900], "activation": "sin", "input_frequency": 21.0,
    "time_frequency": 10.4, "precision": "float64", "stages": ["last_layer"], "steps": 1, "boundary_points": 2400,
    "initial_points": 1500, "weight_boundary": 100.0, "weight_initial": 100.0,
}  # fmt: skip
"""A plate that is resolved."""
GIVEN = {
    "input_frequency": (0.5, 2.5),
    "time_frequency": (0.3, None),
    "hidden_layers": (0.4, None),
    "interior_points": (0.3, None),
    "boundary_points": (0.4, None),
    "initial_points": (0.1, None),
    "interface_points": (0.3, None),
    "weight_boundary": (1e-4, 1e6),
    "weight_initial": (1e-5, 1e4),
    "weight_interface": (1e-4, 1e6),
}
"""Factors of what is implied, too low and too high."""
PROBLEMS = {"interior_points": "gradient", "interface_points": "slip-sv-30", "weight_interface": "slip-sv-30"}
CASES = [(name, factor, PROBLEMS.get(name, "free-sv-30")) for name, pair in GIVEN.items() for factor in pair if factor]


def scaled(value, factor):
    """A value times a factor, of its own type."""
    if isinstance(value, tuple):
        return tuple(scaled(each, factor) for each in value)
    return max(1, round(factor * value)) if isinstance(value, int) else factor * value


def advice(name, **given):
    config = ep.Config(problem="own", tolerance=0.02, **given)
    return ep.preview(config, BY_NAME[name].problem(0.5)).advice


def implied(name):
    return ep.preview(ep.Config(problem="own", tolerance=0.02), BY_NAME[name].problem(0.5)).config


def test_each_field_is_looked_at():
    assert GIVEN.keys() == RANGES.keys()


@pytest.mark.parametrize(("name", "factor", "problem"), CASES)
def test_a_value_far_from_the_implied_one_is_told_with_that(name, factor, problem):
    config = implied(problem)
    value = getattr(config, name)
    beside = {"network": config.network, "activation": "sin"} if name == "hidden_layers" else {}
    told = [each for each in advice(problem, **{name: scaled(value, factor)}, **beside) if f"{name} = " in each]
    assert len(told) == 1, "no field is told of twice"
    assert told[0].startswith(f"{name} = ") or "set " in told[0].lower()


@pytest.mark.parametrize(
    "problem",
    [
        "free-sv-30",
        "gradient",
        "slip-sv-30",
        pytest.param("hole-p", marks=pytest.mark.slow),
        "kirsch",
        pytest.param("lamb", marks=pytest.mark.slow),
    ],
)
def test_the_implied_values_themselves_are_passed_in_silence(problem):
    config = implied(problem)
    names = [*RANGES, "network", "activation", "precision", "stages", "stage_steps", "steps"]
    assert advice(problem, **{name: getattr(config, name) for name in names}) == ()


def test_single_precision_is_told_even_where_it_is_the_default_once_its_digits_are_too_few():
    config = ep.Config(problem="own", tolerance=0.01, precision="float32")
    (told,) = ep.preview(config, BY_NAME["free-sv-30"].problem(0.5)).advice
    assert told.endswith("as a ridge of 1.2e-05 does: set precision = 'float64', or leave it out")
    assert advice("free-sv-30", precision="float32") == (), "which it has for 2 %"


def test_what_does_not_count_at_all_is_told():
    (told,) = advice("free-sv-30", weight_boundary=0.0)
    assert told.startswith("weight_boundary = 0 is far below") and "the sides are hardly met" in told


def test_a_ridge_that_is_too_large_for_the_tolerance_is_told():
    (told,) = advice("free-sv-30", ridge=1e-4)
    assert told == (
        "ridge = 0.0001 holds back amplitudes that an error of 2 % needs: set ridge = 4e-05 or less, or leave it out"
    )
    assert advice("free-sv-30", ridge=4e-5) == ()


def test_a_sentence_names_the_tolerance_the_value_and_what_would_do():
    (told,) = advice("free-sv-30", weight_initial=1e6)
    assert told == (
        "weight_initial = 1e+06 is far above what this problem implies for an error of 2 %, about 1e+03: the sides and "
        "contacts are hardly met. Set weight_initial = 1e+03, or leave it out"
    )


def test_without_a_tolerance_only_plates_are_looked_at():
    row = BY_NAME["free-sv-30"]
    assert ep.preview(ep.Config(**row.fields | {"ridge": 1e-3}), row.problem(1.0)).advice == ()
    (told,) = ep.preview(ep.Config(**DEFAULT | {"ridge": 1e-3})).advice
    assert told.startswith("ridge = 0.001 ") and told.endswith("or less")


def test_what_is_recommended_is_what_would_be_chosen_and_once_taken_nothing_is():
    problem = BY_NAME["free-sv-30"].problem(0.5)
    unset = ep.Config(problem="own", tolerance=0.02)
    chosen_all = ep.preview(unset, problem)
    assert {*chosen_all.recommended} <= {*chosen_all.settings.names}
    assert all(getattr(chosen_all.config, name) == each.value for name, each in chosen_all.recommended.items())
    given = unset.model_copy(update={"ridge": 1e-3, "initial_points": 10})
    found = ep.preview(given, problem).recommended
    assert {name: found[name].value for name in ("ridge", "initial_points")} == {
        name: getattr(chosen_all.config, name) for name in ("ridge", "initial_points")
    }
    taken = unset.model_copy(update={name: each.value for name, each in chosen_all.recommended.items()})
    assert ep.preview(taken, problem).recommended == {}
    trained = unset.model_copy(update={"tolerance": 0.0, "stages": ["adam"]})
    assert ep.preview(trained, problem).recommended == {}


def test_no_advice_tells_to_change_what_was_chosen():
    """Too few given points are told by themselves: the amplitudes that they leave open are chosen."""
    sides, start = advice("free-sv-30", boundary_points=30, initial_points=10)
    assert "Set boundary_points = " in sides and "Set initial_points = " in start
    given = implied("free-sv-30")
    fields = {name: getattr(given, name) for name in ("network", "activation", "hidden_layers")}
    assert any("Set the last number of hidden_layers to at most" in each for each in advice(
        "free-sv-30", boundary_points=30, initial_points=10, **fields
    )), "which may be changed where they are given"  # fmt: skip


@pytest.mark.slow
def test_what_was_chosen_is_passed_in_silence_even_if_it_is_far_too_little():
    row, coarse = BY_NAME["hole-p"], implied("hole-p")
    few = {"hidden_layers": (20, 10), "input_frequency": 0.3, "boundary_points": 2, "initial_points": 2}
    config, names = coarse.model_copy(update=few), tuple(few)
    problem = row.problem(0.5)
    assert advise(config, problem, Settings(names)) == ()
    alone = [advise(config, problem, Settings(tuple(set(names) - {name}))) for name in names]
    assert all(any(f"{name} = " in each or "hidden_layers" in each for each in told)
               for name, told in zip(names, alone, strict=True))  # fmt: skip


def test_given_values_are_held_to_the_level_of_those_chosen_beside_them():
    problem, config = BY_NAME["free-sv-30"].problem(0.5), ep.Config(problem="own", tolerance=0.02)
    values = chosen(config, problem, -4.0)
    coarse = config.model_copy(update=values)
    names = tuple(set(values) - {"boundary_points"})
    assert advise(coarse, problem, Settings(names, (-4.0,))) == ()
    (sentence,) = advise(coarse, problem, Settings(names, (0.0,)))
    assert sentence.startswith("boundary_points = ") and "is far below" in sentence


def test_what_other_advice_tells_of_is_not_told_twice():
    few = ep.preview(ep.Config(**DEFAULT | {"hidden_layers": [300, 100]})).advice
    (layers,) = (each for each in few if "hidden_layers = " in each)
    assert layers.startswith("hidden_layers = [300, 100] is far below what this problem implies for an error of")
