"""Channels of one quantity and shot become receivers with a column for each direction, and nothing is mixed."""

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data.readers.assemble import Channels
from elastic_pinn.physics.data.readers.records import X, Y, records_of

TIME = np.array([0.0, 1.0, 2.0])


def channels(xy, directions, values=None, kind="velocity", shot="", time=TIME, noise=0.0) -> Channels:
    values = 1.0 + np.arange(len(xy) * time.shape[-1]).reshape(len(xy), -1) if values is None else values
    return Channels(kind, shot, values, time, np.array(xy, dtype=float), tuple(directions), noise, ())


def test_channels_of_one_place_are_one_receiver_and_signs_are_undone():
    [found] = records_of([channels([[1, 0], [0, 0], [1, 0], [0, 0]], [Y, X, (-1.0, 0.0), (0.0, -1.0)])])
    assert found.is_complete and found.xy.tolist() == [[1, 0], [0, 0]]
    np.testing.assert_array_equal(found.values[0], np.transpose([[-7, -8, -9], [1, 2, 3]]))
    np.testing.assert_array_equal(found.values[1], np.transpose([[4, 5, 6], [-10, -11, -12]]))


def test_what_a_receiver_did_not_record_is_neither_dead_nor_missing():
    [found] = records_of([channels([[0, 0], [1, 0], [1, 0]], [X, X, (0.6, 0.8)])])
    assert found.labels == ("x", "(0.6, 0.8)") and np.isnan(found.values[0, :, 1]).all()
    assert not np.isnan(found.values[1]).any()
    assert found.told == "velocity of 2 at 3 times along x and (0.6, 0.8), 3 channels (2 x, 1 (0.6, 0.8))"
    [found] = records_of([channels([[0, 0], [1, 0], [2, 0]], [X, Y, X])])
    assert found.told == "velocity of 3 at 3 times, 3 channels (2 x, 1 y)"
    [found] = records_of([channels([[0, 0], [0, 0]], ["yy", "xx"], kind="strain")])
    assert found.labels == ("xx", "yy") and found.values[0, 0].tolist() == [4.0, 1.0]


def test_quantities_and_shots_are_kept_apart():
    several = [channels([[0, 0]], [X]), channels([[0, 0]], [X], kind="displacement"), channels([[0, 0]], [X], shot="B")]
    assert [(each.quantity, each.shot) for each in records_of(several)] == [
        ("velocity", ""),
        ("displacement", ""),
        ("velocity", "B"),
    ]


def test_unlike_clocks_make_receivers_of_their_own():
    one, other = channels([[0, 0]], [X]), channels([[0, 0]], [Y], time=TIME[:2] + 0.5)
    [found] = records_of([one, other])
    assert found.xy.tolist() == [[0, 0], [0, 0]]
    np.testing.assert_array_equal(found.time, [[0, 1, 2], [0.5, 1.5, np.nan]])
    assert found.is_there.sum() == 5


SUM = 0.1 + 0.2  # 0.30000000000000004


def test_places_that_differ_by_rounding_are_one_receiver_in_all_files_shots_and_quantities():
    files = [channels([[0.3, 0], [1, 0.3]], [X, X]), channels([[SUM, 0], [1, SUM]], [Y, Y])]
    others = [channels([[0.1, 0], [SUM, 0]], [X, X], shot="B"), channels([[SUM, 0]], [X], kind="displacement")]
    velocity, right, displacement = records_of([*files, *others])
    assert velocity.is_complete and velocity.xy.tolist() == [[0.3, 0], [1, 0.3]]
    assert right.xy.tolist() == [[0.1, 0], [0.3, 0]] and displacement.xy.tolist() == [[0.3, 0]]
    [apart] = records_of([channels([[0.3, 0], [1, 0]], [X, X]), channels([[0.30001, 0], [1, 0]], [Y, Y])])
    assert len(apart.xy) == 3, "no rounding"


def test_channels_of_one_place_that_differ_by_rounding_are_the_same_channel_twice():
    with pytest.raises(ep.ElasticPinnError, match="two channels of velocity at"):
        records_of([channels([[0.3, 0], [1, 0]], [X, X]), channels([[SUM, 0]], [X])])


def test_times_that_differ_by_rounding_are_one_clock():
    time, sums = np.array([0.1, 0.3, 0.5]), np.array([0.1, SUM, 0.5])
    [found] = records_of([channels([[0, 0]], [X], time=time), channels([[0, 0]], [Y], time=sums)])
    assert found.is_complete and found.time.tolist() == time.tolist()
    own, others = np.array([time, time + 1.0]), np.array([sums + 1.0, sums])
    [found] = records_of(
        [channels([[0, 0], [1, 0]], [X, X], time=own), channels([[1, 0], [0, 0]], [Y, Y], time=others)]
    )
    assert len(found.xy) == 2 and found.is_there.all() and found.time.tolist() == own.tolist()
    [apart] = records_of([channels([[0, 0]], [X], time=time), channels([[0, 0]], [Y], time=time + 1e-4)])
    assert len(apart.xy) == 2


def test_noise_of_files_that_differ_is_that_of_each_channel():
    [found] = records_of([channels([[0, 0]], [X], noise=2.0), channels([[1, 0]], [X], noise=1.0)])
    assert found.noise.tolist() == [[2.0], [1.0]]


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ([channels([[0, 0], [0, 0]], [X, (-1.0, 0.0)])], r"two channels of velocity at \(0, 0\) m along x"),
        ([channels([[0, 0]], [X]), channels([[1, 0]], [X], noise=1.0)], "noise of velocity is stated for some"),
    ],
)
def test_what_cannot_be_is_refused_in_words(bad, expected):
    with pytest.raises(ep.ElasticPinnError, match=expected):
        records_of(bad)


def test_a_tensor_is_the_same_along_a_direction_and_its_opposite():
    [found] = records_of([channels([[0, 0], [1, 0]], [(-0.6, 0.8), (0.0, -1.0)], kind="strain_rate")])
    assert found.labels == ("(0.6, -0.8)", "yy")
    assert found.values[0, :, 0].tolist() == [1.0, 2.0, 3.0] and found.values[1, :, 1].tolist() == [4.0, 5.0, 6.0]


def test_a_bent_fibre_has_a_direction_of_its_own_at_each_place_and_no_column_for_each():
    angle = np.linspace(0.1, 1.4, 50)
    along = [(float(x), float(y)) for x, y in zip(np.cos(angle), np.sin(angle), strict=True)]
    [found] = records_of([channels([[i, 0] for i in range(50)], along, kind="strain")])
    assert found.values.shape == (50, 3, 1) and found.is_there.all() and found.labels == ("direction 1",)
    assert found.parts[:, 0] == pytest.approx(np.stack([np.cos(angle) ** 2, np.sin(angle) ** 2, np.sin(2 * angle)], 1))
