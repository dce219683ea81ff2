"""What of the plate of a config is of other materials: the entries of the field `inclusions`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from elastic_pinn.config_sections import Entry, Finite, List, NonNegative, Pair, Positive
from elastic_pinn.errors import ConfigError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.setups.material import LEGAL, GivenMaterial, MaterialConfig, in_lame_parameters


class InclusionEntry(Entry, GivenMaterial):
    """A disc or a rectangle of another material."""

    center: Pair | None = None
    """of a disc, [x, y] in m"""
    radius: Positive | None = None
    """of a disc, m"""
    x: Pair | None = None
    """of a rectangle, [from, to] in m; a layer's ends lie on sides of the plate"""
    y: Pair | None = None
    """of a rectangle, [from, to] in m"""
    lame_lambda: Finite | None = None
    """first Lame parameter, Pa"""
    lame_mu: Positive | None = None
    """shear modulus, Pa"""
    density: Positive | None = None
    """density, kg/m3"""
    damping: NonNegative = 0.0
    """1/s, as material_damping of the plate"""
    unknowns: List[Literal["lambda", "mu", "rho"]] | None = None
    """those of its constants that are to be found from receivers, as unknowns of the plate; the search starts from the
    values given here"""
    contact: Literal["welded", "slip"] = "welded"
    """where it meets another material; slip: only along the normal are displacement and traction continuous"""

    @model_validator(mode="after")
    def _has_one_shape(self) -> Self:
        given = [name for name in ("center", "radius", "x", "y") if getattr(self, name) is not None]
        if given not in (["center", "radius"], ["x", "y"]):
            found = " and ".join(given) or "neither"
            raise ValueError(f"a disc has center and radius, a rectangle x and y, but given is {found}")
        for name in ("x", "y"):
            low, high = getattr(self, name) or (0.0, 1.0)
            if low >= high:
                raise ValueError(f"{name} = [{low:g}, {high:g}] is empty: the second must be above the first")
        return self

    @model_validator(mode="after")
    def _has_one_material(self) -> Self:
        Material(*self.constants)  # a stable solid
        return self

    @property
    def constants(self) -> tuple[float, float, float]:
        """lame_lambda, lame_mu and density. Raises ConfigError for a material given twice or in part."""
        names = [*MaterialConfig.model_fields]
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        ways = GivenMaterial(**{name: getattr(self, name) for name in GivenMaterial.model_fields})
        found = in_lame_parameters(ways, given) or given
        if missing := [name for name in names if name not in found]:
            raise ConfigError(f"of its material {', '.join(missing)} {'are' if missing[1:] else 'is'} missing; {LEGAL}")
        return found["lame_lambda"], found["lame_mu"], found["density"]
