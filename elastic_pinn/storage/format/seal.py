"""Seal a file, and verify it.

A sealed file is an HDF5 file whose first 512 bytes (its user block, which HDF5 skips) describe the rest and hold its
SHA-256, so that a file is verified before libhdf5 reads it.
"""

import hashlib
import os
import struct
from dataclasses import dataclass

from elastic_pinn.storage.errors import CheckpointError, NewerVersionError
from elastic_pinn.storage.folder import split_location

FORMAT_VERSION = 3
HEADER_BYTES = 512

# In every format version: magic and version come first, and the last 32 bytes are the header's own SHA-256.
MAGIC = b"\x89elastic_pinn\r\n\x1a"
VERSION = struct.Struct("<16sI")
DIGEST_AT = HEADER_BYTES - hashlib.sha256().digest_size
# Magic, format version, bytes of the metric's name, step, generation, metric, length, SHA-256, metric's name, its id.
FIELDS = struct.Struct("<16sIIqqdQ32s128s8s")
NAME_BYTES = 128
UNKNOWN_METRIC_ID = "0" * 16  # format version 1 has zeros in its place
HEAD_BYTES = HEADER_BYTES + 8  # read to identify a file: includes HDF5's magic

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
FOREIGN_MAGICS = {
    HDF5_MAGIC: "a plain HDF5 file",
    b"PK\x03\x04": "a zip archive, as torch.save writes",
    b"\x80": "a pickle",
}

USE_ANOTHER = "Use another checkpoint of the same run"
REPAIR = f"{USE_ANOTHER}; `elastic-pinn repair FILE` may give the sealed bytes back"
USE_A_CHECKPOINT = "Give a checkpoint that elastic_pinn wrote, checkpoints/step-*.h5 in a run directory"


@dataclass(frozen=True)
class Header:
    """The contents of the first 512 bytes of a sealed file.

    Arguments:
        format_version: of the whole file.
        step: optimizer iterations done.
        generation: 0 in a fresh run, one more at each resume.
        metric: the monitored value; NaN if there is none.
        metric_name: the monitored column; at most 128 bytes of UTF-8.
        metric_id: hash of what the validation measures, 16 hexadecimal digits. Other loss weights or other held-out
            points give another one, and only metrics with equal ids can be compared.
        length: bytes that follow the header.
        sha256: digest of these bytes (32 bytes).
    """

    format_version: int
    step: int
    generation: int
    metric: float
    metric_name: str
    metric_id: str
    length: int
    sha256: bytes

    @property
    def nbytes(self) -> int:
        """The size of the whole file in bytes."""
        return HEADER_BYTES + self.length


def seal(
    image: bytearray | memoryview,
    *,
    step: int,
    generation: int,
    metric: float,
    metric_name: str,
    metric_id: str = UNKNOWN_METRIC_ID,
) -> Header:
    """Write the header into the first 512 bytes of an HDF5 file image that has a user block of that size.

    The image is changed in place, since it is large. Raises ValueError if `metric_name` is too long.
    """
    body = memoryview(image)[HEADER_BYTES:]
    digest = hashlib.sha256(body).digest()
    header = Header(FORMAT_VERSION, step, generation, metric, metric_name, metric_id, len(body), digest)
    image[:HEADER_BYTES] = _pack(header)
    return header


def read_header(location: str | os.PathLike[str]) -> Header:
    """Return the verified header of a sealed file; of the rest, only the length is checked.

    location: a path, or a URL of a remote store. Raises CheckpointError for anything but a sealed file of full length
    and a known format version.
    """
    folder, name = split_location(location)
    return open_header(location, *folder.head(name, HEAD_BYTES))


def read_sealed(location: str | os.PathLike[str]) -> tuple[Header, bytes]:
    """Return the header and all bytes of a sealed file (the header's included), verified.

    location: a path, or a URL of a remote store. Raises CheckpointError for anything but the bytes that were sealed.
    """
    read_header(location)  # before much is read
    folder, name = split_location(location)
    data = folder.read(name)
    return unseal(location, data), data


def open_header(path: str | os.PathLike[str], head: bytes, size: int) -> Header:
    """Return what `read_header` does, from the first HEAD_BYTES of a file of `size` bytes; `path` is for errors
    only."""
    header = unpack_header(path, head)
    if size < header.nbytes:
        raise CheckpointError(path, f"truncated: {size:,} bytes of {header.nbytes:,} are there", USE_ANOTHER)
    if size > header.nbytes:
        raise CheckpointError(path, f"longer than sealed: {size:,} bytes instead of {header.nbytes:,}", REPAIR)
    return header


def unseal(path: str | os.PathLike[str], data: bytes) -> Header:
    """Return the header of a file's bytes, all verified; `path` is for errors only. Raises as `read_sealed`."""
    header = open_header(path, data[:HEAD_BYTES], len(data))
    if hashlib.sha256(memoryview(data)[HEADER_BYTES:]).digest() != header.sha256:
        raise CheckpointError(path, "damaged: not the bytes that were sealed (SHA-256 differs)", REPAIR)
    return header


def _pack(header: Header) -> bytes:
    name = header.metric_name.encode()
    if len(name) > NAME_BYTES:
        raise ValueError(f"metric_name {header.metric_name!r} has {len(name)} bytes; at most {NAME_BYTES} fit")
    fields = FIELDS.pack(
        MAGIC, header.format_version, len(name), header.step, header.generation, header.metric, header.length,
        header.sha256, name, bytes.fromhex(header.metric_id),
    )  # fmt: skip
    head = fields.ljust(DIGEST_AT, b"\0")
    return head + hashlib.sha256(head).digest()


def unpack_header(path: str | os.PathLike[str], head: bytes) -> Header:
    """Return the verified header in the first HEAD_BYTES of a file, whatever follows it. Raises as `read_header`."""
    _require_checkpoint(path, head)
    if len(head) < HEADER_BYTES:
        raise CheckpointError(path, f"truncated: {len(head)} bytes, less than a header of {HEADER_BYTES}", USE_ANOTHER)
    if hashlib.sha256(head[:DIGEST_AT]).digest() != head[DIGEST_AT:HEADER_BYTES]:
        raise CheckpointError(path, "damaged: not the header that was sealed (SHA-256 differs)", USE_ANOTHER)
    _require_known_version(path, VERSION.unpack_from(head)[1])
    _, version, name_bytes, step, generation, metric, length, digest, name, metric_id = FIELDS.unpack_from(head)
    metric_name = name[:name_bytes].decode(errors="replace")
    return Header(version, step, generation, metric, metric_name, metric_id.hex(), length, digest)


def _require_checkpoint(path: str | os.PathLike[str], head: bytes) -> None:
    if head.startswith(MAGIC) or (0 < len(head) < len(MAGIC) and MAGIC.startswith(head)):
        return
    if not head:
        raise CheckpointError(path, "truncated: it is empty", USE_ANOTHER)
    if head.startswith(HDF5_MAGIC, HEADER_BYTES):
        raise CheckpointError(path, "has no seal before its HDF5 part: the header is damaged, or foreign", USE_ANOTHER)
    kind = next((kind for magic, kind in FOREIGN_MAGICS.items() if head.startswith(magic)), "of an unknown kind")
    raise CheckpointError(path, f"is not a checkpoint of elastic_pinn but {kind}", USE_A_CHECKPOINT)


def _require_known_version(path: str | os.PathLike[str], version: int) -> None:
    if version > FORMAT_VERSION:
        fault = f"has format version {version}, newer than version {FORMAT_VERSION} that is known here"
        raise NewerVersionError(path, fault, "Install a newer elastic_pinn")
