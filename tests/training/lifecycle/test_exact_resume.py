"""N + M steps in one process equal N steps, a kill, and M steps in another process, to the last bit.

This file is also the program that trains: it forks a fresh process for each run, so that torch is imported once.
"""

import importlib
import itertools
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.storage import Snapshot, read_snapshot
from elastic_pinn.storage.format.seal import read_header
from elastic_pinn.training.lifecycle.saving import Saver
from elastic_pinn.training.optimizers import levenberg_marquardt

pytestmark = pytest.mark.slow

STEPS = 11
SMALL = {
    "steps": STEPS,
    "hidden_layers": [8, 8],
    "interior_points": 20,
    "boundary_points": 8,
    "initial_points": 8,
    "validation_points": 16,
    "validate_every": 2,
    "checkpoint_every": 3,
    "keep_every": 1,
    "log_level": "warning",
}
ALUMINIUM = {
    "problem": "receivers",
    "data": str(Path(__file__).parents[3] / "data" / "aluminium_receivers.h5"),
    "unknowns": ["lambda", "mu"],
    "unknown_range": 2.0,  # small, for a coarse view of all of it is taken, too
    "hidden_layers": [6, 6],
    "activation": "sin",
    "learning_rate": 0.01,
}
PLATE = {
    "problem": "plate",
    "data": str(Path(__file__).parents[3] / "data" / "plate_receivers.h5"),
    "holes": [[0.026, 0.009, 0.003]],
    "sources": [
        {"kind": "side_load", "at": [0.012, 0.02], "force": [0.0, -1000.0], "pulse": "ricker", "frequency": 200e3,
         "width": 1.5e-3},
    ],
    "lame_lambda": 6e10,
    "lame_mu": 2.4e10,
    "density": 2700.0,
    "duration": 12e-6,
    "unknowns": ["lambda", "mu"],
}  # fmt: skip
TWO_STAGES = {"stages": ["adam", "lbfgs"], "stage_steps": [6], "checkpoint_every": 1}
QUICK = {"learning_rate": 0.05, "warmup_steps": 4, "decay_every": 2, "decay_rate": 0.7}


@dataclass(frozen=True)
class Case:
    """A config, the steps at which its processes are killed, and those of the checkpoints that they go on from."""

    config: dict[str, Any]
    killed_at: tuple[int, ...]
    goes_on_from: tuple[int, ...] = field(default=(3,))
    most_numbers: int = levenberg_marquardt.MOST_NUMBERS


