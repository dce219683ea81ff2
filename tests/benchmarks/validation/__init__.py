"""Exact fields that only the right equation, side, shape and medium give: one family a file, with its rows."""

from tests.benchmarks.validation import holes, interfaces, media, periodic, published, sources, statics, trained, walls
from tests.benchmarks.validation.row import Row

FAMILIES = (walls, periodic, interfaces, holes, media, sources, statics, published, trained)
ROWS: tuple[Row, ...] = tuple(row for family in FAMILIES for row in family.ROWS)
