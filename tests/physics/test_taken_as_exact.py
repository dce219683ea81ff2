"""The given numbers that found values are in proportion to are named with these, and no others."""

import re

import numpy as np
import pytest
import torch

import elastic_pinn as ep
from elastic_pinn.physics.solutions import GaussianPulse, record_pulses
from elastic_pinn.physics.taken_as_exact import taken_as_exact

NEAR = np.array([[0.2, 0.3], [0.7, 0.6]])  # m
TIMES = np.linspace(0.0, 1.0, 5)  # s
MOTION = np.random.default_rng(0).standard_normal((2, 5, 2))
RICKER = ep.Ricker(2.0, 0.5)


SAME_FIT = " the same records would be fitted as well with "
OF_THIN = f"for plane strain, taken as exact: were it plane stress, as of a thin plate,{SAME_FIT}"
OF_THICK = f"for plane stress, taken as exact: were it plane strain, as of a thick body,{SAME_FIT}"
UNSEEN = ", and no misfit would show it"
THICK = f"{OF_THICK}lambda = 1 Pa (and the same mu){UNSEEN}"  # of lambda = 2 Pa and mu = 1 Pa
THIN = f"{OF_THIN}lambda = 2 Pa (and the same mu){UNSEEN}"  # of lambda = mu = 1 Pa
EQUAL = {"values": (1.0, 1.0, 3.0)}


SOURCES = (
    "for sources and loads as given (place, width, direction, and what is not sought of their pulses), taken as exact: "
    "an error there goes in part into what was found, which may be off by more than ±, and misfits show the rest alone "
    "(by full_waveform ± counts how far they may be off by at_plus_minus, width_plus_minus and direction_plus_minus)"
)


def told(
    unknowns, t=(0.0, 1.0), gains=(False, True), values=(2.0, 1.0, 3.0), plane="strain", is_whole=False, **parts
) -> str:
    """Of a square, by what is unknown, and by whether gains were found and one is known; without what is told of plane
    strain or stress and, wherever there are any, of sources, unless it is whole."""
    uncertain = parts.pop("density_plus_minus", 0.0)
    receivers = parts.pop("receivers", ep.Receivers(NEAR, TIMES, MOTION))
    problem = ep.Problem(
        ep.Domain((0.0, 1.0), (0.0, 1.0), t) if t else ep.Domain((0.0, 1.0), (0.0, 1.0)),
        ep.Material(*values, unknowns, density_plus_minus=uncertain, plane=plane),
        receivers=receivers,
        **parts,
    )
    clauses = taken_as_exact(problem, problem.constants, *gains)
    if is_whole:
        return "; ".join(clauses)
    assert (SOURCES in clauses) == ("force" in parts)
    return "; ".join(each for each in clauses if each != SOURCES and "for plane" not in each)


def of_plane(unknowns, **parts) -> str:
    """What is told of plane strain or stress."""
    every = told(unknowns, is_whole=True, **parts).split("; ")
    return "; ".join(each for each in every if each.startswith("for plane"))


def push(x, y, t):
    return torch.stack([torch.ones_like(x), torch.zeros_like(x)], dim=1)


@pytest.mark.parametrize(
    ("stated", "exact", "hint", "counted"),
    [
        ([{"at": 0.01}] * 2, "width, direction, and what is not sought of their pulses",
         "width_plus_minus and direction_plus_minus", "; ± counts how far place may be off"),
        ([{"at": 0.01, "width": 0.01, "direction": 5.0}] * 2, "what is not sought of their pulses", "",
         "; ± counts how far place, width and direction may be off"),
        ([{"width": 0.01}, {"width": 0.01, "direction": 5.0}],
         "place, direction, and what is not sought of their pulses of the others", "at_plus_minus",
         "; ± counts, of some of them, how far width and direction may be off"),
    ],
)  # fmt: skip
def test_of_sources_what_is_stated_with_an_error_is_counted_and_the_rest_exact(stated, exact, hint, counted):
    forces = [
        ep.PointForce((0.4 + 0.1 * i, 0.5), (1.0, 0.0), RICKER, 0.1, ep.PlusMinus(**each))
        for i, each in enumerate(stated)
    ]
    [text] = re.findall("for sources and loads as given.*", told(("mu",), force=forces, is_whole=True))
    assert text.startswith(f"for sources and loads as given ({exact}), taken as exact: ") and counted in text
    by = f" (by full_waveform ± counts how far they may be off by {hint})"
    assert (by in text) if hint else "by full_waveform" not in text


def point_force(pulse):
    return ep.PointForce((0.5, 0.5), (1.0, 0.0), pulse, width=0.1)


COUNTED = " (± counts how far it may be off by density_plus_minus)"