CASES = {
    # each schedule, cut in the warm-up
    "adam-clipped": Case(QUICK | {"clip_grad_norm": 0.5}, (5,)),
    **{f"adam-{name}": Case(QUICK | {"schedule": name}, (5,)) for name in ("exponential", "step", "cosine")},
    "adam-plateau": Case(
        {"schedule": "plateau", "learning_rate": 0.5, "plateau_patience": 2, "validate_every": 1}, (5, 9), (3, 6)
    ),
    "adamw-float64": Case(
        {"stages": ["adamw"], "weight_decay": 0.1, "precision": "float64", "activation": "swish"}, (5,)
    ),
    "sgd": Case(QUICK | {"stages": ["sgd"], "schedule": "cosine", "learning_rate": 1e-3}, (5,)),
    "lbfgs-strong-wolfe": Case({"stages": ["lbfgs"]}, (5, 9), (3, 6)),
    "lbfgs-no-line-search": Case(
        {"stages": ["lbfgs"], "lbfgs_line_search": "none", "lbfgs_learning_rate": 0.1, "lbfgs_history": 4},
        (5, 9),
        (3, 6),
    ),
    # cut after the bases turned, and before they turn again
    "soap": Case(QUICK | {"stages": ["soap"], "soap_every": 2, "schedule": "cosine"}, (5,)),
    "soap-float64-resampled": Case(
        {"stages": ["soap"], "soap_every": 3, "precision": "float64", "resample_every": 2, "clip_grad_norm": 0.5},
        (5, 9),
        (3, 6),
    ),
    **{
        name: Case({"stages": [name], "precision": "float64", "checkpoint_every": 1}, (2, 5, 9), (1, 4, 8))
        for name in ("ssbfgs", "ssbroyden")
    },
    "soap-then-ssbroyden": Case(
        {"stages": ["soap", "ssbroyden"], "stage_steps": [6], "precision": "float64", "checkpoint_every": 1},
        (6, 7, 8, 10),
        (5, 6, 7, 9),
    ),
    # one after another, so that every weight moves; cut with damping and factors at hand
    "last-layer-then-levenberg-marquardt": Case(
        {"stages": ["last_layer", "levenberg_marquardt"], "stage_steps": [3], "precision": "float64"}
        | {"checkpoint_every": 1},
        (2, 4, 5, 9),
        (1, 3, 4, 8),
    ),
    "levenberg-marquardt-without-the-matrix": Case(
        {"stages": ["levenberg_marquardt"], "precision": "float64", "steps": 7, "hidden_layers": [4, 4]}
        | {"checkpoint_every": 1},
        (3, 5),
        (2, 4),
        most_numbers=0,
    ),
    "adam-then-variable-projection": Case(
        ALUMINIUM
        | {"stages": ["adam", "variable_projection"], "stage_steps": [4], "precision": "float64", "steps": 9}
        | {"checkpoint_every": 1},
        (3, 6, 7),
        (2, 5, 6),
    ),
    "adaptive-activation": Case(
        ALUMINIUM
        | {"adaptive_activation": True, "input_frequency": 3.0, "stages": ["adam", "lbfgs"]}
        | {"stage_steps": [5], "precision": "float64", "checkpoint_every": 1},
        (4, 8),
        (3, 7),
    ),
    "hole-inputs": Case(
        PLATE
        | {"hole_inputs": 1, "stages": ["adam", "ssbroyden"], "stage_steps": [4]}
        | {"precision": "float64", "checkpoint_every": 1},
        (3, 6, 9),
        (2, 5, 8),
    ),
    "separable-on-a-grid": Case(
        {"network": "separable", "rank": 3, "sampling": "grid", "precision": "float64", "adaptive_activation": True}
        | {"stages": ["adam", "last_layer", "lbfgs"], "stage_steps": [3, 1], "steps": 8, "checkpoint_every": 1},
        (2, 5, 7),
        (1, 4, 6),
    ),
    "hard-conditions": Case(
        {"hard_conditions": ["start", "sides"], "stages": ["adam", "ssbroyden"], "stage_steps": [4]}
        | {"precision": "float64", "checkpoint_every": 1},
        (3, 6, 9),
        (2, 5, 8),
    ),
    "patches": Case(
        {"network": "patches", "patches": [2, 1, 3], "hidden_layers": [6], "activation": "sin", "precision": "float64"}
        | {"stages": ["adam", "last_layer"], "stage_steps": [3], "steps": 6, "checkpoint_every": 1},
        (2, 4, 5),
        (1, 3, 4),
    ),
    "plane-waves": Case(
        ALUMINIUM
        | {"network": "plane_waves", "hidden_layers": [40], "input_frequency": 8.0, "precision": "float64"}
        | {"stages": ["variable_projection"], "steps": 7, "checkpoint_every": 1},
        (1, 3, 5),
        (0, 2, 4),
    ),
    "full-waveform": Case(
        PLATE
        | {"network": "hole_waves", "hidden_layers": [30, 20], "activation": "sin", "input_frequency": 8.0}
        | {"stages": ["full_waveform"], "precision": "float64", "steps": 5, "boundary_points": 40}
        | {"initial_points": 40, "checkpoint_every": 1},
        (1, 2, 3),
        (0, 1, 2),
    ),
    # before, at and after the switch, and inside L-BFGS
    "adam-then-lbfgs": Case(TWO_STAGES, (6, 7, 8, 10), (5, 6, 7, 9)),
    "three-stages": Case(
        {"stages": ["sgd", "adamw", "lbfgs"], "stage_steps": [4, 4], "schedule": "cosine"}, (7, 9), (6, 8)
    ),
    # fresh points: due just at the cut, and before it
    **{
        f"resampled-{name}": Case({"sampling": name, "resample_every": 2, "checkpoint_every": 1}, (5, 8), (4, 7))
        for name in ("latin_hypercube", "uniform", "sobol", "chebyshev")
    },
    # moved points: due just at the cut, and before it
    "resampled-by-r3": Case({"resampling": "r3", "resample_every": 2, "checkpoint_every": 1}, (5, 8), (4, 7)),
    # weights that change: due just at the cut, and before it; and points with them
    **{
        f"balanced-by-{name}": Case({"balancing": name, "balance_every": 2, "checkpoint_every": 1}, (5, 8), (4, 7))
        for name in ("relobralo", "attention")
    },
    "weighed-minibatches": Case(
        {"balancing": "attention", "balance_every": 2, "minibatches": 3, "checkpoint_every": 1}, (5, 8), (4, 7)
    ),
    "lbfgs-restarted-by-r3": Case(
        TWO_STAGES | {"resampling": "r3", "restart_every": 2, "balancing": "relobralo", "checkpoint_every": 1},
        (7, 8, 9),
        (6, 7, 8),
    ),
    "r3-and-relobralo-then-lbfgs": Case(
        TWO_STAGES | {"resampling": "r3", "resample_every": 2, "balancing": "relobralo", "balance_every": 3},
        (4, 6, 8),
        (3, 5, 7),
    ),
    "early-stopping": Case(
        {"early_stopping_patience": 4, "learning_rate": 0.05, "validate_every": 1}
        | {"activation": "tanh", "sampling": "latin_hypercube"},
        (8,),
        (6,),
    ),
    "aluminium": Case(ALUMINIUM | TWO_STAGES | {"resample_every": 2}, (6, 8), (5, 7)),
    "before-the-first-checkpoint": Case({"checkpoint_every": 0}, (3,), (0,)),
}


