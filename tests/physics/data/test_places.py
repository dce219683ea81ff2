"""What differs by rounding alone is one place, and one channel of several shots."""

import numpy as np

import elastic_pinn as ep
from elastic_pinn.physics.data.found_gains import same_channels
from elastic_pinn.physics.data.places import at_one_place, first_alike

SUM = 0.1 + 0.2  # 0.30000000000000004


def test_places_are_one_by_rounding_and_by_nothing_more():
    places = np.array([[0.3, 0.0], [1.0, 0.5], [SUM, 0.0], [0.3 + 1e-5, 0.0], [1.0, 0.5]])
    assert at_one_place(places).tolist() == [0, 1, 0, 3, 1]
    far = places + np.array([5e5, 5e6])  # as of a map, where a number is known to a nanometre
    assert at_one_place(far).tolist() == [0, 1, 0, 3, 1]
    assert at_one_place(np.zeros((2, 2))).tolist() == [0, 0] and at_one_place(np.array([[0.3, SUM]])).tolist() == [0]


def test_rows_are_alike_where_each_column_is():
    rows = np.array([[0.0, 0.0, 1.0, 2.0, 3.0], [0.0, 0.0, 1.0, 2.1, 3.0], [0.0, 0.0, 1.0, 2.001, 3.001]])
    assert first_alike(rows, np.array([0.0, 0.0, 0.01, 0.01, 0.01])).tolist() == [0, 1, 0]


def test_a_channel_is_the_same_in_shots_whose_places_differ_by_rounding():
    values, time = np.random.default_rng(0).standard_normal((2, 4)), np.arange(4.0)
    left = ep.Records("velocity", values, [[0.3, 0.0], [1.0, 0.0]], time, directions="x", shot="left")
    right = ep.Records("velocity", values, [[1.0, 0.0], [SUM, 0.0]], time, directions="x", shot="right")
    assert same_channels(ep.Receivers(records=[left, right])).tolist() == [0, 1, 1, 0]
