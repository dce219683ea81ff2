"""What simulated data really are.

Letters of shapes: R receivers, T times.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from elastic_pinn.physics.data.quantities import VECTORS, only_vector
from elastic_pinn.physics.data.recorded_quantity import RecordedQuantity
from elastic_pinn.physics.numbers import Array, real_array


@dataclass(frozen=True, eq=False, repr=False)
class Truth:
    """The truth of simulated data, for figures and tests only.

    material: "lambda" and "mu" in Pa, "rho" in kg/m3; displacement, velocity or acceleration: without noise, (R, T, 2)
    in m, m/s or m/s2, where receivers have x and y of one of these; none else.
    """

    material: Mapping[str, float]
    displacement: Array | None = None
    velocity: Array | None = field(default=None, kw_only=True)
    acceleration: Array | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in self.records:
            object.__setattr__(self, name, real_array(f"truth/{name}", getattr(self, name)))
        if len(self.records) > 1:
            only_vector(self.records)

    def __repr__(self) -> str:
        records = f", {self.quantity.name} {self.recorded.shape}" if self.records else ""
        return f"Truth({dict(self.material)}{records})"

    @property
    def records(self) -> list[str]:
        """The vector that it has records of, by its name: one, or none."""
        return [name for name in VECTORS if getattr(self, name) is not None]

    @property
    def quantity(self) -> RecordedQuantity:
        """What is recorded. Raises ValueError where there are no records."""
        return only_vector(self.records)

    @property
    def recorded(self) -> Array:
        """The records of that quantity, (R, T, 2) in its SI unit."""
        values: Array = getattr(self, self.quantity.name)
        return values
