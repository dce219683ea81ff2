"""Recordings before they are used: each step gives new receivers, with true samples and a true noise."""

import math
from dataclasses import replace

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data.faulty_channels import faulty_channels, sentences
from elastic_pinn.physics.data.noise import noise_of
from elastic_pinn.physics.data.processing import band_pass, cut, leave_out, mute, with_noise, without_baseline
from elastic_pinn.physics.data.readers.units import in_si

TIME = 1e-7 * np.arange(400)


@pytest.fixture
def recorded(aluminium):
    return ep.Receivers.load(aluminium)


def waves(frequency, noise=0.0, count=50):
    """A harmonic wave at receivers whose phase differs, and noise."""
    phase = 2 * math.pi * (frequency * TIME + np.linspace(0, 1, count)[:, None])
    values = np.stack([np.cos(phase), np.sin(phase)], -1)
    values += noise * np.random.default_rng(0).standard_normal(values.shape)
    xy = np.random.default_rng(1).random((count, 2))
    return ep.Receivers(xy, TIME, velocity=values, noise=noise)


def test_receivers_that_are_left_out_are_gone_and_the_others_as_they_were(recorded):
    left = leave_out(recorded, [3, 0, 120])
    rows = np.delete(np.arange(121), [0, 3, 120])
    assert np.array_equal(left.xy, recorded.xy[rows]) and np.array_equal(left.recorded, recorded.recorded[rows])
    assert np.array_equal(left.truth.recorded, recorded.truth.recorded[rows])
    assert left.noise == recorded.noise and left.pulses == recorded.pulses and left.material == recorded.material
    assert left.provenance == f"{recorded.provenance}\nleft out receivers [0, 3, 120]"
    assert left.path is None and left.sha256 == "" and len(recorded.xy) == 121, "the first object stays as it is"


def test_a_window_keeps_what_is_within_its_ends_in_space_and_time(recorded, tmp_path):
    part = cut(recorded, x=(0.012, 0.048), time=(1e-6, 4e-6))
    rows = (recorded.xy[:, 0] > 0.0119) & (recorded.xy[:, 0] < 0.0481)
    times = (recorded.time > 0.99e-6) & (recorded.time < 4.01e-6)
    assert part.recorded.shape == (rows.sum(), times.sum(), 2)
    assert np.array_equal(part.recorded, recorded.recorded[rows][:, times])
    assert np.array_equal(part.truth.recorded, recorded.truth.recorded[rows][:, times])
    assert part.provenance.endswith("\ncut to x 0.012 to 0.048, time 1e-06 to 4e-06")
    part.save(tmp_path / "part.h5")
    assert np.array_equal(ep.Receivers.load(tmp_path / "part.h5").recorded, part.recorded)


def with_offsets(noise=0.5e-3, offset=0.5e-3):
    """Eight lasers (m/s) from -20 to 79 us, each with an offset of its own, waves of 50 kHz from about 0 us."""
    time, rows = 5e-7 * np.arange(-40, 159), np.arange(8)
    since = time - 2e-6 * rows[:, None]
    values = np.where(since > 0.0, 0.02 * np.sin(2 * np.pi * 5e4 * since), 0.0) + offset * (1 + rows[:, None])
    values = values + noise * np.random.default_rng(0).standard_normal(values.shape)
    xy = np.stack([5e-3 * rows, 0.0 * rows], axis=1)
    return ep.Receivers(records=ep.Records("velocity", values, xy, time, ["y"]))


def test_offsets_are_subtracted_by_the_mean_before_the_waves():
    raw = with_offsets()
    (told,) = sentences(faulty_channels(raw))
    assert told.endswith(
        ": subtract its mean before the waves (baseline), filter it (lowest_frequency), or leave it out"
    )
    ready, window = without_baseline(raw, (-20e-6, -2e-6)), raw.only.time <= -1.99e-6
    assert faulty_channels(ready) == [] and window.sum() == 37
    taken = raw.only.values - ready.only.values
    assert np.ptp(taken, axis=1).max() < 1e-15  # one number a channel
    np.testing.assert_allclose(taken[:, 0, 0], raw.only.values[:, window, 0].mean(axis=1), rtol=1e-12)
    error = taken[:, 0, 0] - 0.5e-3 * (1 + np.arange(8))
    assert 0.0 < np.sqrt(np.mean(error**2)) < 2.0 * 0.5e-3 / math.sqrt(37)
    assert ready.provenance.endswith(
        "subtracted the mean from -2e-05 to -2e-06 s of each channel, of 37 samples or more"
    )
    assert noise_of(with_noise(ready)).level == pytest.approx(0.5e-3, rel=0.1)


