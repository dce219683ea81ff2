"""Waves around holes and inclusions: solutions of the wave equation with a pole in one of them, as their jets.

    P: u = grad Phi,   S: u = (Phi_y, -Phi_x),   Phi = Re(Y_m(k r) e^i(m theta + b)) cos(omega t + c),   k = omega / c

in polar coordinates about the centre of the hole or inclusion, c being the speed of their kind. With
E_m = Y_m(k r) e^i m theta,

    (d/dx + i d/dy) E_m = -k E_(m + 1),   (d/dx - i d/dy) E_m = k E_(m - 1)

which gives all derivatives without automatic differentiation.

Source: Pao and Mow, Diffraction of Elastic Waves and Dynamic Stress Concentrations, 1973, chapter 3.

Letters: N points, J jet components, C waves.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar

import torch
from torch import Tensor

from elastic_pinn.networks.jets import Components, components
from elastic_pinn.networks.superposition import POINTS_AT_ONCE, Superposition
from elastic_pinn.physics.solutions.cylinder_functions import ladder

Slope = tuple[int, int]
"""How often something is derived by x and by y."""


@dataclass(frozen=True, eq=False)
class CylindricalWaves(Superposition):
    """A sum of waves of one material around holes and inclusions; each has a displacement of order one on the rim.

    They are zero in the inner half of these, where the material is not and the poles are.

    Attributes
    ----------
    amplitudes
        (C,).
    speeds
        Of P and of S waves, (2,).
    is_s
        Whether a wave is one of S, not P, (C,).
    circles
        x, y and radius of the hole or inclusion that each is around, (C, 3).
    counts
        How many waves there are of the orders m = 0, 1, 2, ..., in which they stand.
    frequencies
        omega over the speed of S waves, (C,): the wave numbers of S waves.
    phases
        b and c, (2, C).
    """

    what: ClassVar[str] = "cylindrical waves"

    amplitudes: Tensor
    speeds: Tensor
    is_s: Tensor
    circles: Tensor
    counts: Sequence[int]
    frequencies: Tensor
    phases: Tensor

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The amplitudes and the speeds."""
        return self.amplitudes, self.speeds

    @torch.no_grad()
    def over_time(self, places: Tensor, times: Tensor, names: Components) -> Tensor:
        """By products of what depends on the place with what depends on time: far less work, (J, T, N, 2)."""
        rates = {name.count("t") for name in names}
        in_time = {rate: self._in_time(times.double(), rate).T for rate in rates}  # each (C, T)
        found = []
        for part in places.split(POINTS_AT_ONCE):
            in_space = self._in_space(part.double(), {_slope(name) for name in names})
            jet = [in_space[_slope(name)] * self.amplitudes.double() @ in_time[name.count("t")] for name in names]
            found.append(torch.stack(jet).to(places.dtype))  # (J, n, 2, T)
        return torch.cat(found, dim=1).permute(0, 3, 1, 2)

    def on_grids(self, x: Tensor, y: Tensor, times: Tensor, wanted: Iterable[str]) -> Iterator[dict[str, Tensor]]:
        """As `over_time`."""
        names = components(wanted)
        for jet in self.over_time(torch.cartesian_prod(x, y), times, names).unbind(1):
            yield dict(zip(names, jet.unbind(0), strict=True))

    def fields(self, points: Tensor, names: Components) -> Tensor:
        """The jet of each wave at dimensionless points (N, 3), (J, N, 2, C), calculated in double precision."""
        where = points.double()
        in_space = self._at_places(where[:, :2], {_slope(name) for name in names})
        found = [in_space[_slope(name)] * self._in_time(where[:, 2], name.count("t"))[:, None] for name in names]
        return torch.stack(found).to(points.dtype)

    @property
    def _omega(self) -> Tensor:
        """Angular frequencies, (C,)."""
        return self.speeds.double()[1] * self.frequencies.double()

    def _in_time(self, times: Tensor, rate: int) -> Tensor:
        """So many derivatives by time of each wave's factor that depends on it, (N, C)."""
        phase = self._omega * times[:, None] + self.phases[1].double() + rate * math.pi / 2.0
        return self._omega**rate * torch.cos(phase)

    def _at_places(self, places: Tensor, slopes: Collection[Slope]) -> Mapping[Slope, Tensor]:
        """The same as `_in_space`; where most places are there several times, each is worked out once."""
        once, index = torch.unique(places, dim=0, return_inverse=True)
        if 2 * len(once) > len(places):
            return self._in_space(places, slopes)
        # By index_select, which adds gradients in one order, as the bits of a resumed run need.
        return {slope: waves.index_select(0, index) for slope, waves in self._in_space(once, slopes).items()}

    def _in_space(self, places: Tensor, slopes: Collection[Slope]) -> Mapping[Slope, Tensor]:
        """Derivatives of each wave's displacement in space at places (N, 2), each (N, 2, C)."""
        k = self._omega / self.speeds.double()[self.is_s.long()]  # (C,)
        shifted = self._shifted(places, k, reach=1 + max(map(sum, slopes)))
        return {slope: self._displacement(shifted, k, *slope) for slope in slopes}

    def _shifted(self, where: Tensor, k: Tensor, reach: int) -> Mapping[int, Tensor]:
        """Y_n e^i(n theta + b), each (N, C) complex, of the orders n = m - reach ... m + reach, by n - m; in units in
        which the displacement is of order one on the rim."""
        at_x, at_y, radius = self.circles.double().T  # each (C,)
        x, y = where[:, :1] - at_x, where[:, 1:2] - at_y  # (N, C)
        r = torch.hypot(x, y)
        is_near_pole = r < radius / 2.0  # further from the rim than by rounding
        bessel = second_kind(k * torch.where(is_near_pole, radius, r), self.counts, reach)
        on_rim = second_kind((k * radius)[None], self.counts, 1)[1]  # (1, C)
        theta = torch.atan2(y, x)
        turn, size = torch.polar(torch.ones_like(theta), theta), 1.0 / (k * on_rim.abs())
        orders = torch.arange(len(self.counts)).repeat_interleave(torch.tensor(self.counts)).to(theta)
        along = torch.polar(size.expand_as(theta), (orders - reach) * theta + self.phases[0].double())
        along = torch.where(is_near_pole, 0.0, along)
        found = {}
        for shift, values in bessel.items():
            found[shift] = values * along
            along = along * turn
        return found

    def _displacement(self, shifted: Mapping[int, Tensor], k: Tensor, in_x: int, in_y: int) -> Tensor:
        """So many derivatives by x and y of each wave's displacement in space, (N, 2, C)."""

        def of_potential(in_x: int, in_y: int) -> Tensor:
            terms = [factor * shifted[shift] for shift, factor in ladder(in_x, in_y).items()]
            return (k ** (in_x + in_y) * torch.stack(terms).sum(0)).real  # (N, C)

        by_x, by_y = of_potential(in_x + 1, in_y), of_potential(in_x, in_y + 1)
        return torch.stack([torch.where(self.is_s, by_y, by_x), torch.where(self.is_s, -by_x, by_y)], dim=1)


