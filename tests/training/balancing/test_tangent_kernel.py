"""Weights by the traces of neural tangent kernels, as they follow from Jacobians that are formed row by row."""

import pytest
import torch

from elastic_pinn.physics import Displacement, Medium
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.training.balancing import tangent_kernel as module
from elastic_pinn.training.balancing.tangent_kernel import tangent_kernel, traces
from elastic_pinn.training.session import Session
from tests.training.balancing.sessions import misfits_of, terms_of


def kernel_traces(terms) -> dict[str, float]:
    """The traces of J J^T, both formed."""
    found = {}
    for column, misfits in misfits_of(terms).items():
        rows = [
            torch.cat([g.reshape(-1) for g in torch.autograd.grad(
                misfit, terms.parameters, retain_graph=True, allow_unused=True, materialize_grads=True)])
            for each in misfits for misfit in each.unbind()
        ]  # fmt: skip
        jacobian = torch.stack(rows)  # (M, P)
        found[column] = (jacobian @ jacobian.T).trace().item()
    return found


PROBLEMS = {
    "forward": lambda waves, inverse: waves(),
    "inverse": lambda waves, inverse: inverse,
    "heterogeneous": lambda waves, inverse: waves(
        material=Medium(lambda x, y: 2.0 + x, 1.0, 1.0), boundary=(Displacement(StandingWaves(2.0, 1.0, 1.0)),)
    ),
}


@pytest.mark.parametrize(
    ("kind", "network"), [*((kind, "mlp") for kind in PROBLEMS), ("forward", "plane_waves"), ("inverse", "plane_waves")]
)
def test_factors_are_the_sum_of_all_traces_over_that_of_each(tiny, waves, inverse, kind, network):
    shape = {"network": network, "hidden_layers": [12], "activation": "sin"} if network == "plane_waves" else {}
    terms = terms_of(Session(tiny(precision="float64", **shape), PROBLEMS[kind](waves, inverse)))
    expected = kernel_traces(terms)
    found = {column: trace.item() for column, trace in traces(terms).items()}
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-20)
    if network == "mlp":
        total = sum(expected.values())
        assert tangent_kernel(terms) == pytest.approx({c: total / each for c, each in expected.items()}, rel=1e-9)


def test_of_many_points_the_first_ones_suffice(tiny, waves, monkeypatch):
    config = tiny(precision="float64", interior_points=2000, boundary_points=2000, initial_points=2000)
    terms = terms_of(Session(config, waves()))
    some = tangent_kernel(terms)
    monkeypatch.setattr(module, "MOST_POINTS", 2000)
    assert some == pytest.approx(tangent_kernel(terms), rel=0.05)


def test_a_term_that_always_holds_is_not_enlarged_without_end(tiny, inverse):
    config = tiny(precision="float64", network="plane_waves", hidden_layers=[12], activation="sin")
    factors = tangent_kernel(terms_of(Session(config, inverse)))
    assert factors["data"] == pytest.approx(1.0)
    assert factors["pde"] == pytest.approx(1e5, rel=1e-4), "plane waves meet the equation whatever their amplitudes"
