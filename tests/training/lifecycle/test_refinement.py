import logging
import math

import pytest

import elastic_pinn as ep
from elastic_pinn.readable import percent
from elastic_pinn.training.lifecycle import ending, refinement, time_limit
from tests.benchmarks.validation import ROWS
from tests.benchmarks.validation.row import relative_error

BY_NAME = {row.name: row for row in ROWS}
QUIET = {"problem": "own", "log_level": "error"}


def problem_of(name, size=0.5):
    return BY_NAME[name].problem(size)


@pytest.fixture(scope="module")
def rayleigh():
    """A surface wave, whose first settings are too coarse for this tolerance."""
    return problem_of("rayleigh", 1.0), ep.Config(**QUIET, tolerance=0.02)


@pytest.fixture(scope="module")
def refined(rayleigh, tmp_path_factory):
    problem, config = rayleigh
    return ep.train(config, tmp_path_factory.mktemp("runs") / "refined", problem)


@pytest.mark.parametrize(
    "name",
    [
        "fixed-sv-30",
        "lame-modes",
        pytest.param("slip-sv-30", marks=pytest.mark.slow),
        pytest.param("annulus-torsion", marks=pytest.mark.slow),
        "plane-stress",
        "static-mixed",
        "kirsch",
    ],
)
def test_a_problem_without_a_single_setting_is_solved_to_the_tolerance(name, tmp_path):
    problem = problem_of(name)
    run = ep.train(ep.Config(**QUIET, tolerance=0.01), tmp_path / "run", problem)
    assert run.summary.metrics["error/estimated"] <= 0.01
    assert relative_error(run, problem) <= 0.012
    assert run.summary.warnings == []


@pytest.mark.slow
def test_no_refinement_begins_that_would_not_end_in_time_and_a_later_call_goes_on(
    refined, rayleigh, tmp_path, monkeypatch
):
    monkeypatch.setattr(time_limit, "SHORT_S", math.inf)  # however busy the machine
    problem, config = rayleigh
    limited = config.model_copy(update={"time_limit": 1e-3})
    run = ep.train(limited, tmp_path / "run", problem)
    assert len(run.history()) == 1 and run.status == "completed"
    [warning] = [each for each in run.summary.warnings if "the tolerance" in each]
    assert warning.startswith("the tolerance of 2 % is not reached: the next solution, ")
    assert warning.endswith("would take longer than the time_limit of 0.001 s")
    run = ep.train(config, tmp_path / "run", problem, resume="auto")
    assert run.history()["error/estimated"].tolist() == refined.history()["error/estimated"].tolist()
    assert ep.train(config, tmp_path / "run", problem, resume="auto").summary.updated == run.summary.updated


def test_a_run_that_is_stopped_warns_of_the_error_it_has(rayleigh, tmp_path, monkeypatch):
    monkeypatch.setattr(ending, "MUCH", 0.02)
    problem, config = rayleigh
    control = ep.Control(lambda row: control.stop())
    run = ep.train(config, tmp_path / "run", problem, control=control)
    assert run.status == "stopped" and run.summary.metrics["error/estimated"] > 0.02
    assert any("off the exact one, as estimated by finite elements" in each for each in run.summary.warnings)


def test_each_refinement_is_a_stage_of_one_step_with_its_own_network(refined, rayleigh):
    problem, _ = rayleigh
    history = refined.history()
    errors = history["error/estimated"]
    assert len(history) > 1 and errors.iloc[0] > 0.02 >= errors.iloc[-1]
    assert history["stage"].tolist() == list(range(len(history)))
    assert relative_error(refined, problem) < 0.024
    sizes = [ep.load_checkpoint(entry.path).config.hidden_layers[0] for entry in refined.checkpoints()]
    assert sizes[-1] > sizes[0] and refined.config.hidden_layers[0] == sizes[-1]


@pytest.mark.slow
def test_the_log_has_what_the_next_solution_takes(rayleigh, tmp_path, caplog):
    problem, config = rayleigh
    control = ep.Control(on_step=lambda row: control.stop() if row["step"] == 2 else None)
    with caplog.at_level(logging.INFO, logger="elastic_pinn"):
        run = ep.train(config.model_copy(update={"log_level": "info"}), tmp_path / "run", problem, control=control)
    first = percent(run.history()["error/estimated"].iloc[0])
    (line,) = [each.message for each in caplog.records if "the next solution" in each.message]
    assert line.startswith(
        f"step 1: estimated error {first}; the next solution: {sum(run.config.hidden_layers):,} ampl"
    )


def test_what_was_chosen_is_in_summary_and_checkpoints(refined):
    chosen = refined.summary.chosen
    assert chosen["network"] == "plane_waves" and chosen["hidden_layers"] == list(refined.config.hidden_layers)
    tree = refined.latest().snapshot.state["settings"]
    assert "hidden_layers" in str(tree["chosen"]).split() and str(tree["levels"]).split()[0] == "0.0"


@pytest.mark.slow
def test_a_run_that_was_stopped_between_refinements_goes_on_bit_for_bit(refined, rayleigh, tmp_path):
    problem, config = rayleigh
    control = ep.Control(on_step=lambda row: control.stop())
    stopped = ep.train(config, tmp_path / "run", problem, control=control)
    assert len(stopped.history()) < len(refined.history())
    again = ep.train(config, tmp_path / "run", problem, resume="auto")
    assert again.history().drop(columns="wall_s").equals(refined.history().drop(columns="wall_s"))
    theirs, ours = again.latest().model().state_dict(), refined.latest().model().state_dict()
    assert all((theirs[name] == ours[name]).all() for name in ours)


