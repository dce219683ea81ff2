"""What channels are called in verdicts: "3 y", or of several shots or quantities "left velocity 3 y"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from elastic_pinn.physics.data.records import Records

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers


def label_of(records: Records, receivers: Receivers) -> str:
    """Return what tells the channels of some records from those of the others, as "left velocity ", or ""."""
    shot = f"{records.shot} " if len(receivers.shots) > 1 else ""
    return f"{shot}{records.quantity} " if len(receivers.records) > len(receivers.shots) else shot


def receiver_names(receivers: Receivers) -> list[str]:
    """Return, of each channel, the name of its receiver, with which its own begins: as "3" or "left velocity 3"."""
    return [
        f"{label_of(records, receivers)}{first + row}"
        for first, records in zip(receivers.first_rows, receivers.records, strict=True)
        for row, _ in np.ndindex(records.parts.shape[:2])
    ]
