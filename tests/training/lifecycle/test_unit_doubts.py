"""Numbers in other units than SI's are told before training."""

from dataclasses import replace

import pytest

import elastic_pinn as ep
from elastic_pinn.training import advise
from tests.configs import SHIPPED
from tests.plates import PLATE, SOLVED


def in_units(length=1.0, time=1.0, moduli=1.0, density=1.0):
    """The shipped recording with its numbers multiplied, as if they were in other units than SI's."""
    receivers = ep.problem_from(ep.Config(**SHIPPED)).receivers
    known = receivers.material
    material = ep.Material(known["lambda"] * moduli, known["mu"] * moduli, known["rho"] * density)
    parts = {"xy": receivers.xy * length, "time": receivers.time * time, "pulses": (), "truth": None}
    receivers = replace(receivers, **parts, material=material)
    side, duration = (0.0, float(receivers.xy.max())), (0.0, float(receivers.time[-1]))
    return ep.Problem(ep.Domain(side, side, duration), material, receivers=receivers)


IN_SI = "are lengths in m, times in s, moduli in Pa and density in kg/m3?"
NO_SOLID = "no solid is like this one, with a density of"


@pytest.mark.parametrize(
    ("units", "start", "end"),
    [
        (
            {"length": 1e3},
            "P waves cross 0.086 % of the window, 60 m wide, in its 8e-06 s (P waves of 6.42 km/s, S ",
            " the window's size looks like mm: multiply every length by 0.001",
        ),
        (
            {"time": 1e6},
            "P waves cross the window, 0.06 m wide, 855,984 times in its 8 s (P waves of 6.42 km/s, S ",
            " the window's duration looks like µs: multiply every time by 1e-06",
        ),
        (
            {"moduli": 1e-9},
            f"{NO_SOLID} 2700 kg/m3 (P waves of 203 mm/s, S waves of 82.1 mm/s; they cross 60 mm ",
            " mu looks like GPa: multiply every modulus by 1e+09",
        ),
        (
            {"density": 1e-3},
            f"{NO_SOLID} 2.7 kg/m3 (P waves of 203 km/s, S waves of 82.1 km/s; they cross 60 mm 27 ",
            " the density looks like g/cm3: multiply every density by 1000",
        ),
        ({"density": 1e3}, f"{NO_SOLID} 2.7e+06 kg/m3 (P waves of 203 m/s, ", ""),
    ],
)
@pytest.mark.parametrize("network", ["mlp", "plane_waves"])
def test_numbers_in_other_units_than_si_are_told_and_no_setting_is_worked_out_of_them(network, units, start, end):
    own = {"problem": "own", "data": "", "unknowns": []}
    fields = {"network": network, **({} if network == "plane_waves" else {"hidden_layers": [8], "stages": ["adam"]})}
    shipped = {name: value for name, value in SHIPPED.items() if name != "initial_points"}
    (sentence,) = advise(ep.Config(**shipped | own | fields), in_units(**units))
    assert sentence.startswith(start) and sentence.endswith(f"): {IN_SI}{end}")


def test_a_window_of_ones_own_in_other_units_is_told(waves, tiny):
    steel = ep.Material(1.0e11, 8.0e10, 7800.0)
    window = ep.Domain((0.0, 30.0), (0.0, 0.03), (0.0, 5e-6))
    (sentence,) = advise(tiny(), waves(domain=window, material=steel, exact=None))
    assert sentence.startswith("P waves cross 0.096 % of the window, 30 m wide, in its 5e-06 s (P waves of 5.77 km/s")


def plate(density=2700.0, size=1.0, moment=1.0, frequency=2e5, **parts) -> ep.Problem:
    """A plate of aluminium, 4 x 2 cm, that a short force pushes; size and moment make it larger and the force."""
    push = ep.PointForce((0.01 * size, 0.01 * size), (1e3 * moment, 0.0), ep.Ricker(frequency, 5e-6), 1e-3 * size)
    window = ep.Domain((0.0, 0.04 * size), (0.0, 0.02 * size), (0.0, 12e-6))
    return ep.Problem(
        window, ep.Material(5.76e10, 2.6e10, density), [ep.Traction()], ep.Initial(), **{"force": push} | parts
    )


