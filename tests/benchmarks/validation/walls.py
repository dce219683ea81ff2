"""Plane waves on one wall of a box whose other sides are given, and waves that live on free sides alone."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import torch

import elastic_pinn as ep
from elastic_pinn.physics.solutions import RayleighWave, StandingWaves, WallReflection
from elastic_pinn.physics.solutions.harmonic import displacement_of
from tests.benchmarks.validation.row import SOLID, Row, plane_waves

WALLS = {"fixed": ep.Displacement, "free": ep.Traction, "symmetry": ep.Symmetry, "absorbing": ep.Absorbing}
NAMES = {"p": "P", "s": "SV"}
FEWER = {"hidden_layers": [500], "input_frequency": 5.0, "boundary_points": 400, "initial_points": 300}


def wave_on(wall: str, kind: str, degrees: float, size: float) -> ep.Problem:
    """Two of the shortest wavelengths a side, and two periods; of size 1."""
    field = WallReflection(kind, wall, SOLID, math.radians(degrees))
    has_s = kind == "s" or degrees > 0.0
    shortest = 2.0 * math.pi * (SOLID.c_s if has_s else SOLID.c_p) / field.omega
    return _below(WALLS[wall](sides="top"), field, 2.0 * size * shortest, 2.0 * size)


def surface_wave(size: float) -> ep.Problem:
    """Two wavelengths along the surface, two down, and two periods."""
    field = RayleighWave(SOLID)
    return _below(ep.Traction(sides="top"), field, 2.0 * size, 2.0 * size)


def _below(top, field, extent: float, periods: float) -> ep.Problem:
    window = ep.Domain((0.0, extent), (-extent, 0.0), (0.0, 2.0 * math.pi * periods / field.omega))
    sides = [top, ep.Displacement(field, sides=("left", "right", "bottom"))]
    return ep.Problem(window, SOLID, sides, ep.Initial.of(field), exact=field)


def lame_mode(size: float) -> ep.Problem:
    """A square with four free sides, 2.1 wavelengths wide, for two periods: nothing is given but the start."""
    field = StandingWaves(1.0, 1.0, 1.0, p_amplitude=0.0)
    half = 1.5 if size == 1.0 else 0.5  # free sides are where a sine of pi x is 1
    window = ep.Domain((-half, half), (-half, half), (0.0, 2.0 * size * math.sqrt(2.0)))
    return ep.Problem(window, SOLID, [ep.Traction()], ep.Initial.of(field), exact=field)


def amplitudes_off(run: ep.Run, problem: ep.Problem) -> float:
    """How far the reflected amplitudes are from theory, by a fit of the three waves to the wavefield."""
    field: WallReflection = problem.exact
    points = problem.domain.interior(torch.from_numpy(np.random.default_rng(0).random((5000, 3))))
    columns = [
        displacement_of([wave._replace(amplitude=phase)], field.omega, *points.unbind(1)).numpy().ravel()
        for wave in field.waves
        for phase in (1.0, 1j)
    ]
    fit = np.linalg.lstsq(np.column_stack(columns), run.predict(*points.unbind(1)).ravel(), rcond=None)[0]
    found = fit[0::2] + 1j * fit[1::2]
    return max(abs(abs(each) - abs(wave.amplitude)) for each, wave in zip(found[1:], field.waves[1:], strict=True))


def _row(wall: str, kind: str, degrees: int) -> Row:
    waves, frequency = (1500, 8.0) if (kind, degrees) == ("p", 0) else (2500, 7.5)
    return Row(
        f"{wall}-{NAMES[kind].lower()}-{degrees}",
        f"{NAMES[kind]} wave at {degrees} degrees on a {'side of symmetry' if wall == 'symmetry' else f'{wall} side'}",
        partial(wave_on, wall, kind, degrees),
        f"{waves} plane waves",
        plane_waves(waves, frequency),
        FEWER,
        1e-3,
    )


def _absorbing(kind: str, degrees: int) -> Row:
    waves, frequency = (1500, 8.0) if kind == "p" else (2500, 7.5)
    return Row(
        f"absorbing-{NAMES[kind].lower()}-{degrees}",
        f"{NAMES[kind]} wave at {degrees} degrees on an absorbing side: reflected amplitudes",
        partial(wave_on, "absorbing", kind, degrees),
        f"{waves} plane waves",
        plane_waves(waves, frequency),
        FEWER,
        5e-3,
        goal=5e-3,
        measure=amplitudes_off,
    )


INCIDENT = [("p", 0), ("p", 30), ("s", 0), ("s", 30), ("s", 40), ("s", 45)]

ROWS = (
    *(_row(wall, kind, degrees) for wall in ("fixed", "free", "symmetry") for kind, degrees in INCIDENT),
    *(_absorbing(kind, degrees) for kind, degrees in (("s", 15), ("s", 30), ("s", 45), ("p", 45))),
    Row(
        "lame-modes",
        "Lame modes on four free sides",
        lame_mode,
        "2000 plane waves",
        plane_waves(2000, 8.0),
        FEWER,
        1e-2,
    ),
    Row(
        "rayleigh",
        "Rayleigh wave",
        surface_wave,
        "4000 plane waves",
        plane_waves(4000, 8.0, sampling="chebyshev"),
        FEWER,
        3e-2,
    ),
)
