"""Named numbers of a problem of one's own: declared, checked, stored and asked for again like any field."""

import json
import pickle

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.batch.results import FIRST
from elastic_pinn.workbench.run_table import COLUMNS, config_differences, runs_table

OWN = {"depth": float, "pulses": int, "is_free": bool, "shape": str}
GIVEN = {"depth": 0.25, "pulses": 2, "is_free": True, "shape": "ricker"}


def of_notebook(own=OWN, **parameters) -> ep.Config:
    return ep.Config.from_namespace({"ep": ep, "np": np, "_": 3, "steps": 7, **parameters}, own=own)


def refusal(own=OWN, **parameters) -> str:
    with pytest.raises(ep.ConfigError) as error:
        of_notebook(own, **parameters)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_declared_numbers_are_stored_and_read_like_fields():
    config = of_notebook(**GIVEN)
    assert (dict(config.own), config.steps, config.problem) == (GIVEN, 7, "own")
    assert (config.depth, config.pulses, config.is_free, config.shape) == tuple(GIVEN.values())
    assert "depth" in repr(config) and "own" not in repr(ep.Config(steps=3))
    with pytest.raises(AttributeError, match="no_such"):
        _ = config.no_such
    with pytest.raises(TypeError):
        config.own["depth"] = 3.0


def test_a_config_with_own_numbers_is_the_same_after_json_pickle_and_dump():
    config = of_notebook(**GIVEN | {"depth": 1})  # a whole number is a number
    for again in (ep.Config.from_json(config.to_json()), pickle.loads(pickle.dumps(config)),
                  ep.Config(**config.model_dump()), config.model_copy()):  # fmt: skip
        assert again == config and hash(again) == hash(config)
        assert [type(value) for value in again.own.values()] == [*OWN.values()]
    assert json.loads(config.to_json())["own"] == GIVEN | {"depth": 1.0}


def test_a_config_without_own_numbers_is_written_as_before(caplog):
    text = ep.Config().to_json()
    assert "own" not in json.loads(text)
    with caplog.at_level("INFO"):
        assert ep.Config.from_json(text) == ep.Config() == of_notebook({}, steps=10_000)
    assert not caplog.records
    assert ep.Config().own == {}


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"depth": "deep"}, "depth = 'deep': a finite number is needed. depth is a number of the problem's own"),
        ({"depth": True}, "depth = True: a finite number"),
        ({"depth": float("nan")}, "depth = nan: a finite number"),
        ({"depth": [0.1, 0.2]}, r"depth = [0.1, 0.2]: a finite number"),
        ({"depth": np.zeros(3)}, "depth = [0.0, 0.0, 0.0]: a finite number"),
        ({"depth": None}, "depth = None: a finite number"),
        ({"pulses": 2.0}, "pulses = 2.0: a whole number is needed"),
        ({"pulses": True}, "pulses = True: a whole number is needed"),
        ({"is_free": 1}, "is_free = 1: True or False is needed"),
        ({"shape": 3}, "shape = 3: text is needed"),
        ({"dpeth": 0.1}, "'dpeth' is not a field; did you mean 'depth'?"),
        (
            {"problem": "standing_waves"},
            "problem 'standing_waves' has no numbers of its own, but depth, ",
        ),
        ({"length": 2.0}, "length = 2.0: problem 'own' does not use it"),
    ],
)
def test_a_bad_number_is_refused_by_its_name(given, fault):
    assert fault in refusal(**GIVEN | given)


def test_a_missing_number_is_refused_by_its_name():
    given = {name: value for name, value in GIVEN.items() if name != "shape"}
    assert refusal(**given) == "shape is missing: it is declared as own, so set it among the parameters"


def test_all_faults_are_told_at_once():
    with pytest.raises(ep.ConfigError) as error:
        of_notebook(dpeth=0.1, depth="deep", pulses=1.5, is_free=True, seed=1.5)
    named = [line.replace("'", "").split(" ")[0] for line in str(error.value).splitlines()]
    assert named == ["dpeth", "depth", "pulses", "shape", "seed"]


@pytest.mark.parametrize(
    ("own", "fault"),
    [
        ({"steps": int}, "own: 'steps' is a name of the config already"),
        ({"p_speed": float}, "own: 'p_speed' is a name of the config already"),
        ({"run_dir": str}, "own: 'run_dir' is a name of the config already"),
        ({"to_json": str}, "own: 'to_json' is a name of the config already"),
        ({"error": float}, "own: 'error' is a column of tables of runs already"),
        ({"a b": float}, "own: 'a b' is no legal name"),
        ({"_depth": float}, "own: '_depth' is no legal name"),
        ({"lambda": float}, "own: 'lambda' is no legal name"),
        ({"depth": list}, "own: 'depth' is declared as <class 'list'>; legal are float, int, bool, str"),
        ({"depth": 3.0}, "own: 'depth' is declared as 3.0; legal are"),
        (["depth"], "own = ['depth']: names with types are needed"),
    ],
)
def test_a_declaration_that_is_not_legal_is_refused(own, fault):
    assert fault in refusal(own)
    if isinstance(own, dict) and "already" in fault:
        with pytest.raises(ep.ConfigError, match="already"):
            ep.Config(own={name: kind(1) for name, kind in own.items()})


def test_numbers_of_numpy_are_taken_in_plain_python():
    config = of_notebook({"depth": float, "pulses": int}, depth=np.float32(0.25), pulses=np.int64(3))
    assert [type(value) for value in config.own.values()] == [float, int]


