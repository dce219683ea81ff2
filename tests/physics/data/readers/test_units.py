"""Units as text become factors of SI, and any other text is refused."""

import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data import RECORDED_QUANTITIES
from elastic_pinn.physics.data.readers.units import SI, factor, in_si, is_same_unit
from elastic_pinn.physics.import_options import ImportOptions, import_options

KNOWN = [
    ("mm", "length", 1e-3), ("ft", "length", 0.3048), ("µm", "length", 1e-6), ("us", "time", 1e-6),
    ("µs", "time", 1e-6),    ("nm/s", "velocity", 1e-9), ("m/s2", "acceleration", 1.0), ("m s-2", "acceleration", 1.0),
    ("mm/s^2", "acceleration", 1e-3), ("microstrain", "strain", 1e-6), ("1/s", "strain_rate", 1.0),
    ("kN/mm2", "stress", 1e9), ("GPa", "modulus", 1e9), ("g/cm3", "density", 1e3), ("0.03 um/s", "velocity", 3e-8),
    ("g", "acceleration", 9.80665), ("mg", "acceleration", 9.80665e-3), ("ug", "acceleration", 9.80665e-6),
    ("µg", "acceleration", 9.80665e-6), (" 0.5 mg ", "acceleration", 4.903325e-3), ("g/m3", "density", 1e-3),
    ("1", "strain", 1.0), ("%", "strain", 1e-2), ("‰", "strain", 1e-3), ("permille", "strain", 1e-3),
    ("ppm", "strain", 1e-6), ("ppb", "strain", 1e-9), ("strain", "strain", 1.0), ("nanostrain", "strain", 1e-9),
    ("µε", "strain", 1e-6), ("m/m", "strain", 1.0), ("mm/m", "strain", 1e-3), ("um m-1", "strain", 1e-6),
    ("nm/m", "strain", 1e-9), ("mm per m", "strain", 1e-3), ("0.2 um/m", "strain", 2e-7),
    ("MHz", "frequency", 1e6), ("1/us", "frequency", 1e6),
    ("%/s", "strain_rate", 1e-2), ("microstrain/ms", "strain_rate", 1e-3), ("mm/m/s", "strain_rate", 1e-3),
]  # fmt: skip
NUMBERS_OF_PINT = (
    "rad", "deg", "sr", "count", "counts", "dB", "Np", "bit", "byte", "kB", "V/V", "mV/V", "N/N", "rad/rad",
    "rad*mm/m", "0.5 counts", "mol/mol",
)  # fmt: skip
"""Which it takes for numbers, though no strain is measured in them."""


@pytest.mark.parametrize(("text", "quantity", "size"), KNOWN)
def test_units_as_people_write_them(text, quantity, size):
    assert factor(text, quantity, "unit") == pytest.approx(size, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("mm", "time"),
        ("m/s", "displacement"),
        ("bananas", "length"),
        ("m/", "length"),
        ("__import__('os')", "length"),
        ("g", "velocity"),
        ("g/s", "acceleration"),
        ("kg", "acceleration"),
        ("g", "stress"),
        ("degC/s", "velocity"),
        *((unit, "strain") for unit in NUMBERS_OF_PINT),
        *((f"{unit}/s", "strain_rate") for unit in NUMBERS_OF_PINT),
        *((unit, "frequency") for unit in ("rad/s", "rpm", "Bq", "counts/s", "us")),
        *((unit, "strain_rate") for unit in ("Hz", "kHz", "rpm", "becquerel", "Bq", "cps", "baud", "0.5 Hz")),
    ],
)
def test_what_is_no_such_unit_is_refused_with_an_example(text, quantity):
    with pytest.raises(ep.ConfigError, match=r"unit = .*: one as '.*' is needed"):
        factor(text, quantity, "unit")


def test_numbers_have_their_unit_or_are_in_si():
    assert in_si("57.6 GPa", "modulus", "mu") == pytest.approx(57.6e9) and in_si(2700, "density", "rho") == 2700.0


@pytest.mark.parametrize("text", ["1e-7", "5e6", "5.76e10", "-2E3", " 1.e+2", ".5e1"])
def test_a_number_with_an_exponent_has_no_unit(text):
    """Its exponent was taken for a unit, e-7: text of a number alone is refused, as '0.2' is."""
    for option, given in {"first_time": text, "lame_mu": text, "keep_time": [f"{text} us", text]}.items():
        with pytest.raises(ep.ConfigError, match=rf"^{option} = .*: a .*number.* or text with its unit, as "):
            import_options({option: given})
    assert import_options({"first_time": float(text)}).first_time == float(text)
    assert in_si(f"{text} us", "time", "first_time") == pytest.approx(1e-6 * float(text))
    assert in_si(f"{text}s", "time", "first_time") == float(text)
    with pytest.raises(ep.ConfigError, match="a number with its unit is needed"):
        in_si(text, "time", "channel_delays of 3 y")
    with pytest.raises(ep.ConfigError, match=r"one as .us. is needed|more than 0"):
        factor(text, "time", "time_unit")


def test_every_recorded_quantity_has_its_si_unit():
    assert RECORDED_QUANTITIES.keys() <= SI.keys()
    for name, quantity in RECORDED_QUANTITIES.items():
        assert factor(quantity.unit, name, "unit") == 1.0


def test_a_decimal_comma_is_refused_with_the_point_in_its_place():
    with pytest.raises(
        ep.ConfigError, match=r"rho = '2,7 g/cm3': the decimal sign has to be a point, as in '2.7 g/cm3'"
    ):
        in_si("2,7 g/cm3", "density", "rho")
    with pytest.raises(ep.ConfigError, match=r"unit = '0,03 um/s': the decimal sign .*, as in '0.03 um/s'"):
        factor("0,03 um/s", "velocity", "unit")
    for option, given in {"noise": "0,2", "time_step": "1,5e-3", "sampling_rate": "0,5"}.items():
        with pytest.raises(ep.ConfigError, match=f"{option} = '{given}': the decimal sign has to be a point, as in"):
            import_options({option: given})


def test_none_is_as_an_option_that_is_not_given():
    every = import_options(dict.fromkeys(ImportOptions.model_fields))
    assert every == ImportOptions()


@pytest.mark.parametrize("unit", ["dB*m/s", "dB m/s"])
def test_a_logarithm_has_no_zero_of_its_own(unit):
    with pytest.raises(ep.ConfigError, match=r"value_unit = .* has no zero of its own: one as 'mm/s' is needed"):
        factor(unit, "velocity", "value_unit")


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("us", "µs", True), ("us", "μs", True), ("us", "microsecond", True), ("us", "1e-6 s", True),
        ("mm", "0.001 m", True), ("mm/s", "m/s", False), ("mm/s", "µm/ms", True), ("us", "ms", False),
        ("V", "volt", True), ("mV", "V", False), ("mm", "us", False), ("counts", "bananas", False),
        ("bananas", "bananas", True), ("dB", "V", False),
    ],
)  # fmt: skip
def test_units_are_the_same_by_what_they_mean(one, other, is_same):
    assert is_same_unit(one, other) is is_same is is_same_unit(other, one)


def test_g_is_the_standard_gravity_of_an_acceleration_alone():
    assert is_same_unit("g", "9.80665 m/s2", "acceleration") and not is_same_unit("g", "9.80665 m/s2", "velocity")
