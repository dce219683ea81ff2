"""Weights by the lengths of the terms' gradients, as plain automatic differentiation gives them."""

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.training.balancing.gradient_norm import gradient_norm
from elastic_pinn.training.session import Session
from tests.training.balancing.sessions import misfits_of, terms_of


def norms_of(terms) -> dict[str, float]:
    """Of each term's gradient by all that is trained."""
    found = {}
    for column, misfits in misfits_of(terms).items():
        term = sum(each.square().sum() for each in misfits)
        gradients = torch.autograd.grad(term, terms.parameters, allow_unused=True, materialize_grads=True)
        found[column] = torch.cat([gradient.reshape(-1) for gradient in gradients]).norm().item()
    return found


@pytest.mark.parametrize("kind", ["forward", "inverse"])
def test_factors_are_the_sum_of_all_norms_over_that_of_each(tiny, waves, inverse, kind):
    problem = waves() if kind == "forward" else inverse
    terms = terms_of(Session(tiny(precision="float64"), problem))
    norms = norms_of(terms)
    assert norms.keys() == ({"pde", "boundary", "initial"} if kind == "forward" else {"pde", "data"})
    expected = {column: sum(norms.values()) / norm for column, norm in norms.items()}
    assert gradient_norm(terms) == pytest.approx(expected, rel=1e-10)


def test_afterwards_weighted_gradients_are_as_long_as_the_configs_weights(tiny):
    config = tiny(precision="float64", balancing="gradient_norm", weight_boundary=3.0, weight_initial=0.5)
    session = Session(config, ep.problem_from(config))
    norms = norms_of(terms_of(session))
    session.advance()
    lengths = {column: session.history.last[f"weight/{column}"] * norm for column, norm in norms.items()}
    assert lengths["boundary"] == pytest.approx(3.0 * lengths["pde"])
    assert lengths["initial"] == pytest.approx(0.5 * lengths["pde"])
