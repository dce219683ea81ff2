"""A constant of a solid as an array on a grid.

Letters: N points, G and H nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.coefficients import Coefficient, Gradient
from elastic_pinn.physics.numbers import real_array

FEWEST_NODES = 4  # of a cubic spline


@dataclass(frozen=True, eq=False)
class Grid(Coefficient):
    """Values on a grid, between whose nodes a cubic spline interpolates, with its exact gradient.

    Parameters
    ----------
    x, y
        Positions of the nodes, increasing, (G,) and (H,) in m, at least four each.
    values
        (G, H), in SI units: x along the first axis.

    Raises
    ------
    ProblemError
        For other shapes, for positions that do not increase, and for values that are not finite; on evaluation for a
        place outside the grid.
    """

    x: Any
    y: Any
    values: Any

    degree: ClassVar[int] = 3

    def __post_init__(self) -> None:
        for name in ("x", "y", "values"):
            array = real_array(f"Grid: {name}", getattr(self, name))
            if not np.isfinite(array).all():
                raise ProblemError(f"Grid: {name} has values that are not finite")
            object.__setattr__(self, name, array)
        for name, nodes in (("x", self.x), ("y", self.y)):
            if nodes.ndim != 1 or len(nodes) < FEWEST_NODES or (np.diff(nodes) <= 0).any():
                raise ProblemError(f"Grid: {name} needs at least {FEWEST_NODES} increasing positions in one row")
        if self.values.shape != (len(self.x), len(self.y)):
            raise ProblemError(
                f"Grid: values have shape {self.values.shape}, where x and y need ({len(self.x)}, {len(self.y)})"
            )

    def __repr__(self) -> str:
        return f"Grid({len(self.x)} x {len(self.y)} nodes, {self.values.min():g} to {self.values.max():g})"

    @cached_property
    def _spline(self) -> Any:
        from scipy.interpolate import RectBivariateSpline  # slow to import, and rarely needed

        return RectBivariateSpline(self.x, self.y, self.values, kx=self.degree, ky=self.degree, s=0)

    def value(self, x: Tensor, y: Tensor) -> Tensor:
        """Evaluate the spline.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Values, (N,) in SI units.

        Raises
        ------
        ProblemError
            For a place outside the grid.
        """
        return self._evaluated(x, y)

    def gradient(self, x: Tensor, y: Tensor) -> Gradient:
        """Evaluate the spline's derivatives.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        tuple of Tensor
            By x and by y, each (N,) in SI units.

        Raises
        ------
        ProblemError
            For a place outside the grid.
        """
        return self._evaluated(x, y, dx=1), self._evaluated(x, y, dy=1)

    def _evaluated(self, x: Tensor, y: Tensor, **order: int) -> Tensor:
        for name, places, nodes in (("x", x, self.x), ("y", y, self.y)):
            slack = 1e-9 * (nodes[-1] - nodes[0])
            if places.min() < nodes[0] - slack or places.max() > nodes[-1] + slack:
                raise ProblemError(
                    f"Grid: it reaches from {name} = {nodes[0]:g} to {nodes[-1]:g} m, and is needed from "
                    f"{places.min():g} to {places.max():g} m"
                )
        return torch.from_numpy(self._spline.ev(x.cpu().numpy(), y.cpu().numpy(), **order)).to(x)


class LinearGrid(Grid):
    """A grid between whose nodes values are linear, and so within those of the nodes."""

    degree: ClassVar[int] = 1
