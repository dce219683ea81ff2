"""Weights change when they may, are on record, resume, and never reach the validation or a ±."""

from typing import get_args

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.storage import read_snapshot
from elastic_pinn.training.balancing import BALANCERS, WEIGHERS, Balancing
from elastic_pinn.training.config import WEIGHS_POINTS, TrainingConfig
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.seeds import Seeds
from elastic_pinn.training.session import Session
from elastic_pinn.training.trained_model import TrainedModel
from tests.storage.sameness import same
from tests.training.balancing.sessions import terms_of

TERMS = ("pde", "boundary", "initial")
COLUMNS = [f"weight/{name}" for name in TERMS]

each_balancer = pytest.mark.parametrize("name", BALANCERS)


def session_of(config: ep.Config) -> Session:
    return Session(config, ep.problem_from(config))


def test_every_name_of_the_config_is_a_way_to_balance():
    assert set(get_args(TrainingConfig.model_fields["balancing"].annotation)) == {"fixed", *BALANCERS, *WEIGHERS}
    assert set(WEIGHS_POINTS) == set(WEIGHERS)


@each_balancer
def test_weights_are_columns_with_which_the_terms_sum_to_the_total(tiny, tmp_path, name):
    history = ep.train(tiny(balancing=name, balance_every=2, steps=8), tmp_path / "run").history()
    total = sum(history[f"weight/{term}"] * history[f"loss/{term}"] for term in TERMS)
    np.testing.assert_allclose(history["loss/total"], total, rtol=1e-5)
    for column in COLUMNS:
        weights = history[column].to_numpy()
        changes = [weights[i] != weights[i - 1] for i in range(1, 8)]
        assert changes == [False, True, False, True, False, True, False], "every second step"


def test_fixed_weights_are_neither_columns_nor_in_checkpoints(tiny, tmp_path):
    run = ep.train(tiny(), tmp_path / "run")
    assert not any(column.startswith("weight/") for column in run.history())
    assert "balancing" not in run.latest().snapshot.state


def test_factors_multiply_the_configs_weights_and_a_term_without_weight_stays_without(tiny):
    config = tiny(balancing="relobralo", balance_every=1, weight_pde=2.0, weight_boundary=0.0, weight_initial=5.0)
    session = session_of(config)
    session.advance()
    kept = session.balancing.state()["balancing"]
    terms = terms_of(
        session, factors=kept["factors"], memory=dict(kept["memory"]), generator=Seeds.of(0).for_balance(1)
    )
    expected = BALANCERS["relobralo"](terms)
    assert expected.keys() == {"pde", "initial"} and abs(expected["pde"] - 1.0) > 1e-3
    row = session.advance()
    assert row["weight/pde"] == pytest.approx(2.0 * expected["pde"])
    assert row["weight/initial"] == pytest.approx(5.0 * expected["initial"])
    assert row["weight/boundary"] == 0.0


def test_an_optimizer_with_a_line_search_keeps_the_weights_that_it_starts_with(tiny, tmp_path):
    config = tiny(stages=["adam", "lbfgs", "adam"], stage_steps=[3, 3], steps=9, balancing="relobralo", balance_every=1)
    history = ep.train(config, tmp_path / "run").history()
    weights = history["weight/pde"].to_numpy()
    assert len(set(weights[:3])) == 3 and len(set(weights[2:6])) == 1 and len(set(weights[5:])) == 4


def test_where_adam_comes_second_weights_change_as_soon_as_they_may(tiny, tmp_path):
    config = tiny(stages=["lbfgs", "adam"], stage_steps=[3], steps=6, balancing="relobralo", balance_every=2)
    weights = ep.train(config, tmp_path / "run").history()["weight/boundary"].to_numpy()
    assert list(weights[:4]) == [10.0] * 4, "the first change remembers the losses alone"
    assert weights[4] != 10.0 and len(set(weights[4:])) == 1


@each_balancer
def test_the_validation_has_the_configs_weights(tiny, name):
    config = tiny(balancing=name, balance_every=1)
    session = session_of(config)
    for _ in range(3):
        session.advance()
    fixed = session_of(config.model_copy(update={"balancing": "fixed"}))
    fixed.model.load_state_dict(session.model.state_dict())
    assert session.validation_metrics() == fixed.validation_metrics()
    assert session.validation.metric_id == fixed.validation.metric_id


