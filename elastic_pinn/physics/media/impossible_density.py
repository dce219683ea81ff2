"""Densities that no solid has, as of numbers without their unit."""

from __future__ import annotations

from elastic_pinn.physics.media.material import Material

LIGHTEST, DENSEST = 5.0, 50_000.0  # kg/m3: below light foams, and twice that of osmium
FOAM, FAST = 25.0, 2000.0  # kg/m3 and m/s: lighter solids are foams, whose waves are slower
DIMENSIONLESS = 100.0  # m/s: slower waves may be those of a problem without dimensions, of any density


def why_impossible(density: float, speed: float = 0.0) -> str:
    """Return why no solid has a density, with the one that may be meant; empty where one may.

    speed: of P waves in m/s; 0 where it is not known.
    """
    if density > DENSEST:
        return (
            f"density = {density:g} kg/m3, which no solid has: give {1e-3 * density:g}, if {density:g} g/m3 was meant"
        )
    if density >= (FOAM if speed > FAST else LIGHTEST):
        return ""
    beside = f" beside P waves of {speed:.3g} m/s" if density >= LIGHTEST else ""
    mend = f"give {1e3 * density:g}, if {density:g} g/cm3 was meant"
    return f"density = {density:g} kg/m3{beside}, which no solid has: {mend}"


def why_impossible_in_si(material: Material) -> str:
    """Return the same of a material whose waves are as fast as in SI units."""
    return why_impossible(material.density, material.c_p) if material.c_p > DIMENSIONLESS else ""
