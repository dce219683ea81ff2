"""Records corrected by gains that were found. Letters of shapes: R receivers, C channels of a receiver."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from elastic_pinn.physics.data.receivers import Receivers
from elastic_pinn.physics.data.truth import Truth


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
