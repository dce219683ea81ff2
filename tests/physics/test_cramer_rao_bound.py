"""No estimate does better than the bound, and a good one does as well."""

import numpy as np
import pytest

from elastic_pinn.physics.cramer_rao_bound import cramer_rao, standard_errors

TIMES = np.linspace(0.0, 1.0, 50)
NOISE = 0.01


def decay(values):
    return values["size"] * np.exp(-values["rate"] * TIMES)


def test_one_number_measured_n_times_is_known_to_the_noise_over_the_root_of_n():
    found = cramer_rao(lambda values: np.full((5, 20), values["length"]), {"length": 4.0}, noise=0.2)
    assert found == pytest.approx([0.2 / 4.0 / 10.0], rel=1e-6)


def test_least_squares_with_many_noises_comes_to_the_bound():
    truth = {"size": 2.0, "rate": 0.5}
    noisy = decay(truth) + NOISE * np.random.default_rng(0).standard_normal((4000, len(TIMES)))
    by_logarithms = np.stack([decay(truth), -0.5 * TIMES * decay(truth)], axis=1)
    errors = (noisy - decay(truth)) @ np.linalg.pinv(by_logarithms).T  # (4000, 2), of the logarithms
    assert errors.std(axis=0) == pytest.approx(cramer_rao(decay, truth, NOISE), rel=0.05)


def test_an_unknown_beside_it_makes_each_less_certain():
    alone = cramer_rao(lambda values: decay({"size": 2.0, **values}), {"rate": 0.5}, NOISE)
    assert cramer_rao(decay, {"size": 2.0, "rate": 0.5}, NOISE)[1] > 1.5 * alone[0]


def test_unknowns_that_show_only_as_a_product_are_refused():
    with pytest.raises(ValueError, match="apart"):
        cramer_rao(lambda values: values["a"] * values["b"] * TIMES, {"a": 1.0, "b": 2.0}, NOISE)
    with pytest.raises(ValueError, match="apart"):
        standard_errors(np.ones((9, 2)), NOISE)
