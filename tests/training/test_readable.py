"""Numbers as they are shown."""

import pytest

from elastic_pinn.training.readable import percent


@pytest.mark.parametrize(
    ("part", "text"), [(0.0, "0 %"), (0.00891, "0.89 %"), (0.0951, "10 %"), (0.77, "77 %"), (1.34, "134 %")]
)
def test_a_part_in_percent_has_two_digits_or_all_before_the_point(part, text):
    assert percent(part) == text
