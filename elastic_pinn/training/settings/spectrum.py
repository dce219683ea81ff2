"""The highest wave number and frequency of what is known of a wavefield.

Smooth functions are sampled at Chebyshev nodes, where the coefficients of a wave fall off steeply beyond the degree
that its number of radians in half the interval gives.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from elastic_pinn.physics import Plate, Problem
from elastic_pinn.physics.fields import Field, evaluate
from elastic_pinn.physics.probes import Probe, probes
from elastic_pinn.physics.shortest_waves import pulsed, shortest_waves
from elastic_pinn.physics.sources import InitialPulse

NODES = 128  # along an axis
MOST = 3.5  # times the root mean square wave number: that of a Gaussian is below
WITH_KINKS = 1.7  # the same of a start that may have kinks, at rims or interfaces: coefficients fall off slowly
MARGIN = 1.35  # of wave numbers beyond those of functions, measured on exact fields
ON_SIDES = 16  # places on sides at which the time of functions there is looked at


def highest(problem: Problem, part: float) -> tuple[float, float]:
    """Find up to which wave number and frequency a problem's functions and sources have waves.

    Parameters
    ----------
    problem
        Any that is not static.
    part
        Of the amplitude of each, that may lie beyond, dimensionless.

    Returns
    -------
    tuple of float
        The wave number of S waves in the first material, 1/m, and the angular frequency, 1/s; 0 where nothing is known.
    """
    slow, fast = problem.reference.c_s, problem.reference.c_p
    omegas, numbers = [0.0], [0.0]
    for source in problem.sources:
        if isinstance(source, InitialPulse):
            numbers.append(math.sqrt(2.0 * math.log(1.0 / part)) / source.width)  # of exp(-r^2 / (2 width^2))
    for source in pulsed(problem):
        omegas.append(min(2.0 * math.pi * source.pulse.highest_frequency, source.highest_wave_number_at(slow) * fast))
    mean = {each.name: each for each in shortest_waves(problem)}
    has_kinks = bool(problem.inclusions) or isinstance(problem.domain.shape, Plate)
    for probe in (each.without_sources() for each in probes(problem) if each.name != "exact"):
        if not probe.field or probe.name not in mean:
            continue
        usual = mean[probe.name].wave_number
        if probe.place.kind == "initial":
            most = (WITH_KINKS if has_kinks else MOST) * usual
            numbers.append(MARGIN * min(most, _wave_number(probe.field, problem, part)))
        else:
            omegas.append(MARGIN * min(MOST * usual * fast, _frequency(probe, probe.field, problem, part)))
    wave_number = max(*numbers, max(omegas) / slow)
    return wave_number, max(*omegas, max(numbers) * slow)


def _wave_number(field: Field, problem: Problem, part: float) -> float:
    """Of a function at the start, 1/m, over the rectangle that encloses the domain."""
    from scipy.fft import dctn

    (left, right), (low, high) = problem.domain.shape.bounds
    nodes = torch.cos(math.pi * (torch.arange(NODES, dtype=torch.float64) + 0.5) / NODES)
    x, y = ((a + b) / 2.0 + (b - a) / 2.0 * nodes for a, b in ((left, right), (low, high)))
    inside = problem.domain.shape.nearest(*torch.cartesian_prod(x, y).unbind(1))
    points = torch.cat([inside, torch.full_like(inside[:, :1], problem.domain.t[0])], dim=1)
    values = evaluate(field, points).reshape(NODES, NODES, 2).numpy()
    energy = np.square(dctn(values, axes=(0, 1), norm="ortho")).sum(2)  # (NODES, NODES), by the degrees along x and y
    along_x, along_y = (_radians(energy.sum(axis), part) for axis in (1, 0))
    return math.hypot(2.0 * along_x / (right - left), 2.0 * along_y / (high - low))


def _frequency(probe: Probe, field: Field, problem: Problem, part: float) -> float:
    """Of a function on sides or inside, 1/s, at some places."""
    from scipy.fft import dct

    start, end = problem.domain.t
    angle = math.pi * (torch.arange(NODES, dtype=torch.float64) + 0.5) / NODES
    times = (start + end) / 2.0 + (end - start) / 2.0 * torch.cos(angle)
    unit = torch.from_numpy(np.random.default_rng(0).random((ON_SIDES, probe.place.dimensions)))
    places, _ = probe.place.at(unit)
    points = torch.cat([places.repeat_interleave(NODES, 0)[:, :2], times.repeat(ON_SIDES)[:, None]], dim=1)
    values = evaluate(field, points).reshape(ON_SIDES, NODES, 2).numpy()
    energy = np.square(dct(values, axis=1, norm="ortho")).sum((0, 2))
    return 2.0 * _radians(energy, part) / (end - start)


def _radians(energy: np.ndarray, part: float) -> float:
    """The radians in half an interval of the highest wave that a function has, by its energy at each degree.

    The coefficient of degree n of a wave of k radians falls as that of a Bessel function, exp(-(2 sqrt 2 / 3)
    ((n - k) / k^(1/3))^(3/2)) (Abramowitz and Stegun, 9.3.23).
    """
    beyond = np.cumsum(energy[::-1])[::-1]
    if not beyond[0]:
        return 0.0
    degree = int((beyond > part**2 * beyond[0]).sum()) - 1
    margin = (1.5 / math.sqrt(2.0) * math.log(1.0 / part)) ** (2.0 / 3.0)
    roots = np.roots([1.0, 0.0, margin, -float(degree)])  # of the third root of k
    return float(max(root.real for root in roots if abs(root.imag) < 1e-9)) ** 3
