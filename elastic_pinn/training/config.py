"""The fields of a config that say how the model is trained."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from elastic_pinn.config_sections import Count, Fraction, List, NonNegative, OptionalCount, Positive, Section, Threads
from elastic_pinn.field_declarations import OfTerm, Unit, With, needs_of

OptimizerName = Literal["adam", "adamw", "sgd", "soap", "lbfgs", "ssbfgs", "ssbroyden", "last_layer",
                        "levenberg_marquardt", "variable_projection", "full_waveform"]  # fmt: skip


BY_GRADIENT = ("adam", "adamw", "sgd", "soap")
"""Optimizers that take a step of a scheduled length, on points that may change from step to step."""

ADAPTIVE = ("adam", "adamw", "soap")
RESTARTED = ("lbfgs", "ssbfgs", "ssbroyden", "last_layer", "levenberg_marquardt")
SOLVING = ("last_layer", "variable_projection", "full_waveform")
SCHEDULED = ("exponential", "step", "cosine", "plateau")
"""Of the stages and schedules that fields below are of."""

WEIGHS_POINTS = ("attention",)
"""Ways of `balancing` by which a point counts as its own past says: it has to stay where it is."""


def _as_texts(value: Any) -> Any:
    """One receiver or channel, or a list of them, of which numbers are receivers, as texts."""
    listed = value if isinstance(value, list | tuple) else [value]
    return [str(each) if isinstance(each, int) and not isinstance(each, bool) else each for each in listed]


class TrainingConfig(Section):
    """How the model is trained."""

    steps: Count = 10_000
    """optimizer iterations in all, also when resuming; an iteration with its whole line search is one step"""
    seed: OptionalCount = 0
    """seeds weights, points, held-out points and what `balancing` draws"""
    init_from: str = ""
    """warm start: a run directory or checkpoint, or its URL, whose weights and material are taken where they fit; "":
    none. A relative path starts at the project's root"""
    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:\d+)?)$")] = "cpu"
    """'cpu', 'cuda' or 'cuda:N'"""
    compile: bool = False
    """whether torch compiles the loss on a GPU: 10 to 20 s at the start, then few launches a step, which is faster up
    to some 10,000 points and a width of 64, and slower beyond. On a CPU the loss is a compiled kernel anyway"""
    threads: Threads = 0
    """CPU threads of torch while it trains; 0: torch's own choice. A small network gains nothing from more than one"""

    stages: Annotated[List[OptimizerName], Field(min_length=1)] = ("adam",)
    """optimizers, one after another. lbfgs, ssbfgs and ssbroyden search along a line at each step; the latter two keep
    a matrix of all parameters squared and need precision 'float64'. levenberg_marquardt forms a Jacobian of at most
    2^27 numbers, two for each point and parameter; beyond, conjugate gradients find its steps without one.
    variable_projection finds the material in which the wavefield explains the records best, full_waveform that whose
    wavefield, as sides, start and sources determine it, has the recorded waveforms, corrected by finite elements"""
    stage_steps: List[Count] = ()
    """length of each stage but the last, which takes the rest of `steps`"""
    learning_rate: Annotated[Positive, With(stages=BY_GRADIENT)] = 1e-3
    """of Adam, AdamW, SGD and SOAP: what the schedule starts from"""
    unknowns_learning_rate: Annotated[Positive, With(stages=BY_GRADIENT)] = 1.0
    """of what is unknown beside the network, relative to `learning_rate`"""
    beta1: Annotated[Fraction, With(stages=ADAPTIVE)] = 0.9
    """decay of the first moment of Adam, AdamW and SOAP"""
    beta2: Annotated[Fraction, With(stages=ADAPTIVE)] = 0.999
    """decay of the second moment of Adam, AdamW and SOAP, and of SOAP's preconditioners"""
    epsilon: Annotated[Positive, With(stages=ADAPTIVE)] = 1e-8
    """guard of Adam, AdamW and SOAP against division by zero"""
    weight_decay: Annotated[NonNegative, With(stages=("adamw",))] = 0.01
    """of AdamW"""
    momentum: Annotated[Fraction, With(stages=("sgd",))] = 0.9
    """of SGD"""
    soap_every: Annotated[Count, With(stages=("soap",)), Unit("steps")] = 10
    """steps after which SOAP turns the bases that it works in"""
    lbfgs_learning_rate: Annotated[Positive, With(stages=("lbfgs",))] = 1.0
    """first step length of each L-BFGS iteration; without a line search, the only one"""
    lbfgs_history: Annotated[Count, With(stages=("lbfgs",))] = 50
    """pairs of steps and gradient changes that L-BFGS keeps"""
    lbfgs_line_search: Annotated[Literal["strong_wolfe", "none"], With(stages=("lbfgs",))] = "strong_wolfe"
    """how L-BFGS finds its step length"""
    ridge: Annotated[Positive, With(stages=SOLVING), OfTerm("data")] = 1e-12
    """of last_layer, variable_projection and full_waveform: how strongly the last layer's weights (of plane_waves: the
    amplitudes) are held back, relative to what each does to the misfits"""
    frequency_continuation: Annotated[List[Positive], With(stages=("full_waveform",)), Unit("Hz")] = ()
    """of full_waveform: frequencies, Hz, each above the one before. Records are fitted below each in turn before they
    are fitted whole, since a search leads to the material only from where waves are less than half a period off"""
    unknown_gains: Annotated[List[str], BeforeValidator(_as_texts), With(stages=("full_waveform",))] = ()
    """of full_waveform: what has a gain that is unknown and is found with the material, receivers ('3', by their rows
    from 0) or channels ('3 y') as verdicts name them, or 'all'; a channel has one gain in all shots; gains of the
    receiver file are applied before"""
    damping: Annotated[Positive, With(stages=("levenberg_marquardt",))] = 1e-3
    """of levenberg_marquardt at its start, relative to what each parameter does to the misfits: the more, the shorter
    its steps and, without a Jacobian, the sooner they are found"""
    clip_grad_norm: Annotated[NonNegative, With(stages=BY_GRADIENT)] = 0.0
    """longest gradient of Adam, AdamW, SGD and SOAP, longer ones are shortened to it; 0: no limit"""

    schedule: Annotated[Literal["constant", "exponential", "step", "cosine", "plateau"], With(stages=BY_GRADIENT)] = (
        "constant"
    )
    """how the learning rate of Adam, AdamW, SGD and SOAP changes during a stage"""
    warmup_steps: Annotated[OptionalCount, With(stages=BY_GRADIENT), Unit("steps")] = 0
    """steps of linear growth to the full learning rate at the start of a stage"""
    decay_rate: Annotated[float, Field(gt=0, le=1), With(schedule=("exponential", "step", "plateau"))] = 0.9
    """factor of the schedules exponential, step and plateau"""
    decay_every: Annotated[Count, With(schedule=("exponential", "step")), Unit("steps")] = 1000
    """steps per factor `decay_rate`: smoothly (exponential) or at once (step)"""
    plateau_patience: Annotated[Count, With(schedule=("plateau",))] = 10
    """validations without a new best after which the schedule plateau lowers the rate"""
    min_learning_rate: Annotated[NonNegative, With(schedule=SCHEDULED)] = 0.0
    """the schedules do not go below it once warm; at most the learning rate"""

    interior_points: Count = 10_000
    """collocation points, where the wave equation is imposed"""
    boundary_points: Annotated[Count, OfTerm("boundary")] = 1_000
    """points for each boundary condition"""
    initial_points: Annotated[Count, OfTerm("initial")] = 1_000
    """points for the initial condition"""
    interface_points: Annotated[Count, OfTerm("interface")] = 1_000
    """points for each interface between materials"""
    sampling: Literal["latin_hypercube", "uniform", "sobol", "chebyshev", "grid"] = "sobol"
    """how points are drawn; chebyshev: as sobol, but denser towards corners, the ends of sides and of the time window,
    where a least-squares solution is otherwise the first to be wrong between its points; grid: not at random, as many
    along each axis, and at most as many as given. sobol is the most exact of an mlp over the problems of the ablation
    (tests/benchmarks/README.md)"""
    resample_every: Annotated[OptionalCount, With(stages=BY_GRADIENT), Unit("steps")] = 0
    """steps between fresh points; 0: never. Optimizers with a line search keep theirs, but see `restart_every`"""
    restart_every: Annotated[OptionalCount, With(stages=RESTARTED), Unit("steps")] = 0
    """steps after which an optimizer with a line search forgets its curvature and starts anew, on points that
    `resampling` has moved and by weights that `balancing` has changed, as it does at the start of its stage and where
    it can do no more with those it has; 0: never. A grid, and points that `balancing` weighs, stay"""
    minibatches: Annotated[Count, With(stages=BY_GRADIENT)] = 1
    """into how many parts the points of each place, and records, are divided at random, of which each step takes one;
    1: it takes all. Optimizers with a line search take all. Losses of the history are those of one part"""
    resampling: Annotated[Literal["fresh", "r3"], With("resample_every"), With("restart_every")] = "fresh"
    """how points are drawn anew: fresh (all of them, evenly) or r3 (only those with residuals below the mean: Daw and
    others, 2023). Losses are means over the present points; those of the validation stay even"""

    weight_pde: NonNegative = 1.0
    """of the mean square of the wave equation's residual"""
    weight_boundary: Annotated[NonNegative, OfTerm("boundary")] = 10.0
    """of the mean square misfit of the boundary conditions"""
    weight_initial: Annotated[NonNegative, OfTerm("initial")] = 10.0
    """of the mean square misfit of the initial condition"""
    weight_interface: Annotated[NonNegative, OfTerm("interface")] = 10.0
    """of the mean square misfit of the contact between materials"""
    weight_data: Annotated[NonNegative, OfTerm("data")] = 1.0
    """of the mean square misfit at the receivers"""
    balancing: Annotated[
        Literal["fixed", "relobralo", "attention"], With(stages=BY_GRADIENT), With("restart_every")
    ] = "fixed"
    """whether weights change in training: fixed, or those above multiplied by factors by which the terms count most
    that fell least (relobralo), or by weights of single points, but of records, which are larger where misfits stay
    large (attention: by a running mean relative to the largest). Optimizers with a line search keep weights until they
    restart; the validation has those above. With unknowns no ± is given"""
    balance_every: Annotated[Count, With(balancing=("relobralo", "attention")), Unit("steps")] = 100
    """steps between changes of the weights by `balancing`"""
    balance_memory: Annotated[Fraction, With(balancing=("relobralo", "attention"))] = 0.9
    """part of each weight that a change keeps, but at the first one; 0: none"""
    balance_temperature: Annotated[Positive, With(balancing=("relobralo",))] = 0.1
    """of relobralo: the lower, the more the term counts that fell least"""

    validation_points: Count = 2_000
    """held-out points, drawn once: for the interior, each boundary condition and the initial condition"""
    validation_fraction: Annotated[Fraction, OfTerm("data")] = 0.1
    """part of the receivers' samples that is held out, to check the fit by; 0: none, and the validation uses all"""
    validate_every: Annotated[Count, Unit("steps")] = 100
    """steps between validations"""
    early_stopping_patience: OptionalCount = 0
    """validations without a new best after which training ends; 0: never"""
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """relative error of the displacement that is good enough, as estimated: the settings of network and training that
    are left unset are then chosen from the problem, and refined until the estimate is below. Of a search for a material
    by records: the part of their noise that the waves may leave out; settings are chosen from noise, pulses and
    receivers, and waves are doubled while the verdict is that they do not suffice; where sides, start and sources
    determine the wavefield, finite elements alone solve for it first. 0: none, and fields that are left unset have the
    values given here"""
    estimate_error: bool = True
    """whether a forward run ends with an estimate of its wavefield's error, by coarse finite elements; see
    `Run.estimate_error`"""
    target_error: NonNegative = 0.0
    """relative L2 error of the displacement at which training ends; needs an exact solution; 0: none"""
    time_limit: Annotated[NonNegative, Unit("s")] = 0.0
    """seconds after which one call of train() stops, with a checkpoint; a longer step is given up; 0: none"""

    @property
    def _leaves_stages_open(self) -> bool:
        """Whether the stages are still to be chosen by the tolerance: they are then checked as chosen."""
        return self.tolerance > 0.0 and self.stages == type(self).model_fields["stages"].default

    @model_validator(mode="after")
    def _stages_have_lengths(self) -> Self:
        if len(self.stage_steps) != len(self.stages) - 1:
            raise ValueError(
                f"stages {list(self.stages)} need {len(self.stages) - 1} stage_steps, one for each stage but the last, "
                f"but there are {len(self.stage_steps)}: {list(self.stage_steps)}"
            )
        return self

    @model_validator(mode="after")
    def _frequencies_rise(self) -> Self:
        given = list(self.frequency_continuation)
        if given != sorted(set(given)):
            raise ValueError(f"frequency_continuation = {given}: each has to be above the one before")
        if given and "full_waveform" not in self.stages and not self._leaves_stages_open:
            raise ValueError(f"frequency_continuation = {given} is of full_waveform alone, which stages lacks")
        return self

    @model_validator(mode="after")
    def _gains_are_found(self) -> Self:
        if self.unknown_gains and {*self.stages} != {"full_waveform"} and not self._leaves_stages_open:
            given = list(self.unknown_gains)
            raise ValueError(f"unknown_gains = {given} are found by stages = ['full_waveform'] alone")
        return self

    @model_validator(mode="after")
    def _points_move(self) -> Self:
        moves = bool(self.resample_every or self.restart_every)
        if self.resampling != "fresh" and not moves:
            raise ValueError(
                f"resampling = {self.resampling!r} moves points every resample_every steps, or with a line search "
                "every restart_every, and both are 0"
            )
        if self.sampling == "grid" and (self.resample_every or self.resampling != "fresh"):
            raise ValueError("sampling = 'grid' has no other points: set resample_every to 0, resampling to 'fresh'")
        return self

    @model_validator(mode="after")
    def _points_have_a_past(self) -> Self:
        moves = self.resample_every or self.resampling != "fresh"
        if self.balancing in WEIGHS_POINTS and moves:
            raise ValueError(
                f"balancing = {self.balancing!r} weighs each point by its past, and resample_every = "
                f"{self.resample_every}, resampling = {self.resampling!r} move it: set them to 0 and 'fresh'"
            )
        return self

    @model_validator(mode="after")
    def _rates_go_down(self) -> Self:
        if self.min_learning_rate > self.learning_rate:
            raise ValueError(
                f"min_learning_rate = {self.min_learning_rate:g} is above learning_rate = {self.learning_rate:g}: "
                "it must be at most that"
            )
        return self


FIELDS_OF_TERMS = {
    column: tuple(name for name, info in TrainingConfig.model_fields.items() if needs_of(info) == [OfTerm(column)])
    for column in ("boundary", "initial", "interface", "data")
}
"""The fields that have no effect where a problem lacks a term of the loss."""
