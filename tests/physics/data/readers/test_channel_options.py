"""Gains, delays and noise of single channels, by the names that they have in warnings."""

import logging
from pathlib import Path

import numpy as np
import pytest

import elastic_pinn as ep
from tests.physics.data.readers import files

ROOT = Path(__file__).parents[4]
OPTIONS = {**files.UNITS, **files.ALONG, "kind": "velocity"}


def read(tmp_path, *more, **options):
    paths = [files.npz(tmp_path / f"{name}.npz") for name in ("scan", *more)]
    return ep.Receivers.read(paths, **OPTIONS, **options)


def test_a_channel_is_corrected_alone_and_a_receiver_with_all_of_its_channels(tmp_path):
    found = read(tmp_path, noise=0.1, channel_gains=["3 y = -1", "5=2"], channel_delays="2 x = 0.6 us")
    [records] = found.records
    expected = np.ones((6, 2))
    expected[3, 1], expected[5] = -1.0, 2.0
    assert (records.gain == expected).all()
    assert records.delay[2, 0] == pytest.approx(0.6e-6) and np.count_nonzero(records.delay) == 1
    np.testing.assert_allclose(records.corrected[3, :, 1], -1e-3 * files.VALUES[3, :, 1])
    np.testing.assert_allclose(records.instants[2, :, 0], 1e-6 * files.TIME - 0.6e-6)
    assert '"channel_gains": ["3 y = -1", "5=2"]' in found.provenance


def test_noise_of_a_channel_goes_before_that_of_all(tmp_path):
    [records] = read(tmp_path, noise=0.1, channel_noise=["4 x = 200 um/s"]).records
    expected = np.full((6, 2), 1e-4)
    expected[4, 0] = 2e-4
    np.testing.assert_allclose(records.noise, expected)


def test_channels_of_several_shots_are_named_with_their_shots(tmp_path):
    paths = [files.npz(tmp_path / f"{name}.npz") for name in ("left", "right")]
    np.savez(paths[1], velocity=files.VALUES[::-1].copy(), time=files.TIME, xy=files.XY)
    shots = {path: {"shot": path.stem} for path in paths}
    found = ep.Receivers.read(paths, of_files=shots, **OPTIONS, channel_gains="right 7 y = 3")
    left, right = found.records
    assert np.all(left.gain == 1.0) and right.gain[1, 1] == 3.0 and np.sum(right.gain) == 14.0


