"""One recording that is read as two shots is refused at every door, and two recordings that are alike are not."""

from dataclasses import replace

import h5py
import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data import receivers
from elastic_pinn.physics.data.faulty_channels import faulty_channels
from elastic_pinn.physics.data.readers.doubts import doubts
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.data.repeated_shots import repeated_channels

STEPS = np.linspace(0.0, 1.0, 200)  # s
XY = np.stack(np.meshgrid(np.arange(4.0), np.arange(3.0)), axis=-1).reshape(-1, 2)  # m
UNITS = {"kind": "velocity", "directions": ["x", "y"], "value_unit": "m/s", "length_unit": "m", "time_unit": "s"}
SAME = "the shots 'left' and 'right' have the same samples in 24 of 24 channels, as left "


def records(shot="left", seed=0, noise=0.01, stated=0.01, late=0.0) -> ep.Records:
    """What a pulse across a grid brings to it, with noise."""
    t = STEPS[None] - 0.05 * XY[:, :1] - 0.02 * XY[:, 1:] - 0.3 - late
    clean = np.stack([np.exp(-((t / 0.15) ** 2)), np.sin(20.0 * t) * np.exp(-((t / 0.2) ** 2))], axis=-1)
    values = clean + noise * np.random.default_rng(seed).standard_normal(clean.shape)
    return ep.Records("velocity", values, XY, STEPS, noise=stated, shot=shot)


COPIES = {
    "as it is": lambda one: one,
    "scaled": lambda one: replace(one, values=3.7 * one.values, noise=3.7 * one.noise),
    "reversed": lambda one: replace(one, values=-one.values),
    "with an offset": lambda one: replace(one, values=one.values + 5.0),
    "cut, with an offset": lambda one: replace(one, values=one.values[:, 50:150] - 0.2, time=one.time[50:150]),
    "by a gain": lambda one: replace(one, gain=-2.0),
    "rounded": lambda one: replace(one, values=one.values.round(4)),
    "in single precision": lambda one: replace(one, values=one.values.astype(np.float32)),
    "cut": lambda one: replace(one, values=one.values[:, 50:150], time=one.time[50:150]),
    "late": lambda one: replace(one, time=one.time + 0.5),
    "in another order": lambda one: one.at(np.arange(len(XY))[::-1]),
}


@pytest.mark.parametrize("change", COPIES)
@pytest.mark.parametrize("stated", [0.01, 0.0])
def test_a_copy_is_refused(change, stated):
    one = records(stated=stated)
    with pytest.raises(ep.ProblemError, match=SAME):
        ep.Receivers(records=[one, replace(COPIES[change](one), shot="right")])


def test_a_copy_with_noise_of_less_than_the_stated_one_is_refused_at_other_places_too():
    one = records()
    with pytest.raises(ep.ProblemError, match=SAME):
        ep.Receivers(records=[one, replace(one, shot="right", xy=XY + 10.0)])


def test_a_channel_of_another_shot_is_enough_where_noise_is_stated_and_else_is_told():
    one, other = records(), records("right", seed=1)
    values = other.values.copy()
    values[5, :, 1] = one.values[5, :, 1]
    with pytest.raises(ep.ProblemError, match="the same samples in 1 of 24 channels, as left 5 y and right 17 y"):
        ep.Receivers(records=[one, replace(other, values=values)])
    found = ep.Receivers(records=[replace(one, noise=0.0), replace(other, values=values, noise=0.0)])
    (only,) = faulty_channels(found)
    assert str(only) == "right 17 y is a copy of left 5 y, up to a factor"
    assert only.mend == "give the records of each shot, or leave one of the two out"


@pytest.mark.parametrize("noise", [0.01, 1e-4, 1e-6])
def test_the_same_experiment_recorded_twice_is_two_shots(noise):
    for stated in (noise, 0.0):
        found = ep.Receivers(records=[records(noise=noise, stated=stated), records("right", 1, noise, stated)])
        assert found.repeated == []


def test_two_recordings_are_two_however_large_the_noise_that_is_stated():
    ep.Receivers(records=[records(stated=100.0), records("right", seed=1, stated=100.0)])


