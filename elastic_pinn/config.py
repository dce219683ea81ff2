"""What an experiment is: validated, frozen, plain JSON.

The fields stand in sections (problem, network, training, checkpoint), and each has one flat name, unique over all of
them: the name in notebooks, on the command line and in sweeps. A function that needs one section asks for that
section's class.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.legal import documented
from elastic_pinn.parameters import in_one_line, not_a_field, parameters_in, plain

logger = logging.getLogger(__name__)

BESIDE_CONFIG = {
    "run_dir": "the path of a folder",
    "resume": "'never', 'auto', or the path or URL of a checkpoint or of a run",
}
"""Notebook parameters that say where a run lies and how it starts, with what is legal: not part of what the
experiment is."""

Item = TypeVar("Item")
List = Annotated[tuple[Item, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)]
Count = Annotated[int, Field(ge=1)]
OptionalCount = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
OptimizerName = Literal["adam", "adamw", "sgd", "soap", "lbfgs", "ssbfgs", "ssbroyden", "last_layer",
                        "levenberg_marquardt", "variable_projection"]  # fmt: skip


class Of(str):
    """The problem that uses a field: given with another one, the field is refused."""


OF_STANDING_WAVES, OF_RECEIVERS = Of("standing_waves"), Of("receivers")


class ConfigError(ElasticPinnError, ValueError):
    """A config that cannot be: its text names each bad field, the value found and what is legal."""


class Section(BaseModel):
    """Frozen, strict (1.5 is no whole number, 'abc' no number), and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True, defer_build=True)


class ProblemConfig(Section):
    """Which physical problem. A Problem of the user's own, given to train(), takes the place of this section."""

    problem: Literal["standing_waves", "receivers", "own"] = "standing_waves"
    """what is solved. standing_waves: exact P and S standing waves in a square. receivers: a receiver file, see `data`.
    own: given to train()"""
    data: Annotated[str, OF_RECEIVERS] = ""
    """receiver file of the problem 'receivers'; a relative path starts at the project's root"""
    length: Annotated[Positive, OF_STANDING_WAVES] = 1.0
    """side of the square of the problem 'standing_waves', m"""
    duration: Annotated[Positive, OF_STANDING_WAVES] = 2.0
    """time window of the problem 'standing_waves', s"""
    lame_lambda: Annotated[float, Field(allow_inf_nan=False), OF_STANDING_WAVES] = 2.0
    """first Lame parameter of the problem 'standing_waves', Pa"""
    lame_mu: Annotated[Positive, OF_STANDING_WAVES] = 1.0
    """shear modulus of the problem 'standing_waves', Pa"""
    density: Annotated[Positive, OF_STANDING_WAVES] = 1.0
    """density of the problem 'standing_waves', kg/m3"""
    unknowns: Annotated[List[Literal["lambda", "mu", "rho"]], OF_RECEIVERS] = ()
    """what is to be found from receivers: any of 'lambda', 'mu', 'rho'"""
    unknown_range: Annotated[float, Field(gt=1, allow_inf_nan=False), OF_RECEIVERS] = 10.0
    """bulk modulus, shear modulus and density are searched between start / range and start * range"""
    initial_pulses: Annotated[bool, OF_RECEIVERS] = True
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
    """what follows each hidden layer; of plane_waves always 'sin'"""
    input_frequency: Positive = 1.0
    """the higher, the shorter the waves that the network starts with: a factor on the first layer's weights (glorot),
    or the greatest wave number in radians per half the window's longer side (features, plane_waves)"""
    precision: Literal["float32", "float64"] = "float32"
    """floating-point type of weights, points and losses"""


