"""The materials of several regions as one module. Letters: R regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from elastic_pinn.physics.media.material import Material, names_by_region
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.unknowns.groups import ParameterGroup
from elastic_pinn.physics.unknowns.material_parameters import MaterialParameters


class RegionMaterials(nn.Module):
    """A material for each region, numbered from 1: that around the inclusions, then that of each inclusion.

    In names, as "lambda_2", the number of the region follows. Its state_dict holds, by the same numbers, what each
    material's does.

    Parameters
    ----------
    materials
        The materials, of which the first gives the units.
    dtype
        Of the moduli.
    time
        The problem's unit of time, s.
    """

    samples: None = None  # no material varies from place to place

    def __init__(self, materials: Sequence[Material], dtype: torch.dtype, time: float = 1.0) -> None:
        super().__init__()
        self.initial = materials[0]
        for number, material in enumerate(materials, 1):
            self.add_module(str(number), MaterialParameters(material, dtype, time, unit=self.initial))

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], dtype: torch.dtype, time: float = 1.0) -> Self:
        """Make the module of a state_dict."""
        numbers = sorted({int(name.partition(".")[0]) for name in state})
        parts = [
            {name.partition(".")[2]: value for name, value in state.items() if name.startswith(f"{number}.")}
            for number in numbers
        ]
        module = cls([MaterialParameters.from_state(part, dtype, time).initial for part in parts], dtype, time)
        module.load_state_dict(state)
        return module

    @property
    def regions(self) -> tuple[MaterialParameters, ...]:
        """The material of each region."""
        return tuple(each for each in self.children() if isinstance(each, MaterialParameters))

    @property
    def groups(self) -> tuple[ParameterGroup, ...]:
        """The unknowns of each material as a group."""
        return tuple(group for each in self.regions for group in each.groups)

    def forward(self) -> Moduli:
        """Compute the moduli by region, (R,), in units of the first material: see `MaterialParameters`."""
        by_region = [each() for each in self.regions]
        return Moduli(*(
            torch.stack(values) if isinstance(values[0], Tensor) else values[0]
            for values in zip(*by_region, strict=True)
        ))  # fmt: skip

    def si(self) -> dict[str, float]:
        """Return the present values, {"lambda_1": Pa, "mu_1": Pa, "rho_1": kg/m3, "lambda_2": ...}."""
        return {names[name]: value for names, each in self._named for name, value in each.si().items()}

    def fields(self) -> dict[str, float | np.ndarray]:
        """Return the same as `si`."""
        return dict(self.si())

    def at_edge(self) -> dict[str, str]:
        """Return the unknowns that are at an end of their range: name -> the range as text."""
        return {names[name]: text for names, each in self._named for name, text in each.at_edge().items()}

    def take(self, values: Mapping[str, float]) -> tuple[str, ...]:
        """Set the unknowns to given values in SI units and return the names of those that were set."""
        return tuple(
            names[taken]
            for names, each in self._named
            for taken in each.take({name: values[full] for name, full in names.items() if full in values})
        )

    @property
    def _named(self) -> list[tuple[dict[str, str], MaterialParameters]]:
        """Each region's material with the names of its constants."""
        return list(zip(names_by_region(len(self.regions)), self.regions, strict=True))


Materials = MaterialParameters | RegionMaterials
"""What a model knows of the material of its only region, or of each."""
