"""A config as the parameters cell of a notebook."""

import ast

import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.parameters_cell import parameters_cell
from tests.configs import SHIPPED
from tests.physics.setups.plates import DISC, PLATE


def pasted(text, own=None, **others):
    """The config of a notebook with such a parameters cell."""
    namespace = dict(others)
    exec(text, namespace)
    assert namespace["run_dir"] == "" and namespace["resume"] == "never"
    return ep.Config.from_namespace(namespace, own)


def is_same(config, other):
    return config == other and config.model_fields_set == other.model_fields_set


@pytest.mark.parametrize(
    "values",
    [
        {},
        SHIPPED,
        PLATE | {"inclusions": [DISC], "tolerance": 0.05, "seed": 0},  # a default that is given is kept by a tolerance
        {"stages": ["adam", "lbfgs"], "stage_steps": [5], "learning_rate": 0.1 + 0.2, "init_from": 'a "b"\\c\n'},
        {"material": "steel", "adaptive_activation": True, "epsilon": 5e-324},
        {"duration": 3.0},
    ],
)
def test_a_parameters_cell_makes_the_same_config_again(values):
    config = ep.Config(**values)
    assert is_same(pasted(parameters_cell(config)), config)


def test_a_config_of_a_file_and_one_that_changed_make_the_same_again():
    config = ep.Config(**PLATE, tolerance=0.05)
    assert pasted(parameters_cell(ep.Config.from_json(config.to_json()))) == config
    changed = config.model_copy(update={"tolerance": 0.02, "ridge": 1e-9, "problem": "plate"})
    assert is_same(pasted(parameters_cell(changed)), changed)


def test_own_numbers_and_problems_come_from_the_cells_after_it(waves):
    types = {"stiffness": float, "count": int, "is_known": bool}
    config = ep.Config(own={"stiffness": 1.0, "count": 3, "is_known": True}, seed=9)
    assert is_same(pasted(parameters_cell(config, is_own=True), types), config)
    text = parameters_cell(ep.Config(seed=5, problem="own"), is_own=True)
    assert pasted(text, problem=waves()).seed == 5 and "problem" not in text


def test_what_the_notebook_itself_reads_has_a_line_too():
    config = ep.Config(**PLATE, tolerance=0.05)
    namespace = {}
    exec(parameters_cell(config, of_notebook={"reference": "a.npz", "places": (1, 2.5)}), namespace)
    assert namespace["reference"] == "a.npz" and namespace["places"] == [1, 2.5]
    assert is_same(ep.Config.from_namespace(namespace, beside=["reference", "places"]), config)


def test_lines_are_as_short_as_in_notebooks_and_tell_what_they_mean():
    text = parameters_cell(ep.Config(**PLATE, tolerance=0.05))
    lines = text.splitlines()
    assert "tolerance = 0.05" in text and "hole_rims" not in text
    assert "holes = [[0.026, 0.009, 0.003]]  # circular holes in the plate, rows [x, y, radius] in m" in lines
    assert [ast.unparse(each.targets[0]) for each in ast.parse(text).body][:3] == ["run_dir", "resume", "problem"]
