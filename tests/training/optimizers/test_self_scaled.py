"""The inverse Hessian after an update, and how fast the descent is that it gives."""

import itertools
import math

import pytest
import torch
from torch import nn

from elastic_pinn.training.optimizers.self_scaled import Coefficients, SelfScaled, bfgs, broyden, update_inverse
from tests.training.optimizers.descent import losses, quadratic, quartic, rosenbrock

N = 6
each_update = pytest.mark.parametrize("update", [bfgs, broyden])


def by_the_paper(h: float, b: float, n: int) -> Coefficients:
    """Self-scaled Broyden as Urban, Stefanou and Pons write it."""
    a = h * b - 1
    c = math.sqrt(a / (a + 1))
    rho = min(1, h * (1 - c))
    theta = max((rho - 1) / a, min(1 / rho, (1 - b) / b))
    sigma, tau = 1 + a * theta, min(1, 1 / b)
    even = sigma ** (-1 / (n - 1))
    return Coefficients(tau * min(even, 1 / theta) if theta > 0 else min(tau * even, sigma), (1 - theta) / sigma)


def drawn(seed: int, scale: float):
    """An inverse Hessian, a step, the change of the gradient along it in another valley, and s.Bs / y.s."""
    generator = torch.Generator().manual_seed(seed)
    root, other = torch.randn(2, N, N, dtype=torch.float64, generator=generator)
    inverse, hessian = root @ root.T, scale * other @ other.T
    s = torch.randn(N, dtype=torch.float64, generator=generator)
    y = hessian @ s
    return inverse, s, y, (s.dot(torch.linalg.solve(inverse, s)) / y.dot(s)).item()


each_case = pytest.mark.parametrize(
    ("seed", "scale"), [(seed, 10.0**power) for seed in range(8) for power in (-3, 0, 3)]
)


@each_case
@each_update
@pytest.mark.parametrize("first", [True, False])
def test_an_update_fulfils_the_secant_equation_and_stays_symmetric_and_positive_definite(update, seed, scale, first):
    inverse, s, y, b = drawn(seed, scale)
    assert update_inverse(inverse, s, y, b, update, first)
    size = inverse.norm().item()
    torch.testing.assert_close(inverse @ y, s, rtol=1e-9, atol=1e-14 * size * y.norm().item())
    torch.testing.assert_close(inverse, inverse.T, rtol=0.0, atol=1e-14 * size)
    assert torch.linalg.eigvalsh(inverse).min() > 0


@each_case
def test_self_scaled_bfgs_is_bfgs_of_a_scaled_inverse(seed, scale):
    inverse, s, y, b = drawn(seed, scale)
    turn = torch.eye(N, dtype=torch.float64) - torch.outer(y, s) / y.dot(s)
    textbook = turn.T @ (inverse * max(1.0, b)) @ turn + torch.outer(s, s) / y.dot(s)
    update_inverse(inverse, s, y, b, bfgs, first=False)
    torch.testing.assert_close(inverse, textbook, rtol=1e-9, atol=1e-9 * textbook.abs().max().item())


@each_case
def test_the_coefficients_of_broyden_are_those_of_the_paper(seed, scale):
    inverse, s, y, b = drawn(seed, scale)
    h = (y.dot(inverse @ y) / y.dot(s)).item()
    assert broyden(h, b, N, first=False) == pytest.approx(by_the_paper(h, b, N), rel=1e-6)


def test_the_cases_lead_through_every_branch_of_the_paper():
    cases = [drawn(seed, 10.0**power) for seed in range(8) for power in (-3, 0, 3)]
    phis = [broyden((y.dot(inverse @ y) / y.dot(s)).item(), b, N, False).phi for inverse, s, y, b in cases]
    assert any(phi == 0 for phi in phis) and any(0 < phi < 1 for phi in phis) and any(phi > 1 for phi in phis)


@each_update
def test_a_step_that_the_hessian_foresaw_changes_nothing(update):
    inverse, s, _, _ = drawn(0, 1.0)
    before = inverse.clone()
    update_inverse(inverse, s, torch.linalg.solve(inverse, s), 1.0, update, first=False)
    torch.testing.assert_close(inverse, before, rtol=1e-9, atol=1e-9)


