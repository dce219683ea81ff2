"""The fields of a config that give a material, and other ways to give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from elastic_pinn.config_sections import Finite, Positive, Section
from elastic_pinn.errors import ConfigError
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import PRESETS, Material


class MaterialConfig(Section):
    """A homogeneous, isotropic solid that is known."""

    lame_lambda: Finite = 2.0
    """first Lame parameter of the problems 'standing_waves' and 'plate', Pa"""
    lame_mu: Positive = 1.0
    """shear modulus of the problems 'standing_waves' and 'plate', Pa"""
    density: Positive = 1.0
    """density of the problems 'standing_waves' and 'plate', kg/m3"""


class GivenMaterial(Section):
    """Other ways to give lame_lambda, lame_mu and density, which a config then holds."""

    material: Literal["", "aluminium", "steel", "rubber"] = ""
    """name of a material, in the place of lame_lambda, lame_mu and density"""
    p_speed: Positive | None = None
    """speed of P waves in the unbounded solid, m/s; with s_speed, in the place of lame_lambda and lame_mu"""
    s_speed: Positive | None = None
    """speed of S waves, m/s; with p_speed, in the place of lame_lambda and lame_mu"""
    young_modulus: Positive | None = None
    """Young's modulus, Pa; with poisson_ratio, in the place of lame_lambda and lame_mu"""
    poisson_ratio: Annotated[float, Field(gt=-1, lt=0.5)] | None = None
    """Poisson's ratio; with young_modulus, in the place of lame_lambda and lame_mu"""


PAIRS = (("lame_lambda", "lame_mu"), ("p_speed", "s_speed"), ("young_modulus", "poisson_ratio"))
LEGAL = (
    "legal are lame_lambda and lame_mu, p_speed and s_speed, or young_modulus and poisson_ratio, each with density, or "
    "material alone"
)


def in_lame_parameters(given: GivenMaterial, beside: Mapping[str, Any]) -> dict[str, float]:
    """Return lame_lambda, lame_mu and density of a material that is given in another way; {} if none is.

    beside: those of lame_lambda, lame_mu and density that are given, too. Raises ConfigError for a material that is
    given twice or in part, and for a solid that is not stable.
    """
    others = {name: value for name, value in given.model_dump().items() if value not in ("", None)}
    if not others:
        return {}
    values = {**others, **beside}
    pairs = [pair for pair in PAIRS if values.keys() & set(pair)]
    is_twice = len(values) > 1 if "material" in values else len(pairs) > 1
    missing = [] if "material" in values else [name for name in (*pairs[0], "density") if name not in values]
    if is_twice or missing:
        fault = (
            "a material is given twice"
            if is_twice
            else f"{' and '.join(missing)} {'are' if missing[1:] else 'is'} missing"
        )
        raise ConfigError(f"{', '.join(f'{name} = {value!r}' for name, value in values.items())}: {fault}; {LEGAL}")
    try:
        solid = _solid(values)
    except ProblemError as error:
        raise ConfigError(f"{' and '.join(values)}: {error}") from None
    return {name: getattr(solid, name) for name in MaterialConfig.model_fields}


def _solid(values: Mapping[str, Any]) -> Material:
    """The solid of a preset, or of a pair and a density."""
    if "material" in values:
        return PRESETS[values["material"]]
    if "p_speed" in values:
        return Material.from_speeds(values["p_speed"], values["s_speed"], values["density"])
    return Material.from_young(values["young_modulus"], values["poisson_ratio"], values["density"])
