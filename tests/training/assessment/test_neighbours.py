"""Misfits that are alike at neighbouring receivers are told from noise of any size, place, clock and number."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
import torch

from elastic_pinn.training.assessment.channels import Channels
from elastic_pinn.training.assessment.misfits import FALSE_ALARM
from elastic_pinn.training.assessment.neighbours import alike

NOISES = 200
ALARMS = 8  # of these, at most, where 1 % is the true rate: more have a probability of 0.0002


def channels(xy, times, directions) -> Channels:
    """The channels of receivers (R, 2) with times of their own and directions (R, C, K), in random order."""
    rng = np.random.default_rng(3)
    rows = [
        (number, instant, *place, *along)
        for number, (place, time, along) in enumerate(
            (xy[r], times[r], directions[r, c]) for r in range(len(xy)) for c in range(directions.shape[1])
        )
        for instant in time
    ]
    of, time, x, y, *parts = torch.tensor(rng.permutation(np.array(rows, dtype=float))).T
    names = [str(i) for i in range(len(xy) * directions.shape[1])]
    return Channels(names, of.long(), time, torch.stack([x, y], dim=1), torch.stack(parts, dim=1), torch.zeros(len(of)))


def square(side: int) -> np.ndarray:
    return np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2).astype(float)


def both(count: int) -> np.ndarray:
    return np.broadcast_to(np.eye(2), (count, 2, 2))


def one(count: int) -> np.ndarray:
    return both(count)[:, :1]


def kinds_of_receivers() -> dict[str, Channels]:
    rng, steps = np.random.default_rng(0), np.arange(24.0)
    angle, anywhere = rng.uniform(0.0, 2.0 * np.pi, (30, 2)), rng.uniform(0.0, 1.0, (30, 2))
    oblique = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    gaps = [steps[rng.random(24) < 0.8] for _ in range(25)]
    gaps[7] = gaps[7][:1]
    return {
        "a square": channels(square(5), [steps] * 25, both(25)),
        "gaps": channels(square(5), gaps, both(25)),
        "clocks of their own": channels(square(5), np.sort(rng.uniform(0.0, 24.0, (25, 24)), axis=1), both(25)),
        "one component": channels(square(5), [steps] * 25, one(25)),
        "oblique, anywhere": channels(anywhere, [steps] * 30, oblique),
        "a line": channels(np.stack([2.0 * steps, 0.0 * steps], axis=1), [np.arange(40.0)] * 24, one(24)),
        "few": channels(anywhere[:5], [steps[:12]] * 5, both(5)),
    }


RECEIVERS = kinds_of_receivers()


def judged(which: Channels, misfits: torch.Tensor, rows: torch.Tensor | None = None):
    """How alike neighbours are, and whether that is surely no noise, for a probability that it is."""
    rows = misfits.new_zeros(len(misfits), 1) if rows is None else rows
    chi_square = float(misfits.square().sum()) / (len(misfits) - float(rows.square().sum()))
    found = alike(which, misfits, chi_square, rows)

    def is_surely(alarm: float) -> bool:
        return max(each.score for each in found) > NormalDist().inv_cdf(1.0 - alarm / len(found))

    return found, is_surely


@pytest.mark.slow
@pytest.mark.parametrize("kind", RECEIVERS)
@pytest.mark.parametrize("noise", ["of one size", "of a size by channel", "with outliers", "fitted"])
def test_noise_is_hardly_ever_taken_for_a_wave(kind, noise):
    which, rng = RECEIVERS[kind], np.random.default_rng(1)
    count, fitted = len(which.of), None
    sizes = torch.from_numpy(np.exp(rng.standard_normal(len(which.names))))[which.of]
    if noise == "fitted":  # by waves that are longer than receivers are apart, a tenth as many as numbers
        amount = count // 10
        point = torch.column_stack([which.place / which.place.max(), which.time / which.time.max()])
        phase = point @ torch.from_numpy(5.0 * rng.standard_normal((3, amount)))
        along = which.direction @ torch.from_numpy(rng.standard_normal((which.direction.shape[1], amount)))
        fitted = torch.linalg.qr(torch.cos(phase + torch.from_numpy(rng.uniform(0.0, 6.3, amount))) * along)[0]
    scores, alarms = [], 0
    for _ in range(NOISES):
        draw = rng.standard_t(4, count) if noise == "with outliers" else rng.standard_normal(count)
        misfits = torch.from_numpy(draw) * (sizes if noise == "of a size by channel" else 1.0)
        if fitted is not None:
            misfits = misfits - fitted @ (fitted.T @ misfits)
        found, is_surely = judged(which, misfits, fitted)
        scores.append(found[0].score)
        alarms += is_surely(0.01)
    assert alarms <= ALARMS
    assert np.mean(scores) == pytest.approx(0.0, abs=4.0 / np.sqrt(NOISES))
    assert np.std(scores) == pytest.approx(1.0, abs=4.0 / np.sqrt(2.0 * NOISES))


@pytest.mark.parametrize("kind", RECEIVERS)
def test_what_all_receivers_have_in_common_is_found(kind):
    which, rng = RECEIVERS[kind], np.random.default_rng(2)
    vector = torch.stack([torch.sin(3.0 * which.time), torch.cos(3.0 * which.time)], dim=1)
    wave = (which.direction * vector).sum(1)
    found, is_surely = judged(which, 2.0 * wave + torch.from_numpy(rng.standard_normal(len(wave))))
    assert is_surely(FALSE_ALARM) and found[0].correlation > 0.2


def test_what_some_receivers_have_in_common_names_them():
    which, rng = RECEIVERS["a square"], np.random.default_rng(2)
    corner = {0, 1, 5, 6}
    wave = torch.sin(2.0 * which.time + which.direction[:, 0])
    there = torch.tensor([i // 2 in corner for i in which.of.tolist()])
    found, is_surely = judged(which, torch.from_numpy(rng.standard_normal(len(wave))) + 3.0 * wave * there)
    surest = sorted(found[1:], key=lambda each: -each.score)[:4]
    assert is_surely(FALSE_ALARM) and {int(each.name) // 2 for each in surest} <= corner


def test_the_polarity_of_a_receiver_is_counted():
    turned = np.where(np.arange(25) % 2, -1.0, 1.0)[:, None, None] * one(25)
    which = channels(square(5), [np.arange(24.0)] * 25, turned)
    found, _ = judged(which, which.direction[:, 0] * torch.sin(2.0 * which.time))
    assert found[0].correlation == pytest.approx(1.0)


def test_x_is_not_compared_with_y():
    line = np.stack([np.arange(8.0), np.zeros(8)], axis=1)
    along = np.where(np.arange(8)[:, None] % 2, [0.0, 1.0], [1.0, 0.0])[:, None]
    which = channels(line, [np.arange(24.0)] * 8, along)
    assert judged(which, torch.ones(8 * 24, dtype=torch.float64))[0] == ()


def test_receivers_of_one_shot_are_not_compared_with_those_of_another():
    which = channels(square(5), [np.arange(24.0)] * 25, one(25))
    shots = replace(which, shot=which.of % 2)  # neighbours along x and y are of the other one
    sign = torch.where(shots.shot > 0, 1.0, -1.0).double()
    assert judged(which, sign)[0][0].correlation < 0.0
    assert judged(shots, sign)[0][0].correlation == pytest.approx(1.0)


@pytest.mark.parametrize("count", [1, 4])
def test_few_receivers_are_not_judged(count):
    which = channels(square(2)[:count], [np.arange(50.0)] * count, both(count))
    assert judged(which, torch.ones(100 * count, dtype=torch.float64))[0] == ()


def test_receivers_that_never_recorded_at_once_are_not_judged():
    times = [np.arange(3.0) + 100.0 * row for row in range(9)]
    assert judged(channels(square(3), times, both(9)), torch.ones(54, dtype=torch.float64))[0] == ()
