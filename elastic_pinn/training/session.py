"""The state of training, from its start or from a checkpoint."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from elastic_pinn.config import Config
from elastic_pinn.error_estimate import kept_estimate, why_no_estimate
from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.networks.batch import Batch, Batches
from elastic_pinn.networks.progress import work
from elastic_pinn.physics import Problem
from elastic_pinn.storage import UNKNOWN_METRIC_ID, History, Snapshot
from elastic_pinn.training.balancing import Balancing
from elastic_pinn.training.coarse_search import better_start
from elastic_pinn.training.distributed.processes import Processes
from elastic_pinn.training.losses import Loss
from elastic_pinn.training.new_model import new_model
from elastic_pinn.training.objective import Objective
from elastic_pinn.training.optimizers import OPTIMIZERS, carry_over, load_moments, moments, require_legal, translated
from elastic_pinn.training.optimizers.flat import put
from elastic_pinn.training.optimizers.variable_projection import VariableProjection
from elastic_pinn.training.restarts import Restarts
from elastic_pinn.training.sampling import Sampler, require_divisible, split_data
from elastic_pinn.training.schedules import Schedule
from elastic_pinn.training.seeds import Seeds
from elastic_pinn.training.stages import Stage, all_stages, stages
from elastic_pinn.training.step_objective import StepCancelled, StepObjective, cancelled_when
from elastic_pinn.training.step_points import StepPoints
from elastic_pinn.training.stopping import Stopping
from elastic_pinn.training.trained_model import TrainedModel
from elastic_pinn.training.validation import Validation
from elastic_pinn.training.waveforms import Waveforms, require_determined

logger = logging.getLogger(__name__)

ESTIMATED = ("error/estimated", "error/estimated_stress")
"""Columns that only the last row of a run has: the relative L2 errors of displacement and stress."""

LOSSES_CHANGE = (
    "losses and grad_norm of the rows up to here are of the weights that their steps started from, as an earlier "
    "version wrote them; from here on they are of the weights that the steps led to"
)


class DivergedError(ElasticPinnError, RuntimeError):
    """The loss is no longer a number; the text names the step, the columns and the last good checkpoint."""


class Session:
    """A model, its optimizer and everything that its next step depends on.

    `advance` makes one step; `state` and `restore` transfer everything that the next steps depend on. processes: those
    that share the losses' points; by default this one has them all.
    """

    def __init__(self, config: Config, problem: Problem, processes: Processes | None = None) -> None:
        seeds = Seeds.of(config.seed)
        held_out = seeds.for_held_out()
        device, dtype = torch.device(config.device), getattr(torch, config.precision)

        def place(batch: Batch) -> Batch:
            return batch.to(device, dtype)

        self.config, self.problem, self.processes = config, problem, processes or Processes()
        self.model = new_model(config, problem, seeds.for_weights()).to(device)
        require_determined(config, problem)
        self.parameters = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        training_data, held_out_data = split_data(problem, config.validation_fraction, held_out)
        loss = Loss(problem, config)
        self.balancing = Balancing(config, loss)
        self.sampler = Sampler(problem, config, training_data, seeds.for_points(), place, self._squares)
        self.points = StepPoints(config, self.sampler, self.balancing, seeds)
        require_legal(config, self.model, 2 * sum(len(batch.target) for batch in self.sampler.batches.values()))
        require_divisible(config.minibatches, self.sampler.batches)
        self.validation = Validation(problem, config, loss, held_out_data, held_out, place)
        self._can_estimate = config.estimate_error and not why_no_estimate(problem)
        self.stopping = Stopping(config)
        self.objective = Objective(
            self.parameters,
            self._terms,
            lambda parameters: self.loss.system(self.model, self.points.batches, parameters),
            lambda parameters: self.loss.blocks(self.model, self.points.batches, parameters),
            lambda parameters: self.loss.curvature(self.model, self.points.batches, parameters),
            self.processes,
            self.model.bounds,
            lambda: better_start(problem, config, self.model, self.sampler.batches),
            lambda parameters: self.loss.balanced({"data": 0.0}).blocks(self.model, self.points.batches, parameters),
            cache(lambda: Waveforms(problem, config, self.model, self.sampler.batches)),
        )
        self.step, self.first_step = 0, 0
        self.restarts = Restarts(config.restart_every)
        self._zero = time.monotonic()
        self.history = History(self.columns)
        self.reason_to_end = ""
        self.converged: bool | None = None  # as `StepObjective.converged` of the last step
        self._losses: dict[str, float] = {}  # as last evaluated
        self._validated: tuple[int, dict[str, float]] = (-1, {})  # the step of the last validation, and its metrics
        self._stages = stages(config)
        self._enter(self._stages[0])

    @property
    def loss(self) -> Loss:
        """The loss by the present weights."""
        return self.balancing.loss

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the history, in order."""
        losses = tuple(f"loss/{name}" for name in self.loss.columns)
        material = tuple(f"material/{name}" for name in self.model.material.si())
        metrics = (*self.validation.columns, *(ESTIMATED if self._can_estimate else ()))
        weights = self.points.columns
        return ("step", "stage", "wall_s", "learning_rate", *losses, "grad_norm", *weights, *material, *metrics)

    def advance(self, should_cancel: Callable[[], bool] = lambda: False) -> Mapping[str, float]:
        """Make one step and return its row of the history.

        should_cancel: called now and then within long steps; if it returns True, StepCancelled is raised and the
        weights are those from before the step.

        All of the row but the learning rate is at the weights after the step, the losses and the gradient's norm on the
        points of the step, with minibatches on those of the next one. Raises DivergedError if one of these is not a
        finite number there; the weights are then those from before the step, and no row was added.
        """
        self._prepare()
        if not self.objective.terms:  # else they were evaluated after the step before, and the gradients are set
            self.losses()
        start = self.objective.position()
        row = {"stage": self.stage.index, "learning_rate": self.optimizer.param_groups[0].get("lr", math.nan)}
        self._step_optimizer(should_cancel)
        try:
            if not (self.points.are_all or self.spec.whole_batch):
                self._take_points(self.step + 1)  # so that the next step can reuse the evaluation
            row |= self.losses()
        except DivergedError:
            put(self.parameters, start)
            raise
        self.step += 1
        row |= {"step": self.step, "wall_s": self.elapsed, **self.points.columns}
        row |= {f"material/{name}": value for name, value in self.model.material.si().items()}
        if self.step % self.config.validate_every == 0:
            row |= self._validate()
        if self.is_over and self._can_estimate:
            row |= self._estimated()
        self.history.append(row)
        return row

    @property
    def elapsed(self) -> float:
        """Seconds of training, over all parts of the run."""
        return time.monotonic() - self._zero

    @property
    def is_over(self) -> bool:
        """Whether no further step is needed."""
        return self.step >= self.config.steps or bool(self.reason_to_end)

    @property
    def at_stage_end(self) -> bool:
        """Whether the step just made was the last of its stage."""
        return self.step >= self.stage.last

    def _terms(self, position: Tensor) -> Mapping[str, Tensor]:
        """The columns of the loss on this process's share of the points; the workers are asked for theirs."""
        self.processes.request_evaluation(position)
        return self.loss(self.model, self.processes.share(self.points.batches))

    def _squares(self, batches: Batches) -> Mapping[str, Tensor]:
        return self.loss.squares(self.model, batches)

    def _prepare(self) -> None:
        """Change stage, points and learning rate if this step requires it."""
        while self.at_stage_end:
            self._enter(self._stages[self.stage.index + 1])
        if self.spec.whole_batch:
            if self.restarts.begin(self.step, self.step - self.stage.first):
                self._restart()
            return
        if self.points.at_interval(self.step, self.model):
            self._take_points(self.step)
            self.share_objective()
        for group in self.optimizer.param_groups:
            group["lr"] = group.get("relative", 1.0) * self.schedule.rate(self.step - self.stage.first)

    def _restart(self) -> None:
        """Start an optimizer that searches along lines anew, with other points and weights."""
        self.optimizer.state.clear()
        self.points.at_restart(self.step, self.model)
        self._take_points(self.step)
        self.share_objective()

    def _take_points(self, step: int) -> None:
        """Take the points of a step; the last evaluation was of others."""
        if self.spec.whole_batch:
            self.points.take_all()
        else:
            self.points.take(step)
        self.objective.forget()

    def share_objective(self) -> None:
        """Give the workers, if there are any, the points and weights of the next evaluations."""
        if self.processes.has_workers:
            self.processes.send(self.points.state(), len(self.objective.position()))

    def restore_objective(self, state: Mapping[str, Any]) -> None:
        """Set the points and weights of a checkpoint's state, or those that the leader shares."""
        self.points.restore(state)
        self._take_points(self.step)

    def _enter(self, stage: Stage) -> None:
        self.stage, self.spec = stage, OPTIMIZERS[stage.optimizer]
        self.optimizer: Optimizer = self.spec.make(self.model, self.config)
        self.schedule = Schedule(self.config, stage.length)
        self.restarts.forget()
        if not self.points.are_all:
            self._take_points(self.step)
        if self.step:
            logger.info("step %d: from here %s", self.step, stage.optimizer)

    def losses(self) -> dict[str, float]:
        """Evaluate the losses and the gradient's norm at the present weights; the next step reuses the evaluation.

        Raises DivergedError, naming the next or the present step, if one is not a finite number.
        """
        self.objective()
        terms = {f"loss/{name}": term.item() for name, term in self.objective.terms.items()}
        norm = self.objective.gradient_norm()
        if not (math.isfinite(terms["loss/total"]) and math.isfinite(norm)):
            bad = ", ".join(f"{name} = {value}" for name, value in terms.items() if not math.isfinite(value))
            raise DivergedError(f"step {self.step + 1}: {bad or f'grad_norm = {norm}'}")
        self._losses = {**terms, "grad_norm": norm}
        return self._losses

    def _step_optimizer(self, should_cancel: Callable[[], bool]) -> None:
        if not self.spec.whole_batch:
            self.converged = None
            if self.config.clip_grad_norm:
                torch.nn.utils.clip_grad_norm_(self.parameters, self.config.clip_grad_norm)
            self.optimizer.step()
            return
        starts_anew = not any(self.optimizer.state.values())
        step_objective = StepObjective(self.objective)
        try:
            with cancelled_when(should_cancel):
                self.optimizer.step(step_objective)  # type: ignore[arg-type]  # a closure may return a tensor
        except StepCancelled:
            put(self.parameters, step_objective.start)
            raise
        self.converged = step_objective.converged
        if step_objective.converged:
            self._finish_stage(f"{self.stage.optimizer} has converged: {step_objective.note}")
        elif not step_objective.moved:
            self._handle_stagnation(step_objective, starts_anew)

    def _handle_stagnation(self, step_objective: StepObjective, starts_anew: bool) -> None:
        """After a step that changed nothing: discard the optimizer's state, or finish the stage if it has none."""
        name, reason = self.stage.optimizer, step_objective.explain()
        if step_objective.converged is False:
            self._finish_stage(f"{name} has not converged, and makes no more progress: {reason}")
        elif starts_anew:
            self._finish_stage(f"{name} makes no more progress, even along the gradient itself: {reason}")
        else:
            logger.info("step %d: %s makes no progress and forgets its curvature: %s", self.step + 1, name, reason)
            self.optimizer.state.clear()

    def _finish_stage(self, why: str) -> None:
        """Restart on other points, if there are any to come; else end the run after its last stage, or wait for the
        next one."""
        if self.restarts.demand():
            logger.info("step %d: %s; it restarts", self.step + 1, why)
        elif self.stage == self._stages[-1]:
            self.reason_to_end = why

    def validation_metrics(self) -> dict[str, float]:
        """Validate the present weights, at most once a step; it has no effect on training."""
        if self._validated[0] != self.step:
            self._validated = self.step, self.validation(self.model)
        return self._validated[1]

    @property
    def metrics(self) -> dict[str, float]:
        """The newest losses and the newest validation metrics, if there are any."""
        known = {**self.history.last, **self._losses, **self._validated[1]}
        return {name: value for name, value in known.items() if "/" in name and math.isfinite(value)}

    def _estimated(self) -> dict[str, float]:
        """Estimate the errors; {} where that fails, which is no reason for a run to fail."""
        try:
            with work("estimating the error") as at:
                at(0.0)
                found = kept_estimate(self.config, self.trained().on_cpu().model, self.problem)
        except Exception as error:
            logger.error("the run could not estimate its error: %s", error)
            return {}
        return dict(zip(ESTIMATED, (found.displacement, found.stress), strict=True))

    def _validate(self) -> dict[str, float]:
        metrics = self.validation_metrics()
        self.schedule.observe(metrics["loss/validation"])
        self.reason_to_end = self.stopping.observe(metrics) or self.reason_to_end
        return metrics

    def state(self) -> dict[str, Any]:
        """Collect everything but the weights that the next steps depend on, as one tree a part."""
        return {
            "optimizer": moments(self.optimizer),
            "scheduler": self.schedule.state_dict(),
            **self.points.state(),
            "stopping": {
                **self.stopping.state_dict(),
                **self.restarts.state_dict(),
                "reason": self.reason_to_end,
                "converged": self.converged,
            },
            "problem": dict(self.problem.identity),
        }

    def restore(self, snapshot: Snapshot) -> None:
        """Set the state of a checkpoint of the same problem, network and past stages; other fields of the config are
        the new ones."""
        self.step, self.first_step = snapshot.step, snapshot.step
        self.history = snapshot.history.with_columns(self.columns)
        if self.step < self.config.steps:  # the run goes on, as one does that has never ended here
            self.history = self.history.without_last(ESTIMATED)
        self._losses, self._validated = {}, (-1, {})
        self._zero = time.monotonic() - self.history.last.get("wall_s", 0.0)
        self.model.load_state_dict(snapshot.weights)
        self._enter(all_stages(self.config)[snapshot.stage])  # fewer steps than it has may not reach its stage
        remembered, note = translated(snapshot.state["optimizer"])
        load_moments(self.optimizer, remembered)
        if note:
            self._note(note)
        self.schedule.load_state_dict(snapshot.state["scheduler"])
        self.restore_objective(snapshot.state)
        self.stopping.load_state_dict(snapshot.state["stopping"])
        self.converged = snapshot.state["stopping"].get("converged")
        self.restarts.load_state_dict(snapshot.state["stopping"])
        self._note_meaning_of_losses()
        if snapshot.metric_id not in (self.validation.metric_id, UNKNOWN_METRIC_ID):
            self._forget_bests()

    def go_on_from(self, other: Session) -> None:
        """Take over the steps, the history, the clock and what is found of a session with coarser settings."""
        self.step, self.first_step, self.history, self._zero = other.step, other.step, other.history, other._zero
        self.model.material.load_state_dict(other.model.material.state_dict())
        self._enter(self._stages[-1])
        carry_over(other.optimizer, self.optimizer)

    def trained(self) -> TrainedModel:
        """Return the present model at the points of its last step, which an assessment needs."""
        optimizer, is_exact = self.optimizer, self.config.precision == "float64"
        return TrainedModel(
            config=self.config,
            problem=self.problem,
            model=self.model,
            loss=self.loss,
            batches=self.sampler.batches,
            held_out=self.validation.held_out,
            step=self.step,
            converged=self.converged,
            factored=optimizer.factored_here() if is_exact and isinstance(optimizer, VariableProjection) else None,
        )

    def _note(self, note: str) -> None:
        self.history.note(self.step, note)
        logger.info("step %d: %s", self.step, note)

    def _note_meaning_of_losses(self) -> None:
        """Note once, at the last row of an earlier version, that rows from here on have another meaning."""
        is_here = 0 < self.history.losses_of_start_until == self.step
        if is_here and (self.step, LOSSES_CHANGE) not in self.history.events:
            self._note(LOSSES_CHANGE)

    def _forget_bests(self) -> None:
        """Discard all best metrics, which are not comparable with those from now on."""
        self._note("the validation measures something else from here: best, early stopping and plateau start anew")
        self.schedule.forget_best()
        self.stopping.forget_best()
