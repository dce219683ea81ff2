"""A channel that records in several shots has one gain in all of them, which is found with the material."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.data import noises_of
from elastic_pinn.physics.media.material import ALUMINIUM
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.assessment.linearised_waveforms import LinearisedWaveforms
from elastic_pinn.training.session import Session
from elastic_pinn.training.trained_model import TrainedModel
from elastic_pinn.training.waveforms import require_determined
from tests.training.optimizers import recorded_shots as shots
from tests.training.optimizers.recorded_plate import quicken

TRUE = {"lambda": ALUMINIUM.lame_lambda, "mu": ALUMINIUM.lame_mu}
LEFT, RIGHT = (each | {"pulse": "unknown"} for each in (shots.LEFT, shots.RIGHT))
EVERYWHERE = np.array([(x, 0.01) for x in np.linspace(0.001, 0.019, 7)] + [(0.02, 0.005), (0.01, 0.0), (0.0, 0.005)])
PLACES = {"left": EVERYWHERE[:8], "right": EVERYWHERE[[9, 8, *range(1, 7)]]}  # of which six are in both
GAINS = np.exp(0.4 * np.random.default_rng(5).standard_normal((len(EVERYWHERE), 2)))
GAINS[0], GAINS[3, 1] = 1.0, -0.8
UNKNOWN = [*(f"left {row}" for row in range(1, 8)), "right 8", "right 9"]
NOISES = 5


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Coarser elements and fewer time steps."""
    quicken(monkeypatch)


def gains_of(shot):
    """The true gains of the receivers of a shot, (R, 2)."""
    return GAINS[[int(np.abs(EVERYWHERE - place).sum(1).argmin()) for place in PLACES[shot]]]


@pytest.fixture
def clean(tmp_path):
    """What is recorded by these gains, without noise."""
    exact = shots.clean(tmp_path / "clean.h5", PLACES)
    return {name: values * gains_of(name)[:, None] for name, values in exact.items()}


def true_gains():
    """By the name of the channel in the first shot."""
    rows = {**{f"left {i}": i for i in range(1, 8)}, "right 8": 9, "right 9": 8}
    return {f"gain of {name} {axis}": GAINS[row, i] for name, row in rows.items() for i, axis in enumerate("xy")}


@pytest.mark.slow
def test_gains_of_two_shots_of_unknown_wavelets_are_found_within_their_errors(clean, tmp_path):
    true, of_material, of_gains = true_gains(), [], []
    for seed in range(NOISES):
        data = shots.noisy(tmp_path / "noisy.h5", clean, PLACES, np.random.default_rng(seed))
        config = shots.plate(data, sources=[LEFT, RIGHT], unknown_gains=UNKNOWN)
        session = Session(config, ep.problem_from(config))
        while not session.is_over:
            session.advance()
        fit = assess(session.trained())
        assert session.converged and fit.verdict in ("holds", "widened"), fit.reason
        assert fit.calibration.keys() == true.keys()
        of_material.append([(fit.values[name] - value) / fit.plus_minus[name] for name, value in TRUE.items()])
        errors = fit.calibration_plus_minus
        of_gains.append([(fit.calibration[name] - value) / errors[name] for name, value in true.items()])
    assert np.abs(of_material).max() < 3.5 and np.abs(of_gains).max() < 4.5
    assert 0.75 < np.sqrt(np.mean(np.square(of_gains))) < 1.3


@pytest.mark.slow
def test_what_is_predicted_of_each_shot_is_what_was_fitted(clean, tmp_path):
    data = shots.noisy(tmp_path / "noisy.h5", clean, PLACES, np.random.default_rng(0))
    run = ep.train(shots.plate(data, sources=[LEFT, RIGHT], unknown_gains=UNKNOWN), tmp_path / "run")
    checkpoint, every = run.latest(), run.problem().records_of_all_shots
    assert checkpoint.shots() == ("left", "right")
    for name in checkpoint.shots():
        found = checkpoint.shot(name).receivers.only.gain
        np.testing.assert_allclose(found, gains_of(name), atol=0.25)
        assert (found != 1.0).sum() == {"left": 14, "right": 16}[name], "of all but the channels of one receiver"
    with torch.no_grad():
        linear = LinearisedWaveforms(TrainedModel.of(checkpoint, run.problem()))
    right = checkpoint.shot("right")
    predicted = right.predict(*PLACES["right"].T[:, :, None], shots.AT)  # (R, T, 2)
    noises, scale = noises_of(every), linear.recorded.quantity.scale(run.problem().scales)
    in_one_unit = noises[0][0, 0, 0] / noises[1] * right.receivers.only.gain[:, None] * predicted / scale
    fitted = linear.field()[linear.rows_of_shots[1]].numpy()
    np.testing.assert_allclose(in_one_unit.reshape(-1, 1), fitted, atol=1e-9 * np.abs(fitted).max())
    np.testing.assert_array_equal(run.predict(0.004, 0.003, 1e-5, shot="right"), right.predict(0.004, 0.003, 1e-5))
    begun = ep.load_checkpoint(run.checkpoints()[0].path)
    assert begun.step == 0
    with pytest.raises(ep.ProblemError, match=r"shot = 'right': .* has nothing of its source, which was unknown"):
        begun.shot("right")


@pytest.mark.parametrize(
    ("gains", "sources", "places", "fault"),
    [
        (["all"], [LEFT, RIGHT], PLACES, "all channels of shot left and right, and the source's amplitude is unknown"),
        (
            ["1"],
            [LEFT, RIGHT],
            PLACES,
            "nothing was recorded by '1'; legal are 'all', .* from 0, from 'left 0' to 'right ",
        ),
        (["left"], [LEFT, RIGHT], PLACES, "nothing was recorded by 'left'"),
        (
            [f"right {row}" for row in range(4, 8)],
            [LEFT, RIGHT],
            {"left": EVERYWHERE[:4], "right": EVERYWHERE[4:8]},
            "all channels of shot right, and the source's amplitude",
        ),
        (
            ["left 1"],
            [LEFT, RIGHT],
            PLACES | {"right": EVERYWHERE[[1, 1, 2]]},
            "two channels at .* m recorded the displ",
        ),
    ],
)
def test_gains_of_shots_without_a_size_or_a_channel_are_refused(tmp_path, gains, sources, places, fault):
    ep.Receivers(records=shots.empty(places)).save(tmp_path / "two.h5")
    config = shots.plate(tmp_path / "two.h5", sources=sources, unknown_gains=gains)
    with pytest.raises((ep.ConfigError, ep.ProblemError), match=fault):
        require_determined(config, ep.problem_from(config))


def test_one_known_channel_or_source_fixes_the_size_of_all_shots_that_share_channels(tmp_path):
    known, several = shots.RIGHT | shots.KNOWN["right"], {"left": EVERYWHERE[:3], "right": EVERYWHERE[2:5]}
    ep.Receivers(records=shots.empty(several)).save(tmp_path / "two.h5")
    for gains, sources in ((["all"], [LEFT, known]), (["left 1", "left 2", "right 4", "right 5"], [LEFT, RIGHT])):
        config = shots.plate(tmp_path / "two.h5", sources=sources, unknown_gains=gains)
        require_determined(config, ep.problem_from(config))
