"""Channels of one quantity and shot become receivers with a column for each direction, and nothing is mixed."""

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data.readers.assemble import Channels
from elastic_pinn.physics.data.readers.records import X, Y, fields, groups

TIME = np.array([0.0, 1.0, 2.0])


def channels(xy, directions, values=None, kind="velocity", shot="", time=TIME, noise=0.0) -> Channels:
    values = 1.0 + np.arange(len(xy) * time.shape[-1]).reshape(len(xy), -1) if values is None else values
    return Channels(kind, shot, values, time, np.array(xy, dtype=float), tuple(directions), noise, ())


def test_channels_of_one_place_are_one_receiver_and_signs_are_undone():
    [group] = groups([channels([[1, 0], [0, 0], [1, 0], [0, 0]], [Y, X, (-1.0, 0.0), (0.0, -1.0)])])
    assert group.directions == (X, Y) and group.xy.tolist() == [[1, 0], [0, 0]]
    np.testing.assert_array_equal(group.values[0], np.transpose([[-7, -8, -9], [1, 2, 3]]))
    np.testing.assert_array_equal(group.values[1], np.transpose([[4, 5, 6], [-10, -11, -12]]))


def test_what_a_receiver_did_not_record_is_a_gap():
    [group] = groups([channels([[0, 0], [1, 0], [1, 0]], [X, X, (0.6, 0.8)])])
    assert group.directions == (X, (0.6, 0.8)) and np.isnan(group.values[0, :, 1]).all()
    assert not np.isnan(group.values[1]).any()
    [group] = groups([channels([[0, 0], [0, 0]], ["yy", "xx"], kind="strain")])
    assert group.directions == ("xx", "yy")


def test_quantities_and_shots_are_kept_apart():
    several = [channels([[0, 0]], [X]), channels([[0, 0]], [X], kind="displacement"), channels([[0, 0]], [X], shot="B")]
    assert [(each.kind, each.shot) for each in groups(several)] == [
        ("velocity", ""),
        ("displacement", ""),
        ("velocity", "B"),
    ]
    with pytest.raises(ep.ElasticPinnError, match="velocity and displacement and velocity of shot B are recorded"):
        fields(several)


def test_unlike_clocks_make_receivers_of_their_own():
    one, other = channels([[0, 0]], [X]), channels([[0, 0]], [Y], time=TIME[:2] + 0.5)
    [group] = groups([one, other])
    assert group.xy.tolist() == [[0, 0], [0, 0]]
    np.testing.assert_array_equal(group.time, [[0, 1, 2], [0.5, 1.5, np.nan]])
    with pytest.raises(ep.ElasticPinnError, match="unlike times"):
        fields([one, other])


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ([channels([[0, 0], [0, 0]], [X, (-1.0, 0.0)])], r"two channels of velocity at \(0, 0\) m along x"),
        ([channels([[0, 0]], [X]), channels([[1, 0]], [X], noise=1.0)], "noise of velocity differs"),
        ([channels([[0, 0]], [X])], "recorded along x: a receiver file needs x and y"),
        ([channels([[0, 0], [0, 0], [1, 0]], [X, Y, Y])], r"the receiver at \(1, 0\) m lacks samples"),
    ],
)
def test_what_cannot_be_kept_yet_is_refused_in_words(bad, expected):
    with pytest.raises(ep.ElasticPinnError, match=expected):
        fields(bad)
