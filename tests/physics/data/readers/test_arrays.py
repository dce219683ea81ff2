"""What the axes of arrays mean, those of shots too, and what is asked for where sizes do not tell it."""

import numpy as np
import pytest

import elastic_pinn as ep
from tests.physics.data.readers import files
from tests.physics.data.readers.asked import missing
from tests.physics.data.readers.files import ALONG, SAID, UNITS, VALUES, XY

ROWS = XY.tolist()


def test_axes_are_deduced_where_sizes_allow_one_order_and_asked_for_elsewhere(tmp_path):
    path = tmp_path / "scan.npz"
    np.savez(path, velocity=VALUES.transpose(1, 2, 0), time=files.TIME, xy=XY)  # T, C, R
    np.testing.assert_allclose(ep.Receivers.read(path, **UNITS, **ALONG).velocity, 1e-3 * VALUES)
    square = np.arange(72.0).reshape(6, 6, 2)
    np.savez(path, velocity=square, time=np.arange(6.0), xy=XY)
    assert "axes: which axis of velocity, of shape (6, 6, 2), is what" in missing(path, **UNITS, **ALONG)
    found = ep.Receivers.read(path, axes=["time", "receiver", "direction"], **UNITS, **ALONG)
    np.testing.assert_allclose(found.velocity, 1e-3 * square.transpose(1, 0, 2))
    with pytest.raises(ep.ElasticPinnError, match=r"axes = \['time', 'time', 'direction'\] do not fit"):
        ep.Receivers.read(path, axes=["time", "time", "direction"], **UNITS, **ALONG)


def test_an_array_without_a_clock_asks_for_one(tmp_path):
    path = files.npy(tmp_path / "scan.npy")
    options = {**SAID, **ALONG, "positions": ROWS, "axes": ["receiver", "time", "direction"]}
    text = missing(path, **options)
    assert "time_step: " in text and "first_time: " in text
    found = ep.Receivers.read(path, sampling_rate=2e6, first_time=1.0, **options)
    np.testing.assert_allclose(found.time, 1e-6 * files.TIME)
    with pytest.raises(ep.ConfigError, match="one of them is enough"):
        ep.Receivers.read(path, sampling_rate=2e6, time_step=0.5, first_time=1.0, **options)


def test_a_vector_of_times_among_arrays_is_asked_for_or_a_step(tmp_path):
    path = tmp_path / "scan.npz"
    np.savez(path, velocity=files.VALUES, takt=files.TIME, xy=XY)
    options = {**UNITS, **ALONG, "axes": ["receiver", "time", "direction"]}
    text = missing(path, **options)
    assert (
        "time_column: which of takt holds the times, or in place of it time_step" in text and "time_step=" not in text
    )
    assert np.allclose(ep.Receivers.read(path, **options, time_column="takt").time, 1e-6 * files.TIME)
    assert len(ep.Receivers.read(path, **options, time_step=0.5, first_time=0.0).time) == 20


@pytest.fixture
def both() -> np.ndarray:
    """Two shots, (S, R, T, C)."""
    return np.stack([VALUES, VALUES[::-1] ** 2])


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 1, 3, 0), (3, 0, 2, 1)])
@pytest.mark.parametrize("names", ["of the file", "given", "numbers"])
def test_an_array_may_have_an_axis_of_shots(order, names, both, tmp_path):
    path, axes = tmp_path / "scan.npz", ["shot", "receiver", "time", "direction"]
    said = {"shot": np.array(["left", "right"])} if names == "of the file" else {}
    np.savez(path, velocity=both.transpose(order), time=files.TIME, xy=XY, **said)
    given = {"shots": ["left", "right"]} if names == "given" else {}
    found = ep.Receivers.read(path, axes=[axes[i] for i in order], **given, **UNITS, **ALONG)
    assert found.shots == (("1", "2") if names == "numbers" else ("left", "right"))
    for records, values in zip(found.records, both, strict=True):
        np.testing.assert_allclose(records.values, 1e-3 * values)
        np.testing.assert_allclose(records.xy, 1e-3 * XY)


