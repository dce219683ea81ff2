"""Exact wavefields: what a network, a finite-difference engine or a recording is measured against.

Isotropic plane strain, constant material, SI units, no body force:

    rho u_tt = (lambda + mu) grad(div u) + mu laplace(u),   c_p^2 = (lambda + 2 mu) / rho,   c_s^2 = mu / rho

Letters of shapes: T times, R receivers, n nodes of a side.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.material import Material


@dataclass(frozen=True)
class StandingWaves:
    """One standing P mode and one standing S mode of a square, as a function of (x, y, t).

    With k = pi / length, the displacement is

        p_amplitude pi (cos kx sin ky,  sin kx cos ky) cos(c_p k sqrt(2) t)
      + s_amplitude pi (sin kx cos ky, -cos kx sin ky) cos(c_s k sqrt(2) t)

    Without the S mode the field has no curl, does not depend on c_s, and no inverse problem can find it.

    Arguments: Lame's constants in Pa, density in kg/m3, the two amplitudes in m, the square's side in m.
    """

    lame_lambda: float
    lame_mu: float
    density: float
    p_amplitude: float = 1.0
    s_amplitude: float = 1.0
    length: float = 1.0

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape."""
        k = math.pi / self.length
        material = Material(self.lame_lambda, self.lame_mu, self.density)
        p = self.p_amplitude * math.pi * torch.cos(material.c_p * k * math.sqrt(2) * t)
        s = self.s_amplitude * math.pi * torch.cos(material.c_s * k * math.sqrt(2) * t)
        cos_sin = torch.cos(k * x) * torch.sin(k * y)
        sin_cos = torch.sin(k * x) * torch.cos(k * y)
        return torch.stack([p * cos_sin + s * sin_cos, p * sin_cos - s * cos_sin], dim=-1)  # (..., 2)


@dataclass(frozen=True)
class PlaneWave:
    """A harmonic plane wave amplitude * d sin(k . x - c |k| t), as a function of (x, y, t).

    It travels along (cos angle, sin angle); d is that direction in a "p" wave and the normal to it,
    (-sin angle, cos angle), in an "s" wave; c is the speed of its kind.

    Arguments: Lame's constants in Pa, density in kg/m3, angle in radians, wavelength and amplitude in m.
    """

    kind: Literal["p", "s"]
    lame_lambda: float
    lame_mu: float
    density: float
    angle: float = 0.0
    wavelength: float = 1.0
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in ("p", "s"):
            raise ProblemError(f"a plane wave is of kind 'p' or 's', not {self.kind!r}")

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape."""
        k = 2 * math.pi / self.wavelength
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        material = Material(self.lame_lambda, self.lame_mu, self.density)
        c, d = (material.c_p, (cos, sin)) if self.kind == "p" else (material.c_s, (-sin, cos))
        wave = self.amplitude * torch.sin(k * (cos * x + sin * y - c * t))
        return torch.stack([d[0] * wave, d[1] * wave], dim=-1)  # (..., 2)


@dataclass(frozen=True)
class GradientWave:
    """P and S waves along x in a solid whose moduli grow as (1 + g x)^2, at one density.

        u = (1 + g x)^(-1/2) cos(omega t - q ln(1 + g x)),   q = sqrt((omega / (g c))^2 - 1/4)

    with c of x = 0: of P waves for u_x, of S waves for u_y. Arguments: lambda and mu at x = 0 in Pa, density in kg/m3,
    g in 1/m, omega in rad/s, amplitude in m. Raises ProblemError where omega is so low that nothing propagates.

    Source: with M = M0 (1 + g x)^2, the ansatz solves rho u_tt = (M u_x)_x, an equation of Euler's type in 1 + g x.
    """

    lame_lambda: float
    lame_mu: float
    density: float
    gradient: float
    omega: float
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        solid = Material(self.lame_lambda, self.lame_mu, self.density)
        if not self.omega > abs(self.gradient) * solid.c_p / 2.0 > 0.0:
            raise ProblemError(f"no wave propagates at {self.omega:g} rad/s where moduli change so fast: {self}")

    def moduli(self, at_0: float) -> Callable[[Tensor, Tensor], Tensor]:
        """Return a modulus as a function of the place, given its value at x = 0."""
        return lambda x, y: at_0 * (1.0 + self.gradient * x) ** 2

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape."""
        solid, stretched = Material(self.lame_lambda, self.lame_mu, self.density), 1.0 + self.gradient * x
        orders = [math.sqrt((self.omega / (self.gradient * c)) ** 2 - 0.25) for c in (solid.c_p, solid.c_s)]
        waves = [torch.cos(self.omega * t - q * torch.log(stretched)) for q in orders]
        return self.amplitude * torch.stack(waves, dim=-1) / stretched.sqrt()[..., None]  # (..., 2)


