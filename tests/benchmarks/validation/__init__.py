"""Exact fields that only the right equation, side, shape and medium give: one family a file, with its rows."""

from tests.benchmarks.validation import interfaces, media, periodic, sources, statics, walls
from tests.benchmarks.validation.row import Row

ROWS: tuple[Row, ...] = (*walls.ROWS, *periodic.ROWS, *interfaces.ROWS, *media.ROWS, *sources.ROWS, *statics.ROWS)
