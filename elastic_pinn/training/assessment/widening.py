"""A ± that is valid: how much wider it is than by noise alone, and what is told of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from torch import Tensor

from elastic_pinn.fit import Move
from elastic_pinn.training.assessment.common_errors import CommonDeviation, SourceDeviation
from elastic_pinn.training.assessment.evidence import Evidence, Scatter
from elastic_pinn.training.assessment.misfits import (
    WIDENED_UP_TO,
    chi_square_least,
    chi_square_limit,
    largest_score,
    listed,
    misfit_text,
)

REPORTED_FROM = 1.05  # reduced chi-square that is more than the noise
ESTIMATED_TO = 1.15  # reduced chi-square that is no misfit where the noise was looked for in the records
MUCH_LESS = 0.9  # reduced chi-square that is less than the noise: ± is then a twentieth too large
CHANCE = 0.01  # probability that a check of groups, or of all records, widens the ± of a good fit
MOST_SHIFT = 0.7  # of ±: noise causes less
TOLD_SHIFT = 0.3  # of ±, which are then a twentieth larger than by the noise alone
LEAST_OFF = 0.5  # of ±, which are then an eighth larger
MOST_NAMED = 5  # numbers given of sources
TOLD_BETTER = 0.5  # of what is stated that a number of a source may be off
MOVES, BY_NOISE = 0.05, 2.0  # of that, and of its ± by noise: a number that is off by less stays as it is given

Shift = Callable[[CommonDeviation], float]
"""By how much an error would move a found number, in units of ±."""


def widening_of(evidence: Evidence) -> float:
    """The factor by which ± exceeds that of noise alone."""
    return _widening(evidence, _of_unknowns)


def widening_of_calibration(evidence: Evidence, name: str) -> float:
    """The same factor of the ± of what was found beside the unknowns."""
    return _widening(evidence, partial(_of_number, name=name))


def widening_by_misfits(evidence: Evidence) -> float:
    """The factor by the misfits, or by the disagreement of channels or instants on the unknowns, which reveals misfits
    that a channel's samples, or those of an instant, have in common."""
    both = evidence.by_channels, evidence.by_instants
    is_more = evidence.chi_square > REPORTED_FROM or any(map(_disagrees, both))
    return math.sqrt(max(evidence.chi_square, *(each.variance for each in both))) if is_more else 1.0


def likely_of_pulses(evidence: Evidence) -> list[Tensor]:
    """By how much each error that all records may have in common, or of a source, is likely to move the coefficients of
    the sources' pulses, (K,) each."""
    every = (each for each in evidence.common_errors if not each.is_free)
    return [_likely(evidence, each) * pulses for each in every if (pulses := each.of_pulses) is not None]


def moves_by_sources(evidence: Evidence) -> list[Move]:
    """What numbers given of sources would move, those that matter most."""
    least, deviations = TOLD_SHIFT * widening_of(evidence), evidence.deviations
    of_sources = (each for each in evidence.common_errors if isinstance(each, SourceDeviation) and not each.is_stated)
    every = sorted(of_sources, key=_most_moved, reverse=True)
    return [
        Move(each.name, each.step, {name: by * deviations[name] for name, by in each.moved.items()})
        for each in every[:MOST_NAMED]
        if _most_moved(each) > least
    ]


def _most_moved(error: SourceDeviation) -> float:
    """By how much a number given of a source moves the unknown that it moves most, in units of ±."""
    return max(map(abs, error.moved.values()))


def freeing(error: CommonDeviation) -> str:
    """What it would do to the found number that it moves most if an error that all records have in common, or a number
    given of a source, were as it fits best."""
    shifts = {**error.of_calibration, error.most_shifted: error.shift}
    name = error.most_shifted if error.shift > MOST_SHIFT else max(shifts, key=lambda each: shifts[each])
    if isinstance(error, SourceDeviation):
        how = f"were it {error.best}, {name} would move"
    else:
        how = f"freeing it would move {name}"
    return f"{how} by {shifts[name]:.2g} of its ±"


def shift_of(error: CommonDeviation) -> float:
    """By how much an error would move the found number that it moves most, in units of ±."""
    return max(error.shift, *error.of_calibration.values(), 0.0)


def _of_unknowns(error: CommonDeviation) -> float:
    """By how much an error would move the unknown that it moves most, in units of ±."""
    return error.shift


def _of_number(error: CommonDeviation, name: str) -> float:
    """The same of what was found beside the unknowns."""
    return error.of_calibration.get(name, 0.0)


def _widening(evidence: Evidence, shift: Shift) -> float:
    """The factor by the misfits and by the error in common that would move a found number most."""
    doubted = _doubted(evidence, shift)
    return math.hypot(widening_by_misfits(evidence), _likely(evidence, doubted) * shift(doubted) if doubted else 0.0)


def _doubted(evidence: Evidence, shift: Shift) -> CommonDeviation | None:
    """The error that all records may have in common, or that of a source, by which a found number is likely to be off
    most; None where it is hardly off."""

    def off(error: CommonDeviation) -> float:
        return _likely(evidence, error) * shift(error)

    most = max((each for each in evidence.common_errors if not each.is_free), key=off, default=None)
    return most if most and off(most) > LEAST_OFF else None


