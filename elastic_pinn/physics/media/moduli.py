"""The constants that the equations of elasticity contain, as numbers or at points."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

from torch import Tensor

Values = Any
"""A number, a scalar tensor, or a tensor with a value for each of N points, (N,), or of R regions, (R,)."""


class Moduli(NamedTuple):
    """lambda, mu and rho of an isotropic solid, and what follows from them, in any consistent units.

    Each is one number of a homogeneous solid, (N,) at points, or (R,) by region; operators are linear in them.

    Attributes
    ----------
    lame_lambda, lame_mu, density
        Those of the equations in the plane: in plane stress, lambda is 2 lambda mu / (lambda + 2 mu).
    drag
        Density times the damping d of rho (u_tt + d u_t).
    lambda_x, lambda_y, mu_x, mu_y
        The gradients.
    p_impedance, s_impedance
        sqrt((lambda + 2 mu) rho) and sqrt(mu rho).
    """

    lame_lambda: Values = 0.0
    lame_mu: Values = 0.0
    density: Values = 0.0
    drag: Values = 0.0
    lambda_x: Values = 0.0
    lambda_y: Values = 0.0
    mu_x: Values = 0.0
    mu_y: Values = 0.0
    p_impedance: Values = 0.0
    s_impedance: Values = 0.0

    @classmethod
    def of(cls, lame_lambda: Values, lame_mu: Values, density: Values, damping: Values = 0.0, **slopes: Values) -> Self:
        """Make those of lambda, mu, rho, a damping and, where they vary, the gradients lambda_x, ..."""
        p_impedance, s_impedance = ((lame_lambda + 2.0 * lame_mu) * density) ** 0.5, (lame_mu * density) ** 0.5
        drag = density * damping
        return cls(lame_lambda, lame_mu, density, drag, p_impedance=p_impedance, s_impedance=s_impedance, **slopes)

    def at(self, index: int | slice | Tensor) -> Moduli:
        """Return those of a region, of some, or of each point's region (N,), where there is one for each region."""
        return Moduli(*(each[index] if isinstance(each, Tensor) and each.ndim else each for each in self))

    @property
    def speeds(self) -> tuple[Values, Values]:
        """c_p = sqrt((lambda + 2 mu) / rho) and c_s = sqrt(mu / rho), of tensors."""
        return ((self.lame_lambda + 2.0 * self.lame_mu) / self.density).sqrt(), (self.lame_mu / self.density).sqrt()
