"""The history of a run: a table that grows in memory, and its representation in an HDF5 group."""

import json
from collections.abc import Iterable, Mapping, Sequence

import h5py
import numpy as np
from numpy.typing import ArrayLike

from elastic_pinn.storage.format.column import BLOCK_ROWS, Column
from elastic_pinn.storage.format.hdf5 import NewGroup
from elastic_pinn.storage.guard.reading import Guard, refusal

# The data set of the events, beside the columns: JSON lines [step, text], cut into rows of fixed length.
EVENTS = "events"
EVENT_BYTES = 128
# The attribute of the group with the columns that holds `History.losses_of_start_until`.
LOSSES_OF_START_UNTIL = "losses_of_start_until"


class History:
    """A table of one row a step, and the events beside it.

    Arguments:
        columns: the names, which never change: "step" (int64) and others (float64) such as "wall_s" or "loss/total".

    Attributes:
        names: the columns' names, in order.
        events: (step, text) pairs, such as a resume or a changed learning rate; add with `note`.
        losses_of_start_until: the last step whose row has the losses and the gradient's norm of the weights that the
            step started from, as versions before 3 wrote them; the rows after it have those of the weights that it
            led to. 0 where all have.

    Raises ValueError for names that cannot be used together in a file.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        _check_names(columns)
        self.names = tuple(columns)
        self.events: list[tuple[int, str]] = []
        self.losses_of_start_until = 0
        self._rows = 0
        self._columns = {name: Column(dtype_of(name)) for name in columns}
        self._is_frozen = False

    @classmethod
    def from_columns(cls, columns: Mapping[str, ArrayLike], events: Iterable[tuple[int, str]] = ()) -> "History":
        """Return a table with these columns; the arrays, all of one length, are copied."""
        history = cls(list(columns))
        arrays = {name: np.asarray(values, dtype_of(name)) for name, values in columns.items()}
        lengths = {len(array) for array in arrays.values()}
        if len(lengths) > 1:
            raise ValueError(f"columns of different lengths: {sorted(lengths)}")
        history._rows = lengths.pop()
        for name, array in arrays.items():
            history._columns[name].fill(array)
        history.events = [(int(step), str(text)) for step, text in events]
        return history

    def with_columns(self, names: Sequence[str]) -> "History":
        """Return the same table, or, if it lacks some of the columns, one that has them: NaN in all rows so far."""
        if not (missing := [name for name in names if name not in self._columns]):
            return self
        unknown = np.full(len(self), np.nan)
        grown = History.from_columns(self.columns() | dict.fromkeys(missing, unknown), self.events)
        grown.losses_of_start_until = self.losses_of_start_until
        return grown

    def without_last(self, names: Sequence[str]) -> "History":
        """Return the same table, with NaN in some columns of the last row."""
        known = [name for name in names if name in self._columns and not np.isnan(self.last.get(name, np.nan))]
        if not known:
            return self
        columns = self.columns()
        columns |= {name: np.append(columns[name][:-1], np.nan) for name in known}
        shortened = History.from_columns(columns, self.events)
        shortened.losses_of_start_until = self.losses_of_start_until
        return shortened

    def frozen(self) -> "History":
        """Return the present rows, for another thread to write while this table grows; only the events are copied.

        `append` to it raises ValueError.
        """
        frozen = History(self.names)
        frozen._rows, frozen._columns, frozen._is_frozen = self._rows, self._columns, True
        frozen.events, frozen.losses_of_start_until = list(self.events), self.losses_of_start_until
        return frozen

    def __len__(self) -> int:
        return self._rows

    @property
    def nbytes(self) -> int:
        """The bytes of all columns, as numbers."""
        return 8 * len(self) * len(self.names)

    def append(self, row: Mapping[str, float]) -> None:
        """Add a row. A column that is missing was not measured at this step: NaN; "step" is required.

        Raises ValueError for a row without "step" or with an unknown column, or where this is `frozen`.
        """
        if "step" not in row or not row.keys() <= self._columns.keys():
            legal = ", ".join(self.names)
            raise ValueError(f"a row needs 'step' and may have {legal}; this one has {', '.join(row)}")
        if self._is_frozen:
            raise ValueError("a frozen history takes no rows")
        for name, column in self._columns.items():
            column.put(self._rows, row.get(name, np.nan))
        self._rows += 1
        self._pack_in_turn()

    def note(self, step: int, text: str) -> None:
        """Add an event."""
        self.events.append((step, text))

    def columns(self) -> dict[str, np.ndarray]:
        """Return all columns, each (rows,), read-only; they do not change when rows are added."""
        return self.rows(0)

    def column(self, name: str) -> np.ndarray:
        """Return one of `columns`."""
        return self._columns[name].values(0, self._rows)

    def rows(self, start: int) -> dict[str, np.ndarray]:
        """Return `columns` from row `start` on."""
        return {name: column.values(start, self._rows) for name, column in self._columns.items()}

    @property
    def last(self) -> dict[str, float]:
        """The newest row, NaN where a column was not measured; {} if there is no row."""
        if not self._rows:
            return {}
        return {name: column.item() for name, column in self.rows(self._rows - 1).items()}

    def chunks(self, name: str) -> list[bytes]:
        """Return a column as `NewGroup.chunks` takes it; full blocks are cached."""
        return self._columns[name].chunks(self._rows)

    def _pack_in_turn(self) -> None:
        """Deflate full blocks, one column at each step, so that no step takes long."""
        full, turn = divmod(self._rows, BLOCK_ROWS)
        if full and turn < len(self.names):
            self._columns[self.names[turn]].pack(full - 1)


def dtype_of(column: str) -> type[np.generic]:
    """Return the type of a column's values."""
    return np.int64 if column == "step" else np.float64


