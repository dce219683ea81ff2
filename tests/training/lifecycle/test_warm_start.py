"""A run may start from what another one has learnt."""

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.training.lifecycle.warm_start import warm_start
from elastic_pinn.training.session import Session


@pytest.fixture
def source(tiny, tmp_path) -> ep.Run:
    return ep.train(tiny(learning_rate=0.05), tmp_path / "source")


def start(run: ep.Run) -> dict[str, torch.Tensor]:
    return ep.load_checkpoint(run.path / "checkpoints" / "step-000000000-g000.h5").model().state_dict()


def test_all_weights_of_an_equal_network_are_taken(source, tiny, tmp_path):
    run = ep.train(tiny(init_from=str(source.path), seed=5), tmp_path / "run")
    learnt = source.latest().model().state_dict()
    assert all(torch.equal(weight, learnt[name]) for name, weight in start(run).items())
    (step, note), *_ = run.events()
    assert step == 0 and f"started from {source.path}, step 6: took weights.0" in note and "did not" not in note


def test_what_does_not_fit_is_drawn_anew_and_named(source, tiny, tmp_path):
    run = ep.train(tiny(init_from=str(source.path), hidden_layers=[8, 12]), tmp_path / "run")
    fresh, learnt = (
        start(ep.train(tiny(hidden_layers=[8, 12]), tmp_path / "fresh")),
        source.latest().model().state_dict(),
    )
    assert torch.equal(start(run)["network.weights.0"], learnt["network.weights.0"])
    assert torch.equal(start(run)["network.weights.1"], fresh["network.weights.1"])
    assert "did not take weights.1 ((8, 8) there, (12, 8) here)" in run.events()[0][1]


def test_one_checkpoint_can_be_named(source, tiny, tmp_path):
    first = source.checkpoints()[0]
    run = ep.train(tiny(init_from=str(first.path), seed=5), tmp_path / "run")
    assert all(torch.equal(start(run)[name], weight) for name, weight in start(source).items())


def test_the_material_that_was_found_is_taken(tiny, tmp_path, inverse):
    config = tiny(learning_rate=0.05)
    source = ep.train(config, tmp_path / "source", inverse)
    run = ep.train(config.model_copy(update={"init_from": str(source.path), "steps": 1}), tmp_path / "run", inverse)
    found = ep.load_checkpoint(run.checkpoints()[0].path).material()
    assert found == pytest.approx(source.material(), rel=1e-6)
    assert found["lambda"] != pytest.approx(2.5, rel=1e-3), "it is not where the search starts"
    assert "material lambda, material mu" in run.events()[0][1]


def test_a_material_out_of_the_range_searched_is_left_and_named(tiny, tmp_path, inverse, waves, receivers):
    source = ep.train(tiny(), tmp_path / "source", waves(material=ep.Material(40.0, 20.0, 1.0)))
    run = ep.train(tiny(init_from=str(source.path)), tmp_path / "run", inverse)
    assert "did not take material lambda (out of range), material mu (out of range)" in run.events()[0][1]


def test_lambda_is_taken_right_even_where_mu_is_out_of_range(tiny, tmp_path, inverse, waves):
    source = ep.train(tiny(steps=1), tmp_path / "source", waves(material=ep.Material(3.0, 20.0, 1.0)))
    run = ep.train(tiny(init_from=str(source.path), steps=1), tmp_path / "run", inverse)
    start = ep.load_checkpoint(run.checkpoints()[0].path).material()
    assert start == pytest.approx({"lambda": 3.0, "mu": 0.8, "rho": 1.0}, rel=1e-6)


def test_what_weights_mean_otherwise_here_is_said(source, tiny, tmp_path):
    run = ep.train(tiny(init_from=str(source.path), activation="tanh"), tmp_path / "run")
    assert "activation is 'sin' there and 'tanh' here" in run.events()[0][1]


def test_a_start_of_which_nothing_fits_is_refused(source, tiny, tmp_path):
    with pytest.raises(ep.ConfigError, match="nothing of it fits"):
        ep.train(tiny(init_from=str(source.path), hidden_layers=[5]), tmp_path / "run")


@pytest.mark.parametrize("missing", ["nowhere", "nowhere/step-000000001-g000.h5"])
def test_a_start_that_is_not_there_is_refused_before_work(tiny, tmp_path, missing):
    with pytest.raises((FileNotFoundError, ep.CheckpointError), match="nowhere"):
        ep.train(tiny(init_from=str(tmp_path / missing)), tmp_path / "run")


def test_a_resumed_run_does_not_start_anew(source, tiny, tmp_path):
    run = ep.train(tiny(steps=3), tmp_path / "run")
    resumed = ep.train(tiny(init_from=str(source.path)), run.path, resume="auto")
    whole = ep.train(tiny(), tmp_path / "whole")
    assert resumed.history()["loss/total"].equals(whole.history()["loss/total"])
    assert resumed.config.init_from == ""


def test_plane_waves_are_taken_with_their_wave_vectors_not_their_amplitudes_alone(tiny, tmp_path):
    waves = {"network": "plane_waves", "hidden_layers": [12], "activation": "sin", "steps": 3}
    first = ep.train(tiny(**waves, seed=1), tmp_path / "first")
    second = ep.train(tiny(**waves, seed=2, init_from=str(first.path)), tmp_path / "second")
    x, y, t = [0.2, 0.7], 0.4, 0.5
    start = ep.load_checkpoint(second.checkpoints()[0].path)
    assert np.array_equal(start.predict(x, y, t), first.predict(x, y, t))


def test_losses_after_a_warm_start_are_those_of_what_was_taken_though_the_waves_alone_are_others(tiny, tmp_path):
    fields = {"network": "random_features", "hidden_layers": [8]}
    source = ep.train(tiny(**fields), tmp_path / "source")
    config = tiny(**fields, seed=5)
    warm, learnt = Session(config, ep.problem_from(config)), Session(config, ep.problem_from(config))
    learnt.model.load_state_dict(source.latest().model().state_dict())
    with torch.no_grad():
        for mine, theirs in zip(warm.parameters, learnt.parameters, strict=True):
            mine.copy_(theirs)
    before = warm.losses()
    warm_start(warm, str(source.path))
    assert warm.losses() == learnt.losses() != before