@pytest.mark.slow
def test_a_lower_tolerance_lets_a_run_that_has_ended_go_on(refined, rayleigh, tmp_path):
    problem, config = rayleigh
    first = len(ep.train(config, tmp_path / "run", problem).history())
    more = ep.train(config.model_copy(update={"tolerance": 0.004}), tmp_path / "run", problem, resume="auto")
    assert len(more.history()) > first and more.summary.metrics["error/estimated"] <= 0.004
    count = len(more.history())
    unchanged = ep.train(config.model_copy(update={"tolerance": 0.004}), tmp_path / "run", problem, resume="auto")
    assert len(unchanged.history()) == count


def test_given_layers_are_kept_and_it_is_said_that_nothing_is_refined(tmp_path):
    config = ep.Config(**QUIET, tolerance=0.01, network="plane_waves", hidden_layers=[60], activation="sin")
    run = ep.train(config, tmp_path / "run", problem_of("free-sv-30"))
    assert run.config.hidden_layers == (60,)
    assert any("nothing is refined where hidden_layers are given" in text for text in run.summary.warnings)


def test_a_wavefield_that_is_wrong_is_told_without_advice_against_what_was_chosen(tmp_path, monkeypatch):
    """By waves that are all too long, without a refinement."""
    config = ep.Config(**QUIET, tolerance=0.02, input_frequency=1.0)
    monkeypatch.setattr(refinement, "MOST", 0)
    run = ep.train(config, tmp_path / "run", problem_of("rayleigh", 1.0))
    assert run.summary.metrics["error/estimated"] > 0.1 and "hidden_layers" in run.summary.chosen
    (warning,) = [each for each in run.summary.warnings if "as estimated by finite elements" in each]
    assert warning.endswith("ep.figures.error(run) shows where and when")


@pytest.mark.slow
def test_what_is_out_of_reach_is_said_before_the_memory_is_spent(tmp_path, monkeypatch):
    monkeypatch.setattr(refinement, "can_be_factored", lambda columns: columns < 1500)
    run = ep.train(ep.Config(**QUIET, tolerance=1e-9), tmp_path / "run", problem_of("rayleigh", 1.0))
    (warning,) = (text for text in run.summary.warnings if "is not reached" in text)
    assert "as one least squares takes" in warning or "more than one least squares takes" in warning
    assert run.config.hidden_layers[0] < 1500


@pytest.mark.parametrize(
    "fields, said",
    [
        ({"stages": ["adam"]}, "only solutions of last_layer are refined"),
        ({"estimate_error": False}, "tolerance needs estimate_error = True"),
        (
            {"network": "mlp"},
            "'mlp': no settings .* legal: plane_waves, hole_waves, potentials, random_features, or leave",
        ),
        (
            {"network": "patches", "patches": [1, 1, 2]},
            "network = 'patches': no settings are chosen for it; legal: plane",
        ),
    ],
)
def test_what_cannot_be_refined_is_refused(fields, said, waves, tmp_path):
    with pytest.raises(ep.ConfigError, match=said):
        ep.train(ep.Config(**QUIET, tolerance=0.01, **fields), tmp_path / "run", waves())


def test_a_problem_without_an_estimate_is_refused(waves, tmp_path):
    with pytest.raises(ep.ConfigError, match="no start is given"):
        ep.train(ep.Config(**QUIET, tolerance=0.01), tmp_path / "run", waves(initial=None))


TOO_MANY = {
    "for one least squares": (
        {"material": "aluminium", "duration": 40e-6},
        {"frequency": 1.4e6},
        "this window has too many wavelengths and periods",
    ),
    "for an estimate, in a solid whose waves travel at a metre a second": (
        {"duration": 12e-6},
        {"frequency": 20e6},
        "no error can be estimated: .* triangles are needed .* check the units",
    ),
}


@pytest.mark.parametrize("what", TOO_MANY)
def test_a_window_of_too_many_waves_is_refused_before_any_work(what, tmp_path):
    fields, of_load, words = TOO_MANY[what]
    load = {"kind": "side_load", "at": [0.012, 0.02], "force": [0.0, -1000.0], "pulse": "ricker", "width": 1e-4}
    config = ep.Config(
        problem="plate", plate_size=[0.04, 0.02], tolerance=0.02, log_level="error", sources=[load | of_load], **fields
    )
    with pytest.raises(ep.ConfigError, match=words):
        ep.train(config, tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()


def test_a_frequency_that_was_given_is_named_where_it_takes_too_many_waves(tmp_path):
    config = ep.Config(**QUIET, tolerance=0.03, input_frequency=400.0)
    with pytest.raises(
        ep.ConfigError, match=r"input_frequency = 400 was given, and this problem implies [\d.]+: leave"
    ):
        ep.preview(config, problem_of("free-sv-30"))


def test_a_tolerance_below_rounding_is_refused():
    with pytest.raises(ep.ConfigError, match="tolerance = 1e-12: rounding leaves larger errors; 1e-10 is the least"):
        ep.preview(ep.Config(**QUIET, tolerance=1e-12), problem_of("free-sv-30"))
