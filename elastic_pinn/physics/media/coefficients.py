"""A constant of a solid as a function of the place: a number, a function, or these by region. Letters: N points."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.fields import fault_of, name_of

Gradient = tuple[Tensor, Tensor]
STEP = 1e-4  # of the extent, for finite differences
OFF = 1e-2  # of the largest slope: an automatic derivative that is so far from finite differences is wrong
JUMP = 1e-3  # of the largest value: what is left of a difference after BISECTIONS of its interval is no slope
BISECTIONS = 30


class Coefficient(ABC):
    """A scalar function of the place, in SI units."""

    jumps = False

    def require_sound(self, x: Tensor, y: Tensor, extent: float, by_gradient: bool) -> None:  # noqa: B027
        """Raise ProblemError where the coefficient cannot be trained with; by default there is no such place.

        Parameters
        ----------
        x, y
            Positions well inside, (N,) in m.
        extent
            Of the domain, m.
        by_gradient
            Whether the gradient is needed, too.

        Raises
        ------
        ProblemError
            Naming the coefficient and the place.
        """

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
            raise ProblemError(f"{self.name}(x, y) is not finite at x = {x[at]:g} m, y = {y[at]:g} m")
        return values

    def gradient(self, x: Tensor, y: Tensor) -> Gradient:
        """Differentiate it; zeros where it is constant."""
        with torch.enable_grad():
            places = x.detach().clone().requires_grad_(), y.detach().clone().requires_grad_()
            total = self._called(*places).sum()
        if not total.requires_grad:  # constant, or not made of torch operations: see `require_sound`
            return torch.zeros_like(x), torch.zeros_like(y)
        by_x, by_y = torch.autograd.grad(total, places, materialize_grads=True, allow_unused=True)
        return by_x, by_y

    def require_sound(self, x: Tensor, y: Tensor, extent: float, by_gradient: bool) -> None:
        """Raise ProblemError where values depend on the points beside, and where the gradient is none or is wrong."""
        values = self.value(x, y)
        few, small = slice(None, None, 1 + len(x) // 32), 1e-6 * float(values.abs().max())
        if (self.value(x[few], y[few]) - values[few]).abs().max() > small:
            raise ProblemError(
                f"{self.name}(x, y) gives other values at the same points when the points beside them are others: each "
                "value must follow from its own x and y alone"
            )
        if not by_gradient:
            return
        if _has_wrong_gradient(self, x, y, extent):
            raise ProblemError(self._advice)
        if (place := _jump(self, x, y)) is not None:
            raise ProblemError(
                f"{self.name}(x, y) jumps at about x = {place[0]:g} m, y = {place[1]:g} m, where one smooth wavefield "
                "cannot keep the traction continuous: lambda and mu must be continuous"
            )

    @property
    def name(self) -> str:
        """What messages call it."""
        return name_of(self.function)

    def _called(self, x: Tensor, y: Tensor) -> Tensor:
        try:
            given = self.function(x.clone(), y.clone())
            fault, values = fault_of(given), torch.as_tensor(given)
            spread = values.to(x.dtype).expand(len(x)) if not values.is_complex() else x
        except (TypeError, ValueError, RuntimeError) as error:
            if "numpy" in str(error):
                raise ProblemError(self._advice) from None
            raise ProblemError(
                f"{self.name}(x, y) gives no value at each of {len(x)} points ({error}); torch operations that return "
                "a tensor of shape (N,) are needed"
            ) from None
        if fault or values.is_complex():
            raise ProblemError(f"{self.name}(x, y) returned {fault or 'complex values, where real ones are needed'}")
        return spread

    @property
    def _advice(self) -> str:
        return (
            f"{self.name}(x, y): torch cannot find its gradient, for it does not calculate with torch alone: use "
            "torch.sin and the like, or give ep.Grid(x, y, values)"
        )


@dataclass(frozen=True)
class ByRegion(Coefficient):
    """One coefficient in each of some regions, and another one elsewhere.

    Parameters
    ----------
    regions
        Pairs of a function (x, y) -> (N,) of truth values, as `Disc.contains`, and a coefficient in SI units, which has
        to be defined in its region only; of several regions that contain a point, the first counts.
    elsewhere
        The coefficient outside all regions.

    Raises
    ------
    ProblemError
        For what is no such pair, and on evaluation for a region that gives no truth value a point.
    """

    regions: Sequence[tuple[Callable[[Tensor, Tensor], Tensor], Any]]
    elsewhere: Any

    jumps = True

    def __post_init__(self) -> None:
        try:
            pairs = [(contains, coefficient_of("ByRegion", given)) for contains, given in self.regions]
        except TypeError:
            raise ProblemError("ByRegion: a list of pairs is needed, of a region and a coefficient each") from None
        if not all(callable(contains) for contains, _ in pairs):
            raise ProblemError(
                "ByRegion: a region is a function (x, y) -> (N,) of truth values, as ep.Disc(...).contains"
            )
        object.__setattr__(self, "regions", tuple(pairs))
        object.__setattr__(self, "elsewhere", coefficient_of("ByRegion", self.elsewhere))

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
        found = torch.empty_like(x)
        for coefficient, here in self._places(x, y):
            found[here] = coefficient.value(x[here], y[here])
        return found

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
        by_x, by_y = torch.empty_like(x), torch.empty_like(y)
        for coefficient, here in self._places(x, y):
            by_x[here], by_y[here] = coefficient.gradient(x[here], y[here])
        return by_x, by_y

    def require_sound(self, x: Tensor, y: Tensor, extent: float, by_gradient: bool) -> None:
        """Raise ProblemError where one of the coefficients is unsound in its region.

        Parameters
        ----------
        x, y
            Positions, (N,) in m.
        extent
            Of the domain, m.
        by_gradient
            Whether the gradient is needed, too.

        Raises
        ------
        ProblemError
            Naming the coefficient and the place.
        """
        for coefficient, here in self._places(x, y):
            coefficient.require_sound(x[here], y[here], extent, by_gradient)

    def _places(self, x: Tensor, y: Tensor) -> Iterator[tuple[Coefficient, Tensor]]:
        """Each coefficient with the points where it counts, (N,), if there are any."""
        left = torch.ones_like(x, dtype=torch.bool)
        for contains, coefficient in self.regions:
            inside = torch.as_tensor(contains(x.clone(), y.clone()))
            if inside.shape != x.shape:
                raise ProblemError(
                    f"ByRegion: {name_of(contains)}(x, y) returned shape {tuple(inside.shape)}, where a truth value is "
                    f"needed at each of {len(x)} points"
                )
            here = left & inside.bool()
            left = left & ~here
            if here.any():
                yield coefficient, here
        if left.any():
            yield self.elsewhere, left


def _has_wrong_gradient(of: Coefficient, x: Tensor, y: Tensor, extent: float) -> bool:
    """Whether central differences contradict a coefficient's gradient at most points."""
    h, found = STEP * extent, of.gradient(x, y)
    differences = (
        (of.value(x + h, y) - of.value(x - h, y)) / (2.0 * h),
        (of.value(x, y + h) - of.value(x, y - h)) / (2.0 * h),
    )
    rounding = 100.0 * torch.finfo(x.dtype).eps * float(of.value(x, y).abs().max()) / h
    return any(
        ((mine - other).abs() > OFF * other.abs().max() + rounding).double().mean() > 0.5
        for mine, other in zip(found, differences, strict=True)
    )


