"""Sums of products of functions of one coordinate each, by a small network along each axis.

    u_c(x, y, t) = sum_r X_cr(x) Y_cr(y) T_cr(t)

A network is evaluated once for each value of its coordinate, and derivatives are products of those along the axes.
Where many points share coordinates, as on a grid, little but matrix products is left. Source: Cho and others, Separable
physics-informed neural networks, Advances in Neural Information Processing Systems 36, 2023.

Letters: N points, J jet components, C outputs, R products, D channels, P places, T instants, E equations a point.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from elastic_pinn.networks import jets
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.dense import Layers
from elastic_pinn.networks.embedding import Embedding
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import AXES, Components
from elastic_pinn.networks.network import CUBE, Window
from elastic_pinn.networks.progress import work
from elastic_pinn.networks.superposition import POINTS_AT_ONCE, LinearTrial
from elastic_pinn.networks.trained import Map, Trained
from elastic_pinn.networks.trial_function import Sums
from elastic_pinn.physics.media.moduli import Moduli

SPARE = 2  # times as many products of a place and an instant may be worked out as there are points


class Separable(Trained):
    """Three perceptrons, of x, of y and of t, with `rank` products of their outputs for each output of the network.

    Its maps are those of x, of y and of t, the last of which the outputs are linear in.
    """

    def __init__(self, config: NetworkConfig, generator: torch.Generator, window: Window = CUBE) -> None:
        super().__init__(config, generator, window)
        self._rank = config.rank
        embeddings = [Embedding(config, axis) for axis in AXES]
        self.embeddings: Iterable[Embedding] = cast(Iterable[Embedding], nn.ModuleList(embeddings))

    @staticmethod
    def embedding_of(config: NetworkConfig) -> Embedding | None:
        """Return None: each axis has an embedding of its own."""
        return None

    @staticmethod
    def maps(config: NetworkConfig, regions: int = 1) -> Sequence[Map]:
        """Return the layers along each axis, one axis after another."""
        found, last = [], len(config.hidden_layers)
        for axis in AXES:
            widths = [Embedding.channels(config, axis), *config.hidden_layers, 2 * regions * config.rank]
            found += [Map(n, m, is_first=i == 0, is_nonlinear=i < last) for i, (n, m) in enumerate(pairwise(widths))]
        return found

    def within(self, moduli: Moduli) -> Products:
        """Return the sum of products, which does not depend on the material."""
        weights, biases = self.folded()
        size = len(weights) // len(AXES)
        own = (slice(i * size, (i + 1) * size) for i in range(len(AXES)))
        return Products(
            tuple(
                Layers(weights[part], biases[part], self.activation, self.extent, embedding)
                for part, embedding in zip(own, self.embeddings, strict=True)
            ),
            self._rank,
        )


@dataclass(frozen=True, eq=False)
class Lattice:
    """Points as pairs of a place and an instant.

    Attributes
    ----------
    along
        The values of x, of y and of t that there are, each (n,).
    x_of, y_of
        Which of them a place has, each (P,).
    place_of, instant_of
        Which of them a point has, each (N,).
    """

    along: tuple[Tensor, Tensor, Tensor]
    x_of: Tensor
    y_of: Tensor
    place_of: Tensor
    instant_of: Tensor

    @classmethod
    def of(cls, points: Tensor) -> Lattice:
        """Find the values that points (N, 3) share."""
        (x, x_of), (y, y_of), (t, t_of) = (torch.unique(each, return_inverse=True) for each in points.unbind(1))
        places, place_of = torch.unique(x_of * len(y) + y_of, return_inverse=True)
        return cls((x, y, t), places // max(1, len(y)), places % max(1, len(y)), place_of, t_of)


@dataclass(frozen=True, eq=False)
class Products(LinearTrial):
    """The sum of products of the outputs of layers along x, y and t.

    Attributes
    ----------
    along
        The layers of each axis, with C R outputs.
    rank
        R.
    """

    along: tuple[Layers, ...]
    rank: int

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All weights, then all biases, of x, of y, of t."""
        weights = (each for layers in self.along for each in layers.weights)
        return (*weights, *(each for layers in self.along for each in layers.biases))

    def __call__(self, points: Tensor, names: Components) -> Tensor:
        """The jet of the outputs at dimensionless points (N, 3), (J, N, C)."""
        return self._at(Lattice.of(points), names)

    def sums_of_squares(self, equations: Sequence[Equations], with_gradients: bool, is_compiled: bool) -> Sums:
        """As of any trial function, but not compiled: how many coordinates are shared varies."""
        return super().sums_of_squares(equations, with_gradients, is_compiled=False)

    @torch.no_grad()
    def on_grid(self, x: Tensor, y: Tensor, t: float, wanted: Iterable[str]) -> dict[str, Tensor]:
        """Evaluate the outputs on a grid x (G,) by y (H,) at one time, each name -> (G H, C), x first."""
        found, names = {}, jets.components(wanted)
        of_x, of_y, of_t = (self._factors(each, names, i) for i, each in enumerate((x, y, x.new_tensor([t]))))
        for name in names:
            i, j, k = _orders(name)
            found[name] = ((of_x[i] * of_t[k]) @ of_y[j].transpose(1, 2)).flatten(1).T  # (G H, C)
        return found

    @torch.no_grad()
    def by_amplitudes(self, equations: Equations) -> Tensor:
        """Compute the derivatives of all misfits by the last weights and biases along t, (N E, C R D + C R)."""
        found: list[Tensor] = []
        last = self.along[2].weights[-1].numel() + self.along[2].biases[-1].numel()
        with work(f"working out {equations.target.numel():,} x {last:,} derivatives") as at:
            for i, part in enumerate(equations.split(POINTS_AT_ONCE)):
                at(i * POINTS_AT_ONCE / max(1, len(equations.points)))
                found.append(part.over_ties(self._by_amplitudes(part)))
        return torch.cat(found)

    def _by_amplitudes(self, part: Equations) -> Tensor:
        """The same of few equations, with a row for each of the tied points, (M N E, C R D + C R)."""
        lattice, names = Lattice.of(part.points), part.names
        of_places = self._of_places(lattice, names)
        in_time = self.along[2].features(_line(lattice.along[2], 2), _own(names, "t"))  # (O, T, D)
        operator = torch.einsum("nk,kjec->jnec", part.coefficients, part.operator)
        by_weights: Tensor | float = 0.0
        by_biases: Tensor | float = 0.0
        for j, name in enumerate(names):
            place = of_places[_orders(name)[:2]][:, lattice.place_of]  # (C, N, R)
            of_products = torch.einsum("nec,cnr->necr", operator[j], place).flatten(0, 1)  # (N E, C, R)
            features = in_time[name.count("t"), lattice.instant_of].repeat_interleave(operator.shape[2], dim=0)
            by_weights = by_weights + of_products[..., None] * features[:, None, None]  # (N E, C, R, D)
            by_biases = by_biases + (of_products if "t" not in name else 0.0)
        assert isinstance(by_weights, Tensor) and isinstance(by_biases, Tensor), "a jet has a value"
        return torch.cat([by_weights.flatten(1), by_biases.flatten(1)], dim=1)

    def _at(self, lattice: Lattice, names: Components) -> Tensor:
        """The jet of the outputs at the points of a lattice, (J, N, C)."""
        of_places, of_instants = self._of_places(lattice, names), self._factors(lattice.along[2], names, 2)
        places, instants, points = len(lattice.x_of), len(lattice.along[2]), len(lattice.place_of)
        is_dense = places * instants <= SPARE * points
        pair = lattice.place_of * instants + lattice.instant_of  # (N,)
        is_whole = is_dense and torch.equal(pair, torch.arange(places * instants, device=pair.device))
        found = []
        for name in names:
            place, instant = of_places[_orders(name)[:2]], of_instants[name.count("t")]
            if is_dense:
                every = (place @ instant.transpose(1, 2)).flatten(1)  # (C, P T)
                found.append(every if is_whole else every[:, pair])
            else:
                found.append((place[:, lattice.place_of] * instant[:, lattice.instant_of]).sum(2))  # (C, N)
        return torch.stack(found).transpose(1, 2)

    def _of_places(self, lattice: Lattice, names: Components) -> dict[tuple[int, ...], Tensor]:
        """The products of the functions of x and y at all places, by how often each is differentiated, (C, P, R)."""
        x, y = (self._factors(lattice.along[axis], names, axis) for axis in range(2))
        wanted = dict.fromkeys(_orders(name)[:2] for name in names)
        return {(i, j): x[i][:, lattice.x_of] * y[j][:, lattice.y_of] for i, j in wanted}

    def _factors(self, values: Tensor, names: Components, axis: int) -> Tensor:
        """The functions of a coordinate at values of it, and as many derivatives as names need, (O, C, n, R)."""
        found = self.along[axis](_line(values, axis), _own(names, AXES[axis]))  # (O, n, C R)
        return found.unflatten(2, (-1, self.rank)).transpose(1, 2)


def _line(values: Tensor, axis: int) -> Tensor:
    """Points on an axis, (n, 3), by their coordinate there."""
    return torch.nn.functional.pad(values[:, None], (axis, 2 - axis))


def _own(names: Components, axis: str) -> Components:
    """The value and the derivatives by one coordinate that are factors of those wanted."""
    return ("", axis, 2 * axis)[: 1 + max(name.count(axis) for name in names)]


def _orders(name: str) -> tuple[int, ...]:
    """How often a derivative is by x, y and t."""
    return tuple(name.count(axis) for axis in AXES)
