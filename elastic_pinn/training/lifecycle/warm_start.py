"""A warm start from the weights and the material of another run, where they fit."""

from __future__ import annotations

import logging
import os

import torch

from elastic_pinn.config import ConfigError
from elastic_pinn.networks import Model
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.paths import from_root
from elastic_pinn.run import Checkpoint, Run, load_checkpoint, unverified_past
from elastic_pinn.storage import Header, read_header
from elastic_pinn.training.session import Session

SHAPING = set(NetworkConfig.model_fields) - {"hidden_layers"}  # what weights mean, besides their shapes

logger = logging.getLogger(__name__)


def warm_start(session: Session, place: str) -> str:
    """Take weights and material of another run into a session at its start, and note which as an event.

    Returns what is not verified of that run, which is noted as well, or "".

    place: a run directory, of which the newest good checkpoint is taken, or a checkpoint; a path or a URL. A weight
    fits where its name and shape are the same, an unknown of the material where its value lies in the range searched.
    Raises ConfigError where nothing fits, and CheckpointError or FileNotFoundError for what cannot be read.
    """
    source = _source(place)
    model = source.model()
    taken, left = _take_weights(session.model, model)
    material = session.model.material.take(model.material.si())
    unknowns = session.problem.unknowns
    taken += [f"material {name}" for name in material]
    left += [f"material {name} (out of range)" for name in unknowns if name not in material]
    if not taken:
        raise ConfigError(f"init_from = {place!r}: nothing of it fits this network and material: {'; '.join(left)}")
    note = f"started from {place}, step {source.step}: took {', '.join(taken)}"
    note += f"; did not take {', '.join(left)}" if left else ""
    there = {name: value for name, value in source.config.differences(session.config).items() if name in SHAPING}
    note += "".join(f"; {name} is {value[0]!r} there and {value[1]!r} here" for name, value in there.items())
    session.history.note(0, note)
    session.objective.forget()
    logger.info("%s", note)
    if unverified := unverified_past(source.snapshot, f"started from {place}, step {source.step}"):
        session.history.note(0, unverified)
    return unverified


def header_of(place: str) -> Header:
    """Read the sealed header of the checkpoint that `warm_start` would take; of a run, the newest good header.

    Raises CheckpointError or FileNotFoundError where there is none.
    """
    path, is_file = _meant(place)
    if is_file:
        return read_header(path)
    if not (entries := Run(path).checkpoints()):
        raise FileNotFoundError(f"{path} holds no checkpoint yet")
    return entries[-1].header


def _source(place: str) -> Checkpoint:
    path, is_file = _meant(place)
    return load_checkpoint(path) if is_file else Run(path).latest()


def _meant(place: str) -> tuple[str, bool]:
    """The path or URL of a place, and whether it is one file rather than a run."""
    path = place if "://" in place else str(from_root(place))
    return path, os.path.splitext(path)[1] == ".h5" or os.path.isfile(path)


@torch.no_grad()
def _take_weights(into: Model, source: Model) -> tuple[list[str], list[str]]:
    """Copy all weights and buffers of the network that fit: (names taken, names left with the reason)."""
    theirs = source.network.state_dict()
    taken, left = [], []
    for name, weight in into.network.state_dict().items():
        if name not in theirs:
            left.append(f"{name} (not there)")
        elif theirs[name].shape != weight.shape:
            left.append(f"{name} ({tuple(theirs[name].shape)} there, {tuple(weight.shape)} here)")
        else:
            weight.copy_(theirs[name])
            taken.append(name)
    return taken, left
