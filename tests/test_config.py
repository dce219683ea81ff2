"""A config is legal or it is refused, with the field, the value found and what is legal."""

import json
import math
import re
import types
from array import array
from collections import Counter
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.config import GROUPS, Config, ConfigError, require_unique_names, unused_fields
from elastic_pinn.physics.material import ALUMINIUM, PRESETS, RUBBER, STEEL
from elastic_pinn.physics.setups import SETUPS, ProblemConfig
from elastic_pinn.physics.setups.material import GivenMaterial
from elastic_pinn.sections import Section


def refusal(**fields) -> str:
    with pytest.raises(ConfigError) as error:
        Config(**fields)
    return str(error.value)


@pytest.mark.parametrize(
    ("fields", "legal"),
    [
        ({"steps": "abc"}, "valid integer"),
        ({"steps": -1}, "greater than or equal to 1"),
        ({"steps": 0}, "greater than or equal to 1"),
        ({"steps": 1.5}, "valid integer"),
        ({"seed": 1.5}, "valid integer"),
        ({"seed": True}, "valid integer"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"device": "tpu"}, "'cpu', 'cuda' or 'cuda:N'"),
        ({"device": "cuda:"}, "'cpu', 'cuda' or 'cuda:N'"),
        ({"learning_rate": 0.0}, "greater than 0"),
        ({"learning_rate": math.nan}, "finite"),
        ({"learning_rate": "1e-3"}, "valid number"),
        ({"learning_rate": True}, "valid number"),
        ({"beta1": 1.0}, "less than 1"),
        ({"decay_rate": 1.1}, "less than or equal to 1"),
        ({"activation": "relu"}, "'tanh', 'sin' or 'swish'"),
        ({"precision": "float16"}, "'float32' or 'float64'"),
        ({"network": "cnn"}, "'mlp'"),
        ({"sampling": "grid"}, "'latin_hypercube', 'uniform' or 'sobol'"),
        ({"schedule": "linear"}, "'constant', 'exponential', 'step', 'cosine' or 'plateau'"),
        ({"lbfgs_line_search": "armijo"}, "'strong_wolfe' or 'none'"),
        ({"problem": "burgers"}, "'standing_waves', 'receivers' or 'own'"),
        ({"stages": ["adamm"]}, "'adam', 'adamw', 'sgd', 'soap', 'lbfgs', "),
        ({"stages": []}, "at least 1 item"),
        ({"stages": "adam"}, "a list, as in"),
        ({"hidden_layers": 100}, "a list, as in"),
        ({"hidden_layers": []}, "at least 1 item"),
        ({"hidden_layers": [10, 0]}, "greater than or equal to 1"),
        ({"unknowns": ["nu"]}, "'lambda', 'mu' or 'rho'"),
        ({"seed": np.float64(1.5)}, "valid integer"),
        ({"seed": np.bool_(True)}, "valid integer"),
        ({"steps": torch.tensor([3])}, "valid integer"),
        ({"hidden_layers": np.array([16.0])}, "valid integer"),
        ({"hidden_layers": np.array([[16, 16]])}, "valid integer"),
        ({"stages": max}, "a list, as in"),
        ({"unknown_range": 1.0}, "greater than 1"),
        ({"validation_fraction": 1.0}, "less than 1"),
        ({"log_level": "loud"}, "'debug', 'info', 'warning' or 'error'"),
        ({"initial_pulses": 1}, "valid boolean"),
        ({"monitor": None}, "valid string"),
    ],
)
def test_a_bad_value_is_refused_with_field_value_and_what_is_legal(fields, legal):
    [(name, value)] = fields.items()
    text = refusal(**fields)
    assert re.match(rf"{name}(\[\d\])? = ", text) and legal in text
    help_text = " ".join(Config.model_fields[name].description.split())
    assert text.endswith(f". {name} is {help_text.split('. ')[0]}") and "\n" not in text
    assert repr(value) in text or type(value) not in (int, float, str)


def test_a_bad_item_of_a_list_is_named_by_its_place():
    assert refusal(hidden_layers=[0]).startswith("hidden_layers[0] = 0: ")
    assert refusal(stages=["adam", "adamm"], stage_steps=[1]).startswith("stages[1] = 'adamm': ")


