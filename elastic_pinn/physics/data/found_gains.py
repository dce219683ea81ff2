"""Records corrected by gains that were found. Letters of shapes: R receivers, C channels of a receiver."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from elastic_pinn.physics.data.places import at_one_place
from elastic_pinn.physics.data.receivers import Receivers
from elastic_pinn.physics.data.truth import Truth
from elastic_pinn.physics.errors import ProblemError


def same_channels(receivers: Receivers) -> np.ndarray:
    """Return, of each channel, the number of the first that recorded the same in whatever shot: one quantity at one
    place along one direction.

    Channels are numbered as for `with_gains`. Raises ProblemError where one of several shots has two such channels.
    """
    if len(receivers.shots) == 1:
        return np.arange(sum(math.prod(records.parts.shape[:2]) for records in receivers.records))
    places = receivers.places  # (R, 2), of all records
    common = places[at_one_place(places)]
    same: dict[tuple[str, bytes], dict[str, int]] = {}  # the number in each shot
    found: list[int] = []
    for first, records in zip(receivers.first_rows, receivers.records, strict=True):
        for row, column in np.ndindex(records.parts.shape[:2]):
            where = np.concatenate([common[first + row], records.parts[row, column]]) + 0.0  # -0 is 0
            of_shots = same.setdefault((records.quantity, where.tobytes()), {})
            if records.shot in of_shots:
                x, y = records.xy[row]
                raise ProblemError(
                    f"two channels at ({x:g}, {y:g}) m recorded the {records.quantity} along one direction in shot "
                    f"{records.shot}, and which of them another shot has cannot be told: leave out one of them"
                )
            of_shots[records.shot] = len(found)
            found.append(next(iter(of_shots.values())))
    return np.array(found)


def with_gains(receivers: Receivers, gains: Mapping[int, float]) -> Receivers:
    """Return receivers with further gains of some channels.

    gains: factors by the number of a channel, those of a receiver after each other, receiver by receiver.
    """
    first, changed = 0, []
    for records in receivers.records:
        shape = records.values.shape[0], records.values.shape[2]  # (R, C)
        factors = np.array([gains.get(first + i, 1.0) for i in range(math.prod(shape))]).reshape(shape)
        changed.append(replace(records, gain=factors * np.asarray(records.gain)))
        first += math.prod(shape)
    truth = receivers.truth and Truth(receivers.truth.material)  # its records are of x and y without gains
    return replace(receivers, records=tuple(changed), truth=truth)
