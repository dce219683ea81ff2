"""Ways to move points by the present model's residuals, by their names in the config's `resampling`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from elastic_pinn.training.sampling.cloud import Cloud
from elastic_pinn.training.sampling.r3 import r3

Move = Callable[[Cloud], Tensor]
"""Present points to as many others, (n, k)."""

MOVES: Mapping[str, Move] = {"r3": r3}
"""By the names in the config's `resampling`; "fresh" draws all anew, without a look at the model."""
