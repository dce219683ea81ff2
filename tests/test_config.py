"""A config is legal or it is refused, with the field, the value found and what is legal."""

import inspect
import json
import math
import pydoc
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from elastic_pinn.config import FIELDS, GROUPS, Config, ConfigError
from tests.configs import notebook, refusal


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
        ({"sampling": "halton"}, "'latin_hypercube', 'uniform', 'sobol', 'chebyshev' or 'grid'"),
        ({"schedule": "linear"}, "'constant', 'exponential', 'step', 'cosine' or 'plateau'"),
        ({"lbfgs_line_search": "armijo"}, "'strong_wolfe' or 'none'"),
        ({"problem": "burgers"}, "'standing_waves', 'receivers', 'plate' or 'own'"),
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


def test_a_misspelt_field_is_refused_with_the_nearest_names_or_else_with_what_lists_all():
    assert refusal(stesp=3) == "'stesp' is not a field; did you mean 'steps'?"
    assert refusal(frequency=3) == "'frequency' is not a field; did you mean 'time_frequency' or 'input_frequency'?"
    assert refusal(qqq=3) == "'qqq' is not a field; help(ep.Config) lists the legal ones"
    with pytest.raises(ConfigError) as error:
        Config.from_namespace(notebook(qqq=3, softness=0.1, reference=1), own={"softness": float}, beside=["reference"])
    assert str(error.value) == (
        "'qqq' is not a field; help(ep.Config) lists the legal ones, all but softness, reference, run_dir, resume"
    )


def test_help_begins_with_the_names_of_the_fields_and_their_defaults_alone():
    signature = inspect.signature(Config)
    assert [*signature.parameters] == [*FIELDS]
    assert signature.parameters["steps"].default == Config().steps
    shown = {name: str(signature.parameters[name]) for name in ("steps", "activation", "hidden_layers", "density")}
    assert shown["steps"] == f"steps: int = {Config().steps}" and shown["activation"].startswith("activation: str = ")
    assert shown["hidden_layers"].startswith("hidden_layers: tuple = ")
    assert shown["density"] == "density: float | None = None"
    assert len(str(signature)) < 3000
    assert pydoc.render_doc(Config, renderer=pydoc.plaintext).count("Annotated[") == 0


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
        ({"unknowns": ["mu"]}, "unknowns need problem 'receivers' or 'plate'"),
    ],
)
def test_fields_that_do_not_fit_together_are_refused(fields, fault):
    assert fault in refusal(**fields)


def test_the_defaults_are_those_of_the_design():
    c = Config()
    assert (c.hidden_layers, c.stages) == ((100,) * 4, ("adam",))
    assert (c.interior_points, c.boundary_points, c.initial_points) == (10_000, 1_000, 1_000)
    assert (c.activation, c.sampling) == ("sin", "sobol"), "the winners of tests/benchmarks/README.md, section ablation"
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


def test_a_least_learning_rate_above_the_learning_rate_is_refused():
    with pytest.raises(ConfigError, match=r"min_learning_rate = 0.01 is above learning_rate = 0.001"):
        Config(min_learning_rate=1e-2)
