"""The step length along a direction: the strong Wolfe conditions, by bracketing and cubic interpolation.

Algorithms 3.5 and 3.6 of Nocedal and Wright (Numerical Optimization, 2006) as one loop. torch has such a search inside
its L-BFGS and SciPy (MINPACK's dcsrch) inside its minimizers, both private; SciPy's public `line_search` needs NumPy
arrays, and returns nothing but a warning where it fails. This one needs only numbers, always returns the lowest point
that it evaluated, and tolerates losses that overflow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

DECREASE = 1e-4  # of the loss, relative to that predicted by the slope at the start
FLATTENING = 0.9  # the largest final slope, relative to that at the start
EVALUATIONS = 25
WIDEN = (2.0, 10.0)  # bounds of an extrapolated step, relative to the last, where the loss still falls
MARGIN = 0.1  # of a bracket, next to its ends, where a trial is not worth its cost
NARROW = 1e-14  # relative: a bracket without room for another trial


class Point(NamedTuple):
    """A place on the line: the step that leads to it, in multiples of the direction; loss, slope along the direction
    and gradient (n,) there."""

    step: float
    loss: float
    slope: float
    gradient: Tensor


def strong_wolfe(at: Callable[[float], Point], start: Point, first: float) -> Point:
    """Search a point with loss <= start.loss + 1e-4 step start.slope and |slope| <= 0.9 |start.slope|.

    Returns the first such trial. If 25 evaluations do not find one, returns the lowest trial that meets the first
    condition; `start` itself if none does.

    Arguments:
        at: evaluates at a step; a loss or slope that is no finite number counts as too high.
        start: the point at step 0, with a negative slope.
        first: the first step to try.
    """
    low, high, last, step = start, None, start, first  # the wanted step is between low and high, or beyond low
    for _ in range(EVALUATIONS):
        trial = at(step)
        if not _is_acceptable(trial, start, low):
            high = trial
        elif abs(trial.slope) <= FLATTENING * abs(start.slope):
            return trial
        else:
            if _brackets_minimum(trial, low, high):
                high = low
            low, last = trial, low
        if high is None:
            step = _extrapolated(last, low)
        elif abs(high.step - low.step) <= NARROW * max(low.step, high.step):
            break
        else:
            step = _interpolated(low, high)
    return low


def _is_acceptable(trial: Point, start: Point, low: Point) -> bool:
    """Whether a trial decreases the loss sufficiently, and below the lowest so far."""
    if not (math.isfinite(trial.loss) and math.isfinite(trial.slope)):
        return False
    return trial.loss <= start.loss + DECREASE * trial.step * start.slope and trial.loss < low.loss


def _brackets_minimum(trial: Point, low: Point, high: Point | None) -> bool:
    """Whether the loss rises from the trial on, away from `low`: then it has a minimum between the two."""
    onwards = math.inf if high is None else high.step - low.step
    return trial.slope * onwards >= 0


def _extrapolated(last: Point, trial: Point) -> float:
    """A step beyond `trial`, by the cubic through it and the last one."""
    shortest, longest = (factor * trial.step for factor in WIDEN)
    return min(max(_cubic_minimum(last, trial, longest), shortest), longest)


def _interpolated(low: Point, high: Point) -> float:
    """A step inside a bracket, away from its ends."""
    middle = (low.step + high.step) / 2
    if not (math.isfinite(high.loss) and math.isfinite(high.slope)):
        return low.step + MARGIN * (high.step - low.step)
    near, far = sorted(low.step + part * (high.step - low.step) for part in (MARGIN, 1 - MARGIN))
    return min(max(_cubic_minimum(low, high, middle), near), far)


def _cubic_minimum(one: Point, other: Point, default: float) -> float:
    """The minimum of the cubic with the losses and slopes of two points; `default` if it has none.

    Nocedal and Wright, equation 3.59.
    """
    chord = (one.loss - other.loss) / (one.step - other.step)
    d1 = one.slope + other.slope - 3 * chord
    square = d1 * d1 - one.slope * other.slope
    if not 0 <= square < math.inf:
        return default
    d2 = math.copysign(math.sqrt(square), other.step - one.step)
    bottom = other.slope - one.slope + 2 * d2
    return other.step - (other.step - one.step) * (other.slope + d2 - d1) / bottom if bottom else default
