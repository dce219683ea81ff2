"""Each term is zero for the truth, counts in its column, and the total is their weighted sum."""

import math
from dataclasses import replace

import pytest
import torch
from numpy.random import default_rng

from elastic_pinn.physics import ALUMINIUM, Displacement, Domain, Initial, Material, Problem, Traction
from elastic_pinn.physics.solutions import PlaneWave, StandingWaves
from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.sampling import data_batches, draw_evenly
from tests.networks.known import model_of

SIDES = ("left", "right", "bottom", "top")
COUNTS = {"interior": 30, "boundary": 20, "initial": 20}


def wave_in(material: Material) -> PlaneWave:
    constants = (material.lame_lambda, material.lame_mu, material.density)
    return PlaneWave("p", *constants, angle=0.4, wavelength=0.05, amplitude=1e-9)


def traction_of(wave: PlaneWave, material: Material, side: str):
    """sigma n of a plane P wave, by hand: strain = d d^T k A cos(phase)."""
    k = 2 * math.pi / wave.wavelength
    cos, sin = math.cos(wave.angle), math.sin(wave.angle)
    xx, yy = material.lame_lambda + 2 * material.lame_mu * cos**2, material.lame_lambda + 2 * material.lame_mu * sin**2
    xy = 2 * material.lame_mu * cos * sin
    sx, sy = {"left": (-xx, -xy), "right": (xx, xy), "bottom": (-xy, -yy), "top": (xy, yy)}[side]

    def traction(x, y, t):
        strain = k * wave.amplitude * torch.cos(k * (cos * x + sin * y - material.c_p * t))
        return torch.stack([sx * strain, sy * strain], dim=-1)

    return traction


def problem_in(material: Material, **changes) -> Problem:
    """A P wave through aluminium: displacement given on two sides, traction on two, the start, and nothing else."""
    wave = wave_in(material)
    walls = [Displacement(wave, ("left", "top"))]
    walls += [Traction(traction_of(wave, material, side), (side,)) for side in ("right", "bottom")]
    domain = Domain((0.01, 0.07), (-0.02, 0.02), (1e-6, 9e-6))
    return Problem(
        **({"domain": domain, "material": material, "boundary": walls, "initial": Initial.of(wave)} | changes)
    )


def losses(problem: Problem, field, **weights) -> dict[str, float]:
    """Every column for a known wavefield in the material of a problem."""
    batches = draw_evenly(problem, COUNTS, "uniform", default_rng(0))
    if problem.receivers:
        batches |= data_batches(problem)
    found = Loss(problem, TrainingConfig(**weights))(model_of(problem, field), batches)
    return {name: term.item() for name, term in found.items()}


def test_every_term_is_zero_for_an_exact_wave():
    found = losses(problem_in(ALUMINIUM), wave_in(ALUMINIUM))
    assert found.keys() == {"total", "pde", "boundary", "initial"}
    assert max(found.values()) < 1e-20


def test_every_term_is_of_order_one_for_a_wave_of_the_wrong_sign():
    wave = wave_in(ALUMINIUM)
    found = losses(problem_in(ALUMINIUM), lambda x, y, t: -wave(x, y, t))
    assert found["pde"] < 1e-20, "it is a solution, but not this one"
    assert 0.1 < found["boundary"] < 1000 and 0.1 < found["initial"] < 1000


@pytest.mark.parametrize("side", SIDES)
def test_the_traction_of_each_side_is_met_by_the_exact_wave_only(side):
    wall = Traction(traction_of(wave_in(ALUMINIUM), ALUMINIUM, side), (side,))
    right, wrong = (problem_in(solid, boundary=(wall,)) for solid in (ALUMINIUM, Material(6e10, 2.6e10, 2700.0)))
    assert losses(right, wave_in(ALUMINIUM))["boundary"] < 1e-20
    assert losses(wrong, wave_in(ALUMINIUM))["boundary"] > 1e-5


def test_the_wave_equation_is_met_by_the_right_material_only():
    wave = wave_in(ALUMINIUM)
    found = losses(problem_in(Material(5.76e10, 2.6e10, 2800.0), boundary=(), initial=Initial.of(wave)), wave)
    assert found["pde"] > 1e-3
    assert found["initial"] < 1e-20


def test_a_body_force_is_met():
    def swing(x, y, t):
        return torch.stack([1e-9 * (t / 1e-6) ** 2, 0 * x], dim=-1)

    def force(x, y, t):  # density times acceleration
        return torch.stack([torch.full_like(x, 2700.0 * 2e-9 / 1e-12), 0 * x], dim=-1)

    problem = problem_in(ALUMINIUM, boundary=(), initial=Initial.of(swing), force=force)
    found = losses(problem, swing)
    assert found["pde"] < 1e-20 and found["initial"] < 1e-20
    without = problem_in(ALUMINIUM, boundary=(), initial=Initial.of(swing))
    assert losses(without, swing)["pde"] > 1e-3


def test_displacement_and_velocity_at_the_start_both_count():
    wave = wave_in(ALUMINIUM)
    start = Initial.of(wave)
    still = problem_in(ALUMINIUM, initial=Initial(displacement=wave), displacement_scale=1e-9)
    moved = problem_in(ALUMINIUM, initial=Initial(velocity=start.velocity), displacement_scale=1e-9)
    wrong_velocity, wrong_place = (losses(p, wave)["initial"] for p in (still, moved))
    assert wrong_velocity > 0.1 and wrong_place > 0.1


def test_receivers_are_met_by_what_they_recorded(inverse):
    waves = StandingWaves(2.0, 1.0, 1.0)
    inverse = replace(inverse, material=Material(2.0, 1.0, 1.0))
    found = losses(inverse, waves)
    assert found.keys() == {"total", "pde", "data"}
    assert found["data"] < 1e-20 and found["pde"] < 1e-20
    off = losses(inverse, lambda x, y, t: 1.1 * waves(x, y, t))
    recorded = data_batches(inverse)["data"].target
    assert off["data"] == pytest.approx(0.01 * recorded.square().sum(1).mean().item())


def test_columns_are_unweighted_and_the_total_is_their_weighted_sum(waves, receivers):
    problem = waves(receivers=receivers())

    def wrong(x, y, t):
        return torch.stack([x**2 * t, y + t**2], dim=-1)

    weights = {"weight_pde": 2.0, "weight_boundary": 3.0, "weight_initial": 5.0, "weight_data": 7.0}
    plain, weighted = losses(problem, wrong), losses(problem, wrong, **weights)
    terms = {name: plain[name] for name in ("pde", "boundary", "initial", "data")}
    assert min(terms.values()) > 0
    assert {name: weighted[name] for name in terms} == terms
    assert plain["total"] == pytest.approx(
        terms["pde"] + 10 * terms["boundary"] + 10 * terms["initial"] + terms["data"]
    )
    assert weighted["total"] == pytest.approx(sum(weights[f"weight_{name}"] * value for name, value in terms.items()))


def test_the_conditions_of_several_sides_add_up_in_one_column(waves):
    def wrong(x, y, t):
        return torch.stack([x * t, y], dim=-1)

    one = Displacement(lambda x, y, t: torch.stack([x + 1, y], dim=-1), ("left",))  # misfit 1 + t x - x = 1 on x = 0
    other = Displacement(lambda x, y, t: torch.stack([x * t, y + 2], dim=-1), ("top",))  # misfit 2
    problem = waves(boundary=(one, other), displacement_scale=1.0)
    assert losses(problem, wrong)["boundary"] == pytest.approx(1.0 + 4.0)
