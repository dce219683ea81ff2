"""What a run says of how it ended: whether the search for the unknowns came to rest, and where."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.solutions import StandingWaves

SEARCH = {
    "stages": ["variable_projection"], "problem": "own", "network": "plane_waves", "hidden_layers": [200],
    "activation": "sin", "input_frequency": 4.0, "precision": "float64", "ridge": 1e-6, "steps": 20,
    "interior_points": 5, "initial_points": 80, "validate_every": 1000, "validation_fraction": 0.0,
}  # fmt: skip


@pytest.fixture
def waves_from():
    """A function that gives the problem of noisy receivers in standing waves (lambda = 2, mu = 1), from a start."""
    side, until = np.linspace(0.0, 1.0, 4), np.linspace(0.0, 0.6, 5)  # so few that there is no coarse view of them
    xy = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)  # (R, 2)
    points = [torch.from_numpy(np.broadcast_to(a, (16, 5)).copy()) for a in (*xy.T[:, :, None], until)]
    exact = StandingWaves(2.0, 1.0, 1.0)
    clean = exact(*points).numpy()  # (R, T, 2)
    noise = 0.01 * np.abs(clean).max()
    seen = clean + noise * np.random.default_rng(0).standard_normal(clean.shape)

    def make(lame_lambda: float, mu: float, unknown_range: float = 10.0) -> ep.Problem:
        start = ep.Material(lame_lambda, mu, 1.0, ("lambda", "mu"), unknown_range)
        known = {"lambda": lame_lambda, "mu": mu, "rho": 1.0}
        data = ep.Receivers(xy, until, seen, noise, known, frozenset({"lambda", "mu"}))
        domain = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.6))
        return ep.Problem(domain, start, initial=ep.Initial.of(exact), receivers=data)

    return make


def end_of(run) -> str:
    """How the run ended, without what the data say of the unknowns."""
    return run.reason.removesuffix(f"; {run.fit.outcome}")


def test_a_search_that_has_come_to_rest_ends_before_its_limit(tiny, tmp_path, waves_from):
    run = ep.train(tiny(**SEARCH), tmp_path / "run", waves_from(2.6, 0.7))
    assert run.status == "completed" and run.summary.step < 10
    assert end_of(run) == (
        "variable_projection has converged: the next step would be less than 0.01 of a standard deviation long"
    )
    assert (run.summary.converged, run.summary.at_edge) == (True, [])
    assert [run.material()[name] for name in ("lambda", "mu")] == pytest.approx([2.0, 1.0], rel=0.03)


def test_an_end_by_the_limit_is_no_convergence_and_says_what_still_moved(tiny, tmp_path, waves_from):
    config = tiny(**SEARCH | {"steps": 2})
    run = ep.train(config, tmp_path / "run", waves_from(2.6, 0.7))
    moved = run.history()[["material/lambda", "material/mu"]].iloc[-2:].pct_change().iloc[-1].abs() * 100
    assert end_of(run) == (
        f"stopped by the limit of 2 steps before it converged: lambda moved by {moved.iloc[0]:.2g} %, "
        f"mu by {moved.iloc[1]:.2g} % in the last one; give more steps"
    )
    assert (run.status, run.summary.converged) == ("completed", False)
    more = ep.train(config.model_copy(update={"steps": 20}), run.path, waves_from(2.6, 0.7), resume="auto")
    assert more.summary.converged is True and "has converged" in more.reason


def test_the_first_step_moves_from_the_start(tiny, tmp_path, waves_from):
    run = ep.train(tiny(**SEARCH | {"steps": 1}), tmp_path / "run", waves_from(2.6, 0.7))
    moved = abs(run.history()["material/lambda"].iloc[-1] / 2.6 - 1)
    assert moved > 0.01 and f"before it converged: lambda moved by {100 * moved:.2g} %" in run.reason


def test_a_move_from_a_lambda_of_zero_is_told_by_the_bulk_modulus(tiny, tmp_path, waves_from):
    run = ep.train(tiny(**SEARCH | {"steps": 1}), tmp_path / "run", waves_from(0.0, 0.9))
    moved = abs(run.history()["material/lambda"].iloc[-1]) / (2 * 0.9 / 3)
    assert f"before it converged: lambda moved by {100 * moved:.2g} %" in run.reason


@pytest.mark.parametrize(
    ("start", "edges"),
    [
        ((1.0, 1.0), ["lambda"]),  # lambda + 2 mu / 3 is 2.67, and is searched up to 2
        ((2.7, 0.5), ["mu"]),
        ((4.0, 1.6), ["lambda", "mu"]),
    ],
)
def test_an_unknown_at_the_edge_of_its_range_is_named_with_the_range(tiny, tmp_path, waves_from, start, edges):
    run = ep.train(tiny(**SEARCH), tmp_path / "run", waves_from(*start, unknown_range=1.2))
    assert run.summary.at_edge == edges and run.summary.converged is False
    told = {
        "lambda": f"lambda + 2 mu / 3 from {(start[0] + 2 * start[1] / 3) / 1.2:.3g} to "
        f"{(start[0] + 2 * start[1] / 3) * 1.2:.3g} Pa",
        "mu": f"{start[1] / 1.2:.3g} to {start[1] * 1.2:.3g} Pa",
    }
    for name in edges:
        assert run.reason.count(f"{name} is at the edge of its range, {told[name]}") == 1
        assert f"{name} is at the edge of its range, {told[name]}" in run.fit.reason
    assert "Pa: widen unknown_range" in run.reason and run.reason.endswith("; hence no ±")
    assert run.reason.startswith(edges[0]) and run.summary.step < 15, "an edge is an end, too"


def test_other_optimizers_claim_no_convergence_and_say_what_still_moves(tiny, tmp_path, inverse):
    run = ep.train(tiny(steps=30, problem="own", learning_rate=0.01), tmp_path / "run", inverse)
    h = run.history()
    moved = [
        100 * abs(h[f"material/{name}"].iloc[-1] / h[f"material/{name}"].iloc[-4] - 1) for name in ("lambda", "mu")
    ]
    assert end_of(run) == f"all 30 steps done; lambda moved by {moved[0]:.2g} %, mu by {moved[1]:.2g} % in the last 3"
    assert run.summary.converged is None and run.summary.at_edge == []


def test_fewer_steps_than_were_done_are_no_steps_that_were_done(tiny, tmp_path):
    stages = {"stages": ["adam", "lbfgs"], "stage_steps": [6]}
    stop = ep.Control(lambda row: stop.stop() if row["step"] == 8 else None)
    ep.train(tiny(steps=12, **stages), tmp_path / "run", control=stop)
    run = ep.train(tiny(steps=4, **stages), tmp_path / "run", resume="auto")
    assert (run.status, run.reason) == ("completed", "at step 8 already, beyond the 4 steps asked for")


def test_fewer_steps_than_a_search_has_made_are_no_convergence(tiny, tmp_path, waves_from):
    stop = ep.Control(lambda row: stop.stop() if row["step"] == 2 else None)
    ep.train(tiny(**SEARCH), tmp_path / "run", waves_from(2.6, 0.7), control=stop)
    run = ep.train(tiny(**SEARCH | {"steps": 1}), tmp_path / "run", waves_from(2.6, 0.7), resume="auto")
    told = "at step 2 already, beyond the 1 steps asked for, before it converged: lambda moved by "
    assert run.reason.startswith(told) and run.summary.converged is False


def test_without_unknowns_there_is_nothing_that_converges(tiny, tmp_path):
    run = ep.train(tiny(stages=["last_layer"], network="random_features", precision="float64"), tmp_path / "run")
    assert run.summary.converged is None and run.summary.at_edge == []


def test_how_it_ended_is_known_from_its_last_checkpoint(tiny, tmp_path, waves_from):
    """After a kill between the last checkpoint and the summary."""
    config = tiny(**SEARCH)
    run = ep.train(config, tmp_path / "run", waves_from(2.6, 0.7))
    summary = run.summary
    (run.path / "summary.json").write_text(summary.changed({"status": "running", "converged": None}).to_json())
    again = ep.train(config, run.path, waves_from(2.6, 0.7), resume="auto")
    told = ("status", "reason", "step", "converged")
    assert [getattr(again.summary, name) for name in told] == [getattr(summary, name) for name in told]


SOLVED = {
    "network": "random_features", "hidden_layers": [150], "activation": "sin", "input_frequency": 4.0,
    "precision": "float64", "stages": ["last_layer"], "steps": 1, "ridge": 1e-12, "sampling": "sobol",
    "validation_points": 200,
}  # fmt: skip


@pytest.mark.parametrize("each, told", [(25, True), (400, False)])
def test_a_wavefield_that_is_right_at_its_points_alone_is_told(tiny, tmp_path, caplog, each, told):
    points = {f"{where}_points": each for where in ("interior", "boundary", "initial")}
    run = ep.train(tiny(**SOLVED, **points), tmp_path / "run")
    losses = run.summary.metrics
    assert (losses["loss/validation"] > 10.0 * losses["loss/total"]) is told  # so is it, whatever is said
    for text in ("".join(run.summary.warnings), caplog.text):
        assert ("the wavefield is wrong between its points" in text) is told
    assert run.reason.endswith("its wavefield is wrong, as its warnings say") is told
    assert (
        f"trained on is {losses['loss/validation']:.2g}, at those that were {losses['loss/total']:.2g}"
        in "".join(run.summary.warnings)
    ) is told
