"""Validation looks at points that training never sees."""

import numpy as np
import pytest
import torch

from elastic_pinn.config import Config
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.sampling import split_data
from elastic_pinn.training.session import Session
from elastic_pinn.training.validation import Validation
from tests.networks.known import model_of

CONFIG = Config(hidden_layers=[8], validation_points=200, precision="float64", interior_points=30)


def scaled(problem, factor: float):
    """A model that predicts the exact wavefield times a factor."""
    return model_of(problem, lambda x, y, t: factor * problem.exact(x, y, t))


def validation(problem) -> Validation:
    return Validation(problem, CONFIG, Loss(problem, CONFIG), {}, np.random.default_rng(0), lambda batch: batch)


def test_the_error_is_the_relative_l2_error_of_the_displacement(waves):
    measured = validation(waves())
    assert measured.columns == ("loss/validation", "error/displacement")
    assert measured(scaled(waves(), 1.25))["error/displacement"] == pytest.approx(0.25)
    assert measured(scaled(waves(), 1.0))["error/displacement"] == pytest.approx(0.0, abs=1e-12)


def test_without_an_exact_solution_there_is_no_error(waves):
    assert validation(waves(exact=None)).columns == ("loss/validation",)


def test_the_validation_loss_is_the_weighted_loss_of_all_terms(waves):
    low, high = (validation(waves())(scaled(waves(), f))["loss/validation"] for f in (1.1, 1.2))
    assert high == pytest.approx(4 * low)


def test_no_held_out_point_is_trained_on(waves):
    session = Session(CONFIG, waves())
    for _ in range(3):
        for name, batch in session.sampler.batches.items():
            held_out = {tuple(point) for point in session.validation._batches[name].points.tolist()}
            assert held_out.isdisjoint({tuple(point) for point in batch.points.tolist()})
            assert len(held_out) == 200
        session.sampler.resample()


def test_held_out_samples_of_receivers_are_not_trained_on(inverse):
    session = Session(CONFIG, inverse)
    trained = {tuple(p) for p in session.sampler.batches["data"].points.tolist()}
    held_out = {tuple(p) for p in session.validation._batches["data"].points.tolist()}
    assert (len(trained), len(held_out)) == (18, 2) and trained.isdisjoint(held_out)


def test_data_at_which_none_is_held_out_is_validated_all_the_same(inverse):
    config = CONFIG.model_copy(update={"validation_fraction": 0.0})
    assert np.isfinite(Session(config, inverse).validation_metrics()["loss/validation"])


def test_measuring_changes_nothing(waves):
    one, other = Session(CONFIG, waves()), Session(CONFIG, waves())
    for _ in range(3):
        one.advance()
        one.validation_metrics()
        one.validation_metrics()
        other.advance()
    assert torch.equal(one.objective.position(), other.objective.position())
    assert split_data(waves(), 0.1, np.random.default_rng(0)) == ({}, {})