def _likely(evidence: Evidence, error: CommonDeviation) -> float:
    """How large an error is likely to be, as a part of its best estimate b: the root mean square by b alone.

    It is sqrt(b^2 - s^2) with the standard deviation s of b by noise, or 0: that of the posterior of a normal
    distribution whose variance is estimated from b (empirical Bayes: Morris, J. Am. Stat. Assoc. 78, 1983). Since the
    error that matters most is taken, of several, noise makes b as large as the largest of so many: s is times that. A
    limit for b over s instead would leave ± as it is below, however far the error just below moves what was found.

    Numbers of sources are assumed, and doubted as soon as noise does not make as much in half of all good fits. Gains,
    clocks and zeros of all records are calibrated, and believed up to what it makes in 99 of 100.
    """
    score = error.score / math.sqrt(max(1.0, evidence.chi_square))
    checks = sum(not each.is_free for each in evidence.common_errors)
    by_noise = largest_score(checks, 0.5 if isinstance(error, SourceDeviation) else CHANCE)
    return math.sqrt(max(0.0, 1.0 - (by_noise / score) ** 2)) if score > 0.0 else 0.0


def _disagrees(scatter: Scatter) -> bool:
    """Whether groups of misfits disagree on the unknowns by more than noise usually makes them."""
    return scatter.variance > chi_square_limit(scatter.groups, alarm=CHANCE)


def explained(evidence: Evidence) -> list[str]:
    """How well the data are explained; then by what ± is widened, and what else is told of it and of the records."""
    return [
        *_misfit_told(evidence),
        *_doubts_told(evidence),
        *stated_told(evidence),
        *_quiet_told(evidence),
        *_elements_told(evidence),
        *(f"channel {each}" for each in evidence.faulty),
    ]


def _misfit_told(evidence: Evidence) -> list[str]:
    misfit = misfit_text(evidence, with_origin=True)
    if evidence.chi_square > REPORTED_FROM:
        # An estimate of the noise is itself off by a few percent.
        little = "" if evidence.noise.origin != "stated" and evidence.chi_square < ESTIMATED_TO else " but for a little"
        return [f"the data are explained{little}: {misfit}, by which ± is widened"]
    if (widening := widening_by_misfits(evidence)) > 1.0:
        who = "channels" if _disagrees(evidence.by_channels) else "instants"
        disagree = f"the {who} disagree on the unknowns a little, by which ± is widened {widening:.3g} times"
        return [f"the data are explained: {misfit}", disagree]
    surely_less = min(MUCH_LESS, chi_square_least(evidence.degrees_of_freedom, 1))
    if evidence.chi_square < (surely_less if evidence.noise.origin == "stated" else 1.0 / WIDENED_UP_TO):
        return [f"the data are explained: {misfit}, which is too large, and with it ±"]
    return [f"the data are explained: {misfit}"]


def _doubts_told(evidence: Evidence) -> list[str]:
    """What may be wrong with all records or a source, and widens a ±."""
    shifts: list[Shift] = [_of_unknowns]
    shifts += [partial(_of_number, name=name) for name in evidence.calibration_deviations]
    doubted = dict.fromkeys(each.name for shift in shifts if (each := _doubted(evidence, shift)))
    told = (each for each in evidence.common_errors if each.name in doubted)
    return [f"{each.name} may be off: {freeing(each)} by noise, for which ± is widened" for each in told]


def stated_told(evidence: Evidence) -> list[str]:
    """Of what is stated that sources may be off, that which the records tell better, as long as it moves.

    How well they tell it is no ± to state: it is that of small changes in the present material, which is itself off by
    what the number is off.
    """
    told = [
        each
        for each in evidence.stated
        if each.plus_minus < TOLD_BETTER and abs(each.amount) > max(MOVES, BY_NOISE * each.plus_minus)
    ]
    return [
        f"the records tell {each.name} better than is stated, about {each.best} ({abs(each.amount):.2g} of its stated "
        "±): give that value, keep the stated ±, and search again until it no longer moves"
        for each in sorted(told, key=lambda each: -abs(each.amount))[:MOST_NAMED]
    ]


def _quiet_told(evidence: Evidence) -> list[str]:
    """Channels whose noise is less than what is stated of it, beside that of the others."""
    usual, count = min(1.0, evidence.chi_square), len(evidence.channels)
    quiet = [each for each in evidence.channels if each.chi_square < usual * chi_square_least(each.degrees, count)]
    if not quiet:
        return []
    times = math.sqrt(usual / max(each.chi_square for each in quiet))
    return [f"noise is stated too large, {times:.2g} times or more, of {listed([each.name for each in quiet])}"]


def _elements_told(evidence: Evidence) -> list[str]:
    """What of ± is the error of the elements: a bias, of which neither the sign nor more than the size is known, so
    that it counts in squares beside the noise, of which it is independent."""
    if evidence.unresolved is None or evidence.shift < TOLD_SHIFT:
        return []
    return [f"± counts the error of the elements, which may be {evidence.shift:.2g} of it for {evidence.most_shifted}"]
