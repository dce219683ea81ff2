"""Each problem reads its own fields, and a material may be given in several ways."""

import json
import re
from typing import get_args

import pytest

import elastic_pinn as ep
from elastic_pinn.config import GROUPS, Config, ConfigError, unused_fields
from elastic_pinn.config_sections import Section, require_unique_names
from elastic_pinn.physics.media.material import ALUMINIUM, PRESETS, RUBBER, STEEL
from elastic_pinn.physics.setups import SETUPS, ProblemConfig
from elastic_pinn.physics.setups.material import GivenMaterial
from tests.configs import notebook, refusal

PUSH = {
    "kind": "point_force",
    "at": [0.02, 0.01],
    "width": 2e-3,
    "force": [0.0, 1.0],
    "pulse": "ricker",
    "frequency": 0.5,
}


@pytest.mark.parametrize(
    ("problem", "unused"),
    [
        ({}, {"data": "data/a.h5"}),
        ({}, {"unknown_range": 3.0}),
        ({}, {"initial_pulses": False}),
        ({}, {"window": [0.0, 1.0, 0.0, 1.0]}),
        ({"problem": "own"}, {"density": 2700.0}),
        ({"problem": "receivers", "data": "a.h5"}, {"duration": 1e-5}),
        ({"problem": "receivers", "data": "a.h5"}, {"length": 0.1}),
        ({"problem": "own"}, {"length": 0.1}),
        ({"problem": "own"}, {"data": "a.h5"}),
        ({"problem": "own"}, {"unknowns": ["mu"]}),
    ],
)
@pytest.mark.parametrize("make", [lambda **fields: Config(**fields), lambda **f: Config.from_namespace(notebook(**f))])
def test_a_field_that_the_problem_does_not_use_is_refused_where_it_is_given(make, problem, unused):
    [name] = unused
    kind = problem.get("problem", "standing_waves")
    with pytest.raises(ConfigError, match=f"{name} = .*: problem {kind!r} does not use it, '.*' do(es)?; leave it out"):
        make(**problem, **unused)
    assert make(**problem).problem == kind


@pytest.mark.parametrize(
    ("given", "unused"),
    [
        ({"problem": "receivers", "data": "a.h5"}, {"duration": 2.0}),
        ({"problem": "own"}, {"plane": "strain"}),
        ({"problem": "standing_waves"}, {"initial_pulses": True}),
    ],
)
def test_a_default_of_an_unused_field_is_refused_in_a_parameters_cell_and_legal_in_a_dump(given, unused):
    [name] = unused
    with pytest.raises(ConfigError, match=f"{name} = .*: problem '{given['problem']}' does not use it"):
        Config.from_namespace(notebook(**given, **unused))
    assert Config(**given, **unused) == Config(**given)


@pytest.mark.parametrize(
    "fields", [{}, {"lame_mu": 3.0}, {"problem": "receivers", "data": "a.h5", "unknowns": ["mu"]}, {"problem": "own"}]
)
def test_a_config_is_made_again_of_all_its_fields(fields):
    config = Config(**fields)
    again = Config(**config.model_dump())
    assert again == config and not again.model_fields_set & unused_fields(config.problem).keys()
    assert again.model_copy(update={"seed": 5}).seed == 5


def test_every_field_of_the_problem_section_but_its_name_is_of_a_problem():
    assert {"problem", "own", *unused_fields("own")} == {*ProblemConfig.model_fields, *GivenMaterial.model_fields}
    of_others = set(unused_fields("receivers")) | set(unused_fields("standing_waves"))
    of_terms = {"weight_boundary", "boundary_points", "weight_interface", "interface_points"}
    of_all = {"lame_lambda", "lame_mu", "density", *GivenMaterial.model_fields}
    assert of_others - of_terms == set(unused_fields("own")) - of_all


def test_each_problem_of_the_registry_can_be_named_and_its_fields_are_in_the_config():
    named = get_args(ProblemConfig.model_fields["problem"].annotation)
    assert named == (*SETUPS, "own")
    for name, setup in SETUPS.items():
        assert issubclass(ProblemConfig, setup.reads), name
        assert f"{name}: " in ProblemConfig.model_fields["problem"].description
    read = {field for setup in SETUPS.values() for field in setup.reads.model_fields}
    assert read == set(ProblemConfig.model_fields) - {"problem", "own"}


