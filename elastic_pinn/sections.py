"""The fields of an experiment, in sections, each with its meaning, its range and its default.

config.py joins them: each field has one flat name, unique over all sections.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Item = TypeVar("Item")
List = Annotated[tuple[Item, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)]
Count = Annotated[int, Field(ge=1)]
OptionalCount = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
OptimizerName = Literal["adam", "adamw", "sgd", "soap", "lbfgs", "ssbfgs", "ssbroyden", "last_layer",
                        "levenberg_marquardt", "variable_projection"]  # fmt: skip


class UsedBy(str):
    """The problem that uses a field: the field is refused with any other problem."""


BY_STANDING_WAVES, BY_RECEIVERS = UsedBy("standing_waves"), UsedBy("receivers")


class Section(BaseModel):
    """Frozen, strict (1.5 is no whole number, 'abc' no number), and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True, defer_build=True)


class ProblemConfig(Section):
    """The physical problem. A Problem of the user's own, given to train(), replaces this section."""

    problem: Literal["standing_waves", "receivers", "own"] = "standing_waves"
    """problem to be solved. standing_waves: exact P and S standing waves in a square. receivers: a receiver file, see
    `data`. own: given to train()"""
    data: Annotated[str, BY_RECEIVERS] = ""
    """receiver file of the problem 'receivers'; a relative path starts at the project's root"""
    length: Annotated[Positive, BY_STANDING_WAVES] = 1.0
    """side of the square of the problem 'standing_waves', m"""
    duration: Annotated[Positive, BY_STANDING_WAVES] = 2.0
    """time window of the problem 'standing_waves', s"""
    lame_lambda: Annotated[float, Field(allow_inf_nan=False), BY_STANDING_WAVES] = 2.0
    """first Lame parameter of the problem 'standing_waves', Pa"""
    lame_mu: Annotated[Positive, BY_STANDING_WAVES] = 1.0
    """shear modulus of the problem 'standing_waves', Pa"""
    density: Annotated[Positive, BY_STANDING_WAVES] = 1.0
    """density of the problem 'standing_waves', kg/m3"""
    unknowns: Annotated[List[Literal["lambda", "mu", "rho"]], BY_RECEIVERS] = ()
    """material constants to be found from receivers: any of 'lambda', 'mu', 'rho'"""
    unknown_range: Annotated[float, Field(gt=1, allow_inf_nan=False), BY_RECEIVERS] = 10.0
    """bulk modulus, shear modulus and density are searched between start / range and start * range"""
    initial_pulses: Annotated[bool, BY_RECEIVERS] = True
    """whether the known initial pulses of a receiver file are used as the initial condition"""


class NetworkConfig(Section):
    """The network (x, y, t) -> (u_x, u_y)."""

    network: Literal["mlp", "random_features", "plane_waves"] = "mlp"
    """the kind of network. mlp: every layer is trained. random_features: only the last layer is, and the others stay as
    drawn. plane_waves: the amplitudes of P and S waves, which satisfy the equation of a homogeneous solid without body
    force"""
    hidden_layers: Annotated[List[Count], Field(min_length=1)] = (100, 100, 100, 100)
    """width of each hidden layer; of plane_waves, one number: how many waves"""
    initialization: Literal["glorot", "features"] = "glorot"
    """how an mlp starts. glorot: Glorot's normal weights. features: the last hidden layer as random features, for
    last_layer to begin with; random_features always does"""
    activation: Literal["tanh", "sin", "swish"] = "tanh"
    """nonlinearity after each hidden layer; of plane_waves always 'sin'"""
    input_frequency: Positive = 1.0
    """the higher, the shorter the waves that the network starts with: a factor on the first layer's weights (glorot),
    or the greatest wave number in radians per half the window's longer side (features, plane_waves)"""
    precision: Literal["float32", "float64"] = "float32"
    """floating-point type of weights, points and losses"""


