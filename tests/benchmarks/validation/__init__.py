"""Fields that only the right equation, side, shape and medium give, exact or recorded: a family a file, with rows."""

from tests.benchmarks.validation import (
    holes,
    interfaces,
    many_wavelengths,
    media,
    periodic,
    published,
    recordings,
    sources,
    statics,
    trained,
    walls,
)
from tests.benchmarks.validation.row import Row

FAMILIES = (
    walls, periodic, interfaces, holes, media, sources, recordings, statics, published, many_wavelengths, trained,
)  # fmt: skip
ROWS: tuple[Row, ...] = tuple(row for family in FAMILIES for row in family.ROWS)
