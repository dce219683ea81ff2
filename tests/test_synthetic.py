"""What receivers would record of a trained wavefield, and how far it is from what they recorded."""

import dataclasses

import numpy as np
import pytest

import elastic_pinn as ep


@pytest.fixture
def run(tiny, tmp_path) -> ep.Run:
    return ep.train(tiny(), tmp_path / "run")


def test_records_are_the_wavefield_with_noise_of_the_stated_size(run, tmp_path):
    xy, time = np.random.default_rng(0).random((200, 2)), np.linspace(0.0, 2.0, 50)
    ep.synthetic_receivers(run, xy, time, noise=0.02, seed=3).save(tmp_path / "receivers.h5")
    found = ep.Receivers.load(tmp_path / "receivers.h5")
    clean = run.predict(*xy.T[:, :, None], time)
    assert np.array_equal(found.truth.displacement, clean)
    assert found.noise == pytest.approx(0.02 * np.abs(clean).max())
    assert (found.displacement - clean).std() == pytest.approx(found.noise, rel=0.02)
    again = ep.synthetic_receivers(run, xy, time, noise=0.02, seed=3)
    assert np.array_equal(again.displacement, found.displacement)
    assert not np.array_equal(ep.synthetic_receivers(run, xy, time, noise=0.02).displacement, found.displacement)


def test_receivers_are_spread_over_the_solid_and_the_window_where_none_are_given(run):
    found = ep.synthetic_receivers(run)
    assert found.xy.shape == (60, 2) and found.time[[0, -1]].tolist() == [0.0, 2.0]
    counts, _, _ = np.histogram2d(*found.xy.T, bins=3, range=[[0.0, 1.0], [0.0, 1.0]])
    assert counts.min() >= 4
    assert found.truth.material == {"lambda": 2.0, "mu": 1.0, "rho": 1.0} and found.material == {}


def test_other_quantities_are_recorded_in_their_place(run):
    found = ep.synthetic_receivers(run, [[0.3, 0.4]], [0.5], noise=0.0, quantity="velocity")
    assert found.quantity.name == "velocity" and found.noise == 0.0
    assert np.array_equal(found.recorded[0, 0], run.predict(0.3, 0.4, 0.5, "velocity"))


@pytest.mark.parametrize(("noise", "is_told"), [(0.01, True), (20.0, False), (0.0, False)])
def test_an_error_that_the_noise_does_not_hide_is_told(tiny, tmp_path, caplog, noise, is_told):
    run = ep.train(tiny(estimate_error=True), tmp_path / "run")
    assert run.summary.metrics["error/estimated"] > 0.1
    caplog.clear()
    ep.synthetic_receivers(run, noise=noise)
    assert ("off by the wavefield's error, an estimated" in caplog.text) == is_told


def test_a_tensor_is_recorded_by_all_its_components_and_compared_as_such(run):
    recorded = ep.synthetic_receivers(run, noise=0.0, quantity="stress")
    assert recorded.only.quantity == "stress" and recorded.only.labels == ("xx", "yy", "xy")
    assert ep.relative_error(run, recorded) < 1e-12
    larger = dataclasses.replace(recorded.only, values=1.1 * recorded.only.values)
    assert ep.relative_error(run, ep.Receivers(records=larger)) == pytest.approx(0.1 / 1.1)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"xy": [[1.5, 0.5]]}, "outside the window"),
        ({"time": [3.0]}, "outside the window"),
        ({"quantity": "pressure"}, "legal are displacement, velocity, acceleration, strain, strain_rate, stress"),
        ({"noise": -0.1}, "noise = -0.1"),
    ],
)
def test_what_cannot_be_recorded_is_refused(run, given, fault):
    with pytest.raises(ValueError, match=fault):
        ep.synthetic_receivers(run, **given)


def test_the_error_is_relative_to_the_records_or_to_their_truth(run):
    noisy = ep.synthetic_receivers(run, noise=0.5)
    assert ep.relative_error(run, noisy) == 0.0
    measured = dataclasses.replace(noisy, truth=None, displacement=1.25 * noisy.truth.displacement)
    assert ep.relative_error(run.latest(), measured) == pytest.approx(0.2)
