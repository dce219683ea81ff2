"""Read history.h5, growing or not, in bounded time whatever its bytes are.

In SWMR mode libhdf5 reads metadata with a wrong checksum again and again, without end if the metadata are damaged.
Therefore SWMR is not used: libhdf5 gets a copy of the bytes as a closed file, and reads everything once. A copy that is
taken while rows are written may be torn: some bytes are older than others. Therefore the file is compared with its
copy, and if it has changed, a second copy is taken: rows are counted in the first and read from the second, since each
counted row was complete before the second copy began.
"""

import os
import struct
import time
from io import BytesIO, FileIO
from typing import Any

import h5py
import numpy as np
from h5py import h5d

from elastic_pinn.storage.errors import CheckpointError
from elastic_pinn.storage.files import open_regular
from elastic_pinn.storage.format.history_table import (
    EVENT_BYTES,
    EVENTS,
    History,
    dtype_of,
    losses_of_start_until,
    read_event_rows,
)
from elastic_pinn.storage.guard.metadata import SuspiciousMetadataError, check_metadata, lookup3
from elastic_pinn.storage.guard.reading import UNREADABLE, Guard, refusal
from elastic_pinn.storage.live_history import NO_STEP

TIMEOUT_S = 0.5  # for a readable copy, while the file is being written
MIN_CHUNK_BYTES, MAX_CHUNK_BYTES = 1 << 10, 1 << 20  # with smaller ones, a small file could have millions of chunks
PIECE = 1 << 20  # bytes compared at a time
SIGNATURE_BYTES = 4  # a signature may extend beyond the bytes that are read

# Signature, version 3, 8-byte addresses and lengths, flags; begin, no extension, where the file ends, root; checksum.
SUPERBLOCK = struct.Struct("<8sBBBBQQQQ")
SIGNATURE = b"\x89HDF\r\n\x1a\n"
UNDEFINED = 2**64 - 1
NO_FLAGS = 0  # of a closed file

ADVICE = "Each checkpoint has the history as well: read the newest, or resume the run, which makes this file anew"


def read_live_history(path: str | os.PathLike[str]) -> History:
    """Return the history in the file of a running, finished or killed run: all complete rows.

    Raises CheckpointError if the file is missing, damaged or no history.
    """
    try:
        with open_regular(path) as file:
            return _read(file)
    except CheckpointError as error:
        raise CheckpointError(path, error.fault, error.advice) from error
    except UNREADABLE as error:
        raise CheckpointError(path, f"cannot be read as a history ({error})", ADVICE) from error


def _read(file: FileIO) -> History:
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        first = _read_all(file)
        is_at_rest = not _differs(file, first)
        try:
            if is_at_rest:
                return _whole_rows(first)
            second = _read_all(file)
            return _whole_rows(second, at_most=len(_whole_rows(first, {"step", EVENTS})))
        except (CheckpointError, *UNREADABLE):
            if is_at_rest or time.monotonic() > deadline:  # the same bytes give the same error
                raise


