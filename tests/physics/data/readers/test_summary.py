"""The summary says what is in recordings, and doubts name what can hardly be so, with the mend."""

import logging
import re
from dataclasses import replace

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data.readers.summary import doubts, summary


@pytest.fixture(scope="module")
def block() -> ep.Receivers:
    """The aluminium block, with P waves of 6371 m/s."""
    return ep.Receivers.load("data/aluminium_receivers.h5")


def scaled(block: ep.Receivers, length=1.0, time=1.0, value=1.0) -> ep.Receivers:
    return ep.Receivers(length * block.xy, time * block.time, value * block.displacement)


def test_speeds_and_noise_are_told_as_they_are(block):
    lines = dict(line.split(": ", 1) for line in summary(scaled(block)))
    assert lines["receivers"] == "121, x 0 to 0.06 m, y 0 to 0.06 m"
    assert lines["times"] == "41, 0 to 8e-06 s, 2e-07 s apart"
    assert 0.8 * 6371 < float(lines["apparent speeds"].split()[0]) < 1.2 * 6371
    assert 0.8 * block.noise < float(lines["noise"].split()[0]) < 1.2 * block.noise
    assert "first arrivals" in lines and "m, rms " in lines["displacement"]


def test_sound_recordings_raise_no_doubt(block):
    assert doubts(scaled(block)) == []
    for name in ("plate_receivers", "plate_force_receivers"):
        assert doubts(ep.Receivers.load(f"data/{name}.h5")) == []


def test_a_line_across_the_way_of_a_wave_raises_no_doubt(block):
    line = block.xy[:, 0] == 0.0  # its middle is reached first, and its ends hardly later
    doubted = ep.Receivers(block.xy[line], block.time, block.displacement[line])
    assert doubts(doubted) == []
    assert "which no solid has" in doubts(ep.Receivers(1e3 * doubted.xy, doubted.time, doubted.recorded))[0]


@pytest.mark.parametrize(
    ("wrong", "mend"),
    [
        ({"length": 1e3}, "were length_unit mm"),  # positions in mm called m: km/us
        ({"time": 1e6}, "were time_unit us"),
        ({"time": 1e-6}, "which no solid has"),
        ({"value": 1e9}, "displacements of 67.* m are larger than the receivers' extent"),
        ({"value": 1e-30}, "check value_unit"),
    ],
)
def test_a_wrong_unit_is_doubted_with_the_mend(wrong, mend, block):
    assert any(re.search(mend, text) for text in doubts(scaled(block, **wrong)))


def plane_waves(spacing: float, frequency: float, step: float) -> ep.Receivers:
    """A tone burst of 3000 m/s across a grid, with noise before it."""
    x, y = (each.ravel() for each in np.meshgrid(spacing * np.arange(10), spacing * np.arange(4)))
    time = step * np.arange(400)
    late = time[None] - x[:, None] / 3000.0 - 100 * step
    burst = np.where((late > 0) & (late < 200 * step), np.sin(2 * np.pi * frequency * late), 0.0)
    noise = 1e-3 * np.random.default_rng(0).standard_normal((len(x), 400, 2))
    return ep.Receivers(np.stack([x, y], 1), time, velocity=burst[..., None] + noise)


def test_receivers_too_far_apart_for_the_waves_are_told():
    assert doubts(plane_waves(spacing=0.005, frequency=1e5, step=1e-6)) == []  # waves of 30 mm
    [doubt] = doubts(plane_waves(spacing=0.02, frequency=1e5, step=1e-6))
    assert (
        doubt.startswith("receivers are 0.02 m apart, more than half of the shortest wave, 0.0") and "filter" in doubt
    )


def test_samples_too_far_apart_for_the_waves_are_told():
    assert any("near the Nyquist frequency" in doubt for doubt in doubts(plane_waves(0.005, 4.5e5, 1e-6)))


def test_doubts_are_logged_where_recordings_are_read(block, tmp_path, caplog):
    np.savez(tmp_path / "scan.npz", displacement=block.displacement, time=block.time, xy=block.xy)
    with caplog.at_level(logging.WARNING):
        ep.Receivers.read(tmp_path / "scan.npz", directions=["x", "y"], value_unit="m", length_unit="km", time_unit="s")
    assert "which no solid has" in caplog.text


def test_one_receiver_has_a_summary_too(block):
    one = replace(scaled(block), xy=block.xy[60:61], displacement=block.displacement[60:61])
    assert summary(one)[0].startswith("receivers: 1, ") and doubts(one) == []
