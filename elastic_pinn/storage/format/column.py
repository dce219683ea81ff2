"""One column of a table that only grows: in blocks that never move, deflated once each for all files to come."""

import zlib

import numpy as np

BLOCK_ROWS = 8192
LEVEL = 1  # of deflate: higher ones take longer and gain a percent
STORED = 0


class Column:
    """Numbers of one type in blocks of BLOCK_ROWS; how many there are is known to who puts them here.

    Two threads may use it at once, one that puts rows and one that reads those before them.
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
        """The values in some rows, (stop - start,), read-only: a view where they lie in one block."""
        first = start // BLOCK_ROWS
        starts = range(first * BLOCK_ROWS, stop, BLOCK_ROWS)
        parts = [block[max(0, start - at) : stop - at] for at, block in zip(starts, self._blocks[first:], strict=False)]
        values = parts[0] if len(parts) == 1 else np.concatenate(parts or [np.empty(0, self._dtype)])
        values.flags.writeable = False
        return values

    def pack(self, number: int) -> bytes:
        """A full block as HDF5's filters shuffle and deflate make it; kept from the first time on."""
        if number not in self._deflated:
            self._deflated[number] = deflate(self._blocks[number], LEVEL)
        return self._deflated[number]

    def chunks(self, rows: int) -> list[bytes]:
        """The first rows, all blocks packed; the last one, which may still grow, is not deflated but only padded."""
        full, rest = divmod(rows, BLOCK_ROWS)
        chunks = [self.pack(number) for number in range(full)]
        if rest:
            chunks.append(deflate(np.pad(self._blocks[full][:rest], (0, BLOCK_ROWS - rest)), STORED))
        return chunks


def deflate(block: np.ndarray, level: int) -> bytes:
    """A block, (BLOCK_ROWS,): the lowest byte of each number, then the next of each, and all that deflated."""
    planes = block.view(np.uint8).reshape(len(block), -1).T  # (bytes of a number, BLOCK_ROWS)
    return zlib.compress(planes.tobytes(), level)
