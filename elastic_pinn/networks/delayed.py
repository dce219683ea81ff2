"""The waves of a sum of delayed pulses, from those of the first: a source's wavelet that was found.

What is at rest until a source acts, and does not change with time itself, moves as late as the source acts.

Letters: N points, J jet components, C outputs, K pulses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from elastic_pinn.networks.jets import Components
from elastic_pinn.networks.trial_function import TrialFunction


class Delayed(TrialFunction):
    """A sum of a trial function at K delays, each times a coefficient, and zero before its first instant.

    delays, coefficients: (K,), dimensionless. first: the window's first instant.
    """

    def __init__(self, trial: TrialFunction, delays: Tensor, coefficients: Tensor, first: float) -> None:
        self._trial, self._pulses, self._first = trial, list(zip(delays, coefficients, strict=True)), first

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Those of the trial function."""
        return self._trial.tensors

    def __call__(self, points: Tensor, names: Components) -> Tensor:
        """The jet of the sum at dimensionless points (N, 3), (J, N, C)."""
        return self._at(self._trial, points, names)

    @torch.no_grad()
    def without_gradients(self, points: Tensor, names: Components) -> Tensor:
        """The same by the trial function's way without gradients."""
        return self._at(self._trial.without_gradients, points, names)

    @torch.no_grad()
    def over_time(self, places: Tensor, times: Tensor, names: Components) -> Tensor:
        """The same at places (N, 2) at each of some times (T,), by the trial function's way, (J, T, N, C)."""
        found = []
        for delay, coefficient in self._pulses:
            since = times - delay
            part = self._trial.over_time(places, since.clamp(min=self._first), names)
            found.append((coefficient * (since >= self._first))[:, None, None] * part)
        return torch.stack(found).sum(0)

    def on_grids(self, x: Tensor, y: Tensor, times: Tensor, wanted: Iterable[str]) -> Iterator[dict[str, Tensor]]:
        """Evaluate the sum on a grid x (G,) by y (H,) at each of some times (T,): name -> (G H, C), x first."""
        wanted = tuple(wanted)
        for t in times:
            since = torch.stack([t - delay for delay, _ in self._pulses])  # (K,)
            parts = self._trial.on_grids(x, y, since.clamp(min=self._first), wanted)
            factors = [
                coefficient * (late >= self._first) for late, (_, coefficient) in zip(since, self._pulses, strict=True)
            ]
            total: dict[str, Tensor] = {}
            for factor, part in zip(factors, parts, strict=True):
                total = {name: factor * values + total.get(name, 0.0) for name, values in part.items()}
            yield total

    def on_grid(self, x: Tensor, y: Tensor, t: float, wanted: Iterable[str]) -> dict[str, Tensor]:
        """The same at one time."""
        return next(self.on_grids(x, y, x.new_tensor([t]), wanted))

    def _at(self, jet: Callable[[Tensor, Components], Tensor], points: Tensor, names: Components) -> Tensor:
        """The sum of a jet at delayed points."""
        found = []
        for delay, coefficient in self._pulses:
            since = points[:, 2] - delay
            late = torch.cat([points[:, :2], since.clamp(min=self._first)[:, None]], dim=1)
            found.append((coefficient * (since >= self._first))[:, None] * jet(late, names))
        return torch.stack(found).sum(0)
