"""The statement of records: the wavefield gives what was recorded, at the samples.

Where x and y of a vector were recorded without gaps, a sample has two equations. All else is made up of rows, one for
each number: of a component's part in it, over its noise, so that one noise is that of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.data.channel_names import channel_names, own_name
from elastic_pinn.physics.data.noise import in_one_number, noises_of
from elastic_pinn.physics.data.receivers import Receivers
from elastic_pinn.physics.data.recorded_quantity import VECTOR, RecordedQuantity
from elastic_pinn.physics.data.records import Records
from elastic_pinn.physics.elasticity import Derivatives, Normal
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.numbers import Array
from elastic_pinn.physics.statement import Operator, Samples, Statement


def recorded(receivers: Receivers) -> Statement:
    """operator(u) = recorded, at every sample of every receiver, receiver by receiver."""
    if receivers.is_complete:
        return receivers.quantity.statement(_pairs(receivers.only))
    kinds = receivers.kinds
    return Statement(
        "data",
        "data",
        tuple(dict.fromkeys(name for kind in kinds for name in kind.derivatives)),
        _all_of(kinds),
        kinds[0].physical,
        samples=_rows(receivers, kinds),
        moduli=tuple(dict.fromkeys(name for kind in kinds for name in kind.moduli)),
        counts=len(VECTOR),
        label=f"recorded {' and '.join(kind.name.replace('_', ' ') for kind in kinds)}",
    )


def _pairs(records: Records) -> Samples:
    """x and y of N = receivers times instants."""
    rows, times = len(records.xy), len(records.time)
    stations = np.repeat(records.xy, times, axis=0)  # (N, 2)
    instants = np.tile(records.time, rows)  # (N,)
    points = torch.from_numpy(np.column_stack([stations, instants]))  # (N, 3)
    # Receivers at one place count as the first of them.
    _, first, inverse = np.unique(records.xy, axis=0, return_index=True, return_inverse=True)
    channels = 2 * first[inverse.reshape(-1)][:, None] + [0, 1]  # (R, 2)
    return Samples(
        points,
        torch.from_numpy(records.values.reshape(-1, 2)),  # (N, 2)
        torch.from_numpy(np.repeat(channels, times, axis=0)),  # (N, 2)
        tuple(
            f"{row} {axis}{own_name(records, row, column)}" for row in range(rows) for column, axis in enumerate(VECTOR)
        ),
    )


def _all_of(kinds: Sequence[RecordedQuantity]) -> Operator:
    """The operator of all components of all kinds, (N, K)."""

    def operator(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
        return torch.cat([kind.operator(u, moduli, normal) for kind in kinds], dim=1)

    return operator


def _rows(receivers: Receivers, kinds: Sequence[RecordedQuantity]) -> Samples:
    """A row for each number that was recorded, over its noise in units of that of the first quantity."""
    every, columns = noises_of(receivers), sum(len(kind.components) for kind in kinds)
    unit = in_one_number(every[0][receivers.records[0].is_there])  # as of `noise_of`
    found: dict[str, list[Array]] = {"points": [], "values": [], "channels": [], "sensitivity": []}
    count = 0  # of channels before
    for records, noises in zip(receivers.records, every, strict=True):
        there = records.is_there  # (R, T, C)
        row, _, column = np.nonzero(there)
        relative = unit / noises[there]  # (N,)
        before = sum(len(kind.components) for kind in kinds[: kinds.index(records.kind)])
        sensitivity = np.zeros((len(row), columns))  # (N, K)
        sensitivity[:, before : before + len(records.kind.components)] = relative[:, None] * records.parts[row, column]
        found["points"].append(np.column_stack([records.xy[row], records.instants[there]]))  # (N, 3)
        found["values"].append((relative * records.corrected[there])[:, None])  # (N, 1)
        found["channels"].append((count + row * records.values.shape[2] + column)[:, None])  # (N, 1)
        found["sensitivity"].append(sensitivity)
        count += len(records.xy) * records.values.shape[2]
    of_one = len(kinds) == 1
    components = {
        name if of_one else f"{kind.name} {name}": kind.physical for kind in kinds for name in kind.components
    }
    joined = {name: torch.from_numpy(np.concatenate(each)) for name, each in found.items()}
    return Samples(**joined, names=tuple(channel_names(receivers, with_own=True)), components=components)
