"""Unknown gains are eliminated with the source: as one least squares of all numbers has them, and their errors."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.data import Truth
from elastic_pinn.physics.data.found_gains import with_gains
from elastic_pinn.physics.shots import records_of_all, with_gains_of_shot
from elastic_pinn.training.gains import FitWithGains
from elastic_pinn.training.source_fit import ShotPart

SAMPLES, CHANNELS, PULSES = 40, 6, 5
NOISE = 1e-2


def drawn(pulses=PULSES, seed=0):
    """Columns, the true gains of all channels, the source's coefficients, and the channel of each misfit."""
    rng = np.random.default_rng(seed)
    columns = rng.standard_normal((SAMPLES * CHANNELS, pulses))
    gains = np.array([1.0, 0.3, -1.4, 2.0, 1.0, 0.8])
    return columns, gains, rng.standard_normal(pulses), np.repeat(np.arange(CHANNELS), SAMPLES)


def fitted(columns, target, channels, unknown, pulse):
    is_of = torch.from_numpy((channels[:, None] == np.array(unknown)).astype(float))
    names = {str(each): each for each in unknown}
    alone = ShotPart("1", slice(None), slice(None), pulse)
    return FitWithGains.found(torch.from_numpy(columns), torch.from_numpy(target), [alone], is_of, names)


@pytest.mark.parametrize("unknown", [[1, 2, 3, 5], [1, 2, 3, 4, 5]], ids=["two references", "one reference"])
def test_gains_and_wavelet_are_the_least_squares_of_both(unknown):
    from scipy.optimize import least_squares

    columns, gains, coefficients, channels = drawn()
    clean = gains[channels] * (columns @ coefficients)
    target = clean + NOISE * np.random.default_rng(1).standard_normal(len(clean))
    found = fitted(columns, target, channels, unknown, ep.UnknownWavelet(1.0))

    def misfits(numbers):
        factors = np.ones(CHANNELS)
        factors[unknown] = numbers[PULSES:]
        return factors[channels] * (columns @ numbers[:PULSES]) - target

    both = least_squares(misfits, np.concatenate([coefficients, gains[unknown]]), xtol=1e-14, ftol=1e-14, gtol=1e-14)
    np.testing.assert_allclose(found.gains, both.x[PULSES:], rtol=1e-7)
    np.testing.assert_allclose(found.coefficients, both.x[:PULSES], rtol=1e-7)
    errors = np.sqrt(np.diag(np.linalg.inv(both.jac.T @ both.jac)))
    np.testing.assert_allclose(found.gains_by_span.norm(dim=1), errors[PULSES:], rtol=1e-4)
    np.testing.assert_allclose(found.by_span.norm(dim=1), errors[:PULSES], rtol=1e-4)
    assert list(found.numbers) == [f"gain of {each}" for each in unknown]
    basis = np.linalg.qr(both.jac)[0]
    np.testing.assert_allclose(found.span @ found.span.T, basis @ basis.T, atol=1e-6)
    np.testing.assert_allclose(found.by_source(torch.from_numpy(columns)), found.span, atol=1e-8)
    predicted = found.waveforms(torch.from_numpy(columns)).numpy()
    assert np.abs(predicted - target).max() < 5.0 * NOISE


