"""Waves around holes and circular inclusions: fields with a pole in there, which nothing but its rim gives."""

from __future__ import annotations

import math
from functools import partial

import elastic_pinn as ep
from elastic_pinn.physics.solutions import AnnulusMode, HoleWave, InclusionWave
from tests.benchmarks.validation.row import SOLID, Recipe, Row, least_squares

STIFF = ep.Material(4.0, 4.0, 1.0)  # 2:1 in impedance
RADIUS = 1.7 / (2.0 * math.pi) * math.sqrt(3.0)  # k_p a = 1.7 where S waves have the length 1


def hole_waves(waves: tuple[int, ...], frequency: float, conditions: int) -> Recipe:
    """Plane waves and waves around circles: the sides, circles and the start have all the points."""
    plane, around, *_ = waves
    sides, start = 3 * (plane + around) // 5, 2 * (plane + around) // 5
    points = {"interior_points": 20, "boundary_points": sides // conditions, "initial_points": start}
    if len(waves) > 2:
        points |= {"interface_points": sides // 2, "weight_interface": 100.0}
    return least_squares("hole_waves", 0, frequency, **points) | {"hidden_layers": list(waves)}


def wave_on_hole(kind: str, size: float) -> ep.Problem:
    """Two S wavelengths a side, and two periods; of size 1. The sides move as the wavefield does, the hole is free."""
    hole = ep.Disc((0.05 * size, -0.03 * size), RADIUS * size)
    field = HoleWave(kind, SOLID, hole.radius, hole.center, angle=0.3, wavelength=wavelength_of(kind))
    plate = ep.Plate(ep.Rectangle((-size, size), (-size, size)), [hole])
    window = ep.Domain(shape=plate, t=(0.0, 4.0 * math.pi * size / field.omega))
    sides = [ep.Displacement(field, sides=plate.outline.sides), ep.Traction(sides=plate.names)]
    return ep.Problem(window, SOLID, sides, ep.Initial.of(field), exact=field)


def wave_on_inclusion(kind: str, contact: str, size: float) -> ep.Problem:
    """The same around an inclusion that is as large."""
    disc = ep.Disc((0.05 * size, -0.03 * size), RADIUS * size)
    field = InclusionWave(
        kind, SOLID, disc.radius, disc.center, 0.3, wavelength_of(kind), inclusion=STIFF, contact=contact
    )
    window = ep.Domain((-size, size), (-size, size), (0.0, 4.0 * math.pi * size / field.omega))
    inclusions = [ep.Inclusion(disc, STIFF, contact)]
    start = ep.Initial.of(field)
    return ep.Problem(window, SOLID, [ep.Displacement(field)], start, exact=field, inclusions=inclusions)


def wavelength_of(kind: str) -> float:
    """Of the incident wave, where S waves have the length 1."""
    return math.sqrt(3.0) if kind == "p" else 1.0


def annulus_mode(kind: str, size: float) -> ep.Problem:
    """Two periods, of size 1, between two free rims."""
    field = AnnulusMode(kind, SOLID, 0.4, 1.0)
    plate = ep.Plate(ep.Disc((0.0, 0.0), field.outer), [ep.Disc((0.0, 0.0), field.inner)])
    omega = field.wave_number * (SOLID.c_s if kind == "torsion" else SOLID.c_p)
    window = ep.Domain(shape=plate, t=(0.0, 4.0 * math.pi * size / omega))
    return ep.Problem(window, SOLID, [ep.Traction()], ep.Initial.of(field), exact=field)


def _row(name: str, case: str, problem, waves: tuple, quick: tuple, in_time: float = 0.0, **goals) -> Row:
    conditions = len(problem(1.0).boundary)
    (plane, around, *inside), frequency = waves
    method = f"{plane} plane waves, {around} around the hole"
    if inside:
        method = f"{plane} plane waves, {around} around the inclusion, {inside[0]} in it"
    return Row(
        name,
        case,
        problem,
        method,
        hole_waves(waves[0], frequency, conditions) | {"time_frequency": in_time},
        hole_waves(*quick, conditions),
        **goals,
    )


ROWS = (
    _row(
        "annulus-torsion",
        "torsion of an annulus, rims free",
        partial(annulus_mode, "torsion"),
        ((1400, 1000), 7.0),
        ((600, 450), 7.0),
        quick_goal=2e-3,
    ),
    _row(
        "annulus-radial",
        "radial mode of an annulus, rims free",
        partial(annulus_mode, "radial"),
        ((1000, 700), 3.5),
        ((400, 300), 3.0),
        quick_goal=1e-3,
    ),
    *(
        _row(
            f"hole-{name.lower()}",
            f"{name} wave on a free hole, k_p a = 1.7",
            partial(wave_on_hole, kind),
            ((1400, 1000), 7.5),
            ((400, 400), 4.5),
            in_time=4.6,
            quick_goal=1e-2,
            goal=1e-4,
        )
        for kind, name in (("p", "P"), ("s", "SV"))
    ),
    *(
        _row(
            f"inclusion-{suffix}",
            f"{name} wave on a {contact} circular inclusion, 2:1 in impedance, k_p a = 1.7",
            partial(wave_on_inclusion, kind, contact),
            ((1400, 1000, 900), 7.5),
            ((400, 400, 300), 4.0),
            in_time=4.6,
            quick_goal=1e-2,
            goal=1e-4,
        )
        for suffix, kind, name, contact in (
            ("p", "p", "P", "welded"),
            ("sv", "s", "SV", "welded"),
            ("slip-sv", "s", "SV", "slip"),
        )
    ),
)
