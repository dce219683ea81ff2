"""Channels whose records cannot be as they are are found by their names, and none of those that are sound."""

from dataclasses import replace

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data.faulty_channels import checked_told, faulty_channels, sentences

STEPS = np.linspace(0.0, 1.0, 200)  # s
SIDE = np.arange(6.0)
XY = np.stack(np.meshgrid(SIDE, SIDE), axis=-1).reshape(-1, 2)  # m
K = 14  # a receiver that others are around


def waves(noise=0.01, seed=0) -> np.ndarray:
    """What a pulse across a grid brings to it, with noise, (R, T, 2)."""
    late = STEPS[None] - 0.05 * XY[:, :1] - 0.02 * XY[:, 1:] - 0.3
    clean = np.stack([np.exp(-((late / 0.15) ** 2)), np.sin(20.0 * late) * np.exp(-((late / 0.2) ** 2))], axis=-1)
    return clean + noise * np.random.default_rng(seed).standard_normal(clean.shape)


def changed(change, row=K, column=1, noise=0.01) -> ep.Receivers:
    values = waves()
    values[row, :, column] = change(values[row, :, column])
    return ep.Receivers(records=ep.Records("velocity", values, XY, STEPS, noise=noise))


def clip(values: np.ndarray) -> np.ndarray:
    return np.clip(values, -0.5, 0.5)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda v: -v, "14 y is reversed, beside its neighbours"),
        (lambda v: 1000.0 * v, "14 y is of another size, 1e+03 times as large as its neighbours"),
        (lambda v: v / 1000.0, "14 y is of another size, 0.001 times as large as its neighbours"),
        (lambda v: v + 0.5, "14 y is with an offset, which its neighbours lack"),
        (lambda v: v + STEPS - 0.5, "14 y is with a drift, which its neighbours lack"),
        (lambda v: v + 0.3 * np.sin(2 * np.pi * 50.0 * STEPS), "14 y is humming at 50 Hz from the first sample to"),
        (lambda v: v + 0.3 * np.cos(2 * np.pi * 60.0 * STEPS), "14 y is humming at 60 Hz from the first sample to"),
        (lambda v: 0.0 * v, "14 y is constant, 0 m/s at all samples"),
        (lambda v: 0.0 * v + 2.5, "14 y is constant, 2.5 m/s at all samples"),
        (lambda v: v + 3.0 * (STEPS[90] == STEPS), "14 y is with spikes, 1 of its samples, far off those beside it"),
        (clip, f"14 y is clipped, {(np.abs(waves()[K, :, 1]) >= 0.5).sum()} samples stop at a bound of up to 0.5 m/s"),
    ],
)
def test_a_fault_of_one_channel_is_named(change, told):
    (only,) = faulty_channels(changed(change))
    assert str(only).startswith(told) and only.mend


@pytest.mark.parametrize("seed", range(20))
def test_sound_channels_are_not_doubted(seed):
    assert faulty_channels(ep.Receivers(records=ep.Records("velocity", waves(seed=seed), XY, STEPS))) == []


@pytest.mark.parametrize("name", ["aluminium", "aluminium_late", "plate", "plate_force"])
def test_shipped_recordings_are_not_doubted(name):
    assert faulty_channels(ep.Receivers.load(f"data/{name}_receivers.h5")) == []


def test_a_shipped_line_is_not_doubted():
    assert faulty_channels(ep.Receivers.load("data/line_array.h5")) == []


def test_noise_alone_is_not_doubted():
    noise = np.random.default_rng(0).standard_normal((36, 200, 2))
    assert faulty_channels(ep.Receivers(XY, STEPS, noise)) == []


def waves_after_quiet() -> np.ndarray:
    late = STEPS[None] - 0.02 * XY[:, :1] - 0.03 * XY[:, 1:] - 0.4
    clean = np.exp(-((late / 0.05) ** 2))[:, :, None] * [1.0, 0.5]
    return clean + 0.01 * np.random.default_rng(1).standard_normal(clean.shape)


FEW = [0, 8, 35]  # receivers, too few to compare


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda v: 0.0 * v, "1 y is constant"),
        (lambda v: v + 0.4, "1 y is with an offset, of 0.4"),
        (lambda v: v - 2.0 * (STEPS[120] == STEPS), "1 y is with spikes, 1 of its samples, far off those beside it"),
        (lambda v: np.clip(v, -0.3, 0.3), "1 y is clipped"),
    ],
)
def test_what_a_channel_shows_alone_needs_no_neighbours(change, told):
    values = waves_after_quiet()[FEW]
    assert faulty_channels(ep.Receivers(XY[FEW], STEPS, velocity=values)) == []
    values[1, :, 1] = change(values[1, :, 1])
    (only,) = faulty_channels(ep.Receivers(XY[FEW], STEPS, velocity=values))
    assert str(only).startswith(told)