def test_gains_that_shots_share_are_the_least_squares_of_all_of_them():
    from scipy.optimize import least_squares

    columns, gains, coefficients, channels = drawn()
    others = np.random.default_rng(7).standard_normal((len(columns), 3))
    both = np.block([[columns, np.zeros_like(others)], [np.zeros_like(columns), others]])
    wavelets, factors = np.concatenate([coefficients, [0.5, -2.0, 1.0]]), np.tile(gains[channels], 2)
    target = factors * (both @ wavelets)
    target += NOISE * np.random.default_rng(1).standard_normal(len(target))
    unknown = [1, 2, 3, 4, 5]
    first, second = channels < 2, channels > 0  # one channel in both, and the second shot has no known gain
    kept = np.concatenate([first, second])
    both, target, of = both[kept], target[kept], np.tile(channels, 2)[kept]
    is_of = torch.from_numpy((of[:, None] == np.array(unknown)).astype(float))
    split, pulse = int(first.sum()), ep.UnknownWavelet(1.0)
    shots = [
        ShotPart("a", slice(0, split), slice(0, PULSES), pulse),
        ShotPart("b", slice(split, None), slice(PULSES, None), pulse),
    ]
    names = {str(each): each for each in unknown}
    found = FitWithGains.found(torch.from_numpy(both), torch.from_numpy(target), shots, is_of, names)

    def misfits(numbers):
        scaled = np.ones(CHANNELS)
        scaled[unknown] = numbers[len(wavelets) :]
        return scaled[of] * (both @ numbers[: len(wavelets)]) - target

    start = np.concatenate([wavelets, gains[unknown]])
    best = least_squares(misfits, start, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    np.testing.assert_allclose(found.gains, best.x[len(wavelets) :], rtol=1e-7)
    np.testing.assert_allclose(found.coefficients, best.x[: len(wavelets)], rtol=1e-6)
    errors = np.sqrt(np.diag(np.linalg.inv(best.jac.T @ best.jac)))
    np.testing.assert_allclose(found.gains_by_span.norm(dim=1), errors[len(wavelets) :], rtol=1e-4)
    np.testing.assert_allclose(found.by_span.norm(dim=1), errors[: len(wavelets)], rtol=1e-4)
    np.testing.assert_allclose(found.of_pulses(slice(PULSES, None)).by_span.norm(dim=1), errors[PULSES:8], rtol=1e-4)


@pytest.mark.parametrize("seed", range(12))
def test_gains_of_either_polarity_are_found_in_a_shot_of_which_none_is_known(seed):
    rng = np.random.default_rng(seed)
    of = np.repeat([0, 1, 1, 2, 3, 4, 5], SAMPLES)  # of two channels in one shot, and of five in another
    rows = slice(0, 2 * SAMPLES), slice(2 * SAMPLES, None)
    gains = np.concatenate([[1.0], rng.choice([-1.0, 1.0], 5) * np.exp(0.8 * rng.standard_normal(5))])
    columns = np.zeros((len(of), 2 * PULSES))
    for i, each in enumerate(rows):
        columns[each, PULSES * i : PULSES * (i + 1)] = rng.standard_normal((len(of[each]), PULSES))
    target = gains[of] * (columns @ rng.standard_normal(2 * PULSES))
    is_of = torch.from_numpy((of[:, None] == np.arange(1, CHANNELS)).astype(float))
    shots = [
        ShotPart(str(i), each, slice(PULSES * i, PULSES * (i + 1)), ep.UnknownWavelet(1.0))
        for i, each in enumerate(rows)
    ]
    names = {str(each): each for each in range(1, CHANNELS)}
    found = FitWithGains.found(torch.from_numpy(columns), torch.from_numpy(target), shots, is_of, names)
    np.testing.assert_allclose(found.gains, gains[1:], rtol=1e-6)


def test_all_gains_are_found_beside_a_known_source():
    columns, gains, _, channels = drawn(1)
    target = gains[channels] * columns[:, 0]
    found = fitted(columns, target, channels, list(range(CHANNELS)), None)
    np.testing.assert_allclose(found.gains, gains)
    np.testing.assert_allclose(found.waveforms(torch.from_numpy(columns)), target)
    assert found.coefficients.tolist() == [1.0]


def test_a_gain_of_which_nothing_tells_is_not_reported():
    columns, gains, coefficients, channels = drawn()
    columns[channels == 3] = 0.0
    target = gains[channels] * (columns @ coefficients) + 1e-3 * np.random.default_rng(2).standard_normal(len(channels))
    found = fitted(columns, target, channels, [2, 3], ep.UnknownWavelet(1.0))
    assert list(found.numbers) == ["gain of 2"] and found.gains[1] == 1.0


def test_records_of_a_known_truth_are_corrected_by_gains_that_were_found():
    xy, time, values = np.array([[0.0, 0.0], [1.0, 0.5]]), np.linspace(0.0, 1.0, 5), np.ones((2, 5, 2))
    truth = Truth({"lambda": 2.0, "mu": 1.0, "rho": 1.0}, velocity=values)
    corrected = with_gains(ep.Receivers(xy, time, velocity=values, noise=0.1, truth=truth), {1: 2.0})
    assert corrected.only.corrected[0, 0].tolist() == [1.0, 0.5] and corrected.only.corrected[1, 0].tolist() == [1, 1]
    assert corrected.truth.material == truth.material
    again = with_gains(corrected, {1: 3.0, 2: -1.0}).only  # beside those that were known, or found before
    assert again.corrected[0, 0].tolist() == [1.0, 1.0 / 6.0] and again.corrected[1, 0].tolist() == [-1.0, 1.0]


def test_a_gain_is_that_of_its_channel_in_shots_of_which_one_has_it_dead():
    times, values = np.linspace(0.0, 1.0, 5), np.random.default_rng(0).standard_normal((2, 5, 2))
    dead = values.copy()
    dead[1, :, 0] = np.nan
    left, right = (
        ep.Receivers(records=[ep.Records("displacement", each, np.eye(2), times, noise=1.0, shot=shot)])
        for shot, each in (("left", dead), ("right", values))
    )
    second = SimpleNamespace(receivers=right)
    problem = SimpleNamespace(receivers=left, other_shots=(second,), records_of_all_shots=None)
    problem.shots, problem.records_of_all_shots = (problem, second), records_of_all(problem)
    found = {0: 2.0, 6: 4.0}  # of x of the first, and of that of the second, of which "left" has nothing
    corrected = with_gains_of_shot(problem, 1, found).records[0]
    assert np.broadcast_to(corrected.gain, (2, 2)).tolist() == [[2.0, 1.0], [4.0, 1.0]]
