"""Damage to files: one that is read-only, as checkpoints are, overwritten; metadata changed by design."""

from pathlib import Path

from elastic_pinn.storage.guard.metadata import lookup3

HEADER_BYTES = {b"EAHD": 68, b"FAHD": 24}  # of an extensible or fixed array, without the checksum


def overwrite(path: Path, data: bytes) -> None:
    """Put other bytes into a file that may be read-only."""
    path.chmod(0o644)
    path.write_bytes(data)


def crafted(image: bytes, piece: range, at: int, value: bytes) -> bytes:
    """The file with other bytes at one offset, and the right checksum behind the piece of metadata around it."""
    edited = bytearray(image)
    edited[at : at + len(value)] = value
    edited[piece.stop : piece.stop + 4] = lookup3(bytes(edited[piece.start : piece.stop])).to_bytes(4, "little")
    return bytes(edited)


def crafted_array(image: bytes, signature: bytes, field: int, value: bytes) -> bytes:
    """The file with another value at one offset in the headers of all chunk arrays with a signature."""
    start = image.find(signature)
    while start >= 0:
        image = crafted(image, range(start, start + HEADER_BYTES[signature]), start + field, value)
        start = image.find(signature, start + 1)
    return image
