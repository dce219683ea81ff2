"""Velocity and acceleration are inverted as displacement is, with a true ±, and are not taken for each other."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.fit import Fit
from elastic_pinn.physics.cramer_rao_bound import cramer_rao
from elastic_pinn.physics.solutions import StandingWaves
from elastic_pinn.training.assessment.linearised import Linearised
from elastic_pinn.training.session import Session
from tests.training.assessment.plates import (
    CONFIG,
    TRUE,
    brought,
    errors,
    found,
    problem_of,
    recorded,
    trained,
    with_noise,
)

WITHIN, SCATTERED = 3.0, 12  # ±, and draws of the noise
NAMES = ("lambda", "mu")


WAVES = StandingWaves(2.0, 1.0, 1.0)
SQUARE = {
    "problem": "own", "network": "plane_waves", "hidden_layers": [400], "activation": "sin", "input_frequency": 6.0,
    "precision": "float64", "stages": ["variable_projection"], "steps": 12, "ridge": 1e-6, "interior_points": 5,
    "initial_points": 150, "weight_initial": 100.0, "validation_points": 10, "log_level": "warning",
}  # fmt: skip


def found_in_standing_waves(seed: int, start: tuple[float, float] = (2.4, 0.85), within: float = 2.0) -> Fit:
    """What 25 receivers find that record the velocity of standing waves, of 10 m/s, with noise of 0.3 m/s."""
    side, times = np.linspace(0.0, 1.0, 5), np.linspace(0.0, 0.6, 9)
    xy = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    x, y, t = (torch.from_numpy(np.broadcast_to(a, (25, 9)).copy()) for a in (*xy.T[:, :, None], times))
    u = WAVES(x, y, t.requires_grad_())
    rates = np.stack([torch.autograd.grad(u[..., i].sum(), t, retain_graph=True)[0] for i in (0, 1)], axis=-1)
    noise = 0.3 * np.random.default_rng(seed).standard_normal(rates.shape)
    problem = ep.Problem(
        ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 0.6)),
        ep.Material(*start, 1.0, NAMES, within),
        initial=ep.Initial.of(WAVES),
        receivers=ep.Receivers(xy, times, velocity=rates + noise, noise=0.3),
    )
    return trained(ep.Config(**SQUARE), problem)


def bound(receivers: ep.Receivers) -> dict[str, float]:
    """The least ± of an unbiased estimate where the wavefield is known but for the material, SI."""

    def record(values):
        return brought(receivers.xy, receivers.time, {**TRUE, **values}, receivers.quantity.name)

    least = cramer_rao(record, {name: TRUE[name] for name in NAMES}, receivers.noise)
    return {name: relative * TRUE[name] for name, relative in zip(NAMES, least, strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize("quantity", ["velocity", "acceleration"])
def test_the_material_is_found_within_an_error_that_is_a_little_above_the_least_possible(quantity):
    receivers = recorded(quantity=quantity)
    fit, least = found(receivers), bound(receivers)
    assert fit.verdict == "holds" and fit.noise == receivers.noise
    assert max(map(abs, errors(fit).values())) < WITHIN
    for name in NAMES:  # waves that enter through the sides are free, which the bound does not know
        assert least[name] < fit.plus_minus[name] < 3.0 * least[name]


@pytest.mark.slow
def test_the_errors_are_what_the_unknowns_scatter_by_when_the_noise_is_another():
    fits = [found(with_noise(recorded(quantity="velocity"), seed)) for seed in range(SCATTERED)]
    for name in NAMES:
        stated = np.median([fit.plus_minus[name] for fit in fits if fit.plus_minus])
        scatter = np.std([fit.values[name] for fit in fits], ddof=1)
        assert scatter == pytest.approx(stated, rel=3.0 / np.sqrt(2 * SCATTERED)), name


@pytest.mark.slow
def test_velocities_of_standing_waves_find_the_material_from_ten_times_off():
    fit = found_in_standing_waves(0, (0.2, 0.1), 20.0)
    assert fit.verdict == "holds" and fit.values == pytest.approx({"lambda": 2.0, "mu": 1.0}, rel=0.02)
    assert abs(fit.values["lambda"] - 2.0) < WITHIN * fit.plus_minus["lambda"]
    assert abs(fit.values["mu"] - 1.0) < WITHIN * fit.plus_minus["mu"]


@pytest.mark.slow
def test_the_material_of_standing_waves_scatters_by_its_error():
    fits = [found_in_standing_waves(seed) for seed in range(SCATTERED)]
    for name, true in zip(NAMES, (2.0, 1.0), strict=True):
        stated, values = (
            np.median([fit.plus_minus[name] for fit in fits if fit.plus_minus]),
            [f.values[name] for f in fits],
        )
        assert np.std(values, ddof=1) == pytest.approx(stated, rel=3.0 / np.sqrt(2 * SCATTERED)), name
        assert np.mean(values) == pytest.approx(true, abs=WITHIN * stated / np.sqrt(SCATTERED)), name


@pytest.mark.slow
def test_a_velocity_that_is_given_as_a_displacement_is_noticed_where_the_start_is_known():
    right = recorded(quantity="velocity")
    fit = found(replace(right, velocity=None, displacement=right.velocity, truth=None))
    assert fit.verdict == "withheld" and not fit.plus_minus


@pytest.mark.slow
def test_records_in_another_unit_of_length_have_the_same_error():
    def in_mm(receivers: ep.Receivers) -> ep.Receivers:
        """The same plate with lengths in mm, in which lambda and mu are a thousandth and rho a thousand-millionth."""
        longer = {"xy": 1e3 * receivers.xy, "velocity": 1e3 * receivers.velocity, "noise": 1e3 * receivers.noise}
        solid = {name: value / (1e9 if name == "rho" else 1e3) for name, value in receivers.material.items()}
        pulses = [
            replace(each, center=tuple(1e3 * c for c in each.center), width=1e3 * each.width, peak=1e3 * each.peak)
            for each in receivers.pulses
        ]
        return replace(receivers, **longer, material=solid, pulses=pulses, truth=None)

    metres, millimetres = (
        found(each, steps=3) for each in (recorded(quantity="velocity"), in_mm(recorded(quantity="velocity")))
    )
    assert millimetres.chi_square == pytest.approx(metres.chi_square, rel=1e-6)
    for name in NAMES:
        assert millimetres.values[name] == pytest.approx(metres.values[name] / 1e3, rel=1e-6)


@pytest.mark.parametrize("quantity", ["displacement", "velocity"])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_the_rate_of_the_records_is_that_of_the_wavefield(quantity, precision):
    problem = problem_of(recorded(quantity=quantity))
    session = Session(ep.Config(**CONFIG | {"stages": ["last_layer"], "steps": 1, "precision": precision}), problem)
    session.advance()
    trained, batch = session.trained(), session.sampler.batches["data"]
    rate = {"displacement": "t", "velocity": "tt"}[quantity]
    exact = trained.model.derivatives(batch.points, (rate,))[rate].detach()
    linear = Linearised(trained)
    error = (linear.rate() - exact).norm() / exact.norm()
    assert error < {"float64": 1e-7, "float32": 1e-2}[precision]
    value = {"displacement": "", "velocity": "t"}[quantity]
    torch.testing.assert_close(linear.field(), trained.model.derivatives(batch.points, (value,))[value].detach())
