"""The registry of what receivers can record, one a file; `Receivers` and `Truth` have a field for each vector."""

from __future__ import annotations

from collections.abc import Mapping

from elastic_pinn.physics.data.acceleration import RECORDED_ACCELERATION
from elastic_pinn.physics.data.displacement import RECORDED_DISPLACEMENT
from elastic_pinn.physics.data.recorded_quantity import VECTOR, RecordedQuantity
from elastic_pinn.physics.data.strain import RECORDED_STRAIN
from elastic_pinn.physics.data.strain_rate import RECORDED_STRAIN_RATE
from elastic_pinn.physics.data.stress import RECORDED_STRESS
from elastic_pinn.physics.data.velocity import RECORDED_VELOCITY

RECORDED_QUANTITIES: Mapping[str, RecordedQuantity] = {
    each.name: each
    for each in (
        RECORDED_DISPLACEMENT,
        RECORDED_VELOCITY,
        RECORDED_ACCELERATION,
        RECORDED_STRAIN,
        RECORDED_STRAIN_RATE,
        RECORDED_STRESS,
    )
}
VECTORS: Mapping[str, RecordedQuantity] = {
    name: each for name, each in RECORDED_QUANTITIES.items() if each.components == VECTOR
}


def only_vector(given: list[str]) -> RecordedQuantity:
    """Return the one vector of the names that are given. Raises ValueError for none and for several."""
    if len(given) != 1:
        found = " and ".join(given) or "nothing"
        raise ValueError(
            f"{found} is recorded, where one of {', '.join(VECTORS)} is needed, or records, which take several"
        )
    return VECTORS[given[0]]
