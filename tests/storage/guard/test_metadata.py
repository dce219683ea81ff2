"""An index of chunks that this package never writes is refused before libhdf5 reads it."""

import struct
from io import BytesIO

import h5py
import pytest

from elastic_pinn.storage.format.hdf5 import LIBVER
from elastic_pinn.storage.guard.metadata import SuspiciousMetadataError, check_metadata, lookup3
from tests.storage.damage import crafted, crafted_array

VALUES = (0, 1, 2, 3, 4, 5, 8, 16, 32, 63, 64, 127, 128, 255)
GROWING, DEFLATED = {"maxshape": (None,)}, {"compression": 1, "shuffle": True}
# The layout message of chunks of 16 bytes: version, class, flags, axes, width, sides; type of the index, its sizes.
EXTENSIBLE, FIXED = bytes((4, 2, 0, 2, 1, 16, 1, 4, 32, 4, 4, 16, 10)), bytes((4, 2, 0, 2, 1, 16, 1, 3, 10))
VERSION, TYPE = 0, 7  # their offsets in it
SINGLE = 1  # the type of a data set of one chunk, which needs no index


def written(rows: int = 200, chunk: int = 16, **options) -> bytes:
    """A file with one data set in chunks."""
    buffer = BytesIO()
    with h5py.File(buffer, "w", libver=LIBVER) as file:
        file.create_dataset("x", (rows,), "u1", chunks=(chunk,), **options)[:] = 1
    return buffer.getvalue()


def require_refusal(image: bytes) -> None:
    with pytest.raises(SuspiciousMetadataError):
        check_metadata(image, 0)


@pytest.mark.parametrize(
    ("signature", "options", "field"),  # version, class, element size, sizes of blocks and pages
    [(b"EAHD", GROWING, field) for field in range(4, 12)]
    + [(b"FAHD", options, field) for options in ({}, DEFLATED) for field in range(4, 8)],
)
def test_an_index_of_chunks_with_another_size_in_its_header_is_refused(signature, options, field):
    image = written(**options)
    check_metadata(image, 0)
    for value in {*VALUES} - {image[image.index(signature) + field]}:
        require_refusal(crafted_array(image, signature, field, bytes((value,))))


def test_a_fixed_array_of_more_chunks_than_the_file_has_bytes_is_refused():
    for elements in (2**20, 2**63, 2**64 - 1):
        require_refusal(crafted_array(written(), b"FAHD", 8, elements.to_bytes(8, "little")))


@pytest.mark.parametrize(
    ("layout", "options", "field"),
    [(EXTENSIBLE, GROWING, field) for field in (VERSION, *range(TYPE, len(EXTENSIBLE)))]
    + [(FIXED, DEFLATED, field) for field in (VERSION, *range(TYPE, len(FIXED)))],
)
def test_a_layout_message_with_another_index_of_chunks_is_refused(layout, options, field):
    image = written(**options)
    at = image.index(layout)
    start = image.rindex(b"OHDR", 0, at)
    ends = range(at, len(image))
    end = next(end for end in ends if lookup3(image[start:end]).to_bytes(4, "little") == image[end : end + 4])
    legal = {layout[field], SINGLE} if field == TYPE else {layout[field]}
    for value in {*VALUES} - legal:
        require_refusal(crafted(image, range(start, end), at + field, bytes((value,))))


@pytest.mark.parametrize("chunk", [1, 2, 127, 128, 255, 256, 32768, 65535, 65536, 2**20])
@pytest.mark.parametrize("options", [{}, GROWING, DEFLATED])
def test_chunks_of_any_size_are_accepted(chunk, options):
    check_metadata(written(chunk + 1, chunk, **options), 0)


def test_data_sets_without_a_single_chunk_yet_are_accepted():
    buffer = BytesIO()
    with h5py.File(buffer, "w", libver=LIBVER) as file:
        for name, options in {"growing": GROWING, "deflated": DEFLATED}.items():
            file.create_dataset(name, (200,), "u1", chunks=(16,), **options)
    check_metadata(buffer.getvalue(), 0)


@pytest.mark.parametrize("address", [10**6, 2**63, 2**64 - 2])
def test_numbers_that_look_like_an_index_outside_of_the_file_are_metadata_only_with_a_right_checksum(address):
    body = EXTENSIBLE + struct.pack("<Q", address)
    header = b"OHDR\2\0" + bytes((4 + len(body),)) + struct.pack("<BHB", 8, len(body), 0) + body
    check_metadata(header + bytes(4), 0)
    require_refusal(crafted(header + bytes(4), range(len(header)), 0, b""))
