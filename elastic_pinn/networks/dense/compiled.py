"""Layers with a compiled kernel for sums of squares, and values on grids by products of matrices or by the kernel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from elastic_pinn.networks import jets
from elastic_pinn.networks.dense import fused, grid
from elastic_pinn.networks.dense.layers import Layers
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import Components
from elastic_pinn.networks.trial_function import Sums


class CompiledLayers(Layers):
    """Layers that take the fastest way there is for them."""

    def sums_of_squares(self, equations: Sequence[Equations], with_gradients: bool, is_compiled: bool) -> Sums:
        """By the compiled kernel where the numbers are in a CPU's memory and each equation is of one point."""
        if self.extent.device.type == "cpu" and all(each.tied == 1 for each in equations):
            return fused.sums_of_squares(self, equations, with_gradients)
        return super().sums_of_squares(equations, with_gradients, is_compiled)

    @torch.no_grad()
    def without_gradients(self, points: Tensor, names: Components) -> Tensor:
        """By the compiled kernel where the numbers are in a CPU's memory."""
        if self.extent.device.type == "cpu":
            return fused.jets_at(self, points, names)
        return super().without_gradients(points, names)

    def on_grid(self, x: Tensor, y: Tensor, t: float, wanted: Iterable[str]) -> dict[str, Tensor]:
        """By products of matrices where the layers are one of sines, else by the compiled kernel, which needs a CPU."""
        if grid.is_separable(self):
            names = tuple(dict.fromkeys(("", *wanted)))  # no others are worked out on the way
            jet = grid.on_grid(self, x, y, t, names).flatten(1, 2)  # (J, G H, C)
        else:
            names = jets.components(wanted)
            points = torch.cartesian_prod(x, y, x.new_tensor([t]))  # (G H, 3)
            jet = fused.jets_at(self, points, names)  # (J, G H, C)
        return dict(zip(names, jet.unbind(0), strict=True))


def prepare() -> None:
    """Have the kernel compiled, for both precisions, unless it lies there already: about 15 s, once a machine."""
    for dtype in (torch.float32, torch.float64):
        one = torch.ones(1, 3, dtype=dtype)
        layers = Layers((one, one[:, :1].expand(2, 1)), (one[0, :1], one[0, :2]), "tanh", one[0])
        equations = Equations(one, ("",), one.new_ones(1, 1, 2, 2), one[:, :1], one[:, :2])
        fused.sums_of_squares(layers, [equations], with_gradients=True)
        fused.jets_at(layers, one, ("",))
