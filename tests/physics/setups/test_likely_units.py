"""Numbers of a plate in other units than SI's are named with what is meant, and legal plates of any size are left."""

import pytest

import elastic_pinn as ep
from elastic_pinn.physics.setups.plate.likely_units import likely_units

LOAD = {
    "kind": "side_load",
    "at": [0.05, 0.06],
    "force": [0.0, -1000.0],
    "pulse": "ricker",
    "frequency": 5e4,
    "width": 4e-3,
}
PLATE = {
    "problem": "plate",
    "plate_size": [0.1, 0.06],
    "holes": [[0.06, 0.03, 0.005]],
    "lame_lambda": 5.76e10,
    "lame_mu": 2.6e10,
    "density": 2700.0,
    "duration": 40e-6,
    "sources": [LOAD],
    "tolerance": 0.01,
}
STEEL = {"center": [0.03, 0.03], "radius": 0.005, "lame_lambda": 112e9, "lame_mu": 80e9, "density": 7900.0}
OWN = {"lame_lambda": None, "lame_mu": None, "density": None}


def load(**changes):
    return {"sources": [LOAD | changes]}


def inclusion(**changes):
    return {"inclusions": [STEEL | changes]}


IN_MM = {"plate_size": [100, 60], "holes": [[60, 30, 5]], **load(at=[50, 60], width=4)}
WRONG = {
    "size in mm": ({"plate_size": [100, 60]}, "plate_size = [100, 60] m looks like mm: give [0.1, 0.06]"),
    "size in cm": ({"plate_size": [10, 6]}, "plate_size = [10, 6] m looks like cm: give [0.1, 0.06]"),
    "all in mm": (
        IN_MM,
        "plate_size, holes[0].place, holes[0].radius, sources[0].at, sources[0].width look like mm: multiply them by "
        "0.001",
    ),
    "size and place in mm": (
        {"plate_size": [100, 60], "holes": [], **load(at=[50, 60])},
        "plate_size = [100, 60] m and sources[0].at = [50, 60] m look like mm: give [0.1, 0.06] and [0.05, 0.06]",
    ),
    "place in mm": (load(at=[50, 60]), "sources[0].at = [50, 60] m looks like mm: give [0.05, 0.06]"),
    "width in mm": (load(width=4), "sources[0].width = 4 m looks like mm: give 0.004"),
    "hole in mm": ({"holes": [[60, 30, 5]]}, "holes[0].place = [60, 30] m and holes[0].radius = 5 m look like mm"),
    "radius in mm": ({"holes": [[0.06, 0.03, 5]]}, "holes[0].radius = 5 m looks like mm: give 0.005"),
    "lambda in GPa": ({"lame_lambda": 57.6}, "lame_lambda = 57.6 Pa looks like GPa: give 5.76e+10"),
    "mu in GPa": ({"lame_mu": 26}, "lame_mu = 26 Pa looks like GPa: give 2.6e+10"),
    "E in GPa": (
        OWN | {"young_modulus": 70, "poisson_ratio": 0.33, "density": 2700},
        "(if they were given by young_modulus, that)",
    ),
    "speeds in km/s": (
        OWN | {"p_speed": 6.4, "s_speed": 3.1, "density": 2700},
        "(if by p_speed and s_speed, these like km/s)",
    ),
    "density in g/cm3": ({"density": 2.7}, "density = 2.7 kg/m3 looks like g/cm3: give 2700"),
    "GPa and g/cm3": (
        {"lame_lambda": 57.6, "lame_mu": 26, "density": 2.7},
        "look like GPa: give 5.76e+10 and 2.6e+10, and density = 2.7 kg/m3 looks like g/cm3: give 2700",
    ),
    "frequency in kHz": (load(frequency=50), "sources[0].frequency = 50 Hz looks like kHz: give 50000"),
    "frequency in MHz": (load(frequency=0.05), "sources[0].frequency = 0.05 Hz looks like MHz: give 50000"),
    "duration in us": ({"duration": 40}, "duration = 40 s looks like µs: give 4e-05"),
    "duration in ms": ({"duration": 0.04}, "duration = 0.04 s looks like ms: give 4e-05"),
    "delay in us": (load(delay=20), "sources[0].delay = 20 s looks like µs: give 2e-05"),
    "inclusion in GPa": (inclusion(lame_lambda=112, lame_mu=80), "inclusions[0].lame_mu = 80 Pa look like GPa: give"),
    "inclusion in g/cm3": (inclusion(density=7.9), "inclusions[0].density = 7.9 kg/m3 looks like g/cm3: give 7900"),
    "inclusion in mm": (inclusion(center=[30, 30], radius=5), "inclusions[0].radius = 5 m look like mm: give [0.03, 0"),
}
PUSH = {"kind": "point_force", "force": [0.0, 1e9], "pulse": "ricker"}
LEGAL = {
    "a plate": {},
    "with steel": inclusion(),
    "4 km of rock over 2 s": OWN
    | {"plate_size": [4000, 2000], "holes": [], "p_speed": 3000, "s_speed": 1700, "density": 2300, "duration": 2.0}
    | {"sources": [PUSH | {"at": [2000, 1000], "frequency": 5, "width": 90}]},
    "40 km of crust over 10 s": OWN
    | {"plate_size": [40e3, 20e3], "holes": [], "p_speed": 6000, "s_speed": 3400, "density": 2700, "duration": 10.0}
    | {"sources": [PUSH | {"at": [20e3, 10e3], "frequency": 1, "width": 600}]},
    "tissue over 20 ms": OWN
    | {"holes": [], "p_speed": 1500, "s_speed": 3, "density": 1000, "duration": 20e-3, **load(frequency=200)},
    "rubber": OWN | {"material": "rubber", "duration": 2e-3, **load(frequency=5e3)},
    "0.1 mm over 40 ns": {"plate_size": [1e-4, 6e-5], "holes": [], "duration": 4e-8}
    | load(at=[5e-5, 6e-5], frequency=5e7, width=4e-6),
    "no dimensions": {"plate_size": [2, 1], "holes": [], "duration": 2, "lame_lambda": 2, "lame_mu": 1, "density": 1}
    | load(at=[1, 1], frequency=2, width=0.1),
    "a disc": {"plate_shape": "disc", "plate_size": [0.05], "holes": [[-0.02, 0.01, 0.005]], **load(at=[0.0, 0.05])},
}