def test_gaps_gains_and_dead_channels_have_baselines_of_their_own():
    (records,) = with_offsets(noise=0.0).records
    values = records.values.copy()
    values[2], values[3, :30] = np.nan, np.nan
    given = replace(records, values=values, gain=np.array([[1.0]] * 4 + [[-2.0]] * 4))
    (ready,) = without_baseline(ep.Receivers(records=given), (-20e-6, -2e-6)).records
    np.testing.assert_array_equal(ready.is_there, given.is_there)
    early = records.time < -2e-6
    assert np.nanmax(np.abs(ready.values[:, early])) < 1e-15


@pytest.mark.parametrize(
    ("window", "told"),
    [
        (
            (-1.0, -0.5),
            "channel 0 y has no samples there, where 2 or more are needed: its times are -2e-05 to 7.9e-05 s",
        ),
        ((-20.1e-6, -19.9e-6), "channel 0 y has 1 sample there"),
        ((-20e-6, 10e-6), "waves come within it, to channel 0 y from about "),
        ((20e-6, 30e-6), "waves come within it, to channel 0 y from about "),
    ],
)
@pytest.mark.parametrize("noise", [0.0, 0.5e-3])
def test_a_baseline_without_samples_or_with_waves_is_refused(window, told, noise):
    with pytest.raises(ep.ProblemError, match=f"subtracted the mean from {window[0]:g} to {window[1]:g} s.*: {told}"):
        without_baseline(with_offsets(noise), window)


@pytest.mark.parametrize("last", [-12e-6, -2e-6, 0.0])
def test_noise_alone_is_taken_for_no_wave(last):
    for offset in (0.0, 3e-3):
        without_baseline(with_offsets(offset=offset), (-20e-6, last))


@pytest.mark.parametrize(("unit", "size"), [("us", 1e-6), ("ms", 1e-3), ("s", 1.0)])
def test_a_window_keeps_samples_and_receivers_on_its_ends_whatever_their_unit(unit, size):
    time = np.array([float(f"{i}e-6") for i in range(50)]) / 1e-6 * size
    xy = np.array([[float(f"{i}e-3"), 0.0] for i in range(50)])
    values = np.random.default_rng(0).standard_normal((50, 50, 2))
    recorded = ep.Receivers(xy, time, velocity=values)
    for first, last in [(10, 20), (3, 7), (0, 49), (41, 41)]:
        ends = in_si(f"{first} {unit}", "time", ""), in_si(f"{last} {unit}", "time", "")
        places = in_si(f"{first} mm", "length", ""), in_si(f"{last} mm", "length", "")
        kept = cut(recorded, x=places, y=places[:1] * 2 if first == 0 else None, time=ends)
        assert np.array_equal(kept.time, time[first : last + 1]) and np.array_equal(kept.xy, xy[first : last + 1])
        gap = np.argwhere(np.isnan(mute(recorded, [7], ends).only.values[7, :, 0]))
        assert gap.ravel().tolist() == list(range(first, last + 1))
        own = replace(recorded.only, time=np.tile(time, (50, 1)))  # a clock for each
        gaps = np.isnan(cut(ep.Receivers(records=own), time=ends).only.values[7, :, 0])
        assert np.argwhere(~gaps).ravel().tolist() == list(range(first, last + 1))
    inside = cut(recorded, x=(10.001e-3, 19.999e-3), time=(10.001 * size, 19.999 * size))
    assert len(inside.time) == 9 and len(inside.xy) == 9


def test_waves_below_the_frequency_stay_where_they_are_in_time_and_those_above_go():
    low = band_pass(waves(2e5), highest=1e6)
    gain = np.abs(low.recorded).max()
    expected = waves(2e5).recorded[:, np.searchsorted(TIME, low.time - 1e-12)]
    assert gain == pytest.approx(1.0, abs=0.01)
    assert np.abs(low.recorded / gain - expected).max() < 0.003, "no shift in time, up to the ends"
    assert np.abs(band_pass(waves(4.5e6), highest=1e6).recorded).max() < 0.01
    assert np.diff(low.time) == pytest.approx(np.full(len(low.time) - 1, 6e-7))


@pytest.mark.parametrize("frequency", [2e5, 5e5, 8e5])
def test_what_is_kept_near_the_ends_is_what_a_longer_record_gives_there(frequency):
    longer = waves(frequency)
    kept = band_pass(longer, highest=1e6)
    part = band_pass(cut(longer, time=(TIME[96], TIME[300])), highest=1e6)  # 16 times 6 samples later
    first = int(np.searchsorted(kept.time, part.time[0] - 1e-9))
    assert part.time == pytest.approx(kept.time[first : first + len(part.time)])
    assert np.abs(part.recorded - kept.recorded[:, first : first + len(part.time)]).max() < 0.006