def test_stages_that_each_keep_their_weights_are_refused(tiny, tmp_path):
    config = tiny(stages=["last_layer"], balancing="relobralo")
    told = "balancing = 'relobralo' would never have an effect: last_layer search for the minimum of one loss"
    with pytest.raises(ep.ConfigError, match=told):
        ep.train(config, tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.parametrize("monitor", ["loss/total", "weight/pde"])
def test_a_monitor_whose_values_are_not_comparable_is_refused(tiny, tmp_path, monitor):
    with pytest.raises(ep.ConfigError, match=f"monitor = '{monitor}'"):
        ep.train(tiny(balancing="relobralo", monitor=monitor), tmp_path / "run")


@each_balancer
def test_a_restored_session_has_the_weights_and_changes_them_the_same(tiny, tmp_path, name):
    config = tiny(balancing=name, balance_every=2, steps=12, checkpoint_every=4, keep_every=1)
    run = ep.train(config, tmp_path / "run")
    session = session_of(config)
    session.restore(read_snapshot(run.checkpoints()[2].path))
    assert session.step == 8
    for _ in range(4):
        session.advance()
    snapshot = run.latest().snapshot
    assert same(session.state()["balancing"], snapshot.state["balancing"])
    for column, values in session.history.columns().items():
        assert column == "wall_s" or np.array_equal(values, run.history()[column], equal_nan=True), column


def test_a_run_with_fixed_weights_goes_on_with_adapted_ones_and_back(tiny, tmp_path):
    place = tmp_path / "run"
    ep.train(tiny(steps=3), place)
    adapted = ep.train(tiny(steps=5, balancing="relobralo", balance_every=4), place, resume="auto").history()
    assert adapted[COLUMNS].isna().all(axis=1).tolist() == [True] * 3 + [False] * 2
    assert adapted["weight/boundary"].iloc[3:].nunique() == 2 and adapted["step"].tolist() == [1, 2, 3, 4, 5]
    run = ep.train(tiny(steps=7), place, resume="auto")
    history = run.history()
    assert history[COLUMNS].isna().all(axis=1).tolist() == [True] * 3 + [False] * 2 + [True] * 2
    assert history[COLUMNS].iloc[:5].equals(adapted[COLUMNS])
    last = history.iloc[-1]
    assert last["loss/total"] == pytest.approx(
        last["loss/pde"] + 10 * last["loss/boundary"] + 10 * last["loss/initial"], rel=1e-5
    )
    assert [text for _, text in run.events() if text.startswith("balancing: ")] == [
        "balancing: fixed -> relobralo", "balancing: relobralo -> fixed",
    ]  # fmt: skip


def test_from_adapted_weights_no_plus_minus_follows(tiny, inverse, tmp_path):
    waves = {"network": "plane_waves", "hidden_layers": [12], "activation": "sin", "precision": "float64"}
    config = tiny(balancing="relobralo", steps=2, **waves)
    run = ep.train(config, tmp_path / "run", inverse)
    fit = run.summary.fit
    assert fit["verdict"] == "withheld" and "adapted to the misfits, by 'relobralo'" in fit["reason"]
    assert "balancing = 'fixed'" in str(fit["remedies"]) and not fit["plus_minus"]
    fixed = ep.train(tiny(steps=3, **waves), tmp_path / "run", inverse, resume="auto")
    assert "adapted" not in fixed.summary.fit["reason"]


def test_a_checkpoints_loss_has_the_weights_of_its_session(tiny, tmp_path):
    config = tiny(balancing="relobralo", balance_every=1)
    run = ep.train(config, tmp_path / "run")
    row = run.history().iloc[-1]
    assert row["weight/pde"] != config.weight_pde
    trained = TrainedModel.of(run.latest(), ep.problem_from(config))
    assert trained.loss.weights == {term: row[f"weight/{term}"] for term in TERMS}


def test_fixed_weights_are_never_due(tiny):
    config = tiny()
    assert not Balancing(config, Loss(ep.problem_from(config), config)).is_due(0)
