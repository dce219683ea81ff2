"""The unknowns of a material.

They are optimised as the logarithms of K = lambda + 2 mu / 3, mu and rho, so that every value tried is a
stable solid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from elastic_pinn.physics.media.material import PARAMETERS, UNITS, Material, Plane, plane_stress_lambda
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.unknowns.groups import ParameterGroup

EDGE = 0.99  # of a range's logarithm, in both directions: the end of the search
NEAR = 0.98  # of a range's logarithm: an unknown beyond it counts as limited by its range


class MaterialParameters(nn.Module):
    """The material as a module: known constants are buffers, unknown ones are parameters.

    The parameter p of K, mu or rho means start * exp(w tanh(p / w)) with w = log(range): p starts at 0, a small p is
    the relative change, and no p leaves the range. state_dict alone rebuilds the module (`from_state`).

    time: the problem's unit of time, s. samples: of a heterogeneous medium, whose means the material then holds,
    (4, G, H) as `Medium.samples`. unit: the material whose P modulus and density are 1; None: this one, at its start.
    """

    start: Tensor
    search: Tensor
    samples: Tensor | None

    def __init__(
        self,
        material: Material,
        dtype: torch.dtype,
        time: float = 1.0,
        samples: Tensor | None = None,
        unit: Material | None = None,
    ) -> None:
        super().__init__()
        self.initial, self.dtype, self._time, self.unit = material, dtype, time, unit or material
        start = [material.lame_lambda, material.lame_mu, material.density]
        self.register_buffer("start", torch.tensor(start, dtype=torch.float64))
        self.register_buffer("search", torch.tensor(material.unknown_range, dtype=torch.float64))
        for name in material.unknowns:
            self.register_parameter(_parameter(name), nn.Parameter(torch.zeros((), dtype=dtype)))
        for name, value in _further(material, samples).items():
            self.register_buffer(name, None if value is None else value.clone())

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], dtype: torch.dtype, time: float = 1.0) -> Self:
        """Make the module of a state_dict."""
        unknowns = tuple(name for name in PARAMETERS if _parameter(name) in state)
        lame_lambda, lame_mu, density = state["start"].tolist()
        damping = state["damping"].item() if "damping" in state else 0.0
        plane: Plane = "stress" if "plane_stress" in state else "strain"
        material = Material(lame_lambda, lame_mu, density, unknowns, state["search"].item(), damping, plane)
        module = cls(material, dtype, time, state.get("samples"))
        module.load_state_dict(state)
        return module

    @property
    def regions(self) -> tuple[Self, ...]:
        """The material of each region: of the only one."""
        return (self,)

    @property
    def search_bound(self) -> float:
        """The greatest useful absolute value of a parameter: beyond it, the material hardly changes."""
        return math.log(self.initial.unknown_range) * math.atanh(EDGE)

    @property
    def groups(self) -> tuple[ParameterGroup, ...]:
        """The unknowns as one group; none where all is known."""
        found = tuple(self.parameters())
        return (ParameterGroup("material", found, self.search_bound),) if found else ()

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
        """Compute the moduli, in units of the initial P modulus, the initial density (of `unit`), and time: scalar
        tensors."""
        lame_lambda, mu, density = self.constants()
        if self.initial.plane == "stress":
            lame_lambda = plane_stress_lambda(lame_lambda, mu)
        return Moduli.of(lame_lambda, mu, density, self.initial.damping * self._time)

    def constants(self) -> tuple[Tensor, Tensor, Tensor]:
        """Compute the solid's lambda, mu and rho in the same units: scalar tensors."""
        start, modulus = self.initial, self.unit.p_modulus
        mu = self._factor("mu") * (start.lame_mu / modulus)
        lame_lambda = self._factor("lambda") * (start.bulk_modulus / modulus) - 2.0 / 3.0 * mu
        if "lambda" not in start.unknowns:
            lame_lambda = torch.full_like(mu, start.lame_lambda / modulus)
        return lame_lambda, mu, self._factor("rho") * (start.density / self.unit.density)

    @torch.no_grad()
    def take(self, values: Mapping[str, float]) -> tuple[str, ...]:
        """Set the unknowns to given values in SI units and return the names of those that were set.

        The others lie outside their range. lambda is set through the bulk modulus, with the mu that is valid then.
        """
        if not values.keys() >= set(PARAMETERS):  # those of a heterogeneous medium
            return ()
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
        """Return the present values, {"lambda": Pa, "mu": Pa, "rho": kg/m3}; known values are exact to the last bit.

        Of a heterogeneous medium, only those that are the same everywhere.
        """
        if self.samples is not None:
            return {name: value for name, value in self.fields().items() if isinstance(value, float)}
        start, unit = self.initial, self.unit
        known = (start.lame_lambda, start.lame_mu, start.density)
        units = (unit.p_modulus, unit.p_modulus, unit.density)
        with torch.no_grad():
            now = [value.item() * unit for value, unit in zip(self.constants(), units, strict=True)]
        return {name: now[i] if name in start.unknowns else known[i] for i, name in enumerate(PARAMETERS)}

    def fields(self) -> dict[str, float | np.ndarray]:
        """Return the same as `si`, and arrays (G, H) at the nodes of `samples` of those that vary."""
        if self.samples is None:
            return dict(self.si())
        by_name = zip(PARAMETERS, self.samples.cpu().numpy(), strict=False)  # the damping is no parameter
        return {name: float(values.flat[0]) if np.ptp(values) == 0.0 else values for name, values in by_name}

    def _factor(self, name: str) -> Tensor:
        """The value of K, mu or rho relative to its initial value."""
        if name not in self.initial.unknowns:
            return torch.ones((), dtype=self.dtype, device=self.start.device)
        parameter = getattr(self, _parameter(name))
        width = math.log(self.initial.unknown_range)
        return torch.exp(width * torch.tanh(parameter / width))


def _further(material: Material, samples: Tensor | None) -> dict[str, Tensor | None]:
    """The buffers that only some materials have, so that files of others are as they always were."""
    found: dict[str, Tensor | None] = {"samples": samples}  # None is no buffer
    if material.damping:
        found["damping"] = torch.tensor(material.damping, dtype=torch.float64)
    if material.plane == "stress":
        found["plane_stress"] = torch.tensor(True)
    return found


def _parameter(name: str) -> str:
    """The name of an unknown's parameter: lambda is found through the bulk modulus."""
    return f"log_{'bulk' if name == 'lambda' else name}"
