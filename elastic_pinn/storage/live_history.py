"""Write history.h5, which others may read while it grows.

The file is in HDF5's single-writer multiple-reader (SWMR) mode, and neither side locks: a reader cannot make the writer
fail, and a killed writer leaves a readable file. A row is valid once its step is written, which is written last.
"""

import logging
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import h5py
import numpy as np
from h5py import h5s

from elastic_pinn.storage.files import make_folders, temporary_beside, write_new
from elastic_pinn.storage.format.hdf5 import LIBVER, new_file, set_attribute
from elastic_pinn.storage.format.history_table import (
    EVENT_BYTES,
    EVENTS,
    LOSSES_OF_START_UNTIL,
    History,
    dtype_of,
    event_rows,
)
from elastic_pinn.storage.format.image import Image

logger = logging.getLogger(__name__)

CHUNK_ROWS = 2048  # allocated for each column at the start: 16 kB, most of the file of a short run
EVENT_CHUNK_ROWS = 16
ROOM_BYTES = 2 * 8 * CHUNK_ROWS  # that a data set may take in addition to new rows: a new chunk, and its index
NO_STEP = -1  # the value of the column "step" in a row that is not written yet

FAILURES = (OSError, RuntimeError)  # from libhdf5 and the disk


class LiveHistory:
    """The writer of a growing history to a new file.

    Arguments:
        path: the file; an existing one is replaced atomically, and its readers keep the old one.
        history: the table to follow; its present rows and events are written at once.
        units: of columns, if known.
        every_s: seconds between two writes of new rows.

    Attributes:
        broken: why writing has stopped, such as a full disk; "" while it works.

    Call `update` after each row: later failures are logged once and never raised. It is also a context manager that
    closes the file. Raises OSError or RuntimeError if the file cannot be made.
    """

    def __init__(
        self, path: Path, history: History, units: Mapping[str, str] | None = None, *, every_s: float = 1.0
    ) -> None:
        self._path, self._history, self._units = path, history, units or {}
        self._every_s = every_s
        self.broken = ""
        self._make()

    def update(self) -> None:
        """Write new rows if `every_s` has passed."""
        if time.monotonic() >= self._due:
            self.flush()

    def flush(self) -> None:
        """Write new rows now."""
        if self.broken or not self._file:
            return
        try:
            self._write_new()
        except FAILURES as error:
            self._give_up(error)

    def renew(self) -> None:
        """Replace a broken file by a new one; if that fails, it remains broken."""
        if self.broken:
            with suppress(*FAILURES):
                self._make()
                self.broken = ""

    def close(self) -> None:
        """Write new rows and close the file, which then opens without options. A second call does nothing."""
        self.flush()
        if self.broken or not self._file:
            return
        try:
            os.ftruncate(self._file.id.get_vfd_handle(), self._file.id.get_filesize())  # unused space
            self._file.close()
        except FAILURES as error:
            self._give_up(error)

    def __enter__(self) -> "LiveHistory":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _make(self) -> None:
        make_folders(self._path.parent)
        temporary = temporary_beside(self._path)
        try:
            write_new(temporary, self._empty_image())
            self._file = h5py.File(temporary, "r+", libver=LIBVER, locking=False)
            self._begin(temporary)
        finally:
            temporary.unlink(missing_ok=True)

    def _empty_image(self) -> memoryview:
        # In SWMR mode no object can be created, hence the data set for later events.
        text = h5py.string_dtype("utf-8", EVENT_BYTES)
        image = Image()
        with new_file(image, 0) as file:
            for name in self._history.names:
                dataset = _new_dataset(file, name, dtype_of(name), CHUNK_ROWS, NO_STEP if name == "step" else np.nan)
                if name in self._units:
                    set_attribute(dataset.id, "units", self._units[name])
            _new_dataset(file, EVENTS, text, EVENT_CHUNK_ROWS, None)
            set_attribute(file["/"].id, LOSSES_OF_START_UNTIL, self._history.losses_of_start_until)
        return image.getbuffer()

    def _begin(self, temporary: Path) -> None:
        try:
            self._file.swmr_mode = True
            self._datasets = {name: self._file[name].id for name in (*self._history.names, EVENTS)}
            self._rows = self._events = self._event_rows = 0
            self._write_new()
            os.replace(temporary, self._path)
        except BaseException:
            self._abandon()
            raise

    def _write_new(self) -> None:
        events = event_rows(self._history.events[self._events :])
        columns = self._history.rows(self._rows)
        self._reserve(events.nbytes + sum(column.nbytes for column in columns.values()))
        self._append(EVENTS, self._event_rows, events)
        self._event_rows += len(events)
        self._events = len(self._history.events)
        steps = columns.pop("step")
        for name, column in columns.items():
            self._append(name, self._rows, column)
        self._file.flush()
        self._append("step", self._rows, steps)
        self._file.flush()
        self._rows += len(steps)
        self._due = time.monotonic() + self._every_s

    def _append(self, name: str, start: int, values: np.ndarray) -> None:
        """Append rows, through h5py's low-level interface, which takes a fifth of the time."""
        if values.size:
            dataset, stop = self._datasets[name], start + len(values)
            dataset.set_extent((stop,))
            selection = h5s.create_simple((stop,))
            selection.select_hyperslab((start,), values.shape)
            dataset.write(h5s.create_simple(values.shape), selection, values, dataset.get_type())

    def _reserve(self, new_bytes: int) -> None:
        """Allocate the disk space that new rows may need, since libhdf5 leaks memory that it cannot write."""
        descriptor = self._file.id.get_vfd_handle()
        end = self._file.id.get_filesize() + new_bytes + len(self._datasets) * ROOM_BYTES
        if os.fstat(descriptor).st_size < end and hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, end)

    def _give_up(self, error: Exception) -> None:
        self.broken = str(error)
        logger.warning(
            "%s is no longer written (%s): training continues, and checkpoints have it all", self._path, error
        )
        self._abandon()

    def _abandon(self) -> None:
        """Close a file that cannot be written; readers find it as after a kill.

        libhdf5 writes once more when it closes a file; if that fails, it keeps the file open and crashes at the end of
        the process. Therefore the descriptor is redirected first.
        """
        elsewhere = os.memfd_create("abandoned") if hasattr(os, "memfd_create") else os.open(os.devnull, os.O_RDWR)
        with suppress(*FAILURES):
            os.dup2(elsewhere, self._file.id.get_vfd_handle(), inheritable=False)
            self._file.close()
        os.close(elsewhere)


def _new_dataset(file: h5py.File, name: str, dtype: np.dtype | type, rows: int, fill: float | None) -> h5py.Dataset:
    options = {"maxshape": (None,), "chunks": (rows,), "fillvalue": fill, "track_times": False}
    return file.create_dataset(name, (0,), dtype, **options)