def train(name: str, run_dir: Path, killed_at: int | None, **changes) -> None:
    """Train a case, from its newest checkpoint if there is one, and die in the middle of the given step."""

    def on_step(record) -> None:
        if record["step"] == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)

    if killed_at:  # where it goes on from must not hang on how far a save in the background has come
        save = Saver.save
        Saver.save = lambda saver, *job: [save(saver, *job), saver.wait()]
    levenberg_marquardt.MOST_NUMBERS = CASES[name].most_numbers
    fields = SMALL | CASES[name].config | changes
    if fields.get("problem") == "receivers":
        del fields["boundary_points"]  # it has no boundary condition
    config = ep.Config(**fields)
    ep.train(config, run_dir, resume="auto", control=ep.Control(on_step))


def in_a_fresh_process(name: str, run_dir: Path, killed_at: int | None, **changes) -> None:
    process = os.fork()
    if not process:
        try:
            train(name, run_dir, killed_at, **changes)
        except BaseException as error:
            print(f"{name}: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    expected = -signal.SIGKILL if killed_at else 0
    if os.waitstatus_to_exitcode(status) != expected:
        raise SystemExit(f"{name} ended with {os.waitstatus_to_exitcode(status)} where {expected} was expected")


def main(folder: Path) -> None:
    """Train each case twice: without a break or a periodic checkpoint, and killed and resumed."""
    for slow in ("scipy.stats.qmc", "torch._dynamo"):  # what a first step would import, once for all processes
        importlib.import_module(slow)

    for name, case in CASES.items():
        in_a_fresh_process(name, folder / name / "whole", None, checkpoint_every=0)
        for killed_at in (*case.killed_at, None):
            in_a_fresh_process(name, folder / name / "killed", killed_at)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """The folder with NAME/whole and NAME/killed for each case."""
    folder = tmp_path_factory.mktemp("exact")
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, __file__, str(folder)], check=True, env=environment, timeout=1500)
    return folder


def last(run_dir: Path) -> Snapshot:
    return read_snapshot(ep.Run(run_dir).latest().path)


