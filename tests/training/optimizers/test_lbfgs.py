"""L-BFGS: how fast it goes down, what it keeps, and that the size of the loss is nothing to it."""

import itertools

import pytest
import torch
from torch import nn

from elastic_pinn.training.optimizers.lbfgs import LBFGS
from elastic_pinn.training.optimizers.quasi_newton import fixed_step
from tests.training.optimizers.descent import losses, quadratic, quartic, rosenbrock

ONES = torch.ones(30, dtype=torch.float64)
DESCENTS = {
    "rosenbrock 2": (rosenbrock, torch.tensor([-1.2, 1.0], dtype=torch.float64), 50),
    "rosenbrock 20": (rosenbrock, -ONES[:20], 200),
    "quadratic": (quadratic, ONES, 400),
    "quartic": (quartic, ONES, 80),
}


def torchs(parameters: list[nn.Parameter]) -> torch.optim.LBFGS:
    return torch.optim.LBFGS(
        parameters, max_iter=1, max_eval=26, history_size=20, line_search_fn="strong_wolfe",
        tolerance_grad=0.0, tolerance_change=0.0,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", DESCENTS)
def test_descents_end_below_1e_10_in_no_more_iterations_than_torchs_and_never_go_up(name):
    function, start, steps = DESCENTS[name]
    seen = losses(function, start, lambda x: LBFGS(x, history=20), steps)
    assert seen[-1] < 1e-10
    assert all(after < before for before, after in itertools.pairwise(seen))
    assert len(seen) <= 1.1 * len(losses(function, start, torchs, 10 * steps))


def places(scale: float, make, steps: int = 40) -> torch.Tensor:
    """Where steps down a scaled Rosenbrock valley lead, (steps, n)."""
    x = nn.Parameter(-ONES[:6].clone())
    optimizer = make([x])

    def closure():
        with torch.enable_grad():
            loss = scale * rosenbrock(x)
            x.grad = torch.autograd.grad(loss, x)[0]
        return loss.detach()

    seen = []
    for _ in range(steps):
        optimizer.step(closure)
        seen.append(x.detach().clone())
    return torch.stack(seen)


def test_a_loss_of_any_size_is_gone_down_alike():
    """After the first step, which is as long as the gradient where this is short: so 2^20 beside 2^10, both large."""
    large, larger = (places(2.0**power, lambda x: LBFGS(x, 20)) for power in (10, 20))
    assert torch.equal(large, larger)
    tiny = places(2.0**-50, lambda x: LBFGS(x, 20), 400)[-1]
    assert rosenbrock(tiny) < 1e-6, "of a loss that starts at 1e-12"


def test_the_newest_pairs_are_kept_and_each_is_a_step_and_its_change_of_the_gradient():
    x = nn.Parameter(ONES[:3].clone())
    optimizer = LBFGS([x], history=2)

    def closure():
        with torch.enable_grad():
            loss = quartic(x)
            x.grad = torch.autograd.grad(loss, x)[0]
        return loss.detach()

    seen = []
    for _ in range(4):
        closure()
        seen.append((x.detach().clone(), x.grad.clone()))
        optimizer.step(closure)
    closure()
    seen.append((x.detach().clone(), x.grad.clone()))
    memory = optimizer.state[x]
    assert len(memory["steps"]) == len(memory["changes"]) == 2
    for s, y, before, after in zip(memory["steps"], memory["changes"], seen[2:], seen[3:], strict=False):
        torch.testing.assert_close(s, after[0] - before[0], rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(y, after[1] - before[1], rtol=1e-9, atol=1e-12)


def test_a_step_along_which_the_loss_is_concave_teaches_nothing():
    x = nn.Parameter(torch.tensor([0.5], dtype=torch.float64))
    optimizer = LBFGS([x], history=5, lr=0.1, search=fixed_step)

    def closure():
        with torch.enable_grad():
            loss = -x.square().sum()
            x.grad = torch.autograd.grad(loss, x)[0]
        return loss.detach()

    optimizer.step(closure)
    assert x.item() > 0.5 and not optimizer.state[x]


def test_without_a_line_search_the_step_is_the_learning_rate_times_the_direction():
    x = nn.Parameter(torch.tensor([3.0, 4.0], dtype=torch.float64))
    optimizer = LBFGS([x], history=5, lr=0.5, search=fixed_step)

    def closure():
        x.grad = 2.0 * x.detach()
        return x.detach().square().sum()

    optimizer.step(closure)
    assert x.tolist() == pytest.approx([3.0 - 0.5 / 14 * 6, 4.0 - 0.5 / 14 * 8])
    before = x.detach().clone()
    optimizer.step(closure)
    torch.testing.assert_close(x.detach(), before / 2.0)  # half of Newton's step, which a quadratic's is


def test_where_no_point_is_lower_parameters_stay_to_the_last_bit():
    x = nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    optimizer = LBFGS([x], history=5)

    def closure():
        x.grad = torch.tensor([1.0, 1.0], dtype=torch.float64)  # of another function
        return (x.detach() - torch.tensor([1.0, -2.0])).square().sum() + 1

    optimizer.step(closure)
    assert x.tolist() == [1.0, -2.0] and not optimizer.state[x]
