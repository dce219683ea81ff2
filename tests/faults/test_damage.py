"""Whatever happens to the bytes of a checkpoint, it is refused, and the one before it is used."""

import os
import random
from pathlib import Path

import pytest

from elastic_pinn.storage import CheckpointError, Store, read_snapshot
from elastic_pinn.storage.format.seal import HEADER_BYTES
from tests.faults.small import equals_sent, ready, sent_bytes, sizes
from tests.storage.damage import overwrite

WHOLE = sent_bytes(2)
ALL_BITS = 8 * len(WHOLE)


@pytest.fixture
def newest(fast_path: Path) -> Path:
    """The second of two checkpoints: the one to damage."""
    store = Store(fast_path)
    store.publish(ready(1))
    return store.publish(ready(2))


def require_refused(path: Path, data: bytes) -> None:
    """Put the bytes in the place of a checkpoint's: reading it says which file and what to do."""
    assert data != WHOLE
    overwrite(path, data)
    with pytest.raises(CheckpointError) as caught:
        read_snapshot(path)
    assert str(caught.value).startswith(f"{path}: ") and caught.value.advice


def require_passed_over(path: Path, data: bytes) -> None:
    """As `require_refused`, and the checkpoint before it is found in its place."""
    require_refused(path, data)
    found = Store(path.parent).latest()
    assert found.path.name == "step-000000001-g000.h5" and equals_sent(found.snapshot, 0, 1)
    assert [fault.path for fault in found.faults] == [str(path)]


def flipped(bit: int) -> bytes:
    data = bytearray(WHOLE)
    data[bit // 8] ^= 1 << bit % 8
    return bytes(data)


@pytest.mark.parametrize("cases", sizes(1_000, ALL_BITS))
def test_each_flipped_bit_is_refused(newest, cases, record_property):
    step = max(1, ALL_BITS // cases)
    bits = range(0, ALL_BITS, step + 1 if step > 1 and step % 8 == 0 else step)
    for bit in bits:
        require_refused(newest, flipped(bit))
    record_property("flips refused", len(bits))


@pytest.mark.parametrize("cases", sizes(60, 2_000))
def test_a_flipped_bit_in_any_byte_lets_the_one_before_be_found(newest, cases, record_property):
    at = range(0, len(WHOLE), max(1, len(WHOLE) // cases))
    for byte in at:
        require_passed_over(newest, flipped(8 * byte + byte % 8))
    record_property("flips passed over", len(at))


@pytest.mark.parametrize("cases", sizes(400, len(WHOLE)))
def test_each_length_to_which_a_file_may_be_cut_is_refused(newest, cases, record_property):
    lengths = range(0, len(WHOLE), max(1, len(WHOLE) // cases))
    for length in lengths:
        require_refused(newest, WHOLE[:length])
    for length in (0, 1, HEADER_BYTES, len(WHOLE) - 1):
        require_passed_over(newest, WHOLE[:length])
    record_property("lengths refused", len(lengths))


@pytest.mark.parametrize("cases", sizes(400, len(WHOLE)))
def test_each_tail_of_zeros_is_refused(newest, cases, record_property):
    starts = [at for at in range(0, len(WHOLE), max(1, len(WHOLE) // cases)) if any(WHOLE[at:])]
    for start in starts:
        require_refused(newest, WHOLE[:start].ljust(len(WHOLE), b"\0"))
    for start in (0, HEADER_BYTES, len(WHOLE) // 2):
        require_passed_over(newest, WHOLE[:start].ljust(len(WHOLE), b"\0"))
    record_property("tails refused", len(starts))


@pytest.mark.parametrize("cases", sizes(400, 20_000))
def test_overwritten_runs_are_refused(newest, cases, record_property):
    rng, refused = random.Random(1), 0
    for _ in range(cases):
        start = rng.randrange(len(WHOLE))
        length = min(rng.choice((1, 2, 8, 64, 512, 4096)), len(WHOLE) - start)
        run = rng.choice((bytes(length), b"\xff" * length, rng.randbytes(length), WHOLE[:length]))
        data = WHOLE[:start] + run + WHOLE[start + length :]
        if data != WHOLE:
            require_refused(newest, data)
            refused += 1
    record_property("runs refused", refused)


@pytest.mark.parametrize("cases", sizes(400, 2 * len(WHOLE)))
def test_splices_of_two_checkpoints_are_refused(newest, cases, record_property):
    other, refused = sent_bytes(1_000_001), 0
    halves = [
        (first[:at], second[at:]) for first, second in ((WHOLE, other), (other, WHOLE)) for at in _cuts(cases // 2)
    ]
    for head, tail in halves:
        if head + tail not in (WHOLE, other):
            require_refused(newest, head + tail)
            refused += 1
    assert refused > cases // 4
    require_passed_over(newest, WHOLE[:HEADER_BYTES] + other[HEADER_BYTES:])
    record_property("splices refused", refused)


def test_appended_bytes_are_refused(newest):
    for more in (b"\0", b"\n", bytes(512), bytes(4096), WHOLE[-512:], WHOLE):
        require_passed_over(newest, WHOLE + more)
        require_passed_over(newest, more + WHOLE)


def test_another_checkpoint_under_this_name_is_not_taken_for_it(newest):
    overwrite(newest, sent_bytes(1_000_001))
    assert Store(newest.parent).latest().snapshot.step == 1
    os.replace(newest, newest.with_name("step-001000001-g000.h5"))
    assert Store(newest.parent).latest().snapshot.step == 1_000_001


def _cuts(cases: int) -> range:
    return range(1, len(WHOLE), max(1, len(WHOLE) // cases))
