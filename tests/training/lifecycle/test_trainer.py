"""train() does what the config says, ends when it should, and touches nothing that is not its own."""

import logging
import math
import random
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.training.lifecycle import ending, time_limit

BASE_COLUMNS = {
    "step", "stage", "wall_s", "learning_rate", "loss/total", "loss/pde", "grad_norm",
    "material/lambda", "material/mu", "material/rho", "loss/validation",
}  # fmt: skip


def at_step(step: int, act) -> ep.Control:
    """A control that does something after a step: act(control)."""
    control = ep.Control(lambda record: act(control) if record["step"] == step else None)
    return control


def checkpoint_steps(run) -> list[int]:
    return [entry.header.step for entry in run.checkpoints()]


def test_a_run_has_a_row_for_each_step_and_is_completed(tiny, tmp_path):
    run = ep.train(tiny(steps=7), tmp_path / "new" / "folder" / "run")
    assert run.path == tmp_path / "new" / "folder" / "run"
    assert run.history()["step"].tolist() == list(range(1, 8))
    assert run.status == "completed" and run.summary.reason == "all 7 steps done"


def test_training_lowers_the_loss(tiny, tmp_path):
    run = ep.train(tiny(steps=40, learning_rate=0.02), tmp_path / "run")
    loss = run.history()["loss/total"]
    assert loss.iloc[-1] < 0.7 * loss.iloc[0]


def test_the_columns_are_those_of_the_problem(tiny, tmp_path, waves, inverse):
    runs = {
        "waves": ep.train(tiny(steps=1), tmp_path / "waves"),
        "no exact": ep.train(tiny(steps=1), tmp_path / "own", waves(exact=None, initial=None)),
        "inverse": ep.train(tiny(steps=1), tmp_path / "inverse", inverse),
    }
    more = {
        "waves": {"loss/boundary", "loss/initial", "error/displacement"},
        "no exact": {"loss/boundary"},
        "inverse": {"loss/data"},
    }
    assert {name: set(run.history().columns) for name, run in runs.items()} == {n: BASE_COLUMNS | more[n] for n in runs}


def test_the_total_column_is_the_weighted_sum_of_the_unweighted_terms(tiny, tmp_path):
    run = ep.train(tiny(weight_pde=0.5, weight_boundary=3.0, weight_initial=7.0, precision="float64"), tmp_path / "run")
    h = run.history()
    expected = 0.5 * h["loss/pde"] + 3.0 * h["loss/boundary"] + 7.0 * h["loss/initial"]
    np.testing.assert_allclose(h["loss/total"], expected, rtol=1e-14)


def test_material_columns_are_si_and_move_only_where_unknown(tiny, tmp_path, inverse):
    h = ep.train(tiny(learning_rate=0.01, precision="float64"), tmp_path / "run", inverse).history()
    assert h["material/lambda"].nunique() == h["material/mu"].nunique() == 6
    assert set(h["material/rho"]) == {1.0}
    assert abs(h["material/lambda"].iloc[0] - 2.5) < 0.1 and abs(h["material/mu"].iloc[0] - 0.8) < 0.05


def test_the_validation_is_a_column_with_a_value_at_its_steps(tiny, tmp_path):
    h = ep.train(tiny(steps=7, validate_every=3), tmp_path / "run").history()
    for column in ("loss/validation", "error/displacement"):
        assert h["step"][h[column].notna()].tolist() == [3, 6]


def test_stages_change_where_they_should(tiny, tmp_path):
    config = tiny(steps=9, stages=["adam", "sgd", "lbfgs"], stage_steps=[3, 4])
    run = ep.train(config, tmp_path / "run")
    assert run.history()["stage"].tolist() == [0.0] * 3 + [1.0] * 4 + [2.0] * 2
    assert checkpoint_steps(run) == [0, 3, 7, 9], "at the start, at stage ends and at the end"