class TrainingConfig(Section):
    """How it learns."""

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
    """whether torch compiles the loss on a GPU: a minute at the start, then few launches a step. On a CPU the loss is a
    compiled kernel anyway"""
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
    """how the learning rate of Adam, AdamW, SGD and SOAP goes on through a stage"""
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
    """collocation points where the wave equation is asked for"""
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
    """part of the receivers' samples that is held out; 0: none, and the validation looks at all of them"""
    validate_every: Count = 100
    """steps between validations"""
    early_stopping_patience: OptionalCount = 0
    """validations without a new best after which training ends; 0: never"""
    target_error: NonNegative = 0.0
    """relative L2 error of the displacement at which training ends; needs an exact solution; 0: none"""
    time_limit: NonNegative = 0.0
    """seconds after which one call of train() stops, with a checkpoint; 0: none"""


class CheckpointConfig(Section):
    """What is kept while it learns."""

    checkpoint_every: OptionalCount = 1_000
    """steps between checkpoints; 0: none for the steps' sake. One is written at the start, at each stage's end and at
    the end in any case"""
    checkpoint_every_s: NonNegative = 600.0
    """seconds between checkpoints, whatever the steps; 0: none for the time's sake"""
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
    """the column of the history, lower is better, that tells the best checkpoint: 'loss/validation', 'loss/pde', ..."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """how much the logger 'elastic_pinn' says"""


NO_PART_OF_THE_RESULT = {*CheckpointConfig.model_fields, "time_limit"} - {"monitor"}
"""Fields that change nothing in where training leads."""

SECTIONS: Mapping[str, type[Section]] = {
    "problem": ProblemConfig,
    "network": NetworkConfig,
    "training": TrainingConfig,
    "checkpoint": CheckpointConfig,
}


@documented
class Config(CheckpointConfig, TrainingConfig, NetworkConfig, ProblemConfig):
    """A whole experiment: every field of the four sections by its flat name.

    Values of NumPy, torch and pandas are taken where they mean a plain one without doubt. Raises ConfigError, before
    anything else happens, for an unknown field, a value that is not legal, and a field that the problem does not use
    with another value than its default.
    """

    # The sections have read their docstrings already; only this class is made at every import.
    model_config = ConfigDict(use_attribute_docstrings=False, defer_build=False)

    def __init__(self, **fields: Any) -> None:
        self._fill(**fields)
        kinds = type(self).model_fields
        self._refuse_unused(name for name in fields if getattr(self, name) != kinds[name].default)  # a dump has all
        self.model_fields_set.difference_update(unused_fields(self.problem))

    def _fill(self, **fields: Any) -> None:
        """Take the values of fields, whether the problem uses them or not."""
        try:
            super().__init__(**{name: plain(value) for name, value in fields.items()})
        except ValidationError as error:
            raise ConfigError("\n".join(_for_people(fault) for fault in error.errors())) from None

    def _refuse_unused(self, names: Iterable[str]) -> None:
        """Raise ConfigError where one of the fields is of another problem than this one, unless it is empty."""
        unused = unused_fields(self.problem)
        faults = [
            f"{name} = {in_one_line(value)}: problem {self.problem!r} does not use it, "
            f"{unused[name]!r} does; leave it out"
            for name in names
            if name in unused and (value := getattr(self, name)) not in ("", ())
        ]
        if faults:
            raise ConfigError("\n".join(faults))

    def __repr__(self) -> str:
        """The fields that are not as by default."""
        changed = Config().differences(self).items()
        return f"Config({', '.join(f'{name}={value!r}' for name, (_, value) in changed)})"

    __str__ = __repr__

    @classmethod
    def from_namespace(cls, namespace: Mapping[str, Any]) -> Self:
        """The config of a notebook's parameters: call it with globals() in the first cell after the parameters.

        A public name with a plain value (number, text, list, ...) must be a field, `run_dir` or `resume`; a Problem
        under the name `problem` means "own". Raises ConfigError for a misspelt name, for a field that the problem does
        not use, whatever its value, and as the constructor does, so that plain papermill fails.
        """
        given = plain_parameters(namespace)
        for name, legal in BESIDE_CONFIG.items():
            if not isinstance(given.pop(name, ""), str):
                raise ConfigError(f"{name} = {in_one_line(namespace[name])}: must be text, {legal}")
        config = cls(**given)
        config._refuse_unused(given)
        return config

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The config that `to_json` wrote; fields that came since get their defaults, and are listed in the log.

        It holds every field, those that its problem does not use as well. Raises ConfigError as the constructor does.
        """
        fields = json.loads(text)
        config = cls.__new__(cls)
        config._fill(**fields)
        config.model_fields_set.difference_update(unused_fields(config.problem))
        missing = [f"{name} = {getattr(config, name)!r}" for name in cls.model_fields if name not in fields]
        if missing:
            logger.info("a config of an older version; by default: %s", ", ".join(missing))
        return config

    def to_json(self) -> str:
        """Every field with its value, one a line, in the order of the sections."""
        return self.model_dump_json(indent=2)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """The config with some fields changed; a change to the default counts as not given. Raises ConfigError."""
        copy = type(self).__new__(type(self))
        copy._fill(**(self.model_dump() | dict(update or {})))
        changed = self.differences(copy).keys()
        given = {name for name in changed if getattr(copy, name) != type(self).model_fields[name].default}
        copy._refuse_unused(given)
        said = self.model_fields_set - changed | given
        copy.model_fields_set.intersection_update(said - unused_fields(copy.problem).keys())
        return copy

    def differences(self, other: Config) -> dict[str, tuple[Any, Any]]:
        """The fields in which two configs differ: name -> (value here, value there)."""
        mine, theirs = self.model_dump(), other.model_dump()
        return {name: (mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]}

    @model_validator(mode="after")
    def _stages_have_lengths(self) -> Self:
        if len(self.stage_steps) != len(self.stages) - 1:
            raise ValueError(
                f"stages {list(self.stages)} need {len(self.stages) - 1} stage_steps, one for each stage but the last, "
                f"but there are {len(self.stage_steps)}: {list(self.stage_steps)}"
            )
        return self

    @model_validator(mode="after")
    def _waves_have_no_layers(self) -> Self:
        if self.network == "plane_waves" and (len(self.hidden_layers) != 1 or self.activation != "sin"):
            raise ValueError(
                f"network 'plane_waves' with hidden_layers = {list(self.hidden_layers)}, activation = "
                f"{self.activation!r}: it needs one number, of waves, as in [3000], and the activation 'sin'"
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

    @model_validator(mode="after")
    def _problem_is_whole(self) -> Self:
        if self.problem == "receivers" and not self.data:
            raise ValueError("problem 'receivers' needs data, the path of a receiver file")
        if self.problem == "standing_waves" and self.unknowns:
            raise ValueError("unknowns need problem 'receivers': the standing waves are given with their material")
        return self


def plain_parameters(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of an experiment in a notebook's namespace, see `parameters_in`."""
    return parameters_in(namespace, {*Config.model_fields, *BESIDE_CONFIG})


@cache
def unused_fields(problem: str) -> Mapping[str, str]:
    """The fields of the problem section that a problem does not use, and the problem that does."""
    fields = ProblemConfig.model_fields.items()
    of = {name: str(each) for name, field in fields for each in field.metadata if isinstance(each, Of)}
    return {name: other for name, other in of.items() if other != problem}


def _for_people(fault: Mapping[str, Any]) -> str:
    """One line for one of pydantic's faults: the field, or its item, the value found, what is legal."""
    if not fault["loc"]:
        return fault["msg"].removeprefix("Value error, ")
    name = str(fault["loc"][0])
    if fault["type"] == "extra_forbidden":
        return not_a_field(name, Config.model_fields, BESIDE_CONFIG)
    wanted = fault["msg"].replace("a valid tuple", "a list, as in [...]")
    if fault["type"] == "string_pattern_mismatch":  # the description says it better than a regular expression
        wanted = "not legal"
    item = "".join(f"[{index}]" for index in fault["loc"][1:])
    summary = " ".join(f"{Config.model_fields[name].description}".split()).partition(". ")[0]
    return f"{name}{item} = {in_one_line(fault['input'])}: {wanted}. {name} is {summary}"
