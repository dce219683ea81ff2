"""What is told before training: each kind of advice with its numbers, and silence where nothing is amiss."""

import logging
import re
from dataclasses import replace

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data.recorded_spectrum import recorded_spectrum
from elastic_pinn.training import advise
from tests.configs import SHIPPED
from tests.plates import PLATE, SOLVED


def told(changes=(), **parts):
    """The advice on the shipped file as 02_inverse takes it, with some fields of the config changed, and some of the
    receivers'."""
    config = ep.Config(**SHIPPED | dict(changes))
    problem = ep.problem_from(config)
    return advise(config, replace(problem, receivers=replace(problem.receivers, **parts)) if parts else problem)


def burst(frequency, noise=0.0, peak=1e-8):
    """The shipped file's receivers with a burst of one frequency (Hz) in all of them, as fields."""
    receivers = ep.problem_from(ep.Config(**SHIPPED)).receivers
    wave = peak * np.sin(2 * np.pi * frequency * receivers.time)[None, :, None] * np.ones((121, 1, 2))
    noises = noise * np.random.default_rng(0).standard_normal(wave.shape)
    return {"displacement": wave + noises, "noise": noise, "truth": None, "pulses": ()}


def test_the_shipped_file_with_its_known_pulses_is_passed_in_silence():
    assert told() == ()


def test_more_amplitudes_than_numbers_are_told_with_what_was_counted():
    (sentence,) = told({"hidden_layers": [12_000]})
    assert sentence.startswith(
        "12,000 amplitudes are to be found from 11,730 numbers (8,930 recorded and 2,800 of the known start): "
    )
    assert sentence.endswith("Set the last number of hidden_layers to at most 11730, or give more samples")
    assert told({"hidden_layers": [11_730]}) == ()
    assert told({"hidden_layers": [11_730], "validation_fraction": 0.2}), "what is held out is not met"
    assert told({"hidden_layers": [11_730], "weight_initial": 0.0}), "nor what does not count"


def test_of_random_features_the_equation_and_the_sides_count_too(waves, tiny):
    features = {"network": "random_features", "interior_points": 20, "boundary_points": 8, "initial_points": 8}
    part = waves(domain=ep.Domain((0.0, 0.2), (0.0, 0.2), (0.0, 0.2)))  # of a wave
    assert advise(tiny(**features, hidden_layers=[43]), part) == ()  # 88 amplitudes, 40 + 16 + 32 numbers
    (sentence,) = advise(tiny(**features, hidden_layers=[44]), part)
    assert "90 amplitudes" in sentence and "hidden_layers to at most 43" in sentence


def test_too_few_waves_are_told_with_how_many_differ():
    (sentence,) = told({"hidden_layers": [500]})
    assert "500 waves" in sentence and "800 1/m" in sentence and "set hidden_layers = [2300] or more" in sentence
    assert told({"hidden_layers": [2300]}) == ()


def test_waves_that_are_longer_than_the_known_pulses_are_told():
    (sentence,) = told({"input_frequency": 18.0})
    assert "pulses are 6 mm wide, which takes waves down to 10.1 mm" in sentence
    assert "the shortest waves here are 10.5 mm long" in sentence and "set input_frequency = 19 or more" in sentence
    assert told({"input_frequency": 19.0}) == ()


def test_waves_that_are_longer_than_what_was_recorded_are_told():
    """S waves of 600 kHz are c_s / f = 2596 / 0.6e6 = 4.3 mm long in the start's material."""
    (sentence,) = told(**burst(600e3))
    assert "95 % of the recorded energy lies below" in sentence and "the shortest waves here are 7.85 mm" in sentence
    setting = float(sentence.split("input_frequency = ")[1].split()[0])
    assert setting == pytest.approx(2 * np.pi * 600e3 / 2596 * 0.03, rel=0.3), "two bins of the spectrum are a third"


