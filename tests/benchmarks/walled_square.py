"""What a change of the material does inside a square whose walls and start stay as they are told.

The change of the displacement is a wavefield of its own, with walls and start at zero, driven by the operator's change:

    rho v_tt = L v + (dL / dtheta) u,   L u = (lambda + mu) grad(div u) + mu laplace(u)

It is found by Galerkin's method with Legendre polynomials that vanish at the walls (Shen, SIAM J. Sci. Comput. 15,
1994), and is exact in time, mode by mode. Nothing here is shared with what it judges.

Letters: n polynomials along each side, Q quadrature nodes of a side, M = 2 n n modes, S receivers of a side, T times.
"""

import math
from typing import Any

import numpy as np
from numpy.polynomial.legendre import Legendre, leggauss
from scipy.linalg import eigh

from elastic_pinn.physics.media.material import Material

POLYNOMIALS = 24  # 16 give the bound to four digits

Array = np.ndarray[Any, np.dtype[np.float64]]


def sensitivities(material: Material, side: Array, times: Array) -> Array:
    """The derivatives of the displacement by log lambda and log mu, (S, S, T, 2, 2), for a P and an S standing wave
    (`solutions.StandingWaves`, length 1) at receivers (side[i], side[j]) in m and times in s."""
    frequencies, modes = _modes(material)  # (M,), (M, M)
    p_load, s_load = (modes.T @ load for load in _loads())
    p_wave, s_wave = (math.sqrt(2.0) * math.pi * speed for speed in (material.c_p, material.c_s))
    by_p_modulus = _driven(p_load, p_wave, frequencies, times)  # (T, M): grad div P
    by_mu = _driven(s_load, s_wave, frequencies, times)  # - curl curl S
    changes = [material.lame_lambda * by_p_modulus, material.lame_mu * (2.0 * by_p_modulus + by_mu)]
    values, _ = _basis(side)  # (S, n)
    weights = (np.stack(changes) @ modes.T).reshape(2, len(times), 2, POLYNOMIALS, POLYNOMIALS)
    return np.einsum("ai,utcij,bj->abtcu", values, weights, values)


def _basis(x: Array) -> tuple[Array, Array]:
    """The polynomials and their slopes at x in 0 to 1, each (Q, n)."""
    shapes = [Legendre.basis(k, domain=[0, 1]) - Legendre.basis(k + 2, domain=[0, 1]) for k in range(POLYNOMIALS)]
    return np.stack([f(x) for f in shapes], axis=1), np.stack([f.deriv()(x) for f in shapes], axis=1)


def _quadrature() -> tuple[Array, Array]:
    """Gauss's nodes and weights on 0 to 1, each (Q,)."""
    nodes, weights = leggauss(POLYNOMIALS + 20)
    return (nodes + 1.0) / 2.0, weights / 2.0


def _modes(material: Material) -> tuple[Array, Array]:
    """Angular frequencies (M,) and shapes (M, M), of unit mass, of a square that is held at its walls."""
    x, w = _quadrature()
    values, slopes = _basis(x)
    mass, stiff, mixed = (
        values.T @ (w[:, None] * values),
        slopes.T @ (w[:, None] * slopes),
        slopes.T @ (w[:, None] * values),
    )
    p, mu = material.p_modulus, material.lame_mu
    xx = p * np.kron(stiff, mass) + mu * np.kron(mass, stiff)
    yy = mu * np.kron(stiff, mass) + p * np.kron(mass, stiff)
    xy = material.lame_lambda * np.kron(mixed, mixed.T) + mu * np.kron(mixed.T, mixed)
    inertia = material.density * np.kron(np.eye(2), np.kron(mass, mass))
    squares, modes = eigh(np.block([[xx, xy], [xy.T, yy]]), inertia)
    return np.sqrt(squares), modes


def _loads() -> tuple[Array, Array]:
    """grad div of the P wave and - curl curl of the S wave at their largest, by the basis, each (M,)."""
    x, w = _quadrature()
    values, _ = _basis(x)
    cos, sin = (values.T @ (w * f(math.pi * x)) for f in (np.cos, np.sin))  # each (n,)
    cos_sin, sin_cos = np.outer(cos, sin).ravel(), np.outer(sin, cos).ravel()
    size = -2.0 * math.pi**3  # - |k|^2 pi
    return size * np.concatenate([cos_sin, sin_cos]), size * np.concatenate([sin_cos, -cos_sin])


def _driven(load: Array, wave: float, frequencies: Array, times: Array) -> Array:
    """q (T, M) of q'' + frequency^2 q = load cos(wave t), from rest."""
    beat = np.cos(np.outer(times, np.full_like(frequencies, wave))) - np.cos(np.outer(times, frequencies))
    return beat * (load / (frequencies**2 - wave**2))
