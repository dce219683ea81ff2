"""Each step of training is the one that its optimizer and its schedule ask for."""

import math

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.storage import read_snapshot


def weights(run, step: int) -> torch.Tensor:
    """All parameters in one vector, as they were after a step."""
    [path] = [entry.path for entry in run.checkpoints() if entry.header.step == step]
    stored = read_snapshot(path).weights
    return torch.cat([stored[name].flatten() for name in stored if name.startswith("network.")])


def test_the_schedule_is_what_the_column_says(tiny, tmp_path):
    fields = {
        "schedule": "cosine",
        "warmup_steps": 2,
        "learning_rate": 0.01,
        "stages": ["adam", "sgd"],
        "stage_steps": [6],
    }
    rates = ep.train(tiny(steps=10, **fields), tmp_path / "run").history()["learning_rate"].tolist()

    def stage(n):
        return [0.005, 0.01] + [0.005 * (1 + math.cos(math.pi * k / (n - 2))) for k in range(n - 2)]

    assert rates == pytest.approx(stage(6) + stage(4))


def test_the_plateau_schedule_hears_the_validations(tiny, tmp_path):
    fields = {
        "schedule": "plateau",
        "decay_rate": 0.5,
        "plateau_patience": 1,
        "validate_every": 1,
        "learning_rate": 1.0,
    }
    h = ep.train(tiny(steps=12, **fields), tmp_path / "run").history()
    best, expected = math.inf, [1.0]
    for validation in h["loss/validation"].iloc[:-1]:
        expected.append(expected[-1] * (1.0 if validation < best else 0.5))
        best = min(best, validation)
    assert h["learning_rate"].tolist() == pytest.approx(expected) and expected[-1] < 1.0


def test_a_step_of_sgd_is_the_scheduled_rate_times_the_gradient(tiny, tmp_path):
    fields = {"stages": ["sgd"], "momentum": 0.0, "schedule": "exponential", "decay_every": 1, "decay_rate": 0.5}
    config = tiny(steps=4, checkpoint_every=1, precision="float64", learning_rate=1e-3, **fields)
    run = ep.train(config, tmp_path / "run")
    norms = [ep.load_checkpoint(entry.path).metrics["grad_norm"] for entry in run.checkpoints()]  # from step 0 on
    for norm, row in zip(norms, run.history().to_dict("records"), strict=False):
        moved = weights(run, row["step"]) - weights(run, row["step"] - 1)
        assert row["learning_rate"] == pytest.approx(1e-3 * 0.5 ** (row["step"] - 1))
        assert moved.norm().item() == pytest.approx(row["learning_rate"] * norm, rel=1e-9)


def test_clipping_shortens_the_step_not_the_column(tiny, tmp_path):
    fields = {"stages": ["sgd"], "momentum": 0.0, "checkpoint_every": 1, "precision": "float64", "learning_rate": 1e-3}
    free = ep.train(tiny(steps=2, **fields), tmp_path / "free")
    clipped = ep.train(tiny(steps=2, clip_grad_norm=0.25, **fields), tmp_path / "clipped")
    norm = ep.load_checkpoint(free.checkpoints()[0].path).metrics["grad_norm"]
    assert norm > 1.0 and clipped.history()["grad_norm"].iloc[0] > 1.0
    assert (weights(clipped, 1) - weights(clipped, 0)).norm().item() == pytest.approx(1e-3 * 0.25, rel=1e-5)
    loose = ep.train(tiny(steps=2, clip_grad_norm=2 * norm, **fields), tmp_path / "loose")
    assert torch.equal(weights(loose, 1), weights(free, 1)), "a short gradient is left as it is"


def test_adam_moves_each_weight_by_the_rate_in_its_first_step(tiny, tmp_path):
    run = ep.train(tiny(steps=1, learning_rate=0.01, precision="float64"), tmp_path / "run")
    moved = (weights(run, 1) - weights(run, 0)).abs()
    assert moved.max().item() == pytest.approx(0.01, rel=1e-4) and moved.median().item() == pytest.approx(
        0.01, rel=1e-4
    )


def test_adamw_decays_weights_and_adam_does_not(tiny, tmp_path):
    fields = {"steps": 1, "learning_rate": 0.01, "precision": "float64", "weight_decay": 0.5}
    adam, adamw = (ep.train(tiny(stages=[name], **fields), tmp_path / name) for name in ("adam", "adamw"))
    expected = weights(adam, 1) - 0.01 * 0.5 * weights(adam, 0)
    torch.testing.assert_close(weights(adamw, 1), expected, rtol=1e-10, atol=1e-12)


def test_lbfgs_never_raises_the_loss(tiny, tmp_path):
    h = ep.train(tiny(steps=25, stages=["lbfgs"], precision="float64"), tmp_path / "run").history()
    assert (h["loss/total"].diff().dropna() <= 0).all() and h["loss/total"].iloc[-1] < 0.5 * h["loss/total"].iloc[0]
    assert set(h["learning_rate"]) == {1.0}


def test_lbfgs_that_makes_no_progress_says_so_and_ends(tiny, tmp_path):
    config = tiny(steps=50, stages=["lbfgs"], weight_pde=0.0, weight_boundary=0.0, weight_initial=0.0)
    run = ep.train(config, tmp_path / "run")
    told = "lbfgs makes no more progress, even along the gradient itself: the gradient is zero"
    assert run.status == "completed" and run.summary.reason.startswith(told)
    assert len(run.history()) == 1 and [entry.header.step for entry in run.checkpoints()] == [0, 1]


@pytest.mark.parametrize("stage", ["lbfgs", "ssbfgs", "ssbroyden"])
def test_a_line_search_at_its_end_forgets_its_curvature_first_and_says_why_it_stopped(tiny, tmp_path, stage, caplog):
    few = {
        "hidden_layers": [4],
        "activation": "tanh",
        "sampling": "latin_hypercube",
        "validate_every": 1000,
        "log_level": "info",
    }
    run = ep.train(tiny(steps=1000, stages=[stage], precision="float64", **few), tmp_path / "run")
    h, reason = run.history(), run.summary.reason
    assert run.status == "completed" and len(h) < 1000
    assert f"{stage} makes no progress and forgets its curvature: the loss changes by no more than" in caplog.text
    assert reason.startswith(f"{stage} makes no more progress, even along the gradient itself: the loss changes by no ")
    numbers = f"(loss {h['loss/total'].iloc[-1]:.9g}, gradient norm {h['grad_norm'].iloc[-1]:.3g}; trials: "
    assert numbers in reason and " long with +" in reason
    assert (h["loss/total"].diff().dropna() <= 0).all()
    assert set(h["learning_rate"]) == {1.0}
