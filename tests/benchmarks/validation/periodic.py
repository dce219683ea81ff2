"""A plane wave between periodic sides."""

from __future__ import annotations

import math
from functools import partial
from typing import Literal

import elastic_pinn as ep
from elastic_pinn.physics.solutions import PlaneWave
from tests.benchmarks.validation.row import SOLID, Row, plane_waves
from tests.benchmarks.validation.walls import FEWER

OBLIQUE = math.radians(30.0)  # from the axis, along which the wave then repeats each metre


def between(axis: Literal["x", "y"], size: float) -> ep.Problem:
    """An S wave through a pair of periodic sides: 2.3 wavelengths a side, two periods; displacement given beside."""
    angle = OBLIQUE if axis == "x" else math.pi / 2.0 - OBLIQUE
    wave = PlaneWave("s", 1.0, 1.0, 1.0, angle=angle, wavelength=math.cos(OBLIQUE))
    window = ep.Domain((0.0, 2.0 * size), (0.0, 2.0 * size), (0.0, 2.0 * size * wave.wavelength))
    others = ("bottom", "top") if axis == "x" else ("left", "right")
    sides = [ep.Periodic(axis), ep.Displacement(wave, sides=others)]
    return ep.Problem(window, SOLID, sides, ep.Initial.of(wave), exact=wave)


ROWS = tuple(
    Row(
        f"periodic-{axis}",
        f"SV wave at 30 degrees through sides that are periodic along {axis}",
        partial(between, axis),
        "2500 plane waves",
        plane_waves(2500, 8.0),
        FEWER,
        2e-2,
    )
    for axis in ("x", "y")
)