def plate(fields) -> ep.Config:
    """A plate with other fields; without those that are None."""
    return ep.Config(**{name: value for name, value in (PLATE | fields).items() if value is not None})


def told(fields) -> str:
    """What a preview warns of, or is refused with."""
    try:
        return "\n".join(ep.preview(plate(fields)).advice)
    except ep.ConfigError as refusal:
        return str(refusal)


@pytest.mark.parametrize("name", WRONG)
def test_a_number_in_another_unit_is_named_before_training_with_what_is_meant(name):
    fields, meant = WRONG[name]
    assert meant in told(fields)


@pytest.mark.parametrize("name", LEGAL)
def test_no_unit_of_a_legal_plate_is_doubted(name):
    fields = {"tolerance": 0.0} | LEGAL[name]
    assert likely_units(plate(fields)) == [] and "are lengths in m" not in told(fields)


SMALL = {"plate_size": [0.02, 0.01], "holes": [], "duration": 8e-6, **load(at=[0.01, 0.01], frequency=5e5, width=8e-4)}
POINT = {"kind": "point_force", "frequency": 5e5, "width": 8e-4}
TYPOS = {
    "hole": {"holes": [[0.03, 0.004, 0.0015]]},
    "hole with a radius that may be": {"holes": [[0.03, 0.004, 0.004]]},
    "two holes": {"holes": [[0.03, 0.004, 0.0015], [0.005, 0.04, 0.0015]]},
    "load beside the plate": load(at=[0.025, 0.01], frequency=5e5, width=8e-4),
    "load above the plate": load(at=[0.01, 0.1], frequency=5e5, width=8e-4),
    "force": load(at=[0.025, 0.01], **POINT),
    "force above": load(at=[0.01, 0.012], **POINT),
    "inclusion": inclusion(center=[0.03, 0.005], radius=0.002),
    "wide inclusion": inclusion(center=None, radius=None, x=[0.03, 0.04], y=[0.002, 0.004]),
}


