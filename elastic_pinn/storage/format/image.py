"""The bytes of an HDF5 file while it is built: a file object over NumPy's memory, which comes in large pages.

Built by libhdf5's own in-memory driver, the same bytes would have to be copied out, into fresh small pages: for a long
history that takes longer than all the rest.
"""

from io import SEEK_SET, RawIOBase
from typing import Any

import numpy as np

ROOM = 1 << 20  # bytes beside what is expected


class Image(RawIOBase):
    """A growing file in memory; `getbuffer` gives its bytes without a copy.

    room: bytes that are expected, so that nothing has to be moved while it grows.
    """

    def __init__(self, room: int = 0) -> None:
        super().__init__()
        self._bytes = np.empty(ROOM + room, np.uint8)
        self._size = self._at = 0

    def getbuffer(self) -> memoryview:
        """All bytes, which can be written to."""
        return self._bytes[: self._size].data

    def readable(self) -> bool:
        """True."""
        return True

    def writable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Go to a byte."""
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as there are bytes."""
        part = self.getbuffer()[self._at : self._at + len(buffer)]
        memoryview(buffer)[: len(part)] = part
        self._at += len(part)
        return len(part)

    def write(self, data: Any) -> int:
        """Write bytes where it stands, beyond the end, too."""
        end = self._at + len(data)
        if end > self._size:
            self.truncate(end)
        self._bytes[self._at : end] = np.frombuffer(data, np.uint8)
        self._at = end
        return len(data)

    def truncate(self, size: int | None = None) -> int:
        """Cut, or lengthen with zeros."""
        size = self._at if size is None else size
        if size > len(self._bytes):
            grown = np.empty(2 * size, np.uint8)
            grown[: self._size] = self._bytes[: self._size]
            self._bytes = grown
        self._bytes[self._size : size] = 0
        self._size = size
        return size