def test_the_declaration_itself_and_a_function_of_the_problem_are_no_parameters():
    def problem(depth):
        raise NotImplementedError

    own = {"depth": float}
    config = ep.Config.from_namespace({"own": own, "depth": 0.5, "problem": problem}, own=own)
    assert (config.problem, dict(config.own)) == ("own", {"depth": 0.5})


def test_numbers_are_declared_with_types_not_as_a_parameter_of_the_name_own():
    with pytest.raises(ep.ConfigError, match="'own' is not a field"):
        ep.Config.from_namespace({"own": {"depth": 1.0}, "depth": 2.0}, own={"depth": float})


def test_every_column_of_a_table_is_no_name_of_an_own_number():
    from elastic_pinn.own_numbers import COLUMNS as taken

    assert {*COLUMNS, *FIRST, "mu", "rho", "fit", "chi2", "history", "seconds"} <= taken


def test_copies_and_differences_treat_own_numbers_as_fields():
    config = of_notebook(**GIVEN)
    other = config.model_copy(update={"depth": 1, "steps": 8})
    assert (other.depth, type(other.depth), other.pulses) == (1.0, float, 2)
    assert config.differences(other) == {"steps": (7, 8), "depth": (0.25, 1.0)}
    assert ep.Config(steps=7, problem="own").differences(config)["pulses"] == (None, 2)
    with pytest.raises(ep.ConfigError, match="depth = 'deep': a finite number is needed"):
        config.model_copy(update={"depth": "deep"})
    with pytest.raises(ep.ConfigError, match="'dpeth' is not a field"):
        config.model_copy(update={"dpeth": 1.0})


def pressed(waves):
    """A function that makes a problem of two own numbers."""

    def make(softness: float, is_free: bool) -> ep.Problem:
        return waves(material=ep.Material(2.0, 1.0 / softness, 1.0), exact=None)

    return make


def test_a_function_makes_the_problem_of_the_configs_own_numbers(tiny, waves, tmp_path):
    config = tiny(own={"softness": 2.0, "is_free": True}, steps=2)
    run = ep.train(config, tmp_path / "run", pressed(waves))
    assert run.material()["mu"] == 0.5
    assert run.config.own == {"softness": 2.0, "is_free": True} == run.latest().config.own
    assert run.problem(pressed(waves)).material.lame_mu == 0.5
    assert ep.problem_from(config, pressed(waves)).material.lame_mu == 0.5


@pytest.mark.parametrize(
    ("own", "fault"),
    [
        ({"softness": 2.0}, "make does not take the own numbers of the config, softness: missing .*'is_free'"),
        ({}, "make does not take the own numbers of the config, none: missing"),
        ({"softness": 2.0, "is_free": True, "depth": 1}, "make does not take .* unexpected keyword argument 'depth'"),
    ],
)
def test_a_function_of_other_numbers_is_refused_before_any_work(tiny, waves, tmp_path, own, fault):
    with pytest.raises(ep.ConfigError, match=fault):
        ep.train(tiny(own=own), tmp_path / "run", pressed(waves))
    assert not (tmp_path / "run").exists()


def test_a_function_that_makes_no_problem_is_refused(tiny, tmp_path):
    with pytest.raises(ep.ConfigError, match=r"dict returned .'depth': 1.0.: a Problem is needed"):
        ep.train(tiny(own={"depth": 1.0}), tmp_path / "run", dict)


def test_own_numbers_without_a_problem_are_refused(tiny, tmp_path):
    with pytest.raises(ep.ConfigError, match="problem 'own' is in no config: give it too, as train"):
        ep.train(tiny(own={"depth": 1.0}), tmp_path / "run")


def test_a_run_is_resumed_with_the_same_own_numbers_only(tiny, waves, tmp_path):
    config = tiny(own={"softness": 2.0, "is_free": True}, steps=2)
    ep.train(config, tmp_path / "run", pressed(waves))
    longer = config.model_copy(update={"steps": 4})
    same_problem = longer.model_copy(update={"is_free": False})  # of which the fingerprint knows nothing
    with pytest.raises(ep.ConfigError, match=r"another network, problem or past stage \(is_free: True -> False\)"):
        ep.train(same_problem, tmp_path / "run", pressed(waves), resume="auto")
    without = tiny(problem="own", steps=4)
    with pytest.raises(ep.ConfigError, match=r"\(softness: 2.0 -> None; is_free: True -> None\)"):
        ep.train(without, tmp_path / "run", ep.problem_from(config, pressed(waves)), resume="auto")
    assert ep.train(longer, tmp_path / "run", pressed(waves), resume="auto").summary.step == 4


def test_tables_have_a_column_for_an_own_number_that_differs(tiny, waves, tmp_path):
    for softness in (1.0, 2.0):
        config = tiny(own={"softness": softness, "is_free": True}, steps=2)
        ep.train(config, tmp_path / f"{softness:g}", pressed(waves))
    ep.train(tiny(steps=2), tmp_path / "none", waves())
    table = runs_table(tmp_path)
    assert table.loc[["1", "2"], "softness"].tolist() == [1.0, 2.0]
    assert table["softness"].isna()["none"] and table["is_free"].isna()["none"]
    differences = config_differences([ep.Run(tmp_path / name) for name in ("1", "2", "none")])
    assert differences.loc["softness"].tolist() == [1.0, 2.0, None]
    assert list(differences.index) == ["softness", "is_free"]
