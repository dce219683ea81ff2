"""Whether the numbers of a problem can be in SI units: they disagree by orders of magnitude where some are not."""

from __future__ import annotations

import math
from collections.abc import Iterator

from elastic_pinn.config import Config
from elastic_pinn.physics import Problem
from elastic_pinn.physics.media.impossible_density import DIMENSIONLESS
from elastic_pinn.physics.setups.plate.likely_units import DENSITIES, FASTEST, LEAST_LAMBDA, SPEEDS, likely_units
from elastic_pinn.physics.shortest_waves import pulsed
from elastic_pinn.readable import readable

LEAST_CROSSED, MOST_CROSSED = 0.02, 500.0  # times the window's longer side: other ways of P waves mean wrong units
MOST_WAVES = 100.0  # along the window's longer side, of P waves
USUAL = 0.2, 50.0  # crossings: where another unit of one quantity gives these, and all else fits, it is likely meant
UNITS = {
    "length": (("mm", 1e-3),),
    "time": (("ms", 1e-3), ("µs", 1e-6)),
    "modulus": (("GPa", 1e9), ("MPa", 1e6)),
    "density": (("g/cm3", 1e3),),
}  # that numbers may be in, with their size in SI
NAMES = {"length": "the window's size", "time": "the window's duration", "modulus": "mu", "density": "the density"}
QUESTION = "are lengths in m, times in s, moduli in Pa and density in kg/m3?"


def unit_doubts(config: Config, problem: Problem) -> Iterator[str]:
    """Yield one sentence with speeds, wavelengths and crossings if the numbers of a problem are at odds, and with the
    number that is likely in another unit, where it is one."""
    if found := list(_of_solid(problem) or (*_of_moduli(problem), *_of_window(problem))):
        facts = "; ".join(_facts(problem))
        likely = likely_units(config) if config.problem == "plate" else _likely(problem)
        yield " ".join([f"{', and '.join(found)} ({facts}): {QUESTION}", *([", or ".join(likely)] if likely else [])])


def _likely(problem: Problem) -> list[str]:
    """The quantities that are likely in another unit, each for all numbers of its kind."""
    return [
        f"{NAMES[quantity]} looks like {unit}: multiply every {quantity} by {size:g}"
        for quantity, units in UNITS.items()
        for unit, size in units
        if _would_agree(problem, **{quantity: size})
    ]


def _of_solid(problem: Problem) -> list[str]:
    """An impossible solid. Where nothing was recorded, units may be the user's own, and only what is faster or denser
    than any solid is odd."""
    material = problem.reference
    if problem.receivers and not _is_solid(problem):
        is_odd = material.density != 1.0 or max(material.c_s, material.c_p) >= DIMENSIONLESS
    else:
        odd = [each for each in problem.materials if max(each.c_s, each.c_p) > SPEEDS[1] or each.density > DENSITIES[1]]
        is_odd, material = bool(odd), next(iter(odd), material)
    return [f"no solid is like this one, with a density of {material.density:.4g} kg/m3"] if is_odd else []


def _of_moduli(problem: Problem) -> Iterator[str]:
    """Constants that go together in hardly any solid, or materials in no plate."""
    for names, material in problem.named_materials:
        lame_lambda, lame_mu = material.lame_lambda, material.lame_mu
        if 0.0 < abs(lame_lambda) < LEAST_LAMBDA * lame_mu:
            yield f"{names['lambda']} = {lame_lambda:.4g} Pa is nothing beside {names['mu']} = {lame_mu:.4g} Pa"
        if material.c_p > FASTEST * material.c_s:
            yield f"P waves are {material.c_p / material.c_s:,.0f} times as fast as S waves"
        if material.c_p < problem.reference.c_p / FASTEST:
            times = problem.reference.c_p / material.c_p
            yield f"P waves of one material are {times:,.0f} times as fast as those of another"


def _of_window(problem: Problem) -> Iterator[str]:
    """A window that waves cross hardly or far too often, or that its displacements or waves do not fit in."""
    side, speed, displacement = _side(problem), problem.reference.c_p, problem.scales.displacement
    wide = f"the window, {side:.4g} m wide"
    if _is_larger_than_window(problem):
        yield f"displacements are up to {readable(displacement, 'm')}, more than all of {wide}"
    if problem.domain.is_static:
        return
    duration = problem.domain.t[1] - problem.domain.t[0]
    way = speed * duration
    if way < LEAST_CROSSED * side:
        yield f"P waves cross {100 * way / side:.2g} % of {wide}, in its {duration:.4g} s"
    elif way > MOST_CROSSED * side:
        yield f"P waves cross {wide}, {way / side:,.0f} times in its {duration:.4g} s"
    if (highest := _highest_frequency(problem)) > MOST_WAVES * speed / side:
        yield f"{side * highest / speed:,.0f} of the shortest P waves fit along {wide}"


def _would_agree(
    problem: Problem, length: float = 1.0, time: float = 1.0, modulus: float = 1.0, density: float = 1.0
) -> bool:
    """Whether the numbers of a problem would be usual, were its units of so many m, s, Pa and kg/m3."""
    if problem.domain.is_static or _is_larger_than_window(problem):  # which none of these units mends
        return False
    faster, side = math.sqrt(modulus / density), length * _side(problem)
    material, (start, end) = problem.reference, problem.domain.t
    slow, fast = sorted(faster * speed for speed in (material.c_s, material.c_p))
    crossings = faster * material.c_p * time * (end - start) / side
    return (
        DENSITIES[0] <= density * material.density <= DENSITIES[1]
        and SPEEDS[0] <= slow <= fast <= SPEEDS[1]
        and USUAL[0] <= crossings <= USUAL[1]
        and _highest_frequency(problem) <= MOST_WAVES * faster * material.c_p / side
    )


def _facts(problem: Problem) -> Iterator[str]:
    """Speeds, wavelengths, and how often a wave crosses the window."""
    material, side = problem.reference, _side(problem)
    speeds = {"P": material.c_p, "S": material.c_s}
    yield ", ".join(f"{name} waves of {readable(speed, 'm/s')}" for name, speed in speeds.items())
    if not problem.domain.is_static:
        duration = problem.domain.t[1] - problem.domain.t[0]
        ways = " and ".join(f"{speed * duration / side:.2g}" for speed in speeds.values())
        yield f"they cross {readable(side, 'm')} {ways} times in {readable(duration, 's')}"
    if highest := _highest_frequency(problem):
        lengths = " and ".join(readable(speed / highest, "m") for speed in speeds.values())
        yield f"at the highest frequency, {readable(highest, 'Hz')}, they are {lengths} long"


def _is_solid(problem: Problem) -> bool:
    """Whether the material is like some solid in SI units."""
    material = problem.reference
    slow, fast = sorted((material.c_s, material.c_p))
    return DENSITIES[0] <= material.density <= DENSITIES[1] and SPEEDS[0] <= slow and fast <= SPEEDS[1]


def _is_larger_than_window(problem: Problem) -> bool:
    """Whether displacements are larger than the window of a solid in SI units."""
    return _is_solid(problem) and problem.scales.displacement > _side(problem)


def _side(problem: Problem) -> float:
    """The window's longer side, m."""
    return max(high - low for low, high in (problem.domain.x, problem.domain.y))


def _highest_frequency(problem: Problem) -> float:
    """That of the pulses, Hz; 0 without any."""
    return max((source.pulse.highest_frequency for source in pulsed(problem)), default=0.0)
