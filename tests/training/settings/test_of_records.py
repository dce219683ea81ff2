"""A search for a material by records has settings of its own, from noise, pulses and receivers, or is refused."""

import math
from dataclasses import replace

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data import Noise
from elastic_pinn.training.settings import chosen, of_records
from elastic_pinn.training.settings.waves_needed import plane_waves_needed
from tests.training.assessment.plates import DURATION, PULSES, SIDE, TRUE, errors, problem_of, recorded

CONFIG = {"problem": "own", "tolerance": 0.1, "log_level": "warning"}


def of(receivers, knows_start=True, **given):
    return chosen(ep.Config(**CONFIG, **given), problem_of(receivers, knows_start))


@pytest.mark.parametrize("size", [1.0 / 60.0, 1.0, 100.0 / 0.06], ids=["1 mm", "6 cm", "100 m"])
def test_settings_are_those_of_the_waves_whatever_the_units(size):
    receivers = recorded()
    pulses = tuple(
        replace(each, center=tuple(size * x for x in each.center), width=size * each.width) for each in PULSES
    )
    other = replace(receivers, xy=size * receivers.xy, time=size * receivers.time, pulses=pulses, truth=None)
    assert of(other) == of(receivers)


def test_less_noise_and_narrower_pulses_take_shorter_and_more_waves():
    receivers = recorded()
    usual, quiet = of(receivers), of(replace(receivers, noise=receivers.noise / 100.0))
    narrow = of(replace(receivers, pulses=tuple(replace(each, width=each.width / 2.0) for each in PULSES)))
    assert quiet["input_frequency"] > usual["input_frequency"] and quiet["hidden_layers"] > usual["hidden_layers"]
    assert narrow["input_frequency"] == pytest.approx(2.0 * usual["input_frequency"], rel=1e-3)
    assert quiet["ridge"] == pytest.approx(usual["ridge"] / 100.0, rel=1e-3)


def test_a_pulse_has_no_waves_beyond_that_the_noise_does_not_cover():
    receivers = recorded()
    relative = receivers.noise / np.abs(receivers.recorded).max()
    k = of(receivers)["input_frequency"] / (SIDE / 2.0)
    assert math.exp(-((k * PULSES[0].width) ** 2) / 2.0) < 0.1 * relative


def test_without_a_start_waves_have_two_receivers_a_wavelength():
    found = of(replace(recorded(), pulses=()), knows_start=False)
    assert found["input_frequency"] == pytest.approx(math.pi / (SIDE / 4.0) * (SIDE / 2.0), rel=1e-3)
    assert "initial_points" not in found and "weight_initial" not in found


@pytest.mark.parametrize("instants", [4, 24, 2000])
def test_each_degree_of_freedom_of_the_start_is_met_far_below_the_noise_however_few_records_there_are(instants):
    receivers = recorded(instants=instants)
    found, numbers = of(receivers), receivers.samples
    k, half_wave = found["input_frequency"], math.pi / found["input_frequency"]  # in half sides
    degrees = 4 * k**2 * (2.0 + half_wave) ** 2 / (4.0 * math.pi)  # of two components of displacement and velocity
    least = of_records.LEAST_WEIGHT
    met_to = math.sqrt(degrees / (found["weight_initial"] * numbers))  # of the noise
    assert met_to == pytest.approx(of_records.START_TO, rel=1e-3) or found["weight_initial"] == least
    assert met_to < of_records.START_TO * (1.0 + 1e-3) and found["weight_initial"] >= least


@pytest.mark.parametrize("knows_start", [True, False])
def test_as_many_waves_are_chosen_as_differ(knows_start):
    problem = problem_of(recorded(), knows_start)
    found = chosen(ep.Config(**CONFIG), problem)
    k = found["input_frequency"] / problem.scales.length
    assert found["hidden_layers"][0] > plane_waves_needed(problem, k, k)[0]
    assert ep.preview(ep.Config(**CONFIG), problem).advice == ()


def test_what_is_given_is_kept_and_what_follows_from_it_is_chosen():
    usual, found = of(recorded()), of(recorded(), input_frequency=8.0, ridge=1e-9)
    assert "input_frequency" not in found and "ridge" not in found
    assert found["hidden_layers"][0] > 1.5 * usual["hidden_layers"][0]


REFUSED = {
    "another network": (lambda: problem_of(recorded()), {"network": "mlp"}, "network = 'mlp': settings of a search"),
    "other stages": (
        lambda: problem_of(recorded()),
        {"stages": ["adam"]},
        r"stages = \['adam'\]: settings of a search",
    ),
    "one side": (
        lambda: replace(problem_of(recorded()), boundary=(ep.Traction(sides="left"),)),
        {},
        "without sides and holes, or where sides and start determine the wavefield",
    ),
    "too many waves": (
        lambda: problem_of(replace(recorded(), time=1000.0 * recorded().time)),
        {"input_frequency": 200.0},
        "more than one least squares takes .*: take a smaller window",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_no_settings_are_chosen_for_is_refused_before_any_work(what, tmp_path):
    problem, fields, said = REFUSED[what]
    with pytest.raises(ep.ConfigError, match=said):
        ep.train(ep.Config(**CONFIG, **fields), tmp_path / "run", problem())
    assert not (tmp_path / "run" / "config.json").exists()


def test_noise_that_is_not_known_is_asked_for(monkeypatch):
    monkeypatch.setattr(of_records, "noise_of", lambda receivers: Noise(math.nan, "unknown"))
    with pytest.raises(ep.ConfigError, match="noise, which is unknown: state it"):
        ep.preview(ep.Config(**CONFIG), problem_of(recorded()))


@pytest.mark.slow
def test_few_receivers_tell_the_material_much_better_than_where_the_start_is_met_loosely(tmp_path):
    problem = problem_of(recorded(side=3, seed=1))
    loosely = {"weight_initial": of_records.LEAST_WEIGHT, "sampling": "latin_hypercube"}
    usual, loose = (
        ep.train(ep.Config(**CONFIG, **fields), tmp_path / str(len(fields)), problem).fit for fields in ({}, loosely)
    )
    assert usual.verdict == loose.verdict == "holds"
    assert usual.plus_minus["lambda"] < 0.5 * loose.plus_minus["lambda"]
    assert max(map(abs, errors(usual).values())) < 3.5


@pytest.mark.slow
def test_a_run_finds_the_material_by_records_alone_and_goes_on_with_its_settings(tmp_path, caplog):
    config, problem = ep.Config(**CONFIG | {"log_level": "info"}), problem_of(recorded())
    run = ep.train(config, tmp_path / "run", problem)
    assert run.fit.verdict == "holds", run.fit.text
    assert max(map(abs, errors(run.fit).values())) < 3.5
    assert run.fit.plus_minus["lambda"] < 0.1 * TRUE["lambda"] and problem.domain.t[1] == DURATION
    assert "chosen for a tolerance of 10 %: network = 'plane_waves'" in caplog.text
    again = ep.train(config, tmp_path / "run", problem, resume="auto")
    assert again.config == run.config and again.latest().step == run.latest().step
