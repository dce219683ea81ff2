"""A search takes more waves by itself where its verdict asks for more than were chosen for it."""

import logging
import math
from dataclasses import replace

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.training.lifecycle import search_refinement
from elastic_pinn.training.settings import of_records
from elastic_pinn.training.settings.cost import cost_of
from tests.training.assessment.plates import errors, problem_of, recorded

pytestmark = pytest.mark.slow

CONFIG = {"problem": "own", "tolerance": 0.1, "log_level": "info"}


@pytest.fixture(scope="module", autouse=True)
def _few_waves_at_first():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(of_records, "MORE", 0.5 * of_records.MORE)
        patch.setattr(of_records, "AND", 0)
        yield


@pytest.fixture(scope="module")
def problem():
    return problem_of(recorded())


@pytest.fixture(scope="module")
def refined(problem, tmp_path_factory):
    return ep.train(ep.Config(**CONFIG), tmp_path_factory.mktemp("runs") / "run", problem)


def steps_of_first(run):
    return int((run.history()["stage"] == 0).sum())


def test_waves_are_doubled_until_they_suffice(refined, problem):
    assert refined.fit.verdict == "holds" and not refined.fit.needs_waves, refined.fit.text
    assert max(map(abs, errors(refined.fit).values())) < 3.5
    first = ep.preview(ep.Config(**CONFIG), problem).config
    assert refined.config.hidden_layers[0] >= 1.9 * first.hidden_layers[0]
    assert refined.config.input_frequency > first.input_frequency
    assert sorted(set(refined.history()["stage"])) == [*range(len(refined.config.stages))] != [0]
    assert refined.summary.chosen["hidden_layers"] == list(refined.config.hidden_layers)


def test_a_run_that_has_ended_is_not_gone_on_with(refined, problem):
    again = ep.train(ep.Config(**CONFIG), refined.path, problem, resume="auto")
    assert len(again.history()) == len(refined.history())


def test_a_search_that_was_stopped_after_a_refinement_goes_on_bit_for_bit(refined, problem, tmp_path, caplog):
    second = steps_of_first(refined) + 1
    control = ep.Control(on_step=lambda row: control.stop() if row["step"] == second else None)
    with caplog.at_level(logging.INFO, logger="elastic_pinn"):
        stopped = ep.train(ep.Config(**CONFIG), tmp_path / "run", problem, control=control)
    assert stopped.status == "stopped" and stopped.latest().step == second
    first, then = (f"hidden_layers = [{count}" for count in (98, 200))
    assert f"step {second - 1}: {first}] do not suffice" in caplog.text and f"with {then}]" in caplog.text
    again = ep.train(ep.Config(**CONFIG), tmp_path / "run", problem, resume="auto")
    assert again.history().drop(columns="wall_s").equals(refined.history().drop(columns="wall_s"))
    assert again.fit.plus_minus == refined.fit.plus_minus


BUDGETS = {
    "operations": "each solution would take about",
    "time": "that would take longer than the time_limit of 60 s",
    "steps": "all 12 steps are done",
}


@pytest.mark.parametrize("budget", BUDGETS)
def test_where_no_more_are_tried_those_tried_and_those_to_try_are_named(
    budget, refined, problem, tmp_path, monkeypatch
):
    fields = {"operations": {}, "time": {"time_limit": 60.0}, "steps": {"steps": steps_of_first(refined)}}[budget]
    if budget == "operations":
        monkeypatch.setattr(search_refinement, "MOST_OPERATIONS", 0.0)
    if budget == "time":
        monkeypatch.setattr(search_refinement, "MOST_OPERATIONS", math.inf)
        monkeypatch.setattr(
            search_refinement,
            "cost_of",
            lambda config, problem: replace(cost_of(config, problem), seconds=20.0),  # of the ten that it takes
        )
    run = ep.train(ep.Config(**CONFIG | fields), tmp_path / "run", problem)
    assert run.fit.verdict == "withheld" and run.fit.needs_waves and run.config.hidden_layers == (98,)
    (warning,) = run.summary.warnings
    said = "hidden_layers = [98] do not suffice, and hidden_layers = [200] were not tried: "
    assert warning.startswith(said + BUDGETS[budget])
    assert "more waves, hidden_layers = [196] in place of [98]" in str(run.fit.remedies)


def test_an_assessment_that_fails_is_made_once_and_its_fault_told(problem, tmp_path, monkeypatch, caplog):
    assessed = []

    def fail(trained):
        assessed.append(trained)
        raise RuntimeError("no memory")

    monkeypatch.setattr("elastic_pinn.training.lifecycle.trainer.assess", fail)
    run = ep.train(ep.Config(**CONFIG), tmp_path / "run", problem)
    assert run.status == "completed" and run.fit is None and len(assessed) == 1
    assert caplog.text.count("could not work out whether its data are explained: no memory") == 1


def test_more_waves_than_there_are_numbers_are_not_tried(problem, tmp_path, monkeypatch):
    monkeypatch.setattr(
        search_refinement, "cost_of", lambda config, problem: replace(cost_of(config, problem), misfits=150)
    )
    run = ep.train(ep.Config(**CONFIG), tmp_path / "run", problem)
    assert "were not tried: these are more than the 150 numbers that they are found from" in run.summary.warnings[0]


def test_waves_are_not_doubled_again_where_that_leaves_the_misfit(problem, tmp_path):
    receivers = recorded()
    records = np.array(receivers.displacement)
    records[7] = records[7, :, ::-1]  # x taken for y
    run = ep.train(ep.Config(**CONFIG), tmp_path / "run", problem_of(replace(receivers, displacement=records)))
    (warning,) = run.summary.warnings
    assert run.fit.verdict == "withheld" and "it is not by the waves" in warning and "7 " in run.fit.reason


def test_waves_that_were_given_are_kept_and_the_number_to_try_is_told(problem, tmp_path):
    run = ep.train(ep.Config(**CONFIG, hidden_layers=[60]), tmp_path / "run", problem)
    assert run.config.hidden_layers == (60,) and run.fit.needs_waves
    assert "more waves, hidden_layers = [120] in place of [60]" in str(run.fit.remedies)
