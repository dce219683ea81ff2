"""What each variant is measured on: A', C, the free side with SV at 30 degrees, and the speeds of A' from records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch

import elastic_pinn as ep
from tests.benchmarks.validation.published import P_AND_S, SOLID, bar, standing
from tests.benchmarks.validation.row import relative_error
from tests.benchmarks.validation.walls import wave_on

NOISE = 0.01  # of the records' root mean square
RECEIVERS, INSTANTS = 49, 25
OFF = 0.7  # what is searched starts at this part of the truth


def recorded_square() -> ep.Problem:
    """A' recorded at 49 places and 25 instants with 1 % noise; lambda and mu start 30 % too low."""
    known, generator = standing(P_AND_S, 1.0), np.random.default_rng(0)
    xy, times = generator.uniform(0.05, 0.95, (RECEIVERS, 2)), np.linspace(0.0, known.domain.t[1], INSTANTS)
    x, y = torch.from_numpy(xy)[:, None].expand(-1, INSTANTS, -1).unbind(-1)  # (R, T)
    exact = P_AND_S(x, y, torch.from_numpy(times).expand_as(x)).numpy()  # (R, T, 2)
    noise = NOISE * np.sqrt(np.mean(exact**2))
    start = ep.Material(OFF * SOLID.lame_lambda, OFF * SOLID.lame_mu, SOLID.density, unknowns=("lambda", "mu"))
    receivers = ep.Receivers(xy, times, exact + noise * generator.standard_normal(exact.shape))
    return replace(known, material=start, receivers=receivers)


def constants_off(run: ep.Run, problem: ep.Problem) -> float:
    """The larger relative error of lambda and mu."""
    found = run.material()
    return max(abs(found["lambda"] / SOLID.lame_lambda - 1.0), abs(found["mu"] / SOLID.lame_mu - 1.0))


Measure = Callable[[ep.Run, ep.Problem], float]

FORWARD: Mapping[str, tuple[Callable[[], ep.Problem], Measure]] = {
    "A'": (lambda: standing(P_AND_S, 1.0), relative_error),
    "C": (lambda: bar(1.0), relative_error),
    "free side, SV 30": (lambda: wave_on("free", "s", 30.0, 1.0), relative_error),
}
INVERSE: Mapping[str, tuple[Callable[[], ep.Problem], Measure]] = {
    "A', lambda and mu": (recorded_square, constants_off),
}
