"""A constant of a solid as a function of the place: a number, a function, an array on a grid, or these by region.

Letters: N points, G and H nodes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.fields import name_of

Gradient = tuple[Tensor, Tensor]
FEWEST_NODES = 4  # of a cubic spline
STEP = 1e-4  # of the extent, for finite differences
OFF = 1e-2  # of the largest slope: an automatic derivative that is so far from finite differences is wrong


class Coefficient(ABC):
    """A scalar function of the place, in SI units."""

    jumps = False

    @abstractmethod
    def value(self, x: Tensor, y: Tensor) -> Tensor:
        """Evaluate the coefficient.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Values, (N,) in SI units.
        """

    @abstractmethod
    def gradient(self, x: Tensor, y: Tensor) -> Gradient:
        """Evaluate the derivatives by x and y.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        tuple of Tensor
            By x and by y, each (N,) in SI units.
        """


@dataclass(frozen=True)
class Constant(Coefficient):
    """The same everywhere."""

    number: float

    def value(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the number, (N,)."""
        return torch.full_like(x, self.number)

    def gradient(self, x: Tensor, y: Tensor) -> Gradient:
        """Return zeros."""
        return torch.zeros_like(x), torch.zeros_like(x)


@dataclass(frozen=True)
class Function(Coefficient):
    """A function (x, y) -> (N,) of torch operations; its gradient follows by automatic differentiation."""

    function: Callable[[Tensor, Tensor], Any]

    def value(self, x: Tensor, y: Tensor) -> Tensor:
        """Call the function. Raises ProblemError, naming it, for what is not one real, finite number a point."""
        values = self._called(x, y).detach()
        if not torch.isfinite(values).all():
            at = int((~torch.isfinite(values)).nonzero()[0])
            raise ProblemError(f"{name_of(self.function)}(x, y) is not finite at x = {x[at]:g} m, y = {y[at]:g} m")
        return values

    def gradient(self, x: Tensor, y: Tensor) -> Gradient:
        """Differentiate it. Raises ProblemError where finite differences contradict, as after `.detach()` or NumPy."""
        with torch.enable_grad():
            places = x.detach().clone().requires_grad_(), y.detach().clone().requires_grad_()
            total = self._called(*places).sum()
        if not total.requires_grad:  # constant, or not made of torch operations
            by_x, by_y = torch.zeros_like(x), torch.zeros_like(y)
        else:
            by_x, by_y = torch.autograd.grad(total, places, materialize_grads=True, allow_unused=True)
        self._require_true(x, y, (by_x, by_y))
        return by_x, by_y

    def _called(self, x: Tensor, y: Tensor) -> Tensor:
        try:
            given = self.function(x.clone(), y.clone())
            values = torch.as_tensor(given, dtype=x.dtype).expand(len(x))
        except (TypeError, ValueError, RuntimeError) as error:
            if "numpy" in str(error):
                raise ProblemError(self._advice) from None
            raise ProblemError(
                f"{name_of(self.function)}(x, y) gives no value at each of {len(x)} points ({error}); "
                "torch operations that return a tensor of shape (N,) are needed"
            ) from None
        return values

    def _require_true(self, x: Tensor, y: Tensor, found: Gradient) -> None:
        """Raise ProblemError if central differences contradict a gradient at most points."""
        extent = max(float(x.max() - x.min()), float(y.max() - y.min())) or 1.0
        h = STEP * extent
        differences = (
            (self.value(x + h, y) - self.value(x - h, y)) / (2.0 * h),
            (self.value(x, y + h) - self.value(x, y - h)) / (2.0 * h),
        )
        for mine, by_differences in zip(found, differences, strict=True):
            if ((mine - by_differences).abs() > OFF * by_differences.abs().max()).double().mean() > 0.5:
                raise ProblemError(self._advice)

    @property
    def _advice(self) -> str:
        return (
            f"{name_of(self.function)}(x, y): torch cannot find its gradient, for it does not calculate with torch "
            "alone: use torch.sin and the like, or give ep.Grid(x, y, values)"
        )


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

    def __post_init__(self) -> None:
        for name in ("x", "y", "values"):
            try:
                given = getattr(self, name)
                array = np.array(given.tolist() if isinstance(given, Tensor) else given, dtype=np.float64)
            except (TypeError, ValueError):
                raise ProblemError(f"Grid: {name} = {in_one_line(getattr(self, name))}: numbers are needed") from None
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

        return RectBivariateSpline(self.x, self.y, self.values, s=0)

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


@dataclass(frozen=True)
class ByRegion(Coefficient):
    """One coefficient in each of some regions, and another one elsewhere.

    Parameters
    ----------
    regions
        Pairs of a function (x, y) -> (N,) of truth values, as `Disc.contains`, and a coefficient: a number, a function
        (x, y) -> (N,) or a `Grid`, in SI units. Of several regions that contain a point, the first counts.
    elsewhere
        The coefficient outside all regions.
    """

    regions: Sequence[tuple[Callable[[Tensor, Tensor], Tensor], Any]]
    elsewhere: Any

    jumps = True

    def value(self, x: Tensor, y: Tensor) -> Tensor:
        """Evaluate the coefficient of each point's region.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        Tensor
            Values, (N,) in SI units.
        """
        return self._chosen(x, y, [each.value(x, y) for each in self._coefficients])

    def gradient(self, x: Tensor, y: Tensor) -> Gradient:
        """Evaluate the gradient of the coefficient of each point's region.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.

        Returns
        -------
        tuple of Tensor
            By x and by y, each (N,) in SI units; the jumps between regions are no part of it.
        """
        by_x, by_y = zip(*(each.gradient(x, y) for each in self._coefficients), strict=True)
        return self._chosen(x, y, by_x), self._chosen(x, y, by_y)

    @cached_property
    def _coefficients(self) -> list[Coefficient]:
        return [coefficient_of("ByRegion", each) for each in (*(value for _, value in self.regions), self.elsewhere)]

    def _chosen(self, x: Tensor, y: Tensor, values: Sequence[Tensor]) -> Tensor:
        chosen = values[-1]
        for (contains, _), inside in reversed(list(zip(self.regions, values[:-1], strict=True))):
            chosen = torch.where(torch.as_tensor(contains(x, y), dtype=torch.bool), inside, chosen)
        return chosen


def coefficient_of(role: str, given: Any) -> Coefficient:
    """Make a coefficient of a number or a function (x, y) -> (N,). Raises ProblemError, naming `role`, for others."""
    if isinstance(given, Coefficient):
        return given
    if callable(given) and not isinstance(given, type | torch.nn.Module):
        return Function(given)
    try:
        if isinstance(given, str | bytes | bool):
            raise TypeError
        number = float(given)
    except (TypeError, ValueError):
        raise ProblemError(
            f"{role} = {in_one_line(given)}: one number, a function (x, y) -> (N,), or an ep.Grid is needed"
        ) from None
    if not math.isfinite(number):
        raise ProblemError(f"{role} = {number}: it must be finite")
    return Constant(number)
