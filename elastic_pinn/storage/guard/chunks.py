"""Find, measure and decode the chunks of a compressed data set, so that none inflates beyond its declared size."""

import zlib
from math import prod

import h5py
import numpy as np


class Chunks:
    """The chunks of a data set that is stored with the filters shuffle and deflate.

    Arguments:
        dataset: the data set.
        shape: of one chunk; the chunks at the far edges extend beyond the data set.

    Attributes:
        count: the number of chunks.
        nbytes: bytes of one inflated chunk.
        fit: whether a chunk is no larger than the data set.
    """

    def __init__(self, dataset: h5py.Dataset, shape: tuple[int, ...]) -> None:
        self._dataset, self._shape = dataset, shape
        self._starts: set[tuple[int, ...]] = set()
        self.nbytes = prod(shape) * dataset.dtype.itemsize
        self.fit = all(part <= whole for whole, part in zip(dataset.shape, shape, strict=True))
        self.count = prod(-(-whole // part) for whole, part in zip(dataset.shape, shape, strict=True))

    def find(self) -> int:
        """Find each chunk; return how many bytes are stored. Raises ValueError if a chunk is missing."""
        stored = 0

        def note(chunk: h5py.h5d.StoreInfo) -> None:
            nonlocal stored
            self._starts.add(chunk.chunk_offset)
            stored += chunk.size

        if self._dataset.id.get_num_chunks() == self.count:
            self._dataset.id.chunk_iter(note)
        if len(self._starts) != self.count or not all(map(self._is_start, self._starts)):
            raise ValueError(f"{len(self._starts):,} chunks of {self.count:,} are there")
        return stored

    def read(self) -> np.ndarray:
        """Return the whole array. Raises ValueError for a chunk that does not inflate to its declared size."""
        array = np.empty(self._dataset.shape, self._dataset.dtype)
        for start in self._starts:
            part = array[tuple(slice(at, at + length) for at, length in zip(start, self._shape, strict=True))]
            part[...] = self._decode(start)[tuple(map(slice, part.shape))]
        return array

    def _is_start(self, start: tuple[int, ...]) -> bool:
        return all(
            at % length == 0 and at < whole
            for at, length, whole in zip(start, self._shape, self._dataset.shape, strict=True)
        )

    def _decode(self, start: tuple[int, ...]) -> np.ndarray:
        skipped, deflated = self._dataset.id.read_direct_chunk(start)
        inflater = zlib.decompressobj()
        try:
            shuffled = inflater.decompress(deflated, self.nbytes + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        if skipped or len(shuffled) != self.nbytes or not inflater.eof:
            raise ValueError(f"the chunk at {start} does not hold {self.nbytes:,} bytes")
        planes = np.frombuffer(shuffled, np.uint8).reshape(self._dataset.dtype.itemsize, -1)  # first bytes first
        return planes.T.copy().view(self._dataset.dtype).reshape(self._shape)