def test_frequencies_that_not_even_p_waves_have_are_told_however_little_they_hold():
    low, high = burst(100e3), burst(2e6, peak=3e-10)
    fields = low | {"displacement": low["displacement"] + high["displacement"]}
    (sentence,) = told(**fields)
    assert "where even P waves are" in sentence and told(**low) == ()


def test_noise_asks_for_no_waves():
    assert told(**burst(100e3, noise=1e-9)) == ()
    assert told(**burst(100e3, noise=1e-9) | {"noise": 0.0}) == (), "nor noise that is not stated"
    assert told(**burst(100e3, noise=1e-9, peak=0.0)) == (), "nor records that are noise alone"


def test_waves_that_the_receivers_are_too_far_apart_for_are_told_where_no_start_is_known():
    (sentence,) = told({"initial_pulses": False})
    assert "7.85 mm long where receivers are 6 mm apart" in sentence
    assert "Set input_frequency = 15.7 or less" in sentence
    assert told({"initial_pulses": False, "input_frequency": 15.7}) == ()


def test_waves_that_receivers_are_too_far_apart_for_are_told_in_one_sentence():
    for greatest in (9.0, 15.7, 25.0):  # whatever is set, one of the two would be missed
        (sentence,) = told({"initial_pulses": False, "input_frequency": greatest}, **burst(800e3))
        assert "95 % of the recorded energy lies below" in sentence and "receivers are 6 mm apart" in sentence
        assert "no input_frequency serves both. Filter the records" in sentence and "or more" not in sentence


def test_uneven_times_are_seen_too_and_few_tell_nothing():
    fields = burst(600e3)
    receivers = ep.problem_from(ep.Config(**SHIPPED)).receivers
    keep = np.delete(np.arange(41), [5, 17, 30])
    uneven = fields | {"time": receivers.time[keep], "displacement": fields["displacement"][:, keep]}
    (sentence,) = told(**uneven)
    assert "95 % of the recorded energy" in sentence
    few = replace(receivers, time=receivers.time[:7], displacement=receivers.displacement[:, :7], truth=None)
    assert len(recorded_spectrum(few.only)[0]) == 0


def test_a_trained_network_is_passed_in_silence():
    assert told({"network": "mlp", "hidden_layers": [8], "stages": ["adam"], "initial_pulses": False}) == ()


def test_training_logs_the_advice_before_its_first_step_and_goes_on(tiny, inverse, tmp_path, caplog):
    fields = {"network": "plane_waves", "hidden_layers": [60], "activation": "sin", "log_level": "warning", "steps": 1}
    config = ep.Config(**fields, interior_points=20, validation_points=16)
    with caplog.at_level(logging.WARNING, logger="elastic_pinn"):
        run = ep.train(config, tmp_path / "run", inverse)
    assert run.status == "completed"
    said = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert said == list(advise(config, inverse)) and len(said) == 1
    assert said[0].startswith("60 amplitudes are to be found from 36 numbers (36 recorded)")


def test_the_spectrum_of_very_uneven_times_has_its_waves_where_they_are():
    receivers = ep.problem_from(ep.Config(**SHIPPED)).receivers
    even = np.linspace(0.0, 1.0, 401)
    time = receivers.time[-1] * even**1.5
    wave = 1e-8 * np.sin(2 * np.pi * 600e3 * time)[None, :, None] * np.ones((121, 1, 2))
    frequencies, energy = recorded_spectrum(
        replace(receivers, time=time, displacement=wave, noise=0.0, truth=None).only
    )
    assert frequencies[energy.argmax()] == pytest.approx(600e3, rel=0.1)
    assert energy[abs(frequencies - 600e3) < 200e3].sum() > 0.95 * energy.sum()


def test_what_is_below_the_stated_noise_asks_for_no_waves():
    receivers = ep.problem_from(ep.Config(**SHIPPED)).receivers
    quiet = replace(receivers, **burst(600e3) | {"noise": 1e-7})
    assert not recorded_spectrum(quiet.only)[1].any() and recorded_spectrum(replace(quiet, noise=1e-9).only)[1].any()


