"""What a kind of record is a record of."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from elastic_pinn.physics.elasticity import Derivatives, Normal
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.quantity import PhysicalQuantity
from elastic_pinn.physics.statement import Operator, Samples, Statement


@dataclass(frozen=True)
class RecordedQuantity:
    """A vector (x, y) of the motion that receivers record: it depends on neither the medium nor a normal.

    Attributes
    ----------
    name
        In `Receivers`, in a receiver file and in `predict`.
    symbol
        What a figure calls it.
    derivatives
        Those of the displacement that the operator needs, as a `Statement` names them.
    operator
        From the displacement's derivatives to what is recorded, (N, 2), in any consistent units.
    physical
        Its unit and its scales.
    """

    name: str
    symbol: str
    derivatives: tuple[str, ...]
    operator: Operator
    physical: PhysicalQuantity

    def statement(self, samples: Samples | None = None) -> Statement:
        """Return the statement that it is what was recorded.

        Parameters
        ----------
        samples
            What was recorded; None where its left side alone is wanted.

        Returns
        -------
        Statement
            operator(u) = recorded.
        """
        label = f"recorded {self.name}"
        return Statement("data", "data", self.derivatives, self.operator, self.physical, samples=samples, label=label)

    def of(self, u: Derivatives) -> Tensor:
        """Compute the quantity of a wavefield.

        Parameters
        ----------
        u
            The displacement and those of its derivatives that are needed, each (N, 2).

        Returns
        -------
        Tensor
            The quantity, (N, 2), in units that are consistent with them.
        """
        return self.operator(u, Moduli(), Normal())

    @property
    def unit(self) -> str:
        """Its SI unit, as people write it."""
        return self.physical.unit

    @property
    def components(self) -> tuple[str, str]:
        """The symbols of both components, for a figure."""
        return f"${self.symbol}_x$", f"${self.symbol}_y$"