@pytest.mark.parametrize("highest", [3e6, 1.5e6, 0.8e6, 0.3e6])
def test_what_the_filter_leaves_of_noise_is_white_and_of_the_stated_level(highest):
    count = 2000
    values = 3e-4 * np.random.default_rng(2).standard_normal((count, 400, 2))
    noise = ep.Receivers(np.random.default_rng(1).random((count, 2)), TIME, velocity=values, noise=3e-4)
    left = band_pass(noise, highest=highest)
    assert left.recorded.std() == pytest.approx(left.noise, rel=0.02) and left.noise < 0.9 * 3e-4
    for lag in (1, 2, 3):
        related = (left.recorded[:, lag:] * left.recorded[:, :-lag]).mean() / left.noise**2
        assert abs(related) < 0.05, f"samples {lag} apart"
    assert (left.recorded[:, 0].std(), left.recorded[:, -1].std()) == pytest.approx(2 * (left.noise,), rel=0.1)


@pytest.mark.parametrize("band", [{"lowest": 3e5}, {"lowest": 3e5, "highest": 1.5e6}])
def test_drift_below_the_band_goes_and_the_waves_in_it_stay_where_they_are_in_time(band):
    wave = waves(7.5e5)
    drift = 5.0 * (TIME / TIME[-1])[:, None] - 3.0 * (TIME / TIME[-1])[:, None] ** 2 + 2.0
    filtered = band_pass(replace(wave, velocity=wave.recorded + drift), **band)
    expected = wave.recorded[:, np.searchsorted(TIME, filtered.time - 1e-12)]
    gain = np.linalg.norm(filtered.recorded) / np.linalg.norm(expected)
    assert 0.85 < gain < 1.01
    assert np.abs(filtered.recorded / gain - expected).max() < 0.012, "no shift in time, up to the ends"
    assert np.abs(band_pass(waves(3e4), **band).recorded).max() < 0.01
    step = 4e-7 if "highest" in band else 1e-7
    assert np.diff(filtered.time) == pytest.approx(np.full(len(filtered.time) - 1, step))
    assert filtered.time[0] >= 1.25 / 3e5 and filtered.time[-1] <= TIME[-1] - 1.25 / 3e5


@pytest.mark.parametrize("frequency", [2e5, 5e5, 2e6])
def test_above_the_lowest_frequency_too_the_ends_are_those_of_a_longer_record(frequency):
    longer, part = waves(frequency), cut(waves(frequency), time=(TIME[40], TIME[340]))
    kept, ends = band_pass(longer, lowest=2e5), band_pass(part, lowest=2e5)
    first = int(np.searchsorted(kept.time, ends.time[0] - 1e-9))
    assert first == 40
    assert np.abs(ends.recorded - kept.recorded[:, 40 : 40 + len(ends.time)]).max() < 0.012


@pytest.mark.parametrize(("band", "part"), [({"lowest": 2e5}, 0.056), ({"lowest": 2e5, "highest": 1.5e6}, 0.222)])
@pytest.mark.parametrize("stated", [3e-4, 0.0])
def test_the_noise_above_the_lowest_frequency_has_its_density_within_the_band(band, part, stated):
    """part: of the frequencies up to the last one, that the filter takes away."""
    count = 1500
    values = 3e-4 * np.random.default_rng(2).standard_normal((count, 400, 2))
    drifting = values + np.cumsum(np.full((1, 400, 1), 1e-3), axis=1)
    left = band_pass(
        ep.Receivers(np.random.default_rng(1).random((count, 2)), TIME, velocity=drifting, noise=stated), **band
    )
    power = np.square(np.abs(np.fft.rfft(left.recorded * np.hanning(len(left.time))[:, None], axis=1))).mean((0, 2))
    power /= np.square(np.hanning(len(left.time))).sum() * left.noise**2  # 1 for white noise of what is stated
    frequency = np.fft.rfftfreq(len(left.time), left.time[1] - left.time[0])
    assert power[frequency > 3 * band["lowest"]].mean() == pytest.approx(1.0, abs=0.05)
    assert np.square(left.recorded).mean() / left.noise**2 == pytest.approx(1.0 - part, abs=0.02)


