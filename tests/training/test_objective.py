"""The loss as an optimizer sees it: true gradients, and no work done twice."""

import pytest
import torch
from torch import nn

from elastic_pinn.training.distributed.processes import Processes
from elastic_pinn.training.objective import Objective


@pytest.fixture
def counted():
    """Two parameters, of which one has no effect; an objective; and the list of places where it was evaluated."""
    used, unused = nn.Parameter(torch.tensor([3.0, 4.0])), nn.Parameter(torch.tensor(1.0))
    places = []

    def evaluate(position):
        places.append(used.tolist())
        square = used.square().sum()
        return {"total": 2 * square, "square": square}

    return used, unused, Objective([used, unused], evaluate, None, None, None, Processes()), places


def test_a_call_gives_the_total_and_sets_gradients_and_terms(counted):
    used, unused, objective, _ = counted
    assert objective().item() == 50.0
    assert used.grad.tolist() == [12.0, 16.0]
    assert unused.grad.item() == 0.0
    assert {name: term.item() for name, term in objective.terms.items()} == {"total": 50.0, "square": 25.0}
    assert not any(term.requires_grad for term in objective.terms.values())


def test_nothing_takes_the_place_of_what_an_objective_has_not(counted):
    _, _, objective, _ = counted
    assert objective.blocks_beside is None and objective.waveforms is None


def test_the_same_place_is_evaluated_once(counted):
    used, _, objective, places = counted
    objective()
    used.grad = None
    assert objective().item() == 50.0
    assert used.grad.tolist() == [12.0, 16.0]
    assert len(places) == 1


def test_another_place_is_evaluated_anew(counted):
    used, _, objective, places = counted
    objective()
    with torch.no_grad():
        used[0] += 1e-6
    objective()
    assert len(places) == 2 and places[0] != places[1]


def test_other_points_mean_another_evaluation(counted):
    _, _, objective, places = counted
    objective()
    objective.forget()
    objective()
    assert len(places) == 2


def test_a_gradient_that_was_changed_on_the_way_is_whole_again(counted):
    used, _, objective, _ = counted
    objective()
    used.grad.mul_(0.0)  # as clipping does
    objective()
    assert used.grad.tolist() == [12.0, 16.0]


def test_a_position_is_a_copy(counted):
    used, _, objective, _ = counted
    before = objective.position()
    with torch.no_grad():
        used += 1.0
    assert before.tolist() == [3.0, 4.0, 1.0]


def test_gradients_come_inside_no_grad_too(counted):
    used, _, objective, _ = counted
    with torch.no_grad():
        objective()
    assert used.grad.tolist() == [12.0, 16.0]
