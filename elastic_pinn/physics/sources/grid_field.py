"""A vector field as an array on a grid.

Letters: N points, G and H nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.grid import Grid
from elastic_pinn.physics.numbers import real_array


@dataclass(frozen=True, eq=False, repr=False)
class GridField:
    """Vectors on a grid, between whose nodes cubic splines interpolate, the same at all times: a start from a file.

    Parameters
    ----------
    x, y
        Positions of the nodes, increasing, (G,) and (H,) in m, at least four each; they must span the domain.
    values
        (G, H, 2), in SI units: x along the first axis, y along the second, and the components along x and y.

    Raises
    ------
    ProblemError
        For other shapes, for positions that do not increase, and for values that are not finite; on evaluation for a
        place outside the grid.
    """

    x: Any
    y: Any
    values: Any
    components: tuple[Grid, Grid] = field(init=False)

    def __post_init__(self) -> None:
        values = real_array("GridField: values", self.values)
        if values.ndim != 3 or values.shape[2] != 2:
            raise ProblemError(
                f"GridField: values have shape {values.shape}, where (nodes in x, nodes in y, 2) is needed"
            )
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "components", tuple(Grid(self.x, self.y, values[..., i]) for i in (0, 1)))

    def __repr__(self) -> str:
        return f"GridField({' x '.join(map(str, self.values.shape[:2]))} nodes)"

    @property
    def __name__(self) -> str:
        return repr(self)

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Evaluate the splines.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.
        t
            Times, (N,) in s, which have no effect.

        Returns
        -------
        Tensor
            Values, (N, 2) in SI units.

        Raises
        ------
        ProblemError
            For a place outside the grid.
        """
        return torch.stack([component.value(x, y) for component in self.components], dim=1)
