"""Speeds, E and nu of what was found have the ± that draws of lambda, mu and rho have, or an interval, or none."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.fit import DerivedValue
from elastic_pinn.physics.media.derived_constants import FORMULAS, derived_constants, gradient
from elastic_pinn.physics.media.material import ALUMINIUM, RUBBER, STEEL
from elastic_pinn.training.assessment import judgement
from elastic_pinn.training.assessment.derived import derived_of, propagated
from elastic_pinn.training.assessment.evidence import evidence_of
from elastic_pinn.training.session import Session
from tests.training.assessment.plates import CONFIG, problem_of, recorded

NAMES = tuple(FORMULAS)
BOTH = ("strain", "stress")


def constants_of(material):
    return np.array([material.lame_lambda, material.lame_mu, material.density])


def covariance_of(constants, parts, correlation=0.0):
    """Errors of lambda, mu and rho as parts of these, of which the first two are correlated."""
    size = constants * parts
    together = np.eye(3)
    together[0, 1] = together[1, 0] = correlation
    return together * np.outer(size, size)


def drawn(constants, covariance, count=400_000):
    """Materials by these errors, small ones, (3, K)."""
    return np.random.default_rng(1).multivariate_normal(constants, covariance, count, method="svd").T


def drawn_as_searched(constants, part_of_bulk, part_of_mu, count=400_000):
    """Materials as a fit finds them, of which log K and log mu are off by independent normal numbers, (3, K)."""
    rng = np.random.default_rng(1)
    bulk = (constants[0] + constants[1] / 1.5) * np.exp(part_of_bulk * rng.standard_normal(count))
    mu = constants[1] * np.exp(part_of_mu * rng.standard_normal(count))
    return np.stack([bulk - mu / 1.5, mu, np.full(count, constants[2])])


@pytest.mark.parametrize("plane", BOTH)
@pytest.mark.parametrize("material", [ALUMINIUM, STEEL, RUBBER])
def test_speeds_are_those_of_a_material_and_young_and_poisson_make_it_again(material, plane):
    material = replace(material, plane=plane)
    named = dict(zip(("lambda", "mu", "rho"), constants_of(material).tolist(), strict=True))
    found = derived_constants(named, plane, is_static=False)
    assert found["c_p"] == pytest.approx(material.c_p, rel=1e-14)
    assert found["c_s"] == pytest.approx(material.c_s, rel=1e-14)
    again = ep.Material.from_young(found["E"], found["nu"], material.density)
    assert (again.lame_lambda, again.lame_mu) == pytest.approx((material.lame_lambda, material.lame_mu), rel=1e-12)


def test_what_is_static_has_no_speeds_and_what_varies_has_nothing():
    of_two = {"lambda_1": 2.0, "mu_1": 1.0, "rho_1": 1.0, "lambda_2": np.ones((3, 3)), "mu_2": 1.0, "rho_2": 1.0}
    assert derived_constants(of_two, "strain", is_static=True) == {"E_1": pytest.approx(8 / 3), "nu_1": 1 / 3}
    assert set(derived_constants(of_two, "strain", is_static=False)) == {"c_p_1", "c_s_1", "E_1", "nu_1"}


@pytest.mark.parametrize("plane", BOTH)
@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_is_that_of_finite_differences(name, plane):
    constants = constants_of(ALUMINIUM)
    steps = np.diag(1e-4 * constants)
    by_differences = [
        (FORMULAS[name](*(constants + step), plane) - FORMULAS[name](*(constants - step), plane)) / (2.0 * step.sum())
        for step in steps
    ]
    assert gradient(name, constants, plane) == pytest.approx(by_differences, rel=1e-6, abs=1e-30)


@pytest.mark.parametrize("plane", BOTH)
@pytest.mark.parametrize(
    ("parts", "correlation"), [((0.02, 0.01, 0.0), -0.8), ((0.03, 0.03, 0.03), 0.9), ((0.0, 0.05, 0.0), 0.0)]
)
def test_errors_and_correlations_are_those_of_draws(parts, correlation, plane):
    constants = constants_of(ALUMINIUM)
    covariance = covariance_of(constants, parts, correlation)
    found = propagated(NAMES, constants, covariance, plane)
    materials = drawn(constants, covariance)
    every = {name: FORMULAS[name](*materials, plane) for name in NAMES}
    for name, value in found.values.items():
        assert value.plus_minus == pytest.approx(every[name].std(), rel=0.01)
        assert (value.low, value.high) == (value.value - value.plus_minus, value.value + value.plus_minus)
        within = (every[name] > value.low) & (every[name] < value.high)
        assert within.mean() == pytest.approx(0.6827, abs=0.01)
    for pair, correlated in found.correlations.items():
        assert correlated == pytest.approx(np.corrcoef(*(every[name] for name in pair.split(" and ")))[0, 1], abs=0.01)
    assert len(found.correlations) == 6


def by_logarithms(constants, part_of_bulk, part_of_mu):
    """The covariance of lambda, mu and rho where those of log K and log mu are independent."""
    bulk, mu = constants[0] + constants[1] / 1.5, constants[1]
    spread = np.array([[bulk * part_of_bulk, -mu * part_of_mu / 1.5], [0.0, mu * part_of_mu], [0.0, 0.0]])
    return spread @ spread.T


@pytest.mark.parametrize("parts", [(0.5, 0.05), (0.1, 0.5), (0.8, 0.8)])
def test_large_errors_have_the_interval_of_draws_in_the_place_of_plus_minus(parts):
    constants = constants_of(ALUMINIUM)
    found = propagated(NAMES, constants, by_logarithms(constants, *parts), "strain").values
    materials = drawn_as_searched(constants, *parts)
    assert found["nu"].plus_minus is None and -1.0 < found["nu"].low < found["nu"].high < 0.5
    for name, value in found.items():
        every = FORMULAS[name](*materials, "strain")
        if value.plus_minus is None:
            ends = np.quantile(every, (0.1587, 0.8413))
            assert (value.low, value.high) == pytest.approx(tuple(ends), abs=0.01 * (ends[1] - ends[0]))
        assert ((every > value.low) & (every < value.high)).mean() == pytest.approx(0.6827, abs=0.03)


def test_a_lambda_that_is_known_stays_as_it_is_however_little_is_known_of_mu():
    constants = constants_of(ALUMINIUM)
    value = propagated(["nu"], constants, covariance_of(constants, (0.0, 0.8, 0.0)), "strain").values["nu"]
    ends = FORMULAS["nu"](constants[0], constants[1] * np.exp(np.array([0.8, -0.8])), constants[2], "strain")
    assert (value.low, value.high) == pytest.approx(tuple(ends), abs=0.01 * float(np.ptp(ends)))


def test_a_density_that_is_uncertain_moves_the_moduli_with_it_and_no_speed():
    constants = constants_of(ALUMINIUM)
    covariance = covariance_of(constants, (0.01, 0.01, 0.0))
    more = covariance + np.outer(0.05 * constants, 0.05 * constants)
    exact, uncertain = (propagated(NAMES, constants, each, "strain").values for each in (covariance, more))
    for name in ("c_p", "c_s", "nu"):
        assert uncertain[name].plus_minus == pytest.approx(exact[name].plus_minus, rel=1e-6)
    youngs = exact["E"].value
    assert uncertain["E"].plus_minus == pytest.approx(math.hypot(exact["E"].plus_minus, 0.05 * youngs), rel=1e-6)


def two_materials(first, second):
    layer = ep.Inclusion(ep.Rectangle((0.0, 1.0), (0.0, 0.5)), replace(STEEL, unknowns=second))
    return ep.Problem(
        ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0)),
        replace(ALUMINIUM, unknowns=first),
        inclusions=[layer],
        receivers=ep.Receivers(xy=[[0.5, 0.7]], time=[0.0, 1.0], displacement=np.ones((1, 2, 2)), noise=1.0),
    )


def test_each_material_has_its_own_and_only_what_is_unknown():
    problem = two_materials(("lambda",), ("mu",))
    at = np.concatenate([constants_of(ALUMINIUM), constants_of(STEEL)])
    covariance = np.zeros((6, 6))
    covariance[0, 0], covariance[4, 4], covariance[0, 4] = (0.02 * at[0]) ** 2, (0.03 * at[4]) ** 2, 1.0
    found = derived_of(problem, problem.constants, covariance)
    assert set(found.values) == {"c_p_1", "E_1", "nu_1", "c_p_2", "c_s_2", "E_2", "nu_2"}, "c_s_1 is known"
    assert found.values["c_s_2"].plus_minus == pytest.approx(0.015 * STEEL.c_s, rel=1e-6)
    alone = propagated(("nu",), constants_of(ALUMINIUM), covariance[:3, :3], "strain").values["nu"]
    assert found.values["nu_1"] == alone
    assert "E_1 and nu_1" in found.correlations and "E_2 and nu_2" in found.correlations
    withheld = derived_of(problem, problem.constants, None)
    assert withheld.values == {name: DerivedValue(value.value) for name, value in found.values.items()}


@pytest.fixture(scope="module")
def assessed():
    """A trained model and its fit, which holds."""
    session = Session(ep.Config(**CONFIG), problem_of(recorded()))
    while not session.converged and session.step < CONFIG["steps"]:
        session.advance()
    return session.trained()


@pytest.mark.slow
def test_a_fit_has_what_follows_from_its_own_values_and_errors(assessed):
    with torch.no_grad():
        fit = judgement.assess(assessed)
    assert fit.verdict == "holds", fit.reason
    at = np.array([fit.values["lambda"], fit.values["mu"], 2700.0])
    size = np.array([fit.plus_minus["lambda"], fit.plus_minus["mu"], 0.0])
    together = np.eye(3)
    together[0, 1] = together[1, 0] = fit.correlations["lambda and mu"]
    expected = propagated(NAMES, at, together * np.outer(size, size), "strain")
    assert fit.derived.keys() == expected.values.keys()
    for name, value in fit.derived.items():
        assert value.value == pytest.approx(expected.values[name].value, rel=1e-9)
        assert value.plus_minus == pytest.approx(expected.values[name].plus_minus, rel=1e-6)
    assert fit.derived_correlations == pytest.approx(expected.correlations, rel=1e-6)
    assert fit == type(fit).from_json(fit.as_json(), ("lambda", "mu", "rho"))


@pytest.mark.slow
def test_the_order_in_which_unknowns_are_named_makes_no_difference(assessed):
    problem = problem_of(recorded())
    turned = replace(problem, material=replace(problem.material, unknowns=("mu", "lambda")))
    session = Session(ep.Config(**CONFIG), turned)
    while not session.converged and session.step < CONFIG["steps"]:
        session.advance()
    with torch.no_grad():
        fit, other = judgement.assess(assessed), judgement.assess(session.trained())
    assert fit.correlations.keys() == other.correlations.keys() == {"lambda and mu"}
    assert other.correlations == pytest.approx(fit.correlations, rel=1e-3)


@pytest.mark.slow
def test_what_widens_the_errors_of_the_moduli_widens_all_and_what_withholds_them_withholds_all(assessed, monkeypatch):
    found = judgement.assess(assessed)
    for changes, times in (({"chi_square": 1.44}, 1.2), ({"is_identifiable": False}, None)):
        monkeypatch.setattr(judgement, "evidence_of", lambda *of, c=changes: replace(evidence_of(*of), **c))
        fit = judgement.assess(assessed)
        assert fit.derived.keys() == found.derived.keys()
        for name, value in fit.derived.items():
            errors = (value.plus_minus, value.low, value.high)
            if times is None:
                assert errors == (None, None, None) and not fit.derived_correlations
            else:
                assert value.plus_minus == pytest.approx(times * found.derived[name].plus_minus, rel=1e-6)
