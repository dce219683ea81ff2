"""Plates in a config: lists of lists and of dicts go wherever a config goes, and are refused by name."""

import json

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.config import Config, ConfigError
from elastic_pinn.config_sections import as_written
from elastic_pinn.physics import problem_from
from elastic_pinn.physics.setups.plate.acting_sources import acting_on
from elastic_pinn.physics.setups.plate.sources import SourceEntry
from tests.configs import notebook
from tests.physics.setups.plates import BUMP, DISC, HOLE, LAYER, PLATE, PRESS, PUSH, TURN, plate_config

RICH = {
    "holes": [HOLE, [0.004, 0.015, 0.001]],
    "sides": ["free", "absorbing", "fixed", "free"],
    "inclusions": [DISC, LAYER | {"x": [0.012, 0.02], "y": [0.005, 0.01]}],
    "sources": [PRESS, PUSH, TURN, BUMP],
}


def refusal(**changes) -> str:
    """Why a plate is refused, by its config or by the problem made of it."""
    with pytest.raises(ConfigError) as error:
        problem_from(plate_config(**changes))
    return str(error.value)


def test_entries_survive_json_copies_and_namespaces():
    config = plate_config(**RICH)
    assert Config.from_json(config.to_json()) == config == Config(**config.model_dump())
    assert config.model_copy(update={"seed": 3}).model_copy(update={"seed": 0}) == config
    assert Config.from_namespace(notebook(**PLATE | RICH)) == config
    assert hash(config) == hash(plate_config(**RICH))
    stored = json.loads(config.to_json())
    assert stored["sources"][0] == PRESS and stored["holes"] == RICH["holes"]
    assert as_written(config.sources) == RICH["sources"] and as_written(config.inclusions) == RICH["inclusions"]
    assert eval(repr(config.sources[0])) == PRESS and repr(config.sources[0]) in repr(config)


def test_values_of_numpy_are_taken_within_entries():
    source = PRESS | {"at": np.array([0.012, 0.02]), "width": np.float64(1e-3)}
    config = plate_config(sources=[source], holes=np.array([HOLE]))
    assert config == plate_config() == Config.from_namespace(notebook(**PLATE | {"sources": [source]}))


def test_a_difference_in_an_entry_is_a_difference_of_its_field():
    config = plate_config()
    wider = config.model_copy(update={"sources": [PRESS | {"width": 2e-3}]})
    assert list(config.differences(wider)) == ["sources"] and wider.sources[0].width == 2e-3
    assert config.differences(config.model_copy(update={"sources": config.sources})) == {}


def test_a_number_that_is_off_by_nothing_is_exact():
    stated = PRESS | {"at_plus_minus": 0.0, "width_plus_minus": 0.0, "direction_plus_minus": 0.0}
    assert not plate_config(sources=[stated]).sources[0].plus_minus
    problem_from(plate_config(sources=[stated]))


def test_one_side_for_all_may_be_given_without_a_list():
    assert plate_config(sides="absorbing") == plate_config(sides=["absorbing"])


