"""lambda, mu and rho: fixed or unknown, in SI units at the interface and dimensionless inside.

Unknowns are optimised as the logarithms of K = lambda + 2 mu / 3, mu and rho, so that every value tried is a stable
solid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.errors import ProblemError

UNITS = {"lambda": "Pa", "mu": "Pa", "rho": "kg/m3"}
PARAMETERS = tuple(UNITS)
EDGE = 0.99  # of a range's logarithm, in both directions: the end of the search
NEAR = 0.98  # of a range's logarithm: an unknown beyond it counts as limited by its range

Moduli = tuple[Tensor, Tensor, Tensor]
"""lambda, mu, rho as scalar tensors."""


@dataclass(frozen=True)
class Material:
    """An isotropic elastic solid in plane strain; for unknown parameters, the values that training starts from.

    lame_lambda, lame_mu: Pa; density: kg/m3; unknowns: any of "lambda", "mu", "rho"; unknown_range: unknowns are
    searched between start / range and start * range (for lambda: the bulk modulus lambda + 2 mu / 3). Raises
    ProblemError for a solid that is not stable (mu, rho and lambda + 2 mu / 3 must be positive), or not in all the
    range.
    """

    lame_lambda: float
    lame_mu: float
    density: float
    unknowns: tuple[str, ...] = ()
    unknown_range: float = 10.0

    def __post_init__(self) -> None:
        for name in ("lame_lambda", "lame_mu", "density", "unknown_range"):
            object.__setattr__(self, name, _number(name, getattr(self, name)))
        unknowns = (self.unknowns,) if isinstance(self.unknowns, str) else tuple(self.unknowns)
        object.__setattr__(self, "unknowns", unknowns)
        if not (self.lame_mu > 0 and self.density > 0 and self.bulk_modulus > 0):
            raise ProblemError(
                f"no stable solid: lambda = {self.lame_lambda:g} Pa, mu = {self.lame_mu:g} Pa, "
                f"rho = {self.density:g} kg/m3; mu, rho and lambda + 2 mu / 3 must be positive"
            )
        if any(name not in PARAMETERS for name in unknowns) or len(set(unknowns)) < len(unknowns):
            raise ProblemError(f"unknowns {list(unknowns)}: legal are any of {', '.join(PARAMETERS)}, each once")
        if not self.unknown_range > 1:
            raise ProblemError(f"unknown_range = {self.unknown_range:g}: it must be above 1")
        softest = self.lame_mu / self.unknown_range
        if "mu" in self.unknowns and "lambda" not in self.unknowns and self.lame_lambda + 2.0 / 3.0 * softest <= 0:
            raise ProblemError(
                f"lambda = {self.lame_lambda:g} Pa is no stable solid with all of mu's range, from {softest:g} Pa: "
                "narrow unknown_range, or let lambda be unknown too"
            )

    @property
    def bulk_modulus(self) -> float:
        """lambda + 2 mu / 3, Pa."""
        return self.lame_lambda + 2.0 / 3.0 * self.lame_mu

    @property
    def p_modulus(self) -> float:
        """lambda + 2 mu, Pa."""
        return self.lame_lambda + 2.0 * self.lame_mu

    @property
    def c_p(self) -> float:
        """Speed of P waves, m/s: sqrt((lambda + 2 mu) / rho)."""
        return math.sqrt(self.p_modulus / self.density)

    @property
    def c_s(self) -> float:
        """Speed of S waves, m/s: sqrt(mu / rho)."""
        return math.sqrt(self.lame_mu / self.density)


def _number(name: str, value: float) -> float:
    """A finite number. Raises ProblemError, naming it, for anything else, text and truth values too."""
    try:
        if isinstance(value, str | bytes | bool):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise ProblemError(f"{name} = {in_one_line(value)}: one number is needed") from None
    if not math.isfinite(number):
        raise ProblemError(f"{name} = {number}: it must be finite")
    return number


ALUMINIUM = Material(lame_lambda=5.76e10, lame_mu=2.6e10, density=2700.0)
STEEL = Material(lame_lambda=1.0e11, lame_mu=8.0e10, density=7800.0)
RUBBER = Material(lame_lambda=1.0e6, lame_mu=5.0e5, density=1200.0)


class MaterialParameters(nn.Module):
    """The material as a module: known constants are buffers, unknown ones are parameters.

    The parameter p of K, mu or rho means start * exp(w tanh(p / w)) with w = log(range): p starts at 0, a small p is
    the relative change, and no p leaves the range. state_dict alone rebuilds the module (`from_state`).
    """

    start: Tensor
    search: Tensor

    def __init__(self, material: Material, dtype: torch.dtype) -> None:
        super().__init__()
        self.initial, self.dtype = material, dtype
        start = [material.lame_lambda, material.lame_mu, material.density]
        self.register_buffer("start", torch.tensor(start, dtype=torch.float64))
        self.register_buffer("search", torch.tensor(material.unknown_range, dtype=torch.float64))
        for name in material.unknowns:
            self.register_parameter(_parameter(name), nn.Parameter(torch.zeros((), dtype=dtype)))

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], dtype: torch.dtype) -> Self:
        """Make the module of a state_dict."""
        unknowns = tuple(name for name in PARAMETERS if _parameter(name) in state)
        lame_lambda, lame_mu, density = state["start"].tolist()
        module = cls(Material(lame_lambda, lame_mu, density, unknowns, state["search"].item()), dtype)
        module.load_state_dict(state)
        return module

    @property
    def search_bound(self) -> float:
        """The greatest useful absolute value of a parameter: beyond it, the material hardly changes."""
        return math.log(self.initial.unknown_range) * math.atanh(EDGE)

    def at_edge(self) -> dict[str, str]:
        """Return the unknowns that are at an end of their range: name -> the range as text."""
        start, width = self.initial, math.log(self.initial.unknown_range)
        centres = {"lambda": start.bulk_modulus, "mu": start.lame_mu, "rho": start.density}
        found = [n for n in start.unknowns if abs(math.tanh(getattr(self, _parameter(n)).item() / width)) >= NEAR]
        of = {"lambda": "lambda + 2 mu / 3 from "}
        return {
            name: f"{of.get(name, '')}{centres[name] / start.unknown_range:.3g} to "
            f"{centres[name] * start.unknown_range:.3g} {UNITS[name]}"
            for name in found
        }

    def forward(self) -> Moduli:
        """Compute lambda, mu, rho in units of the initial P modulus and density: scalar tensors."""
        start = self.initial
        mu = self._factor("mu") * (start.lame_mu / start.p_modulus)
        lame_lambda = self._factor("lambda") * (start.bulk_modulus / start.p_modulus) - 2.0 / 3.0 * mu
        if "lambda" not in start.unknowns:
            lame_lambda = torch.full_like(mu, start.lame_lambda / start.p_modulus)
        return lame_lambda, mu, self._factor("rho")

    @torch.no_grad()
    def take(self, values: Mapping[str, float]) -> tuple[str, ...]:
        """Set the unknowns to given values in SI units and return the names of those that were set.

        The others lie outside their range. lambda is set through the bulk modulus, with the mu that is valid then.
        """
        start, width = self.initial, math.log(self.initial.unknown_range)

        def lies_within(ratio: float) -> bool:
            return 1.0 / start.unknown_range < ratio < start.unknown_range

        moves_mu = "mu" in start.unknowns and lies_within(values["mu"] / start.lame_mu)
        mu = values["mu"] if moves_mu else start.lame_mu
        ratios = {
            "lambda": (values["lambda"] + 2.0 / 3.0 * mu) / start.bulk_modulus,
            "mu": values["mu"] / start.lame_mu,
            "rho": values["rho"] / start.density,
        }
        taken = [name for name in start.unknowns if lies_within(ratios[name])]
        for name in taken:
            getattr(self, _parameter(name)).fill_(width * math.atanh(math.log(ratios[name]) / width))
        return tuple(taken)

    def si(self) -> dict[str, float]:
        """Return the present values, {"lambda": Pa, "mu": Pa, "rho": kg/m3}; known values are exact to the last bit."""
        start = self.initial
        known = (start.lame_lambda, start.lame_mu, start.density)
        units = (start.p_modulus, start.p_modulus, start.density)
        with torch.no_grad():
            now = [value.item() * unit for value, unit in zip(self(), units, strict=True)]
        return {name: now[i] if name in start.unknowns else known[i] for i, name in enumerate(PARAMETERS)}

    def _factor(self, name: str) -> Tensor:
        """The value of K, mu or rho relative to its initial value."""
        if name not in self.initial.unknowns:
            return torch.ones((), dtype=self.dtype, device=self.start.device)
        parameter = getattr(self, _parameter(name))
        width = math.log(self.initial.unknown_range)
        return torch.exp(width * torch.tanh(parameter / width))


def wave_speeds(moduli: Moduli) -> tuple[Tensor, Tensor]:
    """Compute c_p = sqrt((lambda + 2 mu) / rho) and c_s = sqrt(mu / rho), in consistent units."""
    lame_lambda, mu, density = moduli
    return ((lame_lambda + 2.0 * mu) / density).sqrt(), (mu / density).sqrt()


def _parameter(name: str) -> str:
    """The name of an unknown's parameter: lambda is found through the bulk modulus."""
    return f"log_{'bulk' if name == 'lambda' else name}"