def test_points_too_few_for_a_source_are_told_with_the_number_that_would_do():
    window = ep.Domain((0.0, 0.04), (0.0, 0.02), (0.0, 12e-6))
    push = ep.PointForce((0.01, 0.01), (1.0, 0.0), ep.Ricker(2e5, 5e-6), 1e-3)
    problem = ep.Problem(window, ep.Material(5.76e10, 2.6e10, 2700.0), [ep.Traction()], ep.Initial(), force=push)
    (sentence,) = advise(ep.Config(interior_points=500), problem)
    assert "554 kHz, S waves are 5.6 mm long, and its width takes waves down to 2.07 mm; 500 interior" in sentence
    enough = int(re.search(r"set interior_points = (\d+) or more", sentence)[1])
    assert 1000 < enough < 20_000 and advise(ep.Config(interior_points=enough), problem) == ()
    weaker = replace(push, pulse=ep.Ricker(1.7e5, 6e-6), width=3e-3)
    assert advise(ep.Config(interior_points=500), replace(problem, force=[weaker, push]))[0].startswith(str(push))


def test_waves_too_long_for_a_source_are_told_with_the_frequency_that_would_do(tmp_path):
    window = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0))
    push = ep.PointForce((0.5, 0.5), (1.0, 0.0), ep.Ricker(2.0, 0.5), 0.1)
    problem = ep.Problem(window, ep.Material(2.0, 1.0, 1.0), [ep.Traction()], ep.Initial(), force=push)
    features = {"network": "random_features", "hidden_layers": [3000], "activation": "sin", "stages": ["last_layer"]}
    (sentence,) = advise(ep.Config(**features, input_frequency=5.0), problem)
    assert "sends waves down to 207 mm" in sentence and sentence.endswith("set input_frequency = 16 or more")


@pytest.mark.parametrize(
    ("source", "lost"),
    [
        (ep.PointForce((0.01, 0.0), (1.0, 0.0), ep.Ricker(2e5, 5e-6), 1e-3), "50 %"),
        (ep.PointForce((0.01, 0.001), (1.0, 0.0), ep.Ricker(2e5, 5e-6), 1e-3), "16 %"),
        (ep.PointForce((0.01, 0.003), (1.0, 0.0), ep.Ricker(2e5, 5e-6), 1e-3), ""),
        (ep.SideLoad((0.0, 0.02), (1.0, 0.0), ep.Ricker(2e5, 5e-6), 1e-3), "50 %"),
        (ep.SideLoad((0.003, 0.02), (1.0, 0.0), ep.Ricker(2e5, 5e-6), 1e-3), ""),
    ],
)
def test_a_source_beside_an_edge_is_told(source, lost):
    window = ep.Domain((0.0, 0.04), (0.0, 0.02), (0.0, 12e-6))
    parts = {"force": source} if isinstance(source, ep.PointForce) else {}
    sides = [ep.Traction(None if parts else source, "top"), ep.Displacement(None, ("bottom", "left", "right"))]
    problem = ep.Problem(window, ep.Material(5.76e10, 2.6e10, 2700.0), sides, ep.Initial(), **parts)
    sentences = advise(ep.Config(), problem)
    assert len(sentences) == bool(lost) and all(sentence.startswith(f"{lost} of {source}") for sentence in sentences)