@pytest.mark.parametrize("name", TYPOS)
def test_a_place_that_is_wrong_otherwise_is_in_no_other_unit(name):
    fields = SMALL | TYPOS[name]
    assert likely_units(plate(fields)) == []
    assert " like " not in told(fields)


@pytest.mark.parametrize(
    ("fields", "meant"),
    [
        ({"holes": [[15, 4, 1.5]]}, "give [0.015, 0.004] and 0.0015"),
        ({"holes": [[0.4, 0.4, 0.3]]}, "holes[0].place = [0.4, 0.4] m and holes[0].radius = 0.3 m look like mm: give"),
        ({"holes": [[15, 4, 0.0015]]}, "holes[0].place = [15, 4] m looks like mm: give [0.015, 0.004]"),
        (load(at=[5, 10], frequency=5e5, width=8e-4), "sources[0].at = [5, 10] m looks like mm: give [0.005, 0.01]"),
        (load(at=[5, 5], **POINT), "sources[0].at = [5, 5] m looks like mm: give [0.005, 0.005]"),
    ],
)
def test_a_place_in_another_unit_is_legal_there_with_its_width(fields, meant):
    assert meant in "\n".join(likely_units(plate(SMALL | fields)))


def test_an_initial_pulse_moves_less_than_a_tenth_of_the_plate():
    def pulse(peak):
        entry = {"kind": "initial_pulse", "at": [0.05, 0.03], "width": 4e-3, "displacement": [0.0, peak]}
        return likely_units(plate({"sources": [entry]}))

    assert pulse(9e-3) == []
    assert pulse(11e-3)[0].startswith("sources[0].displacement = [0, 0.011] m looks like mm: give [0, 1.1e-05]")


SEARCH = {
    "plate_size": [0.04, 0.02],
    "holes": [[0.026, 0.009, 0.003]],
    "duration": 12e-6,
    "data": "data/plate_receivers.h5",
    "unknowns": ["lambda", "mu"],
    "lame_lambda": 50e9,
    "lame_mu": 30e9,
    "tolerance": 0.1,
    **load(at=[0.012, 0.02], frequency=2e5, width=1.5e-3),
}
WRONG_IN_SEARCH = {
    "duration in us": ({"duration": 12}, "duration = 12 s looks like µs: give 1.2e-05"),
    "duration in us without a tolerance": (
        {"duration": 12, "tolerance": 0.0, "stages": ["full_waveform"], "network": "hole_waves"}
        | {"hidden_layers": [10, 10], "precision": "float64"},
        "duration = 12 s looks like µs: give 1.2e-05",
    ),
    "lambda in GPa": ({"lame_lambda": 50}, "lame_lambda = 50 Pa looks like GPa: give 5e+10"),
    "size in mm": ({"plate_size": [40, 20]}, "plate_size = [40, 20] m looks like mm: give [0.04, 0.02]"),
}


@pytest.mark.parametrize("name", WRONG_IN_SEARCH)
def test_a_search_in_a_plate_names_them_too_and_none_of_the_right_ones(name):
    fields, meant = WRONG_IN_SEARCH[name]
    assert meant in told(SEARCH | fields) and " like " not in told(SEARCH)


def test_what_is_refused_is_told_as_it_is_read():
    assert told({"plate_size": [100, 60]}).endswith(
        "as it is, P waves of 6.37e+03 m/s need 0.0157 s to cross the plate, which is 100 m long, and S waves of "
        "3.1e+03 m/s 0.0322 s, while the window has 4e-05 s"
    )


def test_a_fault_that_is_no_matter_of_units_is_told_alone():
    fault = told(load(at=[0.04, 0.03]))
    assert fault.startswith("sources[0].at = [0.04, 0.03]: a side_load is on a side") and " like " not in fault