def test_shots_may_be_in_one_array_of_each_component_or_of_a_grid_or_without_places(both, tmp_path):
    path, expected = tmp_path / "scan.npz", [1e-3 * each for each in both]
    np.savez(path, vx=both[..., 0], vy=both[..., 1], time=files.TIME, xy=XY)
    stacked = {"value_columns": ["vx", "vy"], "axes": ["shot", "receiver", "time"]}
    found = [ep.Receivers.read(path, **stacked, kind="velocity", **UNITS, **ALONG)]
    np.save(tmp_path / "scan.npy", both)
    clock = {"time_step": 0.5, "first_time": 1.0, "axes": ["shot", "receiver", "time", "direction"]}
    found.append(ep.Receivers.read(tmp_path / "scan.npy", positions=ROWS, kind="velocity", **clock, **UNITS, **ALONG))
    for each in found:
        np.testing.assert_allclose([records.values for records in each.records], expected)
    np.savez(path, velocity=both.reshape(2, 3, 2, 20, 2), time=files.TIME, x=np.arange(3.0), y=np.arange(2.0))
    grid = ep.Receivers.read(path, axes=["shot", "x", "y", "time", "direction"], **UNITS, **ALONG)
    np.testing.assert_allclose([records.values for records in grid.records], expected)
    np.testing.assert_allclose(grid.records[1].xy[:2], [[0.0, 0.0], [0.0, 1e-3]])


@pytest.mark.parametrize("axes", [{}, {"axes": ["shot", "receiver", "time", "direction"]}], ids=["by sizes", "given"])
def test_places_may_be_each_shots_own(axes, both, tmp_path):
    path, every = tmp_path / "scan.npz", np.stack([*both, both[0] ** 3])  # (S, R, T, C)
    places = np.asarray(XY) + np.array([[[0.0, 0.0]], [[0.5, 2.0]], [[0.25, -1.0]]])  # (S, R, 2)
    np.savez(path, velocity=every, time=files.TIME, xy=places)
    found = ep.Receivers.read(path, **axes, shots=["left", "right", "mid"], **UNITS, **ALONG)
    for shot, values, xy in zip(found.shots, every, places, strict=True):
        own = found.of_shot(shot)
        rows = [int(np.flatnonzero(np.isclose(own.xy, 1e-3 * place).all(axis=1))[0]) for place in xy]
        np.testing.assert_allclose(own.records[0].values[rows], 1e-3 * values)


def test_places_of_shots_need_an_axis_of_shots_and_their_number(both, tmp_path):
    path, xy = tmp_path / "scan.npz", np.stack([XY, XY + 0.5, XY + 1.0])
    for values, axes, told in (
        (VALUES, ["receiver", "time", "direction"], r"xy has places by shot, and axes = \['receiver', .* has no shot"),
        (
            both,
            ["shot", "receiver", "time", "direction"],
            "has 2 along shot, where the file or an option has 3 of them",
        ),
        (both, [], "axes: which axis of velocity"),
    ):
        np.savez(path, velocity=values, time=files.TIME, xy=xy)
        with pytest.raises(ep.ElasticPinnError, match=told):
            ep.Receivers.read(path, axes=axes, **UNITS, **ALONG)


def test_axes_of_shots_are_asked_for_and_their_names_are_checked(both, tmp_path):
    path, axes = tmp_path / "scan.npz", {"axes": ["shot", "receiver", "time", "direction"]}
    np.savez(path, velocity=both, time=files.TIME, xy=XY)
    asked = missing(path, **UNITS, **ALONG)
    assert "is what (receiver, x, y, time, direction, shot)" in asked
    assert "axes=['shot', 'receiver', 'time', 'direction']" in asked
    for options, told in (
        ({**axes, "shots": ["a", "a"]}, r"shots = \['a', 'a'\]: give each of the 2 shots a name of its own"),
        ({**axes, "shots": ["a", "b", "c"]}, "has 2 along shot, where the file or an option has 3 of them"),
        ({**axes, "shot": "a"}, "shot = 'a' is the name of one, and it has 1, 2: leave it out; those"),
    ):
        with pytest.raises(ep.ElasticPinnError, match=told):
            ep.Receivers.read(path, **options, **UNITS, **ALONG)
    np.savez(path, velocity=VALUES, time=files.TIME, xy=XY)
    with pytest.raises(ep.ElasticPinnError, match="it has none of shots: give axes with shot among them"):
        ep.Receivers.read(path, shots=["a"], **UNITS, **ALONG)