def test_fewer_steps_cut_stages_short_and_more_go_to_the_last(tiny, tmp_path):
    stages = {"stages": ["adam", "lbfgs"], "stage_steps": [4]}
    cut = ep.train(tiny(steps=2, **stages), tmp_path / "cut")
    assert cut.history()["stage"].tolist() == [0.0] * 2
    more = ep.train(tiny(steps=7, **stages), tmp_path / "cut", resume="auto")
    assert more.history()["stage"].tolist() == [0.0] * 4 + [1.0] * 3


def test_points_are_drawn_afresh_when_asked_for(tiny, tmp_path):
    config = {"steps": 7, "learning_rate": 1e-12, "precision": "float64"}  # weights as good as fixed
    loss = ep.train(tiny(resample_every=3, **config), tmp_path / "fresh").history()["loss/pde"]
    jumps = (loss.diff().abs() > 1e-6 * loss).tolist()
    assert jumps == [False, False, False, True, False, False, True]


def test_early_stopping_ends_the_run_with_its_reason(tiny, tmp_path):
    run = ep.train(tiny(steps=500, validate_every=1, early_stopping_patience=3, learning_rate=0.1), tmp_path / "run")
    validation = run.history()["loss/validation"].tolist()
    assert len(validation) < 500 and run.status == "completed" and "early stopping" in run.summary.reason
    assert len(validation) - 1 - int(np.argmin(validation)) == 3
    assert checkpoint_steps(run)[-1] == len(validation)


