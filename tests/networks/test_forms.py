"""Whatever a network's outputs are, its predictions are those of one displacement, and its equations are met by it."""

import itertools
import math

import pytest
import torch
from torch import Tensor

import elastic_pinn as ep
from elastic_pinn.networks.forms import FORMS, OfForm
from elastic_pinn.networks.jets import components
from elastic_pinn.physics.elasticity import Normal
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.training.superpositions import require_solvable
from tests.networks.known import Written

POINTS = 2 * torch.rand(7, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3)) - 1
SOLID = Moduli.of(*(torch.tensor(value, dtype=torch.float64) for value in (0.5, 0.25, 1.0)))
ALL = components("".join(pair) for pair in itertools.combinations_with_replacement("xyt", 2))


def p_and_s(points: Tensor) -> tuple[Tensor, Tensor]:
    """Potentials of a P and an S wave in SOLID, each (N,)."""
    (x, y, t), c_s = points.unbind(1), math.sqrt(0.25)
    return torch.sin(2.0 * (0.6 * x + 0.8 * y - t)), torch.cos(3.0 * (0.8 * x - 0.6 * y - c_s * t))


def derivative(function, axis: int):
    """The derivative of a function of points, (N,), by an axis."""

    def of(points: Tensor) -> Tensor:
        points = points if points.requires_grad else points.clone().requires_grad_()
        return torch.autograd.grad(function(points).sum(), points, create_graph=True)[0][:, axis]

    return of


def displacement(points: Tensor) -> Tensor:
    """Of both waves, (N, 2)."""
    phi, psi = (lambda points: p_and_s(points)[0]), (lambda points: p_and_s(points)[1])
    (phi_x, phi_y), (psi_x, psi_y) = ((derivative(each, 0)(points), derivative(each, 1)(points)) for each in (phi, psi))
    return torch.stack([phi_x + psi_y, phi_y - psi_x], dim=1)


OUTPUTS = {
    "displacement": displacement,
    "potentials": lambda points: torch.stack(p_and_s(points), dim=1),
}
WINDOW = ep.Domain((-1.0, 1.0), (-1.0, 1.0), (-1.0, 1.0))
CONDITIONS = {ep.Traction: "top", ep.Absorbing: "left", ep.Symmetry: "right", ep.Displacement: "bottom"}
each_form = pytest.mark.parametrize("form", FORMS)


@each_form
def test_outputs_of_a_known_wave_make_its_displacement_with_all_derivatives(form):
    none = torch.zeros(1, requires_grad=True)
    made = OfForm(Written(OUTPUTS[form], (none,)), FORMS[form])(POINTS, ALL)
    expected = Written(displacement, (none,))(POINTS, ALL)
    torch.testing.assert_close(made, expected, rtol=1e-12, atol=1e-11)


@each_form
def test_every_statement_is_met_by_the_outputs_of_a_wave_and_missed_in_another_solid(form):
    sides = [each(sides=[side]) for each, side in CONDITIONS.items()]
    problem = ep.Problem(WINDOW, ep.Material(0.5, 0.25, 1.0), boundary=sides, initial=ep.Initial())
    trial = Written(OUTPUTS[form], (torch.zeros(1, requires_grad=True),))
    of_displacement = Written(displacement, (torch.zeros(1, requires_grad=True),))
    for statement in problem.statements:
        required = FORMS[form].required(statement)
        names = components(required.derivatives)
        outputs = dict(zip(names, trial(POINTS, names), strict=True))
        normal = Normal.of(torch.tensor([[0.6, 0.8]], dtype=torch.float64).expand(7, 2))
        found = required.operator(outputs, SOLID, normal)
        names = components(statement.derivatives)
        u = dict(zip(names, of_displacement(POINTS, names), strict=True))
        expected = statement.operator(u, SOLID, normal)
        if statement.column == "pde":
            assert found.abs().max() < 1e-11
            stiffer = Moduli.of(*(2.0 * each for each in SOLID[:2]), SOLID.density)
            assert required.operator(outputs, stiffer, normal).abs().max() > 0.1
        else:
            torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


def test_a_form_is_refused_where_it_cannot_hold():
    with pytest.raises(ep.ConfigError, match="form = 'potentials' with network 'plane_waves': only with 'mlp'"):
        ep.Config(network="plane_waves", form="potentials", hidden_layers=[10], activation="sin")


REST = ep.Domain((0.0, 1.0), (0.0, 1.0))


@pytest.mark.parametrize(
    ("problem", "fault"),
    [
        (ep.Problem(WINDOW, ep.Medium(lambda x, y: 2.0 + y, 1.0, 1.0), initial=ep.Initial()), "a heterogeneous medium"),
        (ep.Problem(REST, ep.Material(0.5, 0.25, 1.0), [ep.Displacement()]), "a static problem"),
        (
            ep.Problem(WINDOW, ep.Material(0.5, 0.25, 1.0), initial=ep.Initial(), force=lambda x, y, t: (x, y)),
            "a body force",
        ),
    ],
)
def test_potentials_are_refused_for_a_problem_that_they_cannot_meet(problem, fault):
    config = ep.Config(problem="own", network="mlp", form="potentials")
    with pytest.raises(ep.ConfigError, match=f"^form 'potentials' cannot meet {fault}: take 'displacement'"):
        require_solvable(config, problem)
