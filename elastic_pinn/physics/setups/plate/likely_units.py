"""Which numbers of a plate are likely in another unit than SI's: with them changed, all of its numbers agree.

They agree where what is in the plate lies in it, materials are like some solid, waves cross it some times in the
window, and periods and wavelengths of its pulses fit into window and plate. Constants of a problem without dimensions
are those of no solid, and are only compared with lengths and times.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from elastic_pinn.physics.setups.material import DIMENSIONLESS, given_constants
from elastic_pinn.physics.setups.plate.config import PlateConfig
from elastic_pinn.physics.sources.places import OFF

DENSITIES = 50.0, 25_000.0  # kg/m3, from foams to osmium
SPEEDS = 1.0, 20_000.0  # m/s, from S waves in gels to P waves in diamond
FASTEST = 1_000.0  # times S waves: P waves in the softest gels
LEAST_LAMBDA = 1e-4  # of the P modulus: less is a number in another unit, unless it is 0
CROSSINGS = 0.2, 50.0  # of the longer side in the window: at least by P waves, at most by S waves
MOST_WAVES = 100.0  # along the longer side, of P waves of a pulse's frequency
LEAST_PERIODS = 0.3  # of a pulse in the window
LEAST_WIDTH = 1e-4  # of the longer side: no source or hole is smaller
WIDEST = 0.5  # of the lesser side
MOST_MOVED = 0.1  # of the longer side, by an initial pulse
AT_ORIGIN = 0.03  # of the longer side: there each place in m is, taken to be in a smaller unit
ROUNDED = 1e-9  # of the longer side: so far outside a place is on a side
MOST_TOLD, FEW = 3, 2  # units, and numbers with their values

OTHER_UNITS: Mapping[str, Sequence[tuple[str, float]]] = {
    "m": (("mm", 1e-3), ("cm", 1e-2), ("µm", 1e-6), ("km", 1e3)),
    "s": (("µs", 1e-6), ("ms", 1e-3)),
    "Hz": (("kHz", 1e3), ("MHz", 1e6)),
    "Pa": (("GPa", 1e9), ("MPa", 1e6)),
    "kg/m3": (("g/cm3", 1e3),),
}
"""What numbers may be in, with its size in SI."""
GIVEN_BY = {"GPa": "if they were given by young_modulus, that", "MPa": "if by p_speed and s_speed, these like km/s"}
"""What both moduli may have been given by, and how that looks then."""
OF_CONFIG = {"plate_size": "m", "duration": "s"}
OF_HOLE = {"place": "m", "radius": "m"}
OF_MATERIAL = {"lame_lambda": "Pa", "lame_mu": "Pa", "density": "kg/m3"}
OF_SOURCE = {"at": "m", "width": "m", "displacement": "m", "frequency": "Hz", "delay": "s"}
OF_INCLUSION = {"center": "m", "radius": "m", "x": "m", "y": "m", **OF_MATERIAL}

Numbers = Mapping[str, Any]
"""Numbers, or lists of them, by what they are in the config, as "sources[0].at"."""
Units = Mapping[str, tuple[str, float]]
"""A unit and its size in SI, by the numbers that are in it."""


def likely_units(config: PlateConfig) -> list[str]:
    """Return which numbers are likely in another unit, and what they are then.

    Parameters
    ----------
    config
        Of a plate, which may be impossible.

    Returns
    -------
    list of str
        As in "plate_size = [100, 60] m looks like mm: give [0.1, 0.06]"; [] where all agree, or where no unit mends it.
        Those of fewest numbers alone.
    """
    numbers, is_disc = _numbers_of(config), config.plate_shape == "disc"
    on_sides = {f"sources[{i}].at" for i, each in enumerate(config.sources) if each.kind == "side_load"}
    if _agree(numbers, is_disc):
        return []
    found: dict[int, dict[tuple[str, ...], str]] = {}
    for units in _other_units(numbers):
        meant = {name: _times(each, units.get(name, ("", 1.0))[1]) for name, each in numbers.items()}
        if _agree(meant, is_disc) and _are_places(meant, numbers, units, on_sides, is_disc):
            found.setdefault(len(units), {}).setdefault(tuple(units), _told(numbers, units))  # the usual unit is first
    return [*found[min(found)].values()][:MOST_TOLD] if found else []


def as_read(config: PlateConfig) -> str:
    """Return how long waves take to cross a plate as its numbers are, beside the window; "" of no whole material."""
    numbers = _numbers_of(config)
    for lame_lambda, lame_mu, density in _materials(numbers)[:1]:
        if (p_modulus := lame_lambda + 2.0 * lame_mu) > 0.0:
            longer = max(numbers["plate_size"]) * (2.0 if config.plate_shape == "disc" else 1.0)
            fast, slow = math.sqrt(p_modulus / density), math.sqrt(lame_mu / density)
            return (
                f"as it is, P waves of {fast:.3g} m/s need {longer / fast:.3g} s to cross the plate, which is "
                f"{longer:g} m long, and S waves of {slow:.3g} m/s {longer / slow:.3g} s, while the window has "
                f"{numbers['duration']:g} s"
            )
    return ""


def _numbers_of(config: PlateConfig) -> dict[str, Any]:
    """All numbers with a unit that are given, but for strengths."""
    given = {"lame_" + name if name != "rho" else "density": value for name, value in given_constants(config).items()}
    found = {name: getattr(config, name) for name in OF_CONFIG} | given
    for i, (x, y, radius) in enumerate(config.holes):
        found |= {f"holes[{i}].place": (x, y), f"holes[{i}].radius": radius}
    for of, entries, names in (("sources", config.sources, OF_SOURCE), ("inclusions", config.inclusions, OF_INCLUSION)):
        for i, entry in enumerate(entries):
            found |= {f"{of}[{i}].{name}": getattr(entry, name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _unit_of(name: str) -> str:
    """The SI unit of numbers by what they are in the config."""
    return (OF_CONFIG | OF_HOLE | OF_SOURCE | OF_INCLUSION)[name.rpartition(".")[2]]


def _other_units(numbers: Numbers) -> Iterator[Units]:
    """Units that some numbers may be in together: one of them, those that are alike, all of a kind."""
    last = {name: name.rpartition(".")[2] for name in numbers}
    groups = [[name] for name in numbers]
    groups += [
        [name for name in numbers if last[name] == each and "[" in name] for each in OF_HOLE | OF_SOURCE | OF_INCLUSION
    ]
    owners = dict.fromkeys(name.rpartition(".")[0] for name in numbers)
    groups += [
        [name for name in numbers if name.rpartition(".")[0] == of and last[name] in OF_MATERIAL] for of in owners
    ]
    groups += [[name for name in group if last[name] != "density"] for group in groups]
    lengths = [name for name in numbers if _unit_of(name) == "m"]
    groups += [lengths, lengths[1:]]  # plate_size is the first
    groups += [[name for name in lengths if name.startswith(of)] for of in ("holes", "sources", "inclusions")]
    groups += [[name for name in lengths if name.rpartition(".")[0] == of] for of in owners if of]
    groups += [[name for name in lengths if last[name] not in ("width", "radius")]]
    groups += [[name for name in numbers if _unit_of(name) == unit] for unit in OTHER_UNITS]
    for group in dict.fromkeys(tuple(each) for each in groups if each):
        kinds = dict.fromkeys(map(_unit_of, group))
        first, *others = kinds
        for unit in OTHER_UNITS[first]:
            of_kinds = {first: unit, **{other: OTHER_UNITS[other][0] for other in others}}
            yield {name: of_kinds[_unit_of(name)] for name in group}


def _told(numbers: Numbers, units: Units) -> str:
    """Which numbers look like which units, and what they are then."""
    by_unit: dict[tuple[str, float], list[str]] = {}
    for name, unit in units.items():
        by_unit.setdefault(unit, []).append(name)
    told = [_told_of(numbers, names, *unit) for unit, names in by_unit.items()]
    both = next((unit for (unit, _), names in by_unit.items() if unit in GIVEN_BY and len(names) > 1), "")
    return ", and ".join(told) + (f" ({GIVEN_BY[both]})" if both else "")


def _told_of(numbers: Numbers, names: Sequence[str], unit: str, size: float) -> str:
    if len(names) > FEW:
        return f"{', '.join(names)} look like {unit}: multiply them by {size:g}"
    given = " and ".join(f"{name} = {_plain(numbers[name])} {_unit_of(name)}" for name in names)
    meant = " and ".join(_plain(_times(numbers[name], size)) for name in names)
    return f"{given} look{'s' * (len(names) == 1)} like {unit}: give {meant}"


def _plain(value: Any) -> str:
    """Numbers as they are written."""
    return f"[{', '.join(map(_plain, value))}]" if isinstance(value, tuple) else f"{value:g}"


def _times(value: Any, size: float) -> Any:
    """Numbers, or lists of them, times a size, to twelve digits."""
    return tuple(_times(each, size) for each in value) if isinstance(value, tuple) else float(f"{value * size:.12g}")


def _agree(numbers: Numbers, is_disc: bool) -> bool:
    """Whether all numbers go together."""
    width, height = numbers["plate_size"] * 2 if is_disc else numbers["plate_size"]
    bounds = ((-width, width), (-height, height)) if is_disc else ((0.0, width), (0.0, height))
    longer, lesser = (each * (2.0 if is_disc else 1.0) for each in (max(width, height), min(width, height)))
    return (
        all(_lies_in(name, value, bounds) for name, value in numbers.items())
        and all(_is_as_wide(name, value, longer, lesser) for name, value in numbers.items())
        and all(_moves(numbers, material, longer) for material in _materials(numbers))
    )


def _lies_in(name: str, value: Any, bounds: Sequence[tuple[float, float]]) -> bool:
    """Whether a place is in the plate, or numbers are none."""
    last, (x, y) = name.rpartition(".")[2], bounds
    margin = ROUNDED * max(high - low for low, high in bounds)
    places: Collection[tuple[Sequence[float], tuple[float, float]]] = ()
    if last in ("at", "center", "place"):
        places = ((value[:1], x), (value[1:], y))
    elif last in ("x", "y"):
        places = ((value, x if last == "x" else y),)
    return all(low - margin <= each <= high + margin for parts, (low, high) in places for each in parts)


def _are_places(meant: Numbers, given: Numbers, units: Units, on_sides: Collection[str], is_disc: bool) -> bool:
    """Whether places in other units than the plate's size are legal, and none is one in m that is wrong otherwise.

    on_sides: the places that are on a side.
    """
    if "plate_size" in units:
        return True
    (width, *_), (*_, height) = meant["plate_size"], meant["plate_size"]
    longer, lesser = (each * (2.0 if is_disc else 1.0) for each in (max(width, height), min(width, height)))
    places = {name for name in units if name.rpartition(".")[2] in ("at", "center", "place", "x", "y")}
    at_origin = {name for name in places if max(map(abs, meant[name])) <= AT_ORIGIN * longer}
    is_certain = any(not _is_as_wide(name, given[name], longer, lesser) for name in units)
    if at_origin and not is_certain and at_origin == places:
        return False
    for name in places - {each for each in places if each.endswith((".x", ".y"))}:
        (x, y), of = meant[name], name.rpartition(".")[0]
        inside = width - math.hypot(x, y) if is_disc else min(x, width - x, y, height - y)
        if inside < meant.get(f"{of}.radius", 0.0) - ROUNDED * longer:
            return False
        rims = [abs(math.dist(meant[f"{each}.place"], (x, y)) - meant[f"{each}.radius"]) for each in _holes(meant)]
        if name in on_sides and min(inside, *rims, math.inf) > OFF * meant[f"{of}.width"]:
            return False
    return True


def _holes(numbers: Numbers) -> list[str]:
    """What the numbers of each hole begin with."""
    return [name.rpartition(".")[0] for name in numbers if name.endswith(".place")]


def _is_as_wide(name: str, value: Any, longer: float, lesser: float) -> bool:
    """Whether a width or radius is one of something in the plate, and a displacement a small part of it."""
    last = name.rpartition(".")[2]
    if last == "displacement":
        return max(map(abs, value)) <= MOST_MOVED * longer
    return last not in ("width", "radius") or LEAST_WIDTH * longer <= value <= WIDEST * lesser


def _materials(numbers: Numbers) -> list[tuple[float, float, float]]:
    """lambda, mu and rho of each material that is given whole, the plate's first."""
    owners = dict.fromkeys(name.rpartition("lame_mu")[0] for name in numbers if name.endswith("lame_mu"))
    every = ([numbers.get(f"{of}{name}") for name in OF_MATERIAL] for of in owners)
    return [(each[0], each[1], each[2]) for each in every if None not in each]  # type: ignore[misc]