def test_a_target_error_ends_the_run(tiny, tmp_path):
    config = tiny(steps=8, validate_every=1, learning_rate=0.01)
    errors = ep.train(config, tmp_path / "free").history()["error/displacement"].tolist()
    target = sorted(errors)[len(errors) // 2]
    run = ep.train(config.model_copy(update={"target_error": target}), tmp_path / "run")
    assert run.status == "completed" and "target_error reached" in run.summary.reason
    reached = next(i for i, error in enumerate(errors) if error <= target)
    assert run.history()["error/displacement"].tolist() == errors[: reached + 1]


def test_the_time_that_is_left_is_told_of_a_search_only_after_some_steps():
    def line(stage: str, step: int) -> str:
        row = {"loss/total": 1.0}
        session = SimpleNamespace(
            history=SimpleNamespace(last=row), step=step, first_step=0, problem=SimpleNamespace(unknowns=()),
            config=ep.Config(stages=[stage], steps=200),
        )  # fmt: skip
        return ending.progress_text(session, 10.0 * step)

    assert line("adam", 1).endswith("step 1 of 200  loss 1.000e+00  about 33 min left")
    assert line("lbfgs", 1).endswith("step 1 of at most 200  loss 1.000e+00")
    assert line("lbfgs", 50).endswith("at most 25 min left")


def test_a_time_limit_stops_the_run_with_a_checkpoint(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(time_limit, "SHORT_S", math.inf)  # however busy the machine
    run = ep.train(tiny(steps=1000, time_limit=1e-9), tmp_path / "run")
    assert run.status == "stopped" and run.summary.reason == "time_limit of 1e-09 s"
    assert checkpoint_steps(run) == [0, 1]
    again = ep.train(tiny(steps=1000, time_limit=1e-9), tmp_path / "run", resume="auto")
    assert again.summary.step == 2, "the limit is of one call"


@pytest.mark.parametrize("stage", ["adam", "lbfgs"])
def test_stop_ends_after_the_present_step_with_a_checkpoint(tiny, tmp_path, stage):
    control = at_step(3, lambda control: control.stop())
    run = ep.train(tiny(steps=100, stages=[stage]), tmp_path / "run", control=control)
    assert run.status == "stopped" and run.summary.reason == "asked to stop"
    assert len(run.history()) == 3 and checkpoint_steps(run) == [0, 3]


def test_a_checkpoint_asked_for_is_written_once_and_training_goes_on(tiny, tmp_path):
    control = at_step(3, lambda control: control.checkpoint())
    run = ep.train(tiny(steps=6), tmp_path / "run", control=control)
    assert checkpoint_steps(run) == [0, 3, 6] and run.status == "completed"


def test_another_thread_may_ask(tiny, tmp_path):
    def ask(control):
        thread = threading.Thread(target=control.stop)
        thread.start()
        thread.join()

    assert ep.train(tiny(steps=50), tmp_path / "run", control=at_step(2, ask)).summary.step == 2


def test_on_step_gets_each_row_as_plain_numbers(tiny, tmp_path):
    seen = []
    run = ep.train(tiny(), tmp_path / "run", control=ep.Control(seen.append))
    assert all(type(value) in (int, float) for record in seen for value in record.values())
    h = run.history()
    assert [record["loss/total"] for record in seen] == h["loss/total"].tolist()
    assert [record.get("loss/validation") is not None for record in seen] == h["loss/validation"].notna().tolist()


def test_checkpoints_come_as_often_as_asked_for(tiny, tmp_path):
    assert checkpoint_steps(ep.train(tiny(checkpoint_every=4, steps=9), tmp_path / "run")) == [0, 4, 8, 9]


def test_best_is_by_validation_unless_told_otherwise(tiny, tmp_path):
    config = tiny(steps=8, validate_every=1, checkpoint_every=1, keep_every=1, learning_rate=0.5)
    run = ep.train(config, tmp_path / "run")
    metrics = {entry.header.step: entry.header.metric for entry in run.checkpoints()}
    assert run.best().step == min(metrics, key=metrics.get) != run.latest().step
    measured = dict(zip(run.history()["step"], run.history()["loss/validation"], strict=True))
    assert {step: metrics[step] for step in measured} == measured
    assert run.best().metrics["loss/validation"] == min(metrics.values())
    other = ep.train(config.model_copy(update={"monitor": "error/displacement"}), tmp_path / "other")
    assert {e.header.metric_name for e in other.checkpoints()} == {"error/displacement"}
    errors = other.history()["error/displacement"]
    assert other.best().metrics["error/displacement"] == min(errors.min(), other.checkpoints()[0].header.metric)


def test_the_same_seed_gives_the_same_run_and_another_another(tiny, tmp_path):
    runs = [ep.train(tiny(seed=seed), tmp_path / str(i)).history() for i, seed in enumerate((3, 3, 4))]
    assert runs[0].drop(columns="wall_s").equals(runs[1].drop(columns="wall_s"))
    assert (runs[0]["loss/total"] != runs[2]["loss/total"]).all()


def global_state() -> tuple:
    """What a library that is a good guest leaves as it found it."""
    return (
        random.getstate(),
        repr(np.random.get_state()),  # noqa: NPY002  the one that must not change
        torch.get_rng_state().tolist(),
        torch.get_default_dtype(),
        torch.get_num_threads(),
        torch.is_grad_enabled(),
        logging.getLogger().handlers[:],
        logging.getLogger().level,
    )


def test_global_state_is_left_alone(tiny, tmp_path):
    before = global_state()
    ep.train(
        tiny(resample_every=2, precision="float64", sampling="sobol", stages=["adam", "lbfgs"], stage_steps=[3]),
        tmp_path / "run",
    )
    assert global_state() == before


def test_global_generators_have_no_say_in_results(tiny, tmp_path):
    one = ep.train(tiny(), tmp_path / "one").history()
    random.seed(1)
    torch.manual_seed(1)
    other = ep.train(tiny(), tmp_path / "other").history()
    assert one.drop(columns="wall_s").equals(other.drop(columns="wall_s"))


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        (
            {"monitor": "loss/none"},
            r"monitor = 'loss/none': no measure of this problem; legal: loss/total, .*loss/validation",
        ),
        ({"device": "cuda:77"}, r"device = 'cuda:77'.*legal here: cpu"),
        ({"problem": "own"}, r"train\(config, run_dir, problem=...\)"),
        ({"problem": "receivers", "data": "none.h5"}, r"no such file"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(tiny, tmp_path, fields, fault):
    with pytest.raises(ep.ConfigError, match=fault):
        ep.train(tiny(**fields), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_target_error_without_an_exact_solution_is_refused(tiny, tmp_path, waves):
    with pytest.raises(ep.ConfigError, match="target_error needs a problem with an exact solution"):
        ep.train(tiny(target_error=0.1), tmp_path / "run", waves(exact=None))
    assert not (tmp_path / "run").exists()


def test_a_problem_of_ones_own_takes_the_place_of_the_configs(tiny, tmp_path, waves):
    run = ep.train(tiny(), tmp_path / "run", waves(domain=ep.Domain((0.0, 5.0), (0.0, 1.0), (0.0, 1.0))))
    assert run.config.problem == "own"
    assert run.latest().model().scales.length == 2.5


@pytest.mark.parametrize(
    "fields",
    [{"length": 2.0}, {"length": 1.0}, {"problem": "standing_waves"}, {"problem": "receivers", "data": "some.h5"}],
)
def test_a_config_that_a_problem_of_ones_own_would_override_is_refused(tiny, tmp_path, waves, fields):
    with pytest.raises(ep.ConfigError, match=f"{next(iter(fields))}.* would be ignored: leave it out"):
        ep.train(tiny(**fields), tmp_path / "run", waves())
    assert not (tmp_path / "run").exists()


def test_progress_is_logged_at_the_level_asked_for(tiny, tmp_path, caplog):
    ep.train(tiny(log_level="info", steps=4, stages=["adam", "sgd"], stage_steps=[2]), tmp_path / "info")
    said = [record.getMessage() for record in caplog.records if record.name.startswith("elastic_pinn")]
    assert any("checkpoint step-000000004-g000.h5" in line for line in said)
    assert any("from here sgd" in line for line in said)
    assert "completed at step 4: all 4 steps done" in said
    caplog.clear()
    ep.train(tiny(log_level="warning"), tmp_path / "warning")
    assert caplog.records == []


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"config": {"steps": 3}}, "config = {'steps': 3}: a Config is needed"),
        ({"problem": "receivers"}, "problem = 'receivers': a Problem, a function that makes one, or None"),
        ({"control": print}, "control = .*: a Control or None is needed"),
    ],
)
def test_an_argument_of_another_kind_is_refused_by_its_name(tiny, tmp_path, arguments, fault):
    with pytest.raises(ep.ConfigError, match=fault):
        ep.train(**{"config": tiny(), "run_dir": tmp_path / "run"} | arguments)
    assert not (tmp_path / "run").exists()