def clause(given, found, how="taken as exact"):
    off = "all of them are 1 % off alike" if " and " in given else "it is 1 % off"
    so = "so are" if " and " in found or "gains" in found else "so is"
    counted = given == "rho = 3 kg/m3" and found in ("lambda and mu", "lambda, mu and the source's strength")
    return f"for {given} as given, {how}: where {off}, {so} {found}, and no misfit shows it{COUNTED * counted}"


def scales(found, how="high"):
    """What positions and times do that are off."""
    are = "are" if " and " in found else "is"
    return (
        "for positions and times as given, taken as exact: where lengths (all, or along one axis) are 1 % too long, or "
        f"times 1 % too short, {found} {are} up to 2 % too {how}, and no misfit has to show it"
    )


LOADS = "the known loads or stresses over the records' gain"


@pytest.mark.parametrize(
    ("unknowns", "found", "given", "of_scales"),
    [
        (("lambda", "mu"), "lambda and mu", "rho = 3 kg/m3", [scales("lambda and mu")]),
        (("mu", "rho"), "mu and rho", "lambda = 2 Pa", [scales("rho", "low")]),
        (("rho",), "rho", "lambda = 2 Pa and mu = 1 Pa", [scales("rho", "low")]),
        (("lambda",), "lambda", "mu = 1 Pa and rho = 3 kg/m3", []),  # the speed of S waves is known
    ],
)
def test_motion_alone_tells_constants_in_proportion_to_those_that_are_known(unknowns, found, given, of_scales):
    assert told(unknowns) == "; ".join([clause(given, found), *of_scales])


AT_REST = {"t": None, "receivers": ep.Receivers(NEAR, np.zeros(1), MOTION[:, :1])}


@pytest.mark.parametrize(
    ("unknowns", "parts", "expected"),
    [
        (("lambda", "mu"), EQUAL, THIN),
        (("lambda",), EQUAL, THIN),
        (("lambda", "mu", "rho"), EQUAL | {"force": push}, THIN.replace("same mu", "same mu and rho")),
        (("lambda", "mu"), {}, ""),  # no thin plate has P waves twice as fast as S waves
        (("lambda", "mu"), {"values": (1.9, 1.0, 3.0)}, f"{OF_THIN}lambda = 38 Pa (and the same mu){UNSEEN}"),
        (("lambda",), {"plane": "stress"}, THICK),
        (("lambda",), {"plane": "stress", "values": (2.0e9, 1.0e9, 3.0)}, THICK.replace("Pa", "GPa")),
        (("lambda",), {"plane": "stress", "values": (5.4e6, 2.7e6, 3.0)}, THICK.replace("1 Pa", "2.7 MPa")),
        # two speeds tell two constants, whichever lambda is in them
        (("mu", "rho"), {}, f"{OF_THIN}another mu and rho{UNSEEN}"),
        (("mu", "rho"), {"force": push}, ""),
        (("mu",), {}, ""),
        (("rho",), {}, ""),
        (("mu",), AT_REST, f"{OF_THIN}another mu{UNSEEN}"),
    ],
)
def test_the_other_plane_is_told_where_it_fits_as_well(unknowns, parts, expected):
    assert of_plane(unknowns, **parts) == expected


@pytest.mark.parametrize(("of_both", "stiff", "is_told"), [(True, 1.5, True), (True, 2.0, False), (False, 1.5, False)])
def test_of_several_materials_each_lambda_has_to_be_unknown_and_have_one_that_fits(of_both, stiff, is_told):
    """One that is known acts in another way in the other plane, which misfits show; no thin plate has P waves twice as
    fast as S waves, as of the stiff disc."""
    unknowns = ("lambda", "mu")
    disc = ep.Inclusion(ep.Disc((0.5, 0.5), 0.2), ep.Material(stiff, 1.0, 3.0, unknowns))
    text = of_plane(unknowns if of_both else (), inclusions=[disc], values=(1.0, 1.0, 3.0))
    formula = "each lambda 2 lambda mu / (2 mu - lambda) of the values found (and the same mu)"
    assert text == (f"{OF_THIN}{formula}{UNSEEN}" if is_told else "")


