"""The Gauss-Newton step of a few unknowns within their bounds. Letters: M misfits, U unknowns."""

from __future__ import annotations

from torch import Tensor

from elastic_pinn.training.optimizers.least_squares import RidgeQR

LONGEST = 0.7  # of a logarithm: no step more than doubles or halves an unknown, or searches would end at the bounds


def gauss_newton(misfits: Tensor, effects: Tensor, place: Tensor, bound: Tensor) -> tuple[Tensor, Tensor]:
    """Return the full step (U,) and the decrease of the squared misfits (M,) that it predicts.

    effects: the misfits' derivatives, (M, U). At a bound of its range, either way, an unknown is fixed while the
    gradient points outwards.
    """
    is_outward = place * (misfits @ effects) < 0  # (U,)
    free = effects * ~((place.abs() >= bound) & is_outward)
    # Not by lstsq, whose last bits are not reproducible.
    by = -RidgeQR(free.clone(), 0.0).solve(misfits[:, None])[:, 0]
    return by, (free @ by).square().sum()


def shortened(by: Tensor) -> Tensor:
    """Return a step that changes no unknown by more than a factor of two."""
    return by * (LONGEST / by.abs().max()).clamp(max=1.0)
