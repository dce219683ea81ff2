"""Chunks of a compressed data set: found, measured and decoded here, so that none inflates beyond its own size."""

import zlib
from math import prod

import h5py
import numpy as np


class Chunks:
    """The chunks of a data set that is stored with the filters shuffle and deflate.

    Arguments:
        dataset: the whole.
        shape: of one chunk; those at the far edges stick out.

    Attributes:
        count: chunks in all.
        nbytes: bytes of one, inflated.
        fit: whether one is no larger than the whole.
    """

    def __init__(self, dataset: h5py.Dataset, shape: tuple[int, ...]) -> None:
        self._dataset, self._shape = dataset, shape
        self._starts: set[tuple[int, ...]] = set()
        self.nbytes = prod(shape) * dataset.dtype.itemsize
        self.fit = all(part <= whole for whole, part in zip(dataset.shape, shape, strict=True))
        self.count = prod(-(-whole // part) for whole, part in zip(dataset.shape, shape, strict=True))

    def find(self) -> int:
        """Look up where each chunk lies; how many bytes are stored. Raises ValueError where one is missing."""
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
        """The whole array. Raises ValueError for a chunk that does not inflate to its own size."""
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
