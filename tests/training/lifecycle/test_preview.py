"""What a run would begin with is shown before any of it is done, and is what it then does."""

import logging
import re

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.error_estimate import CORRECTED, FINER, size_of
from elastic_pinn.physics.data import ReceiverFileError
from elastic_pinn.readable import rounded_up
from elastic_pinn.training.lifecycle import refinement
from elastic_pinn.training.optimizers import registry
from elastic_pinn.training.settings import cost as costs
from elastic_pinn.training.settings.cost import cost_of
from tests.benchmarks.validation import ROWS
from tests.plates import PLATE, SOLVED
from tests.training.optimizers.recorded_plate import CONFIG, LOAD, noisy, recorded, with_noise_stated
from tests.training.optimizers.recorded_shots import AT, LEFT, PLACES, RIGHT
from tests.training.optimizers.recorded_shots import noisy as noisy_shots
from tests.training.optimizers.recorded_shots import plate as searched_shots

BY_NAME = {row.name: row for row in ROWS}
QUIET = {"problem": "own", "log_level": "info"}


@pytest.fixture
def wave():
    return BY_NAME["fixed-sv-30"].problem(0.5)


def test_a_run_begins_with_what_its_preview_shows(wave, tmp_path, caplog):
    config = ep.Config(**QUIET, tolerance=0.05)
    found = ep.preview(config, wave)
    with caplog.at_level(logging.INFO, logger="elastic_pinn"):
        run = ep.train(config, tmp_path / "run", wave)
    assert run.config == found.config and found.advice == ()
    assert run.summary.chosen.keys() == set(found.settings.names)
    logged = [record.message for record in caplog.records]
    choice, each = str(found).splitlines()
    assert choice.startswith("chosen for a tolerance of 5 %: network = 'plane_waves', hidden_layers = [")
    assert choice in logged
    assert each.startswith("each solution: ") and any(line.startswith(each.partition(", about")[0]) for line in logged)


def test_its_numbers_are_those_of_the_least_squares_that_is_solved(wave, tmp_path, monkeypatch):
    found = ep.preview(ep.Config(**QUIET, tolerance=0.05), wave)
    cost = cost_of(found.config, wave)
    run = ep.train(found.config, tmp_path / "run", wave)
    [amplitudes] = [each.shape for each in run.latest().model().last_layer]
    assert amplitudes.numel() == cost.amplitudes
    points = found.config.boundary_points * len(wave.boundary) + 2 * found.config.initial_points
    assert cost.misfits == 2 * points
    assert f"{cost.amplitudes:,} amplitudes from {cost.misfits:,} misfits, about " in str(found)


def test_more_amplitudes_take_more_memory_and_time(wave):
    config = ep.Config(**SOLVED | {"problem": "own"})
    few, many = (cost_of(config.model_copy(update={"hidden_layers": [n, n]}), wave) for n in (300, 3000))
    assert many.memory > 10.0 * few.memory and many.seconds > 10.0 * few.seconds > 0.0
    assert "GiB" in few.spent and few.spent.endswith(" s")
    one, two = (cost_of(config.model_copy(update={"threads": n}), wave) for n in (1, 2))
    assert one.seconds == pytest.approx(2.0 * two.seconds)


def test_without_a_tolerance_there_is_advice_alone():
    few = {"hidden_layers": [20, 300]}
    found = ep.preview(ep.Config(**PLATE | SOLVED | few))
    assert found.chosen == "" and found.settings.names == () and found.advice
    assert str(found).splitlines() == [
        "no tolerance is set: all settings are as given", *(f"warning: {each}" for each in found.advice)
    ]  # fmt: skip


def test_a_search_by_waveforms_tells_what_a_step_takes(tmp_path, caplog, monkeypatch):
    data = noisy(with_noise_stated(recorded(tmp_path / "clean.h5", LOAD | {"delay": 10e-6})), tmp_path / "noisy.h5")
    found = ep.preview(ep.Config(**CONFIG, data=data))
    given, step, *_ = str(found).splitlines()
    assert "held out" not in str(found)
    every, tenth = found.problem.receivers.samples, ep.Config(**CONFIG | {"validation_fraction": 0.1}, data=data)
    [held_out] = [line for line in str(ep.preview(tenth)).splitlines() if "held out" in line]
    told = re.fullmatch(r"of ([\d,]+) recorded samples ([\d,]+) are fitted, and ([\d,]+) are held out, .*", held_out)
    counts = [int(each.replace(",", "")) for each in told.groups()]
    assert counts[0] == every == counts[1] + counts[2] and counts[2] == pytest.approx(every / 10, abs=2)
    assert given == "no tolerance is set: all settings are as given" and step in found.chosen
    told = re.fullmatch(
        r"each step: 4 wavefields by up to ([\d,]+) triangles at ([\d,]+) instants, .*, after 8 at most", step
    )
    assert told, step
    longer = ep.preview(ep.Config(**CONFIG | {"duration": 48e-6}, data=data))
    assert float(longer.chosen.split(" triangles at ")[1].split()[0]) > 1.5 * float(told[2])
    monkeypatch.setattr(costs, "rate_of_a_thread", lambda: 1e8)
    assert "at most; records that end earlier (ep.processing.cut) take less" in str(ep.preview(found.config))
    control = ep.Control()
    control.stop()
    with caplog.at_level(logging.INFO, logger="elastic_pinn"):
        ep.train(ep.Config(**CONFIG | {"log_level": "info"}, data=data), tmp_path / "run", control=control)
    told = step.partition(" instants")[0]
    assert any(record.message.startswith(told) for record in caplog.records)


