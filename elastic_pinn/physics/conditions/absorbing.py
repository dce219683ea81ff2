"""An absorbing side of first order."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from elastic_pinn.physics.conditions.side import SideCondition, SideEquation
from elastic_pinn.physics.elasticity import STRAIN, Derivatives, Normal, times, traction
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.quantity import STRESS


def _left_side(u: Derivatives, moduli: Moduli, normal: Normal) -> Tensor:
    """Traction and the pull of two dashpots, with the impedances of P waves along n and of S waves across, (N, 2)."""
    v_x, v_y = u["t"].unbind(1)
    along = torch.stack([v_x * normal.xx + v_y * normal.xy, v_x * normal.xy + v_y * normal.yy], dim=1)  # n n^T v
    across = torch.stack([v_x * normal.yy - v_y * normal.xy, v_y * normal.xx - v_x * normal.xy], dim=1)  # t t^T v
    dashpots = times(moduli.p_impedance, along) + times(moduli.s_impedance, across)
    return traction(u, moduli, normal) + dashpots


class Absorbing(SideCondition):
    """An absorbing side of first order, which waves that meet it at a right angle leave, and others in part.

        sigma n + rho c_p (v . n) n + rho c_s (v - (v . n) n) = value,   v = u_t

    Parameters
    ----------
    value
        Traction of an incoming wave, a function (x, y, t) -> (N, 2) in Pa; None: nothing comes in through the side.
    sides
        Names of sides, or `Part`s of them, each once; None: all sides.
    component
        "x" or "y": it prescribes that component alone, and another condition may prescribe the other; None: both.

    Raises
    ------
    ProblemError
        For a value that is no such function, for what cannot be sides, and for another component; in a Problem, for
        sides that its domain does not have.

    References
    ----------
    Lysmer and Kuhlemeyer, Finite dynamic model for infinite media, J. Eng. Mech. Div. 95, 1969.
    """

    kind = 2.0
    equations = (
        SideEquation(
            _left_side,
            STRESS,
            derivatives=(*STRAIN, "t"),
            moduli=("lame_lambda", "lame_mu", "p_impedance", "s_impedance"),
            normals=("x", "y", "xx", "xy", "yy"),
        ),
    )
    labels = ("incoming wave given", "absorbing")

    @property
    def works_until(self) -> float:
        """Endless: waves leave through it at any time."""
        return math.inf
