"""The registry of what receivers can record, one a file; `Receivers` and `Truth` have a field for each of them."""

from __future__ import annotations

from collections.abc import Mapping

from elastic_pinn.physics.data.acceleration import RECORDED_ACCELERATION
from elastic_pinn.physics.data.displacement import RECORDED_DISPLACEMENT
from elastic_pinn.physics.data.recorded_quantity import RecordedQuantity
from elastic_pinn.physics.data.velocity import RECORDED_VELOCITY

RECORDED_QUANTITIES: Mapping[str, RecordedQuantity] = {
    each.name: each for each in (RECORDED_DISPLACEMENT, RECORDED_VELOCITY, RECORDED_ACCELERATION)
}


def only_quantity(given: list[str]) -> RecordedQuantity:
    """Return the one quantity of the names that are given. Raises ValueError for none and for several."""
    if len(given) != 1:
        found = " and ".join(given) or "nothing"
        raise ValueError(f"{found} is recorded, where one of {', '.join(RECORDED_QUANTITIES)} is needed")
    return RECORDED_QUANTITIES[given[0]]