def _jump(of: Coefficient, x: Tensor, y: Tensor) -> tuple[float, float] | None:
    """Where a coefficient jumps between neighbours among given points, by bisection; None where it is continuous."""
    first = torch.stack([x, y], dim=1)  # (N, 2)
    pairs = [(first[:-1], first[1:])]
    by_y = torch.argsort(y, stable=True)
    pairs += [(first[by_y][:-1], first[by_y][1:])]
    low, high = (torch.cat(ends) for ends in zip(*pairs, strict=True))
    at_low, at_high = of.value(*low.unbind(1)), of.value(*high.unbind(1))
    size = float(torch.cat([at_low, at_high]).abs().max())
    for _ in range(BISECTIONS):
        far = (at_high - at_low).abs() > JUMP * size
        if not far.any():
            return None
        low, high, at_low, at_high = low[far], high[far], at_low[far], at_high[far]
        middle = (low + high) / 2.0
        here = of.value(*middle.unbind(1))
        upper = (at_high - here).abs() > (here - at_low).abs()
        low, high = torch.where(upper[:, None], middle, low), torch.where(upper[:, None], high, middle)
        at_low, at_high = torch.where(upper, here, at_low), torch.where(upper, at_high, here)
    x_0, y_0 = low[0].tolist()
    return x_0, y_0


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
