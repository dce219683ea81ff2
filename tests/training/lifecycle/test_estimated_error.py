import math
from types import SimpleNamespace

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.readable import percent
from elastic_pinn.training import session as of_session
from elastic_pinn.training.lifecycle.ending import estimate_text

COLUMN = "error/estimated"


def test_the_last_row_the_summary_and_the_reason_have_the_estimate(tiny, tmp_path):
    run = ep.train(tiny(estimate_error=True), tmp_path / "run")
    column = run.history()[COLUMN].to_numpy()
    assert np.isnan(column[:-1]).all()
    assert column[-1] == run.summary.metrics[COLUMN] == run.latest().metrics[COLUMN]
    assert column[-1] == pytest.approx(run.estimate_error().displacement, rel=1e-6)
    displacement, stress = (percent(run.summary.metrics[name]) for name in (COLUMN, f"{COLUMN}_stress"))
    assert f"estimated error of the displacement {displacement}, of the stress {stress}" in run.reason
    assert run.history()["error/displacement"].iloc[-1] == pytest.approx(column[-1], rel=0.5)


def test_the_end_tells_an_error_far_from_the_tolerance_either_way():
    def text(error: float, tolerance: float, stress: float = 0.3) -> str:
        metrics = {COLUMN: error, f"{COLUMN}_stress": stress}
        return estimate_text(SimpleNamespace(metrics=metrics, config=ep.Config(tolerance=tolerance)))

    start, end = "estimated error of the displacement", "of the stress 30 %"
    assert text(0.013, 0.02) == f"{start} 1.3 % (below the tolerance of 2 %), {end}"
    assert text(0.0001, 0.02) == f"{start} 0.01 % (far below the tolerance of 2 %), {end}"
    assert text(0.05, 0.02) == f"{start} 5 % (above the tolerance of 2 %), {end}"
    assert text(1.4, 0.02) == f"{start} 140 % (far above the tolerance of 2 %), {end}"
    assert text(0.05, 0.0) == f"{start} 5 %, {end}"
    assert text(0.0204, 0.02) == f"{start} 2.04 % (above the tolerance of 2 %), {end}"
    assert text(0.0196, 0.0204) == f"{start} 1.96 % (below the tolerance of 2.04 %), {end}"
    assert text(0.020001, 0.02) == f"{start} 2 % (at the tolerance of 2 %), {end}"
    assert text(math.nan, 0.02) == f"estimated error {end}"
    assert text(0.01, 0.02, math.inf) == f"{start} 1 % (below the tolerance of 2 %)"
    assert text(math.inf, 0.02, math.nan) == ""


def test_an_error_of_a_tenth_is_a_warning_and_a_small_one_is_none(tiny, waves, tmp_path):
    bad = ep.train(tiny(estimate_error=True), tmp_path / "bad")
    (warning,) = [text for text in bad.summary.warnings if "as estimated by finite elements" in text]
    assert warning.endswith("give more waves or neurons (hidden_layers), more points, or steps")
    features = tiny(
        problem="own", estimate_error=True, network="random_features", hidden_layers=[400], activation="sin",
        input_frequency=2.2, stages=["last_layer"], steps=1, precision="float64", interior_points=800,
        boundary_points=250, initial_points=200,
    )  # fmt: skip
    good = ep.train(features, tmp_path / "good", waves())
    assert good.summary.metrics[COLUMN] < 0.05 and good.summary.warnings == []


def test_a_run_that_goes_on_equals_one_that_never_ended_there(tiny, tmp_path):
    config = tiny(estimate_error=True, steps=6)
    whole = ep.train(config, tmp_path / "whole").history().drop(columns="wall_s")
    ep.train(config.model_copy(update={"steps": 3}), tmp_path / "parts")
    parts = ep.train(config, tmp_path / "parts", resume="auto").history().drop(columns="wall_s")
    assert np.isnan(parts[COLUMN][2]) and math.isfinite(parts[COLUMN].iloc[-1])
    assert parts.equals(whole)


def test_a_run_that_needs_no_further_step_keeps_its_estimate(tiny, tmp_path):
    config = tiny(estimate_error=True)
    first = ep.train(config, tmp_path / "run").history()[COLUMN].iloc[-1]
    assert ep.train(config, tmp_path / "run", resume="auto").history()[COLUMN].iloc[-1] == first


def test_no_column_where_none_is_asked_for_or_a_material_is_unknown(tiny, inverse, tmp_path):
    assert COLUMN not in ep.train(tiny(), tmp_path / "not asked for").history()
    assert COLUMN not in ep.train(tiny(problem="own", estimate_error=True), tmp_path / "unknown", inverse).history()


def test_an_estimate_that_fails_fails_no_run(tiny, tmp_path, monkeypatch, caplog):
    def fails(config, model, problem):
        raise MemoryError("too many nodes")

    monkeypatch.setattr(of_session, "kept_estimate", fails)
    run = ep.train(tiny(estimate_error=True), tmp_path / "run")
    assert run.status == "completed" and COLUMN not in run.summary.metrics
    assert "the run could not estimate its error: too many nodes" in caplog.text
