"""What train() refuses before any work: arguments, devices and settings that are not possible."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from types import NoneType

import torch

from elastic_pinn.config import BESIDE_CONFIG, Config, ConfigError
from elastic_pinn.parameters import in_one_line
from elastic_pinn.paths import expanded, on_this_machine
from elastic_pinn.physics import Problem, problem_from
from elastic_pinn.physics.setups import ProblemConfig, ProblemMaker
from elastic_pinn.training.distributed.processes import Processes
from elastic_pinn.training.lifecycle.control import Control
from elastic_pinn.training.lifecycle.resume import RunDirectoryError
from elastic_pinn.training.session import Session

BYTES = {"float32": 4, "float64": 8}
POINTS = ("interior_points", "boundary_points", "initial_points", "interface_points", "validation_points")
NOT_METRICS = {"step", "stage", "wall_s", "learning_rate"}  # columns without a best value


def require_kinds(config: object, problem: object, control: object) -> None:
    """Raise ConfigError for an argument of train() of the wrong type."""
    for name, given, is_legal, needed in (
        ("config", config, isinstance(config, Config), "a Config"),
        ("problem", problem, problem is None or isinstance(problem, Problem) or callable(problem),
         "a Problem, a function that makes one, or None for the one that the config names,"),
        ("control", control, isinstance(control, Control | NoneType), "a Control or None"),
    ):  # fmt: skip
        if not is_legal:
            raise ConfigError(f"{name} = {in_one_line(given)}: {needed} is needed")


def folder_of(run_dir: str | Path) -> Path:
    """Return the path of the run directory. Raises RunDirectoryError for an impossible one."""
    if not isinstance(run_dir, str | Path):
        raise RunDirectoryError(f"run_dir = {in_one_line(run_dir)}: {BESIDE_CONFIG['run_dir']} is needed")
    if str(run_dir) in ("", str(Path())) and run_dir != ".":
        raise RunDirectoryError(
            "run_dir is empty, which is the working directory: name a folder for the run, as in 'runs/first'"
        )
    folder = on_this_machine(run_dir)
    if folder.exists() and not folder.is_dir():
        raise RunDirectoryError(f"run_dir = {str(run_dir)!r} is a file: name a folder")
    return folder


def settle(config: Config, problem: Problem | ProblemMaker | None) -> tuple[Config, Problem]:
    """Return the config and the problem that belong together.

    Raises ConfigError where they do not, and for a config that is too large for this machine.
    """
    _require_memory(config)
    if problem is None:
        config.require_used()
        return _of_shots(config, problem_from(config))
    own = ProblemConfig(problem="own").model_dump(exclude={"own"})
    given = config.model_dump(include=set(own) & config.model_fields_set)
    ignored = [name for name, value in given.items() if value not in ("own", "", ())]
    if ignored:
        raise ConfigError(f"a problem of your own was given, so {ignored} of the config would be ignored: leave it out")
    return _of_shots(config.model_copy(update=own), problem_from(config, problem))


def _require_memory(config: Config) -> None:
    """Raise ConfigError for a number of points, or widths of layers, that this machine's memory is too small for,
    whatever else is needed: without their first numbers nothing can be done, and a system that runs out of memory may
    end any process."""
    memory, size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), BYTES[config.precision]
    needed = {name: (getattr(config, name) * 3 * size, "coordinates") for name in POINTS}
    if config.network == "mlp":
        needed["hidden_layers"] = (sum(a * b for a, b in pairwise((3, *config.hidden_layers, 2))) * size, "weights")
    for name, (least, what) in needed.items():
        if least > memory:
            value = config.model_dump(include={name}, mode="json")[name]
            raise ConfigError(
                f"{name} = {value}: their {what} alone take {least / 1e9:,.0f} GB, and this machine has "
                f"{memory / 1e9:,.0f} GB of memory: take fewer"
            )


def _of_shots(config: Config, problem: Problem) -> tuple[Config, Problem]:
    """Hold out no sample of several shots, all of which are fitted, unless some are asked for, which is refused."""
    if problem.other_shots and "validation_fraction" not in config.model_fields_set:
        config = config.model_copy(update={"validation_fraction": 0.0})
    return config, problem


def require_possible(config: Config) -> None:
    """Refuse what train() would refuse for its device or its problem, at once: a device or a data file that this
    machine does not have, a file that holds no receivers, unknowns that nothing given can tell.

    Of a problem of one's own the device is all that can be looked at. Raises ConfigError, ProblemError,
    ReceiverFileError.
    """
    require_device(config.device)
    expanded(config.init_from)
    if config.problem != "own":
        settle(config, None)


def require_device(device: str) -> None:
    """Raise ConfigError, naming the legal ones, for a device that this machine does not have."""
    count = torch.cuda.device_count()
    legal = ["cpu", *(["cuda"] if count else []), *(f"cuda:{i}" for i in range(count))]
    if device not in legal:
        raise ConfigError(f"device = {device!r}: this machine has no such device; legal here: {', '.join(legal)}")


def require_one_process(config: Config, processes: Processes) -> None:
    """Raise ConfigError for what several processes cannot do together."""
    if config.tolerance and processes.count > 1:
        raise ConfigError(
            f"tolerance = {config.tolerance:g} with {processes.count} processes: settings are refined by one; set it "
            "to 0, or start one process"
        )
    if config.minibatches > 1 and processes.count > 1:
        raise ConfigError(
            f"minibatches = {config.minibatches} with {processes.count} processes, which share the points of a step: "
            "set it to 1, or start one process"
        )


def require_measured(config: Config, session: Session) -> None:
    """Raise ConfigError for a monitor, a target or weights that do not fit what the problem measures."""
    weights = session.balancing.columns
    legal = [name for name in session.columns if name not in {*NOT_METRICS, *weights}]
    _require_comparable(config, session)
    places = [each for each in session.loss.statements if each.place and getattr(config, f"weight_{each.column}")]
    if session.balancing.weighs_points and not places:
        raise ConfigError(
            f"balancing = {config.balancing!r}: the weights of all terms but records are 0, which leaves no points to "
            "weigh"
        )
    if config.sampling == "grid" and session.problem.domain.is_static:
        raise ConfigError("sampling = 'grid': a problem at rest has no time to spread it over; take another")
    if config.monitor not in legal:
        raise ConfigError(f"monitor = {config.monitor!r}: no measure of this problem; legal: {', '.join(legal)}")
    if session.problem.unknowns and not (config.weight_data and config.weight_pde):
        raise ConfigError("unknowns need weight_data and weight_pde above 0: else nothing ties material and data")
    if config.target_error and "error/displacement" not in session.columns:
        raise ConfigError("target_error needs a problem with an exact solution, and this one has none: set it to 0")


def _require_comparable(config: Config, session: Session) -> None:
    """Raise ConfigError for a monitor of the training's loss where that is not always the same one."""
    is_loss = config.monitor.startswith("loss/") and config.monitor != "loss/validation"
    is_total = config.monitor == "loss/total" and session.balancing.changes
    if is_total or (is_loss and (session.balancing.weighs_points or config.minibatches > 1)):
        raise ConfigError(
            f"monitor = {config.monitor!r}: balancing = {config.balancing!r} or minibatches = {config.minibatches} "
            "change what it is of, so that no two values are comparable; loss/validation has the config's weights and "
            "always the same points"
        )
