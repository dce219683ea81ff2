"""Prescribed traction (Neumann)."""

from __future__ import annotations

from elastic_pinn.physics.conditions.side import SideCondition
from elastic_pinn.physics.domains import Domain
from elastic_pinn.physics.elasticity import STRAIN, traction
from elastic_pinn.physics.quantity import STRESS
from elastic_pinn.physics.statement import Statement


class Traction(SideCondition):
    """Prescribed traction on some sides: sigma n = value.

    Parameters
    ----------
    value
        A function (x, y, t) -> (N, 2) in Pa; None: a free surface.
    sides
        Names of sides, or `Part`s of them, each once; None: all sides.

    Raises
    ------
    ProblemError
        For a value that is no such function, and for what cannot be sides; in a Problem, for sides that its domain does
        not have.
    """

    def statements(self, number: int, domain: Domain) -> tuple[Statement, ...]:
        """Return the condition as one statement, sigma n = value.

        Parameters
        ----------
        number
            Which of the problem's conditions it is, from 0.
        domain
            The problem's domain.

        Returns
        -------
        tuple of Statement
            Traction against the value, Pa.
        """
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
