"""Figures of a fit of several shots are drawn for each of them."""

import math

import numpy as np
import pytest
from matplotlib.text import Text

import elastic_pinn as ep
from elastic_pinn.workbench.figures.records.shown_records import missed
from tests.training.optimizers.recorded_shots import AT, PLACES

SHOWN = {
    "data_fit": ep.figures.data_fit,
    "wiggles": ep.figures.wiggles,
    "fit_b_scan": ep.figures.fit_b_scan,
    "b_scan": ep.figures.b_scan,
    "snapshots": ep.figures.snapshots,
}

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", SHOWN)
def test_a_figure_shows_the_shot_that_is_named_and_else_the_first(shots_run, name):
    right, left, first = (SHOWN[name](shots_run, **of) for of in ({"shot": "right"}, {"shot": "left"}, {}))
    assert right.get_suptitle().startswith("shot right: ") and left.get_suptitle().startswith("shot left: ")
    assert first.get_suptitle() == left.get_suptitle() != right.get_suptitle()
    with pytest.raises(ep.ProblemError, match="shot = 'middle': legal are 'left', 'right'"):
        SHOWN[name](shots_run, shot="middle")


def test_the_residual_of_another_shot_is_its_noise(shots_run):
    shot = shots_run.latest().shot("right")
    assert len(shot.receivers.places) == len(PLACES["right"]) and shot.solved_by == "elements"
    records = shot.receivers.only
    assert np.sqrt(np.square(missed(shot.predict, records)).mean()) == pytest.approx(records.noise, rel=0.1)
    told, of_first = (
        [text.get_text() for text in ep.figures.wiggles(shots_run, shot=name).legends[0].get_texts()]
        for name in ("right", "left")
    )
    assert told[:3] == ["recorded", "elements", "recorded - elements"] and of_first[1] == "elements"


def test_each_vector_of_another_shot_is_the_derivative_of_the_one_before(shots_run):
    x, y, t, step = 0.004, 0.002, AT[5:-5], 1e-9
    shot = shots_run.latest().shot("right")
    for lower, upper in (("displacement", "velocity"), ("velocity", "acceleration")):
        by_difference = (shot.predict(x, y, t + step, lower) - shot.predict(x, y, t - step, lower)) / (2.0 * step)
        found = shot.predict(x, y, t, upper)
        np.testing.assert_allclose(found, by_difference, atol=1e-3 * np.abs(found).max())


def test_waves_of_another_shot_are_solved_for_once_at_the_receivers(shots_run, monkeypatch):
    solved = []
    monkeypatch.setattr(ep.run.shot.ErrorsInFoundMaterial, "of", counted(ep.run.shot.ErrorsInFoundMaterial.of, solved))
    checkpoint = shots_run.latest()
    for name in ("data_fit", "wiggles", "fit_b_scan"):
        SHOWN[name](checkpoint, shot="right")
    assert len(solved) == 1
    SHOWN["b_scan"](checkpoint, shot="right")
    assert len(solved) == 2


def counted(function, calls):
    def called(*arguments):
        calls.append(arguments)
        return function(*arguments)

    return called


@pytest.mark.parametrize(
    ("place", "quantity", "fault"),
    [
        ((0.004, 0.002, 1e-5), "energy", "quantity = 'energy': legal are displacement, velocity, acceleration, strain"),
        ((0.013, 0.004, 1e-5), "displacement", "is in hole 1 of the Plate"),
        ((0.004, 0.002, 1.0), "displacement", "t = 1 s is outside the window"),
    ],
)
def test_what_elements_do_not_have_of_another_shot_is_refused(shots_run, place, quantity, fault):
    with pytest.raises(ValueError, match=fault):
        shots_run.predict(*place, quantity, shot="right")


def test_energy_is_refused_where_the_network_takes_no_part_and_a_movie_is_then_by_elements(shots_run, monkeypatch):
    with pytest.raises(ep.figures.FigureError, match="in which the network takes no part: snapshots, wiggles and"):
        ep.figures.energy(shots_run)
    assert titles_of(lambda: ep.figures.movie(shots_run, frames=2), monkeypatch, "shot left: by finite elements: t = ")
    right = ep.figures.movie(shots_run, "v_y", frames=2, shot="right")
    assert right.webp() != ep.figures.movie(shots_run, "v_y", frames=2).webp()


