"""How many waves a window takes: as many as differ there."""

from __future__ import annotations

import math

from elastic_pinn.networks.hole_waves import highest_order
from elastic_pinn.physics import Material, Problem
from elastic_pinn.physics.domains import Interval
from elastic_pinn.readable import rounded_up

DRAWN_AT_RANDOM = 1.2  # so many times as many waves are needed as differ, measured on the shipped data
S_OF_ALL = 1 / 3  # the share of S waves among plane waves, where none is given


def plane_waves_needed(
    problem: Problem, greatest: float, of_p_waves: float, s_fraction: float = S_OF_ALL
) -> tuple[int, ...]:
    """How many plane waves up to a wave number (1/m), and one of P waves, any wavefield in each region takes, (R,), a
    part of them S waves.

    A field of wave numbers up to K has K^2 / (4 pi) degrees of freedom an area; a wavefield has those of two such
    fields at the start and those of the waves that enter through the sides afterwards, c K^2 / (2 pi^2) a length and
    time (the integral over all frequencies up to c K and all wave numbers along the side). Each extent is enlarged by
    half the shortest wave. Source: Landau and Pollak, Bell System Technical Journal 41, 1962, for bands and extents
    along each axis.
    """
    extents = [problem.domain.shape.bounds, *(shape.bounds for shape in problem.regions.inclusions)]
    speed = problem.reference.c_p  # other regions have waves up to the same frequency
    of_regions = [
        _needed_in(
            bounds, problem.domain.t, solid, greatest * speed / solid.c_p, of_p_waves * speed / solid.c_p, s_fraction
        )
        for bounds, solid in zip(extents, problem.materials, strict=True)
    ]
    return tuple(rounded_up(DRAWN_AT_RANDOM * each) for each in of_regions)


def _needed_in(
    bounds: tuple[Interval, Interval],
    window: Interval,
    material: Material,
    greatest: float,
    of_p_waves: float,
    s_fraction: float,
) -> float:
    """How many differ in one region, which a rectangle (m) encloses, in a window of time, s."""
    x, y = (high - low for low, high in bounds)

    def differing(speed: float, highest: float) -> float:
        half_wave = math.pi / highest
        area, around = (x + half_wave) * (y + half_wave), 2.0 * (x + y + 2.0 * half_wave)
        way = speed * (window[1] - window[0]) + half_wave
        return highest**2 * (area / (2.0 * math.pi) + around * way / (2.0 * math.pi**2))

    return max(differing(material.c_p, of_p_waves) / (1.0 - s_fraction), differing(material.c_s, greatest) / s_fraction)


def degrees_at_start(problem: Problem, greatest: float) -> float:
    """How many degrees of freedom displacement and velocity have at one instant, for wave numbers up to one (1/m): as
    `plane_waves_needed` counts them, of P and of S waves."""
    (left, right), (low, high) = problem.domain.shape.bounds
    half_wave = math.pi / greatest
    return greatest**2 * (right - left + half_wave) * (high - low + half_wave) / math.pi


def waves_needed_around(problem: Problem, greatest: float) -> int:
    """How many waves around holes, circular inclusions and beside loads, of wave numbers up to one (1/m) of P waves,
    can be told apart: of both kinds, at two angles of each order, in time; 0 where there are no circles."""
    circles = [
        *((disc.radius, problem.materials[problem.regions.around(disc)]) for disc in problem.discs),
        *((radius, problem.reference) for *_, radius in problem.circles_beside),
    ]
    if not circles:
        return 0
    (start, end), first = problem.domain.t, greatest * problem.reference.c_p
    orders = max(highest_order(first / solid.c_p * radius) for radius, solid in circles)
    in_time = max(first / solid.c_p * solid.c_s * (end - start) / math.pi + 1.0 for _, solid in circles)
    return rounded_up(DRAWN_AT_RANDOM * 2 * (2 * orders + 1) * in_time * len(circles))
