"""What sources do in an unbounded solid, known beforehand: what a network finds is then without sources.

The displacement is the sum of both. The free field satisfies the equation of motion with the sources' body force, so
that waves that satisfy it without any are all that is left to be found.

Letters: N points, J jet components.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import Components
from elastic_pinn.networks.trial_function import Sums, TrialFunction
from elastic_pinn.physics import Material, Scales
from elastic_pinn.physics.solutions import SourceWave
from elastic_pinn.physics.sources.source_numbers import PointSource


class FreeField:
    """The displacement that sources cause in an unbounded solid, and its derivatives, dimensionless.

    sources: which act from the window's first instant on. material: the solid. scales: the problem's.
    """

    def __init__(self, sources: Sequence[PointSource], material: Material, scales: Scales) -> None:
        middle, half = scales.origin[2], scales.half[2]
        self._window, self._scales = (middle - half, middle + half), scales
        self._waves = [SourceWave(source, material, self._window) for source in sources]

    @torch.no_grad()
    def jet(self, points: Tensor, names: Components) -> Tensor:
        """Evaluate the jet at dimensionless points (N, 3), (J, N, 2), in double precision up to its return."""
        where = points.detach().cpu().double()
        x, y, t = self._scales.in_si(where).unbind(1)
        t = t.clamp(*self._window)  # up to rounding
        found = [wave.derivatives(x, y, t, names) for wave in self._waves]  # each name -> (N, 2), SI
        units = dict(zip("xyt", self._scales.units, strict=True))
        jet = []
        for name in names:
            unit = self._scales.displacement
            for axis in name:
                unit /= units[axis]
            jet.append(torch.stack([each[name] for each in found]).sum(0) / unit)
        return torch.stack(jet).to(points)


class WithFreeField(TrialFunction):
    """The sum of a trial function and a free field, which nothing that is trained changes."""

    def __init__(self, trial: TrialFunction, field: FreeField) -> None:
        self._trial, self._field = trial, field

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Those of the trial function."""
        return self._trial.tensors

    def __call__(self, points: Tensor, names: Components) -> Tensor:
        """The jet of the sum at dimensionless points (N, 3), (J, N, 2)."""
        return self._trial(points, names) + self._field.jet(points, names)

    def without_gradients(self, points: Tensor, names: Components) -> Tensor:
        """The same by the trial function's way without gradients."""
        return self._trial.without_gradients(points, names) + self._field.jet(points, names)

    def sums_of_squares(self, equations: Sequence[Equations], with_gradients: bool, is_compiled: bool) -> Sums:
        """By the trial function's own way, from equations for it alone."""
        return self._trial.sums_of_squares([self._left(each) for each in equations], with_gradients, is_compiled)

    def over_time(self, places: Tensor, times: Tensor, names: Components) -> Tensor:
        """The jet of the sum at places (N, 2) at each of some times (T,), by the trial function's way, (J, T, N, 2)."""
        found = self._trial.over_time(places, times, names)
        for i, t in enumerate(times):
            found[:, i] += self._field.jet(_at(places, t), names)
        return found

    def on_grids(self, x: Tensor, y: Tensor, times: Tensor, wanted: Iterable[str]) -> Iterator[dict[str, Tensor]]:
        """Evaluate the sum on a grid x (G,) by y (H,) at each of some times (T,): name -> (G H, 2), x first."""
        places = torch.cartesian_prod(x, y)
        for t, found in zip(times, self._trial.on_grids(x, y, times, wanted), strict=True):
            jet = self._field.jet(_at(places, t), tuple(found))
            yield {name: values + known for (name, values), known in zip(found.items(), jet, strict=True)}

    def on_grid(self, x: Tensor, y: Tensor, t: float, wanted: Iterable[str]) -> dict[str, Tensor]:
        """The same at one time."""
        return next(self.on_grids(x, y, x.new_tensor([t]), wanted))

    @torch.no_grad()
    def _left(self, equations: Equations) -> Equations:
        """What is left of the right sides for the trial function."""
        return replace(equations, target=-equations.misfit(self._field.jet(equations.points, equations.names)))


def _at(places: Tensor, t: Tensor) -> Tensor:
    """Points (N, 3) at places (N, 2) and one time."""
    return torch.cat([places, t.expand(len(places), 1)], dim=1)