class TrainingConfig(Section):
    """How the model is trained."""

    steps: Count = 10_000
    """optimizer iterations in all, also when resuming; an iteration with its whole line search is one step"""
    seed: OptionalCount = 0
    """seeds weights, points and held-out points"""
    init_from: str = ""
    """warm start: a run directory or checkpoint, or its URL, whose weights and material are taken where they fit; "":
    none. A relative path starts at the project's root"""
    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:\d+)?)$")] = "cpu"
    """'cpu', 'cuda' or 'cuda:N'"""
    compile: bool = False
    """whether torch compiles the loss on a GPU: 10 to 20 s at the start, then few launches a step, which is faster up
    to some 10,000 points and a width of 64, and slower beyond. On a CPU the loss is a compiled kernel anyway"""
    threads: OptionalCount = 0
    """CPU threads of torch while it trains; 0: torch's own choice. A small network gains nothing from more than one"""

    stages: Annotated[List[OptimizerName], Field(min_length=1)] = ("adam",)
    """optimizers, one after another. lbfgs, ssbfgs and ssbroyden search along a line at each step; the latter two keep
    a matrix of all parameters squared and need precision 'float64'. levenberg_marquardt forms a Jacobian of at most
    2^27 numbers, two for each point and parameter; beyond, conjugate gradients find its steps without one"""
    stage_steps: List[Count] = ()
    """length of each stage but the last, which takes the rest of `steps`"""
    learning_rate: Positive = 1e-3
    """of Adam, AdamW, SGD and SOAP: what the schedule starts from"""
    unknowns_learning_rate: Positive = 1.0
    """of what is unknown beside the network, relative to `learning_rate`"""
    beta1: Fraction = 0.9
    """decay of the first moment of Adam, AdamW and SOAP"""
    beta2: Fraction = 0.999
    """decay of the second moment of Adam, AdamW and SOAP, and of SOAP's preconditioners"""
    epsilon: Positive = 1e-8
    """guard of Adam, AdamW and SOAP against division by zero"""
    weight_decay: NonNegative = 0.01
    """of AdamW"""
    momentum: Fraction = 0.9
    """of SGD"""
    soap_every: Count = 10
    """steps after which SOAP turns the bases that it works in"""
    lbfgs_learning_rate: Positive = 1.0
    """first step length of each L-BFGS iteration; without a line search, the only one"""
    lbfgs_history: Count = 50
    """pairs of steps and gradient changes that L-BFGS keeps"""
    lbfgs_line_search: Literal["strong_wolfe", "none"] = "strong_wolfe"
    """how L-BFGS finds its step length"""
    ridge: Positive = 1e-12
    """of last_layer and variable_projection: how strongly the last layer's weights (of plane_waves: the amplitudes) are
    held back, relative to what each does to the misfits"""
    damping: Positive = 1e-3
    """of levenberg_marquardt at its start, relative to what each parameter does to the misfits: the more, the shorter
    its steps and, without a Jacobian, the sooner they are found"""
    clip_grad_norm: NonNegative = 0.0
    """longest gradient of Adam, AdamW, SGD and SOAP, longer ones are shortened to it; 0: no limit"""

    schedule: Literal["constant", "exponential", "step", "cosine", "plateau"] = "constant"
    """how the learning rate of Adam, AdamW, SGD and SOAP changes during a stage"""
    warmup_steps: OptionalCount = 0
    """steps of linear growth to the full learning rate at the start of a stage"""
    decay_rate: Annotated[float, Field(gt=0, le=1)] = 0.9
    """factor of the schedules exponential, step and plateau"""
    decay_every: Count = 1000
    """steps per factor `decay_rate`: smoothly (exponential) or at once (step)"""
    plateau_patience: Count = 10
    """validations without a new best after which the schedule plateau lowers the rate"""
    min_learning_rate: NonNegative = 0.0
    """the schedules do not go below it once warm; at most the learning rate"""

    interior_points: Count = 10_000
    """collocation points, where the wave equation is imposed"""
    boundary_points: Count = 1_000
    """points for each boundary condition"""
    initial_points: Count = 1_000
    """points for the initial condition"""
    sampling: Literal["latin_hypercube", "uniform", "sobol"] = "latin_hypercube"
    """how points are drawn"""
    resample_every: OptionalCount = 0
    """steps between fresh points; 0: never. Optimizers with a line search keep the points they started with"""

    weight_pde: NonNegative = 1.0
    """of the mean square of the wave equation's residual"""
    weight_boundary: NonNegative = 10.0
    """of the mean square misfit of the boundary conditions"""
    weight_initial: NonNegative = 10.0
    """of the mean square misfit of the initial condition"""
    weight_data: NonNegative = 1.0
    """of the mean square misfit at the receivers"""

    validation_points: Count = 2_000
    """held-out points, drawn once: for the interior, each boundary condition and the initial condition"""
    validation_fraction: Fraction = 0.1
    """part of the receivers' samples that is held out; 0: none, and the validation uses all of them"""
    validate_every: Count = 100
    """steps between validations"""
    early_stopping_patience: OptionalCount = 0
    """validations without a new best after which training ends; 0: never"""
    target_error: NonNegative = 0.0
    """relative L2 error of the displacement at which training ends; needs an exact solution; 0: none"""
    time_limit: NonNegative = 0.0
    """seconds after which one call of train() stops, with a checkpoint; 0: none"""


class CheckpointConfig(Section):
    """What is saved during training."""

    checkpoint_every: OptionalCount = 1_000
    """steps between checkpoints; 0: none by steps. One is always written at the start, at each stage's end and at the
    end"""
    checkpoint_every_s: NonNegative = 600.0
    """seconds between checkpoints, whatever the steps; 0: none by time"""
    keep_last: Annotated[int, Field(ge=2)] = 5
    """the newest checkpoints that are kept, at least 2"""
    keep_best: OptionalCount = 2
    """the checkpoints with the lowest `monitor` that are kept"""
    keep_every: OptionalCount = 0
    """checkpoints whose step is a multiple of it are kept for ever; 0: none. 1 keeps all"""
    compression: Annotated[int, Field(ge=0, le=9)] = 0
    """of checkpoints, by shuffle and deflate: 0 (none, fastest) to 9 (smallest)"""
    mirror: Annotated[str, Field(pattern=r"^$|^[a-z0-9+]+://.+")] = ""
    """the URL of a folder on a remote store (s3://, gs://, abfs://, file://) where each run gets a copy of its
    checkpoints, in a folder of its own name; "": none"""
    monitor: str = "loss/validation"
    """the column of the history, lower is better, that ranks checkpoints: 'loss/validation', 'loss/pde', ..."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """lowest level of the messages of the logger 'elastic_pinn'"""


NO_PART_OF_THE_RESULT = {*CheckpointConfig.model_fields, "time_limit"} - {"monitor"}
"""Fields that do not affect the result of training."""

SECTIONS: Mapping[str, type[Section]] = {
    "problem": ProblemConfig,
    "network": NetworkConfig,
    "training": TrainingConfig,
    "checkpoint": CheckpointConfig,
}