def test_a_misspelt_field_is_refused_with_the_nearest_name_or_else_all_legal_ones():
    assert refusal(stesp=3) == "'stesp' is not a field; did you mean 'steps'?"
    text = refusal(qqq=3)
    assert text.startswith("'qqq' is not a field; legal names: ")
    assert all(name in text for name in (*Config.model_fields, "run_dir", "resume"))


@pytest.mark.parametrize("name", ["run_dir", "resume"])
def test_an_argument_of_train_that_is_no_field_is_told_as_such(name):
    assert refusal(**{name: "auto"}) == f"{name!r} is an argument of ep.train, not a field of Config"


def test_all_faults_are_told_at_once():
    text = refusal(stesp=3, seed=1.5, device="tpu")
    assert [line.split(" ")[0] for line in sorted(text.splitlines())] == ["'stesp'", "device", "seed"]
    with pytest.raises(ConfigError) as error:
        Config.from_namespace(notebook(stesp=3, seed=1.5, device="tpu"))
    assert sorted(str(error.value).splitlines()) == sorted(text.splitlines())


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"stages": ["adam", "lbfgs"]}, "need 1 stage_steps, one for each stage but the last, but there are 0"),
        ({"stage_steps": [5]}, "need 0 stage_steps"),
        ({"problem": "receivers"}, "needs data, the path of a receiver file"),
        ({"unknowns": ["mu"]}, "unknowns need problem 'receivers'"),
    ],
)
def test_fields_that_do_not_fit_together_are_refused(fields, fault):
    assert fault in refusal(**fields)


def test_the_defaults_are_those_of_the_design():
    c = Config()
    assert (c.hidden_layers, c.activation, c.stages) == ((100,) * 4, "tanh", ("adam",))
    assert (c.interior_points, c.boundary_points, c.initial_points, c.sampling) == (
        10_000,
        1_000,
        1_000,
        "latin_hypercube",
    )
    assert (c.learning_rate, c.beta1, c.beta2, c.epsilon) == (1e-3, 0.9, 0.999, 1e-8)
    assert (c.weight_pde, c.weight_boundary, c.weight_initial, c.weight_data) == (1.0, 10.0, 10.0, 1.0)
    assert c.monitor == "loss/validation"


def test_lists_of_a_notebook_are_welcome_and_frozen():
    config = Config(hidden_layers=[3, 4])
    assert config.hidden_layers == (3, 4) == Config(hidden_layers=(3, 4)).hidden_layers
    with pytest.raises(ValueError, match="frozen"):
        config.steps = 3


def test_whole_numbers_are_numbers():
    assert Config(learning_rate=1).learning_rate == 1.0


def test_json_gives_the_config_back():
    config = Config(
        problem="receivers", data="däta/a.h5", unknowns=["mu"], stages=["adam", "lbfgs"], stage_steps=[7],
        learning_rate=0.1 + 0.2, target_error=1e-300, hidden_layers=[3],
    )  # fmt: skip
    assert Config.from_json(config.to_json()) == config
    assert Config.from_json(Config().to_json()) == Config()
    with pytest.raises(ConfigError, match="stesp"):
        Config.from_json('{"stesp": 3}')


def test_each_field_name_is_in_one_section_and_all_are_in_the_config():
    counted = Counter(name for group in GROUPS for name in group.model_fields)
    assert set(counted.values()) == {1}
    assert set(counted) == set(Config.model_fields)
    assert not {"run_dir", "resume"} & set(counted)


def test_the_fields_are_written_in_the_order_of_earlier_versions():
    earlier = [*json.loads((Path(__file__).parent / "golden" / "mlp-own" / "config.json").read_text())]
    now = [*json.loads(Config().to_json())]
    assert [name for name in now if name in earlier] == earlier


def test_every_field_says_what_it_is():
    for name, field in Config.model_fields.items():
        assert field.description and len(field.description) > 5, name


def test_differences_name_field_and_both_values():
    assert Config().differences(Config(steps=3, hidden_layers=[5])) == {
        "steps": (10_000, 3),
        "hidden_layers": ((100,) * 4, (5,)),
    }
    assert Config().differences(Config()) == {}


