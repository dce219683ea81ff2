"""Networks of one layer of sines on a tensor grid, where the sine of a sum separates into products.

    sin(a x + b y + c) = Im e^{i a x} e^{i b y} e^{i c}:  G G nodes of F sines cost G F exponentials, and a product
    of matrices. Derivatives only add factors and shift phases by quarters.

Letters: F sines, G and H nodes along x and y, J jet components.
"""

from __future__ import annotations

import torch
from torch import Tensor

from elastic_pinn.networks.dense.layers import Layers
from elastic_pinn.networks.jets import AXES, Components


def is_separable(layers: Layers) -> bool:
    """Return whether `on_grid` can evaluate these layers."""
    return layers.activation == "sin" and len(layers.weights) == 2 and layers.embedding is None


def on_grid(layers: Layers, x: Tensor, y: Tensor, t: float, names: Components) -> Tensor:
    """Compute the jet of the outputs at dimensionless x (G,), y (H,) and one time, (J, G, H, C)."""
    (first, last), (phases, shift) = layers.weights, layers.biases
    by_axis = first / layers.extent  # (F, 3), wave numbers and frequencies
    along_x = torch.exp(1j * torch.outer(x, by_axis[:, 0]))  # (G, F)
    along_y = torch.exp(1j * torch.outer(y, by_axis[:, 1]))  # (H, F)
    turned = last * torch.exp(1j * (t * by_axis[:, 2] + phases))  # (C, F)
    # Im(a b) = Re a Im b + Im a Re b: one real product, of half the work of a complex one.
    right = torch.stack([along_y.imag, along_y.real], dim=-1).flatten(1).T  # (2 F, H)
    found = []
    for name in names:
        factor = 1j ** len(name) * by_axis[:, [AXES.index(axis) for axis in name]].prod(dim=1)  # (F,)
        lefts = (torch.view_as_real(along_x * (factor * part)).flatten(1) for part in turned)  # each (G, 2 F)
        found.append(torch.stack([left @ right for left in lefts], dim=-1))
    found[0] = found[0] + shift  # of the value, which comes first
    return torch.stack(found)