def test_drift_does_not_count_as_noise_where_it_is_left_out_of_the_estimate():
    late = waves(5e5).recorded * np.exp(-(((TIME - 3e-5) / 2e-6)[:, None] ** 2))
    noise = 1e-3 * np.random.default_rng(5).standard_normal(late.shape)
    drift = 0.003 * np.sin(2 * math.pi * 2e5 * TIME)[:, None]
    quiet = replace(waves(5e5), velocity=late + noise + drift)
    assert with_noise(quiet).noise > 2e-3, "it is taken for noise before the first arrival"
    stated = with_noise(quiet, drifts=True)
    assert stated.noise == pytest.approx(1e-3, rel=0.05) and np.array_equal(stated.recorded, quiet.recorded)
    assert stated.provenance.endswith("estimated outside the band")
    with pytest.raises(ep.ProblemError, match="no noise, which, as they drift, is seen only outside the band"):
        with_noise(replace(quiet, velocity=late + drift), drifts=True)


def test_the_filter_takes_known_pulses_away_and_states_an_estimated_noise(recorded):
    quicker = replace(recorded, time=recorded.time[0] + 1e-8 * np.arange(41), noise=0.0)
    filtered = band_pass(quicker, highest=2e7)
    assert recorded.pulses and filtered.pulses == ()
    assert filtered.provenance.endswith("known pulses left out")
    factor = band_pass(replace(quicker, noise=1.0), highest=2e7).noise
    assert filtered.noise == pytest.approx(with_noise(recorded).noise * factor, rel=1e-6)
    assert filtered.truth.recorded.shape == filtered.recorded.shape
    rest = filtered.recorded - filtered.truth.recorded
    assert rest.std() == pytest.approx(filtered.noise, rel=0.1), "the truth is filtered alike"


def test_the_noise_that_records_show_is_stated(recorded):
    stated = with_noise(replace(recorded, noise=1.0))
    assert stated.noise == pytest.approx(recorded.noise, rel=0.2)
    told = f"noise of {stated.noise:.4g} m estimated before the first arrival"
    assert stated.provenance.splitlines()[-1] == f"{told}, in place of noise 1 m as stated"
    assert with_noise(replace(recorded, noise=0.0)).provenance.splitlines()[-1] == told


def test_what_cannot_be_done_is_refused_with_the_reason(recorded):
    with pytest.raises(ep.ProblemError, match="row 121 is no receiver: legal are 0 to 120"):
        leave_out(recorded, [121])
    with pytest.raises(ep.ProblemError, match="no receiver is left"):
        leave_out(recorded, range(121))
    with pytest.raises(ep.ProblemError, match="cut to time 1 to 2: no time is left: times are 0 to 8e-06 s"):
        cut(recorded, time=(1.0, 2.0))
    with pytest.raises(ep.ProblemError, match=r"no receiver is left: receivers are at x 0 to 0.06 m, y 0 to 0.06 m"):
        cut(recorded, x=(1.0, 2.0))
    with pytest.raises(
        ep.ProblemError, match=r"too near to the samples' Nyquist frequency: legal are up to 3.012e\+06"
    ):
        band_pass(waves(2e5), highest=4e6)
    with pytest.raises(ep.ProblemError, match="8 are needed, of a longer record"):
        band_pass(waves(2e5), highest=5e4)
    with pytest.raises(ep.ProblemError, match=r"from 0 to 0 Hz: .* must be positive"):
        band_pass(waves(2e5))
    with pytest.raises(ep.ProblemError, match="the lowest frequency must be below the highest"):
        band_pass(waves(2e5), 1e6, 5e5)
    with pytest.raises(ep.ProblemError, match=r"6e\+06 Hz leaves nothing: the samples' Nyquist frequency is 5e\+06 Hz"):
        band_pass(waves(2e5), lowest=6e6)
    with pytest.raises(ep.ProblemError, match="above 50000 Hz, 0 times would be left of 400, less 250 at either end"):
        band_pass(waves(2e5), lowest=5e4)
    with pytest.raises(ep.ProblemError, match="evenly spaced"):
        band_pass(replace(waves(2e5), time=TIME**1.01), highest=1e6)
    with pytest.raises(ep.ProblemError, match="the records show no noise"):
        with_noise(waves(2e5))


