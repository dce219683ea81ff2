"""Windows of many wavelengths and periods, each in one least squares."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

import elastic_pinn as ep
from tests.benchmarks.validation.media import Made, box
from tests.benchmarks.validation.published import P_AND_S, WINDOW, WINDOWS, square
from tests.benchmarks.validation.row import SOLID, Recipe, Row, plane_waves, random_features

MODES = 20
BEYOND = 3.5  # the highest wave number of the plane waves less that of the modes, radians in half a side
WAVES = 4.5  # times the square of that: twice as many as differ, over as many periods as wavelengths
SPEED = 1.2  # of waves in the medium that varies, m/s, about that of S waves
LENGTHS = 4.0  # wavelengths a side there, and periods


@dataclass(frozen=True)
class LameModes:
    """All Lame modes of a free square up to one whose S waves are 1 m long, with random amplitudes and phases.

    count: of modes; mode n has sqrt(2) / 2 n of its own wavelengths a side.
    """

    count: int

    @property
    def side(self) -> float:
        """Of the square, m."""
        return self.count / math.sqrt(2.0)

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        """Return the displacement (..., 2) in m at positions in m and times in s."""
        k = torch.arange(1, self.count + 1, dtype=torch.float64) * math.pi / self.side  # (C,)
        draws = np.random.default_rng(0)
        amplitudes = torch.from_numpy(draws.normal(size=self.count)) / k
        phases = torch.from_numpy(draws.uniform(0.0, 2.0 * math.pi, self.count))
        x, y, t = (each[..., None] for each in (x, y, t))
        in_time = amplitudes * torch.cos(math.sqrt(2.0) * SOLID.c_s * k * t + phases)  # (..., C)
        u = in_time * torch.cos(k * x) * torch.sin(k * y)
        v = -in_time * torch.sin(k * x) * torch.cos(k * y)
        return torch.stack([u.sum(-1), v.sum(-1)], dim=-1)


def free_square(count: int) -> ep.Problem:
    """Four free sides; as many periods of the fastest mode as its wavelengths a side."""
    modes = LameModes(count)
    window = ep.Domain((0.0, modes.side), (0.0, modes.side), (0.0, modes.side / SOLID.c_s))
    return ep.Problem(window, SOLID, [ep.Traction()], ep.Initial.of(modes), exact=modes)


def for_square(count: int, waves: int = 0) -> Recipe:
    """Plane waves, so many or as many as the square takes."""
    greatest = math.pi * count / math.sqrt(2.0) + BEYOND  # of S waves, radians in half a side
    return plane_waves(
        waves or round(WAVES * greatest**2 / 100.0) * 100,
        greatest,
        time_frequency=greatest * SOLID.c_s / SOLID.c_p,
        s_wave_fraction=0.667,
        sampling="chebyshev",
    )


@dataclass(frozen=True)
class ManyWaves(Made):
    """Twelve waves 1 to 2 m long in a solid that varies; a force makes up for what they are no solution of."""

    count: int = 12

    def __call__(self, x: Tensor, y: Tensor, t: Tensor) -> Tensor:
        draws = np.random.default_rng(5)
        angle, *phases = (torch.from_numpy(each) for each in draws.uniform(0.0, 2.0 * math.pi, (3, self.count)))
        k = 2.0 * math.pi / torch.from_numpy(draws.uniform(1.0, 2.0, self.count))
        k[0] = 2.0 * math.pi
        x, y, t = (each[..., None] for each in (x, y, t))
        along = k * (torch.cos(angle) * x + torch.sin(angle) * y - SPEED * t)
        return torch.stack([(torch.sin(along + phase) / k).sum(-1) for phase in phases], dim=-1)


def varying(size: float) -> ep.Problem:
    """A box whose sides move as the waves do."""
    waves, extent = ManyWaves(), LENGTHS * size
    return box(extent, extent / SPEED, waves.medium, waves, force=waves.force)


ROWS = (
    Row(
        "many-wavelengths",
        "20 Lame modes on four free sides: 14 x 14 wavelengths, 14 periods",
        lambda size: free_square(MODES if size == 1.0 else MODES // 5),
        f"{for_square(MODES)['hidden_layers'][0]} plane waves",
        for_square(MODES),
        for_square(MODES // 5, 1500),
        1e-3,
        goal=1e-3,
    ),
    Row(
        "b-at-once",
        "B in one least squares",
        lambda size: square(P_AND_S, 0.0, WINDOW * WINDOWS * size if size == 1.0 else WINDOW),
        "5000 plane waves",
        plane_waves(5000, 5.0, boundary_points=5000, time_frequency=3.3, s_wave_fraction=0.5, sampling="chebyshev"),
        {"hidden_layers": [800], "boundary_points": 800, "initial_points": 400},
        1e-3,
        goal=1e-6,
    ),
    Row(
        "varying",
        "12 waves in a smooth medium, 4 x 4 wavelengths, 4 periods",
        varying,
        "4000 features",
        random_features(4000, 14.0, time_frequency=9.0),
        {
            "hidden_layers": [900],
            "input_frequency": 8.5,
            "interior_points": 1800,
            "boundary_points": 450,
            "initial_points": 450,
            "time_frequency": 5.0,
        },
        1e-2,
        goal=1e-2,
    ),
    Row(
        "varying-patches",
        "the same, in three patches of time",
        varying,
        "1500 features a patch",
        random_features(4500, 14.0, interior_points=7200, boundary_points=1350, initial_points=900)
        | {"network": "patches", "hidden_layers": [1500], "patches": [1, 1, 3], "time_frequency": 7.0},
        {
            "hidden_layers": [450],
            "input_frequency": 8.0,
            "interior_points": 2200,
            "boundary_points": 400,
            "initial_points": 300,
            "time_frequency": 4.5,
        },
        2e-2,
        goal=1e-2,
    ),
)
