"""Misfits that are not noise, and what they probably come from: the reasons why no ± would be valid, and remedies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import NamedTuple

from elastic_pinn.physics.data.faulty_channels import FaultyChannel, sentences
from elastic_pinn.training.assessment.common_errors import CommonDeviation, SourceDeviation
from elastic_pinn.training.assessment.evidence import Channel, Evidence
from elastic_pinn.training.assessment.neighbours import Likeness

WIDENED_UP_TO = 1.5  # reduced chi-square
FALSE_ALARM = 1e-4  # probability that a check withholds the ± of a good fit
LEAST_UNLIKE = 0.8  # of the von Neumann ratio of white noise
MOST_ALIKE = 0.2  # correlation of neighbouring receivers, as of neighbours in time
MAINLY = 0.5  # of the excess of a misfit: an error that explains so much is named
MOST_UNRESOLVED = 0.25  # of the noise's square, in a channel
TELLING = 0.1  # of a channel's squared misfit: what is unresolved may then be the reason
WORST = 3  # channels named

TOO_MUCH = "the network leaves too much to correct beside this noise"
NEARER = "a network that is nearer to the exact wavefield"
BESIDE_SOURCES = "the right shape, sides, holes, inclusions, damping and density"
STATED = "the right shape, sides, holes, inclusions, damping, sources and density"
ALIKE = "the right sides, holes, inclusions and sources", "records without what all receivers pick up"
UNSMOOTHED = (
    "records that nothing has smoothed, as recorders do that average several samples, or so few samples of these that "
    "the noise of neighbours is independent"
)
SOURCES = "the right width, place, direction, strength, time and pulse of each source"
OF_STATED = " and what is stated of sources together"
RECORDS = "the right units of positions, times and density, x and y, trigger time, gains, delays and offsets"


class Fault(NamedTuple):
    """Why no ± would be valid, what usually helps, and what else is told. by_waves: whether more waves may mend it,
    which is then told before the remedies."""

    reason: str
    remedies: tuple[str, ...] = ()
    by_waves: bool = False
    notes: tuple[str, ...] = ()


def misfit_text(evidence: Evidence, with_origin: bool = False) -> str:
    """Return how large the misfit is, beside what is stated of sources, too, and then beside the noise alone, which
    figures of residuals show."""
    origin = f" ({evidence.noise.origin})" if with_origin else ""
    alone = f"{OF_STATED} ({evidence.rms_residual:.3g} times the noise alone)" if evidence.stated else ""
    return f"misfit {math.sqrt(evidence.chi_square):.3g} times the noise{origin}{alone}"


def with_channels(fault: Fault, faulty: Sequence[FaultyChannel]) -> Fault:
    """The same, with the channels whose records cannot be as they are before it: they are the likeliest reason."""
    return fault._replace(reason="; ".join([*sentences(faulty), fault.reason]))


def with_noise_told(fault: Fault, evidence: Evidence) -> Fault:
    """The same, with noise that is far more than the misfit beside it: what is judged by it may be right."""
    least = min(1.0 / WIDENED_UP_TO, chi_square_least(evidence.degrees_of_freedom, 1))
    if not evidence.chi_square < least:
        return fault
    size = math.sqrt(evidence.chi_square)
    note = f"{misfit_text(evidence, with_origin=True)}, which may be too large"
    remedy = f"the noise as it is, {size:.2g} times as large by the misfit"
    return fault._replace(notes=(note, *fault.notes), remedies=(remedy, *fault.remedies))


def of_misfits(evidence: Evidence) -> Iterator[Fault]:
    """Misfits that are not noise."""
    worst, like = worst_channels(evidence), _alike(evidence)
    bad, is_white = _bad(evidence, worst), _is_white_in_time(evidence) and not like
    by_waves, of_all = evidence.unresolved is None, _of_all(evidence)  # whose misfits the amplitudes may leave
    by_all = _as_by(of_all) if of_all else ""
    remedies, is_of_waves = (RECORDS,) if by_waves else (STATED, RECORDS), by_waves and not by_all
    unresolved, largest = evidence.unresolved or 0.0, max((each.chi_square for each in worst), default=0.0)
    changed = f"coarser elements would change a channel by {math.sqrt(unresolved):.2g} times the noise"
    if unresolved > max(MOST_UNRESOLVED, TELLING * largest):
        yield Fault(f"{TOO_MUCH}: {changed}", (NEARER,), by_waves=True)
    if evidence.chi_square > WIDENED_UP_TO:
        misfit = f"the data are not explained: {misfit_text(evidence)}"
        if of_all:
            yield Fault(misfit + by_all, remedies_of(of_all))
        elif is_white and not bad:
            small = f", white, of one size in all channels, as by a noise ({evidence.noise.origin}) that is too small"
            larger = f"the noise as it is, {math.sqrt(evidence.chi_square):.2g} times as large by the misfit"
            yield Fault(misfit + small, (larger, *remedies))
        else:
            yield Fault(f"{misfit}; worst channels {_named(worst)}{_cause(evidence, worst, like)}", remedies, by_waves)
    if bad:
        misfit = f"misfit there {math.sqrt(bad[0].chi_square):.3g} times the noise{OF_STATED * bool(evidence.stated)}"
        excess, cause = sum((each.chi_square - 1.0) * each.degrees for each in bad), _cause(evidence, bad, like)
        common = _surest(evidence) if cause else _of_all(evidence, excess)
        by_common = _as_by(common) if common else ""
        named = _named(bad) + cause + (f", or{by_common.removeprefix(',')}" if cause and common else by_common)
        cures = remedies_of(common) if common else (RECORDS,)
        cures = tuple(dict.fromkeys([*cures, *[RECORDS] * bool(cause)]))
        yield Fault(f"some data are not explained: {misfit}; worst channels {named}", cures)
    if evidence.held_out > max(WIDENED_UP_TO, chi_square_limit(evidence.held_out_samples)):
        misfit = f"missed by {math.sqrt(evidence.held_out):.3g} times what is to be expected"
        yield Fault(f"samples that were held out are {misfit}", remedies, by_waves)
    if evidence.other_misfit > WIDENED_UP_TO:
        misfit = f"missed by {math.sqrt(evidence.other_misfit):.3g} times what their weights allow beside the noise"
        yield Fault(f"equation and known start are {misfit}", (*remedies, "smaller weights of either"), by_waves)
    if not _is_white_in_time(evidence):
        cures = remedies if by_all else (*remedies, UNSMOOTHED)
        yield Fault(f"the misfit is no white noise: neighbours in time are alike{by_all}", cures, is_of_waves)
    if like:
        yield Fault(f"the misfit is no white noise: {_alike_text(like)}{by_all}", ALIKE, is_of_waves)
    if unresolved > MOST_UNRESOLVED:
        yield Fault(f"{TOO_MUCH}: {changed}", (NEARER,), by_waves=True)


def _bad(evidence: Evidence, worst: list[Channel]) -> list[Channel]:
    """The worst channels, if their misfit is far from that of all."""
    usual, count = max(1.0, evidence.chi_square), len(evidence.channels)
    return [each for each in worst if each.chi_square > usual * chi_square_limit(each.degrees, count)]


def _named(channels: list[Channel]) -> str:
    return ", ".join(each.name for each in channels)


def _cause(evidence: Evidence, channels: list[Channel], like: list[Likeness]) -> str:
    """What explains most of the misfit's excess of the first of some channels: what neighbours have in common, or an
    error of its own; "" where neither does."""
    first = channels[0]
    if like:
        return f"; {_alike_text(like)}, as by a wave that nothing accounts for"
    own = (each for each in evidence.channel_errors if each.channel == first.name and first in _bad(evidence, channels))
    for error in own:
        if error.explains > MAINLY * (1.0 - 1.0 / first.chi_square):
            return f", as by {error.name.rstrip(',')}"
    return ""


def _alike_text(like: list[Likeness]) -> str:
    most = ", ".join(each.name for each in like[1 : WORST + 1])
    return f"neighbouring receivers are alike, correlated by {like[0].correlation:.2g}, most at {most}"


def _of_all(evidence: Evidence, excess: float | None = None) -> CommonDeviation | None:
    """The error that all records have in common that explains most of an excess of squared misfits, of all or as given;
    None if none does."""
    if excess is None:
        excess = max(0.0, evidence.chi_square - 1.0) * evidence.degrees_of_freedom
    surest = _surest(evidence)
    return surest if surest and surest.score**2 >= MAINLY * excess else None


def _surest(evidence: Evidence) -> CommonDeviation | None:
    """The error that all records have in common, or of a source, that is surest; None if noise may make it."""
    told = [each for each in evidence.common_errors if not each.is_free]
    surest = max(told, key=lambda each: each.score, default=None)
    return surest if surest and surest.score >= least_score(evidence, len(evidence.common_errors)) else None


def _as_by(error: CommonDeviation) -> str:
    best = f" ({error.best} fits best)" if isinstance(error, SourceDeviation) else ""
    return f", as by {error.name.rstrip(',')}{best}"


def remedies_of(error: CommonDeviation) -> tuple[str, ...]:
    """What usually mends an error that all records have in common: of themselves, or of a source."""
    return (SOURCES, BESIDE_SOURCES) if isinstance(error, SourceDeviation) else (RECORDS,)


def _alike(evidence: Evidence) -> list[Likeness]:
    """Whether neighbouring receivers have misfits that are alike: all of them or the surest, then by channel, the
    surest first; [] if not."""
    least = NormalDist().inv_cdf(1.0 - FALSE_ALARM / max(1, len(evidence.alike)))
    wrong = [each for each in evidence.alike if each.score > least and each.correlation > MOST_ALIKE]
    if not wrong:
        return []
    all_are = wrong[0] is evidence.alike[0]
    named = sorted(evidence.alike[1:] if all_are else wrong, key=lambda each: -each.score)
    return [wrong[0] if all_are else named[0], *named]


def _is_white_in_time(evidence: Evidence) -> bool:
    """Whether neighbours in time are as independent as those of noise, or nothing tells."""
    return not evidence.von_neumann_ratio < min(LEAST_UNLIKE, 2.0 - chi_square_limit(2 * evidence.samples))


def worst_channels(evidence: Evidence) -> list[Channel]:
    """The channels with the largest misfits for their degrees of freedom."""
    known = [channel for channel in evidence.channels if math.isfinite(channel.chi_square)]
    return sorted(known, key=lambda channel: -channel.chi_square)[:WORST]


def chi_square_limit(degrees: float, checks: int = 1, alarm: float = FALSE_ALARM) -> float:
    """The reduced chi-square that noise exceeds in any of `checks` checks with the probability `alarm`.

    Source: Wilson and Hilferty, PNAS 17, 1931.
    """
    return _chi_square_at(NormalDist().inv_cdf(1.0 - alarm / checks), degrees)


def chi_square_least(degrees: float, checks: int) -> float:
    """The reduced chi-square below which noise is as rarely."""
    return _chi_square_at(NormalDist().inv_cdf(FALSE_ALARM / max(1, checks)), degrees)


def _chi_square_at(z: float, degrees: float) -> float:
    spread = 2.0 / (9.0 * max(degrees, 1.0))
    return max(0.0, 1.0 - spread + z * math.sqrt(spread)) ** 3


def largest_score(checks: int, chance: float) -> float:
    """The score, of either sign, that noise exceeds in any of some checks with a probability; at least 1."""
    return max(1.0, NormalDist().inv_cdf((1.0 + (1.0 - chance) ** (1.0 / max(1, checks))) / 2.0))


def least_score(evidence: Evidence, checks: int) -> float:
    """The score that noise as large as the misfits hardly ever gives any error of so many that are tested."""
    return largest_score(checks, FALSE_ALARM) * math.sqrt(max(1.0, evidence.chi_square))


def listed(names: list[str]) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - WORST
    return ", ".join(names[:WORST]) + (f" and {more} more" if more > 0 else "")