@dataclass(frozen=True)
class DiscMode:
    """A standing mode of a disc with a free rim, u = J1(k r) cos(c k t), along the angle or along the radius.

    "torsion": c is that of S waves, and J2(k a) = 0. "radial": c is that of P waves, and
    (lambda + 2 mu) k J1'(k a) + lambda J1(k a) / a = 0. The first root k of each is taken.

    Arguments: Lame's constants in Pa, density in kg/m3, radius a in m, amplitude in m; the disc's centre is (0, 0).
    Source: Graff, Wave Motion in Elastic Solids, 1975, section 8.2, in plane strain.
    """

    kind: Literal["torsion", "radial"]
    lame_lambda: float
    lame_mu: float
    density: float
    radius: float = 1.0
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in ("torsion", "radial"):
            raise ProblemError(f"a mode of a disc is of kind 'torsion' or 'radial', not {self.kind!r}")

    @cached_property
    def wave_number(self) -> float:
        """k, 1/m."""
        from scipy.optimize import brentq  # slow to import, and rarely needed
        from scipy.special import jv, jvp

        modulus = self.lame_lambda + 2.0 * self.lame_mu

        def traction(ka: float) -> float:
            if self.kind == "torsion":
                return float(jv(2, ka))
            return float(modulus * ka * jvp(1, ka) + self.lame_lambda * jv(1, ka))

        ends = (3.0, 6.0) if self.kind == "torsion" else (1e-3, 3.0)
        return float(brentq(traction, *ends, xtol=1e-14)) / self.radius

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions x, y in m and times t in s, of equal shape.

        Differentiable by t alone.
        """
        from scipy.special import j1  # slow to import, and rarely needed

        solid, k = Material(self.lame_lambda, self.lame_mu, self.density), self.wave_number
        r = torch.hypot(x, y)
        bessel = torch.from_numpy(j1((k * r).numpy()))  # torch's own is right to 5e-7 only
        size = torch.where(r > 0.0, bessel / torch.where(r > 0.0, r, 1.0), k / 2.0)
        along = (-y, x) if self.kind == "torsion" else (x, y)
        c = solid.c_s if self.kind == "torsion" else solid.c_p
        in_time = self.amplitude * size * torch.cos(c * k * t)
        return torch.stack([along[0] * in_time, along[1] * in_time], dim=-1)  # (..., 2)


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


def record_pulses(pulses: Sequence[GaussianPulse], xy: Tensor, times: Tensor, c_p: float, c_s: float) -> Tensor:
    """Return the exact displacement (R, T, 2), m, that pulses in free space bring to receivers.

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
        torch.einsum("ra,abc,rb->rc", phase[:, 0], _propagate(spectrum, k, c_p, c_s, float(t)), phase[:, 1]).real
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


def _propagate(spectrum: Tensor, k: Tensor, c_p: float, c_s: float, t: float) -> Tensor:
    """Return the displacement's spectrum (n, n, 2) at time t from the initial velocity's.

    u^ = [P sin(c_p |k| t) / (c_p |k|) + S sin(c_s |k| t) / (c_s |k|)] v^,  P = k k^T / |k|^2,  S = I - P,
    where sin(c |k| t) / (c |k|) is t at k = 0: the mean velocity carries the plane along.
    """
    kx, ky = torch.meshgrid(k, k, indexing="ij")  # (n, n)
    magnitude = torch.hypot(kx, ky)
    direction = torch.stack([kx, ky], dim=-1) / magnitude.clamp(min=torch.finfo(k.dtype).tiny)[..., None]
    p_part = direction * (direction * spectrum).sum(dim=-1, keepdim=True)  # (n, n, 2)
    p_factor = t * torch.sinc(c_p * t / math.pi * magnitude)  # torch.sinc(a) = sin(pi a) / (pi a)
    s_factor = t * torch.sinc(c_s * t / math.pi * magnitude)
    return p_factor[..., None] * p_part + s_factor[..., None] * (spectrum - p_part)