def test_plane_stress_is_plane_strain_with_other_values():
    """The speeds, and so all records of motion, are the same as told: with another lambda; or with the same lambda and
    another mu and rho; and of aluminium no thick body is as a thin plate of it."""
    thin, thick = ep.Material(2.0, 1.0, 3.0, plane="stress"), ep.Material(1.0, 1.0, 3.0)
    assert (thin.in_plane_lambda, thin.c_p, thin.c_s) == (thick.lame_lambda, thick.c_p, thick.c_s)
    back = ep.Material(2.0 * 1.0 * 1.0 / (2.0 * 1.0 - 1.0), 1.0, 3.0, plane="stress")
    assert (back.c_p, back.c_s) == (thick.c_p, thick.c_s)
    mu = (2.0 + 2.0 * 1.0) / 2.0
    other = ep.Material(2.0, mu, 3.0 * mu)
    assert (other.c_p, other.c_s) == pytest.approx((thin.c_p, thin.c_s), rel=1e-12)
    aluminium = ep.physics.ALUMINIUM
    below = ep.Material(1e9 * aluminium.lame_mu, aluminium.lame_mu, 2700.0, plane="stress").in_plane_lambda
    assert below < 2.0 * aluminium.lame_mu < aluminium.lame_lambda, "however stiff a thin plate is"


def test_scales_of_length_and_time_go_into_moduli_as_told():
    """The same displacement, in a solid with 1.01 times the speeds, of lengths that are 1.01 times as long, and
    of times 1.01 times as short."""
    near, times = torch.from_numpy(NEAR), torch.from_numpy(TIMES)
    found = record_pulses([GaussianPulse((0.3, 0.4), (1.0, 0.0), 0.1, 0.1)], near, times, 2.0, 1.0)
    larger = GaussianPulse((0.303, 0.404), (1.0, 0.0), 0.101, 0.1)  # m, m and m/s
    torch.testing.assert_close(record_pulses([larger], 1.01 * near, times, 2.02, 1.01), found)
    faster = GaussianPulse((0.3, 0.4), (1.0, 0.0), 0.1, 0.101)
    torch.testing.assert_close(record_pulses([faster], near, times / 1.01, 2.02, 1.01), found)


def test_a_density_that_is_uncertain_is_told_with_what_of_it():
    assert told(("lambda", "mu"), density_plus_minus=0.06) == clause(
        "rho = 3 ± 0.06 kg/m3", "lambda and mu", "which ± counts"
    ) + "; " + scales("lambda and mu")


def test_a_constant_that_is_zero_tells_no_factor():
    assert told(("mu",), values=(0.0, 1.0, 3.0)) == f"{clause('rho = 3 kg/m3', 'mu')}; {scales('mu')}"


def test_a_density_has_no_part_in_a_plate_at_rest():
    assert "rho" not in told(("mu",), t=None, receivers=ep.Receivers(NEAR, np.zeros(1), MOTION[:, :1]))


def test_known_loads_are_taken_as_exact_beside_what_is_known_of_the_material():
    assert told(("lambda", "mu", "rho"), force=push) == clause(LOADS, "lambda, mu and rho")
    assert told(("lambda", "mu"), force=push) == clause(f"rho = 3 kg/m3 and {LOADS}", "lambda and mu")


@pytest.mark.parametrize("pulse", [ep.UnknownWavelet(3.0), ep.KnownShape(RICKER, "amplitude")])
def test_a_source_s_strength_that_was_found_is_in_proportion_to_density_and_gains(pulse):
    of_density = clause("rho = 3 kg/m3", "lambda, mu and the source's strength")
    of_gains, of_scales = clause("the records' gain", "the source's strength"), scales("lambda and mu")
    assert told(("lambda", "mu"), force=point_force(pulse)) == f"{of_density}; {of_gains}; {of_scales}"
    others = clause("the other channels' gain", "the gains found")
    assert told(("lambda", "mu"), force=point_force(pulse), gains=(True, True)) == "; ".join(
        [of_density, of_gains, others, of_scales]
    )


def test_a_source_whose_origin_time_alone_was_found_is_a_known_load():
    pulse = ep.KnownShape(RICKER, "origin_time", origin_within=0.1)
    assert told(("lambda", "mu"), force=point_force(pulse)) == clause(f"rho = 3 kg/m3 and {LOADS}", "lambda and mu")


def test_a_known_source_tells_gains_of_all_channels_but_no_size_of_the_material():
    assert told(("lambda", "mu"), force=point_force(RICKER), gains=(True, False)) == "; ".join(
        [
            clause("rho = 3 kg/m3", "lambda, mu and the gains found"),
            clause("the source's strength", "the gains found"),
            scales("lambda and mu"),
        ]
    )


def test_where_no_number_of_the_material_or_load_is_known_none_is_named():
    assert told(("lambda", "mu", "rho"), force=push, gains=(True, False)) == clause(
        "the source's strength", "the gains found"
    )


def test_of_many_known_constants_the_first_are_named():
    solids = [ep.Inclusion(ep.Disc((0.3 * i, 0.5), 0.1), ep.Material(2.0, 1.0, 3.0)) for i in (1, 2)]
    assert told(("mu",), inclusions=solids).startswith(
        "for lambda_1 = 2 Pa and rho_1 = 3 kg/m3 and lambda_2 = 2 Pa and 5 more constants as given, taken as exact: "
    )
