import math
from dataclasses import replace

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.uncertainty import standard_errors

RUNS = 25
NOISE = 1e-3
WAVES = {
    "network": "plane_waves",
    "hidden_layers": [40],
    "activation": "sin",
    "precision": "float64",
    "input_frequency": 4.0,
    "stages": ["variable_projection"],
    "steps": 6,
    "validation_fraction": 0.0,
}


@pytest.fixture
def scattered(inverse, tiny, tmp_path):
    """A problem whose data a network of plane waves can meet, and what it finds in such data with many noises."""

    def found_in(name, displacement):
        data = replace(inverse.receivers, time=times, displacement=displacement, noise=NOISE, xy=xy)
        problem = replace(inverse, receivers=data, displacement_scale=1.0)
        return problem, ep.train(tiny(**WAVES), tmp_path / name, problem)

    rng = np.random.default_rng(0)
    xy, times = rng.random((20, 2)), np.linspace(0.0, 1.0, 11)
    _, run = found_in("truth", rng.standard_normal((20, 11, 2)))
    truth = run.predict(*xy.T[:, :, None], times)  # (R, T, 2), a solution of the equation in the material that it found
    noises = NOISE * rng.standard_normal((RUNS, *truth.shape))
    runs = [found_in(str(i), truth + noise) for i, noise in enumerate(noises)]
    return runs[0], [run.material() for _, run in runs]


@pytest.mark.slow
def test_the_standard_errors_are_what_the_unknowns_scatter_by_when_the_noise_is_another(scattered):
    (problem, run), found = scattered
    errors = standard_errors(run.latest(), problem)
    assert errors.keys() == {"lambda", "mu"}
    for name, error in errors.items():
        scatter = np.std([material[name] for material in found], ddof=1)
        assert error == pytest.approx(scatter, rel=4 / math.sqrt(2 * RUNS)), name
    silent = replace(problem, receivers=replace(problem.receivers, noise=0.0))
    by_misfit = standard_errors(run.latest(), silent)
    assert by_misfit == pytest.approx(errors, rel=0.2), "the misfit tells too, but for what the fit took of the noise"


def test_a_problem_without_unknowns_has_no_errors(tiny, waves, tmp_path):
    run = ep.train(tiny(steps=1), tmp_path, waves())
    assert standard_errors(run.latest(), waves()) == {}


@pytest.mark.parametrize("told_apart", [0, 1])
def test_unknowns_that_the_misfits_do_not_tell_apart_are_known_to_nothing(
    inverse, tiny, tmp_path, monkeypatch, told_apart
):
    system = Loss.system

    def blind(self, model, batches, parameters):
        residuals, effects = system(self, model, batches, parameters)
        is_of_unknowns = {id(p) for p in parameters} == {id(p) for p in model.material.parameters()}
        if is_of_unknowns:
            effects[:, told_apart:] = 0.0
        return residuals, effects

    run = ep.train(tiny(**WAVES), tmp_path, inverse)
    monkeypatch.setattr(Loss, "system", blind)
    assert standard_errors(run.latest(), inverse) == {"lambda": math.inf, "mu": math.inf}
