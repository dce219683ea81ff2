"""What was understood of recordings, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from elastic_pinn.physics.data.faulty_channels import checked_told
from elastic_pinn.physics.data.known_material import material_of
from elastic_pinn.physics.data.noise import noise_of
from elastic_pinn.physics.data.readers.arrivals import Arrivals, arrivals_of, of_records
from elastic_pinn.physics.data.records import Records
from elastic_pinn.physics.media.material import UNITS

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers

NO_MATERIAL = "give density, lame_lambda and lame_mu, here (with those to be found in start) or to 02_inverse"
NO_MODULI = "lame_lambda and lame_mu can be given, here or to 02_inverse"
ROUGH = "rough values do of those to be found: they are searched for ten times up and down (unknown_range)"
BY_ARRIVALS = "lambda and mu may be left out where both are to be found: it starts from the first arrivals' speed"
ON_THEIR_WAY = "at the others none is seen, as where waves are on their way from the start: no speed is told"

ALL_KNOWN = "no start is given, so that all of it is taken as known: if some is rough, name it, as start [lambda, mu]"


def summary(receivers: Receivers) -> list[str]:
    """Return lines that say what the recordings are: receivers, times, ranges, arrivals, speeds, noise and material."""
    arrivals = [arrivals_of(each) for each in receivers.records]
    whence = receivers.provenance
    lines = [line for each, at in zip(receivers.records, arrivals, strict=True) for line in _summary(each, at, whence)]
    return [*lines, f"material: {_material(receivers, arrivals[0])}"]  # 02_inverse starts from the first's arrivals


def _material(receivers: Receivers, arrivals: Arrivals) -> str:
    given = material_of(receivers)
    without = BY_ARRIVALS if len(arrivals.speeds) else ROUGH
    if not receivers.material:
        return f"not given; {NO_MATERIAL}; {without}"
    roles = ", ".join(
        f"{name} {value:.4g} {UNITS[name]} {'to start from' if name in receivers.start else 'known'}"
        for name, value in receivers.material.items()
    )
    if given is None:
        return f"{roles}; {NO_MODULI}; {without}"
    rough = "" if receivers.start else f"; {ALL_KNOWN}"
    return f"{roles}; c_p {given.c_p:.4g} m/s, c_s {given.c_s:.4g} m/s{rough}"


def _summary(records: Records, arrivals: Arrivals, provenance: str) -> Iterator[str]:
    (x, y), unit = records.xy.T, records.kind.unit
    there = records.corrected[records.is_there]
    first_time, last_time = np.nanmin(records.time), np.nanmax(records.time)
    steps = np.diff(records.time)
    step = f", {np.nanmedian(steps):.4g} s apart" if steps.size else ""
    own = ", of each receiver its own" if records.time.ndim > 1 else ""
    yield f"receivers: {len(records.xy)}, x {x.min():.4g} to {x.max():.4g} m, y {y.min():.4g} to {y.max():.4g} m"
    yield f"times: {records.values.shape[1]}, {first_time:.4g} to {last_time:.4g} s{step}{own}"
    if not records.is_complete:
        yield f"channels: {records.told}"
    of = f" of shot {records.shot}" if records.shot else ""
    size = np.sqrt(np.square(there).mean())
    yield f"{records.quantity}{of}: {there.min():.4g} to {there.max():.4g} {unit}, rms {size:.4g} {unit}"
    found = np.isfinite(first := arrivals.first)
    if found.any() and not arrivals.are_seen:
        yield f"first arrivals: at {found.sum()} of {len(found)} receivers; {ON_THEIR_WAY}"
    elif found.any():
        yield f"first arrivals: {np.nanmin(first):.4g} to {np.nanmax(first):.4g} s, at {found.sum()} receivers"
    if len(arrivals.speeds):
        low, middle, high = np.quantile(arrivals.speeds, [0.1, 0.5, 0.9])
        yield f"apparent speeds: {middle:.4g} m/s (80 % from {low:.4g} to {high:.4g})"
    yield f"channels looked at: {checked_told(records)}"
    noise = noise_of(replace(of_records(arrivals.records), provenance=provenance))
    yield f"noise: {'not known' if math.isnan(noise.level) else f'{noise.level:.3g} {unit}, {noise.origin}'}"
