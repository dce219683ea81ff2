"""history.h5: a history that others may read while it grows.

The file is in HDF5's single-writer multiple-reader (SWMR) mode, and neither side locks: a reader can never
make the writer fail, and a writer that dies leaves a file that opens. A row counts once its step is there,
which is written last.
"""

import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import h5py
import numpy as np

from elastic_pinn.storage.errors import CheckpointError
from elastic_pinn.storage.files import make_folders, open_regular, temporary_beside
from elastic_pinn.storage.guard import refusal, require_plain_type, walk
from elastic_pinn.storage.hdf5 import LIBVER, set_attribute
from elastic_pinn.storage.history import EVENT_BYTES, EVENTS, History, dtype_of, event_rows, read_event_rows

CHUNK_ROWS = 1024
END_OF_FILE = slice(28, 36)  # of a superblock of version 3: where the file ends
NO_STEP = -1  # what a row of the column "step" holds until it is written

ADVICE = "Each checkpoint has the history as well: read the newest, or resume the run, which makes this file anew"


class LiveHistory:
    """Writes a growing history to a file, made anew.

    Arguments:
        path: the file; what has this name is replaced in one go, and readers of it go on with the old one.
        history: the table to follow; all rows and events it has are written at once.
        units: of columns, where known.
        every_s: seconds between two writes of new rows.

    Call `update` after each row. Also a context manager that closes. Raises OSError where the file cannot be
    written.
    """

    def __init__(
        self, path: Path, history: History, units: Mapping[str, str] | None = None, *, every_s: float = 1.0
    ) -> None:
        self._history = history
        self._every_s = every_s
        self._rows = self._events = 0
        make_folders(path.parent)
        temporary = temporary_beside(path)
        try:
            self._file = h5py.File(temporary, "w", libver=LIBVER, locking=False)
            self._fill(units or {})
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)

    def update(self) -> None:
        """Write what is new if it is time to."""
        if time.monotonic() >= self._due:
            self.flush()

    def flush(self) -> None:
        """Write what is new, so that readers see it now."""
        self._append(EVENTS, event_rows(self._history.events[self._events :]))
        self._events = len(self._history.events)
        columns = self._history.rows(self._rows)
        steps = columns.pop("step")
        for name, column in columns.items():
            self._append(name, column)
        self._file.flush()
        self._append("step", steps)
        self._file.flush()
        self._rows = len(self._history)
        self._due = time.monotonic() + self._every_s

    def close(self) -> None:
        """Write what is new and leave a plain file, which opens without any option."""
        try:
            self.flush()
        finally:
            self._file.close()

    def __enter__(self) -> "LiveHistory":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _fill(self, units: Mapping[str, str]) -> None:
        try:
            self._make_columns(units)
            self._file.swmr_mode = True
            self.flush()
        except BaseException:
            self._file.close()
            raise

    def _make_columns(self, units: Mapping[str, str]) -> None:
        # In SWMR mode nothing can be created any more, hence a data set for events that are still to come.
        options = {"shape": (0,), "maxshape": (None,), "chunks": (CHUNK_ROWS,), "track_times": False}
        for name in self._history.names:
            fill = NO_STEP if name == "step" else np.nan
            dataset = self._file.create_dataset(name, dtype=dtype_of(name), fillvalue=fill, **options)
            if name in units:
                set_attribute(dataset, "units", units[name])
        options["chunks"] = (16,)
        self._file.create_dataset(EVENTS, dtype=h5py.string_dtype("utf-8", EVENT_BYTES), **options)

    def _append(self, name: str, values: np.ndarray) -> None:
        if values.size:
            dataset = self._file[name]
            start = len(dataset)
            dataset.resize(start + len(values), axis=0)
            dataset[start:] = values


def read_live(path: str | os.PathLike[str]) -> History:
    """The history in a file of a running, finished or killed run: all rows that are whole.

    Raises CheckpointError where the file is missing or is no history.
    """
    with open_regular(path):  # tells a missing file, a folder or a FIFO apart, and does not block
        pass
    try:
        with _open(path) as file:
            return _read_whole_rows(file)
    except (OSError, RuntimeError) as error:
        raise CheckpointError(path, f"cannot be read as a history ({error})", ADVICE) from error


def _open(path: str | os.PathLike[str]) -> h5py.File:
    try:
        return h5py.File(path, "r", locking=False)
    except OSError:  # its writer still runs, or was killed
        _refuse_cut(path)
        return h5py.File(path, "r", libver=LIBVER, swmr=True, locking=False)


def _refuse_cut(path: str | os.PathLike[str]) -> None:
    """Raise OSError for a file that is shorter than its superblock says.

    Told that there is a writer, libhdf5 would wait for the missing part for ever.
    """
    with open_regular(path) as file:
        superblock, size = file.read(END_OF_FILE.stop), os.fstat(file.fileno()).st_size
    end = int.from_bytes(superblock[END_OF_FILE], "little")
    if size < end:
        raise OSError(f"it is cut off: {size} of {end} bytes are there")


def _read_whole_rows(file: h5py.File) -> History:
    datasets = dict(walk(file))
    for name, dataset in datasets.items():
        _require_column(name, dataset)
    if not {"step", EVENTS} <= datasets.keys():
        raise refusal(file, "is no history: it has no steps or no events")
    steps = datasets["step"][:]  # read first, as they are written last: other columns are at least as long
    columns = {name: steps if name == "step" else dataset[:] for name, dataset in datasets.items()}
    events = read_event_rows(datasets[EVENTS], columns.pop(EVENTS))
    unwritten = np.flatnonzero(steps == NO_STEP)
    rows = min([*unwritten[:1], *map(len, columns.values())])
    return History.from_columns({name: column[:rows] for name, column in columns.items()}, events)


def _require_column(name: str, dataset: h5py.Dataset) -> None:
    require_plain_type(dataset)
    expected = np.dtype(f"S{EVENT_BYTES}") if name == EVENTS else np.dtype(dtype_of(name))
    if dataset.dtype != expected or dataset.ndim != 1 or dataset.is_virtual or dataset.external:
        raise refusal(dataset, f"is no column of a history: {dataset.dtype} of shape {dataset.shape}")
