"""Convert a checkpoint's contents to one sealed image and back: all that an exact resume needs, under readable
names."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from math import nan
from os import PathLike
from typing import Any

import h5py
import torch

from elastic_pinn.storage.errors import CheckpointError
from elastic_pinn.storage.format.hdf5 import NewGroup, new_file, text_array
from elastic_pinn.storage.format.history_table import History, read_history, write_history
from elastic_pinn.storage.format.image import Image
from elastic_pinn.storage.format.migrations import migrate
from elastic_pinn.storage.format.seal import (
    FORMAT_VERSION,
    HEAD_BYTES,
    HEADER_BYTES,
    UNKNOWN_METRIC_ID,
    Header,
    open_header,
    read_sealed,
    seal,
    unpack_header,
)
from elastic_pinn.storage.format.tree import Tree, read_tree, tree_bytes, unescape, write_tree
from elastic_pinn.storage.guard.reading import (
    REFUSED,
    UNREADABLE,
    Guard,
    is_consistent,
    refusal,
    require_known_structure,
)

FORMAT = "elastic_pinn checkpoint"
OWN_GROUPS = {"weights", "config", "history", "metrics"}
FIELDS = {
    "step": int,
    "stage": int,
    "generation": int,
    "created": str,
    "metric": float,
    "metric_name": str,
    "measure": str,
}
"""The root attributes that every checkpoint has, and their types."""
FIELD_OF = {**{name: name for name in FIELDS}, "measure": "metric_id"}
"""Root attribute -> the field of a `Snapshot`, and of a `Header`, that it holds."""
METRIC_ID_PATTERN = re.compile("[0-9a-f]{16}")
SINCE_2 = {"measure"}
OWN_ATTRIBUTES = {"format", "format_version", *FIELDS}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, eq=False, repr=False)
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
        metrics: the last values, by column name.
        metric: the monitored value, NaN if there is none.
        metric_name: the monitored column; at most 128 bytes of UTF-8.
        metric_id: hash of what the validation measures, 16 hexadecimal digits; see `Header`.
        units: of the history's columns, where known.
        attributes: more root attributes: the run's id, the parent checkpoint, package versions.
        created: UTC time in ISO form.
        compression: 0 (none) to 9 (smallest), for data sets that are not small; it is not read back.

    Raises ValueError if `state` or `attributes` has a name that a checkpoint itself uses.
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
    metric_id: str = UNKNOWN_METRIC_ID
    units: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str | int | float] = field(default_factory=dict)
    created: str = field(default_factory=_now)
    compression: int = 0

    def __post_init__(self) -> None:
        taken = (self.state.keys() & OWN_GROUPS) | (self.attributes.keys() & OWN_ATTRIBUTES)
        if taken:
            raise ValueError(f"a checkpoint uses these names itself: {', '.join(sorted(taken))}")

    def __repr__(self) -> str:
        return f"Snapshot(step {self.step}, generation {self.generation}, created {self.created})"

    def image(self) -> memoryview:
        """Return the sealed bytes of a checkpoint; equal snapshots with one creation time give equal bytes.

        Raises TypeError, naming the place, for state that cannot be stored.
        """
        declared = tree_bytes(self.weights) + tree_bytes(self.state) + self.history.nbytes
        image = self._image(self.compression, declared)
        if self.compression and not is_consistent(declared, len(image)):
            image = self._image(0, declared)  # so small that a reader would refuse it as a bomb
        seal(
            image,
            step=self.step,
            generation=self.generation,
            metric=self.metric,
            metric_name=self.metric_name,
            metric_id=self.metric_id,
        )
        return image

    def _image(self, compression: int, room: int) -> memoryview:
        image = Image(room)
        with new_file(image, HEADER_BYTES) as file:
            _write(NewGroup(image, file.id), self, compression)
        return image.getbuffer()


def read_snapshot(location: str | PathLike[str]) -> Snapshot:
    """Return the verified contents of a checkpoint; tensors are on the CPU.

    location: a path, or a URL of a remote store. Raises CheckpointError, which names the file, its fault and what to
    do.
    """
    _, data = read_sealed(location)
    return parse_snapshot(location, data)


def parse_snapshot(location: str | PathLike[str], data: bytes) -> Snapshot:
    """Return what `read_snapshot` does, from verified bytes; `location` is for errors only."""
    with open_image(location, data) as file:
        snapshot = _read(file)
    header = open_header(location, data[:HEAD_BYTES], len(data))
    outside = (header.step, header.generation, header.metric_name, header.metric_id, str(header.metric))
    inside = (snapshot.step, snapshot.generation, snapshot.metric_name, snapshot.metric_id, str(snapshot.metric))
    if outside != inside:
        raise CheckpointError(location, "has a header that disagrees with its contents", REFUSED)
    return snapshot


def parse_changed(location: str | PathLike[str], data: bytes) -> Snapshot:
    """Return the contents of a checkpoint whose attributes were changed; only the header is verified.

    Attributes that no checkpoint has are left out, and fields that the header has are taken from it. Raises
    CheckpointError if that is not enough; `location` is for errors only.
    """
    header = unpack_header(location, data[:HEAD_BYTES])
    with open_image(location, data) as file:
        return _read(file, header)


@contextmanager
def open_image(location: str | PathLike[str], data: bytes) -> Iterator[h5py.File]:
    """Give the HDF5 file in a checkpoint's verified bytes, opened from memory.

    Raises CheckpointError, also where the `with` block reads something malformed; `location` is for errors only.
    """
    try:
        require_known_structure(location, data, HEADER_BYTES)
        with h5py.File(BytesIO(data), "r") as file:
            yield file
    except CheckpointError as error:
        raise CheckpointError(location, error.fault, error.advice) from error
    except UNREADABLE as error:
        raise CheckpointError(location, f"is sealed, but libhdf5 cannot read it ({error})", REFUSED) from error


def _write(root: NewGroup, snapshot: Snapshot, compression: int) -> None:
    own = {name: getattr(snapshot, FIELD_OF[name]) for name in FIELDS}
    root.set(format=FORMAT, format_version=FORMAT_VERSION, **own, **_sorted(snapshot.attributes))
    write_tree(root, "weights", snapshot.weights, compression)
    for name, tree in _sorted(snapshot.state).items():
        write_tree(root, name, tree, compression)
    root.array("config", text_array(snapshot.config))
    write_history(root.group("history"), snapshot.history, snapshot.units, compression)
    root.group("metrics").set(**{name: float(value) for name, value in _sorted(snapshot.metrics).items()})


def _sorted(named: Mapping[str, Any]) -> dict[str, Any]:
    """Sort by name, as reading does, so that reading and writing again gives the same bytes."""
    return dict(sorted(named.items()))


def _read(file: h5py.File, header: Header | None = None) -> Snapshot:
    """Read a file. header: of a file whose attributes were changed; its fields replace the attributes."""
    guard = Guard(file, skips_foreign=header is not None)
    own, parts = guard.attributes(file), dict(guard.members(file))
    if header:
        known = {name: getattr(header, field) for name, field in FIELD_OF.items() if hasattr(header, field)}
        own |= {"format": FORMAT, "format_version": header.format_version} | known
    missing = (OWN_ATTRIBUTES - SINCE_2 - own.keys()) | (OWN_GROUPS - parts.keys())
    if missing or own["format"] != FORMAT:
        raise refusal(file, f"is no {FORMAT}: {', '.join(sorted(missing)) or own['format']}")
    _require_kinds(file, own, parts)
    history, units = read_history(parts["history"], guard)
    contents = {
        **{field: own[name] for name, field in FIELD_OF.items() if name in own},
        "config": guard.read_text(parts["config"]),
        "weights": _read_weights(parts["weights"], guard),
        "state": {
            str(unescape(name)): read_tree(part, guard) for name, part in parts.items() if name not in OWN_GROUPS
        },
        "history": history,
        "metrics": _read_metrics(parts["metrics"], guard),
        "units": units,
        "attributes": {name: value for name, value in own.items() if name not in OWN_ATTRIBUTES},
    }
    return Snapshot(**migrate(contents, own["format_version"]))


def _require_kinds(file: h5py.File, own: Mapping[str, object], parts: Mapping[str, h5py.Group | h5py.Dataset]) -> None:
    for name, kind in FIELDS.items():
        if name in own and not isinstance(own[name], kind):
            raise refusal(file, f"has an attribute {name!r} that is no {kind.__name__}")
    if own["format_version"] not in range(1, FORMAT_VERSION + 1):
        raise refusal(file, f"has an unknown format version, {own['format_version']!r}")
    if not METRIC_ID_PATTERN.fullmatch(str(own.get("measure", UNKNOWN_METRIC_ID))):
        raise refusal(file, "has an attribute 'measure' that is not 16 hexadecimal digits")
    for name in OWN_GROUPS:
        if isinstance(parts[name], h5py.Group) == (name == "config"):
            raise refusal(file, f"holds {name!r}, a group where a data set belongs or the reverse")


def _read_weights(group: h5py.Group, guard: Guard) -> dict[str, torch.Tensor]:
    weights = read_tree(group, guard)
    if not isinstance(weights, dict) or not all(isinstance(weight, torch.Tensor) for weight in weights.values()):
        raise refusal(group, "holds something other than tensors by their names")
    return {str(name): weight for name, weight in weights.items()}


def _read_metrics(group: h5py.Group, guard: Guard) -> dict[str, float]:
    metrics = guard.attributes(group)
    metrics |= {name: guard.read_array(dataset)[()] for name, dataset in guard.walk(group)}  # format version 1
    if not all(isinstance(value, float) for value in metrics.values()):
        raise refusal(group, "holds something other than numbers")
    return {name: float(value) for name, value in metrics.items()}