def test_records_that_show_no_noise_are_told_what_would_show_it():
    late = waves(2e5)
    longer = "record longer before the waves come, or state the noise$"
    of_cut = "what was before 1e-05 s was cut away: keep more of it, from before the waves come, or state the noise$"
    for receivers, drifts, told in [
        (late, False, f"outside the band of their waves: {longer}"),
        (cut(late, time=(1e-5, 3e-5)), False, of_cut),
        (cut(late, x=(-1.0, 2.0), time=(1e-5, 3e-5)), False, of_cut),
        (leave_out(cut(cut(late, time=(5e-6, 3e-5)), time=(1e-5, 1.0)), [0]), False, of_cut),
        (cut(late, time=(-1e-5, 3e-5)), False, longer),
        (cut(late, x=(-1.0, 2.0)), False, longer),
        (late, True, "is seen only outside the band of their waves: state the noise$"),
    ]:
        with pytest.raises(ep.ProblemError, match=told):
            with_noise(receivers, drifts=drifts)


def test_instants_are_those_at_which_it_happened_and_gaps_are_kept(recorded):
    late = replace(recorded.only, delay=np.where(np.arange(121) % 2, 2e-6, 0.0)[:, None] * np.ones(2))
    kept = cut(ep.Receivers(records=late), time=(0.0, 1e-6))
    assert kept.span[0] >= 0.0 and kept.span[1] <= 1e-6 * (1 + 1e-9)
    assert np.isfinite(kept.only.values[1]).any() and np.isfinite(kept.only.values[2]).any()
    with pytest.raises(ep.ProblemError, match="no time is left"):
        cut(ep.Receivers(records=late), time=(1.0, 2.0))


def test_noise_that_is_seen_is_stated_of_values_as_they_are():
    plain = ep.Receivers(records=replace(waves(2e5, noise=0.1).only, noise=0.0))
    gain = np.where(np.arange(50) % 2, -5.0, 1.0)[:, None] * np.ones(2)
    gained = ep.Receivers(records=replace(plain.only, values=plain.recorded * gain[:, None], gain=gain))
    stated, filtered = with_noise(gained).only, band_pass(gained, highest=5e5).only
    np.testing.assert_allclose(stated.noises, with_noise(plain).noise)
    np.testing.assert_allclose(stated.noise, with_noise(plain).noise * np.abs(gain))
    np.testing.assert_allclose(filtered.noises, band_pass(plain, highest=5e5).noise)


def test_what_is_muted_is_so_at_the_instants_at_which_it_happened(recorded):
    late = ep.Receivers(records=replace(recorded.only, delay=2e-6))
    step, part = recorded.time[1] - recorded.time[0], (1e-6, 2e-6)
    gone = mute(late, [3], part).only.time[~mute(late, [3], part).only.is_there[3, :, 0]] - 2e-6
    assert np.abs(gone[[0, -1]] - part).max() < step and len(gone) > 1


def test_what_is_left_keeps_noise_gain_delay_and_clock_of_its_own():
    rng, ticks = np.random.default_rng(0), np.arange(12.0)
    one = ep.Records(
        "velocity", rng.standard_normal((4, 12, 2)), rng.random((4, 2)), ticks, noise=0.1 + rng.random((4, 12, 2)),
        gain=1.0 + rng.random((4, 2)), delay=1e-3 * rng.random((4, 2)),
    )  # fmt: skip
    clocks = ticks + rng.random((4, 1))
    for given in (one, replace(one, time=clocks)):
        left = leave_out(ep.Receivers(records=given), [1]).only
        for name in ("values", "xy", "noise", "gain", "delay", *(["time"] if given.time.ndim == 2 else [])):
            assert np.array_equal(getattr(left, name), np.delete(getattr(given, name), 1, axis=0)), name
    later = cut(ep.Receivers(records=one), time=(5.5, 9.5)).only
    assert later.time.tolist() == [6.0, 7.0, 8.0, 9.0]
    assert np.array_equal(later.noise, one.noise[:, 6:10]) and np.array_equal(later.values, one.values[:, 6:10])


def test_a_muted_part_is_a_gap_and_its_truth_is_no_longer_that_of_complete_records(recorded):
    muted = mute(recorded, [3], (2e-6, 3e-6))
    gone = ~muted.only.is_there
    assert gone.sum() == gone[3].sum() > 0 and muted.truth.records == [] and muted.truth.material
    assert muted.provenance.endswith("muted receivers [3] from 2e-06 to 3e-06 s")
    with pytest.raises(ep.ProblemError, match="nothing was recorded there"):
        mute(muted, [3], (2e-6, 3e-6))
    with pytest.raises(ep.ProblemError, match="a filter needs records without gaps"):
        band_pass(muted, highest=2e5)


def test_a_filter_of_channels_with_gains_leaves_noise_unknown_where_it_is():
    gained = ep.Receivers(records=replace(waves(2e5).only, gain=np.full(waves(2e5).only.values[:, 0].shape, 2.0)))
    assert band_pass(gained, highest=5e5).only.noise == 0.0
