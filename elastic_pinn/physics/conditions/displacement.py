"""Prescribed displacement (Dirichlet)."""

from __future__ import annotations

from elastic_pinn.physics.conditions.side import SideCondition
from elastic_pinn.physics.domains import Domain
from elastic_pinn.physics.elasticity import displacement
from elastic_pinn.physics.quantity import DISPLACEMENT
from elastic_pinn.physics.statement import Statement


class Displacement(SideCondition):
    """Prescribed displacement on some sides: u = value.

    Parameters
    ----------
    value
        A function (x, y, t) -> (N, 2) in m; None: clamped.
    sides
        Names of sides, or `Part`s of them, each once; None: all sides.

    Raises
    ------
    ProblemError
        For a value that is no such function, and for what cannot be sides; in a Problem, for sides that its domain does
        not have.
    """

    def statements(self, number: int, domain: Domain) -> tuple[Statement, ...]:
        """Return the condition as one statement, u = value.

        Parameters
        ----------
        number
            Which of the problem's conditions it is, from 0.
        domain
            The problem's domain.

        Returns
        -------
        tuple of Statement
            Displacement against the value, m.
        """
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