def test_a_changed_copy_is_checked_like_a_new_config():
    assert Config(seed=4).model_copy(update={"steps": 3}) == Config(seed=4, steps=3)
    for changes in ({"stesp": 3}, {"steps": "abc"}, {"stages": ["adam", "adam"]}):
        with pytest.raises(ConfigError):
            Config().model_copy(update=changes)


def notebook(**parameters) -> dict:
    """The globals of a kernel after a parameters cell and all other cells."""

    def helper():
        pass

    return {
        "__name__": "__main__",
        "__builtins__": {},
        "_": 3,
        "_i1": "import elastic_pinn as ep",
        "_dh": ["/somewhere"],
        "In": ["", "import elastic_pinn as ep"],
        "Out": {1: 3},
        "get_ipython": helper,
        "exit": object(),
        "quit": object(),
        "ep": ep,
        "np": np,
        "Path": Path,
        "helper": helper,
        "nothing": types.SimpleNamespace(),
        "config": Config(),
        "solid": ep.Material(2.0, 1.0, 1.0),
        "values": np.zeros(3),
        "depths": range(3),
        "where": Path("somewhere"),
    } | parameters


def test_the_parameters_of_a_notebook_give_its_config():
    namespace = notebook(steps=30, seed=2, hidden_layers=[9], device="cpu", run_dir="", resume="never")
    assert Config.from_namespace(namespace) == Config(steps=30, seed=2, hidden_layers=[9])


def test_a_notebook_without_parameters_has_the_defaults():
    assert Config.from_namespace(notebook()) == Config()


@pytest.mark.parametrize(
    ("parameter", "named"),
    [
        ({"stesp": 3}, "did you mean 'steps'"),
        ({"steps": "abc"}, "steps = 'abc'"),
        ({"steps": None}, "steps = None"),
        ({"seed": 1.5}, "seed = 1.5"),
        ({"steps": 3j}, "steps = 3j"),
        ({"device": b"cpu"}, "device = b'cpu'"),
        ({"hidden_layers": {3}}, "hidden_layers = {3}"),
        ({"device": "tpu"}, "'cpu', 'cuda' or 'cuda:N'"),
        ({"run_dir": 3}, "run_dir = 3: must be text, the path of a folder"),
        ({"resume": True}, "resume = True: must be text, 'never', 'auto', or the path or URL of a checkpoint"),
    ],
)
def test_a_bad_parameter_of_a_notebook_is_refused(parameter, named):
    with pytest.raises(ConfigError) as error:
        Config.from_namespace(notebook(**parameter))
    assert named in str(error.value)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"hidden_layers": np.array([16, 16])}, {"hidden_layers": (16, 16)}),
        ({"hidden_layers": torch.tensor([16, 16])}, {"hidden_layers": (16, 16)}),
        ({"hidden_layers": pd.Series([16, 16])}, {"hidden_layers": (16, 16)}),
        ({"hidden_layers": pd.Index([16, 16])}, {"hidden_layers": (16, 16)}),
        ({"hidden_layers": array("i", [16, 16])}, {"hidden_layers": (16, 16)}),
        ({"hidden_layers": range(16, 18)}, {"hidden_layers": (16, 17)}),
        ({"hidden_layers": [np.int64(16), 16]}, {"hidden_layers": (16, 16)}),
        ({"stages": np.array(["adam"])}, {"stages": ("adam",)}),
        ({"seed": np.int64(3)}, {"seed": 3}),
        ({"seed": np.array(3)}, {"seed": 3}),
        ({"seed": torch.tensor(3)}, {"seed": 3}),
        ({"learning_rate": np.float32(0.25)}, {"learning_rate": 0.25}),
        ({"learning_rate": torch.tensor(0.25, dtype=torch.float64, requires_grad=True)}, {"learning_rate": 0.25}),
        ({"compile": np.bool_(True)}, {"compile": True}),
        ({"activation": np.str_("sin")}, {"activation": "sin"}),
        ({"init_from": Path("runs") / "a"}, {"init_from": "runs/a"}),
        ({"device": torch.device("cpu")}, {"device": "cpu"}),
        ({"precision": torch.float64}, {"precision": "float64"}),
        ({"run_dir": Path("runs/a"), "resume": Path("runs/b")}, {}),
    ],
)
def test_values_of_numpy_torch_and_others_are_taken_in_plain_python(given, meant):
    config = Config.from_namespace(notebook(**given))
    assert config == Config(**meant) and Config.from_json(config.to_json()) == config
    for name, value in meant.items():
        assert type(getattr(config, name)) is type(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", max),
        ("steps", lambda: 3),
        ("steps", Path("x")),
        ("steps", pd.Timestamp(0)),
        ("steps", np.array([30])),
        ("length", pd.DataFrame({"a": range(1000)})),
        ("density", types.SimpleNamespace()),
        ("seed", np.random.default_rng(0)),
        ("data", np.zeros(100_000)),
        ("device", torch),
        ("precision", np.dtype("float64")),
        ("hidden_layers", np.ndarray),
        ("hidden_layers", torch.tensor([16, 0]).to_sparse()),
        ("steps", np.ma.masked),
        ("run_dir", max),
        ("resume", np.zeros(3)),
    ],
)
def test_what_is_no_value_of_a_field_is_refused_by_its_name_whatever_its_type(name, value):
    with pytest.raises(ConfigError) as error:
        Config.from_namespace(notebook(**{name: value}))
    text = str(error.value)
    assert text.startswith(f"{name} = ") and len(text) < 600 and "\n" not in text


