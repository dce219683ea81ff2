"""Units as text: the only door through which they come; inside, all numbers are in SI units."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from elastic_pinn.errors import ConfigError
from elastic_pinn.parameters import decimal_comma, in_one_line

SI = {
    "length": "m",
    "time": "s",
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
    "displacement": "nm",
    "velocity": "mm/s",
    "acceleration": "m/s2",
    "strain": "microstrain",
    "strain_rate": "1/s",
    "stress": "MPa",
    "modulus": "GPa",
    "density": "g/cm3",
}
POWER = re.compile(r"(?<=[A-Za-zµμ])(-?\d+)")  # m/s2, which people write for m/s**2
STANDARD_GRAVITY = re.compile(r"([mnuµμ]?)g")  # of an acceleration; elsewhere a gram
NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([^\d\s./*].*)")  # "57.6 GPa", but not "1/s"


@cache
def _registry() -> Any:
    import pint  # slow to import, and needed for imports only

    return pint.UnitRegistry(cache_folder=None)


def factor(unit: str, quantity: str, role: str) -> float:
    """Return the size of a unit, or of so many of it, as "0.03 um/s" of a count, in the SI unit of a quantity.

    Of an acceleration, g is the standard gravity, 9.80665 m/s2. Raises ConfigError, naming `role`, for text that is no
    unit, or the unit of another quantity.
    """
    import pint

    _require_point(unit, role)
    if parts := NUMBER.fullmatch(unit):
        if not float(parts[1]) > 0.0:
            raise ConfigError(f"{role} = {unit!r}: so many of a unit must be more than 0")
        return float(parts[1]) * factor(parts[2], quantity, role)
    found, needed = _parsed(unit, quantity, role), _registry().parse_units(SI[quantity])
    try:
        size = (1.0 * found).to(needed).magnitude
    except pint.DimensionalityError:
        raise ConfigError(
            f"{role} = {unit!r} is no unit of {quantity}: one as {EXAMPLES[quantity]!r} is needed"
        ) from None
    except pint.OffsetUnitCalculusError:
        raise ConfigError(
            f"{role} = {unit!r} has no zero of its own: one as {EXAMPLES[quantity]!r} is needed"
        ) from None
    return float(size)


def _parsed(unit: str, quantity: str, role: str) -> Any:
    text = POWER.sub(r"**\1", unit.strip())
    if quantity == "acceleration" and STANDARD_GRAVITY.fullmatch(text):
        text += "_0"  # pint's name
    try:
        return _registry().parse_units(text)
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
    """Return whether text is a unit of any of the quantities."""
    return any(is_unit(text, quantity) for quantity in SI)


def is_known(text: str) -> bool:
    """Return whether text is a unit of anything, as 'mV' is of what a transducer gave."""
    try:
        _parsed(text, "length", "unit")
    except ConfigError:
        return False
    return True


def in_si(value: str | float, quantity: str, role: str) -> float:
    """Return a number in SI units: of text with a unit, as '57.6 GPa', or of a number that is in SI already.

    Raises ConfigError, naming `role`, for any other text.
    """
    if not isinstance(value, str):
        return float(value)
    _require_point(value, role)
    parts = NUMBER.fullmatch(value)
    if not parts:
        example = f"{EXAMPLES[quantity]}"
        raise ConfigError(f"{role} = {in_one_line(value)}: a number with its unit is needed, as '1.5 {example}'")
    return float(parts[1]) * factor(parts[2], quantity, role)


def _require_point(text: str, role: str) -> None:
    """Raise ConfigError for a number with a decimal comma, which may as well separate thousands."""
    if hint := decimal_comma(text):
        raise ConfigError(f"{role} = {in_one_line(text)}: {hint}")
