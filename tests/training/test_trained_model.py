"""A model with what it was trained by: from a checkpoint it is what the session had, and on the CPU it is the same."""

from dataclasses import replace

import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.run import Checkpoint
from elastic_pinn.training.assessment.judgement import assess
from elastic_pinn.training.session import Session
from elastic_pinn.training.trained_model import TrainedModel

WAVES = {"network": "plane_waves", "hidden_layers": [12], "activation": "sin", "input_frequency": 4.0}


@pytest.fixture
def run(tiny, inverse, tmp_path) -> ep.Run:
    return ep.train(tiny(steps=1, precision="float64", validation_fraction=0.2, **WAVES), tmp_path / "run", inverse)


def test_a_run_trained_on_a_gpu_is_summed_up_on_a_machine_without_one(run, inverse):
    here = run.latest()
    config = here.config.model_copy(update={"device": "cuda:1"})
    there = Checkpoint(here.path, replace(here.snapshot, config=config.to_json()))
    assert there.config.device == "cuda:1"
    assert TrainedModel.of(there, inverse).model.scale_numbers.device.type == "cpu"
    assert assess(TrainedModel.of(there, inverse)) == assess(TrainedModel.of(here, inverse))


def test_a_model_on_a_gpu_is_assessed_by_a_copy_on_the_cpu(tiny, inverse):
    session = Session(tiny(precision="float64", validation_fraction=0.2, resample_every=1, **WAVES), inverse)
    session.sampler.resample()
    session.step, session.converged = 7, True
    made = session.trained()
    on_gpu = replace(made, config=made.config.model_copy(update={"device": "cuda"}))
    twin = on_gpu.on_cpu()
    assert twin.config.device == "cpu" and twin.step == 7 and twin.converged is True
    assert torch.equal(twin.batches["interior"].points, session.sampler.batches["interior"].points)
    assert assess(on_gpu) == assess(made)
    assert made.on_cpu() is made


def test_a_checkpoint_is_seen_at_the_points_that_it_was_trained_at(tiny, waves, tmp_path):
    run = ep.train(tiny(steps=5, resample_every=2), tmp_path / "run", waves())
    trained = Session(run.config, waves())
    trained.sampler.resample()
    trained.sampler.resample()
    found = TrainedModel.of(run.latest(), waves())
    assert found.step == 5
    assert torch.equal(found.batches["interior"].points, trained.sampler.batches["interior"].points)


def test_a_checkpoint_has_the_held_out_samples_and_the_assessment_of_its_session(run, inverse):
    session = Session(run.config, inverse)
    session.restore(run.latest().snapshot)
    there, here = TrainedModel.of(run.latest(), inverse), session.trained()
    assert torch.equal(there.held_out["data"].points, here.held_out["data"].points)
    assert torch.equal(there.held_out["data"].target, here.held_out["data"].target)
    assert assess(there) == assess(here)
