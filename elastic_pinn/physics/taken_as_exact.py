"""Which given numbers the found values are for: those that they are in proportion to, so that no misfit shows an error
of these, and others of which a misfit shows an error in part.

Times any factor, moduli, densities and forces give the same motion: of these, what is found is in proportion to what is
given (`identifiability.py`). Likewise a source's strength and the gains of channels give the same records. Plane stress
is plane strain with another lambda. With all lengths times a and all times over b, motion is the same in a solid whose
speeds are a b times as high.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from elastic_pinn.physics.identifiability import NO_LAMBDA, is_loaded, known_quantities
from elastic_pinn.physics.media.material import unit_of
from elastic_pinn.readable import readable

if TYPE_CHECKING:
    from elastic_pinn.physics.problem import Problem

MOST_NAMED = 3  # constants, one by one
OTHER_PLANE = {
    "strain": ("plane stress, as of a thin plate,", "2 lambda mu / (2 mu - lambda)"),
    "stress": ("plane strain, as of a thick body,", "2 lambda mu / (lambda + 2 mu)"),
}
"""Beside each plane the other one, and with which lambda the same records fit there, by the values found."""
LOADS = "the known loads or stresses over the records' gain"
STRENGTH, GAINS = "the source's strength", "the gains found"
EXACT = "taken as exact"
OF_SOURCES = "for sources and loads as given ({}), " + (
    f"{EXACT}: an error there goes in part into what was found, which may be off by more than ±, and misfits show the "
    "rest alone"
)
NUMBERS = {"at": "place", "width": "width", "direction": "direction"}
"""Given numbers of sources by the attributes of `PlusMinus`."""
OF_PULSES = "what is not sought of their pulses"
BY_PLUS_MINUS = " (± counts how far it may be off by density_plus_minus)"


def taken_as_exact(
    problem: Problem, found: Mapping[str, float], has_gains: bool = False, has_known_gain: bool = True
) -> list[str]:
    """Name the given numbers that found values are for, and which values are in proportion to them, or their inverse.

    Parameters
    ----------
    problem
        With receivers and unknowns.
    found
        The constants of its materials as they were found, by name, SI.
    has_gains
        Whether gains of channels were found.
    has_known_gain
        Whether the gain of a channel is known.

    Returns
    -------
    list of str
        As in "for rho = 2700 kg/m3 as given, taken as exact: where it is 1 % off, so are lambda and mu, and no misfit
        shows it (± counts how far it may be off by density_plus_minus)"; then of plane strain or stress, where lambda
        was found, of sources where there are any, and, where nothing known has a part in them, of the scales of lengths
        and times.
    """
    has_strength = any(pulse.is_size_unknown for shot in problem.shots for pulse in shot.unknown_pulses)
    strength, gains = [STRENGTH] * has_strength, [GAINS] * has_gains
    told = [_of_material(problem, [*strength, *(gains if not has_known_gain else [])], has_known_gain)]
    if has_strength:
        told.append(_clause(["the records' gain"], strength))
    if has_gains and (has_strength or not has_known_gain):
        told.append(_clause(["the other channels' gain" if has_known_gain else STRENGTH], gains))
    told += [_of_plane(problem, found), _of_sources(problem), _of_scales(problem, has_known_gain)]
    return [each for each in told if each]


def _of_material(problem: Problem, beside: list[str], has_known_gain: bool) -> str:
    """The known constants and loads that those of the material are in proportion to, with what was found beside; ""
    where nothing is known."""
    known, are_loaded = _known(problem), any(map(is_loaded, problem.shots))
    uncertain = problem.reference.density_plus_minus  # of the only constant that is known
    error = f" ± {uncertain:g}" if uncertain else ""
    named = [f"{name} = {value:.6g}{error} {unit_of(name)}" for name, value in known.items()]
    if len(named) > MOST_NAMED:
        named = [*named[:MOST_NAMED], f"{len(named) - MOST_NAMED} more constants"]
    given = [*named, *[LOADS] * (has_known_gain and are_loaded)]
    if not given:
        return ""
    is_counted_if_told = set(problem.unknowns) == {"lambda", "mu"} and not (uncertain or are_loaded)
    told = _clause(given, [*problem.unknowns, *beside], "which ± counts" if uncertain else EXACT)
    return told + (BY_PLUS_MINUS if is_counted_if_told and len(known) == 1 else "")


def _of_plane(problem: Problem, found: Mapping[str, float]) -> str:
    """That the other plane would fit as well, with other values; "" where what is known would show it, or where none
    fits: P waves of a thin plate are less than twice as fast as S waves.

    The planes differ in lambda alone, in every material. Where it is known, the speeds' ratio is that of another mu,
    and their size that of another rho.
    """
    plane, unknowns = problem.reference.plane, set(problem.unknowns)
    other, formula = OTHER_PLANE[plane]
    needed = {"mu"} if problem.domain.is_static else {"mu", "rho"}
    alike = "the same mu and rho" if any(name.startswith("rho") for name in unknowns) else "the same mu"
    if not all("lambda" in material.unknowns for material in problem.materials):
        if problem.inclusions or not needed <= unknowns or any(map(is_loaded, problem.shots)):
            return ""
        how = f"another {' and '.join(sorted(needed))}"
    elif plane == "strain" and any(found[of["lambda"]] >= 2.0 * found[of["mu"]] for of, _ in problem.named_materials):
        return ""
    elif problem.inclusions:
        how = f"each lambda {formula} of the values found (and {alike})"
    else:
        ratio = found["lambda"] / found["mu"]
        as_other = 2.0 * ratio / (2.0 - ratio if plane == "strain" else 2.0 + ratio) * found["mu"]
        how = f"lambda = {readable(as_other, 'Pa')} (and {alike})"
    return (
        f"for plane {plane}, {EXACT}: were it {other} the same records would be fitted as well with {how}, and no "
        "misfit would show it"
    )


def _of_sources(problem: Problem) -> str:
    """That sources are taken to be where, as wide and of the form that is given, and of which numbers ± counts that
    they may be off; "" without forces and loads, and pulses at the start that may be off."""
    sources = [source for shot in problem.shots for source in shot.sources]
    acts = any(shot.unknown_pulses or any(each.is_load for each in known_quantities(shot)) for shot in problem.shots)
    stated = [name for name in NUMBERS if any(name in source.plus_minus.stated for source in sources)]
    if not (acts or stated):
        return ""
    of_all = [name for name in stated if all(name in source.plus_minus.stated for source in sources)]
    some = "" if len(of_all) == len(stated) else ", of some of them,"
    exact = [NUMBERS[name] for name in NUMBERS if name not in of_all]
    hint = [f"{name}_plus_minus" for name in NUMBERS if name not in stated]
    counted = f"; ± counts{some} how far {_listed([NUMBERS[name] for name in stated])} may be off" if stated else ""
    by = f" (by full_waveform ± counts how far they may be off by {_listed(hint)})" if hint else ""
    beside = " of the others" if some else ""
    return (
        OF_SOURCES.format(f"{', '.join([*exact, f'and {OF_PULSES}' if exact else OF_PULSES])}{beside}") + by + counted
    )


def _of_scales(problem: Problem, has_known_gain: bool) -> str:
    """What an error in the scale of lengths or times does to what was found; "" where speeds or forces are known.

    Where only those along one axis are off, waves along that axis are too fast, and much of it goes unseen as well.
    """
    known = {name.partition("_")[0] for name in _known(problem)}
    is_speed_known = {"rho"} < known  # a modulus beside it
    is_loaded_by_known = has_known_gain and any(map(is_loaded, problem.shots))
    if not known or is_speed_known or is_loaded_by_known or problem.domain.is_static:
        return ""
    found = [name for name in problem.unknowns if name.startswith("rho") == ("rho" not in known)]
    return (
        f"for positions and times as given, {EXACT}: where lengths (all, or along one axis) are 1 % too long, or times "
        f"1 % too short, {_listed(found)} {'are' if len(found) > 1 else 'is'} up to 2 % too "
        f"{'high' if 'rho' in known else 'low'}, and no misfit has to show it"
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _known(problem: Problem) -> dict[str, float]:
    """The constants that are known, are not zero, and have a part in the motion."""
    least = NO_LAMBDA * problem.reference.p_modulus
    return {
        name: value
        for name, value in problem.constants.items()
        if name not in problem.unknowns
        and not (name.startswith("rho") and problem.domain.is_static)
        and not (name.startswith("lambda") and abs(value) < least)
    }


def _clause(given: Sequence[str], found: Sequence[str], how: str = EXACT) -> str:
    off = "it is 1 % off" if len(given) == 1 else "all of them are 1 % off alike"
    so = "so are" if len(found) > 1 or found[0] == GAINS else "so is"
    return f"for {' and '.join(given)} as given, {how}: where {off}, {so} {_listed(found)}, and no misfit shows it"
