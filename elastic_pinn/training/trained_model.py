"""A model with what it was trained by: all that its assessment and its uncertainty need of training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch

from elastic_pinn.config import Config
from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batch, Batches
from elastic_pinn.physics import Problem
from elastic_pinn.physics.statement import Statement
from elastic_pinn.run import Checkpoint
from elastic_pinn.training.balancing import Balancing
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.optimizers import OPTIMIZERS
from elastic_pinn.training.optimizers.least_squares import RidgeQR
from elastic_pinn.training.sampling import Sampler, split_data
from elastic_pinn.training.seeds import Seeds
from elastic_pinn.training.stages import stages


@dataclass(frozen=True)
class TrainedModel:
    """A model at its training points.

    Attributes:
        batches: the points of the last step; held_out: the recorded samples that are not trained on, by statement.
        step, converged: as of `Session`.
        factored: the factorisation of the last layer's system at the present parameters, if there is one already.
    """

    config: Config
    problem: Problem
    model: Model
    loss: Loss
    batches: Batches
    held_out: Batches
    step: int
    converged: bool | None
    factored: RidgeQR | None = None

    @classmethod
    def of(cls, checkpoint: Checkpoint, problem: Problem) -> Self:
        """Return a checkpoint's model at its training points, on the CPU wherever it was trained."""
        config, state = checkpoint.config.model_copy(update={"device": "cpu"}), checkpoint.snapshot.state
        seeds = Seeds.of(config.seed)

        def place(batch: Batch) -> Batch:
            return batch.to(torch.device("cpu"), getattr(torch, config.precision))

        data, held_out = split_data(problem, config.validation_fraction, seeds.for_held_out())
        sampler = Sampler(problem, config, data, seeds.for_points(), place)
        sampler.restore(state)
        balancing = Balancing(config, Loss(problem, config))
        balancing.restore(state)
        return cls(
            config=config,
            problem=problem,
            model=checkpoint.model(of_one_pulse=True),
            loss=balancing.loss,
            batches=sampler.batches,
            held_out={name: place(each) for name, each in held_out.items() if config.validation_fraction},
            step=checkpoint.step,
            converged=state["stopping"].get("converged"),
        )

    @property
    def recorded(self) -> Statement:
        """The statement on the records, which each problem with unknowns has."""
        recorded = self.problem.recorded
        assert recorded is not None, "who asks has looked for receivers"
        return recorded

    @property
    def fits_waveforms(self) -> bool:
        """Whether the stage of its last step fitted waveforms, and no amplitudes, to the records."""
        stage = next((each for each in stages(self.config) if self.step <= each.last), stages(self.config)[-1])
        return OPTIMIZERS[stage.optimizer].fits_waveforms

    def on_cpu(self) -> Self:
        """Copy model and points to the CPU; return the object itself if they are there already."""
        if self.config.device == "cpu":
            return self
        device, dtype = torch.device("cpu"), self.model.dtype
        return replace(
            self,
            config=self.config.model_copy(update={"device": "cpu"}),
            model=Model.from_state(self.config, self.model.state_dict()),
            batches={name: batch.to(device, dtype) for name, batch in self.batches.items()},
            held_out={name: batch.to(device, dtype) for name, batch in self.held_out.items()},
            factored=None,
        )
