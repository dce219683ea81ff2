"""Advice before training: legal settings with which the result will be poor.

Each piece of advice is a sentence with numbers that ends with what to set. None is an error: the verdict on the run's
fit decides afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from elastic_pinn.config import Config
from elastic_pinn.networks.config import NUMBERS_OF_WAVES, WITHOUT_LAYERS
from elastic_pinn.networks.hole_waves import Numbers
from elastic_pinn.physics import Problem
from elastic_pinn.physics.data import Records
from elastic_pinn.physics.data.faulty_channels import faulty_channels, sentences
from elastic_pinn.physics.data.recorded_spectrum import recorded_spectrum
from elastic_pinn.physics.first_instant import jumps
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.setups.material import FIELDS, given_constants
from elastic_pinn.physics.shortest_waves import pulsed
from elastic_pinn.physics.sources import Source, local_in
from elastic_pinn.readable import percent, readable
from elastic_pinn.training.lifecycle.advised import Advice
from elastic_pinn.training.lifecycle.implied import far_from_implied
from elastic_pinn.training.lifecycle.resolution import too_few
from elastic_pinn.training.lifecycle.rims import sparse_rims
from elastic_pinn.training.lifecycle.unit_doubts import unit_doubts
from elastic_pinn.training.settings import NONE_CHOSEN, Settings
from elastic_pinn.training.settings.of_records import median_spacing
from elastic_pinn.training.settings.system_size import amplitudes_of, numbers_of
from elastic_pinn.training.settings.waves_needed import S_OF_ALL, plane_waves_needed, waves_needed_around
from elastic_pinn.used_fields import takes_no_part

BULK = 0.95  # of the recorded energy: S waves of its frequencies are needed
PULSES = 1e-3  # of a Gaussian pulse's energy: the part that may lie beyond the greatest wave number
LEAKAGE = 2  # bins: the half width of the main lobe of a Hann window
CUT = 1e-2  # of a source: less may lie outside
OF_NETWORK = "interior_points", "boundary_points", "initial_points", "hidden_layers", "input_frequency"
ROUNDED = 1.005  # a number of three digits may exceed what it stands for by so much
FAINTLY_SENT = 1.1  # a source's highest waves are a hundredth of its strongest, and may lie so far beyond the network's


def advise(config: Config, problem: Problem, settings: Settings = NONE_CHOSEN) -> tuple[str, ...]:
    """List what this config cannot find of this problem, as sentences that end with what to set; () if nothing.

    Of any network: whether a side or the start was left open, whether sides and start agree, whether lengths, times and
    material can be in SI units, whether sources and pulses are whole, and points and features enough for the waves that
    are known, and whether channels recorded what cannot be.
    Of networks of which only amplitudes are trained (sums of waves, potentials or features, in patches or not):
    whether these are more than the samples, and whether waves are too few or too long for what was recorded, or too
    short for the receivers' spacing. Speeds are those of the start. Of what is solved for at once, also whether a given
    value is far from what the problem implies.

    settings: those that were chosen for a tolerance, and not given: no advice tells to change them, nor those of a
    network that a ridge holds at zero, where elements solve for all.
    """
    units = tuple(unit_doubts(config, problem))
    untold = {*settings.names, *(OF_NETWORK if takes_no_part(config) else ())}
    doubts = units or (*_cut_sources(problem), *_cut_pulses(config, problem), *too_few(config, problem, untold))
    every = problem.records_of_all_shots
    faulty = sentences(faulty_channels(every)) if every else []
    found = (
        *faulty,
        *_other_starts(config, problem),
        *_open_ends(problem),
        *_without_effect(config, problem),
        *_contradictions(problem),
        *doubts,
    )
    # Settings computed from wrong units are wrong too, and a plate at rest has no waves.
    # How short waves are in patches depends on the axis.
    has_waves = not (doubts or problem.domain.is_static or config.network == "patches")
    if config.network in (*WITHOUT_LAYERS, "random_features", "patches"):
        looks = {_samples: "hidden_layers", sparse_rims: "boundary_points"}  # each with what it tells to set
        looks |= {_length: "input_frequency"} if has_waves else {}
        for look, name in looks.items():
            found += tuple(look(config, problem)) if name not in untold else ()
    if units:
        return found
    far = tuple(far_from_implied(config, problem, settings, found))
    # What differs takes fewer waves than a tolerance does: of the two numbers the larger is told alone.
    is_told = "hidden_layers" in untold or any(each.startswith("hidden_layers = ") for each in far)
    return (*found, *(_count(config, problem) if has_waves and not is_told else ()), *far)


def _other_starts(config: Config, problem: Problem) -> Iterator[str]:
    """Given values to start from that those of the receiver file are out of reach of."""
    of_file = problem.receivers.material if problem.receivers else {}
    for name, value in given_constants(config).items():
        started = of_file.get(name, 0.0)
        if started and not 1.0 / config.unknown_range <= value / started <= config.unknown_range:
            yield (
                f"{FIELDS[name]} = {value:g} is where the search starts, while {config.data} has {started:g}, out of "
                f"its reach (unknown_range = {config.unknown_range:g}): leave {FIELDS[name]} out to start there"
            )


def _open_ends(problem: Problem) -> Iterator[str]:
    """Sides without a condition and a start that is not given, which only records can make up for."""
    if problem.receivers:
        return
    if problem.open_sides:
        yield (
            f"no condition holds on {', '.join(problem.open_sides)}, so that the field is not determined wherever "
            "waves from there come to: give one, as Traction(sides=...) for a free side or Absorbing(sides=...) for an "
            "open end"
        )
    if problem.initial is None and not problem.domain.is_static:
        yield "no initial condition is given, so that the field is not determined: Initial() is a start from rest"


def _without_effect(config: Config, problem: Problem) -> Iterator[str]:
    """Points that were asked for where a problem of the user's own has records, and no start or sides to put them."""
    given = config.model_fields_set if problem.receivers and config.problem == "own" else frozenset()
    if "initial_points" in given and problem.initial is None:
        yield (
            f"initial_points = {config.initial_points} has no effect: the problem has no initial condition; give "
            "Initial(...), or leave it out"
        )
    if "boundary_points" in given and not problem.boundary:
        yield (
            f"boundary_points = {config.boundary_points} has no effect: the problem has no conditions on its sides; "
            "give some, or leave it out"
        )


