"""Random features local to patches of space and time, blended into one field by a smooth partition of unity.

    u(p) = sum_q w_q(p) sum_f a_qf sin(k_qf . z_q + b_qf)

z_q are the coordinates of patch q, from -1 to 1 over its support, so that wave vectors of a few radians will do in each
however many wavelengths all are, and a point depends on the amplitudes of at most eight patches. Sources: Babuska and
Melenk, Int. J. Numer. Meth. Eng. 40, 1997 (partition of unity); Chen, Chi, E and Yang, J. Mach. Learn. 1, 2022 (random
features blended by it).

Letters: N points, J jet components, Q patches, F features a patch, C outputs, E equations a point, U unknowns.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from elastic_pinn.networks import jets
from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import AXES, Components
from elastic_pinn.networks.network import CUBE, Network, Window
from elastic_pinn.networks.progress import work
from elastic_pinn.networks.superposition import POINTS_AT_ONCE, LinearTrial, by_amplitudes_and_unknowns
from elastic_pinn.networks.trial_function import Sums
from elastic_pinn.physics.media.moduli import Moduli

OVERLAP = 0.5  # of half a cell: how far a patch reaches into the cells beside its own; at most 1


class Patches(Network):
    """Sines in the local coordinates of each patch, drawn once from `generator`; their amplitudes are trained.

    The window is divided into `patches` equal cells along x, y and t. Components of wave vectors are spread evenly up
    to `input_frequency` radians per half a patch's support, along t up to `time_frequency`, if this is given.
    """

    wave_vectors: Tensor
    phases: Tensor

    def __init__(self, config: NetworkConfig, generator: torch.Generator, window: Window = CUBE) -> None:
        super().__init__(config, generator, window)
        dtype, sizes = self.extent.dtype, self.shapes(config, len(window.speeds))
        self._cells = tuple(config.patches)
        vectors = torch.empty(sizes["wave_vectors"], dtype=dtype).uniform_(-1.0, 1.0, generator=generator)  # (Q, F, 3)
        in_space, in_time = config.input_frequency, config.time_frequency or config.input_frequency
        self.register_buffer("wave_vectors", vectors * vectors.new_tensor([in_space, in_space, in_time]))
        phases = torch.empty(sizes["phases"], dtype=dtype).uniform_(-math.pi, math.pi, generator=generator)
        self.register_buffer("phases", phases)  # (Q, F)
        self.amplitudes = nn.Parameter(torch.zeros(sizes["amplitudes"], dtype=dtype))  # (Q, C, F)

    @staticmethod
    def shapes(config: NetworkConfig, regions: int = 1) -> Mapping[str, tuple[int, ...]]:
        """Return names and shapes of the tensors in the state_dict."""
        count, features = math.prod(config.patches), config.hidden_layers[0]
        return {
            "wave_vectors": (count, features, 3),
            "phases": (count, features),
            "amplitudes": (count, 2 * regions, features),
        }

    @property
    def last_layer(self) -> list[nn.Parameter]:
        """The amplitudes."""
        return [self.amplitudes]

    @property
    def cuts(self) -> Tensor:
        """The middles of the cells along t: between two of them, points are in patches of these two instants alone."""
        count = self._cells[2]
        middles = (2.0 * torch.arange(count, dtype=self.extent.dtype, device=self.extent.device) + 1.0) / count - 1.0
        return self.extent[2] * middles

    def within(self, moduli: Moduli) -> Blend:
        """Return the blended features, which do not depend on the material."""
        return Blend(self._cells, self.wave_vectors, self.phases, self.amplitudes, self.extent)

    def jacobian(self, moduli: Moduli, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
        """By the amplitudes patch by patch, by the material through the operators and coefficients."""
        own, unknowns = self.apart(parameters)
        return by_amplitudes_and_unknowns(self.within(moduli), equations, bool(own), unknowns)


@dataclass(frozen=True, eq=False)
class Blend(LinearTrial):
    """The sum of all patches' features, each times its patch's weight.

    Attributes
    ----------
    cells
        The numbers of patches along x, y and t; patches are in the order of their cells, one instant after another, so
        that a point depends on amplitudes that are near to each other.
    vectors, phases
        (Q, F, 3) and (Q, F), in the patches' local coordinates.
    amplitudes
        (Q, C, F).
    extent
        (3,), half the window's extents, dimensionless.
    """

    cells: tuple[int, ...]
    vectors: Tensor
    phases: Tensor
    amplitudes: Tensor
    extent: Tensor

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The amplitudes."""
        return (self.amplitudes,)

    def __call__(self, points: Tensor, names: Components) -> Tensor:
        """The jet of the outputs at dimensionless points (N, 3), (J, N, C)."""
        parts = [self._sum(part, names) for part in points.split(POINTS_AT_ONCE)]
        return torch.cat(parts, dim=1)

    def sums_of_squares(self, equations: Sequence[Equations], with_gradients: bool, is_compiled: bool) -> Sums:
        """As of any trial function, but not compiled: the number of points in each patch varies."""
        return super().sums_of_squares(equations, with_gradients, is_compiled=False)

    def weights(self, points: Tensor, names: Components) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Yield each patch that has any of the points (N, 3), which ones, (n,), and the jet of its weight, (J, n)."""
        along = [self._along(axis, points[:, axis]) for axis in range(3)]  # each (M, 3, N)
        nx, ny, nt = self.cells
        for q, (k, i, j) in enumerate(itertools.product(range(nt), range(nx), range(ny))):
            own = [along[0][i], along[1][j], along[2][k]]  # each (3, N), by derivative
            # A weight just within its support may round to 0 where its slopes do not.
            inside = torch.stack([each.any(0) for each in own]).all(0).nonzero()[:, 0]  # (n,)
            if len(inside):
                factors = [each[:, inside] for each in own]
                yield q, inside, torch.stack([_product(factors, name) for name in names])

    def features(self, patch: int, points: Tensor, names: Components) -> Tensor:
        """The jet of a patch's features at points (N, 3), (J, N, F)."""
        count = points.new_tensor(self.cells)
        nx, ny, _ = self.cells
        cell = points.new_tensor([patch // ny % nx, patch % ny, patch // (nx * ny)])
        reach = self._reach(count)
        center = (2.0 * cell + 1.0) / count - 1.0  # in the window's coordinates, from -1 to 1
        jet = jets.seed(points, names, self.extent * reach)  # (J, N, 3)
        jet[0] -= center / reach
        return jets.elementwise(jets.linear(jet, self.vectors[patch], self.phases[patch]), names, jets.sin_derivatives)

    @torch.no_grad()
    def by_amplitudes(self, equations: Equations) -> Tensor:
        """Compute the derivatives of all misfits by the amplitudes, (N E, Q C F)."""
        count, rows = self.amplitudes.shape[0], equations.target.numel()
        found = equations.target.new_zeros(rows, self.amplitudes.numel())
        low = 0
        with work(f"working out {rows:,} x {found.shape[1]:,} features") as at:
            for part in equations.split(POINTS_AT_ONCE):
                at(low / max(1, rows))
                n, e = part.target.shape
                here = found[low : low + n * e].view(n, e, count, -1)
                operator = torch.einsum("nk,kjec->njec", part.coefficients, part.operator)  # (M n, J, E, C)
                for q, inside, weight in self.weights(part.points, part.names):
                    local = _weighted(weight, self.features(q, part.points[inside], part.names), part.names)
                    columns = torch.einsum("njec,jnf->necf", operator[inside], local).flatten(2)  # (m, E, C F)
                    here[:, :, q].index_add_(0, inside % n, columns)  # a tied equation has several points
                low += n * e
        return found

    def _sum(self, points: Tensor, names: Components) -> Tensor:
        """The jet of the outputs, (J, N, C)."""
        total = points.new_zeros(len(names), len(points), self.amplitudes.shape[1])
        for q, inside, weight in self.weights(points, names):
            local = self.features(q, points[inside], names) @ self.amplitudes[q].T  # (J, n, C)
            total = total.index_add(1, inside, _weighted(weight, local, names))
        return total

    def _reach(self, count: Tensor) -> Tensor:
        """Half of what a patch extends along each axis, in the window's coordinates; one alone is the window."""
        return torch.where(count > 1, (1.0 + OVERLAP) / count, 1.0)

    def _along(self, axis: int, x: Tensor) -> Tensor:
        """The weight of each of an axis's M patches at coordinates (N,), and its two derivatives, (M, 3, N)."""
        count, scale = self.cells[axis], self.extent[axis]
        edges = 2.0 * torch.arange(1, count, dtype=x.dtype, device=x.device) / count - 1.0  # (M - 1,)
        slope = count / OVERLAP
        steps = _step((x / scale - edges[:, None]) * slope)  # (M - 1, 3, N), from 0 to 1 at each edge
        one = torch.zeros(1, 3, len(x), dtype=x.dtype, device=x.device)
        one[:, 0] = 1.0
        # The steps do not overlap: their differences are not negative, and their sum is 1 whatever the steps are.
        found = torch.cat([one, steps]) - torch.cat([steps, torch.zeros_like(one)])  # (M, 3, N)
        return found * torch.stack([torch.ones_like(scale), slope / scale, (slope / scale) ** 2])[:, None]


def _step(z: Tensor) -> Tensor:
    """A step from 0 at z = -1 to 1 at z = 1, three times continuously differentiable, and two derivatives: (M, N) ->
    (M, 3, N)."""
    s = ((z + 1.0) / 2.0).clamp(0.0, 1.0)
    value = s**4 * (35.0 - 84.0 * s + 70.0 * s**2 - 20.0 * s**3)
    return torch.stack([value, 70.0 * (s * (1.0 - s)) ** 3, 105.0 * (s * (1.0 - s)) ** 2 * (1.0 - 2.0 * s)], dim=1)


def _product(factors: Sequence[Tensor], name: str) -> Tensor:
    """A derivative of a product of functions of x, y and t alone, each (3, n) by order: (n,)."""
    x, y, t = (factor[name.count(axis)] for factor, axis in zip(factors, AXES, strict=True))
    return x * y * t


def _weighted(weight: Tensor, jet: Tensor, names: Components) -> Tensor:
    """The product of a scalar's jet (J, N) and one of C channels, (J, N, C)."""
    return jets.product(weight[..., None].expand_as(jet), jet, names)
