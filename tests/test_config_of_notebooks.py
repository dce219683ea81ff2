"""A notebook's parameters become a config, or are refused by name."""

import types
from array import array
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.config import Config, ConfigError
from tests.configs import notebook


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


def test_a_parameter_that_the_notebook_itself_reads_is_no_field_and_a_misspelt_one_is_refused():
    namespace = notebook(steps=30, reference="fem.npz")
    assert Config.from_namespace(namespace, beside=["reference"]) == Config(steps=30)
    with pytest.raises(ConfigError, match="'reference' is not a field"):
        Config.from_namespace(namespace)
    with pytest.raises(ConfigError, match="did you mean 'reference'"):
        Config.from_namespace(notebook(referense="fem.npz"), beside=["reference"])
