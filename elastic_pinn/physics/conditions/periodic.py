"""Periodic sides."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from torch import Tensor

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.conditions.side import SideCondition, SideEquation
from elastic_pinn.physics.domains import Domain
from elastic_pinn.physics.elasticity import STRAIN, displacement, traction
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.quantity import DISPLACEMENT, STRESS
from elastic_pinn.physics.statement import Place

Axis = Literal["x", "y"]
PAIRS = {"x": ("left", "right"), "y": ("bottom", "top")}


class Periodic(SideCondition):
    """Two sides opposite to each other beyond which the wavefield goes on as it is at the other.

        u = u at the other side,   sigma n + sigma n at the other side = 0   with the outward normals

    Parameters
    ----------
    axis
        "x": the left and the right side of a rectangle; "y": the bottom and the top.

    Raises
    ------
    ProblemError
        For another axis; in a Problem, for a domain without such sides.
    """

    kind = 4.0
    equations = (
        SideEquation(displacement, DISPLACEMENT, image_sign=-1.0),
        SideEquation(traction, STRESS, STRAIN, ("lame_lambda", "lame_mu"), ("x", "y"), name="traction", image_sign=1.0),
    )
    labels = ("periodic", "periodic")

    def __init__(self, axis: Axis) -> None:
        if axis not in get_args(Axis):
            raise ProblemError(f"Periodic({in_one_line(axis)}): legal are {' and '.join(map(repr, PAIRS))}")
        super().__init__(sides=PAIRS[axis])

    @property
    def axis(self) -> Axis:
        """Along which the wavefield is periodic."""
        return "x" if self.sides == PAIRS["x"] else "y"

    def __repr__(self) -> str:
        return f"Periodic({self.axis!r})"

    def place(self, domain: Domain) -> Place:
        """Return the two sides: points are drawn on the first, and their images lie on the second.

        Parameters
        ----------
        domain
            The problem's domain.

        Returns
        -------
        Place
            Where points are drawn, and their images.
        """
        whole = super().place(domain)
        first, axis = whole.parts[:1], list(PAIRS.values()).index(self.sides)
        _, high = (domain.x, domain.y)[axis]

        def image(points: Tensor, normals: Tensor) -> tuple[Tensor, Tensor]:
            moved = points.clone()
            moved[:, axis] = high
            return moved, -normals

        return replace(whole, mapping=lambda unit, quantile: domain.boundary(unit, first, quantile), image=image)