def _contradictions(problem: Problem) -> Iterator[str]:
    """Sides that are, at the first instant, not where the start puts them."""
    for jump in jumps(problem):
        yield (
            f"{jump.condition} and the start contradict each other: at {problem.domain.t[0]:g} s, x = {jump.x:.4g} m, "
            f"y = {jump.y:.4g} m their displacements differ by {readable(jump.size, 'm')}, and no wavefield has both: "
            "let the side begin where the start is"
        )


def _cut_sources(problem: Problem) -> Iterator[str]:
    """Sources of which a part lies outside the solid, or past the ends of their side."""
    for statement in () if problem.exact else problem.statements:  # an exact wavefield has what is cut off, too
        for source in local_in(statement.target):
            if not isinstance(source, Source) or statement.place is None:
                continue
            lost = 1.0 - source.acting_part(problem.domain, statement.place.parts)
            if lost > CUT:
                yield (
                    f"{100 * lost:.2g} % of {source} lies outside the solid or past the ends of its side, and has no "
                    "effect there unless a mirror image continues it: set `at` at least three widths from the edge, "
                    "or a smaller width"
                )


def _cut_pulses(config: Config, problem: Problem) -> Iterator[str]:
    """Pulses of which a part lies before the window of time or after it, where nothing was recorded."""
    if problem.exact:
        return
    first, last = problem.domain.t
    for source in pulsed(problem):
        (start, end), (before, after) = source.pulse.interval, source.pulse.parts_outside(problem.domain.t)
        if after > CUT and not problem.receivers:  # after the last record it is of no effect on any
            longer = f"duration = {end:.3g}" if config.problem == "plate" else f"a window of time to {end:.3g} s"
            yield (
                f"{percent(after)} of the pulse of {source} lies after the window's end at {readable(last, 's')}, and "
                f"does not act in this wavefield: set {longer} for all of it, or an earlier or shorter pulse"
            )
        if before > CUT:
            yield (
                f"{percent(before)} of the pulse of {source} lies before the window's start at {first:g} s, and the "
                f"waves of that are missing unless the start has them: set it {readable(first - start, 's')} later"
            )


