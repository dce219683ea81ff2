"""A field that a form hides, as it has no effect beside the others, changes no bit of what is trained."""

from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.config import unused_fields
from elastic_pinn.physics import problem_from
from elastic_pinn.training.lifecycle.trainer import train
from elastic_pinn.used_fields import used_fields
from tests.plates import PLATE
from tests.training.assessment import plates

SMALL = {
    "steps": 4,
    "hidden_layers": [6, 6],
    "interior_points": 24,
    "boundary_points": 8,
    "initial_points": 8,
    "validation_points": 8,
    "validate_every": 2,
    "checkpoint_every": 0,
    "estimate_error": False,
    "log_level": "error",
    "threads": 1,
}
"""So small that it trains in no time."""
CONFIGS = {
    "adam": {},
    "sgd, then lbfgs": {"stages": ["sgd", "lbfgs"], "stage_steps": [2], "precision": "float64", "network": "separable"},
    "features": {"network": "random_features", "stages": ["last_layer"], "hidden_layers": [30], "precision": "float64"},
    "waves": {"network": "plane_waves", "stages": ["last_layer"], "hidden_layers": [20], "precision": "float64"},
    "plate": PLATE | {"network": "mlp", "stages": ["adam"], "holes": [], "tolerance": 0.0},
    "receivers": {
        "problem": "receivers",
        "data": "data/aluminium_receivers.h5",
        "unknowns": ["lambda", "mu"],
        "boundary_points": 1000,
    },
    "levenberg": {"stages": ["levenberg_marquardt"], "precision": "float64", "hidden_layers": [4]},
    "a schedule": {"stages": ["soap"], "schedule": "cosine", "resample_every": 2, "balancing": "relobralo"},
}
SAMPLED = ["momentum", "decay_rate", "rank", "time_frequency"]
"""Those that are looked at each time; all of them are in `make test-slow`."""


TOLD = {"step", "converged", "at_edge", "material", "metrics", "fit", "energy_drift"}
"""The fields of a summary that training determines."""


def hidden(config):
    terms = {each.column for each in problem_from(config).statements}
    of_problem = set(ep.Config.model_fields) - unused_fields(config.problem).keys()
    return sorted(of_problem - used_fields(config, terms))


def others(name, value):
    """Other legal values of a field than this one, of which one at least is no default."""
    kind = ep.Config.model_fields[name].annotation
    is_list = get_origin(kind) is tuple
    item = get_args(kind)[0] if is_list else kind
    if get_origin(item) is Annotated:
        item = get_args(item)[0]
    if get_origin(item) in (Union, UnionType):
        item = get_args(item)[0]
    if get_origin(item) is Literal:
        found = [each for each in get_args(item) if each != value]
    elif item is bool:
        found = [not value]
    elif item is str:
        found = ["all"]
    elif item is int:
        found = [2 if is_list else value + 1, 7]
    else:
        found = [0.37, 0.8]
    if name == "patches":
        return [[2, 2, 2]]
    return [[each] for each in found] if is_list else found


def trained(config, folder, problem=None):
    """All that a run leaves of what it trained: weights, history but for wall time, and what its summary tells."""
    run = train(config, folder, problem)
    history = run.history().drop(columns=["wall_s"])
    weights = {name: each.numpy() for name, each in run.latest().model().state_dict().items()}
    return weights, history, run.summary.model_dump(include=TOLD)


def require_same(config, names, folder, problem=None):
    """Require that changes of some fields change no bit, or are refused; return those that were trained."""
    weights, history, told = trained(config, folder / "before", problem)
    done = set()
    for name in names:
        for i, value in enumerate(others(name, getattr(config, name))):
            try:
                other = config.model_copy(update={name: value})
                again, history_again, told_again = trained(other, folder / f"{name}-{i}", problem)
            except ep.ConfigError as error:
                assert name in str(error)
                continue
            assert getattr(other, name) != getattr(config, name)
            assert weights.keys() == again.keys() and all(
                np.array_equal(weights[key], again[key]) for key in weights
            ), name
            assert history.equals(history_again[history.columns]), name  # beside how often no points were drawn
            told_again["metrics"] = {each: told_again["metrics"][each] for each in told["metrics"]}  # likewise
            assert repr(told_again) == repr(told), name  # as text, in which NaN equals NaN
            done.add(name)
    return done


@pytest.mark.slow
def test_a_sample_of_hidden_fields_changes_no_bit(tmp_path):
    config = ep.Config(**SMALL)
    names = [name for name in SAMPLED if name in hidden(config)]
    assert len(names) == len(SAMPLED)
    assert require_same(config, names, tmp_path) >= {*SAMPLED} - {"rank"}  # which is refused


def test_a_field_that_is_shown_changes_what_is_trained(tmp_path):
    config = ep.Config(**SMALL)
    with pytest.raises(AssertionError, match="beta1"):
        require_same(config, ["beta1"], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
def test_no_hidden_field_changes_a_bit(name, tmp_path):
    config = ep.Config(**SMALL | CONFIGS[name])
    names = hidden(config)
    assert len(names) > 10
    assert len(require_same(config, names, tmp_path)) > 10


@pytest.mark.slow
def test_hidden_fields_change_no_bit_of_a_fit_that_holds(tmp_path):
    config, problem = ep.Config(**plates.CONFIG | {"threads": 1}), plates.problem_of(plates.recorded())
    names = ["damping", "weight_boundary"]
    assert {*names} <= {*ep.Config.model_fields} - used_fields(config, {each.column for each in problem.statements})
    assert require_same(config, names, tmp_path, problem) == {*names}
    fit = ep.Run(tmp_path / "before").fit
    assert fit and fit.verdict == "holds" and fit.plus_minus.keys() == {"lambda", "mu"}
