import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.error_estimate import estimate_error, why_no_estimate
from elastic_pinn.error_estimate.estimate import mean_over_time
from tests.benchmarks.validation import ROWS
from tests.benchmarks.validation.row import SOLID, quadrature, relative_error

BY_NAME = {row.name: row for row in ROWS}
BADLY = 0.3  # of the features that resolve a field
CASES = {
    "fixed-sv-30": BADLY,
    "free-sv-30": BADLY,
    "symmetry-sv-30": BADLY,
    "absorbing-sv-30": BADLY,
    "lame-modes": BADLY,
    "periodic-x": BADLY,
    "welded-sv-30": BADLY,
    "slip-sv-30": BADLY,
    "hole-p": BADLY,
    "annulus-torsion": BADLY,
    "inclusion-sv": BADLY,
    "inclusion-slip-sv": BADLY,
    "gradient": 0.5,
    "manufactured": 0.5,
    "damped-mode": 0.2,
    "plane-stress": BADLY,
    "static-mixed": BADLY,
    "point-force": BADLY,
    "free-sv-30-trained": BADLY,
    "welded-sv-30-trained": BADLY,
}
"""By the name of a row of the table of exact fields: the part of its features that is taken."""
SLOW = {"hole-p", "annulus-torsion", "inclusion-sv", "inclusion-slip-sv", "welded-sv-30-trained"}  # each takes seconds


def solved(name, part, folder, **changes):
    """Half of the problem of a row, solved with a part of the features, and its problem."""
    row = BY_NAME[name]
    fields = row.fields | (row.quick or {}) | {"estimate_error": False} | changes
    fields["hidden_layers"] = [max(8, round(part * count)) for count in fields["hidden_layers"]]
    problem = row.problem(0.5)
    return ep.train(ep.Config(**fields), folder, problem), problem


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else []) for name in CASES])
def test_the_error_of_a_badly_resolved_field_is_known_to_a_few_percent(name, tmp_path):
    run, problem = solved(name, CASES[name], tmp_path / "run")
    true = relative_error(run, problem)
    assert true > 0.01
    assert run.estimate_error(problem).displacement == pytest.approx(true, rel=0.08)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["free-sv-30", "lame-modes", "slip-sv-0", "hole-p", "inclusion-sv", "gradient", "lamb"]
)
def test_a_small_error_is_known_within_a_factor_of_one_and_a_half(name, tmp_path):
    run, problem = solved(name, 1.0, tmp_path / "run")
    true = relative_error(run, problem)
    assert true < 0.01
    assert 1.0 / 1.5 < run.estimate_error(problem).displacement / true < 1.5


@pytest.mark.parametrize(
    ("norms", "mean"),
    [
        ([1.0, 1.0, 1.0], 1.0),
        ([1.0, 10.0, 100.0], math.sqrt((1e4 - 1.0) / (2.0 * math.log(100.0)))),  # exp(2 a t) from 1 to 1e4
        ([0.0, 0.0, 1.0], 0.5),  # from zero nothing grows exponentially: the mean of the ends
        ([0.0, 0.0, 0.0], 0.0),
    ],
)
def test_errors_that_grow_a_hundredfold_between_two_instants_have_the_mean_of_an_exponential(norms, mean):
    assert mean_over_time(np.array(norms), np.array([0.0, 0.5, 1.0])) == pytest.approx(mean, rel=1e-9)
    assert mean_over_time(np.array(norms[::-1]), np.array([2.0, 2.5, 3.0])) == pytest.approx(mean, rel=1e-9)


@pytest.mark.slow
def test_wrong_weights_too_few_points_and_single_precision_are_seen(tmp_path):
    changes = {
        "weights": {"weight_boundary": 1e-4},
        "points": {"boundary_points": 60},
        "precision": {"precision": "float32", "ridge": 1e-6},
    }
    for name, fields in changes.items():
        run, problem = solved("free-sv-30", 1.0, tmp_path / name, **fields)
        assert 0.7 < run.estimate_error(problem).displacement / relative_error(run, problem) < 1.5


@pytest.mark.parametrize(("name", "part"), [("free-sv-30", BADLY), ("rayleigh", 1.0)])
def test_the_error_of_the_stress_is_known_within_a_factor_of_two(name, part, tmp_path):
    """Also where it is twenty times as large at the last instant as before."""
    run, problem = solved(name, part, tmp_path / "run")
    points, roots = quadrature(problem)
    x, y, t = points.numpy().T
    field = run.predict(x, y, t, "stress")
    exact = exact_stress(problem, x, y, t)
    weights = roots * np.sqrt([1.0, 1.0, 2.0])
    true = np.linalg.norm(weights * (field - exact)) / np.linalg.norm(weights * exact)
    assert 0.5 < run.estimate_error(problem).stress / true < 2.0


