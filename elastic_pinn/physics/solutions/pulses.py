"""Pulses of velocity in free space, by Fourier's series of a periodic plane.

Letters of shapes: T times, R receivers, n nodes of a side.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError


@dataclass(frozen=True)
class GaussianPulse:
    """A velocity peak * direction * exp(-r^2 / width^2) at time zero, r being the distance from the centre.

    Arguments: centre in m, direction (a unit vector), width (the radius where the velocity has fallen
    to 1/e) in m, peak velocity in m/s.
    """

    center: tuple[float, float]
    direction: tuple[float, float]
    width: float
    peak: float

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (*self.center, *self.direction, self.width, self.peak))):
            raise ProblemError(f"a pulse has a value that is not finite: {self}")
        if not self.width > 0:
            raise ProblemError(f"a pulse has a width above 0 m, not {self.width}")
        if not math.isclose(math.hypot(*self.direction), 1, rel_tol=1e-6):
            raise ProblemError(f"a pulse's direction is a vector of length 1, not {self.direction}")

    def velocity(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the velocity (..., 2) in m/s at positions x, y in m, of equal shape."""
        squared_distance = (x - self.center[0]) ** 2 + (y - self.center[1]) ** 2
        speed = self.peak * torch.exp(-squared_distance / self.width**2)
        return torch.stack([self.direction[0] * speed, self.direction[1] * speed], dim=-1)  # (..., 2)


def free_space(initial_velocity: Tensor, spacing: float, c_p: float, c_s: float, times: Tensor) -> Tensor:
    """Return the exact displacement (T, n, n, 2), m, that follows from a velocity at time zero.

    The square grid is one period of a periodic plane, so a wave that leaves on one side enters on the other:
    for free space, give a grid so wide that nothing comes back to the part looked at before the last time.

    Arguments: initial_velocity (n, n, 2) in m/s at nodes [i, j] = (x_i, y_j), their spacing in m, the speeds
    in m/s, times (T,) in s.
    """
    n = initial_velocity.shape[0]
    spectrum = torch.fft.fft2(initial_velocity, dim=(0, 1))  # (n, n, 2)
    k = _wavenumbers(n, spacing, initial_velocity.dtype)
    fields = [torch.fft.ifft2(_propagate(spectrum, k, c_p, c_s, float(t)), dim=(0, 1)).real for t in times]
    return torch.stack(fields)  # (T, n, n, 2)


def record_pulses(
    pulses: Sequence[GaussianPulse], xy: Tensor, times: Tensor, c_p: float, c_s: float, order: int = 0
) -> Tensor:
    """Return the exact displacement (R, T, 2), m, that pulses in free space bring to receivers.

    order: 1 or 2 for its first or second derivative by time, in m/s or m/s2.

    The Fourier series of `free_space` is summed at the receivers themselves. Its period is so wide that the
    pulses' periodic images stay out of reach, and its grid so fine that it holds their spectra, both to
    rounding error.

    Arguments: xy (R, 2) in m, times (T,) in s, speeds in m/s; float64 throughout.
    """
    origin, spacing, n = _enclosing_grid(pulses, xy, reach=c_p * float(times.max()))
    nodes = spacing * torch.arange(n, dtype=torch.float64)
    x, y = torch.meshgrid(origin[0] + nodes, origin[1] + nodes, indexing="ij")  # (n, n)
    velocity = torch.stack([pulse.velocity(x, y) for pulse in pulses]).sum(dim=0)  # (n, n, 2)
    spectrum = torch.fft.fft2(velocity, dim=(0, 1)) / n**2
    k = _wavenumbers(n, spacing, torch.float64)
    phase = torch.exp(1j * k * (xy - origin)[..., None])  # (R, 2, n)
    fields = [
        torch.einsum("ra,abc,rb->rc", phase[:, 0], _propagate(spectrum, k, c_p, c_s, float(t), order), phase[:, 1]).real
        for t in times
    ]
    return torch.stack(fields, dim=1)  # (R, T, 2)


def _enclosing_grid(pulses: Sequence[GaussianPulse], xy: Tensor, reach: float) -> tuple[Tensor, float, int]:
    """Return the first node (2,), the spacing and the nodes a side of a sufficient periodic grid."""
    widths = [pulse.width for pulse in pulses]
    points = torch.cat([xy, torch.tensor([pulse.center for pulse in pulses], dtype=xy.dtype)])  # (R + P, 2)
    low, high = points.amin(dim=0), points.amax(dim=0)
    margin = 6.5 * max(widths)  # exp(-6.5^2) is 4e-19
    spacing = math.pi * min(widths) / 12.5  # the spectrum exp(-(k width)^2 / 4) is 1e-17 at k = pi / spacing
    length = float((high - low).max()) + margin + max(reach, margin)
    return low - margin, spacing, math.ceil(length / spacing)


def _wavenumbers(n: int, spacing: float, dtype: torch.dtype) -> Tensor:
    """Return the angular wave numbers (n,), 1/m, in the order of the FFT."""
    return 2 * math.pi * torch.fft.fftfreq(n, spacing, dtype=dtype)


def _propagate(spectrum: Tensor, k: Tensor, c_p: float, c_s: float, t: float, order: int = 0) -> Tensor:
    """Return the displacement's spectrum (n, n, 2) at time t from the initial velocity's.

    u^ = [P sin(c_p |k| t) / (c_p |k|) + S sin(c_s |k| t) / (c_s |k|)] v^,  P = k k^T / |k|^2,  S = I - P,
    where sin(c |k| t) / (c |k|) is t at k = 0: the mean velocity carries the plane along. order: of its derivative.
    """
    kx, ky = torch.meshgrid(k, k, indexing="ij")  # (n, n)
    magnitude = torch.hypot(kx, ky)
    direction = torch.stack([kx, ky], dim=-1) / magnitude.clamp(min=torch.finfo(k.dtype).tiny)[..., None]
    p_part = direction * (direction * spectrum).sum(dim=-1, keepdim=True)  # (n, n, 2)
    p_factor, s_factor = (_swing(c, magnitude, t, order) for c in (c_p, c_s))
    return p_factor[..., None] * p_part + s_factor[..., None] * (spectrum - p_part)


def _swing(c: float, k: Tensor, t: float, order: int) -> Tensor:
    """The derivative of an order of sin(c k t) / (c k) by t, for a speed and wave numbers."""
    if order == 0:
        return t * torch.sinc(c * t / math.pi * k)  # torch.sinc(a) = sin(pi a) / (pi a)
    return torch.cos(c * k * t) if order == 1 else -c * k * torch.sin(c * k * t)
