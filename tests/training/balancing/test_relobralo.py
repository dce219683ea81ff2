"""Relative loss balancing with random lookback, by the formulas of its source."""

import math

import pytest

import elastic_pinn as ep
from elastic_pinn.training.balancing.relobralo import KEPT, relative, relobralo
from elastic_pinn.training.session import Session
from tests.training.balancing.sessions import terms_of


class Drawn:
    """A generator that draws one number."""

    def __init__(self, number: float) -> None:
        self.number = number

    def random(self) -> float:
        return self.number


def by_hand(losses, before, temperature) -> dict[str, float]:
    powers = {name: math.exp(loss / (temperature * before[name])) for name, loss in losses.items()}
    return {name: len(powers) * power / sum(powers.values()) for name, power in powers.items()}


@pytest.fixture
def session(tiny) -> Session:
    config = tiny(precision="float64", balance_memory=0.8, balance_temperature=0.5)
    return Session(config, ep.problem_from(config))


def test_relative_factors_are_the_softmax_of_the_ratios():
    losses, before = {"a": 1.0, "b": 3.0, "c": 0.5}, {"a": 2.0, "b": 2.0, "c": 5.0}
    found = relative(losses, before, 0.7)
    assert found == pytest.approx(by_hand(losses, before, 0.7))
    assert sum(found.values()) == pytest.approx(3.0) and max(found, key=found.get) == "b"


def test_ratios_that_no_exponential_holds_are_no_fault():
    assert relative({"a": 1.0, "b": 1.0}, {"a": 0.0, "b": 1.0}, 0.1) == {"a": 2.0, "b": 0.0}


def test_the_first_balance_changes_no_weight(session):
    terms = terms_of(session)
    assert relobralo(terms) == pytest.approx(dict.fromkeys(("pde", "boundary", "initial"), 1.0))
    losses = terms.evaluate()
    assert terms.memory == {"first": losses, "last": losses}


@pytest.mark.parametrize("number", [KEPT - 0.01, KEPT + 0.01])
def test_the_mean_is_of_the_factors_before_or_at_random_of_those_since_the_start(session, number):
    first = {"pde": 0.1, "boundary": 0.2, "initial": 3.0}
    last = {"pde": 0.3, "boundary": 0.4, "initial": 0.5}
    before = {"pde": 0.5, "boundary": 1.5, "initial": 1.0}
    terms = terms_of(session, factors=before, memory={"first": first, "last": last}, generator=Drawn(number))
    losses = terms.evaluate()
    base = before if number < KEPT else by_hand(losses, first, 0.5)
    new = by_hand(losses, last, 0.5)
    assert relobralo(terms) == pytest.approx({name: 0.8 * base[name] + 0.2 * new[name] for name in losses})
    assert terms.memory == {"first": first, "last": losses}