def _slope(name: str) -> Slope:
    """That of a component of a jet."""
    return name.count("x"), name.count("y")


def second_kind(z: Tensor, counts: Sequence[int], reach: int) -> Mapping[int, Tensor]:
    """Evaluate Bessel functions of the second kind, each (N, C), for columns of different orders m, differentiable.

    z: (N, C). counts: how many columns, from the left, there are of the orders 0, 1, 2, ... Returns those of the orders
    m - reach ... m + reach, by the difference from m. By the upward recurrence, in which errors grow no faster than the
    functions (Abramowitz and Stegun, Handbook of Mathematical Functions, 1964, section 9.12).
    """
    ends = list(accumulate(counts))
    starts = [0, *ends[:-1]]
    firsts = [0, 0]  # the first column for which there is an order: none for those of orders that are far lower
    found = [_SecondKind.apply(z, 0), _SecondKind.apply(z, 1)]  # each (N, columns from there on)
    for order in range(2, len(counts) + reach):
        firsts.append(starts[max(0, order - reach)])
        last, before = (found[i][:, firsts[order] - firsts[i] :] for i in (order - 1, order - 2))
        found.append(2.0 * (order - 1) / z[:, firsts[order] :] * last - before)

    def of(order: int, m: int) -> Tensor:
        """The columns of m; Y_-n is (-1)^n Y_n."""
        columns = slice(starts[m] - firsts[abs(order)], ends[m] - firsts[abs(order)])
        values = found[abs(order)][:, columns]
        return -values if order < 0 and order % 2 else values

    orders = range(len(counts))
    return {shift: torch.cat([of(m + shift, m) for m in orders], dim=1) for shift in range(-reach, reach + 1)}


class _SecondKind(torch.autograd.Function):
    """Y_0 or Y_1 in double precision: torch's own are right to seven digits."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, order: int) -> Tensor:
        from scipy.special import y0, y1  # slow to import, and rarely needed

        ctx.save_for_backward(z)
        ctx.order = order
        return torch.as_tensor((y0, y1)[order](z.detach().cpu().numpy())).to(z)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor, None]:
        (z,) = ctx.saved_tensors
        one = _SecondKind.apply(z, 1)
        return g * (_SecondKind.apply(z, 0) - one / z if ctx.order else -one), None
