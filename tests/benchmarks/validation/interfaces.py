"""Plane waves where two materials meet, 2:1 in impedance: a set of waves for each of them."""

from __future__ import annotations

import math
from functools import partial

import elastic_pinn as ep
from elastic_pinn.physics.solutions import Refraction
from tests.benchmarks.validation.row import SOLID, Row, plane_waves
from tests.benchmarks.validation.walls import NAMES

STIFF = ep.Material(4.0, 4.0, 1.0)
WAVES = plane_waves(1500, 7.5, boundary_points=1800, initial_points=1200, interface_points=900, weight_interface=100.0)
FEWER = {"hidden_layers": [400], "input_frequency": 4.5, "boundary_points": 500, "initial_points": 400,
         "interface_points": 200}  # fmt: skip


def meeting(kind: str, degrees: float, contact: str, size: float) -> ep.Problem:
    """A wave that comes from below: two of the shortest waves of the softer solid a side, two periods."""
    wavelength = math.sqrt(3.0) if kind == "p" else 1.0  # S waves are then 1 m long in the softer solid
    wave = Refraction(kind, SOLID, STIFF, contact, math.radians(degrees), wavelength)
    window = ep.Domain((0.0, 2.0 * size), (-size, size), (0.0, 4.0 * size * math.pi / wave.omega))
    upper = ep.Inclusion(ep.Rectangle((0.0, 2.0 * size), (0.0, size)), STIFF, contact)
    return ep.Problem(window, SOLID, [ep.Displacement(wave)], ep.Initial.of(wave), exact=wave, inclusions=[upper])


ROWS = tuple(
    Row(
        f"{contact}-{NAMES[kind].lower()}-{degrees}",
        f"{NAMES[kind]} wave at {degrees} degrees on a {contact} interface, 2:1 in impedance",
        partial(meeting, kind, degrees, contact),
        "1500 plane waves a material",
        WAVES,
        FEWER,
        2e-3,
    )
    for contact in ("welded", "slip")
    for kind in ("p", "s")
    for degrees in (0, 30)
)
