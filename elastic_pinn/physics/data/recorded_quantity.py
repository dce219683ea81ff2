"""What a kind of record is a record of."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from elastic_pinn.physics.elasticity import Derivatives, Normal
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.quantity import PhysicalQuantity
from elastic_pinn.physics.statement import Operator, Samples, Statement

VECTOR, TENSOR = ("x", "y"), ("xx", "yy", "xy")
"""The components of a vector, and of a symmetric tensor, in the plane."""


@dataclass(frozen=True)
class RecordedQuantity:
    """A vector of the motion, or a symmetric tensor of the deformation, that receivers record: K components.

    Attributes
    ----------
    name
        In `Records`, in a receiver file and in `predict`.
    symbol
        What a figure calls it.
    derivatives
        Those of the displacement that the operator needs, as a `Statement` names them.
    operator
        From the displacement's derivatives to what is recorded, (N, K), in any consistent units.
    physical
        Its unit and its scales.
    components
        Their names, (K,).
    moduli
        The entries of `Moduli` that the operator is linear in.
    """

    name: str
    symbol: str
    derivatives: tuple[str, ...]
    operator: Operator
    physical: PhysicalQuantity
    components: tuple[str, ...] = VECTOR
    moduli: tuple[str, ...] = ()

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
        return Statement(
            "data",
            "data",
            self.derivatives,
            self.operator,
            self.physical,
            samples=samples,
            moduli=self.moduli,
            label=f"recorded {self.name}",
        )

    def of(self, u: Derivatives, moduli: Moduli | None = None) -> Tensor:
        """Compute the quantity of a wavefield.

        Parameters
        ----------
        u
            The displacement and those of its derivatives that are needed, each (N, 2).
        moduli
            Of the solid there, where the quantity depends on them.

        Returns
        -------
        Tensor
            The quantity, (N, K), in units that are consistent with them.
        """
        return self.operator(u, moduli or Moduli(), Normal())

    @property
    def order(self) -> int:
        """Of its derivative of a displacement by time."""
        return max((name.count("t") for name in self.derivatives), default=0)

    @property
    def unit(self) -> str:
        """Its SI unit, as people write it."""
        return self.physical.unit

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of its components, for a figure, (K,)."""
        return tuple(f"${self.symbol}_{{{name}}}$" if len(name) > 1 else f"${self.symbol}_{name}$"
                     for name in self.components)  # fmt: skip
