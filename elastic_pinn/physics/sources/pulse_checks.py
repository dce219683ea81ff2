"""What a pulse has to be, which one's own may not be: an array between whose values one interpolates, a recorded one.

Letters: N times.
"""

from __future__ import annotations

import math

import torch

from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.sources.known_shape import KnownShape
from elastic_pinn.physics.sources.pulses import FAINT, Pulse
from elastic_pinn.physics.sources.unknown_pulse import UnknownPulse

TIMES = 401  # over a pulse's interval
BESIDE = 0.1  # of its interval: what is looked at before and after it
CUT = 10.0 * FAINT  # of the peak, at an end: more is a pulse that was cut off, and not rounding


def require_sound_pulse(pulse: Pulse, role: str) -> None:
    """Raise ProblemError for a known pulse whose interval is none, or which does not begin and end with it.

    Parameters
    ----------
    pulse
        Of a source; one that is unknown has nothing to be looked at but its known shape.
    role
        What it is of, as it begins the sentence.

    Raises
    ------
    ProblemError
        With the end at which the pulse is not over.
    """
    known = pulse.pulse if isinstance(pulse, KnownShape) else pulse
    if isinstance(known, UnknownPulse):
        return
    first, last = known.interval
    if not (math.isfinite(first) and math.isfinite(last) and first < last):
        raise ProblemError(
            f"{role}: the interval of {known} is {first:g} to {last:g} s: two finite instants are needed, the first of "
            "which is the earlier one"
        )
    if not 0.0 < known.highest_frequency < math.inf:
        raise ProblemError(f"{role}: the highest frequency of {known} is {known.highest_frequency:g} Hz: it must be "
                           "above 0, and finite")  # fmt: skip
    times = torch.linspace(first, last, TIMES, dtype=torch.float64)  # (N,)
    values = known(times)
    if values.shape != times.shape or not values.isfinite().all() or not values.any():
        raise ProblemError(f"{role}: {known} has no finite value at each of {TIMES} instants of its interval, or is 0")
    peak, beyond = float(values.abs().max()), BESIDE * (last - first)
    for end, where, (start, stop) in (
        (first, "beginning", (first - beyond, first)),
        (last, "end", (last, last + beyond)),
    ):
        outside = known(torch.linspace(start, stop, TIMES, dtype=torch.float64))
        part = float(outside.nan_to_num(math.inf).abs().max()) / peak
        if part > CUT:
            raise ProblemError(
                f"{role}: {known} has {100.0 * part:.2g} % of its peak at or beyond the {where} of its interval, "
                f"{end:g} s, where a pulse has to be below {FAINT:g} of it: taper its values to 0, take a recorded "
                "one's offset off, and let the interval be as long as the pulse"
            )
