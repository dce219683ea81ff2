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
STRAINS = {"strain": [{"[length]": 1}], "strain_rate": [{"[length]": 1}, {"[time]": 1}]}
"""Of the quantities that pint takes for a number, and for one over a time: of what else their units may be made."""
RATIOS = {"strain", "percent", "permille", "ppm", "ppb"}
"""What a strain is given in; counts, radians, decibels and bytes, which pint takes for numbers as well, are none."""
NAME = re.compile(r"[^\W\d]\w*|[%‰]")
POWER = re.compile(r"(?<=[A-Za-zµμ])(-?\d+)")  # m/s2, which people write for m/s**2
STANDARD_GRAVITY = re.compile(r"([mnuµμ]?)g")  # of an acceleration; elsewhere a gram
NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([^\d\s./*].*)")  # "57.6 GPa", but not "1/s"


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
    if parts := NUMBER.fullmatch(unit):
        if not float(parts[1]) > 0.0:
            raise ConfigError(f"{role} = {unit!r}: so many of a unit must be more than 0")
        return float(parts[1]) * factor(parts[2], quantity, role)
    found, needed = _parsed(unit, quantity, role), _registry().parse_units(SI[quantity])
    example = f"one as {EXAMPLES[quantity]!r} is needed"
    if not (found.is_compatible_with(needed) and _is_of_lengths(unit, quantity)):
        raise ConfigError(f"{role} = {unit!r} is no unit of {quantity}: {example}")
    try:
        return float((1.0 * found).to(needed).magnitude)
    except pint.PintError:  # of decibels, or of degrees
        raise ConfigError(f"{role} = {unit!r} has no zero of its own: {example}") from None


def _is_of_lengths(unit: str, quantity: str) -> bool:
    """Whether a unit of a strain, or of its rate, is made of what these are given in; True of another quantity."""
    if quantity not in STRAINS:
        return True
    names = set(NAME.findall(POWER.sub(r"**\1", unit))) - {"per"}
    units = [_parsed(name, quantity, "unit") for name in names]
    return all(each.dimensionality in STRAINS[quantity] or _is_ratio(each) for each in units)


def _is_ratio(unit: Any) -> bool:
    """Whether a unit is one of RATIOS, maybe with a prefix, as microstrain is."""
    return all(_registry().parse_unit_name(name)[0][1] in RATIOS for name in unit._units)


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
