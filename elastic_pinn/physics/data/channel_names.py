"""What channels are called in verdicts and figures: "3 y", or of several shots or quantities "left velocity 3 y".

Where a file has names of its own, these stand beside, as in "3 y (laser 3)".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.errors import ProblemError

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers
    from elastic_pinn.physics.data.records import Channel, Records


LONGEST = 40  # characters of a name in a text or a figure


def names_of_channels(records: Records) -> np.ndarray[Any, np.dtype[np.str_]] | None:
    """Return the names of channels (R, C) as they were given, or those of receivers for each of theirs; None of none.

    Raises ProblemError for another shape, and for what is no text that a file can hold.
    """
    if records.names is None:
        return None
    given, (rows, _, columns) = np.array(records.names, dtype=object), records.values.shape
    if given.shape not in ((rows, columns), (rows,)):
        raise ProblemError(f"names have shape {given.shape}, where {rows, columns} by channel or ({rows},) is needed")
    for (row, *_), name in np.ndenumerate(given):
        if not (name is None or (isinstance(name, str) and _is_unicode(name))):
            raise ProblemError(f"names: {in_one_line(name)} of row {row}: text is needed, as 'laser 3', or None")
    told = np.where(given == None, "", given).astype(np.str_)  # noqa: E711, by element
    every = np.broadcast_to(told if told.ndim == 2 else told[:, None], (rows, columns))
    return every.copy() if (every != "").any() else None


def _is_unicode(name: str) -> bool:
    """Whether text has no half of a character, as a name of a file on disk may."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def label_of(records: Records, receivers: Receivers) -> str:
    """Return what tells the channels of some records from those of the others, as "left velocity ", or ""."""
    shot = f"{records.shot} " if len(receivers.shots) > 1 else ""
    return f"{shot}{records.quantity} " if len(receivers.records) > len(receivers.shots) else shot


def own_name(records: Records, row: int, column: int | None = None) -> str:
    """Return the name that a file has of a channel, or those of all of a receiver, as the end of a text, " (laser 3)";
    "" where it has none. A bare number may be mistaken for that of a row, and reads "no. 3"."""
    if records.names is None:
        return ""
    named = records.names[row] if column is None else records.names[row, column : column + 1]
    shown = filter(None, map(shown_name, named.tolist()))
    told = dict.fromkeys(f"no. {name}" if name.isdecimal() else name for name in shown)
    return f" ({', '.join(told)})" if told else ""


def shown_name(name: str) -> str:
    """Return a name from a file as texts and figures show it: on one line, and without its middle where it is long."""
    printed = "".join(" " if unicodedata.category(letter)[0] == "C" else letter for letter in name)  # not what controls
    line = " ".join(printed.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST // 2]}…{line[len(line) - LONGEST // 2 + 1 :]}"


def named_channels(receivers: Receivers) -> Iterator[tuple[Records, list[Channel], list[str]]]:
    """Yield each records with its channels that recorded, and the names of these, with those of their file."""
    for first, records in zip(receivers.first_rows, receivers.records, strict=True):
        of, channels = label_of(records, receivers), list(records.channels())
        yield (
            records,
            channels,
            [f"{of}{first + each.row} {each.label}{own_name(records, each.row, each.column)}" for each in channels],
        )


def receiver_names(receivers: Receivers) -> list[str]:
    """Return, of each channel, the name of its receiver, with which its own begins: as "3" or "left velocity 3"."""
    return [
        f"{label_of(records, receivers)}{first + row}"
        for first, records in zip(receivers.first_rows, receivers.records, strict=True)
        for row, _ in np.ndindex(records.parts.shape[:2])
    ]


def channel_names(receivers: Receivers, with_own: bool = False) -> list[str]:
    """Return the name of each channel, by which options find it, as "3 y"; with_own: and its file's, for people."""
    labels = [
        f"{label}{own_name(records, row, column) if with_own else ''}"
        for records in receivers.records
        for row in range(len(records.xy))
        for column, label in enumerate(records.labels)
    ]
    return [f"{of} {label}" for of, label in zip(receiver_names(receivers), labels, strict=True)]
