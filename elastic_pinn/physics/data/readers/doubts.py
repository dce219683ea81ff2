"""What of recordings can hardly be so, each with the mend.

Letters of shapes: R receivers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from elastic_pinn.physics.data.channel_names import named_channels
from elastic_pinn.physics.data.copied_channels import copies_of
from elastic_pinn.physics.data.faulty_channels import COPY, NOISELESS, faulty_channels, sentences
from elastic_pinn.physics.data.known_material import material_of
from elastic_pinn.physics.data.noise import ORIGINS, noise_of_records
from elastic_pinn.physics.data.readers.arrivals import arrivals_of, below_which, spectrum
from elastic_pinn.physics.data.records import Records
from elastic_pinn.physics.media.impossible_density import why_impossible
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.numbers import Array

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers

SPEEDS = 0.5, 20_000.0  # m/s: from waves in gels to P waves in diamond
FIRM = 30.0  # m/s: only gels, soft tissue and soft rubber have slower waves
TIMES_SPEED = 30.0  # by how much size over duration may be off a speed, where no arrival is found
TIMES_MATERIAL = 10.0  # by how much an arrival may be off the speeds of a material, which may only start a search
USUAL = 300.0, 10_000.0  # m/s: of most solids, by which a unit that may be meant is found first
TIMES_MEND = 3.0  # by how much it may be off the speeds of a material, where another unit is meant
FEWEST_WAVES = 0.05  # across all receivers: fewer tell nothing
OTHER_UNITS = (
    ("length_unit mm for m", 1e-3),
    ("time_unit us for s", 1e6),
    ("time_unit us for ms (or ms for s)", 1e3),
    ("length_unit m for mm", 1e3),
    ("length_unit mm for cm", 0.1),
    ("length_unit cm for mm", 10.0),
    ("length_unit cm for m", 0.01),
    ("length_unit m for cm", 100.0),
    ("time_unit ms for us (or s for ms)", 1e-3),
    ("time_unit s for us", 1e-6),
)
"""A unit that may be meant for one that was given, and by how much it changes speeds."""
SMALLER = {
    "displacement": "nm for um (or um for mm)",
    "velocity": "mm/s for m/s",
    "acceleration": "mm/s2 for m/s2",
    "strain": "microstrain for 1",
    "strain_rate": "microstrain/s for 1/s",
    "stress": "kPa for MPa",
}
"""A smaller unit of each quantity."""
STRAINS = ((FIRM, 0.2), (1000.0, 0.01), (math.inf, 0.002))
"""Beyond which hardly any solid is elastic whose slowest waves run at less than so many m/s: gels and tissue; ground
and rubber; metals, rock and concrete, whose proof strain is 0.2 %."""
DENSITIES = 25.0, 25_000.0  # kg/m3: from light foams to osmium
SOFTEST = 100.0  # Pa: the shear modulus of the softest gels
NO_LAMBDA = 1e-6  # of mu: so small a lambda is hardly one in the same unit
BEFORE = ORIGINS[1]  # the noise of records that is seen before the first arrival
TIMES_NOISE = 2.0  # by how much a noise that is stated may be off that
ENERGY = 0.95  # of the spectrum, up to the frequency that is called the highest
NEAR_NYQUIST = 0.8
NEAR_PLACES = 1e-3  # of the usual distance of receivers: nearer ones are rather one
OF_OPEN_WINDOWS = (
    "of a window without known sides (problem: receivers) they tell all waves that enter it, and must be closer, or "
    "the records filtered; of a plate whose sides and sources are known (problem: plate) they may be as far apart as "
    "this"
)


TOO_FEW_TIMES = 20  # to tell rounded times from uneven ones
UNEVEN = 0.02, 0.9  # of a step: by how much rounded steps differ: less does no harm, and more is a gap
KINDS = 4  # of steps, rounded times having two, and two more where there are more digits


def doubts(receivers: Receivers) -> list[str]:
    """Return a sentence for each thing about recordings that can hardly be so, with what would mend it."""
    material = material_of(receivers)
    of_material = list(_of_material(material) if material else _of_density(receivers))
    of_records = [doubt for each in receivers.records for doubt in _doubts(each, None if of_material else material)]
    faulty = faulty_channels(receivers)
    is_told = any(each.kind in (COPY, NOISELESS) for each in faulty)
    return [*of_material, *of_records, *sentences(faulty), *([] if is_told else _of_copies(receivers))]


def _of_copies(receivers: Receivers) -> Iterator[str]:
    """Channels with the same samples where no noise is seen: copies, or computed records."""
    found = [(each.channel, each.other) for each in receivers.repeated]
    for records, channels, names in named_channels(receivers):
        found += [
            (names[i], names[each.of])
            for i, each in copies_of(records, channels).items()
            if channels[i].row != channels[each.of].row  # x and y of a wave along one direction are in proportion
        ]
    if found:
        channel, other = found[0]
        others = f" (and {len(found) - 1} more channels those of others)" if len(found) > 1 else ""
        yield (
            f"channel {channel} has the samples of {other}, up to a factor{others}: unless these are computed records "
            "without noise, of waves that are alike at both, leave one of the two out, or give the records of each"
        )


def _doubts(records: Records, material: Material | None) -> Iterator[str]:
    arrivals, places = arrivals_of(records), np.unique(records.xy, axis=0)
    found = spectrum(arrivals.records)
    speed = float(np.median(arrivals.speeds)) if len(arrivals.speeds) else math.nan
    middle = below_which(0.5, *found) if found else math.nan
    of_units = [*_of_speed(records, speed, middle, material), *_of_size(records)]
    yield from of_units or _of_strain(records, material.c_p if material else speed, middle, material)
    yield from _of_noise(records)
    yield from _of_places(places)
    yield from _of_times(np.atleast_2d(records.time)[0])
    if found:
        yield from _of_sampling(found, speed, places)


def _of_times(time: Array) -> Iterator[str]:
    """Times (T,) that are even ones, rounded."""
    time = time[np.isfinite(time)]
    if len(time) < TOO_FEW_TIMES:
        return
    steps, (usual, first) = np.diff(time), np.polyfit(np.arange(len(time)), time, 1)
    apart, beside = float(np.ptp(steps)), float(np.abs(time - first - usual * np.arange(len(time))).max())
    if not UNEVEN[0] * usual < apart < UNEVEN[1] * usual:
        return
    kinds = np.unique(np.rint(10.0 * (steps - steps.min()) / apart))
    if len(kinds) <= KINDS and beside < apart:
        yield (
            f"times are even ones rounded to {apart:.2g} s, it seems, which displaces samples by up to "
            f"{100.0 * beside / usual:.2g} % of a step, {usual:.3g} s: write them with all their digits, or take their "
            "column out of the file and give time_step (or sampling_rate)"
        )


def _of_density(receivers: Receivers) -> Iterator[str]:
    """A density without moduli, beside the speed of first arrivals."""
    if "rho" not in receivers.material:
        return
    speeds = np.concatenate([arrivals_of(each).speeds for each in receivers.records])
    if len(speeds):
        yield from filter(None, [why_impossible(receivers.material["rho"], float(np.median(speeds)))])


def _of_material(material: Material) -> Iterator[str]:
    """Constants that no solid has, as of numbers without their unit."""
    rho, mu, lame_lambda = material.density, material.lame_mu, material.lame_lambda
    in_si = "a number without a unit is in SI units"
    is_heavy_or_light = not DENSITIES[0] <= rho <= DENSITIES[1]
    if is_heavy_or_light:
        mend = f"; was {rho:g} g/cm3 meant?" if rho < DENSITIES[0] else "; check its unit"
        yield f"density is {rho:.4g} kg/m3, where solids have {DENSITIES[0]:g} to {DENSITIES[1]:g}: {in_si}{mend}"
    if mu < SOFTEST:
        yield f"lame_mu is {mu:.4g} Pa, softer than any gel: {in_si}; was {mu:g} GPa (or MPa, kPa) meant?"
    elif 0.0 < abs(lame_lambda) < NO_LAMBDA * mu:
        yield f"lame_lambda is {lame_lambda:.4g} Pa beside lame_mu of {mu:.4g} Pa: {in_si}; was one as GPa meant?"
    elif material.c_p > SPEEDS[1] and not is_heavy_or_light:
        yield (
            f"P waves run at {material.c_p:.3g} m/s in the material that is given, which no solid has: check the "
            "units of lame_lambda, lame_mu and density"
        )


def _of_speed(records: Records, speed: float, frequency: float, material: Material | None) -> Iterator[str]:
    """speed: of first arrivals. frequency: of most waves, Hz. NaN where there are none."""
    size = float(np.linalg.norm(np.ptp(records.xy, axis=0)))
    duration = float(np.nanmax(records.time) - np.nanmin(records.time))
    crossing = size / duration if duration > 0.0 else math.nan
    slow, fast = SPEEDS
    if material:
        slow, fast = material.c_s / TIMES_MATERIAL, min(material.c_p * TIMES_MATERIAL, fast)
    given = f"receivers extend over {size:.3g} m and times over {duration:.3g} s"
    reason = _has(material) if material else "which no solid has"
    if not math.isnan(speed):
        if speed < slow or speed > fast <= crossing:  # across the way of a wave, it arrives everywhere at once
            yield f"waves arrive at {speed:.3g} m/s, {reason}, as {given}: {_mend(speed, material)}"
        elif speed < FIRM and not material:
            alone = "as in gels and soft tissue alone, of which a material that is given would tell"
            yield f"waves arrive at {speed:.3g} m/s, {alone}; {given}: {_mend(speed, material)}"
    elif crossing > fast * TIMES_SPEED or 0.0 < crossing < slow / TIMES_SPEED:
        yield (
            f"the receivers' extent over the duration is {crossing:.3g} m/s, {reason}, as {given}: "
            f"{_mend(crossing, material)}"
        )
    elif material and 0.0 < size * frequency < FEWEST_WAVES * material.c_s:
        yield (
            f"waves of {frequency:.3g} Hz are {material.c_s / frequency:.3g} m long in the material that is given, and "
            f"receivers extend over {size:.3g} m: {_mend(size * frequency, material, (material.c_s, 'waves across'))}"
        )


def _has(material: Material) -> str:
    return f"where the material that is given has {material.c_s:.3g} and {material.c_p:.3g} m/s"


def _mend(speed: float, material: Material | None, unit: tuple[float, str] = (1.0, "m/s")) -> str:
    """Which units would make it a usual speed, or else one that there may be, and what each makes of it.

    unit: in which that is told, by its size in m/s and its name.
    """
    size, name_of_unit = unit
    usual, wide = USUAL, (FIRM, SPEEDS[1])
    if material:
        slow = material.c_s / TIMES_MEND
        usual, wide = (slow, material.c_p * TIMES_MEND), (slow, material.c_p * TIMES_SPEED)
    for slow, fast in (usual, wide):
        by_factor = groupby(sorted(OTHER_UNITS, key=itemgetter(1)), itemgetter(1))
        mends = [
            f"{' or '.join(name for name, _ in units)} (that makes {speed * times / size:.3g} {name_of_unit})"
            for times, units in by_factor
            if slow <= speed * times <= fast
        ]
        if mends:
            return f"were {', or '.join(mends)} meant?"
    return "check the units of positions and times"


def _of_noise(records: Records) -> Iterator[str]:
    """Noise that is stated larger than all that was recorded, or other than is seen before the first arrival."""
    there = records.is_there
    if not (records.noises[there] > 0.0).all():
        return
    noise, size = (float(np.sqrt(np.mean(np.square(each[there])))) for each in (records.noises, records.values))
    if noise > size > 0.0:
        yield (
            f"a noise of {noise:.3g} {records.kind.unit} is stated, and the root mean square of all that was recorded "
            f"is {size:.3g}: check noise, which is in value_unit"
        )
        return
    in_noise = replace(records, values=records.corrected / records.noises, noise=0.0, gain=1.0)  # 1 where it is true
    seen = noise_of_records(in_noise)
    if seen.origin == BEFORE and not 1.0 / TIMES_NOISE < seen.level < TIMES_NOISE:
        yield (
            f"a noise of {noise:.3g} {records.kind.unit} is stated, and records show {seen.level * noise:.3g} before "
            f"the first arrival, {seen.level:.2g} times as much: check noise, which is in value_unit"
        )


def _of_size(records: Records) -> Iterator[str]:
    size = float(np.ptp(records.xy, axis=0).max())
    largest = float(np.nanmax(np.abs(records.corrected)))
    if records.quantity == "displacement" and 0 < size < largest:
        yield f"displacements of {largest:.3g} m are larger than the receivers' extent, {size:.3g} m: check value_unit"
    if size > 0 and largest < 1e-30:
        yield f"the largest value is {largest:.3g} {records.kind.unit}: check value_unit"


def _of_strain(records: Records, speed: float, frequency: float, material: Material | None) -> Iterator[str]:
    """Waves that strain the solid more than it could bear: a velocity v of waves of speed c strains it by v / c.

    speed: the fastest that there may be, NaN where it is not known. frequency: of most waves, Hz, NaN likewise.
    """
    turns = 2.0 * math.pi * frequency or math.nan
    modulus = material.density * material.c_p**2 if material else math.nan
    by_quantity = {
        "displacement": turns / speed,
        "velocity": 1.0 / speed,
        "acceleration": 1.0 / (turns * speed),
        "strain": 1.0,
        "strain_rate": 1.0 / turns,
        "stress": 1.0 / modulus,
    }
    largest = float(np.nanmax(np.abs(records.corrected)))
    strain = largest * by_quantity[records.quantity]
    slowest = material.c_s if material else speed
    if strain > next((limit for below, limit in STRAINS if slowest < below), math.inf):
        yield (
            f"{records.quantity} of {largest:.3g} {records.kind.unit} is a strain of {strain:.2g} in such waves, which "
            f"hardly any solid bears: was a smaller value_unit meant, as {SMALLER[records.quantity]}?"
        )


def _of_places(places: np.ndarray) -> Iterator[str]:
    """Receivers so near to each other that they may be one. places: (R, 2), each once."""
    distance = _to_nearest(places)
    near = np.flatnonzero(distance < NEAR_PLACES * np.median(distance))
    if len(near):
        x, y = places[near[0]]
        yield (
            f"receivers at ({x:.6g}, {y:.6g}) m are {distance[near[0]]:.2g} m apart, where others are "
            f"{np.median(distance):.2g} m: give channels of one place the same positions"
        )


def _of_sampling(found: tuple[np.ndarray, np.ndarray], speed: float, places: np.ndarray) -> Iterator[str]:
    """Waves that samples or receivers are too far apart for. found: frequencies and the power at each."""
    frequency, highest = found[0], below_which(ENERGY, *found)
    if highest > NEAR_NYQUIST * frequency[-1]:
        yield (
            f"waves of {highest:.3g} Hz are near the Nyquist frequency of the samples, {frequency[-1]:.3g} Hz, and "
            "may be aliased: sample faster, behind a filter, or check time_unit"
        )
    if len(places) > 1 and not math.isnan(speed):
        length, spacing = speed / highest, float(np.median(_to_nearest(places)))
        if spacing > length / 2:
            yield (
                f"receivers are {spacing:.3g} m apart, more than half of the shortest wave, {length:.3g} m at "
                f"{highest:.3g} Hz: {OF_OPEN_WINDOWS}"
            )


def _to_nearest(places: np.ndarray) -> np.ndarray:
    """The distance of each place to the nearest other one, (R,) in m; infinite for a single one."""
    from scipy.spatial import cKDTree  # slow to import

    return np.asarray(cKDTree(places).query(places, k=2)[0][:, 1])
