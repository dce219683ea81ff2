"""The error at receivers: the wavefield with it is far nearer to the exact one, as are its rates."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.error_estimate import ErrorAtReceivers, resolution
from tests.benchmarks.validation import ROWS

ROW = next(row for row in ROWS if row.name == "lame-modes")
XY = np.array([[0.0, 0.0], [0.11, 0.37], [0.5, 0.5], [0.83, 0.21]])  # relative
PARTS = {"displacement": 0.05, "velocity": 0.05, "acceleration": 0.15}


@pytest.fixture(scope="module")
def badly(tmp_path_factory):
    """Half of a problem with an exact wavefield, solved with too few features."""
    fields = ROW.fields | (ROW.quick or {}) | {"estimate_error": False}
    fields["hidden_layers"] = [max(8, round(0.4 * count)) for count in fields["hidden_layers"]]
    problem = ROW.problem(0.5)
    return ep.train(ep.Config(**fields), tmp_path_factory.mktemp("badly") / "run", problem), problem


@pytest.mark.parametrize(("order", "quantity"), list(enumerate(PARTS)))
def test_the_wavefield_with_its_error_is_nearly_the_exact_one(badly, order, quantity):
    run, problem = badly
    model, scales, (first, last) = run.latest().model(), problem.scales, problem.domain.t
    bounds = np.array(problem.domain.shape.bounds)
    xy = bounds[:, 0] + XY * (bounds[:, 1] - bounds[:, 0])
    times = np.linspace(first, last, 31)[3:-3]
    errors = ErrorAtReceivers(problem, xy).of(model, [order])((times - first) / scales.time)  # (T, N, 2)
    errors = errors.transpose(1, 0, 2) * scales.displacement / scales.time**order
    computed = run.predict(*xy.T[:, :, None], times, quantity)
    true = exact(problem, xy, times, order) - computed
    assert np.linalg.norm(true) > 0.01 * np.linalg.norm(computed)
    assert np.linalg.norm(errors - true) < PARTS[quantity] * np.linalg.norm(true)


def test_coarser_elements_are_coarser_also_where_they_may_be_no_finer(badly, monkeypatch):
    _, problem = badly
    needed, least = resolution._spacings(problem, 1.0)
    most = {"MOST_TRIANGLES": 0.8 * resolution.MOST_TRIANGLES * (least / needed) ** 2, "MOST_STEPS": 26}
    for name, number in most.items():
        monkeypatch.setattr(resolution, name, number)
    fine, finer, coarse = (
        resolution.elements_of(problem, *each).count for each in ((1.0, 1.0), (1.05, 1.0), (1.05, 1.5))
    )
    assert fine == finer and coarse < 0.7 * fine
    steps = [len(resolution.instants_of(problem, *each)) - 1 for each in ((1.0, 1.0), (1.05, 1.0), (1.05, 2.0))]
    assert steps == [26, 26, 13]


def exact(problem, xy, times, order):
    """A derivative of the exact displacement by time, by central differences, (N, T, 2)."""
    x, y, t = (torch.from_numpy(np.ascontiguousarray(a)) for a in np.broadcast_arrays(*xy.T[:, :, None], times))
    step = 1e-3 * (problem.domain.t[1] - problem.domain.t[0])

    def at(shift):
        return problem.exact(x.flatten(), y.flatten(), (t + shift).flatten()).numpy().reshape(*x.shape, 2)

    if order == 2:
        return (at(step) - 2.0 * at(0.0) + at(-step)) / step**2
    return (at(step) - at(-step)) / (2.0 * step) if order else at(0.0)
