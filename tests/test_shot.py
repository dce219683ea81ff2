"""The wavefield of a shot by finite elements: motion, strain, stress and energy are nearly those of an exact one."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from elastic_pinn.error_estimate import still
from elastic_pinn.physics import Displacement, Domain, Initial, Material, Problem
from elastic_pinn.physics.data import RECORDED_QUANTITIES
from elastic_pinn.physics.media.material import plane_stress_lambda
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.run.shot import WavefieldByElements
from elastic_pinn.workbench.quantities import BY_ELEMENTS, QUANTITIES, GridFields

LAMBDA, MU, RHO = 5.76e10, 2.6e10, 2700.0
SIDE, END = 0.1, 30e-6  # m, s
AWAY = {"displacement": 2e-3, "velocity": 1e-2, "acceleration": 5e-2}
AWAY_OF_SLOPES = 2e-2

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["strain", "stress"])
def standing(request):
    """Standing waves in a square, in plane strain or stress, by elements, and the moduli of the equations."""
    lame_lambda = LAMBDA if request.param == "strain" else plane_stress_lambda(LAMBDA, MU)
    exact = StandingWaves(lame_lambda, MU, RHO, p_amplitude=1e-6, s_amplitude=1e-6, length=SIDE)
    problem = Problem(
        domain=Domain((0.0, SIDE), (0.0, SIDE), (0.0, END)),
        material=Material(LAMBDA, MU, RHO, plane=request.param),
        boundary=(Displacement(exact),),
        initial=Initial.of(exact),
        exact=exact,
    )
    return problem, WavefieldByElements(problem, still(problem), None), Moduli.of(lame_lambda, MU, RHO)


def derivatives(exact, x, y, t):
    """The displacement at places and times (N,), and its derivatives by their names, each (N, 2), SI."""
    at = {axis: torch.from_numpy(each).requires_grad_() for axis, each in zip("xyt", (x, y, t), strict=True)}

    def slope(values, axis):
        return torch.stack([torch.autograd.grad(each.sum(), at[axis], create_graph=True)[0] for each in values.T], 1)

    u = {"": exact(*at.values())}
    for name in ("x", "y", "t", "xt", "yt", "tt"):
        u[name] = slope(u[name[:-1]], name[-1])
    return {name: each.detach() for name, each in u.items()}


@pytest.mark.parametrize("name", RECORDED_QUANTITIES)
def test_what_elements_predict_is_nearly_the_exact_quantity(standing, name):
    problem, wavefield, moduli = standing
    rng = np.random.default_rng(0)
    x, y, t = rng.uniform(0.0, SIDE, 200), rng.uniform(0.0, SIDE, 200), rng.uniform(0.1 * END, END, 200)
    exact = RECORDED_QUANTITIES[name].of(derivatives(problem.exact, x, y, t), moduli).numpy()
    off = np.linalg.norm(wavefield.predict(x, y, t, name) - exact) / np.linalg.norm(exact)
    assert off < AWAY.get(name, AWAY_OF_SLOPES)


def test_each_quantity_on_a_grid_is_nearly_the_exact_one(standing):
    problem, wavefield, moduli = standing
    fields, t = GridFields(wavefield, 11), 0.6 * END
    x, y = (each.ravel() for each in np.meshgrid(fields.x, fields.y, indexing="ij"))
    u = derivatives(problem.exact, x, y, np.full_like(x, t))
    solid = SimpleNamespace(moduli=moduli, plane=problem.material.plane)
    for name, values in next(fields.over(BY_ELEMENTS, [t])).items():
        exact = QUANTITIES[name].of(u, solid).numpy().reshape(11, 11)
        off = np.linalg.norm(values - exact) / np.linalg.norm(exact)
        assert off < AWAY_OF_SLOPES, name
    assert set(QUANTITIES) - set(BY_ELEMENTS) == {"residual"}


def test_what_a_solution_with_slopes_has_is_not_solved_for_anew_without_them(standing, monkeypatch):
    problem, wavefield, _ = standing
    solved, solve = [], WavefieldByElements._solution
    monkeypatch.setattr(WavefieldByElements, "_solution", lambda *given: solved.append(given[2]) or solve(*given))
    x, y, t = np.array([[0.031], [0.052]]), np.array([[0.023], [0.061]]), np.array([0.4 * END, END])
    wavefield.predict(x, y, t, "stress")
    found = wavefield.predict(x[::-1], y[::-1], t)
    assert solved == [("", "x", "y")]
    alone = WavefieldByElements(problem, still(problem), None)
    np.testing.assert_allclose(found, alone.predict(x[::-1], y[::-1], t), rtol=1e-9)
    wavefield.predict(0.07, 0.01, END, "velocity")
    assert solved == [("", "x", "y"), ("",), ("",)], "of another place"


def test_on_a_grid_elements_are_solved_for_once(standing, monkeypatch):
    _, wavefield, _ = standing
    solved, solve = [], WavefieldByElements._solution
    monkeypatch.setattr(WavefieldByElements, "_solution", lambda *given: solved.append(1) or solve(*given))
    fields = GridFields(wavefield, 7)
    fields.at("u_x", 0.0)
    fields.at("stress_xx", END)
    assert fields.coarser(3).largest("energy") > 0.0 and len(solved) == 1
