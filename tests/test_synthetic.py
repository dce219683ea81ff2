"""What receivers would record of a trained wavefield, and how far it is from what they recorded."""

from dataclasses import replace

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.fingerprint import Fingerprint


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


def noise_of(recorded: ep.Receivers) -> np.ndarray:
    """In units of its standard deviation."""
    return (recorded.recorded - recorded.truth.recorded) / recorded.noise


def test_noise_without_a_seed_is_the_same_of_each_call_and_independent_of_other_receivers(run):
    first, again = ep.synthetic_receivers(run), ep.synthetic_receivers(run.latest())
    assert np.array_equal(first.displacement, again.displacement)
    seed = int(first.provenance.split("seed ")[1])
    assert np.array_equal(ep.synthetic_receivers(run, seed=seed).displacement, first.displacement)
    unlike = ({"xy": 0.9 * first.xy}, {"time": 0.5 * first.time}, {"noise": 0.02}, {"quantity": "velocity"})
    for changed in unlike:
        other = noise_of(ep.synthetic_receivers(run, **changed))
        assert abs(np.corrcoef(other.ravel(), noise_of(first).ravel())[0, 1]) < 4.0 / np.sqrt(other.size)


def forced(at: float) -> ep.Problem:
    """A square that a force pushes at a place."""
    return ep.Problem(
        ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 2.0)),
        ep.Material(2.0, 1.0, 1.0),
        boundary=[ep.Displacement()],
        initial=ep.Initial(),
        force=ep.PointForce((at, 0.5), (1.0, 0.0), ep.Ricker(1.0, 1.0), width=0.1),
    )


def test_two_shots_with_the_same_receivers_have_independent_noise(tiny, tmp_path):
    shots = []
    for at in (0.3, 0.301):
        problem, folder = forced(at), tmp_path / str(at)
        run = ep.train(tiny(problem="own", estimate_error=False), folder, problem=problem)
        shots.append(noise_of(ep.synthetic_receivers(run, problem=problem)))
    correlation = np.corrcoef(*(each.ravel() for each in shots))[0, 1]
    assert abs(correlation) < 4.0 / np.sqrt(shots[0].size)


@pytest.mark.slow
def test_a_wavefield_by_elements_is_recorded_and_compared_in_a_problem_of_ones_own(tiny, tmp_path, monkeypatch):
    problem = forced(0.4)
    run = ep.train(tiny(problem="own", estimate_error=False), tmp_path / "run", problem=problem)
    monkeypatch.setattr(ep.Checkpoint, "is_by_elements", True)  # as of a search by waveforms without a network
    xy, time = np.array([[0.3, 0.4], [0.8, 0.7]]), np.linspace(0.2, 1.8, 9)
    records = ep.synthetic_receivers(run, xy, time, noise=0.0, problem=problem)
    assert np.abs(records.displacement).max() > 0.0 and ep.relative_error(run, records, problem) < 1e-6
    with pytest.raises(ep.ConfigError, match="problem 'own' is in no config: give it too"):
        ep.relative_error(run, records)


def test_a_seed_needs_no_exact_numbers(run):
    # Rounding on another machine changes the last digits of a problem's numbers.
    problem = run.latest().problem()
    fingerprint = Fingerprint.of(problem)
    moved = Fingerprint(fingerprint.numbers + 1e-13 * fingerprint.sizes, fingerprint.sizes)
    other = Fingerprint(fingerprint.numbers + 1e-4 * fingerprint.sizes, fingerprint.sizes)
    assert moved.rounded.equal(fingerprint.rounded) and not other.rounded.equal(fingerprint.rounded)


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


@pytest.mark.parametrize("is_estimated", [True, False])
@pytest.mark.parametrize("quantity", ["displacement", "stress"])
@pytest.mark.parametrize(("noise", "told"), [(0.01, "more than"), (1.5, "not far below"), (20.0, ""), (0.0, "")])
def test_an_error_that_the_noise_does_not_hide_is_told(tiny, tmp_path, caplog, noise, told, quantity, is_estimated):
    run = ep.train(tiny(estimate_error=is_estimated), tmp_path / "run")
    caplog.clear()
    found = ep.synthetic_receivers(run, noise=noise, quantity=quantity)
    unit = {"displacement": "m", "stress": "Pa"}[quantity]
    assert (f"{told} their noise of {found.only.noise:.2g} {unit}: a search" in caplog.text) == bool(told), caplog.text


def test_the_error_and_what_would_hide_it_are_told_in_numbers(run, monkeypatch, caplog):
    clean = ep.synthetic_receivers(run, noise=0.0).truth.displacement
    peak, size = np.abs(clean).max(), np.sqrt(np.square(clean).mean())
    checkpoint = run.latest()
    monkeypatch.setattr(checkpoint, "metrics", {"error/estimated": 0.03})
    ep.synthetic_receivers(checkpoint, noise=0.01)
    assert f"about {0.03 * size:.2g} m off the exact ones" in caplog.text
    assert f"their noise of {0.01 * peak:.2g} m" in caplog.text
    assert f"a tolerance of {0.01 * peak / (5 * size):.2g}, or give a noise of {0.15 * size / peak:.2g}" in caplog.text


def test_nothing_is_told_of_an_error_that_cannot_be_known(tiny, tmp_path, caplog):
    problem = replace(forced(0.3), boundary=())
    run = ep.train(tiny(problem="own"), tmp_path / "run", problem=problem)
    caplog.clear()
    ep.synthetic_receivers(run, problem=problem)
    assert "off the exact ones" not in caplog.text


def test_a_tensor_is_recorded_by_all_its_components_and_compared_as_such(run):
    recorded = ep.synthetic_receivers(run, noise=0.0, quantity="stress")
    assert recorded.only.quantity == "stress" and recorded.only.labels == ("xx", "yy", "xy")
    assert ep.relative_error(run, recorded) < 1e-12
    larger = replace(recorded.only, values=1.1 * recorded.only.values)
    assert ep.relative_error(run, ep.Receivers(records=larger)) == pytest.approx(0.1 / 1.1)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"xy": [[1.5, 0.5]]}, "outside the window"),
        ({"time": [3.0]}, "outside the window"),
        ({"quantity": "pressure"}, "legal are displacement, velocity, acceleration, strain, strain_rate, stress"),
        ({"noise": -0.1}, "noise = -0.1"),
        ({"seed": -1}, "seed = -1: a whole number, 0 or more"),
    ],
)
def test_what_cannot_be_recorded_is_refused(run, given, fault):
    with pytest.raises(ValueError, match=fault):
        ep.synthetic_receivers(run, **given)


def test_the_error_is_relative_to_the_records_or_to_their_truth(run):
    noisy = ep.synthetic_receivers(run, noise=0.5)
    assert ep.relative_error(run, noisy) == 0.0
    measured = replace(noisy, truth=None, displacement=1.25 * noisy.truth.displacement)
    assert ep.relative_error(run.latest(), measured) == pytest.approx(0.2)
