"""Numbers and durations as they are shown."""

import math

import pytest

from elastic_pinn.readable import about, duration, percent, readable


@pytest.mark.parametrize(
    ("part", "text"), [(0.0, "0 %"), (0.00891, "0.89 %"), (0.0951, "10 %"), (0.77, "77 %"), (1.34, "134 %")]
)
def test_a_part_in_percent_has_two_digits_or_all_before_the_point(part, text):
    assert percent(part) == text


DURATIONS = {
    0.0: "0 s", 0.042: "0.042 s", 9.96: "10 s", 42.4: "42 s", 59.7: "1 min", 200.0: "3 min 20 s", 725.0: "12 min 05 s",
    3599.8: "1 h", 7199.0: "2 h", 7500.0: "2 h 05 min", 86_390.0: "1 day", 86_400.0: "1 day", 172_764.0: "2 days",
    273_600.0: "3 days 4 h", math.inf: "unknown",
}  # fmt: skip


def test_a_duration_has_its_units_and_an_estimated_one_fewer_digits():
    assert {seconds: duration(seconds) for seconds in DURATIONS} == DURATIONS
    estimated = {
        0.0: "1 s", 6.7: "7 s", 58.0: "1 min", 116.0: "1 min 55 s", 171.0: "3 min", 7_600.0: "2 h 05 min",
        172_764.0: "2 days", math.inf: "unknown",
    }  # fmt: skip
    assert {seconds: about(seconds) for seconds in estimated} == estimated
    assert duration(math.nan) == about(math.nan) == "unknown"


def test_a_number_has_a_prefix_of_its_unit_and_one_that_is_not_finite_is_a_word():
    numbers = {7.85e-3: "7.85 mm", 2.5e9: "2.5 Gm", 1e-15: "0.001 pm", 0.0: "0 m", -2e-3: "-2 mm", -2.5e9: "-2.5 Gm"}
    numbers |= {math.inf: "infinite", -math.inf: "-infinite"}
    assert {number: readable(number, "m") for number in numbers} == numbers
    assert readable(math.nan, "m") == "unknown"
