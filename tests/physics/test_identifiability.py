"""Unknowns that can be found are found, and those that cannot are refused with the reason."""

import pytest
import torch

from elastic_pinn.physics import Displacement, Initial, Material, ProblemError, Traction
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.training.session import Session

TRUE = {"lambda": 2.0, "mu": 1.0, "rho": 1.0}
GUESS = {"lambda": 3.5, "mu": 0.4, "rho": 2.5}
ALL = ("lambda", "mu", "rho")
SINGLES = [("lambda",), ("mu",), ("rho",)]
PAIRS = [("lambda", "mu"), ("lambda", "rho"), ("mu", "rho")]


def constant(ux: float, uy: float):
    return lambda x, y, t: torch.stack([torch.full_like(x, ux), torch.full_like(x, uy)], dim=1)


def push(x, y, t):
    """A force that is exactly zero but for a ten-thousandth of the window."""
    near = (x - 0.5).abs().lt(0.02) & (y - 0.5).abs().lt(0.02) & t.lt(0.06)
    return torch.stack([near.double(), torch.zeros_like(x)], dim=1)


@pytest.mark.parametrize("unknowns", [*SINGLES, *PAIRS], ids="+".join)
def test_unknowns_without_receivers_are_refused(waves, unknowns):
    with pytest.raises(ProblemError, match="need receivers"):
        waves(material=Material(2.0, 1.0, 1.0, unknowns))


@pytest.mark.parametrize(
    "nothing_known",
    [
        {},
        {"boundary": ()},
        {"boundary": (Traction(None, ("top",)),)},
        {"boundary": (Traction(constant(0.0, 0.0)),)},
        {"force": constant(0.0, 0.0)},
    ],
)
def test_all_three_from_displacement_alone_are_refused_with_the_reason(waves, receivers, nothing_known):
    reason = r"lambda, mu and rho cannot all be found from displacement alone.*c_p\^2.*Fix one of them"
    with pytest.raises(ProblemError, match=reason):
        waves(material=Material(2.0, 1.0, 1.0, ALL), receivers=receivers(), **nothing_known)


@pytest.mark.parametrize("lame_lambda", [0.0, -1e-12])
def test_mu_and_rho_where_lambda_is_zero_are_refused_with_the_reason(waves, receivers, lame_lambda):
    with pytest.raises(ProblemError, match="mu and rho cannot be found from displacement alone where lambda is 0"):
        waves(material=Material(lame_lambda, 1.0, 1.0, ("mu", "rho")), receivers=receivers())


@pytest.mark.parametrize("unknowns", [("mu",), ("rho",), ("lambda", "mu"), ("lambda", "rho")], ids="+".join)
def test_with_lambda_zero_all_else_may_be_asked_for(waves, receivers, unknowns):
    material = Material(0.0, 1.0, 1.0, unknowns)
    assert waves(material=material, receivers=receivers()).material is material


@pytest.mark.parametrize(
    "known",
    [{"force": push}, {"boundary": (Traction(constant(0.0, 1e-3), ("top",)),)}],
)
@pytest.mark.parametrize("material", [Material(2.0, 1.0, 1.0, ALL), Material(0.0, 1.0, 1.0, ("mu", "rho"))])
def test_all_may_be_asked_for_where_a_load_is_known(waves, receivers, known, material):
    assert waves(material=material, receivers=receivers(), **known).material is material


@pytest.mark.slow
@pytest.mark.parametrize("unknowns", [*SINGLES, *PAIRS], ids="+".join)
def test_one_or_two_of_the_three_are_found_from_displacement_alone(waves, receivers, searching, unknowns):
    start = {name: GUESS[name] if name in unknowns else TRUE[name] for name in ALL}
    material = Material(start["lambda"], start["mu"], start["rho"], unknowns)
    exact = StandingWaves(2.0, 1.0, 1.0)
    problem = waves(
        material=material, boundary=(Displacement(exact),), initial=Initial.of(exact), exact=None, receivers=receivers()
    )
    config = searching(300, steps=9)
    session = Session(config, problem)
    while session.step < config.steps and not session.reason_to_end:
        session.advance()
    assert session.model.material.si() == pytest.approx(TRUE, rel=1e-3)


def test_in_plane_stress_a_lambda_so_large_that_it_has_no_effect_separates_nothing(waves, receivers):
    soft = Material(1e12, 5e5, 1.0, ("mu", "rho"), plane="stress")
    with pytest.raises(ProblemError, match="mu and rho cannot be found"):
        waves(material=soft, receivers=receivers())
    felt = Material(2.0, 1.0, 1.0, ("mu", "rho"), plane="stress")
    assert waves(material=felt, receivers=receivers()).material is felt
