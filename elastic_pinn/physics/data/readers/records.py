"""What makes fields of `Receivers` out of channels: those of one place are the components of one receiver.

Letters of shapes: K channels, R receivers, T times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from elastic_pinn.errors import ConfigError
from elastic_pinn.physics.data.readers.assemble import Channels
from elastic_pinn.physics.data.receiver_file import ReceiverFileError

ALONG = {(1.0, 0.0): (0, 1.0), (-1.0, 0.0): (0, -1.0), (0.0, 1.0): (1, 1.0), (0.0, -1.0): (1, -1.0)}
VECTORS = ("displacement", "velocity", "acceleration")


def records(channels: Sequence[Channels]) -> dict[str, Any]:
    """Return xy, time, the records and their noise, as `Receivers` takes them.

    Raises ReceiverFileError where the channels are no complete records of one vector along x and y.
    """
    kinds = {each.kind for each in channels}
    if len(kinds) > 1 or not kinds <= set(VECTORS):
        raise ReceiverFileError(f"{', '.join(sorted(kinds))} recorded: one of {', '.join(VECTORS)} is needed for now")
    if len({each.shot for each in channels}) > 1:
        raise ConfigError("the files are of several shots: import each shot into a receiver file of its own")
    if len({each.noise for each in channels}) > 1:
        raise ConfigError("noise differs between the files: give one for all of them")
    if any(each.time.ndim > 1 or not np.array_equal(each.time, channels[0].time) for each in channels):
        raise ReceiverFileError("channels have unlike times: resample them to common ones")
    xy = np.concatenate([each.xy for each in channels])  # (K, 2)
    values = np.concatenate([each.values for each in channels])  # (K, T)
    directions = [direction for each in channels for direction in each.directions]
    places, receiver = _receivers(xy)
    recorded = np.full((len(places), values.shape[1], 2), np.nan)
    for row, direction in enumerate(directions):
        if direction not in ALONG:
            raise ReceiverFileError(f"a channel recorded along {direction}: x and y are needed for now")
        component, sign = ALONG[direction]
        if not np.isnan(recorded[receiver[row], :, component]).all():
            raise ReceiverFileError(
                f"two channels at ({xy[row, 0]:g}, {xy[row, 1]:g}) m recorded along one direction: leave one out"
            )
        recorded[receiver[row], :, component] = sign * values[row]
    if np.isnan(recorded).any():
        at = int(np.argwhere(np.isnan(recorded))[0][0])
        raise ReceiverFileError(
            f"the receiver at ({places[at, 0]:g}, {places[at, 1]:g}) m lacks samples of a component: leave it out"
        )
    [kind] = kinds
    return {"xy": places, "time": channels[0].time, kind: recorded, "noise": channels[0].noise}


def _receivers(xy: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The different places, in the order in which they appear, (R, 2), and which of them each channel is at, (K,)."""
    _, first, inverse = np.unique(xy, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return xy[np.sort(first)], rank[inverse.reshape(-1)]
