"""Prescribed traction (Neumann)."""

from __future__ import annotations

from elastic_pinn.physics.conditions.side import SideCondition
from elastic_pinn.physics.domains import Domain
from elastic_pinn.physics.elasticity import STRAIN, traction
from elastic_pinn.physics.quantity import STRESS
from elastic_pinn.physics.statement import Statement


class Traction(SideCondition):
    """Prescribed traction sigma n on some sides; Pa; no value: a free surface."""

    def statements(self, number: int, domain: Domain) -> tuple[Statement, ...]:
        """sigma n = value."""
        return (
            Statement(
                f"boundary {number}",
                "boundary",
                STRAIN,
                traction,
                STRESS,
                self.place(domain),
                target=self.value,
                moduli=("lame_lambda", "lame_mu"),
                normals=("x", "y"),
                identity=(1.0, *self.identity_on(domain)),
                label="traction given" if self.value else "free surface",
            ),
        )
