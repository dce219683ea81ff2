"""One checkpoint's contents <-> one sealed image: all that an exact resume needs, under names people know."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from math import nan
from os import PathLike

import h5py
import numpy as np
import torch

from elastic_pinn.storage.errors import CheckpointError
from elastic_pinn.storage.guard import REFUSED, attributes, members, read_array, read_text, refusal, walk
from elastic_pinn.storage.hdf5 import make_group, new_file, set_attribute, text_array, write_array, write_nested
from elastic_pinn.storage.history import History, read_history, write_history
from elastic_pinn.storage.seal import FORMAT_VERSION, HEADER_BYTES, Header, read_sealed, seal
from elastic_pinn.storage.tree import Tree, read_tree, write_tree

FORMAT = "elastic_pinn checkpoint"
OWN_GROUPS = {"weights", "config", "history", "metrics"}
FIELDS = ("step", "stage", "generation", "created", "metric", "metric_name")
OWN_ATTRIBUTES = {"format", "format_version", *FIELDS}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The contents of one checkpoint.

    Arguments:
        step: optimizer iterations done.
        stage: number of the current stage, from 0.
        generation: 0 in a fresh run, one more at each resume.
        config: the whole config as JSON text.
        weights: every parameter and buffer under its state_dict name.
        state: trees such as "optimizer", "scheduler", "sampler", "balancing", "rng": one root group each.
        history: every row up to now.
        metrics: the last values, by column names.
        metric: the monitored value, NaN where there is none.
        metric_name: what is monitored; at most 128 bytes of UTF-8.
        units: of the history's columns, where known.
        attributes: more root attributes: the run's id, the parent checkpoint, package versions.
        created: UTC time in ISO form.

    Raises ValueError where `state` or `attributes` has a name that a checkpoint itself uses.
    """

    step: int
    stage: int
    generation: int
    config: str
    weights: Mapping[str, torch.Tensor]
    state: Mapping[str, Tree]
    history: History
    metrics: Mapping[str, float]
    metric: float = nan
    metric_name: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str | int | float] = field(default_factory=dict)
    created: str = field(default_factory=_now)

    def __post_init__(self) -> None:
        taken = (self.state.keys() & OWN_GROUPS) | (self.attributes.keys() & OWN_ATTRIBUTES)
        if taken:
            raise ValueError(f"a checkpoint uses these names itself: {', '.join(sorted(taken))}")

    def image(self) -> memoryview:
        """The sealed bytes of a checkpoint; equal snapshots, created at one time, give equal bytes.

        Raises TypeError, naming the place, for state that cannot be stored.
        """
        buffer = BytesIO()
        with new_file(buffer, HEADER_BYTES) as file:
            _write(file, self)
        image = buffer.getbuffer()
        seal(
            image,
            step=self.step,
            generation=self.generation,
            metric=self.metric,
            metric_name=self.metric_name,
        )
        return image


def read_snapshot(path: str | PathLike[str]) -> Snapshot:
    """The contents of a checkpoint, verified; tensors on the CPU.

    Raises CheckpointError naming the file, its fault and what to do.
    """
    with open_checkpoint(path) as (_, file):
        return _read(file)


@contextmanager
def open_checkpoint(path: str | PathLike[str]) -> Iterator[tuple[Header, h5py.File]]:
    """A checkpoint's header and its HDF5 file, opened from verified bytes in memory.

    Raises CheckpointError, also where the `with` block reads what is not as it should be.
    """
    header, data = read_sealed(path)
    try:
        with h5py.File(BytesIO(data), "r") as file:
            yield header, file
    except CheckpointError as error:
        raise CheckpointError(path, error.fault, error.advice) from error
    except (OSError, RuntimeError, KeyError, UnicodeDecodeError) as error:
        raise CheckpointError(path, f"is sealed, but libhdf5 cannot read it ({error})", REFUSED) from error


def _write(file: h5py.File, snapshot: Snapshot) -> None:
    set_attribute(file, "format", FORMAT)
    set_attribute(file, "format_version", FORMAT_VERSION)
    for name in FIELDS:
        set_attribute(file, name, getattr(snapshot, name))
    for name, value in snapshot.attributes.items():
        set_attribute(file, name, value)
    write_tree(file, "weights", snapshot.weights)
    for name, tree in snapshot.state.items():
        write_tree(file, name, tree)
    write_array(file, "config", text_array(snapshot.config))
    write_history(make_group(file, "history"), snapshot.history, snapshot.units)
    metrics = make_group(file, "metrics")
    for name, value in snapshot.metrics.items():
        write_nested(metrics, name, np.array(value, np.float64))


def _read(file: h5py.File) -> Snapshot:
    own, parts = attributes(file), dict(members(file, set()))
    missing = (OWN_ATTRIBUTES - own.keys()) | (OWN_GROUPS - parts.keys())
    if missing or own["format"] != FORMAT:
        raise refusal(file, f"is no {FORMAT}: {', '.join(sorted(missing)) or own['format']}")
    history, units = read_history(parts["history"])
    return Snapshot(
        **{name: own[name] for name in FIELDS},
        config=read_text(parts["config"]),
        weights=read_tree(parts["weights"]),
        state={name: read_tree(part) for name, part in parts.items() if name not in OWN_GROUPS},
        history=history,
        metrics={name: read_array(dataset).item() for name, dataset in walk(parts["metrics"])},
        units=units,
        attributes={name: value for name, value in own.items() if name not in OWN_ATTRIBUTES},
    )
