"""The benchmark of the estimate: its runs are of every kind, its truth is right, and it says where a promise fails."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.elasticity import stress
from tests.benchmarks.error_estimate import main
from tests.benchmarks.known_errors.cases import CHOSEN, FAMILIES, HALF, Case, drawn
from tests.benchmarks.known_errors.scatter import scatter
from tests.benchmarks.known_errors.section import line_of_promise, text_of
from tests.benchmarks.known_errors.ways import Measured, exact_stress, measured, moduli
from tests.benchmarks.report import README
from tests.benchmarks.validation import ROWS
from tests.benchmarks.validation.row import quadrature, relative_error

DRAWN = tuple(drawn())
BY_NAME = {row.name: row for row in ROWS}
KINDS = {"mlp by adam", "mlp by levenberg_marquardt", "random_features", "plane_waves", "hole_waves", "potentials",
         "patches"}  # fmt: skip


def estimated(ratio, true=0.1, case=CHOSEN[0]):
    """A run whose errors are estimated so many times too large."""
    return Measured(case, true, ratio * true, true, ratio * true, 4.0 * true, math.nan, 1.0, 0.5)


@pytest.mark.slow
def test_the_runs_are_of_every_family_and_network_and_the_drawn_ones_are_always_the_same():
    assert len(CHOSEN) >= 40 and len(DRAWN) == 20 and tuple(drawn()) == DRAWN
    first = ["a-prime", "absorbing-sv-30", "grids", "plate-force"]
    assert [case.row for case in DRAWN[:4]] == first, "a row that is new belongs into ADDED_SINCE"
    assert {case.family for case in CHOSEN} == set(FAMILIES)
    assert {case.kind for case in CHOSEN} == KINDS


def test_a_promise_that_fails_is_told():
    right, wrong = estimated(1.1), estimated(3.1)
    assert line_of_promise("some", [right] * 9 + [wrong])[1:3] == ["**holds**", "9 of 10"]
    assert line_of_promise("some", [right] * 8 + [wrong] * 2)[1:3] == ["**does not hold**", "8 of 10"]
    missed = estimated(0.2, true=0.4)  # 8 %
    assert line_of_promise("some", [right] * 19 + [missed])[1:4] == ["**does not hold**", "19 of 20", "0 of 1"]


def test_the_section_lists_what_is_off_and_the_figure_has_each_run():
    runs = [estimated(1.1, case=case) for case in (*CHOSEN, *DRAWN)]
    runs[0] = estimated(0.4)
    text = text_of([replace(run, two=run.true) for run in runs], "figure.png")
    assert f"displacement or stress: 1 of {len(runs)}.\n\n| row" in text and "(figure.png)" in text
    for axes in scatter(runs).axes:
        assert sum(len(points.get_offsets()) for points in axes.collections[1:]) == len(runs)


@pytest.mark.parametrize("name", ["free-sv-30", "welded-sv-30", "grids", "plane-stress", "solid-tissue", "c"])
def test_the_exact_stress_is_that_of_central_differences(name):
    problem = BY_NAME[name].problem(HALF)
    points = problem.domain.interior(torch.from_numpy(np.random.default_rng(0).random((200, 3))))
    step = 1e-5 * problem.scales.length
    u = {
        name: (problem.exact(*(points + each).unbind(1)) - problem.exact(*(points - each).unbind(1))) / (2.0 * step)
        for name, each in zip("xy", step * torch.eye(3, dtype=torch.float64), strict=False)
    }
    expected = stress(u, moduli(problem, points)).numpy()
    assert np.linalg.norm(exact_stress(problem, points) - expected) < 1e-7 * np.linalg.norm(expected)


def test_the_exact_stress_is_left_out_where_torch_cannot_differentiate():
    problem = BY_NAME["hole-p"].problem(HALF)
    assert exact_stress(problem, quadrature(problem)[0][:10]) is None


def test_a_run_is_measured_in_every_way():
    run = measured(Case("free-sv-30", features=0.1))
    assert 0.1 < run.true < 2.0 and run.ratio == pytest.approx(1.0, abs=0.1)
    assert run.stress_ratio == pytest.approx(1.0, abs=0.1)
    assert 1.0 < run.energy / run.true < 20.0 and 0.3 < run.two / run.true < 3.0


def test_the_quadrature_gives_what_points_at_random_give_where_the_error_is_everywhere(tmp_path):
    case = Case("free-sv-30", features=0.1)
    problem = case.of_row.problem(HALF)
    run = ep.train(case.config, tmp_path / "run", problem)
    points = problem.domain.interior(torch.from_numpy(np.random.default_rng(0).random((20_000, 3))))
    exact = problem.exact(*points.unbind(1)).numpy()
    off = np.linalg.norm(run.predict(*points.unbind(1)) - exact) / np.linalg.norm(exact)
    assert relative_error(run, problem) == pytest.approx(off, rel=0.02)


@pytest.mark.parametrize("name", ["free-sv-30", "hole-p", "static-mixed", "kirsch"])
def test_the_quadrature_is_a_mean_over_the_domain_and_exact_over_time(name):
    problem = BY_NAME[name].problem(HALF)
    points, roots = quadrature(problem)
    weights, (x, y, t) = roots[:, 0] ** 2, points.numpy().T
    assert weights.sum() == pytest.approx(1.0) and problem.domain.shape.contains(*points[:, :2].unbind(1)).all()
    start, end = problem.domain.t
    if not problem.domain.is_static:
        assert weights @ ((t - start) / (end - start)) ** 9 == pytest.approx(0.1, rel=1e-9)
    center = problem.domain.interior(torch.from_numpy(np.random.default_rng(0).random((20_000, 3))))[:, :2].mean(0)
    extent = float((problem.domain.high - problem.domain.low)[:2].max())
    assert np.array([weights @ x, weights @ y]) == pytest.approx(center.numpy(), abs=0.01 * extent)


@pytest.mark.slow
def test_some_runs_are_measured_and_nothing_is_written(capsys):
    before = README.read_bytes()
    main(["static", "c"], jobs=1)
    out = capsys.readouterr().out
    assert "| statics | 4 |" in out and "| chosen | **holds** | 5 of 5 |" in out
    assert README.read_bytes() == before
    with pytest.raises(SystemExit, match="no row of a run begins with nothing"):
        main(["nothing"], jobs=1)
