"""What channels are called in verdicts: "3 y", or of several shots or quantities "left velocity 3 y"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from elastic_pinn.physics.data.records import Channel, Records

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers


def label_of(records: Records, receivers: Receivers) -> str:
    """Return what tells the channels of some records from those of the others, as "left velocity ", or ""."""
    shot = f"{records.shot} " if len(receivers.shots) > 1 else ""
    return f"{shot}{records.quantity} " if len(receivers.records) > len(receivers.shots) else shot


def named_channels(receivers: Receivers) -> Iterator[tuple[Records, list[Channel], list[str]]]:
    """Yield each records with its channels that recorded, and the names of these."""
    for first, records in zip(receivers.first_rows, receivers.records, strict=True):
        of, channels = label_of(records, receivers), list(records.channels())
        yield records, channels, [f"{of}{first + each.row} {each.label}" for each in channels]


def receiver_names(receivers: Receivers) -> list[str]:
    """Return, of each channel, the name of its receiver, with which its own begins: as "3" or "left velocity 3"."""
    return [
        f"{label_of(records, receivers)}{first + row}"
        for first, records in zip(receivers.first_rows, receivers.records, strict=True)
        for row, _ in np.ndindex(records.parts.shape[:2])
    ]