def test_a_name_of_several_channels_is_refused(tmp_path):
    path = files.npz(tmp_path / "scan.npz")
    along = {"directions": [[0.6, 0.8], [0.6000001, 0.8]]}
    with pytest.raises(ep.ElasticPinnError, match="is the name of several channels"):
        ep.Receivers.read(path, **files.UNITS, **along, kind="velocity", channel_gains="3 = -1")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"channel_gains": "9 y = -1"}, r"'9 y' is no channel that recorded; there are 0 x, 0 y, "),
        ({"channel_gains": "-1"}, r"'-1' is no channel that recorded"),
        ({"channel_gains": ["3 = 2", "3 y = -1"]}, r"channel_gains gives 3 y twice"),
        ({"channel_gains": "3 y = 0"}, r"channel_gains of 3 y = '?0'?: a number other than 0 is needed"),
        ({"channel_gains": "3 y = inf"}, r"a number other than 0 is needed"),
        ({"channel_gains": {"3 y": -1}}, r"a list, each item a channel and its gain, as '3 y = -1'"),
        ({"channel_delays": "3 y = 0.6"}, r"channel_delays of 3 y = '?0.6'?: a number with its unit is needed"),
        ({"channel_delays": "3 y = 0.6 mm"}, r"channel_delays of 3 y = 'mm' is no unit of time"),
        ({"channel_noise": "3 y = 0 mm/s"}, r"a finite number, more than 0, with its unit is needed"),
        ({"channel_noise": "3 y = 1 mm/s"}, r"channel_noise: that of 0 x is not stated: state it for all, as by noise"),
        ({"of_files": "3 y = -1"}, r"channel_gains of \S+scan.npz alone: give it for all files"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_legal(options, told, tmp_path):
    if "of_files" in options:
        options = {"of_files": {tmp_path / "scan.npz": {"channel_gains": options["of_files"]}}}
    with pytest.raises(ep.ElasticPinnError, match=told):
        read(tmp_path, **options)


def test_the_doubt_about_a_reversed_channel_names_the_option_that_ends_it(tmp_path, caplog):
    block = ep.Receivers.load(ROOT / "data/aluminium_receivers.h5")
    values = block.displacement.copy()
    values[12, :, 1] *= -1.0
    np.savez(tmp_path / "block.npz", displacement=values, time=block.time, xy=block.xy)
    units = {"value_unit": "m", "length_unit": "m", "time_unit": "s", "kind": "displacement", **files.ALONG}
    with caplog.at_level(logging.WARNING):
        ep.Receivers.read(tmp_path / "block.npz", **units)
        assert "channel 12 y is reversed, beside its neighbours: give it a gain of -1 (channel_gains)" in caplog.text
        caplog.clear()
        ep.Receivers.read(tmp_path / "block.npz", **units, channel_gains="12 y = -1")
        assert "reversed" not in caplog.text


@pytest.mark.parametrize(
    ("reads", "names"),
    [
        (files.wide_csv, [f"r{r}_{c}" for r in range(6) for c in "xy"]),
        (files.long_csv, None),
    ],
)
def test_channels_have_the_names_of_their_file(reads, names, tmp_path):
    path = reads(tmp_path / "scan.csv")
    wide = {} if names is None else {"positions": files.XY.tolist(), "channel_order": "by receiver"}
    wide |= {"time_column": "time", "kind": "velocity", "directions": ["x", "y"]} if names else {}
    read = ep.Receivers.read(path, **files.UNITS, **wide)
    assert (read.only.names is None) if names is None else read.only.names.ravel().tolist() == names
    if names:
        turned = ep.Receivers.read(path, **files.UNITS, **wide, channel_gains=["r3_y = -1"])
        assert turned.only.gain[3].tolist() == [1.0, -1.0] and np.prod(turned.only.gain) == -1.0
        with pytest.raises(ep.ConfigError, match=r"'r9_y' is no channel that recorded; there are 0 x \(r0_x\), 0 y"):
            ep.Receivers.read(path, **files.UNITS, **wide, channel_gains=["r9_y = -1"])


def test_names_of_a_table_of_places_are_those_of_an_array_that_has_none(tmp_path):
    (tmp_path / "places.csv").write_text(
        "receiver,x,y\n" + "".join(f"A{r},{x},{y}\n" for r, (x, y) in enumerate(files.XY))
    )
    read = ep.Receivers.read(files.npy(tmp_path / "scan.npy"), **files.SAID, axes=["receiver", "time", "direction"],
                             directions=["x", "y"], positions=str(tmp_path / "places.csv"), time_step="0.5 us",
                             first_time=0)  # fmt: skip
    assert read.only.names[:, 0].tolist() == [f"A{r}" for r in range(6)]


def read_named(tmp_path, names, item=""):
    """Two receivers at 0 and 6 mm, each of one channel, with names of the file, and the gains that are read."""
    values = np.random.default_rng(0).standard_normal((20, 2))
    rows = "\n".join(f"{i}e-6,{a},{b}" for i, (a, b) in enumerate(values))
    (tmp_path / "named.csv").write_text(f"time,{','.join(names)}\n{rows}")
    (tmp_path / "named_places.csv").write_text(f"receiver,x,y\n{names[0]},0,0\n{names[1]},6,0\n")
    units = {"value_unit": "mm/s", "length_unit": "mm", "time_unit": "s", "kind": "velocity", "directions": ["y"]}
    gains = {"channel_gains": [item]} if item else {}
    [records] = ep.Receivers.read(
        tmp_path / "named.csv", **units, positions=str(tmp_path / "named_places.csv"), **gains
    ).records
    return np.broadcast_to(records.gain, (2, 1)).ravel().tolist()


@pytest.mark.parametrize(
    ("names", "item", "by_number", "by_file"),
    [
        (["1", "2"], "1", {"receiver 1": 1}, {'"1"': 0}),
        (["1 y", "0 y"], "1 y", {"receiver 1 y": 1}, {'"1 y"': 0}),
        (["1 y", "0 y"], "0 y", {"receiver 0 y": 0}, {'"0 y"': 1}),
        (["receiver 1", "receiver 0"], "receiver 1", {"1": 1}, {'"receiver 1"': 0}),
    ],
)
def test_a_name_of_two_meanings_is_refused_with_a_way_to_write_each(names, item, by_number, by_file, tmp_path):
    with pytest.raises(ep.ConfigError) as refusal:
        read_named(tmp_path, names, f"{item} = -1")
    assert f"channel_gains = '{item} = -1': {item!r} means " in str(refusal.value)
    assert "by the number of a " in str(refusal.value) and " y by a name in the file: write " in str(refusal.value)
    for way, row in (by_number | by_file).items():
        assert f"{way} = ..." in str(refusal.value)
        gains = read_named(tmp_path, names, f"{way} = -1")
        assert gains[row] == -1.0 and gains[1 - row] == 1.0


@pytest.mark.parametrize(
    ("names", "item", "gains"),
    [
        (["a=b", "c"], "a=b = -1", [-1.0, 1.0]),
        (["a=b", "c"], "c=-1", [1.0, -1.0]),
        (["a = b", "c"], "a = b = 2", [2.0, 1.0]),
        (["0", "1"], "1 = -1", [1.0, -1.0]),  # one channel by both
        (["2", "1"], "2 = -1", [-1.0, 1.0]),  # no row
        (["u", "v"], "receiver 1 = -1", [1.0, -1.0]),
        (["u", "v"], '"u" = -1', [-1.0, 1.0]),
    ],
)
def test_a_name_of_one_meaning_is_taken(names, item, gains, tmp_path):
    assert read_named(tmp_path, names, item) == gains