def test_too_few_waves_around_holes_are_told_and_enough_are_passed_in_silence():
    solid, holes = ep.Material(1.0, 1.0, 1.0), [ep.Disc((0.3, 0.5), 0.1), ep.Disc((0.7, 0.5), 0.2)]
    plate = ep.Plate(ep.Rectangle((0.0, 1.0), (0.0, 1.0)), holes)

    def told(plane: int, around: int, **points) -> tuple[str, ...]:
        config = ep.Config(
            problem="own", network="hole_waves", hidden_layers=[plane, around], activation="sin", input_frequency=6.0,
            **{"boundary_points": 1000, "initial_points": 1000} | points,
        )  # fmt: skip
        domain = ep.Domain(shape=plate, t=(0.0, 1.0))
        return advise(config, ep.Problem(domain, solid, [ep.Traction()], ep.Initial()))

    (sentence,) = told(900, 100)
    assert sentence.startswith("100 waves around 2 holes are too few for the duration, in which about 490 differ: ")
    assert told(900, 490) == ()
    (sentence,) = told(50, 500)
    assert sentence.startswith("50 waves, spread over all wave numbers") and ", 500] or more" in sentence
    both = told(50, 100)
    enough = {re.search(r"set hidden_layers = (.*) or more", each)[1] for each in both}
    assert len(both) == 2 and len(enough) == 1, "one answer to the question"
    assert told(*map(int, enough.pop()[1:-1].split(", "))) == ()
    (sentence,) = told(900, 500, boundary_points=100, initial_points=100)
    assert sentence.startswith("1,400 amplitudes are to be found from 600 numbers")
    assert sentence.endswith("Set the sum of hidden_layers to at most 600, or give more samples")


def test_rims_with_too_few_points_for_the_potentials_around_them_are_told():
    solid, held = ep.Material(1.0, 1.0, 1.0), ep.Displacement(sides="left")
    plate = ep.Plate(ep.Rectangle((-4.0, 4.0), (-1.0, 1.0)), [ep.Disc((-1.0, 0.0), 0.5), ep.Disc((1.0, 0.0), 0.4)])

    def told(*sides: ep.Traction, points: int = 100, layers: tuple[int, ...] = (20, 60)) -> tuple[str, ...]:
        config = ep.Config(problem="own", network="potentials", hidden_layers=layers, boundary_points=points)
        return advise(config, ep.Problem(ep.Domain(shape=plate), solid, [held, *sides]))

    together = ep.Traction(sides=("right", "top", "bottom", *plate.names))
    (sentence,) = told(together)
    assert sentence.startswith("30 amplitudes of potentials around hole 2 meet 21 numbers on its rim")
    assert "Set boundary_points = 179 or more" in sentence
    assert told(together, points=179) == told(together, layers=(20, 26)) == ()
    assert told(ep.Traction(sides=("right", "top", "bottom")), ep.Traction(sides=plate.names)) == ()


def test_a_plate_at_rest_needs_no_time_to_cross_it():
    plate = ep.Problem(ep.Domain((0.0, 1.0), (0.0, 1.0)), ep.Material(1.0, 1.0, 1.0), [ep.Displacement()])
    for network in ("mlp", "random_features"):
        assert advise(ep.Config(problem="own", network=network, hidden_layers=[50]), plate) == ()


def test_sides_and_a_start_that_are_left_open_are_named():
    plate = ep.Plate(ep.Rectangle((0.0, 1.0), (0.0, 1.0)), holes=[ep.Disc((0.5, 0.5), 0.1)])
    window, solid = ep.Domain(shape=plate, t=(0.0, 1.0)), ep.Material(1.0, 1.0, 1.0)
    outline = ep.Traction(sides=("left", "right", "bottom", "top"))
    (hole,) = advise(ep.Config(problem="own"), ep.Problem(window, solid, [outline], ep.Initial()))
    assert "on hole 1, so that" in hole and "Traction(sides=...)" in hole
    (start,) = advise(ep.Config(problem="own"), ep.Problem(window, solid, [ep.Traction()]))
    assert "Initial() is a start from rest" in start
    assert advise(ep.Config(problem="own"), ep.Problem(window, solid, [ep.Traction()], ep.Initial())) == ()
    rest = ep.Domain((0.0, 1.0), (0.0, 1.0))
    (side,) = advise(ep.Config(problem="own"), ep.Problem(rest, solid, [ep.Displacement(sides=("left", "top"))]))
    assert "on right, bottom, so" in side