def test_a_field_that_works_in_place_leads_to_the_same_weights(tiny, tmp_path, waves):
    def plain(x, y, t):
        return torch.stack([torch.sin(2.0 * x - 2.0 * t), y + t], dim=1)

    def busy(x, y, t):
        x -= t
        y.add_(t)
        return torch.stack([torch.sin(x.mul_(2.0)), y], dim=1)

    def problem(field):
        return waves(boundary=[ep.Displacement(field)], initial=ep.Initial.of(field), force=field, exact=field)

    one, other = (ep.train(tiny(), tmp_path / f.__name__, problem(f)).latest() for f in (plain, busy))
    for name, weight in one.snapshot.weights.items():
        torch.testing.assert_close(weight, other.snapshot.weights[name], rtol=1e-5, atol=1e-6)


def test_progress_names_step_loss_unknowns_and_time_left(tiny, tmp_path, caplog, inverse, monkeypatch):
    monkeypatch.setattr("elastic_pinn.training.lifecycle.trainer.PROGRESS_EVERY_S", -1.0)
    ep.train(tiny(log_level="info"), tmp_path / "run", inverse)
    lines = [record.getMessage() for record in caplog.records]
    assert any(
        line.startswith("step 3 of 6  loss ") and "lambda " in line and "mu " in line and line.endswith("s left")
        for line in lines
    )


def test_threads_are_as_asked_for_while_it_trains_and_as_before_afterwards(tiny, tmp_path):
    before, seen = torch.get_num_threads(), []
    ask = before + 1
    ep.train(
        tiny(threads=ask), tmp_path / "run", control=ep.Control(lambda record: seen.append(torch.get_num_threads()))
    )
    assert set(seen) == {ask} and torch.get_num_threads() == before