def exact_stress(problem, x, y, t):
    """By central differences of the displacement: xx, yy, xy."""
    step = 1e-5

    def u(dx, dy):
        return problem.exact(*(torch.from_numpy(each) for each in (x + dx, y + dy, t))).numpy()

    by_x, by_y = ((u(step, 0.0) - u(-step, 0.0)) / (2 * step), (u(0.0, step) - u(0.0, -step)) / (2 * step))
    pressure = SOLID.lame_lambda * (by_x[:, 0] + by_y[:, 1])
    mu = SOLID.lame_mu
    return np.stack(
        [pressure + 2 * mu * by_x[:, 0], pressure + 2 * mu * by_y[:, 1], mu * (by_x[:, 1] + by_y[:, 0])], axis=1
    )


def test_the_error_is_right_where_and_when_it_is(tmp_path):
    run, problem = solved("lame-modes", BADLY, tmp_path / "run")
    found = run.estimate_error(problem)
    for i in (6, -1):
        x, y = found.places.T.copy()
        t = np.full_like(x, found.times[i])
        exact = problem.exact(*(torch.from_numpy(each) for each in (x, y, t))).numpy()
        true = exact - run.predict(x, y, t)
        assert np.linalg.norm(found.error[i] - true) < 0.05 * np.linalg.norm(true)


def test_units_do_not_matter(tmp_path):
    """The same plate in metres and seconds and in mm and us: lengths 1000 times, times 1e6 times as large a number."""
    estimates = []
    for length, time in ((1.0, 1.0), (1e3, 1e6)):
        solid = ep.Material(*(each * time**-2 / length for each in (5.76e10, 2.6e10)), 2700.0 * length**-3)
        domain = ep.Domain((0.0, 0.02 * length), (0.0, 0.01 * length), (0.0, 3e-6 * time))
        start = ep.Initial(
            velocity=ep.InitialPulse(
                at=(0.01 * length, 0.005 * length), width=2e-3 * length, amplitude=(0.0, 0.1 * length / time)
            )
        )
        problem = ep.Problem(domain, solid, [ep.Traction()], start)
        config = ep.Config(
            problem="own", network="plane_waves", hidden_layers=[150], input_frequency=8.0, activation="sin",
            stages=["last_layer"], steps=1, precision="float64", boundary_points=200, initial_points=150,
            interior_points=20, estimate_error=False, log_level="error",
        )  # fmt: skip
        estimates.append(ep.train(config, tmp_path / f"{length}", problem).estimate_error(problem).displacement)
    assert 0.01 < estimates[0] < 1.5
    assert estimates[1] == pytest.approx(estimates[0], rel=1e-4)


@pytest.mark.slow
def test_touching_inclusions_count_once(tmp_path):
    """Two layers of the same material as what is around them, welded: as one plate without any."""
    row = BY_NAME["free-sv-30"]
    problem = row.problem(0.5)
    run, _ = solved("free-sv-30", BADLY, tmp_path / "run")
    (left, right), (low, high) = problem.domain.x, problem.domain.y
    third = (high - low) / 3.0
    layers = [
        ep.Inclusion(ep.Rectangle((left, right), (low + i * third, low + (i + 1) * third)), SOLID) for i in (0, 1)
    ]
    layered = replace(problem, inclusions=layers)
    config = run.config.model_copy(update={"interface_points": 200})
    other = ep.train(config, tmp_path / "layered", layered)
    assert other.estimate_error(layered).displacement == pytest.approx(relative_error(other, layered), rel=0.08)


def test_what_determines_no_wavefield_is_refused(waves):
    assert why_no_estimate(waves()) == ""
    assert "no start" in why_no_estimate(waves(initial=None))
    assert "right" in why_no_estimate(waves(boundary=[ep.Traction(sides=["left", "top", "bottom"])]))
    model = None
    with pytest.raises(ep.ErrorEstimateError, match="no error can be estimated: no start is given"):
        estimate_error(model, waves(initial=None))


def test_a_static_run_and_one_that_is_zero_have_an_estimate(tmp_path):
    run, problem = solved("static-clamped", 1.0, tmp_path / "run")
    assert math.isfinite(run.estimate_error(problem).stress)
    still = ep.Problem(ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0)), SOLID, [ep.Traction()], ep.Initial())
    config = ep.Config(
        problem="own", network="plane_waves", hidden_layers=[20], input_frequency=3.0, activation="sin",
        stages=["last_layer"], steps=1, precision="float64", boundary_points=40, initial_points=30,
        interior_points=20, log_level="error",
    )  # fmt: skip
    assert ep.train(config, tmp_path / "still", still).estimate_error(still).displacement == 0.0
