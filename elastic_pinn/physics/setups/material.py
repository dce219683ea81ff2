"""The fields of a config that give a material, and other ways to give them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from elastic_pinn.config_sections import Finite, Positive, Section
from elastic_pinn.errors import ConfigError
from elastic_pinn.field_declarations import Unit
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import PRESETS, Material

if TYPE_CHECKING:
    from elastic_pinn.physics.data import Receivers

CLOSE = 1e-3  # relative: known constants that differ by more are of two solids
FIELDS = {"lambda": "lame_lambda", "mu": "lame_mu", "rho": "density"}
"""Those of the constants of a material."""
NOT_GIVEN = {"lame_lambda": 2.0, "lame_mu": 1.0, "density": 1.0}
"""What holds where no receiver file holds anything else."""
DIMENSIONLESS = 100.0  # Pa or kg/m3: larger constants are in SI units


class MaterialConfig(Section):
    """A homogeneous, isotropic solid: known, or where a search starts."""

    lame_lambda: Annotated[Finite | None, Unit("Pa")] = None
    """first Lame parameter, Pa; by default that of the receiver file, or 2 without one"""
    lame_mu: Annotated[Positive | None, Unit("Pa")] = None
    """shear modulus, Pa; by default that of the receiver file, or 1 without one"""
    density: Annotated[Positive | None, Unit("kg/m3")] = None
    """density, kg/m3; by default that of the receiver file, or 1 without one"""

    @property
    def constants(self) -> dict[str, float]:
        """lambda, mu and rho, without a receiver file.

        Raises ConfigError for a part of a material in SI units: what is not given would be that of no solid.
        """
        given = given_constants(self)
        lost = [FIELDS[name] for name in FIELDS if name not in given]
        if lost and max(given.values(), default=0.0) > DIMENSIONLESS:
            told = ", ".join(f"{FIELDS[name]} = {value:g}" for name, value in given.items())
            raise ConfigError(f"{told}, without {' and '.join(lost)}: give lame_lambda, lame_mu and density")
        return {name: NOT_GIVEN[field] for name, field in FIELDS.items()} | given


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


def given_constants(config: MaterialConfig) -> dict[str, float]:
    """Return those of lambda, mu and rho that are given."""
    values = {name: getattr(config, field) for name, field in FIELDS.items()}
    return {name: value for name, value in values.items() if value is not None}


def constants_beside(
    config: MaterialConfig, data: str, receivers: Receivers, unknowns: Collection[str]
) -> dict[str, float]:
    """Return those of lambda, mu and rho that the fields give or, where they do not, the receiver file `data`.

    Raises ConfigError where the file knows another value of one that is not searched for.
    """
    given = given_constants(config)
    for name in given.keys() & receivers.material.keys() - receivers.start - set(unknowns):
        if not math.isclose(known := receivers.material[name], given[name], rel_tol=CLOSE):
            raise ConfigError(
                f"{FIELDS[name]} = {given[name]:g}: {data} was recorded in a solid whose {name} is known to be "
                f"{known:g}: leave {FIELDS[name]} out, or add {name!r} to unknowns"
            )
    return {**receivers.material, **given}


def as_stored_now(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a stored config without a material that was not given.

    Until there was a `window`, all problems had the constants of NOT_GIVEN by default, and 'receivers' read none.
    """
    if "window" in fields:
        return dict(fields)
    of_file = fields.get("problem") == "receivers"
    not_given = [name for name, value in NOT_GIVEN.items() if of_file or fields.get(name) == value]
    return {**fields, **dict.fromkeys(not_given)}


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