def assert_same(one: Any, other: Any, place: str = "") -> None:
    """Equal types and equal bits, all the way down."""
    assert type(one) is type(other), place
    if isinstance(one, dict):
        assert one.keys() == other.keys(), place
        for key in one:
            assert_same(one[key], other[key], f"{place}/{key}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), place
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_same(a, b, f"{place}/{i}")
    elif isinstance(one, torch.Tensor):
        assert one.dtype == other.dtype and torch.equal(one, other), place
    else:
        assert one == other, place


each_case = pytest.mark.parametrize("name", CASES)


@each_case
def test_a_killed_run_went_on_from_the_checkpoints_meant(trained, name):
    first_of = {}
    for entry in ep.Run(trained / name / "killed").checkpoints():
        first_of.setdefault(entry.header.generation, entry.header.step)
    assert tuple(first_of.values()) == (0, *CASES[name].goes_on_from)
    assert tuple(first_of) == tuple(range(len(first_of)))


@each_case
def test_weights_and_material_are_the_same(trained, name):
    whole, killed = last(trained / name / "whole"), last(trained / name / "killed")
    assert (whole.step, whole.stage) == (killed.step, killed.stage)
    assert_same(dict(whole.weights), dict(killed.weights))
    start = read_snapshot(ep.Run(trained / name / "whole").checkpoints()[0].path)
    moved = [name for name, value in whole.weights.items() if not torch.equal(value, start.weights[name])]
    assert any(name.startswith("network.") for name in moved), "it did train"


@each_case
def test_optimizer_scheduler_sampler_and_generators_are_the_same(trained, name):
    whole, killed = last(trained / name / "whole"), last(trained / name / "killed")
    assert_same(dict(whole.state), dict(killed.state))


@each_case
def test_every_column_but_wall_time_is_the_same(trained, name):
    whole, killed = (ep.Run(trained / name / kind).history() for kind in ("whole", "killed"))
    assert list(whole.columns) == list(killed.columns)
    assert list(whole["step"]) == list(range(1, len(whole) + 1))
    for column in whole.columns.drop("wall_s"):
        assert np.array_equal(whole[column], killed[column], equal_nan=True), column
    assert (killed["wall_s"].diff().dropna() >= 0).all(), "time goes on where it stopped"


@each_case
def test_no_resume_counts_as_a_change(trained, name):
    assert ep.Run(trained / name / "killed").events() == []


def test_the_cases_show_what_they_are_about(trained):
    def column(name, what):
        return ep.Run(trained / name / "whole").history()[what].to_numpy()

    rate = column("adam-plateau", "learning_rate")
    assert rate[5] < rate[0], "the plateau lowered the rate before the last cut"
    assert all(len(set(column(f"adam-{name}", "learning_rate"))) > 5 for name in ("exponential", "step", "cosine"))
    assert 5 < len(column("early-stopping", "step")) < STEPS
    assert (column("adam-clipped", "grad_norm") > 0.5).all()
    assert set(column("three-stages", "stage")) == {0.0, 1.0, 2.0}
    assert len(set(column("aluminium", "material/lambda"))) == len(set(column("aluminium", "material/mu"))) == STEPS
    draws = [last(trained / f"resampled-{name}" / "whole").state["sampler"]["draws"] for name in ("uniform", "sobol")]
    assert draws == [6, 6]
    assert last(trained / "aluminium" / "whole").state["sampler"]["draws"] == 3, "L-BFGS keeps its points"
    assert len(last(trained / "resampled-by-r3" / "whole").state["sampler"]["points"]["interior"]) == 20
    assert len(set(column("balanced-by-relobralo", "weight/boundary"))) == 6
    assert len(set(column("balanced-by-attention", "point_weight_max/boundary"))) == 6
    moments = last(trained / "adamw-float64" / "whole").state["optimizer"]
    assert moments["exp_avg"][0].abs().max() > 0 and moments["step"][0] == STEPS
    assert len(last(trained / "lbfgs-strong-wolfe" / "whole").state["optimizer"]["steps"][0]) > 5
    bases = last(trained / "soap" / "whole").state["optimizer"]["left_basis"]
    assert [basis is None for basis in bases] == [False] * 3 + [True] * 3, "of three matrices and three biases"
    assert last(trained / "last-layer-then-levenberg-marquardt" / "whole").state["optimizer"]["damping"][0] != 1e-3
    assert len(set(column("full-waveform", "material/mu"))) >= 2, "it takes more than one step"
    information = last(trained / "adam-then-variable-projection" / "whole").state["optimizer"]["information"][-1]
    assert torch.linalg.eigvalsh(information).max() > 0
    [inverse] = last(trained / "ssbroyden" / "whole").state["optimizer"]["inverse_hessian"]
    assert inverse.shape == (122, 122) and torch.linalg.eigvalsh(inverse).min() > 0


def test_restoring_twice_in_one_live_process_gives_the_same(tmp_path):
    config = ep.Config(**(SMALL | TWO_STAGES | {"resample_every": 2, "checkpoint_every": 5, "steps": 8}))
    ep.train(config, tmp_path / "first")
    middle = tmp_path / "first" / "checkpoints" / "step-000000005-g000.h5"
    assert read_header(middle).step == 5
    for again in ("second", "third"):
        ep.train(config, tmp_path / again, resume=str(middle))
    runs = [last(tmp_path / name) for name in ("first", "second", "third")]
    for one, other in itertools.pairwise(runs):
        assert_same(dict(one.weights), dict(other.weights))
        assert_same(dict(one.state), dict(other.state))
        for name, column in one.history.columns().items():
            assert name == "wall_s" or np.array_equal(column, other.history.columns()[name], equal_nan=True), name


@pytest.mark.parametrize("changes", [{"stages": ["lbfgs"]}, {"resample_every": 3}])
def test_checkpoints_have_no_effect_on_results(tmp_path, changes):
    config = ep.Config(**(SMALL | changes))
    for every in (0, 3):
        ep.train(config.model_copy(update={"checkpoint_every": every}), tmp_path / str(every))
    none, some = (last(tmp_path / str(every)) for every in (0, 3))
    assert_same(dict(none.weights), dict(some.weights))
    assert_same(dict(none.state), dict(some.state))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
