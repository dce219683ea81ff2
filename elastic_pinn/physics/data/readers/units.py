"""Units as text: the only door through which they come; inside, all numbers are in SI units."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal

from elastic_pinn.errors import ConfigError
from elastic_pinn.parameters import decimal_comma, in_one_line
from elastic_pinn.physics.import_options import NUMBER_AND_UNIT

SI = {
    "length": "m",
    "time": "s",
    "frequency": "Hz",
    "displacement": "m",
    "velocity": "m/s",
    "acceleration": "m/s**2",
    "strain": "1",
    "strain_rate": "1/s",
    "stress": "Pa",
    "modulus": "Pa",
    "density": "kg/m**3",
}
"""The SI unit of each quantity, as pint writes it."""

EXAMPLES = {
    "length": "mm",
    "time": "us",
    "frequency": "kHz",
    "displacement": "nm",
    "velocity": "mm/s",
    "acceleration": "m/s2",
    "strain": "microstrain",
    "strain_rate": "1/s",
    "stress": "MPa",
    "modulus": "GPa",
    "density": "g/cm3",
}
RATIOS = {"strain", "percent", "permille", "ppm", "ppb"}
"""What a strain is given in; counts, radians, decibels and bytes, which pint takes for numbers as well, are none."""
MADE_OF: dict[str, tuple[list[dict[str, int]], set[str]]] = {
    "strain": ([{"[length]": 1}], RATIOS),
    "strain_rate": ([{"[length]": 1}, {"[time]": 1}], RATIOS),
    "frequency": ([{"[time]": 1}], {"hertz"}),
}
"""Of the quantities that pint takes for a number, and for one over a time: of what their units may be made, by
dimensions and by names. Radians a second, revolutions a minute and becquerel are no frequency of samples or waves."""
Sign = Literal["any", "0 or more", "more than 0"]
NAME = re.compile(r"[^\W\d]\w*|[%‰]")
POWER = re.compile(r"(?<=[A-Za-zµμ])(-?\d+)")  # m/s2, which people write for m/s**2
STANDARD_GRAVITY = re.compile(r"([mnuµμ]?)g")  # of an acceleration; elsewhere a gram


@cache
def _registry() -> Any:
    import pint  # slow to import, and needed for imports only

    registry: Any = pint.UnitRegistry(cache_folder=None)
    registry.define("ppb = 1e-9")  # which pint lacks
    return registry


def factor(unit: str, quantity: str, role: str) -> float:
    """Return the size of a unit, or of so many of it, as "0.03 um/s" of a count, in the SI unit of a quantity.

    Of an acceleration, g is the standard gravity, 9.80665 m/s2. Raises ConfigError, naming `role`, for text that is no
    unit, or the unit of another quantity.
    """
    import pint

    _require_point(unit, role)
    if parts := NUMBER_AND_UNIT.fullmatch(unit):
        if not float(parts[1]) > 0.0:
            raise ConfigError(f"{role} = {unit!r}: so many of a unit must be more than 0")
        return float(parts[1]) * factor(parts[2], quantity, role)
    found, needed = _parsed(unit, quantity, role), _registry().parse_units(SI[quantity])
    example = f"one as {EXAMPLES[quantity]!r} is needed"
    if not (found.is_compatible_with(needed) and _is_made_of(unit, quantity)):
        raise ConfigError(f"{role} = {unit!r} is no unit of {quantity}: {example}")
    try:
        return float((1.0 * found).to(needed).magnitude)
    except pint.PintError:  # of decibels, or of degrees
        raise ConfigError(f"{role} = {unit!r} has no zero of its own: {example}") from None


def _is_made_of(unit: str, quantity: str) -> bool:
    """Whether a unit is made of what the quantity is given in; True of a quantity that MADE_OF does not have."""
    if quantity not in MADE_OF:
        return True
    dimensions, named = MADE_OF[quantity]
    names = set(NAME.findall(POWER.sub(r"**\1", unit))) - {"per"}
    units = [_parsed(name, quantity, "unit") for name in names]
    return all(each.dimensionality in dimensions or _is_named(each, named) for each in units)


def _is_named(unit: Any, names: set[str]) -> bool:
    """Whether a unit has one of some names, maybe with a prefix, as microstrain has."""
    return all(_registry().parse_unit_name(name)[0][1] in names for name in unit._units)


def _parsed(unit: str, quantity: str, role: str) -> Any:
    text = POWER.sub(r"**\1", unit.strip())
    if quantity == "acceleration" and STANDARD_GRAVITY.fullmatch(text):
        text += "_0"  # pint's name
    try:
        return _registry().parse_units(text, as_delta=False)  # of which a decibel has none
    except Exception:  # pint's parser ends in any of a dozen of errors where text is no unit
        raise ConfigError(
            f"{role} = {unit!r} is not known as a unit: one as {EXAMPLES[quantity]!r} is needed"
        ) from None


def is_unit(text: str, quantity: str) -> bool:
    """Return whether text is a unit of a quantity."""
    try:
        return factor(text, quantity, "unit") > 0.0
    except ConfigError:
        return False


def is_mechanical(text: str) -> bool:
    """Return whether text is a unit of any of the quantities of a file."""
    return any(is_unit(text, quantity) for quantity in SI if quantity != "frequency")


def is_same_unit(one: str, other: str, quantity: str = "") -> bool:
    """Return whether two texts are one unit in other words, as us, µs and microsecond, or 0.001 m and mm.

    quantity: of which they are, where that is known: g is the standard gravity of an acceleration alone.
    """
    if one == other:
        return True
    try:
        (first, unit), (second, like) = (_so_many(text, quantity) for text in (one, other))
        return bool(unit.is_compatible_with(like)) and math.isclose(first * (1.0 * unit).to(like).magnitude, second)
    except Exception:  # text that is no unit, or one without a zero of its own, in any of a dozen of errors of pint
        return False


def different_units(units: Iterable[str]) -> list[str]:
    """Return one of all texts for each unit that they are, in their order."""
    found: list[str] = []
    for text in sorted(units):
        if not any(is_same_unit(text, each) for each in found):
            found.append(text)
    return found


def _so_many(text: str, quantity: str) -> tuple[float, Any]:
    """A number, 1 where none is given, and of which unit."""
    parts = NUMBER_AND_UNIT.fullmatch(text)
    return (float(parts[1]), _parsed(parts[2], quantity, "unit")) if parts else (1.0, _parsed(text, quantity, "unit"))


def is_known(text: str) -> bool:
    """Return whether text is a unit of anything, as 'mV' is of what a transducer gave."""
    try:
        _parsed(text, "length", "unit")
    except ConfigError:
        return False
    return True


def in_si(value: str | float, quantity: str, role: str, unit: float = 1.0, sign: Sign = "any") -> float:
    """Return a number in SI units: of text with a unit, as '57.6 GPa', or of a number in a unit of that size.

    Raises ConfigError, naming `role`, for any other text, and for a number that is not finite or of another sign.
    """
    if not isinstance(value, str):
        return float(value) * unit
    _require_point(value, role)
    if not (parts := NUMBER_AND_UNIT.fullmatch(value)):
        raise ConfigError(
            f"{role} = {in_one_line(value)}: a number with its unit is needed, as '1.5 {EXAMPLES[quantity]}'"
        )
    found = float(parts[1]) * factor(parts[2], quantity, role)
    is_legal = {"any": True, "0 or more": found >= 0.0, "more than 0": found > 0.0}[sign]
    if not (is_legal and math.isfinite(found)):
        needed = "a finite number" if sign == "any" else f"a finite number, {sign},"
        raise ConfigError(
            f"{role} = {in_one_line(value)}: {needed} with its unit is needed, as '1.5 {EXAMPLES[quantity]}'"
        )
    return found


def _require_point(text: str, role: str) -> None:
    """Raise ConfigError for a number with a decimal comma, which may as well separate thousands."""
    if hint := decimal_comma(text):
        raise ConfigError(f"{role} = {in_one_line(text)}: {hint}")
