"""The bytes of an HDF5 file that is being built: a file object over a NumPy array, whose memory has large pages.

With libhdf5's in-memory driver the bytes would have to be copied into new small pages, which takes longer than all the
rest for a long history.
"""

from io import SEEK_SET, RawIOBase
from typing import Any

import numpy as np

ROOM = 1 << 20  # bytes in addition to the expected ones


class Image(RawIOBase):
    """A growing file in memory; `getbuffer` returns its bytes without a copy.

    room: the expected number of bytes, so that nothing has to be moved while the file grows.
    """

    def __init__(self, room: int = 0) -> None:
        super().__init__()
        self._bytes = np.empty(ROOM + room, np.uint8)
        self._size = self._at = 0

    def getbuffer(self) -> memoryview:
        """Return all bytes, writable."""
        return self._bytes[: self._size].data

    def readable(self) -> bool:
        """Return True."""
        return True

    def writable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Set the position."""
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with the remaining bytes."""
        part = self.getbuffer()[self._at : self._at + len(buffer)]
        memoryview(buffer)[: len(part)] = part
        self._at += len(part)
        return len(part)

    def write(self, data: Any) -> int:
        """Write bytes at the position, also beyond the end."""
        end = self._at + len(data)
        if end > self._size:
            self.truncate(end)
        self._bytes[self._at : end] = np.frombuffer(data, np.uint8)
        self._at = end
        return len(data)

    def truncate(self, size: int | None = None) -> int:
        """Shorten the file, or extend it with zeros."""
        size = self._at if size is None else size
        if size > len(self._bytes):
            grown = np.empty(2 * size, np.uint8)
            grown[: self._size] = self._bytes[: self._size]
            self._bytes = grown
        self._bytes[self._size : size] = 0
        self._size = size
        return size