def test_a_pulse_of_one_sample_is_no_spike_where_it_goes_past_all_receivers():
    values = 0.01 * np.random.default_rng(0).standard_normal((36, 200, 2))
    values[np.arange(36), 50 + np.arange(36)] += 1.0
    assert faulty_channels(ep.Receivers(XY, STEPS, velocity=values)) == []


@pytest.mark.parametrize(
    ("rows", "scale", "told"),
    [
        (
            slice(None),
            1.0,
            "polarity, size and drift beside neighbours in 40 of 72 channels (not where receivers are at",
        ),
        (FEW, 1.0, "beside neighbours in none of 6 channels (not where fewer than 7 receivers record along"),
        (
            slice(None),
            20.0,
            "beside neighbours in none of 72 channels (not where waves are too short for the distance of",
        ),
    ],
)
def test_what_could_not_be_looked_at_is_told_with_the_reason(rows, scale, told):
    late = STEPS[None] - scale * (0.05 * XY[:, :1] + 0.02 * XY[:, 1:]) % 0.7 - 0.1
    values = np.stack([np.exp(-((late / (0.15 / scale)) ** 2))] * 2, axis=-1)
    values += 0.01 * np.random.default_rng(0).standard_normal(values.shape)
    assert told in checked_told(ep.Receivers(XY[rows], STEPS, velocity=values[rows]).only)


def test_in_how_many_channels_an_offset_could_be_seen_is_told():
    records = ep.Records("velocity", waves_after_quiet(), XY, STEPS)
    assert checked_told(records).endswith("; offset in 72, those with 24 samples before their first wave")
    late = ep.Records("velocity", waves_after_quiet()[:, 100:], XY, STEPS[100:])
    assert "; offset in none, " in checked_told(late)


def test_a_receiver_that_was_read_twice_is_a_copy():
    values, xy = waves(), XY.copy()
    values[20], xy[20] = values[3], xy[3]
    found = faulty_channels(ep.Receivers(xy, STEPS, velocity=values))
    assert [str(each) for each in found] == [f"20 {axis} is a copy of 3 {axis}, to the last sample" for axis in "xy"]
    assert "leave one of the two out" in found[0].mend


def test_a_copy_at_another_place_is_told_where_noise_makes_it_impossible():
    # Without noise, a symmetric wave brings the same to two places.
    values = waves()
    values[33] = values[3]
    assert str(faulty_channels(ep.Receivers(records=ep.Records("velocity", values, XY, STEPS, noise=0.01)))[0]) == (
        "33 x is a copy of 3 x, to the last sample"
    )
    values = waves(noise=0.0)
    assert faulty_channels(ep.Receivers(records=ep.Records("velocity", values, XY, STEPS))) == []


@pytest.mark.parametrize("which", ["plane wave", "mirrored"])
def test_where_many_places_agree_no_noise_is_in_the_records(which):
    late = STEPS[None] - 0.05 * (XY[:, :1] if which == "plane wave" else np.abs(XY[:, :1] - 2.5)) - 0.3
    across = np.exp(-((late / 0.15) ** 2)) * (1.0 if which == "plane wave" else 1.0 + XY[:, 1:] * STEPS)
    values = np.stack([across, np.sin(20.0 * late) * across], axis=-1)
    if which == "mirrored":
        values[:, :, 1] *= np.sign(XY[:, :1] - 2.5)
    count = {"plane wave": 60, "mirrored": 36}[which]
    (only,) = faulty_channels(ep.Receivers(records=ep.Records("velocity", values, XY, STEPS, noise=0.01)))
    of = {"plane wave": "0 x", "mirrored": "2 x"}[which]
    assert f"without noise of its own, the same as {of} to the last sample ({count} of 72 channels are" in str(only)
    assert only.mend.startswith("add the noise that is stated")
    assert faulty_channels(ep.Receivers(records=ep.Records("velocity", values, XY, STEPS))) == []