@pytest.mark.parametrize(
    "name", ["holes", "sources", "inclusions", "sides", "plate_shape", "plane", "material_damping"]
)
def test_what_a_plate_has_no_other_problem_has(name):
    value = (PLATE | RICH | {"plate_shape": "disc", "plane": "stress", "material_damping": 1.0})[name]
    with pytest.raises(ConfigError, match=rf"{name} = .*: problem 'standing_waves' does not use it, 'plate' does"):
        Config(**{name: value})


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"width": -1.0}, "sources[0].width = -1.0: Input should be greater than 0. width is the standard deviation"),
        ({"width": float("nan")}, "sources[0].width = nan: Input should be a finite number"),
        ({"width": "wide"}, "sources[0].width = 'wide': Input should be a valid number"),
        ({"width": 0.011}, "sources[0].width = 0.011: at most 0.01 m is legal"),
        ({"frequency": 0.0}, "sources[0].frequency = 0.0: Input should be greater than 0"),
        ({"delay": float("inf")}, "sources[0].delay = inf: Input should be a finite number"),
        (
            {"pulse": "morlet"},
            "sources[0].pulse = 'morlet': Input should be 'ricker', 'gaussian', 'tone_burst' or 'unknown'",
        ),
        ({"kind": "push"}, "sources[0].kind = 'push': Input should be 'side_load', 'point_force', 'moment' or"),
        ({"at": [0.012]}, "sources[0].at[1] is missing. at is its middle, [x, y] in m"),
        ({"at": [0.012, "top"]}, "sources[0].at[1] = 'top': Input should be a valid number"),
        ({"at": 0.012}, "sources[0].at = 0.012: Input should be a list, as in [...]"),
        ({"force": None}, "force is missing, for this kind needs force, pulse, frequency"),
        ({"force": [0.0, 0.0]}, "force = [0.0, 0.0] moves nothing"),
        ({"moment": [[1.0, 0.0], [0.0, 1.0]]}, "this kind has no moment; leave it out"),
        ({"cycles": 3.0}, "cycles = 3 are those of a 'tone_burst'"),
        ({"widht": 1e-3}, "sources[0]: 'widht' is not a field; did you mean 'width'?"),
        (
            {"at": [0.05, 0.02]},
            "sources[0].at = [0.05, 0.02]: a side_load is on a side, and the nearest, the right, is 0.01 m away",
        ),
        ({"at": [0.026, 0.011]}, "a side_load is on a side, and the nearest, the rim of holes[0], is 0.001 m away"),
        (
            {"kind": "moment", "moment": [[1.0, 0.0], [0.0, 1.0]], "force": None, "at": [0.05, 0.02]},
            "it lies outside the Plate(",
        ),
        (
            {"kind": "point_force", "at": [0.026, 0.01]},
            "sources[0].at = [0.026, 0.01]: it lies in holes[0] of the Plate(",
        ),
        (
            {"at": [0.012, 0.019]},
            "sources[0].at = [0.012, 0.019]: a side_load is on a side, and the nearest, the top, is 0.001 m away",
        ),
        ({"at": [0.0, 0.02]}, "sources[0].at = [0, 0.02]: this is the corner of left and top"),
        (
            {"at": [0.0, 0.01]},
            "sources[0].at = [0, 0.01]: the left is 'fixed', and a side_load needs a free side",
        ),
        ({"kind": "point_force", "at": [0.0, 0.01]}, "sources[0].at = [0, 0.01]: it is on the left, which is 'fixed'"),
        ({"delay": 2e-5}, "sources[0]: Ricker(200000 Hz at 2e-05 s) has at most 0 %"),
        ({"frequency": 200.0}, "sources[0]: Ricker(200 Hz at 0.005 s) is slower than the window"),
        (
            {"pulse": "tone_burst", "delay": 12e-6},
            "sources[0]: ToneBurst(5 cycles of 200000 Hz from 1.2e-05 s) has at most 0 %",
        ),
        (
            {"frequency": 200.0, "pulse": "gaussian", "delay": 0.0},
            "slower than the window, of which duration = 1.2e-05 s",
        ),
        ({"delay": 2e-6}, "% of its peak at the window's first instant, 0 s, where all is at rest"),
        ({"at_plus_minus": 1e-4}, "sources[0].at_plus_minus = 0.0001: ± of what is found counts it, and nothing is"),
        ({"at_plus_minus": -1e-4}, "sources[0].at_plus_minus = -0.0001: Input should be greater than or equal to 0"),
        ({"width_plus_minus": 2e-3}, "width_plus_minus = 0.002 m of a width of 0.001 m: less is legal"),
        ({"direction_plus_minus": 45.0}, "direction_plus_minus = 45: below 45 degrees is legal"),
    ],
)
def test_a_source_that_is_impossible_is_refused_by_its_entry(entry, fault):
    text = refusal(sources=[PRESS | entry], sides=["fixed", "free", "free", "free"])
    assert fault in text and text.startswith("sources[0]") and "\n" not in text


