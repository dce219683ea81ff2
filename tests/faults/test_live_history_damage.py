"""history.h5 with damaged metadata, by chance or by design: reading ends soon, in rows or in an error."""

import random
import signal
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from elastic_pinn.storage import CheckpointError, History, LiveHistory, read_live_history
from elastic_pinn.storage.guard.metadata import lookup3
from tests.faults.children import ended, forked
from tests.faults.small import sizes

COLUMNS = ("step", "stage", "wall_s", "loss/total", "loss/pde", "loss/initial", "material/mu", "error/x", "grad_norm")
ROWS = 20
SIGNATURES = (b"\x89HDF", b"OHDR", b"FRHP", b"BTHD", b"BTLF", b"EAHD", b"EAIB")
CPU_S = 1.0  # of one reading: it takes milliseconds
LONGEST = 1500  # bytes of a piece of metadata in this file

Piece = tuple[int, int]  # first byte of the metadata, and of the check sum behind it


@pytest.fixture
def growing(fast_path: Path) -> Iterator[Path]:
    """The history of a run that is going on."""
    history = History(COLUMNS)
    with LiveHistory(fast_path / "history.h5", history) as live:
        for step in range(ROWS):
            history.append({"step": step, "loss/total": float(step)})
        history.note(3, "resumed")
        live.flush()
        yield fast_path / "history.h5"


def pieces_of(data: bytes) -> list[Piece]:
    """Where metadata with a check sum lie."""
    return [(at, _end(data, at)) for signature in SIGNATURES for at in _places(data, signature)]


def _places(data: bytes, signature: bytes) -> Iterator[int]:
    at = data.find(signature)
    while at >= 0:
        yield at
        at = data.find(signature, at + 1)


def _end(data: bytes, at: int) -> int:
    return next(end for end in range(at + 8, at + LONGEST) if lookup3(data[at:end]) == _number(data[end : end + 4]))


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def crafted(data: bytes, pieces: list[Piece], chance: random.Random) -> bytes:
    """Metadata changed by somebody who then made the check sum right."""
    image = bytearray(data)
    for start, end in chance.sample(pieces, chance.choice((1, 1, 2))):
        width = chance.choice((1, 1, 2, 4, 8))
        at = chance.randrange(start + 4, end - width)
        values = (0, 2 ** (8 * width) - 1, chance.randrange(256), chance.randrange(len(data)) % 2 ** (8 * width))
        image[at : at + width] = chance.choice(values).to_bytes(width, "little")
        image[end : end + 4] = lookup3(bytes(image[start:end])).to_bytes(4, "little")
    return bytes(image)


def require_an_end(path: Path, images: Iterable[bytes], is_chance: bool) -> None:
    """Read each image; what takes too long ends the process. is_chance: what is read then is right as well."""
    for image in images:
        path.write_bytes(image)
        signal.setitimer(signal.ITIMER_PROF, CPU_S)
        try:
            history = read_live_history(path)
        except CheckpointError as error:
            assert str(path) in str(error)
        else:
            right = np.arange(len(history), dtype=float)
            assert not is_chance or np.array_equal(history.column("loss/total"), right)


@pytest.mark.parametrize("count", sizes(50, 40_000))
def test_a_flipped_bit_of_the_metadata_ends_in_right_rows_or_an_error(growing, fast_path, count):
    data = growing.read_bytes()
    bits = [(at, bit) for start, end in pieces_of(data) for at in range(start, end + 4) for bit in range(8)]
    chosen = random.Random(1).sample(bits, min(count, len(bits)))
    images = (flipped(data, *place) for place in chosen)
    assert ended(forked(partial(require_an_end, fast_path / "damaged.h5", images, True))) == 0


@pytest.mark.parametrize("count", sizes(50, 20_000))
def test_metadata_changed_by_design_ends_in_rows_or_an_error(growing, fast_path, count):
    data, chance = growing.read_bytes(), random.Random(2)
    pieces = pieces_of(data)
    images = (crafted(data, pieces, chance) for _ in range(count))
    assert ended(forked(partial(require_an_end, fast_path / "damaged.h5", images, False))) == 0


def test_a_tail_of_zeros_or_of_nothing_ends_in_right_rows_or_an_error(growing, fast_path):
    data = growing.read_bytes()
    lengths = range(0, len(data), 20_011)
    images = [image for n in lengths for image in (data[:n], data[:n].ljust(len(data), b"\0"))]
    assert ended(forked(partial(require_an_end, fast_path / "damaged.h5", images, False))) == 0