class _ClosedCopy(BytesIO):
    """A copy of a file with the superblock of a closed file, for libhdf5.

    Raises ValueError for another kind of superblock, which may refer to other files, and for a truncated file.

    Attributes:
        is_guarded: whether indexes in the bytes that are read are checked first; for an index that this package never
            writes libhdf5 gets zeros, which it refuses. Searching all of a long history would take as long as reading
            it.
    """

    def __init__(self, copy: bytes) -> None:
        super().__init__(copy)
        self._copy, self._head = copy, _closed_superblock(copy)
        self.is_guarded = True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with the remaining bytes."""
        at, count = self.tell(), super().readinto(buffer)
        if at < len(self._head):
            part = self._head[at : at + count]
            memoryview(buffer)[: len(part)] = part
        if self.is_guarded:
            try:
                check_metadata(self._copy, 0, max(0, at - SIGNATURE_BYTES), at + count + SIGNATURE_BYTES)
            except SuspiciousMetadataError:
                memoryview(buffer)[:count] = bytes(count)
        return count


def _closed_superblock(copy: bytes) -> bytes:
    block, checksum = copy[: SUPERBLOCK.size], copy[SUPERBLOCK.size : SUPERBLOCK.size + 4]
    if len(checksum) < 4:
        raise ValueError("it begins as no history does")
    *known, _, base, extension, end, root = SUPERBLOCK.unpack(block)
    if known != [SIGNATURE, 3, 8, 8] or (base, extension) != (0, UNDEFINED) or _checksum(block) != checksum:
        raise ValueError("it begins as no history does")
    if len(copy) < end:
        raise ValueError(f"it is cut off: {len(copy)} bytes of {end} are there")
    closed = SUPERBLOCK.pack(*known, NO_FLAGS, base, extension, len(copy), root)
    return closed + _checksum(closed)


def _checksum(block: bytes) -> bytes:
    return lookup3(block).to_bytes(4, "little")


def _differs(file: FileIO, copy: bytes) -> bool:
    """Return whether a file differs from its copy by now."""
    file.seek(0)
    at = 0
    while piece := file.read(PIECE):
        if piece != copy[at : at + len(piece)]:
            return True
        at += len(piece)
    return at != len(copy)


def _read_all(file: FileIO) -> bytes:
    file.seek(0)
    return file.read()


def _whole_rows(copy: bytes, wanted: set[str] | None = None, at_most: int | None = None) -> History:
    """Return the complete rows in a copy, of all columns or of those that are wanted."""
    closed = _ClosedCopy(copy)
    with h5py.File(closed, "r") as file:
        guard = Guard(file)
        datasets = _columns(file, guard)
        closed.is_guarded = False  # what remains to be read are numbers, and other kinds of indexes
        columns = {name: dataset[:] for name, dataset in datasets.items() if wanted is None or name in wanted}
        events = read_event_rows(datasets[EVENTS], columns.pop(EVENTS))
        unwritten = np.flatnonzero(columns["step"] == NO_STEP)
        rows = min([*unwritten[:1], *map(len, columns.values()), *([] if at_most is None else [at_most])])
        history = History.from_columns({name: column[:rows] for name, column in columns.items()}, events)
        history.losses_of_start_until = losses_of_start_until(file, guard, history)
    return history


def _columns(file: h5py.File, guard: Guard) -> dict[str, h5py.Dataset]:
    """Return the data sets of a history. Raises CheckpointError for anything else."""
    datasets = dict(guard.walk(file))
    stored = 0
    for name, dataset in datasets.items():
        guard.admit(dataset)
        _require_column(name, dataset)
        stored += _chunks_bytes(dataset)
        if stored > file.id.get_filesize():  # each chunk is written as a whole, and costs time even where it is not
            raise refusal(dataset, f"has chunks beyond the end of the file: {stored:,} bytes")
    if not {"step", EVENTS} <= datasets.keys():
        raise refusal(file, "is no history: it has no steps or no events")
    return datasets


def _require_column(name: str, dataset: h5py.Dataset) -> None:
    expected = np.dtype(f"S{EVENT_BYTES}") if name == EVENTS else np.dtype(dtype_of(name))
    if dataset.dtype != expected or dataset.ndim != 1 or not _is_plain(dataset):
        raise refusal(dataset, f"is no column of a history: {dataset.dtype} of shape {dataset.shape}")


def _is_plain(dataset: h5py.Dataset) -> bool:
    plist = dataset.id.get_create_plist()
    if plist.get_layout() != h5d.CHUNKED or plist.get_nfilters():
        return False
    return bool(MIN_CHUNK_BYTES <= dataset.chunks[0] * dataset.dtype.itemsize <= MAX_CHUNK_BYTES)


def _chunks_bytes(dataset: h5py.Dataset) -> int:
    """Return the bytes of all chunks of a column."""
    (rows,), (side,) = dataset.shape, dataset.chunks
    return -(-rows // side) * side * dataset.dtype.itemsize