def write_history(group: NewGroup, history: History, units: Mapping[str, str], compression: int = 0) -> None:
    """Write each column as a data set (rows,) at its name, with its unit where known, and the events.

    compression: 0 (none) to 9 (smallest), for a short history; a long one is always deflated, each chunk only once.
    """
    for name in _by_group(history.names):
        inside, leaf = group.nested(name)
        attributes = {"units": units[name]} if name in units else {}
        if len(history) < BLOCK_ROWS:
            inside.array(leaf, history.column(name), compression, **attributes)
        else:
            chunks = history.chunks(name)
            inside.chunks(leaf, np.dtype(dtype_of(name)), (len(history),), BLOCK_ROWS, chunks, **attributes)
    group.array(EVENTS, event_rows(history.events))
    group.set(**{LOSSES_OF_START_UNTIL: history.losses_of_start_until})


def read_history(group: h5py.Group, guard: Guard | None = None) -> tuple[History, dict[str, str]]:
    """Return the history in a group and the units of its columns.

    guard: of the opened file, if more of it is read. Raises CheckpointError if the group contains anything that
    `write_history` does not write.
    """
    columns: dict[str, np.ndarray] = {}
    units: dict[str, str] = {}
    events: list[tuple[int, str]] = []
    guard = guard or Guard(group.file)
    for name, dataset in guard.walk(group):
        array = guard.read_array(dataset)
        if name == EVENTS:
            events = read_event_rows(dataset, array)
        elif array.dtype != dtype_of(name) or array.ndim != 1:
            raise refusal(dataset, f"is no column of a history: {array.dtype} of shape {array.shape}")
        else:
            columns[name] = array
            if unit := guard.get_attribute(dataset, "units", ""):
                units[name] = str(unit)
    try:
        history = History.from_columns(columns, events)
    except ValueError as error:
        raise refusal(group, f"is no history: {error}") from error
    history.losses_of_start_until = losses_of_start_until(group, guard, history)
    return history, units


def losses_of_start_until(group: h5py.Group, guard: Guard, history: History) -> int:
    """Return a group's attribute of this name, see `History`; a group without it was written before version 3."""
    last = int(history.last.get("step", 0))
    until = guard.get_attribute(group, LOSSES_OF_START_UNTIL, last)
    if not isinstance(until, int):
        raise refusal(group, f"has an attribute {LOSSES_OF_START_UNTIL!r} that is no integer")
    return until


def event_rows(events: Iterable[tuple[int, str]]) -> np.ndarray:
    """Return events as rows of fixed-length text, (any,): a JSON line each, continued on more rows if it is long."""
    lines = [f"{json.dumps(event)}\n" for event in events]
    cut = [line[at : at + EVENT_BYTES] for line in lines for at in range(0, len(line), EVENT_BYTES)]
    return np.array([row.encode() for row in cut], h5py.string_dtype("utf-8", EVENT_BYTES))


def read_event_rows(dataset: h5py.Dataset, rows: np.ndarray) -> list[tuple[int, str]]:
    """Return the events that `event_rows` wrote, without an incomplete last one."""
    try:
        *lines, _rest = b"".join(rows).split(b"\n")
        return [(int(step), str(text)) for step, text in map(json.loads, map(bytes.decode, lines))]
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise refusal(dataset, f"does not hold events ({error})") from error


def _by_group(names: Sequence[str]) -> list[str]:
    """Return columns in the order in which they are read, those of a group together, so that reading and writing again
    gives the same bytes."""
    folders = [name.partition("/")[0] for name in names]
    return sorted(names, key=lambda name: folders.index(name.partition("/")[0]))


def _check_names(columns: Sequence[str]) -> None:
    if "step" not in columns or len(set(columns)) != len(columns):
        raise ValueError(f"columns need a 'step', and no name twice: {list(columns)}")
    taken = {EVENTS, *columns}
    for name in columns:
        parts = name.split("/")
        folders = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        if name == EVENTS or not {"", "."}.isdisjoint(parts) or folders & taken:
            raise ValueError(f"{name!r} cannot be a column: empty in part, reserved, or inside another column")