def _samples(config: Config, problem: Problem) -> Iterator[str]:
    """Fewer data than amplitudes."""
    amplitudes, counts = amplitudes_of(config, problem.regions.count), numbers_of(config, problem)
    if (numbers := sum(counts.values())) < amplitudes:
        parts = " and ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "none"
        yield (
            f"{amplitudes:,} amplitudes are to be found from {numbers:,} numbers ({parts}): what these leave open is "
            f"arbitrary. Set {_fewer(config, problem.regions.count, numbers)}, or give more samples"
        )


def _fewer(config: Config, regions: int, numbers: int) -> str:
    """What to set so that there are as many amplitudes as numbers."""
    if config.network == "hole_waves" and regions > 1:
        share = numbers / amplitudes_of(config, regions)
        return f"hidden_layers to at most {[max(1, int(share * count)) for count in config.hidden_layers]}"
    if config.network == "patches":
        return f"hidden_layers to at most {[max(1, numbers // (2 * regions * math.prod(config.patches)))]}"
    most = numbers // regions if config.network in WITHOUT_LAYERS else numbers // (2 * regions) - 1
    is_sum = config.network in WITHOUT_LAYERS and len(config.hidden_layers) > 1
    return f"the {'sum' if is_sum else 'last number'} of hidden_layers to at most {max(1, most)}"


def _count(config: Config, problem: Problem) -> Iterator[str]:
    """Fewer waves than can be told apart: plane ones in the window, and, around holes, inclusions and beside loads, of
    both kinds, at two angles of each order, in time. What it tells to set is enough of all."""
    if config.network not in NUMBERS_OF_WAVES:
        return
    greatest = _greatest(config, problem)
    of_p_waves = min(greatest, config.time_frequency / problem.scales.length or greatest)
    outer, *inner = plane_waves_needed(problem, greatest, of_p_waves, config.s_wave_fraction or S_OF_ALL)
    in_window = f"waves, spread over all wave numbers up to {greatest:,.4g} 1/m,", "this window and duration"
    if config.network == "plane_waves":
        needed, counts, places = [max([outer, *inner])], [config.hidden_layers[0]], [in_window]
    else:
        around = waves_needed_around(problem, greatest)
        needed, counts = [outer, around, *([max(inner)] if inner else [])], [*Numbers.of(config)]
        inside = "waves in each inclusion", in_window[1]
        places = [in_window, (f"waves around {_circles_text(problem)}", "the duration"), inside]
    enough = [max(pair) for pair in zip(needed, counts, strict=False)]
    for count, differ, (what, where) in zip(counts, needed, places, strict=False):
        if count < differ:
            yield Advice(
                f"{count:,} {what} are too few for {where}, in which about {differ:,} differ: set hidden_layers = "
                f"{enough} or more, or a lower input_frequency",
                f"as many waves as differ in {where}",
                hidden_layers=tuple(enough),
            )


def _circles_text(problem: Problem) -> str:
    """The circles around which there are waves, in words: "1 hole and 2 loads"."""
    inclusions, loads = len(problem.regions.discs), len(problem.circles_beside)
    counted = {"hole": len(problem.discs) - inclusions, "inclusion": inclusions, "load": loads}
    return " and ".join(f"{n} {name}{'s' * (n > 1)}" for name, n in counted.items() if n)


