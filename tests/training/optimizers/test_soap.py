"""SOAP is Adam in bases that follow the gradients."""

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Adam

from elastic_pinn.training.optimizers.soap import SOAP

BETAS, EPSILON = (0.9, 0.99), 1e-8


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def soap(parameters: list[nn.Parameter], every: int = 3, rate: float = 0.05) -> SOAP:
    return SOAP(parameters, rate, BETAS, EPSILON, every)


def descend(optimizer, parameter: nn.Parameter, function, steps: int) -> list[Tensor]:
    """The parameter's values after each step."""
    values = []
    for _ in range(steps):
        parameter.grad = torch.autograd.grad(function(parameter), parameter)[0]
        optimizer.step()
        values.append(parameter.detach().clone())
    return values


TARGET = drawn(4, 3, seed=1)
LEFT, RIGHT = torch.eye(4) + drawn(4, 4, seed=2) / 2, torch.eye(3) + drawn(3, 3, seed=3) / 2


def valley(matrix: Tensor) -> Tensor:
    """A quartic valley along no axis."""
    return (LEFT @ (matrix - TARGET) @ RIGHT).pow(4).sum() + (LEFT @ (matrix - TARGET)).square().sum()


@pytest.mark.parametrize("shape", [(5,), ()])
def test_vectors_and_numbers_go_as_with_adam(shape):
    one, other = nn.Parameter(drawn(*shape)), nn.Parameter(drawn(*shape))
    ours = descend(soap([one]), one, lambda x: (x - 1).pow(4).sum(), 20)
    adams = descend(Adam([other], 0.05, BETAS, EPSILON), other, lambda x: (x - 1).pow(4).sum(), 20)
    torch.testing.assert_close(torch.stack(ours), torch.stack(adams), rtol=1e-12, atol=1e-12)


def test_in_bases_that_are_the_axes_a_matrix_goes_as_with_adam_one_step_later():
    one, other = nn.Parameter(drawn(4, 3)), nn.Parameter(drawn(4, 3))
    optimizer = soap([one], every=1000)
    assert torch.equal(descend(optimizer, one, valley, 1)[0], drawn(4, 3)), "the first step only makes the bases"
    memory = optimizer.state[one]
    memory |= {"left_basis": torch.eye(4, dtype=torch.float64), "right_basis": torch.eye(3, dtype=torch.float64)}
    ours, adams = descend(optimizer, one, valley, 20), descend(Adam([other], 0.05, BETAS, EPSILON), other, valley, 20)
    torch.testing.assert_close(torch.stack(ours), torch.stack(adams), rtol=1e-12, atol=1e-12)


def test_where_gradients_lie_along_the_axes_a_matrix_goes_as_with_adam_whatever_the_order_of_its_bases():
    one, other = (nn.Parameter(torch.zeros(3, 3, dtype=torch.float64)) for _ in range(2))
    ours, adam = soap([one], every=2), Adam([other], 0.05, BETAS, EPSILON)
    for step in range(60):
        gains = [4.0, 2.0, 1.0] if step < 5 else [1.0, 3.0, 20.0]  # the last axis comes first in the end
        one.grad = other.grad = torch.diag(torch.tensor(gains, dtype=torch.float64) * (1 + 0.1 * step))
        ours.step()
        if step:  # the first step only makes the bases
            adam.step()
    assert ours.state[one]["left_basis"][:, 0].abs().argmax() == 2
    torch.testing.assert_close(one.data, other.data, rtol=1e-6, atol=1e-6)  # rounding error over epsilon stays


def test_a_turned_problem_is_solved_along_the_turned_path():
    turn_left, turn_right = (torch.linalg.qr(drawn(n, n, seed=n))[0] for n in (4, 3))
    plain, turned = nn.Parameter(drawn(4, 3)), nn.Parameter(turn_left @ drawn(4, 3) @ turn_right.T)
    path = descend(soap([plain]), plain, valley, 20)
    other = descend(soap([turned]), turned, lambda x: valley(turn_left.T @ x @ turn_right), 20)
    torch.testing.assert_close(turn_left @ torch.stack(path) @ turn_right.T, torch.stack(other), rtol=1e-6, atol=1e-6)


def test_bases_become_eigenvectors_of_the_mean_squares_the_largest_first():
    parameter = nn.Parameter(torch.zeros(4, 3, dtype=torch.float64))
    optimizer = soap([parameter], every=1)
    for seed in range(400):
        parameter.grad = LEFT @ drawn(4, 3, seed=seed) @ RIGHT
        optimizer.step()
    memory = optimizer.state[parameter]
    for side, gain in (("left", 4), ("right", 3)):
        basis = memory[f"{side}_basis"]
        torch.testing.assert_close(basis.T @ basis, torch.eye(gain, dtype=torch.float64), rtol=0.0, atol=1e-12)
        inside = basis.T @ memory[side] @ basis
        values = inside.diagonal()
        assert (inside - values.diag()).abs().max() < 0.05 * values[0]
        assert values.tolist() == sorted(values.tolist(), reverse=True)


def test_means_count_every_gradient_from_the_first():
    parameter = nn.Parameter(torch.zeros(4, 3, dtype=torch.float64))
    optimizer = soap([parameter])
    gradients = [drawn(4, 3, seed=seed) for seed in range(5)]
    for parameter.grad in gradients:
        optimizer.step()
    counts = [0.99 ** (4 - i) for i in range(5)]
    mean = sum(count * g @ g.T for count, g in zip(counts, gradients, strict=True)) / sum(counts)
    torch.testing.assert_close(optimizer.state[parameter]["left"], mean)


def test_bases_turn_when_it_is_time():
    parameter = nn.Parameter(drawn(4, 3))
    optimizer, turned = soap([parameter], every=3), []
    descend(optimizer, parameter, valley, 1)
    for step in range(1, 10):
        before = optimizer.state[parameter]["left_basis"]
        descend(optimizer, parameter, valley, 1)
        if not torch.equal(before, optimizer.state[parameter]["left_basis"]):
            turned.append(step)
    assert turned == [3, 6, 9]


def test_in_a_narrow_valley_along_no_axis_it_is_far_ahead_of_adam():
    def narrow(matrix: Tensor) -> Tensor:
        return (LEFT @ (matrix - TARGET) @ RIGHT).square().sum()

    one, other = nn.Parameter(drawn(4, 3)), nn.Parameter(drawn(4, 3))
    ours = narrow(descend(soap([one]), one, narrow, 400)[-1])
    adams = narrow(descend(Adam([other], 0.05, BETAS, EPSILON), other, narrow, 400)[-1])
    assert ours < 0.01 * adams
