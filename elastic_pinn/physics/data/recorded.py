"""The statement of records: the wavefield gives what was recorded, at the samples."""

from __future__ import annotations

import numpy as np
import torch

from elastic_pinn.physics.data.receivers import Receivers
from elastic_pinn.physics.statement import Samples, Statement


def recorded(receivers: Receivers) -> Statement:
    """operator(u) = recorded, at every sample of every receiver: N = receivers times instants, receiver by receiver."""
    stations = np.repeat(receivers.xy, len(receivers.time), axis=0)  # (N, 2)
    instants = np.tile(receivers.time, len(receivers.xy))  # (N,)
    points = torch.from_numpy(np.column_stack([stations, instants]))  # (N, 3)
    values = torch.from_numpy(receivers.recorded.reshape(-1, 2))  # (N, 2)
    return receivers.quantity.statement(Samples(points, values))