def bfgs_without_scaling(h: float, b: float, parameters: int, first: bool) -> Coefficients:
    """BFGS with its first inverse Hessian alone scaled (Nocedal and Wright, equation 6.20)."""
    return Coefficients(h if first else 1.0, 1.0)


ONES = torch.ones(30, dtype=torch.float64)
DESCENTS = {
    "rosenbrock 2": (rosenbrock, torch.tensor([-1.2, 1.0], dtype=torch.float64), 50),
    "rosenbrock 20": (rosenbrock, -ONES[:20], 200),
    "quadratic": (quadratic, ONES, 120),
    "quartic": (quartic, ONES, 60),
}


@each_update
@pytest.mark.parametrize("name", DESCENTS)
def test_descents_end_below_1e_10_in_few_iterations_and_never_go_up(update, name):
    function, start, steps = DESCENTS[name]
    seen = losses(function, start, lambda x: SelfScaled(x, update), steps)
    assert seen[-1] < 1e-10
    assert all(after < before for before, after in itertools.pairwise(seen))


@each_update
@pytest.mark.parametrize(("name", "times"), [("quadratic", 1.5), ("quartic", 5)])
def test_where_curvatures_differ_scaling_takes_fewer_iterations(update, name, times):
    function, start, _ = DESCENTS[name]
    scaled, plain = (
        len(losses(function, start, lambda x, u=u: SelfScaled(x, u), 1000)) for u in (update, bfgs_without_scaling)
    )
    assert times * scaled < plain


@each_update
def test_one_parameter_is_enough(update):
    seen = losses(
        lambda x: (x - 3).square().sum(), torch.zeros(1, dtype=torch.float64), lambda x: SelfScaled(x, update), 9
    )
    assert seen[-1] < 1e-10


@each_update
def test_parameters_of_any_shape_go_down_together(update):
    matrix, number = nn.Parameter(torch.ones(2, 3, dtype=torch.float64)), nn.Parameter(torch.tensor(2.0).double())
    optimizer = SelfScaled([matrix, number], update)

    def closure():
        with torch.enable_grad():
            loss = (matrix - 2).square().sum() + 100 * (number - matrix.sum()).square()
            matrix.grad, number.grad = torch.autograd.grad(loss, [matrix, number])
        return loss.detach()

    for _ in range(30):
        optimizer.step(closure)
    assert closure() < 1e-10 and number.item() == pytest.approx(12.0)


@each_update
def test_where_no_point_is_lower_parameters_stay_to_the_last_bit(update):
    x = nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
    optimizer = SelfScaled([x], update)

    def closure():
        x.grad = torch.tensor([1.0, 1.0], dtype=torch.float64)  # of another function
        return (x.detach() - torch.tensor([1.0, -2.0])).square().sum() + 1

    optimizer.step(closure)
    assert x.tolist() == [1.0, -2.0] and "inverse_hessian" not in optimizer.state[x]


@each_update
def test_an_inverse_that_rounding_has_spoilt_is_forgotten(update):
    x = nn.Parameter(torch.tensor([1.0, 1.0], dtype=torch.float64))
    optimizer = SelfScaled([x], update)

    def closure():
        x.grad = x.detach() * torch.tensor([1.0, 10.0], dtype=torch.float64)
        return (x.detach() * x.grad).sum() / 2

    optimizer.step(closure)
    kept = optimizer.state[x]["inverse_hessian"]
    optimizer.step(closure)
    assert optimizer.state[x]["inverse_hessian"] is kept
    spoilt = torch.tensor([[1.0, 0.0], [0.0, -1e-3]], dtype=torch.float64)
    y = torch.tensor([0.0, 1.0], dtype=torch.float64)
    before = spoilt.clone()
    assert not update_inverse(spoilt, y, y, 1.0, update, False) and torch.equal(spoilt, before)
    with torch.no_grad():
        x.copy_(torch.tensor([0.1, 1e-3]))
    kept.copy_(torch.tensor([[1.0, 0.0], [0.0, -1.0]]))  # still down along x, up along y
    for _ in range(5):
        optimizer.step(closure)
    assert optimizer.state[x].get("inverse_hessian") is not kept
