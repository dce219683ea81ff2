"""One column of a table that only grows, in blocks that never move; each full block is deflated once for all files."""

import zlib

import numpy as np

BLOCK_ROWS = 8192
LEVEL = 1  # of deflate: higher levels take longer and gain about one percent
STORED = 0


class Column:
    """Numbers of one type in blocks of BLOCK_ROWS; the number of rows is kept by the caller.

    Two threads may use a column at the same time: one that adds rows, and one that reads earlier rows.
    """

    def __init__(self, dtype: type[np.generic]) -> None:
        self._dtype = dtype
        self._blocks: list[np.ndarray] = []
        self._deflated: dict[int, bytes] = {}

    def put(self, row: int, value: float) -> None:
        """Set the value in the row after the last one."""
        number, at = divmod(row, BLOCK_ROWS)
        if number == len(self._blocks):
            self._blocks.append(np.empty(BLOCK_ROWS, self._dtype))
        self._blocks[number][at] = value

    def fill(self, values: np.ndarray) -> None:
        """Set the values in all rows from the first one on; they are copied."""
        for at in range(0, len(values), BLOCK_ROWS):
            block = np.empty(BLOCK_ROWS, self._dtype)
            part = values[at : at + BLOCK_ROWS]
            block[: len(part)] = part
            self._blocks.append(block)

    def values(self, start: int, stop: int) -> np.ndarray:
        """Return the values in some rows, (stop - start,), read-only; a view if they are in one block."""
        first = start // BLOCK_ROWS
        starts = range(first * BLOCK_ROWS, stop, BLOCK_ROWS)
        parts = [block[max(0, start - at) : stop - at] for at, block in zip(starts, self._blocks[first:], strict=False)]
        values = parts[0] if len(parts) == 1 else np.concatenate(parts or [np.empty(0, self._dtype)])
        values.flags.writeable = False
        return values

    def pack(self, number: int) -> bytes:
        """Return a full block after HDF5's filters shuffle and deflate; the result is cached."""
        if number not in self._deflated:
            self._deflated[number] = deflate(self._blocks[number], LEVEL)
        return self._deflated[number]

    def chunks(self, rows: int) -> list[bytes]:
        """Return the first rows as packed blocks; the last block, which may still grow, is padded and stored at level
        0."""
        full, rest = divmod(rows, BLOCK_ROWS)
        chunks = [self.pack(number) for number in range(full)]
        if rest:
            chunks.append(deflate(np.pad(self._blocks[full][:rest], (0, BLOCK_ROWS - rest)), STORED))
        return chunks


def deflate(block: np.ndarray, level: int) -> bytes:
    """Return a block, (BLOCK_ROWS,), with its bytes shuffled (the lowest byte of each number first) and deflated."""
    planes = block.view(np.uint8).reshape(len(block), -1).T  # (bytes of a number, BLOCK_ROWS)
    return zlib.compress(planes.tobytes(), level)
