"""Records of plates: the one that is shipped, how far a run is from it, and the command that inverts some."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import Any

import yaml

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.physics import problem_from
from elastic_pinn.physics.data import Receivers
from elastic_pinn.physics.setups import SETUPS, find
from elastic_pinn.physics.setups.material import FIELDS
from elastic_pinn.readable import percent
from elastic_pinn.run import Checkpoint, Run, relative_error
from elastic_pinn.training.superpositions import require_solvable
from elastic_pinn.training.waveforms import require_determined

RECORDED = "data/plate_receivers.h5"
PLATE: dict[str, Any] = {
    "problem": "plate",
    "plate_size": [0.04, 0.02],
    "holes": [[0.026, 0.009, 0.003]],
    "material": "aluminium",
    "sources": [
        {"kind": "side_load", "at": [0.012, 0.02], "force": [0.0, -1000.0], "pulse": "ricker", "frequency": 200e3,
         "width": 1.5e-3},
    ],
    "duration": 12e-6,
}  # fmt: skip
"""The plate of that file, as data/make_plate_receivers.py recorded it."""

OFF = {"lambda": 0.8, "mu": 1.2}  # where a search starts, over what was simulated: no wave is shorter there
SOLVED_BY = (
    "network", "hidden_layers", "patches", "input_frequency", "time_frequency", "s_wave_fraction", "activation",
    "sampling", "interior_points", "boundary_points", "initial_points", "interface_points", "weight_boundary",
    "weight_initial", "weight_interface", "ridge",
)  # fmt: skip


def shipped_recording(config: Config) -> Receivers | None:
    """Return what is shipped of a plate, recorded by finite elements; None where a config states any other plate."""
    if config.problem != "plate":
        return None
    is_that = problem_from(Config(**PLATE)).is_like(problem_from(config).identity)
    return Receivers.load(find(RECORDED)) if is_that else None


def error_text(run: Run | Checkpoint, recording: Receivers | None) -> str:
    """Return in words how far a run is from a recording, or that there is none."""
    if recording is None:
        return "relative L2 error against finite elements: told of this notebook's own plate alone"
    rows, times, _ = recording.recorded.shape
    return f"relative L2 error at {rows} receivers and {times} times: {percent(relative_error(run, recording))}"


def inverse_command(config: Config, data: Path) -> str:
    """Return the command by which 02_inverse looks for lambda and mu of a plate that is known otherwise, or why that
    cannot find them.

    It runs in the project's root, and starts 20 % off. config: by which the plate was simulated. data: the records, a
    receiver file. Where sides and start determine the wavefield, and elements resolve it, the search fits waveforms, by
    settings of the library; elsewhere it has a network as that of the config, with other random waves.
    """
    plate = {
        name: value
        for name, value in config.model_dump(mode="json", include=set(SETUPS["plate"].reads.model_fields)).items()
        if getattr(config, name) != Config.model_fields[name].default
    }
    start = {FIELDS[name]: float(f"{factor * config.constants[name]:.3g}") for name, factor in OFF.items()}
    given = {**plate, **start, "problem": "plate", "data": str(data), "seed": config.seed + 1}
    # What the notebook's own tolerance chooses for waveforms is not chosen for amplitudes.
    solved = config.model_dump(mode="json", include=set(SOLVED_BY)) | {"precision": "float64", "tolerance": 0.0}
    try:
        given |= {} if _fits_waveforms(given) else _checked(given | solved, solved)
    except ElasticPinnError as refusal:
        return f"02_inverse cannot find them: {refusal}"
    # papermill reads YAML 1.1, to which 4e-06, as JSON has it, is text
    text = yaml.safe_dump(given, default_flow_style=True, width=math.inf, sort_keys=False, allow_unicode=True).strip()
    return f".venv/bin/papermill notebooks/02_inverse.ipynb out.ipynb -y {shlex.quote(text)}"


def _fits_waveforms(given: dict[str, Any]) -> bool:
    """Whether a search by such parameters fits waveforms. Raises what the problem would raise."""
    search = Config(**given, stages=["full_waveform"], unknowns=["lambda", "mu"])
    try:
        require_determined(search, problem_from(search))
    except ConfigError:
        return False
    return True


def _checked(given: dict[str, Any], solved: dict[str, Any]) -> dict[str, Any]:
    """What a search by amplitudes is solved by. Raises what the search by all that is given would raise."""
    search = Config(**given, unknowns=["lambda", "mu"])
    require_solvable(search, problem_from(search))
    return solved