def test_losses_of_a_network_that_takes_no_part_are_told_to_be(shots_run, inverse_run):
    held, used = (ep.figures.loss_curves([each]).axes[0].get_title(loc="left") for each in (shots_run, inverse_run))
    assert held.endswith("\nof the network, which takes no part: elements solve for the waves")
    assert used and "network" not in used


def test_what_is_of_the_first_shots_network_is_told_to_be(shots_run, monkeypatch):
    monkeypatch.setattr("elastic_pinn.run.checkpoint.HELD_AT_ZERO", math.inf)
    begin = "shot left, the first of 2, by its network"
    assert titles_of(lambda: ep.figures.energy(shots_run), monkeypatch, begin)


def test_a_movie_without_a_shot_is_by_elements_as_the_prediction_where_the_network_takes_part(shots_run, monkeypatch):
    monkeypatch.setattr("elastic_pinn.run.checkpoint.HELD_AT_ZERO", math.inf)
    begin = "shot left: by finite elements: t = "
    assert titles_of(lambda: ep.figures.movie(shots_run, frames=2), monkeypatch, begin)


def titles_of(draw, monkeypatch, begin):
    """The texts that begin so of what is drawn meanwhile."""
    titles = []
    with monkeypatch.context() as patched:
        patched.setattr(Text, "set_text", counted(Text.set_text, titles))
        draw()
    return [str(text) for _, text in titles if str(text).startswith(begin)]


def test_a_run_of_one_shot_has_one_without_a_name(plate_run):
    checkpoint = plate_run.latest()
    assert checkpoint.shots() == ("",) and checkpoint.shot().told == ""
    np.testing.assert_array_equal(checkpoint.shot().predict(0.004, 0.002, 1e-5), plate_run.predict(0.004, 0.002, 1e-5))
    with pytest.raises(ep.ProblemError, match="shot = 2: legal are '1'"):
        plate_run.predict(0.004, 0.002, 1e-5, shot=2)


def test_a_picture_of_a_shot_is_saved_under_its_name(shots_run):
    figure = ep.figures.data_fit(shots_run, shot="right")
    ep.figures.save(figure, shots_run, "data_fit", "right/2")
    assert (shots_run.path / "figures" / "data_fit-right%2F2.png").is_file()


def test_a_prediction_without_a_shot_is_that_of_the_first_where_the_network_takes_part(shots_run, monkeypatch):
    monkeypatch.setattr("elastic_pinn.run.checkpoint.HELD_AT_ZERO", math.inf)
    checkpoint, place = shots_run.latest(), (0.004, 0.002, np.array([1e-5, 2e-5]))
    by_elements, by_network = checkpoint.shot().predict(*place), checkpoint.model().predict(*place)
    assert not np.allclose(by_network, by_elements, rtol=0.01)
    np.testing.assert_array_equal(checkpoint.predict(*place), by_elements)
    del checkpoint.snapshot.state["problem"]["shots"]  # as of earlier versions
    np.testing.assert_array_equal(checkpoint.predict(*place), by_elements)


def test_all_shots_are_recorded_with_noise_of_their_own_and_compared_by_their_names(shots_run):
    time = AT[::4]
    clean = ep.synthetic_receivers(shots_run, PLACES["left"], time, noise=0.0)
    assert clean.shots == ("left", "right")
    for records in clean.records:
        by_shot = shots_run.predict(*PLACES["left"].T[:, :, None], time, shot=records.shot)
        np.testing.assert_allclose(records.values, by_shot)
    assert ep.relative_error(shots_run, clean) < 1e-9
    assert ep.relative_error(shots_run, clean.of_shot("right")) < 1e-9
    noisy = ep.synthetic_receivers(shots_run, PLACES["left"], time, noise=0.05)
    noise = [
        (each.values - other.values) / each.noise for each, other in zip(noisy.records, clean.records, strict=True)
    ]
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 4.0 / math.sqrt(noise[0].size)
    assert [each.std() for each in noise] == pytest.approx([1.0, 1.0], abs=0.2)