def test_two_groups_cannot_declare_a_field_of_one_name():
    class Other(Section):
        steps: int = 1
        """something else"""

    class Wider(Other):
        more: int = 1

    with pytest.raises(TypeError, match="Other and TrainingConfig both declare the field 'steps'"):
        require_unique_names([*GROUPS, Wider])


def test_what_is_empty_says_nothing_and_is_legal_with_any_problem():
    assert Config(data="", unknowns=[]) == Config() and Config(problem="own", data="", unknowns=[]).data == ""


def test_a_stored_config_holds_every_field_and_is_read_whatever_its_problem_uses():
    config = Config(problem="receivers", data="a.h5", unknowns=["mu"])
    assert Config.from_json(config.to_json()) == config
    old = json.loads(config.to_json()) | {"duration": 3.0}  # once given in vain
    assert Config.from_json(json.dumps(old)).duration == 3.0


@pytest.mark.parametrize(
    ("given", "stored", "now"),
    [
        ({"problem": "receivers", "data": "a.h5"}, {"lame_lambda": 3.0}, None),  # which was without effect
        ({}, {"lame_lambda": 3.0}, 3.0),
        ({}, {"lame_lambda": 2.0}, None),
        ({"sources": [PUSH], "problem": "plate"}, {"lame_lambda": 2.0}, None),
    ],
)
def test_a_config_of_when_materials_had_numbers_by_default_states_the_same_problem(given, stored, now):
    written = json.loads(Config(**given).to_json()) | {"lame_lambda": 2.0, "lame_mu": 1.0, "density": 1.0} | stored
    del written["window"]
    found = Config.from_json(json.dumps(written))
    assert (found.lame_lambda, found.lame_mu, found.density) == (now, None, None)
    assert found.constants == {"lambda": now or 2.0, "mu": 1.0, "rho": 1.0}


def test_a_copy_may_change_what_its_problem_uses_and_nothing_else():
    config = Config(problem="receivers", data="a.h5")
    assert config.model_copy(update=config.model_dump()) == config
    assert config.model_copy(update={"data": "b.h5"}).data == "b.h5"
    with pytest.raises(ConfigError, match=r"length = 3\.0: problem 'receivers' does not use it"):
        config.model_copy(update={"length": 3.0})
    standing = Config(lame_lambda=3.0).model_copy(update={"problem": "receivers", "data": "a.h5"})
    assert standing.problem == "receivers" and standing.model_copy(update={"lame_lambda": 2.0}).lame_lambda == 2.0


@pytest.mark.parametrize("name", ["weight_boundary", "boundary_points"])
def test_a_field_of_a_term_that_the_named_problem_lacks_is_refused(name):
    fault = f"{name} = .*: problem 'receivers' has no boundary condition; leave it out"
    for make in (lambda **f: Config(**f), lambda **f: Config.from_namespace(notebook(**f))):
        with pytest.raises(ConfigError, match=fault):
            make(problem="receivers", data="a.h5", **{name: 5})
        assert getattr(make(problem="own", **{name: 5}), name) == 5
    stored = json.loads(Config(problem="receivers", data="a.h5").to_json()) | {name: 5}
    assert getattr(Config.from_json(json.dumps(stored)), name) == 5


@pytest.mark.parametrize("name", ["weight_data", "validation_fraction"])
def test_a_field_of_a_term_that_the_default_problem_lacks_is_refused_where_no_other_problem_is_given(name):
    config = Config(**{name: 0.5})  # a Problem may come with train()
    with pytest.raises(ConfigError, match=f"{name} = 0.5: problem 'standing_waves' has no recorded data; leave it out"):
        config.require_used()
    Config.from_json(config.to_json()).require_used()  # a stored one was trained, whatever it holds
    Config(weight_data=1.0, validation_fraction=0.1).require_used()


SOLID = ep.Material(5.76e10, 2.6e10, 2700.0)
SPEEDS = {"p_speed": SOLID.c_p, "s_speed": SOLID.c_s, "density": 2700.0}
ENGINEERING = {"young_modulus": 69.99e9, "poisson_ratio": 0.34450, "density": 2700.0}
LAME = ("lame_lambda", "lame_mu", "density")


def lame(config: Config) -> list[float]:
    return [getattr(config, name) for name in LAME]


