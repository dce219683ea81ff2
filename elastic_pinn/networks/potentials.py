"""Potentials of plane elasticity for plates at rest: the equation of equilibrium holds whatever their amplitudes.

    2 mu (u_x + i u_y) = kappa phi(z) - z conj(phi'(z)) - conj(psi(z)),   z = x + i y

with kappa = (lambda + 3 mu) / (lambda + mu) and the lambda of the plane: 3 - 4 nu in plane strain, and
(3 - nu) / (1 + nu) in plane stress. Every field of a homogeneous solid without body force is of this form, phi and psi
being analytic in the solid but for the logarithm that the force on a hole's rim takes. Here they are sums of
polynomials, orthonormal around the window, and about each hole of negative powers of zeta = (z - centre) / radius:

    u_x + i u_y = c kappa F - conj(c) (zeta conj(F') + conj(G))

for F = zeta^-n and for F = 2 log |zeta|, with a G that makes the second part vanish on the rim, and for G = zeta^-n
alone. The displacements of a rim by all of them are then harmonics of the angle, as they are in a Fourier series.

Sources: Muskhelishvili, Some Basic Problems of the Mathematical Theory of Elasticity, 1953, sections 32 to 36; of the
polynomials Brubeck, Nakatsukasa and Trefethen, Vandermonde with Arnoldi, SIAM Review 63, 2021.

Letters: N points, J jet components, D degree, H holes, K complex and C real amplitudes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import Components
from elastic_pinn.networks.network import CUBE, Network, Window
from elastic_pinn.networks.superposition import Superposition, by_unknowns
from elastic_pinn.networks.trial_function import Sums
from elastic_pinn.physics.media.moduli import Moduli

POINTS_A_DEGREE = 8  # on each side of the window, at which the polynomials are made orthonormal


class Potentials(Network):
    """Polynomials, and around each hole powers and a logarithm with a pole in it, of which the amplitudes are trained.

    The config's `hidden_layers` are the numbers of the amplitudes of the two; those around holes, which are left out
    where there are none, are dealt out to the holes in turn. Nothing is random.

    window: of one region; there is no pair of outputs for others.
    """

    recurrence: Tensor
    holes: Tensor

    def __init__(self, config: NetworkConfig, generator: torch.Generator, window: Window = CUBE) -> None:
        super().__init__(config, generator, window)
        dtype, self._regular, self._around = self.extent.dtype, *_numbers(config)
        half_x, half_y, _ = window.extent
        self.register_buffer("recurrence", orthonormal(half_x, half_y, _degree(self._regular)).to(dtype))  # (D, D + 1)
        self.register_buffer("holes", torch.zeros(0, 3, dtype=dtype), persistent=False)  # the domain's
        self.amplitudes = nn.Parameter(torch.zeros(self._regular + self._around, dtype=dtype))

    @staticmethod
    def shapes(config: NetworkConfig, regions: int = 1) -> Mapping[str, tuple[int, ...]]:
        """Return names and shapes of the tensors in the state_dict."""
        regular, around = _numbers(config)
        degree = _degree(regular)
        return {"recurrence": (degree, degree + 1), "amplitudes": (regular + around,)}

    def surround(self, circles: Tensor, beside: Tensor) -> None:
        """Place poles in holes. Raises ValueError for none to place."""
        if self._around and not len(circles):
            raise ValueError("potentials around holes need a domain with holes")
        self.holes = circles.to(self.extent)

    @property
    def last_layer(self) -> list[nn.Parameter]:
        """The amplitudes."""
        return [self.amplitudes]

    def within(self, moduli: Moduli) -> PotentialSum:
        """Return the sum of all fields in a material of dimensionless lambda and mu."""
        kappa = (moduli.lame_lambda + 3.0 * moduli.lame_mu) / (moduli.lame_lambda + moduli.lame_mu)
        return PotentialSum(self.amplitudes, kappa, self.recurrence, self.holes, (self._regular, self._around))

    def jacobian(self, moduli: Moduli, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
        """By the amplitudes through the fields, by the material through all that depends on it.

        By rows where coefficients need gradients.
        """
        if equations.coefficients.requires_grad:
            return super().jacobian(moduli, equations, parameters)
        own, of_material = self.apart(parameters)
        with torch.enable_grad():  # of kappa
            fields = self.within(moduli)
        columns = [fields.by_amplitudes(equations)] if own else []
        columns += [by_unknowns(fields, equations, of_material)] if of_material else []
        return torch.cat(columns, dim=1) if columns else equations.target.new_zeros(equations.target.numel(), 0)


class Functions(NamedTuple):
    """F and G of K functions at N points, and their derivatives.

    zeta: the coordinate that they are functions of, (N, 1) or (N, K). f: F, F', F'', ..., each (N, K). g: G, G', ...
    is_log: whether F is a logarithm, to which its conjugate is added, (K,). unit: that of zeta, (1,) or (K,).
    """

    zeta: Tensor
    f: list[Tensor]
    g: list[Tensor]
    is_log: Tensor
    unit: Tensor

    def derivative(self, kappa: Tensor, i: int, j: int) -> tuple[Tensor, Tensor]:
        """The factors of c and of conj(c) in the derivatives of u_x + i u_y, i by z and j by conj(z), each (N, K)."""
        zero = torch.zeros_like(self.f[0])
        of_c = (zero if j else self.f[i]) + (zero if i else self.is_log * self.f[j].conj())
        of_conj = [self.zeta * self.f[j + 1].conj() + self.g[j].conj(), self.f[j + 1].conj(), zero][i]
        size = self.unit ** -(i + j)
        return kappa * size * of_c, -size * of_conj


@dataclass(frozen=True, eq=False)
class PotentialSum(Superposition):
    """A sum of fields in equilibrium.

    Attributes
    ----------
    amplitudes
        (C,): real and imaginary part of each c, of the polynomials first.
    kappa
        A number.
    recurrence
        Of the polynomials, as from `orthonormal`.
    holes
        x, y and radius of each, (H, 3).
    numbers
        Of amplitudes of polynomials, and of those around holes.
    """

    what: ClassVar[str] = "potentials"

    amplitudes: Tensor
    kappa: Tensor
    recurrence: Tensor
    holes: Tensor
    numbers: tuple[int, int]

    @property
    def points_at_once(self) -> int:
        """So few that the jets of all potentials at them stay small."""
        return 1024

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The amplitudes and kappa."""
        return self.amplitudes, self.kappa

    def sums_of_squares(self, equations: Sequence[Equations], with_gradients: bool, is_compiled: bool) -> Sums:
        """By automatic differentiation, which torch does not compile for complex numbers."""
        return super().sums_of_squares(equations, with_gradients, is_compiled=False)

    def fields(self, points: Tensor, names: Components) -> Tensor:
        """The jet of each field at dimensionless points (N, 3), (J, N, 2, C), calculated in double precision."""
        z, kappa = torch.complex(*points[:, :2].double().T)[:, None], self.kappa.double()  # (N, 1)
        slopes = [(name.count("x"), name.count("y"), name.count("t")) for name in names]
        reach = max(map(sum, slopes))
        sets = [
            (count, functions(z, count, reach))
            for count, functions in zip(self.numbers, (self._regular, self._around), strict=True)
            if count
        ]
        found = [
            torch.cat([_real(*_slope(functions, kappa, in_x, in_y), count) for count, functions in sets], dim=2)
            * (in_t == 0)
            for in_x, in_y, in_t in slopes
        ]
        return torch.stack(found).to(points.dtype)

    def _regular(self, z: Tensor, count: int, reach: int) -> Functions:
        """F = q_n and G = q_n by turns, q_n being polynomials; of the first, a constant, only F."""
        polynomials = _polynomials(self.recurrence, z[:, 0], reach + 1)  # (reach + 2, N, D + 1)
        number = torch.arange(math.ceil(count / 2), device=z.device)  # (K,)
        values, is_g = polynomials[:, :, (number + 1) // 2], _is_g(number)
        of_f, of_g = (values * here for here in (~is_g, is_g))
        return Functions(z, list(of_f), list(of_g), torch.zeros_like(is_g), torch.ones_like(z.real[0]))

    def _around(self, z: Tensor, count: int, reach: int) -> Functions:
        """F = zeta^-n and G = zeta^-n by turns about each hole, and first a logarithm."""
        number = torch.arange(math.ceil(count / 2), device=z.device)  # (K,)
        at_x, at_y, radius = self.holes.double()[number % len(self.holes)].T  # each (K,)
        number = number // len(self.holes)
        zeta, n, is_g, is_log = (z - torch.complex(at_x, at_y)) / radius, (number + 1) // 2, _is_g(number), number == 0
        inverse = 1.0 / zeta
        power = torch.polar(zeta.abs() ** -n, -n * zeta.angle())  # (N, K)
        f = [torch.where(is_log, zeta.log(), power * ~is_g)]
        f += [torch.where(is_log, inverse, -n * inverse * f[0])]
        g = [torch.where(is_g, power, -f[1] * inverse)]
        order = torch.where(is_g, n, n + 2)
        for m in range(reach):
            f += [-(n + m + 1) * inverse * f[-1]]
            g += [-(order + m) * inverse * g[-1]]
        return Functions(zeta, f, g, is_log, radius)


def orthonormal(half_x: float, half_y: float, degree: int) -> Tensor:
    """Return the recurrence of polynomials up to a degree that are orthonormal around a rectangle, (D, D + 1).

    z q_n = sum_j h[n, j] q_j over j = 0, ..., n + 1, with q_0 = 1. By Arnoldi's iteration at points of all sides, which
    lie closer at the corners. A rectangle about 0 looks the same upside down, so that h is real.
    """
    along = torch.cos(math.pi * (torch.arange(POINTS_A_DEGREE * (degree + 1), dtype=torch.float64) + 0.5)
                      / (POINTS_A_DEGREE * (degree + 1)))  # fmt: skip
    one = torch.ones_like(along)
    sides = [(half_x * along, sign * half_y * one) for sign in (-1.0, 1.0)]
    sides += [(sign * half_x * one, half_y * along) for sign in (-1.0, 1.0)]
    z = torch.cat([torch.complex(*side) for side in sides])  # (M,)
    basis = [torch.ones_like(z)]
    found = torch.zeros(degree, degree + 1, dtype=torch.float64)
    for n in range(degree):
        q, rest = torch.stack(basis), z * basis[-1]  # (n + 1, M), (M,)
        for _ in range(2):  # twice is enough
            part = ((q.conj() @ rest) / len(z)).real
            rest = rest - part.to(q.dtype) @ q
            found[n, : n + 1] += part
        found[n, n + 1] = rest.abs().square().mean().sqrt()
        basis.append(rest / found[n, n + 1])
    return found


def _polynomials(recurrence: Tensor, z: Tensor, highest: int) -> Tensor:
    """Evaluate all polynomials of a recurrence and their derivatives at z (N,), (highest + 1, N, D + 1)."""
    h = recurrence.double().to(z.dtype)
    found = z.new_zeros(highest + 1, len(z), len(h) + 1)
    found[0, :, 0] = 1.0
    for n, row in enumerate(h):
        rest = z * found[:, :, n] - found[:, :, : n + 1] @ row[: n + 1]  # (highest + 1, N)
        for m in range(1, highest + 1):
            rest[m] += m * found[m - 1, :, n]
        found[:, :, n + 1] = rest / row[n + 1]
    return found


def _slope(functions: Functions, kappa: Tensor, in_x: int, in_y: int) -> tuple[Tensor, Tensor]:
    """The factors of c and of conj(c) in so many derivatives of u_x + i u_y by x and y, each (N, K)."""
    of_c, of_conj = zip(
        *([factor * each for each in functions.derivative(kappa, i, j)] for (i, j), factor in _wirtinger(in_x, in_y)),
        strict=True,
    )
    return torch.stack(of_c).sum(0), torch.stack(of_conj).sum(0)


@cache
def _wirtinger(in_x: int, in_y: int) -> tuple[tuple[tuple[int, int], complex], ...]:
    """Derivatives by x and y as those by z and conj(z), (i, j), each with its factor.

    d/dx = d/dz + d/dconj(z), d/dy = i (d/dz - d/dconj(z)).
    """
    factors: dict[tuple[int, int], complex] = {}
    steps = [((1, 0, 1.0 + 0j), (0, 1, 1.0 + 0j))] * in_x + [((1, 0, 1j), (0, 1, -1j))] * in_y
    for way in product(*steps):
        at = sum(i for i, _, _ in way), sum(j for _, j, _ in way)
        factors[at] = factors.get(at, 0.0) + math.prod((factor for _, _, factor in way), start=1.0 + 0j)
    return tuple(factors.items())


def _real(of_c: Tensor, of_conj: Tensor, count: int) -> Tensor:
    """u_x and u_y by the real and imaginary parts of each c, (N, 2, C), of factors of c and conj(c), each (N, K)."""
    by_parts = torch.stack([of_c + of_conj, 1j * (of_c - of_conj)], dim=2).flatten(1)[:, :count]  # (N, C)
    return torch.stack([by_parts.real, by_parts.imag], dim=1)


def _is_g(number: Tensor) -> Tensor:
    """Whether functions are G alone, by their numbers in the order in which they are dealt out: F, F, G, F, G, ..."""
    return (number > 0) & (number % 2 == 0)


def _numbers(config: NetworkConfig) -> tuple[int, int]:
    """How many amplitudes of polynomials there are, and how many around holes."""
    regular, *around = config.hidden_layers
    return regular, sum(around)


def _degree(regular: int) -> int:
    """The highest degree among the polynomials of so many amplitudes."""
    return math.ceil(regular / 2) // 2