@pytest.mark.parametrize("frequencies", [(100e3, 300e3), (300e3, 100e3), (150e3, 200e3)])
def test_a_search_of_several_shots_tells_the_largest_of_their_wavefields(frequencies, tmp_path):
    path, random = tmp_path / "shots.h5", np.random.default_rng(0)
    records = {name: random.standard_normal((len(xy), len(AT), 2)) for name, xy in PLACES.items()}
    noisy_shots(path, records, PLACES, random)
    sources = [
        source | {"frequency": frequency, "delay": 12e-6}
        for source, frequency in zip((LEFT, RIGHT), frequencies, strict=True)
    ]
    found = ep.preview(searched_shots(path, sources=sources))
    few, many = sorted(size_of(shot, FINER, CORRECTED) for shot in found.problem.shots)
    assert few[0] <= many[0] and few[1] < many[1]
    told = f"each step: 8 wavefields by up to {rounded_up(many[0]):,} triangles at {many[1]:,} instants, "
    assert told in found.chosen


def test_a_network_may_be_given_alone_and_its_numbers_are_chosen(wave):
    found = ep.preview(ep.Config(**QUIET, tolerance=0.05, network="random_features"), wave)
    assert found.config.network == "random_features" and found.config.hidden_layers[0] > 100
    waves = ep.preview(ep.Config(**QUIET, tolerance=0.05, network="plane_waves"), wave)
    assert waves.config.activation == "sin" and waves.settings.names.count("hidden_layers") == 1
    with pytest.raises(ep.ConfigError, match="it needs one number, of waves"):
        ep.Config(**QUIET, network="plane_waves")
    for given in ({"hidden_layers": [100, 100, 100, 100]}, {"activation": "tanh"}):  # by default, and yet given
        with pytest.raises(ep.ConfigError, match="it needs one number, of waves"):
            ep.preview(ep.Config(**QUIET, tolerance=0.05, network="plane_waves", **given), wave)


def test_what_cannot_be_trained_has_no_preview(waves):
    with pytest.raises(ep.ConfigError, match="no start is given"):
        ep.preview(ep.Config(**QUIET, tolerance=0.01), waves(initial=None))
    with pytest.raises(ep.ConfigError, match="would be ignored"):
        ep.preview(ep.Config(problem="plate", sources=PLATE["sources"], tolerance=0.01), waves())


def test_a_problem_that_is_impossible_or_records_that_are_damaged_have_no_preview(waves, tmp_path):
    """As its docstring says."""
    with pytest.raises(ep.ProblemError, match="takes other arguments"):
        ep.preview(ep.Config(**QUIET), lambda: waves(boundary=[ep.Traction(lambda x: x)]))
    damaged = tmp_path / "records.h5"
    damaged.write_bytes(b"no records")
    with pytest.raises(ReceiverFileError, match="records"):
        ep.preview(ep.Config(problem="receivers", data=str(damaged)))
    raised = ep.preview.__doc__.partition("Raises\n")[2]
    assert {"ConfigError", "ProblemError", "ReceiverFileError"} <= set(raised.split())


@pytest.mark.slow
def test_what_is_coarser_than_the_tolerance_asks_comes_with_the_numbers(monkeypatch, tmp_path, caplog):
    enough = ep.preview(ep.Config(**PLATE, tolerance=0.01))
    needed, config = sum(enough.config.hidden_layers), ep.Config(**PLATE, tolerance=0.01, log_level="info")
    most = sum(ep.preview(ep.Config(**PLATE, tolerance=0.05)).config.hidden_layers)
    monkeypatch.setattr(registry, "MOST_FACTORED", most * (most + 1) // 2)
    found = ep.preview(config)
    said = (
        f"coarser than the tolerance asks: about {rounded_up(needed):,} amplitudes would be needed, one least squares "
        f"takes {most:,} at most; those for tolerance = 0.05 are few enough"
    )
    assert found.settings.levels[0] < 0.0 and sum(found.config.hidden_layers) <= most
    assert str(found).splitlines()[2:] == [said], "and no advice against what was chosen"
    assert said not in str(enough)
    control = ep.Control()
    control.stop()
    with caplog.at_level(logging.INFO, logger="elastic_pinn"):
        ep.train(config, tmp_path / "run", control=control)
    assert said in [record.message for record in caplog.records]


def test_what_is_out_of_reach_comes_with_memory_and_time(monkeypatch):
    monkeypatch.setattr(refinement, "can_be_factored", lambda *numbers: False)
    with pytest.raises(ep.ConfigError, match=r"more than one least squares takes \(about [\d.]+ GiB and "):
        ep.preview(ep.Config(**PLATE, tolerance=0.01))
