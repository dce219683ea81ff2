"""A config is legal or it is refused, with the field, the value found and what is legal."""

import math
import types
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.config import SECTIONS, Config, ConfigError, project_root


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
    assert text.startswith(f"{name} = ") and legal in text
    assert Config.model_fields[name].description in text
    assert repr(value) in text or isinstance(value, list)


def test_a_misspelt_field_is_refused_with_the_nearest_and_all_legal_names():
    text = refusal(stesp=3)
    assert "'stesp' is not a field; did you mean 'steps'?" in text
    assert all(name in text for name in (*Config.model_fields, "run_dir", "resume"))


def test_all_faults_are_told_at_once():
    text = refusal(stesp=3, seed=1.5, device="tpu")
    assert [line.split(" ")[0] for line in sorted(text.splitlines())] == ["'stesp'", "device", "seed"]


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
    counted = Counter(name for section in SECTIONS.values() for name in section.model_fields)
    assert set(counted.values()) == {1}
    assert set(counted) == set(Config.model_fields)
    assert not {"run_dir", "resume"} & set(counted)


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
        "problem": ep.problem_from(Config()),
        "values": np.zeros(3),
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
        ({"seed": np.int64(3)}, "seed = "),
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


def test_relative_paths_start_at_the_nearest_folder_with_a_pyproject(tmp_path, monkeypatch):
    deep = tmp_path / "project" / "notebooks" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert project_root() == deep
    (tmp_path / "project" / "pyproject.toml").touch()
    assert project_root() == tmp_path / "project" == project_root(deep)


def test_a_least_learning_rate_above_the_learning_rate_is_refused():
    with pytest.raises(ConfigError, match=r"min_learning_rate = 0.01 is above learning_rate = 0.001"):
        Config(min_learning_rate=1e-2)