def test_a_density_in_other_units_than_the_moduli_is_told_with_speeds_wavelengths_and_crossings():
    (sentence,) = advise(ep.Config(), plate(density=2.7))
    assert sentence == (
        "no solid is like this one, with a density of 2.7 kg/m3 (P waves of 201 km/s, S waves of 98.1 km/s; they "
        "cross 40 mm 60 and 29 times in 12 µs; at the highest frequency, 554 kHz, they are 364 mm and 177 mm long): "
        f"{IN_SI} the density looks like g/cm3: multiply every density by 1000"
    )
    assert advise(ep.Config(), plate()) == ()


@pytest.mark.slow
def test_a_plate_in_mm_is_told_by_its_field_and_its_run_keeps_that(tmp_path):
    scaled = {"plate_size": [20.0, 10.0], "holes": [[13.0, 4.0, 1.5]]}
    source = {**PLATE["sources"][0], "at": [6.0, 10.0], "width": 2.0}
    run = ep.train(ep.Config(**{**PLATE, **SOLVED, **scaled, "sources": [source]}), tmp_path / "run")
    assert run.status == "completed"
    assert run.summary.warnings[0].endswith(
        "plate_size, holes[0].place, holes[0].radius, sources[0].at, sources[0].width look like mm: multiply them by "
        "0.001"
    )


def test_displacements_that_are_larger_than_the_plate_are_told():
    long = ep.Domain((0.0, 0.04), (0.0, 0.02), (0.0, 2e-3))  # P waves cross it 321 times
    for problem in (plate(moment=1e9), replace(plate(moment=1e9), domain=long)):
        (told,) = advise(ep.Config(), problem)
        assert told.endswith(IN_SI), "no other unit of time or length mends that"
    (sentence,) = advise(ep.Config(), plate(moment=1e9))
    assert sentence.startswith("displacements are up to ") and "more than all of the window, 0.04 m wide (P" in sentence


def test_waves_of_which_hundreds_fit_along_the_plate_are_told():
    (sentence,) = advise(ep.Config(), plate(frequency=2e7))
    assert sentence.startswith("348 of the shortest P waves fit along the window, 0.04 m wide (P waves of 6.37 km/s")


def test_a_lambda_that_is_nothing_beside_mu_is_told_and_one_of_zero_is_not():
    window = {"boundary": [ep.Traction()], "initial": ep.Initial()}
    for lame_lambda, start in ((57.6, "lambda = 57.6 Pa is nothing beside mu = 2.6e+10 Pa (P waves"), (0.0, "")):
        found = advise(
            ep.Config(problem="own"), replace(plate(), material=ep.Material(lame_lambda, 2.6e10, 2700.0), **window)
        )
        assert [each for each in found if "lengths in m" in each] == [
            each for each in found if start and each.startswith(start)
        ]
        assert bool(found) == bool(start)


def test_an_inclusion_of_no_solid_is_told():
    light = ep.Inclusion(ep.Disc((0.03, 0.01), 0.003), ep.Material(112e9, 80e9, 7.9))
    (sentence,) = advise(ep.Config(problem="own"), plate(inclusions=[light]))
    assert sentence.startswith("no solid is like this one, with a density of 7.9 kg/m3 (P waves")


def test_several_oddities_are_one_sentence():
    (sentence,) = advise(ep.Config(), plate(size=1e3, frequency=2e7))
    start = "P waves cross 0.19 % of the window, 40 m wide, in its 1.2e-05 s, and 347,813 of the shortest P waves fit "
    assert sentence.startswith(start)


def test_of_numbers_without_units_no_units_are_asked_for(waves, inverse, tiny):
    assert advise(ep.Config(hidden_layers=[8]), waves()) == ()
    assert advise(ep.Config(problem="own", hidden_layers=[8]), inverse) == ()
    assert advise(ep.Config(), ep.problem_from(ep.Config())) == ()