def _moves(numbers: Numbers, material: tuple[float, float, float], longer: float) -> bool:
    """Whether a material is like some solid, and its waves cross the plate in the window, as those of pulses fit in."""
    lame_lambda, lame_mu, density = material
    p_modulus = lame_lambda + 2.0 * lame_mu
    if p_modulus <= 0.0 or 0.0 < abs(lame_lambda) < LEAST_LAMBDA * p_modulus:
        return False
    fast, slow = math.sqrt(p_modulus / density), math.sqrt(lame_mu / density)
    is_in_si = max(map(abs, material)) > DIMENSIONLESS
    if is_in_si and not (DENSITIES[0] <= density <= DENSITIES[1] and SPEEDS[0] <= slow and fast <= SPEEDS[1]):
        return False
    duration = numbers["duration"]
    frequencies = [value for name, value in numbers.items() if name.endswith(".frequency")]
    delays = [value for name, value in numbers.items() if name.endswith(".delay")]
    return (
        fast <= FASTEST * slow
        and fast * duration >= CROSSINGS[0] * longer
        and slow * duration <= CROSSINGS[1] * longer
        and all(each * longer <= MOST_WAVES * fast and each * duration >= LEAST_PERIODS for each in frequencies)
        and all(abs(each) <= duration for each in delays)
    )