def test_channels_without_a_signal_are_no_copies():
    one, other = records(), records("right", seed=1)
    silent = {"zero": 0.0, "dead": np.nan, "of one value": 0.3}
    for value in silent.values():
        both = [replace(each, values=np.where(np.arange(12)[:, None, None] < 3, value, each.values))
                for each in (one, other)]  # fmt: skip
        assert ep.Receivers(records=both).repeated == []


def test_computed_shots_that_mirror_each_other_are_two():
    one = records(noise=0.0, stated=0.0)
    mirrored = replace(one, shot="right", xy=np.array([3.0, 0.0]) + [-1.0, 1.0] * XY, values=one.values * [-1.0, 1.0])
    found = ep.Receivers(records=[one, mirrored])
    assert len(found.repeated) == 24 and faulty_channels(found) == []


@pytest.mark.parametrize("stated", [0.01, 0.0])
def test_records_that_are_given_twice_in_one_shot_are_refused(stated):
    one = records("", stated=stated)
    with pytest.raises(ep.ProblemError, match="two records of velocity in one shot have the same samples in 24 of 24"):
        ep.Receivers(records=[one, one])
    ep.Receivers(records=[one, records("", seed=1, stated=stated)])


def test_quantities_of_one_shot_may_be_in_proportion():
    one = records("", noise=0.0)
    strain = ep.Records("strain", -0.1 * one.values[..., [0, 1, 0]], XY, STEPS, noise=0.01)
    assert ep.Receivers(records=[one, strain]).repeated == []


def test_a_problem_of_two_shots_with_one_recording_is_refused():
    def problem(shot):
        return ep.Problem(ep.Domain((0.0, 3.0), (0.0, 2.0), (0.0, 1.0)), ep.Material(300.0, 100.0, 1.0, "mu"),
                          receivers=ep.Receivers(records=shot))  # fmt: skip

    with pytest.raises(ep.ProblemError, match="the shots '1' and '2' have the same samples in 24 of 24 channels"):
        replace(problem(records("")), other_shots=[problem(records(""))])
    replace(problem(records("")), other_shots=[problem(records("", seed=1))])


def test_files_with_one_recording_are_refused_on_import(tmp_path):
    paths = [tmp_path / "a.npz", tmp_path / "b.npz"]
    for path in paths:
        np.savez(path, velocity=records().values, time=STEPS, xy=XY)
    of_files = {path: {"shot": name} for path, name in zip(paths, ("left", "right"), strict=True)}
    with pytest.raises(ReceiverFileError, match=f"a.npz, .*b.npz: {SAME}"):
        ep.Receivers.read(paths, **UNITS, of_files=of_files)


def test_a_file_that_is_given_twice_is_refused(tmp_path, monkeypatch):
    np.savez(tmp_path / "a.npz", velocity=records().values, time=STEPS, xy=XY)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ep.ConfigError, match=r"a\.npz is given twice: one recording counts once"):
        ep.Receivers.read(["a.npz", tmp_path / "a.npz"], **UNITS)


def test_a_receiver_file_that_has_one_recording_twice_is_refused(tmp_path):
    ep.Receivers(records=[records(), records("right", seed=1)]).save(tmp_path / "data.h5")
    ep.Receivers.load(tmp_path / "data.h5")
    with h5py.File(tmp_path / "data.h5", "a") as file:
        file["records/2/values"][...] = file["records/1/values"][()]
    with pytest.raises(ReceiverFileError, match=f"data.h5: {SAME}"):
        ep.Receivers.load(tmp_path / "data.h5")


def test_copies_without_noise_are_doubted_on_import(tmp_path, caplog):
    values = records(noise=0.0).values
    values[7] = -values[2]
    np.savez(tmp_path / "scan.npz", velocity=values, time=STEPS, xy=XY)
    ep.Receivers.read(tmp_path / "scan.npz", **UNITS)
    assert "channel 7 x has the samples of 2 x, up to a factor (and 1 more channels those of others)" in caplog.text


def test_copies_are_looked_for_once_however_often_they_are_asked_for(monkeypatch):
    looked_at = []
    monkeypatch.setattr(receivers, "repeated_channels", lambda each: looked_at.append(each) or repeated_channels(each))
    found = ep.Receivers(records=[records(), records("right", seed=1)])
    assert faulty_channels(found) == [] and doubts(found) == []
    assert [each for each in looked_at if len(each.records) > 1] == [found]
