"""Recorded data as a statement: the wavefield equals what was recorded, at the samples."""

from __future__ import annotations

import numpy as np
import torch

from elastic_pinn.physics.data.receivers import Receivers
from elastic_pinn.physics.elasticity import displacement
from elastic_pinn.physics.quantity import DISPLACEMENT
from elastic_pinn.physics.statement import Samples, Statement


def recorded_displacement(receivers: Receivers) -> Statement:
    """u = recorded, at every sample of every receiver: N = receivers times instants, receiver by receiver."""
    stations = np.repeat(receivers.xy, len(receivers.time), axis=0)  # (N, 2)
    instants = np.tile(receivers.time, len(receivers.xy))  # (N,)
    points = torch.from_numpy(np.column_stack([stations, instants]))  # (N, 3)
    values = torch.from_numpy(receivers.displacement.reshape(-1, 2))  # (N, 2)
    return Statement("data", "data", (), displacement, DISPLACEMENT, samples=Samples(points, values))