def test_points_for_a_start_or_sides_that_a_problem_does_not_have_are_told(tiny, inverse):
    start, sides = advise(tiny(problem="own"), inverse)
    assert start.startswith("initial_points = 8 has no effect: the problem has no initial condition; give Initial(...)")
    assert sides.startswith("boundary_points = 8 has no effect: the problem has no conditions on its sides")


def test_a_side_that_is_not_covered_whole_is_told():
    window, solid = ep.Domain((0.0, 1.0), (0.0, 1.0), (0.0, 1.0)), ep.Material(1.0, 1.0, 1.0)
    held = [ep.Displacement(sides=("left", "right")), ep.Traction(sides=ep.Part("top", 0.0, 0.5)),
            ep.Traction(sides="bottom", component="x")]  # fmt: skip
    (sentence,) = advise(ep.Config(problem="own"), ep.Problem(window, solid, held, ep.Initial()))
    assert sentence.startswith("no condition holds on bottom along y, a part of top, so that the field is not")


def test_a_side_that_begins_elsewhere_than_the_start_is_told_with_place_and_size(waves, tiny):
    def lifted(x, y, t):
        return 0.0 * x, 1e-3 * x

    problem = waves(boundary=[ep.Displacement(lifted, "top"), ep.Traction(sides=("left", "right", "bottom"))],
                    initial=ep.Initial(), exact=None)  # fmt: skip
    (sentence,) = advise(tiny(), problem)
    assert re.match(
        r"Displacement\(lifted, sides=\(.top.,\)\) and the start contradict each other: at 0 s, x = 0.99\d* m, y = 1 m "
        r"their displacements differ by 99\d µm, and no wavefield has both: let the side begin where the start is",
        sentence,
    )


@pytest.mark.parametrize(
    ("pulse", "duration", "told"),
    [
        ({"frequency": 2e5}, 4e-6, "85 % of the pulse of SideLoad"),
        ({"frequency": 2e5, "delay": 6.5e-6}, 4e-6, "97 % of the pulse of SideLoad"),
        ({"pulse": "tone_burst", "cycles": 2}, 1e-5, "50 % of the pulse of SideLoad"),  # a burst is symmetric
        ({"frequency": 2e5}, 1e-5, ""),
        ({"frequency": 2e5}, 8.5e-6, ""),
    ],
)
def test_a_pulse_that_goes_on_after_the_window_is_told_with_the_duration_that_would_do(pulse, duration, told):
    plate = PLATE | SOLVED | {"sources": [PLATE["sources"][0] | pulse]}
    advice = [each for each in advise(*_stated(plate, duration)) if "of the pulse" in each]
    assert len(advice) == bool(told)
    for sentence in advice:
        assert sentence.startswith(told)
        enough = float(re.search(r"set duration = (\S+) for all of it", sentence)[1])
        assert not any("of the pulse" in each for each in advise(*_stated(plate, enough)))


def test_a_pulse_that_began_before_the_window_is_told_where_the_start_moves():
    start = {"kind": "initial_pulse", "at": [0.01, 0.005], "velocity": [1.0, 0.0], "width": 1e-3}
    plate = PLATE | SOLVED | {"sources": [PLATE["sources"][0] | {"delay": 2e-6}, start]}
    (sentence,) = [each for each in advise(*_stated(plate, 20e-6)) if "of the pulse" in each]
    assert sentence.startswith("15 % of the pulse of SideLoad") and sentence.endswith("set it 8 µs later")
    assert "before the window's start at 0 s" in sentence


def _stated(plate: dict, duration: float) -> tuple[ep.Config, ep.Problem]:
    config = ep.Config(**plate | {"duration": duration})
    return config, ep.problem_from(config)