@pytest.mark.parametrize("make", [lambda **f: Config(**f), lambda **f: Config.from_namespace(notebook(**f))])
@pytest.mark.parametrize(("given", "within"), [(SPEEDS, 1e-12), (ENGINEERING, 2e-3), ({"material": "aluminium"}, 0.0)])
def test_a_material_may_be_given_by_speeds_by_engineering_constants_and_by_name(make, given, within):
    config = make(**given)
    assert lame(config) == pytest.approx([5.76e10, 2.6e10, 2700.0], rel=within, abs=0.0)
    assert Config.from_json(config.to_json()) == config == Config(**config.model_dump())
    assert json.loads(config.to_json()).keys() == json.loads(Config().to_json()).keys()


def test_a_named_material_is_that_of_the_library():
    for name, solid in {"aluminium": ALUMINIUM, "steel": STEEL, "rubber": RUBBER}.items():
        assert lame(Config(material=name)) == [solid.lame_lambda, solid.lame_mu, solid.density]
    assert get_args(GivenMaterial.model_fields["material"].annotation) == ("", *PRESETS)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (SPEEDS | {"lame_mu": 1.0}, "a material is given twice"),
        (SPEEDS | ENGINEERING, "a material is given twice"),
        ({"young_modulus": 1.0, "s_speed": 1.0, "density": 1.0}, "a material is given twice"),
        ({"material": "steel", "lame_lambda": 2.0}, "a material is given twice"),
        ({"material": "steel", "density": 1.0}, "a material is given twice"),
        ({"p_speed": 2.0, "density": 1.0}, "s_speed is missing"),
        ({"s_speed": 2.0}, "p_speed and density are missing"),
        ({"p_speed": 2.0, "s_speed": 1.0}, "density is missing"),
        ({"young_modulus": 1.0, "density": 1.0}, "poisson_ratio is missing"),
        ({"poisson_ratio": 0.0, "density": 1.0}, "young_modulus is missing"),
    ],
)
def test_a_material_that_is_given_twice_or_in_part_is_refused_with_the_legal_ways(given, fault):
    text = refusal(**given)
    assert f": {fault}; legal are lame_lambda and lame_mu, p_speed and s_speed, or young_modulus and" in text
    assert "\n" not in text and all(f"{name} = {value!r}" in text for name, value in given.items())


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"p_speed": 1.0, "s_speed": 1.0, "density": 1.0}, r"p_speed and s_speed.*c_p above sqrt\(4/3\) c_s"),
        ({"p_speed": 2.0, "s_speed": 1.0, "density": -1.0}, "no stable solid"),
        (
            ENGINEERING | {"poisson_ratio": 0.5},
            "poisson_ratio = 0.5: .*less than 0.5. poisson_ratio is Poisson",
        ),
        (ENGINEERING | {"poisson_ratio": -1.0}, "poisson_ratio = -1.0: .*greater than -1"),
        (ENGINEERING | {"young_modulus": "70 GPa"}, "young_modulus = '70 GPa': .*valid number"),
        ({"material": "unobtainium"}, "material = 'unobtainium': .*'aluminium', 'steel' or 'rubber'"),
        ({"youngs_modulus": 1.0}, "did you mean 'young_modulus'"),
        (
            SPEEDS | {"problem": "own"},
            "p_speed = .*: problem 'own' does not use it, 'standing_waves', 'receivers' and 'plate' do",
        ),
    ],
)
def test_an_impossible_material_is_refused_by_the_name_that_was_given(given, fault):
    assert re.search(fault, refusal(**given))


def test_a_material_that_is_not_given_says_nothing():
    assert Config(material="", p_speed=None) == Config() == Config.from_namespace(notebook(material=""))
    assert Config.from_namespace(notebook(material=SOLID)) == Config(), "a Material of a problem of one's own"


def test_a_copy_may_change_the_material_in_any_way():
    config = Config(material="steel", seed=3)
    assert lame(config.model_copy(update={"material": "rubber"})) == lame(Config(material="rubber"))
    softer = config.model_copy(update={"p_speed": 5000.0, "s_speed": 2500.0})
    assert (softer.density, softer.seed) == (7800.0, 3)
    assert ep.Material(*lame(softer)).c_p == pytest.approx(5000.0, rel=1e-12)
    with pytest.raises(ConfigError, match="s_speed is missing"):
        config.model_copy(update={"p_speed": 5000.0})