def _length(config: Config, problem: Problem) -> Iterator[str]:
    """Waves that are all longer than those recorded, or than the known pulses, or have fewer than two receivers a
    wavelength, where no start is known."""
    greatest, spacing = _greatest(config, problem), _spacing_of_receivers(problem)
    most = math.pi / spacing if spacing else math.inf
    needed, why = max(_demands(problem, greatest), default=(0.0, ""))
    if needed > most:
        yield (
            f"{why}, and no start is known where receivers are {readable(spacing, 'm')} apart, fewer than two to such "
            "a wave: no input_frequency serves both. Filter the records (highest_frequency in 07_own_data), give the "
            "known initial pulses, or place receivers closer"
        )
    elif needed > greatest:
        setting = math.ceil(needed * problem.scales.length)
        yield Advice(
            f"{why}, and the shortest waves here are {readable(2 * math.pi / greatest, 'm')} long (wave numbers up to "
            f"{greatest:,.4g} 1/m): set input_frequency = {setting} or more",
            why,
            input_frequency=float(setting),
        )
    elif greatest > ROUNDED * most:
        yield (
            f"no start is known, and the shortest waves are {readable(2 * math.pi / greatest, 'm')} long where "
            f"receivers are {readable(spacing, 'm')} apart, fewer than two a wave: between receivers the wavefield is "
            f"arbitrary. Set input_frequency = {most * problem.scales.length:.3g} or less, or give the known initial "
            "pulses"
        )


def _spacing_of_receivers(problem: Problem) -> float:
    """The usual distance of receivers, m, where no start is known; 0 elsewhere, and of a single one."""
    if problem.receivers is None or problem.initial:
        return 0.0
    places = np.unique(problem.receivers.places, axis=0)
    return median_spacing(places) if len(places) > 1 else 0.0


def _demands(problem: Problem, greatest: float) -> Iterator[tuple[float, str]]:
    """Wave numbers (1/m) that are needed, and why; of sources those that exceed the greatest there is by enough."""
    receivers, material = problem.receivers, problem.reference
    for source in pulsed(problem):
        highest = source.highest_wave_number_at(material.c_s)
        if highest > FAINTLY_SENT * greatest:
            yield highest, f"{source} sends waves down to {readable(2.0 * math.pi / highest, 'm')}"
    if receivers is None:
        return
    if problem.initial and receivers.pulses:
        width = min(pulse.width for pulse in receivers.pulses)
        greatest = math.sqrt(-2.0 * math.log(PULSES)) / width  # the energy's spectrum is exp(-k^2 width^2 / 2)
        wave = readable(2 * math.pi / greatest, "m")
        yield greatest, f"the known pulses are {readable(width, 'm')} wide, which takes waves down to {wave}"
    for records in receivers.records:
        yield from _needed_by(records, material)


def _needed_by(records: Records, material: Material) -> Iterator[tuple[float, str]]:
    frequencies, energy = recorded_spectrum(records)
    if not energy.any():
        return
    bulk = float(frequencies[np.searchsorted(np.cumsum(energy), BULK * energy.sum())])
    yield (
        2.0 * math.pi * bulk / material.c_s,
        f"{100 * BULK:g} % of the recorded energy lies below {readable(bulk, 'Hz')}, where S waves are "
        f"{readable(material.c_s / bulk, 'm') if bulk else 'endlessly'} long",
    )
    top = float(frequencies[max(0, np.flatnonzero(energy)[-1] - LEAKAGE)])
    yield (
        2.0 * math.pi * top / material.c_p,
        f"the records have frequencies up to {readable(top, 'Hz')}, where even P waves are "
        f"{readable(material.c_p / top, 'm') if top else 'endlessly'} long",
    )


def _greatest(config: Config, problem: Problem) -> float:
    """The greatest wave number of the network's waves, 1/m."""
    return config.input_frequency / problem.scales.length