def test_the_same_samples_at_other_times_are_no_copy():
    values, time = waves(), np.tile(STEPS, (len(XY), 1))
    values[33] = values[3]
    time[33] += 0.5
    assert faulty_channels(ep.Receivers(records=ep.Records("velocity", values, XY, time, noise=0.01))) == []
    time[33] -= 0.5
    assert len(faulty_channels(ep.Receivers(records=ep.Records("velocity", values, XY, time, noise=0.01)))) == 2


def test_x_and_y_of_a_wave_without_noise_may_be_the_same():
    values = waves(noise=0.0)[:, :, [1, 1]]
    assert faulty_channels(ep.Receivers(XY, STEPS, velocity=values)) == []


@pytest.mark.parametrize("factor", [1.0, -1.0, 2.5])
def test_a_copy_elsewhere_is_told_where_noise_is_seen_though_not_stated(factor):
    values = waves()
    values[33] = factor * values[3]
    told = [str(each) for each in faulty_channels(ep.Receivers(XY, STEPS, velocity=values))]
    assert told == ["33 x is a copy of 3 x, to the last sample", "33 y is a copy of 3 y, to the last sample"]


def test_two_receivers_at_one_place_with_noise_of_their_own_are_no_copies():
    values, xy = waves(), XY.copy()
    xy[1], values[1] = xy[0], waves(seed=1)[0]
    assert faulty_channels(ep.Receivers(xy, STEPS, velocity=values)) == []


@pytest.mark.parametrize(("speed", "are_told"), [(100.0, False), (1e5, True)])  # m/s
def test_a_steady_wave_of_the_mains_frequency_is_no_hum_where_its_phase_moves(speed, are_told):
    late = STEPS[None] - (XY[:, :1] + 0.5 * XY[:, 1:]) / speed
    values = np.stack([np.sin(2 * np.pi * 50.0 * late), 0.5 * np.sin(2 * np.pi * 50.0 * late)], axis=-1)
    values += 0.01 * np.random.default_rng(0).standard_normal(values.shape)
    found = faulty_channels(ep.Receivers(records=ep.Records("velocity", values, XY, STEPS)))
    assert [each.kind for each in found] == ["humming"] * (72 if are_told else 0)
    assert all(each.mend.startswith("unless the source has this frequency, filter it") for each in found)


def test_channels_of_one_fault_are_told_in_one_sentence():
    values = waves()
    for row in (7, 14, 21, 28, 35):
        values[row, :, 1] = clip(values[row, :, 1])
    values[10, :, 0] *= 1000.0
    clipped, larger = sentences(faulty_channels(ep.Receivers(records=ep.Records("velocity", values, XY, STEPS))))
    assert clipped.startswith("channel 7 y is clipped, ") and " (and so are 14 y, 21 y, 28 y and 1 more): " in clipped
    assert larger.startswith("channel 10 x is of another size, ") and larger.endswith(
        ": give it the gain that it recorded with (channel_gains)"
    )


def test_channels_of_several_quantities_have_the_names_of_verdicts():
    of_velocity = changed(clip, row=2).only
    strain = ep.Records("strain", 1e-6 * waves(seed=3)[:, :, :1], XY, STEPS, directions=["xx"])
    (only,) = faulty_channels(ep.Receivers(records=[strain, of_velocity]))
    assert only.channel == "velocity 38 y"


def test_gaps_and_dead_channels_are_no_faults():
    values = waves()
    values[3], values[5, 40:60] = np.nan, np.nan
    records = ep.Records("velocity", values, XY, STEPS)
    assert faulty_channels(ep.Receivers(records=records)) == []
    found = faulty_channels(ep.Receivers(records=replace(records, values=np.where(values == values, -values, values))))
    assert found == [], "all channels of one polarity are alike"


def test_a_fault_is_told_on_import_and_before_training(tmp_path, caplog):
    recorded = changed(clip).only
    np.savez(tmp_path / "scan.npz", velocity=recorded.values, time=STEPS, xy=XY)
    given = {"directions": ["x", "y"], "value_unit": "m/s", "length_unit": "m", "time_unit": "s"}
    read = ep.Receivers.read(tmp_path / "scan.npz", **given)
    assert "channel 14 y is clipped, " in caplog.text
    problem = ep.Problem(
        ep.Domain((0.0, 5.0), (0.0, 5.0), (0.0, 1.0)),
        ep.Material(300.0, 100.0, 1.0, ("lambda", "mu")),
        receivers=read,
    )
    assert any(
        each.startswith("channel 14 y is clipped, ") for each in ep.preview(ep.Config(problem="own"), problem).advice
    )
