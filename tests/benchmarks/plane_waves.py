"""How well receivers can tell a material when nothing is known of what comes in through the window's edge.

Every wavefield of a homogeneous solid is a sum of plane waves, which satisfy the equation whatever their amplitudes.
With very many of them, their amplitudes to be found beside the material, the bound is that of the problem as posed: it
counts the part of the material's effect on what is recorded that no change of the amplitudes undoes (the Schur
complement), while the start is known. Nothing here is shared with what it judges.

Letters: N samples in all, S points of the start, F plane waves of a kind. Lengths in half windows, times in what P
waves need for one, displacements in the largest recorded.
"""

import math
from typing import Any

import numpy as np
import torch
from scipy.stats import qmc
from torch import Tensor

from elastic_pinn.physics.cramer_rao_bound import standard_errors
from elastic_pinn.physics.data import Receivers
from elastic_pinn.physics.media.material import Material

WAVES = (2600, 1400)  # P and S, what can reach the window within its time; a third more moves the bound by 3 %
LARGEST = 24.0  # wave number, radians per half window: the pulses' spectrum there is 0.3 % of its peak
START_POINTS = 700
START_NOISE = 1e-3  # of velocity and displacement at the start; a tenth of it moves the bound by 4 %
RIDGE = 1e-8

Array = np.ndarray[Any, np.dtype[np.float64]]


class PlaneWaves:
    """F plane waves of random direction, wave number and phase; their displacement has one direction d each."""

    def __init__(self, count: int, speed: float, is_p: bool, rng: np.random.Generator, largest: float) -> None:
        angle, size = 2.0 * math.pi * rng.random(count), largest * np.sqrt(rng.random(count))
        along = torch.from_numpy(np.stack([np.cos(angle), np.sin(angle)]))  # (2, F)
        self.k, self.phase = along * torch.from_numpy(size), torch.from_numpy(2.0 * math.pi * rng.random(count))
        self.frequency = speed * torch.from_numpy(size)  # (F,)
        self.d = along if is_p else torch.stack([-along[1], along[0]])  # (2, F)

    def displacement(self, xy: Tensor, t: Tensor) -> Tensor:
        """Of each wave at points (N, 2) and times (N,): (N, 2, F)."""
        return torch.sin(self._argument(xy, t))[:, None] * self.d

    def velocity(self, xy: Tensor, t: Tensor) -> Tensor:
        """The same by time, (N, 2, F)."""
        return (-self.frequency * torch.cos(self._argument(xy, t)))[:, None] * self.d

    def by_speed(self, xy: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """What the logarithm of the speed does to displacement and velocity, each (N, 2, F)."""
        turn, argument = -self.frequency * t[:, None], self._argument(xy, t)  # (N, F)
        displacement = turn * torch.cos(argument)
        velocity = -self.frequency * (torch.cos(argument) - turn * torch.sin(argument))
        return displacement[:, None] * self.d, velocity[:, None] * self.d

    def _argument(self, xy: Tensor, t: Tensor) -> Tensor:
        return xy @ self.k - t[:, None] * self.frequency + self.phase  # (N, F)


def bound_as_posed(receivers: Receivers, largest: float = LARGEST) -> Array:
    """The least relative standard errors of lambda and mu, (2,), of simulated data with known pulses.

    largest: the largest wave number, radians per half window; the number of waves goes with its square.
    """
    assert receivers.truth is not None, "the bound hangs on the true wavefield"
    material = Material(*(receivers.truth.material[name] for name in ("lambda", "mu", "rho")))
    length, size = float(receivers.xy.max()) / 2.0, float(abs(receivers.truth.displacement).max())
    time = length / material.c_p
    rng = np.random.default_rng(0)
    of_p, of_s = (math.ceil(count * (largest / LARGEST) ** 2) for count in WAVES)
    speed_of_s = material.c_s / material.c_p
    kinds = [PlaneWaves(of_p, 1.0, True, rng, largest), PlaneWaves(of_s, speed_of_s, False, rng, largest)]

    middle = float(receivers.time.max()) / 2.0 / time  # waves' phases turn about it, which keeps them well apart
    xy = torch.from_numpy(np.repeat(receivers.xy, len(receivers.time), axis=0)) / length - 1.0  # (N, 2)
    t = torch.from_numpy(np.tile(receivers.time, len(receivers.xy))) / time - middle  # (N,)
    points = 2.0 * torch.from_numpy(qmc.Sobol(2, rng=0).random_base2(10)[:START_POINTS]) - 1.0  # (S, 2)
    zero = torch.full_like(points[:, 0], -middle)
    x, y = ((points + 1.0) * length).unbind(1)
    speed = torch.stack([pulse.velocity(x, y) for pulse in receivers.pulses]).sum(0) * (time / size)  # (S, 2)

    noise = receivers.noise / size
    displacement = torch.from_numpy(receivers.truth.displacement).reshape(-1, 2) / size  # (N, 2)
    known = _rows(displacement, torch.zeros_like(speed), speed, noise)  # (M,)
    columns = [
        _rows(kind.displacement(xy, t), kind.displacement(points, zero), kind.velocity(points, zero), noise)
        for kind in kinds
    ]
    turn = _Turn(torch.cat(columns, dim=1))
    amplitudes = turn.solve(known).split([len(kind.phase) for kind in kinds])
    effects = []
    for kind, amplitude in zip(kinds, amplitudes, strict=True):
        at_start = (effect @ amplitude for effect in kind.by_speed(points, zero))
        effects.append(_rows(kind.by_speed(xy, t)[0] @ amplitude, *at_start, noise))  # (M,)
    left = turn.left_over(torch.stack(effects, dim=1))  # (M, 2), by log c_p and log c_s
    return standard_errors((left @ _speeds_by_moduli(material)).numpy(), 1.0)


def _rows(displacement: Tensor, start: Tensor, speed: Tensor, noise: float) -> Tensor:
    """Everything known, in units of its noise: (N, 2, ...), (S, 2, ...), (S, 2, ...) -> (M, ...)."""
    return torch.cat([(part / scale).flatten(0, 1) for part, scale in
                      ((displacement, noise), (start, START_NOISE), (speed, START_NOISE))])  # fmt: skip


def _speeds_by_moduli(material: Material) -> Tensor:
    """The derivatives of log c_p and log c_s by log lambda and log mu, (2, 2)."""
    p_by_lambda = material.lame_lambda / material.p_modulus / 2.0
    return torch.tensor([[p_by_lambda, material.lame_mu / material.p_modulus], [0.0, 0.5]], dtype=torch.float64)


class _Turn:
    """QR of the amplitudes' system with a ridge, (M, P)."""

    def __init__(self, matrix: Tensor) -> None:
        self._lengths = torch.linalg.vector_norm(matrix, dim=0)  # (P,)
        ridge = RIDGE * torch.eye(matrix.shape[1], dtype=matrix.dtype)
        self._factors = torch.geqrf(torch.cat([matrix / self._lengths, ridge]))

    def solve(self, right: Tensor) -> Tensor:
        """The amplitudes that explain (M,) best, (P,)."""
        count = len(self._lengths)
        turned = self._apply(right[:, None])[:count]
        return torch.linalg.solve_triangular(self._factors[0][:count], turned, upper=True)[:, 0] / self._lengths

    def left_over(self, right: Tensor) -> Tensor:
        """What no amplitudes explain, (M, K)."""
        return self._apply(right)[len(self._lengths) :]

    def _apply(self, right: Tensor) -> Tensor:
        below = right.new_zeros(len(self._lengths), right.shape[1])
        return torch.ormqr(*self._factors, torch.cat([right, below]), left=True, transpose=True)