@pytest.mark.parametrize("shots", [("", ""), ("a", "b")], ids=["one-shot", "two-shots"])
def test_entries_of_one_transducer_state_the_same(shots):
    shape, near = ep.Rectangle((0.0, 0.04), (0.0, 0.02)), [PUSH["at"][0] + 1e-9, PUSH["at"][1]]
    push, turn = (PUSH | {"at_plus_minus": 1e-4}, TURN | {"at": near, "width": PUSH["width"], "at_plus_minus": 2e-4})
    entries = [SourceEntry(**each | {"shot": shot}) for each, shot in zip((push, turn), shots, strict=True)]
    config = Config.model_construct(**{**dict(plate_config()), "sources": entries})
    with pytest.raises(ConfigError, match=r"sources\[0\] and sources\[1\] are.* at_plus_minus is 0.0001 m"):
        acting_on(config, shape)


def test_a_pulse_outside_the_window_is_told_with_the_fields_to_change():
    text = refusal(sources=[PUSH, PRESS | {"delay": 1.0}])
    assert text.startswith("sources[1]: ") and "; sources[1].delay = 1 s looks like µs: give 1e-06" in text
    assert ": mend frequency (Hz), delay or duration (s); " in text


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"kind": "initial_pulse", "at": [0.01, 0.01], "width": 1e-3}, "displacement or velocity is missing"),
        (BUMP | {"frequency": 2e5}, "this kind has no frequency; leave it out"),
        (BUMP | {"velocity": [0.0, 0.0]}, "velocity = [0.0, 0.0] moves nothing"),
        (TURN | {"moment": [[0.0, 0.0], [0.0, 0.0]]}, "moment = [[0.0, 0.0], [0.0, 0.0]] moves nothing"),
        ({"at": [0.01, 0.01]}, "sources[0].kind is missing. kind is side_load, a traction"),
        (3.0, "sources[0] = 3.0: "),
    ],
)
def test_an_entry_that_is_not_whole_is_refused(changes, fault):
    assert fault in refusal(sources=[changes])


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            {"holes": [HOLE, [0.03, 0.009, 0.002]]},
            "holes[1] = [0.03, 0.009, 0.002]: it overlaps holes[0], Disc(center=(",
        ),
        ({"holes": [[0.002, 0.009, 0.003]]}, "holes[0] = [0.002, 0.009, 0.003]: it must lie inside the Rectangle("),
        ({"holes": [[0.003, 0.009, 0.003]]}, "must lie inside the Rectangle(x=(0.0, 0.04), y=(0.0, 0.02))"),
        ({"holes": [[0.026, 0.009]]}, "holes[0][2] is missing. holes is circular holes"),
        ({"holes": [0.026, 0.009, 0.003]}, "holes[0] = 0.026: Input should be a list, as in [...]"),
        ({"holes": [[0.026, 0.009, -0.003]]}, "holes[0][2] = -0.003: Input should be greater than 0"),
        ({"holes": [[0.026, float("nan"), 0.003]]}, "holes[0][1] = nan: Input should be a finite number"),
        (
            {"plate_size": [0.04]},
            "plate_size = [0.04]: plate_shape 'rectangle' needs two numbers, [width, height] in m",
        ),
        ({"plate_size": [0.04, 0.0]}, "plate_size[1] = 0.0: Input should be greater than 0"),
        ({"plate_shape": "disc"}, "plate_size = [0.04, 0.02]: plate_shape 'disc' needs one number, [radius] in m"),
        ({"plate_shape": "star"}, "plate_shape = 'star': Input should be 'rectangle' or 'disc'"),
        ({"sides": ["free"] * 3}, "sides = ['free', 'free', 'free']: one for all, or four, left, right, bottom, top"),
        (
            {"sides": ["loose"]},
            "sides[0] = 'loose': Input should be 'free', 'fixed', 'symmetry', 'absorbing', 'open' or",
        ),
        ({"sides": []}, "sides = []: The list should have at least 1 item"),
        ({"sides": ["periodic", "free", "free", "free"]}, "left and right are periodic together, or neither is"),
        ({"plate_shape": "disc", "plate_size": [1.0], "sides": ["periodic"]}, "a disc has one side, its rim"),
        ({"plate_shape": "disc", "plate_size": [1.0], "sides": ["free"] * 4}, "a disc has one side, its rim"),
        ({"hole_rims": "absorbing"}, "hole_rims = 'absorbing': Input should be 'free' or 'fixed'"),
        ({"duration": 0.0}, "duration = 0.0: Input should be greater than 0"),
        ({"duration": float("nan")}, "duration = nan"),
        ({"lame_lambda": -5e10}, "lame_lambda = -5e+10, lame_mu = 2.6e+10, density = 2700: no stable solid"),
        ({"plane": "free"}, "plane = 'free': Input should be 'strain' or 'stress'"),
        ({"material_damping": -1.0}, "material_damping = -1.0: Input should be greater than or equal to 0"),
        ({"sources": []}, "sources = []: problem 'plate' needs sources, or nothing would move, or data"),
        ({"unknowns": ["mu"]}, "unknowns = ['mu']: they are found from data, the path of a receiver file"),
        ({"data": "nowhere.h5"}, "data = 'nowhere.h5': no such file"),
    ],
)
def test_a_plate_that_is_impossible_is_refused_by_its_field(changes, fault):
    text = refusal(**changes)
    assert fault in text and text.startswith(next(reversed(changes))[:5])


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (DISC | {"material": "cheese"}, "inclusions[0].material = 'cheese': Input should be '', 'aluminium'"),
        (
            DISC | {"density": 1000.0},
            "inclusions[0] = {'center': [0.008, 0.006], 'density': 1000.0, 'material': 'steel'",
        ),
        (
            DISC | {"material": ""},
            "of its material lame_lambda, lame_mu, density are missing; legal are lame_lambda and",
        ),
        (LAYER | {"lame_lambda": -9e10}, "no stable solid"),
        (LAYER | {"lame_mu": -1.0}, "inclusions[0].lame_mu = -1.0: Input should be greater than 0"),
        (LAYER | {"radius": 0.1}, "a disc has center and radius, a rectangle x and y, but given is radius and x and y"),
        ({"material": "steel"}, "but given is neither"),
        (LAYER | {"y": [0.004, 0.0]}, "y = [0.004, 0] is empty"),
        (LAYER | {"contact": "glued"}, "inclusions[0].contact = 'glued': Input should be 'welded' or 'slip'"),
        (
            DISC | {"center": [0.001, 0.006]},
            "inclusions[0]: the inclusion Disc(center=(0.001, 0.006), radius=0.002) is",
        ),
        (DISC | {"center": [0.026, 0.01]}, "lies in holes[0] of the Plate("),
        (LAYER | {"y": [0.0, 0.03]}, "inclusions[0]: the inclusion Rectangle("),
    ],
)
def test_an_inclusion_that_is_impossible_is_refused_by_its_entry(entry, fault):
    text = refusal(inclusions=[entry])
    assert fault in text and text.startswith("inclusions[0]") and "\n" not in text


def test_inclusions_that_overlap_are_named_both():
    text = refusal(inclusions=[DISC, LAYER | {"x": [0.02, 0.03]}, DISC | {"radius": 0.001}])
    assert text.startswith("inclusions[0] and inclusions[2]: the inclusions Disc(")


@pytest.mark.parametrize(
    "given",
    [
        {"p_speed": 6374.0, "s_speed": 3103.0, "density": 2700.0},
        {"young_modulus": 7e10, "poisson_ratio": 0.33, "density": 2700.0},
        {"material": "aluminium"},
    ],
)
def test_an_inclusion_is_given_in_any_way_that_a_material_is(given):
    entry = {"center": [0.008, 0.006], "radius": 0.002, **given}
    [made] = problem_from(plate_config(inclusions=[entry])).inclusions
    named = Config(**given)
    assert made.material == ep.Material(named.lame_lambda, named.lame_mu, named.density)


@pytest.mark.slow
def test_papermill_hands_on_lists_of_lists_and_of_dicts():
    from papermill.translators import PythonTranslator

    names: dict = {}
    exec(PythonTranslator.codify(PLATE | RICH), names)
    assert Config.from_namespace(names) == plate_config(**RICH)
