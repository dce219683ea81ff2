"""Densities that no solid has, as of numbers without their unit."""

from __future__ import annotations

from elastic_pinn.physics.media.material import Material

LIGHTEST, DENSEST = 5.0, 50_000.0  # kg/m3: below light foams, and twice that of osmium
HEAVIER = {"t/mm3": 1e12, "kg/mm3": 1e9, "g/cm3": 1e3}  # kg/m3: units of a number that is too small
TOO_LARGE = 1e3, 1e6  # by how much: a number of kg/m3 as g/cm3, and as kg/cm3 or of mg/m3
FOAM, FAST = 25.0, 2000.0  # kg/m3 and m/s: lighter solids are foams, whose waves are slower
DIMENSIONLESS = 100.0  # m/s: slower waves may be those of a problem without dimensions, of any density


def why_impossible(density: float, speed: float = 0.0) -> str:
    """Return why no solid has a density, with the one that may be meant; empty where one may.

    speed: of P waves in m/s; 0 where it is not known.
    """
    if density > DENSEST:
        meant = next((density / by for by in TOO_LARGE if FOAM <= density / by <= DENSEST), 0.0)
        mend = f"was {meant:g} kg/m3, which is {1e-3 * meant:g} g/cm3, meant?" if meant else "check its unit"
        return f"density = {density:g} kg/m3, which no solid has: {mend}"
    if density >= (FOAM if speed > FAST else LIGHTEST):
        return ""
    beside = f" beside P waves of {speed:.3g} m/s" if density >= LIGHTEST else ""
    found = ((unit, density * size) for unit, size in HEAVIER.items() if LIGHTEST <= density * size <= DENSEST)
    mend = next((f"give {rho:g}, if {density:g} {unit} was meant" for unit, rho in found), "check its unit")
    return f"density = {density:g} kg/m3{beside}, which no solid has: {mend}"


def why_impossible_in_si(material: Material) -> str:
    """Return the same of a material whose waves are as fast as in SI units."""
    return why_impossible(material.density, material.c_p) if material.c_p > DIMENSIONLESS else ""
