"""Short versions of the rows of `make validate`: each wavefield is found that only the right problem has."""

import pytest

from tests.benchmarks.validation import ROWS


@pytest.mark.slow
@pytest.mark.parametrize("row", [row for row in ROWS if row.quick], ids=lambda row: row.name)
def test_the_exact_field_is_found(tmp_path, row):
    assert row.quick_error(tmp_path / "run") < row.quick_goal
