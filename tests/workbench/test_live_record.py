import math
import time
from itertools import pairwise
from pathlib import Path

import pandas as pd

import elastic_pinn as ep
from elastic_pinn.training.lifecycle.control import Work
from elastic_pinn.workbench.panels.training.live_record import CAPACITY, LiveRecord, ThinnedSeries
from elastic_pinn.workbench.panels.training.progress import ProgressBar, pace_text

CONFIG = ep.Config(hidden_layers=[8])
GIVEN = Path("run"), CONFIG, ep.problem_from(CONFIG)


def test_a_curve_keeps_its_shape_in_bounded_memory():
    series = ThinnedSeries()
    for step in range(1, 10 * CAPACITY + 1):
        series.append(step, 2.0 * step)
    steps = [step for step, _ in series.points]
    assert CAPACITY // 2 <= len(steps) <= CAPACITY
    assert len({after - before for before, after in pairwise(steps[:-1])}) == 1
    assert steps[0] == 1
    assert steps[-1] == 10 * CAPACITY
    assert all(value == 2.0 * step for step, value in series.points)


def test_a_curve_ends_where_the_run_is_at_every_step():
    series = ThinnedSeries()
    for step in range(1, 3 * CAPACITY):
        series.append(step, step)
        assert series.points[-1] == (step, step)
        assert len(series.points) < 2 or series.points[-2][0] < step


def test_a_curve_goes_back_with_a_run_that_resumes_earlier():
    series = ThinnedSeries()
    for step in (1, 2, 3, 2):
        series.append(step, step)
    assert series.points == [(1, 1), (2, 2)]


def test_the_live_record_holds_the_losses_that_were_measured():
    record = LiveRecord(*GIVEN)
    record.add_row({"step": 1, "loss/total": 3.0, "loss/pde": 1.0, "learning_rate": 0.1})
    record.add_row({"step": 2, "loss/total": 2.0, "loss/pde": math.nan, "loss/validation": 4.0})
    curves = {term: (steps.tolist(), values.tolist()) for term, (steps, values) in record.losses().items()}
    assert curves == {"total": ([1, 2], [3, 2]), "pde": ([1], [1]), "validation": ([2], [4])}
    assert record.row["step"] == 2


def test_the_live_record_holds_weights_and_the_steps_before_which_points_moved():
    record = LiveRecord(*GIVEN)
    earlier = {"step": [1, 2, 3], "points/draws": [4.0, 4.0, 5.0], "weight/pde": [1.0, 1.0, 2.0]}
    record.add_history(pd.DataFrame(earlier))
    record.add_row({"step": 4, "points/draws": 5.0, "weight/pde": 3.0, "point_weight_max/pde": 7.0})
    record.add_row({"step": 5, "points/draws": 6.0, "weight/pde": 3.0})
    assert [values.tolist() for values in record.redraws()] == [[3, 5], [1, 2]]
    weights = {column: values.tolist() for column, (_, values) in record.weights().items()}
    assert weights == {"weight/pde": [1, 1, 2, 3, 3], "point_weight_max/pde": [7]}
    assert not record.losses()


def test_a_live_record_whose_first_row_comes_from_another_run_has_no_move():
    record = LiveRecord(*GIVEN)
    record.add_row({"step": 1, "points/draws": 6.0})
    assert len(record.redraws()[0]) == 0


def test_the_live_record_goes_on_from_an_earlier_history():
    earlier = pd.DataFrame({"step": range(1, 3 * CAPACITY), "loss/total": 1.0, "material/mu": 2.0})
    record = LiveRecord(*GIVEN)
    record.add_history(earlier)
    record.add_row({"step": 3 * CAPACITY, "loss/total": 0.5, "material/mu": 3.0})
    (steps, losses), (_, values) = record.losses()["total"], record.material()["mu"]
    assert (steps[0], steps[-1], losses[-1], values[-1]) == (1, 3 * CAPACITY, 0.5, 3.0)
    assert CAPACITY // 4 < len(steps) < CAPACITY


def test_what_was_measured_now_and_then_is_not_lost_with_the_rows_between():
    rows = 3 * CAPACITY
    earlier = pd.DataFrame({"step": range(1, rows + 1), "loss/total": 1.0, "loss/validation": math.nan})
    earlier.loc[earlier["step"] % 100 == 0, "loss/validation"] = 2.0
    record = LiveRecord(*GIVEN)
    record.add_history(earlier)
    assert record.losses()["validation"][0].tolist() == list(range(100, rows + 1, 100))
    assert record.row["step"] == rows


def test_a_column_that_was_never_measured_is_no_curve():
    record = LiveRecord(*GIVEN)
    record.add_history(pd.DataFrame({"step": [1, 2], "loss/total": [2.0, 1.0], "loss/validation": math.nan}))
    assert set(record.losses()) == {"total"}


def test_weights_are_read_by_the_config_that_they_were_trained_by(tmp_path, tiny):
    checkpoint = ep.train(tiny(hidden_layers=[5]), tmp_path / "run").latest()
    record = LiveRecord(*GIVEN)
    record.set_checkpoint(checkpoint)
    with record.newest() as (step, model):
        assert step == checkpoint.step
        assert (model.predict(0.3, 0.4, 0.5) == checkpoint.predict(0.3, 0.4, 0.5)).all()


def test_progress_tells_speed_and_time_left():
    assert pace_text(1000, 10_000, 25.0) == "25 steps/s · 6 min left"
    assert pace_text(0, 10, math.nan) == ""


def test_progress_tells_step_stage_loss_and_error():
    record, progress = LiveRecord(*GIVEN), ProgressBar(10)
    progress.show(0, record.status_text())
    assert said(progress) == "step 0 of 10 · adam"
    record.add_row({"step": 1, "stage": 0, "loss/total": 0.25, "error/displacement": 0.5})
    record.add_row({"step": 2, "stage": 0, "loss/total": 0.125, "error/displacement": math.nan})
    progress.end(record.step, record.status_text())
    assert said(progress) == "step 2 of 10 · adam · loss 1.25e-01 · error 5.00e-01"


def test_progress_tells_what_takes_long_within_a_step_and_about_how_long(monkeypatch):
    progress, now = ProgressBar(10), time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    progress.show(2, "adam", Work("solving 3,000 amplitudes", now - 5.0, 0.25))
    assert (
        said(progress)
        == "step 2 of 10 · adam · solving 3,000 amplitudes: about 15 s left of the 20 s that this part takes"
    )
    progress.show(2, "adam", Work("solving 3,000 amplitudes", now, 0.0))
    assert "solving" not in said(progress), "it may be over at once"


def said(progress):
    return progress.children[-1].value
