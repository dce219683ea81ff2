"""The amplitude and the origin time of a pulse of known shape that fit records best, in one material.

The waveforms of an origin time between two delays are interpolated, by polynomials of eight delays. The best of all
delays is refined by Gauss-Newton, of which each step has the best amplitude.

Letters: M misfits, K delays.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from elastic_pinn.physics.sources import KnownShape

NODES = 8
ITERATIONS = 50
HALVINGS = 20
SMALL = 1e-10  # of a delay: a step that is the last one


def interpolation(pulse: KnownShape, time: float, count: int) -> tuple[Tensor, Tensor]:
    """Return the coefficients of K = count delayed pulses that make up one at a time (s) after the first, and their
    derivatives by it (1/s), each (K,). Of a known origin time there is one pulse."""
    here, rate = torch.zeros(count, dtype=torch.float64), torch.zeros(count, dtype=torch.float64)
    if not pulse.is_time_unknown:
        here[0] = 1.0
        return here, rate
    first = min(max(math.floor(time / pulse.spacing) - NODES // 2 + 1, 0), count - NODES)
    nodes = torch.arange(first, first + NODES, dtype=torch.float64)
    off = time / pulse.spacing - nodes  # (NODES,)
    for i in range(NODES):
        others = [j for j in range(NODES) if j != i]
        below = math.prod(float(nodes[i] - nodes[j]) for j in others)
        here[first + i] = math.prod(float(off[j]) for j in others) / below
        slopes = (math.prod(float(off[j]) for j in others if j != left) for left in others)
        rate[first + i] = sum(slopes) / below / pulse.spacing
    return here, rate


def fitted(columns: Tensor, target: Tensor, pulse: KnownShape) -> tuple[float, float]:
    """Find the amplitude and the time (s after the first delay) of least misfit of columns (M, K) to a target (M,)."""
    if not pulse.is_time_unknown:
        return _amplitude(columns[:, 0], target, pulse), 0.0
    low, high = pulse.lead - pulse.origin_within, pulse.lead + pulse.origin_within
    time = min(_tried(pulse, low, high), key=lambda each: _misfit(columns, target, pulse, each))
    least = _misfit(columns, target, pulse, time)
    for _ in range(ITERATIONS):
        here, rate = (columns @ each for each in interpolation(pulse, time, columns.shape[1]))  # each (M,)
        amplitude = _amplitude(here, target, pulse)
        slope = amplitude * rate
        if pulse.is_size_unknown:
            slope = slope - here * (here @ slope) / _square(here)
        step = float(slope @ (target - amplitude * here) / _square(slope))
        for _ in range(HALVINGS):
            trial = min(max(time + step, low), high)
            misfit = _misfit(columns, target, pulse, trial)
            if misfit < least:
                break
            step /= 2.0
        else:
            break
        is_last = abs(trial - time) < SMALL * pulse.spacing
        time, least = trial, misfit
        if is_last:
            break
    return _amplitude(columns @ interpolation(pulse, time, columns.shape[1])[0], target, pulse), time


def _tried(pulse: KnownShape, low: float, high: float) -> list[float]:
    """Times from low to high, at most a delay apart."""
    return torch.linspace(low, high, math.ceil((high - low) / pulse.spacing) + 1, dtype=torch.float64).tolist()


def _amplitude(waveforms: Tensor, target: Tensor, pulse: KnownShape) -> float:
    """The best amplitude, or the known one."""
    return float(waveforms @ target / _square(waveforms)) if pulse.is_size_unknown else 1.0


def _square(waveforms: Tensor) -> Tensor:
    """Their squared length; not 0 where nothing arrives, to divide by."""
    return (waveforms @ waveforms).clamp(min=torch.finfo(waveforms.dtype).tiny)


def _misfit(columns: Tensor, target: Tensor, pulse: KnownShape, time: float) -> float:
    """The squared misfit at a time, with the best amplitude."""
    waveforms = columns @ interpolation(pulse, time, columns.shape[1])[0]
    return float((_amplitude(waveforms, target, pulse) * waveforms - target).square().sum())
