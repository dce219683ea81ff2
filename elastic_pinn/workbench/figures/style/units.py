"""Units in which the numbers on an axis are neither huge nor tiny."""

import math
from typing import NamedTuple

from elastic_pinn.physics.media.material import unit_of

DIMENSIONLESS = "1"
PREFIXES = {1e-15: "f", 1e-12: "p", 1e-9: "n", 1e-6: "µ", 1e-3: "m", 1.0: "", 1e3: "k", 1e6: "M", 1e9: "G"}
CENTIMETRE = 1e-2
OF_MOTION = ("m/s", "m/s2")


class Unit(NamedTuple):
    """A unit's name and its size in SI units: SI value / size is the number to show."""

    name: str
    size: float


def unit_for(value: float, si: str) -> Unit:
    """Return a suitable unit for a value in the given SI unit: 2.6e10 with "Pa" gives GPa.

    Lengths from 1 cm to below 1 m are in cm; a compound unit such as "kg/m3" is unchanged, but for that of a velocity
    or an acceleration. Dimensionless values ("1") have powers of ten for units: 3e-6 gives "1e-6".
    """
    if "/" in si and si not in OF_MOTION:
        return Unit(si, 1.0)
    value = abs(value)
    if si == "m" and CENTIMETRE <= value < 1.0:
        return Unit("cm", CENTIMETRE)
    size = max((size for size in PREFIXES if size <= value), default=1.0)
    if si == DIMENSIONLESS:
        return Unit(f"1e{round(math.log10(size))}" if size != 1.0 else DIMENSIONLESS, size)
    return Unit(PREFIXES[size] + si, size)


def unit_of_constant(name: str, value: float) -> Unit:
    """Return a suitable unit for a constant of a material by its name: moduli as `unit_for` does, speeds in m/s, and
    Poisson's ratio without a unit."""
    si = unit_of(name)
    return unit_for(value, si) if si == "Pa" else Unit("" if si == DIMENSIONLESS else si, 1.0)