@pytest.mark.parametrize(
    "value",
    [
        np.array([16, 16]),
        torch.tensor([16, 16]),
        range(16, 18),
        Path("x"),
        torch.float64,
        torch.device("cpu"),
        pd.DataFrame({"a": [16, 16]}),
        frozenset({16}),
        lambda: [16, 16],
        max,
    ],
)
def test_data_and_functions_under_a_misspelt_name_are_refused_with_the_name_that_was_meant(value):
    with pytest.raises(ConfigError, match="'hiden_layers' is not a field; did you mean 'hidden_layers'"):
        Config.from_namespace(notebook(hiden_layers=value))


@pytest.mark.parametrize("value", [pd.DataFrame, np.ndarray, int, np])
def test_classes_and_modules_are_no_parameters_whatever_they_are_called(value):
    assert Config.from_namespace(notebook(hiden_layers=value)) == Config.from_namespace(notebook())


def test_a_problem_of_ones_own_under_the_name_of_the_field_is_not_passed_over():
    problem = ep.problem_from(Config())
    assert Config.from_namespace(notebook(problem=problem)) == Config(problem="own")


@pytest.mark.parametrize(
    ("problem", "unused"),
    [
        ({}, {"data": "data/a.h5"}),
        ({}, {"unknown_range": 3.0}),
        ({}, {"initial_pulses": False}),
        ({"problem": "receivers", "data": "a.h5"}, {"lame_lambda": 3.0}),
        ({"problem": "receivers", "data": "a.h5"}, {"density": 2700.0}),
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
    with pytest.raises(ConfigError, match=f"{name} = .*: problem {kind!r} does not use it, '.*' does; leave it out"):
        make(**problem, **unused)
    assert make(**problem).problem == kind


@pytest.mark.parametrize(
    ("given", "unused"),
    [
        ({"problem": "receivers", "data": "a.h5"}, {"lame_lambda": 2.0}),
        ({"problem": "receivers", "data": "a.h5"}, {"lame_mu": 1.0}),
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
    assert of_others - {"weight_boundary", "boundary_points"} == set(unused_fields("own"))


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
    old = json.loads(config.to_json()) | {"lame_lambda": 3.0}  # once given in vain
    assert Config.from_json(json.dumps(old)).lame_lambda == 3.0


def test_a_copy_may_change_what_its_problem_uses_and_nothing_else():
    config = Config(problem="receivers", data="a.h5")
    assert config.model_copy(update=config.model_dump()) == config
    assert config.model_copy(update={"data": "b.h5"}).data == "b.h5"
    with pytest.raises(ConfigError, match=r"density = 3\.0: problem 'receivers' does not use it"):
        config.model_copy(update={"density": 3.0})
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
            "p_speed = .*: problem 'own' does not use it, 'standing_waves' does",
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


def test_a_least_learning_rate_above_the_learning_rate_is_refused():
    with pytest.raises(ConfigError, match=r"min_learning_rate = 0.01 is above learning_rate = 0.001"):
        Config(min_learning_rate=1e-2)
