"""Prescribed displacement (Dirichlet)."""

from __future__ import annotations

from elastic_pinn.physics.conditions.side import SideCondition
from elastic_pinn.physics.domains import Domain
from elastic_pinn.physics.elasticity import displacement
from elastic_pinn.physics.quantity import DISPLACEMENT
from elastic_pinn.physics.statement import Statement


class Displacement(SideCondition):
    """Prescribed displacement u on some sides; m; no value: clamped."""

    def statements(self, number: int, domain: Domain) -> tuple[Statement, ...]:
        """u = value."""
        return (
            Statement(
                f"boundary {number}",
                "boundary",
                (),
                displacement,
                DISPLACEMENT,
                self.place(domain),
                target=self.value,
                identity=(0.0, *self.identity_on(domain)),
                label="displacement given" if self.value else "clamped",
            ),
        )
