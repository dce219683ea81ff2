"""Repair a checkpoint to which bytes were appended, or whose attributes were changed.

The bytes of a checkpoint follow from its contents. The contents of a changed file are read without what was added, and
are written again. If the SHA-256 of the result equals the one in the header, which no viewer changes, the bytes are
those that were sealed. Otherwise nothing shows whether weights and training state are unchanged.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import combinations, islice
from pathlib import Path

from elastic_pinn.storage.checkpoints import CHECKPOINTS, checkpoints_of
from elastic_pinn.storage.errors import CheckpointError
from elastic_pinn.storage.folder import split_location
from elastic_pinn.storage.format.seal import (
    HEAD_BYTES,
    HEADER_BYTES,
    Header,
    read_header,
    read_sealed,
    unpack_header,
    unseal,
)
from elastic_pinn.storage.format.snapshot import Snapshot
from elastic_pinn.storage.isolation import CHANGED, parse_isolated
from elastic_pinn.storage.store import BEST, LATEST

UNVERIFIED = "unverified"  # attribute of a repaired checkpoint: what could not be verified
MAX_SIBLINGS = 3
MAX_CANDIDATES, MAX_BYTES = 400, 10 << 30  # limits on the candidates that are tried, and on their bytes in all


@dataclass(frozen=True)
class Repair:
    """The result of a repair.

    Arguments:
        image: the bytes of a sealed file.
        found: the fault, the repair, and what was verified.
        unverified: what could not be verified; "" where the bytes are exactly those that were sealed.
    """

    image: bytes
    found: str
    unverified: str = ""


def repair_checkpoint(path: Path) -> Repair:
    """Repair a checkpoint as far as possible; the file itself is not changed.

    Raises CheckpointError for a good file, a damaged header, a truncated file, and contents that cannot be read any
    more.
    """
    folder, name = split_location(path)
    data = folder.read(name)
    header = unpack_header(path, data[:HEAD_BYTES])
    expected = HEADER_BYTES + header.length
    if _is_sealed(path, data[:expected]):
        if len(data) == expected:
            raise CheckpointError(path, "is good: all bytes are as they were sealed", "Use it as it is")
        more = f"{len(data) - expected:,} bytes were appended"
        return Repair(data[:expected], f"{more} and are left out; the {expected:,} before them are as they were sealed")
    if copy := _intact_copy(path, header):
        return Repair(copy[1], f"it is damaged; {copy[0]} is a whole copy, with the same SHA-256")
    if len(data) < expected:
        raise CheckpointError(path, f"truncated: {len(data):,} bytes of {expected:,} are there", "It is lost")
    return _rebuilt(path, header, parse_isolated(path, data, CHANGED))


def _is_sealed(path: Path, data: bytes) -> bool:
    try:
        unseal(path, data)
    except CheckpointError:
        return False
    return True


def _intact_copy(path: Path, header: Header) -> tuple[Path, bytes] | None:
    """Return an intact file of the same run with the same header, and its bytes."""
    for run_dir in _run_dirs(path):
        copies = (run_dir / LATEST, run_dir / BEST)
        for other in (*copies, *(run_dir / CHECKPOINTS / name for name in _names(run_dir))):
            with suppress(CheckpointError):
                if read_header(other).sha256 == header.sha256:
                    return other, read_sealed(other)[1]
    return None


def _run_dirs(path: Path) -> Sequence[Path]:
    """Return the possible run directories of a file: its folder, for a copy, or the folder above."""
    return path.absolute().parents[:2]


def _names(run_dir: Path) -> list[str]:
    """Return the names of a run's checkpoints; [] for a folder that has no run or cannot be listed."""
    with suppress(CheckpointError):
        return checkpoints_of(run_dir).names()
    return []


def _rebuilt(path: Path, header: Header, found: Snapshot) -> Repair:
    """Write the checkpoint again from its contents."""
    siblings = list(_siblings(path, found))
    tries = min(MAX_CANDIDATES, 1 + MAX_BYTES // (1 + header.length))
    for candidate in islice(_candidates(found, siblings), tries):
        image = bytes(candidate.image())
        if hashlib.sha256(memoryview(image)[HEADER_BYTES:]).digest() == header.sha256:
            how = "attributes were changed; written anew without what was added, the bytes are those that were sealed"
            return Repair(image, f"{how} (SHA-256)")
    verified = ["step, generation and metric are those of the header", *_agreements(found, siblings)]
    lacking = "weights, training state and whatever else is in it: its bytes are not those that were sealed"
    note = f"repaired; not verified: {lacking}"
    image = bytes(replace(found, attributes={**found.attributes, UNVERIFIED: note}).image())
    return Repair(image, "; ".join(verified), lacking)


def _candidates(found: Snapshot, siblings: list[Snapshot]) -> Iterator[Snapshot]:
    """Yield what may have been sealed: with the attributes of a sibling, or without some of the attributes."""
    for level in _compression_levels(found):
        as_found = replace(found, compression=level)
        yield as_found
        for sibling in siblings:
            yield replace(as_found, attributes=sibling.attributes)
            yield replace(as_found, attributes=sibling.attributes, stage=sibling.stage, units=sibling.units)
        for count in (1, 2, 3):
            for left_out in combinations(found.attributes, count):
                fewer = {name: value for name, value in found.attributes.items() if name not in left_out}
                yield replace(as_found, attributes=fewer)


def _compression_levels(found: Snapshot) -> list[int]:
    """Return the compression level of the config, and 0."""
    try:
        level = int(json.loads(found.config)["compression"])
    except (ValueError, LookupError, TypeError):
        level = 0
    return sorted({0, level if 0 <= level <= 9 else 0}, reverse=True)


def _siblings(path: Path, found: Snapshot) -> Iterator[Snapshot]:
    """Yield the nearest good checkpoints of the same run, those of the same generation first."""
    read = []
    for run_dir in _run_dirs(path):
        others = [name for name in _names(run_dir) if name != path.name]
        for name in others[-MAX_SIBLINGS:]:
            with suppress(CheckpointError):
                read.append(checkpoints_of(run_dir).read(name))
    yield from sorted(read, key=lambda sibling: sibling.generation != found.generation)


def _agreements(found: Snapshot, siblings: list[Snapshot]) -> Iterator[str]:
    """Yield what other checkpoints of the run confirm or contradict."""
    for sibling in siblings:
        name = f"the checkpoint of step {sibling.step}, generation {sibling.generation}"
        if sibling.config == found.config:
            yield f"the config is that of {name}"
        rows = min(len(sibling.history), len(found.history))
        mine, theirs = found.history.columns(), sibling.history.columns()
        is_same = mine.keys() == theirs.keys() and all(
            mine[column][:rows].tobytes() == theirs[column][:rows].tobytes() for column in mine
        )
        yield f"the first {rows} rows of the history are {'those' if is_same else 'NOT those'} of {name}"
