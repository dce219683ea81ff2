"""Whatever can be in a checkpoint comes back with equal types and equal bits, and gives the same bytes each time."""

import hashlib
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from elastic_pinn.storage import History, Snapshot, publish, read_snapshot
from elastic_pinn.storage.format.column import BLOCK_ROWS
from elastic_pinn.storage.format.snapshot import parse_snapshot
from elastic_pinn.storage.format.tree import COMPLEX, EXOTIC, NATIVE
from tests.storage.sameness import same

settings.register_profile("round trip", deadline=None, derandomize=True, max_examples=50)
quick = settings.get_profile("round trip")

CREATED = "2026-01-01T00:00:00.000+00:00"
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 1.7976931348623157e308]
PAYLOADS = [0x7FF8_0000_DEAD_BEEF, 0xFFF8_0000_0000_0001, 0x7FF0_0000_0000_0001]  # the last one is a signalling NaN
SPECIAL += [struct.unpack("d", struct.pack("Q", bits))[0] for bits in PAYLOADS]


def same_history(one: History, other: History) -> bool:
    """Equal columns, in whatever order (a file groups them by their folders), and equal events."""
    mine, theirs = (sorted(history.columns().items(), key=lambda item: item[0]) for history in (one, other))
    return same(mine, theirs) and same(one.events, other.events)


def snapshot(state: object, history: History | None = None, compression: int = 0) -> Snapshot:
    return Snapshot(
        step=1,
        stage=0,
        generation=0,
        config="{}",
        weights={"w": torch.ones(2)},
        state={"state": state},
        history=History(["step"]) if history is None else history,
        metrics={},
        created=CREATED,
        compression=compression,
    )


def back(whole: Snapshot) -> Snapshot:
    return parse_snapshot("memory", bytes(whole.image()))


shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
floats = st.floats() | st.sampled_from(SPECIAL)
numpy_dtypes = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(sizes=(16, 32, 64), endianness="?"),
    hnp.complex_number_dtypes(sizes=(64, 128), endianness="?"),
)
BY_BITS = [dtype for dtype in (*NATIVE, *COMPLEX.values(), *EXOTIC.values()) if dtype != torch.bool]


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    """A tensor of any type and any bits: every NaN among them; some not contiguous."""
    dtype = draw(st.sampled_from(sorted(BY_BITS, key=str)))
    shape = draw(shapes)
    size = int(np.prod(shape, dtype=int))
    data = bytearray(draw(st.binary(min_size=size * dtype.itemsize, max_size=size * dtype.itemsize)))
    tensor = torch.frombuffer(data, dtype=dtype).reshape(shape) if data else torch.empty(shape, dtype=dtype)
    if tensor.ndim > 1 and draw(st.booleans()):
        return tensor.transpose(0, 1)[::2]
    return tensor


flags = st.lists(st.booleans(), max_size=5).map(lambda items: torch.tensor(items, dtype=torch.bool))
arrays = hnp.arrays(numpy_dtypes, shapes).map(lambda array: array[::2] if array.ndim else array)
keys = st.one_of(
    st.text(max_size=5),
    st.integers(),
    st.sampled_from(
        ["", ".", "..", "a/b", "/", "%", "%2F", "0", "-1", "007", "\0", "a\0", "µ", "e\u0301", "🙂", "type"]
    ),
)
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**200), 2**200), floats, st.text(max_size=9), tensors(), flags, arrays
)


def branches(inner: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(keys, inner, max_size=4),
        st.lists(st.integers(), max_size=4),
        st.lists(floats, max_size=4).map(tuple),
        st.builds(lambda tensor, count: [tensor] * count, tensors(), st.integers(0, 3)),
    )


trees = st.recursive(leaves, branches, max_leaves=10)


@st.composite
def histories(draw: st.DrawFn) -> History:
    names = draw(st.lists(st.sampled_from(["wall_s", "loss/total", "loss/µ", "material/mu"]), unique=True))
    rows = draw(st.integers(0, 5))
    columns = {name: draw(st.lists(floats, min_size=rows, max_size=rows)) for name in names}
    steps = draw(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=rows, max_size=rows))
    return History.from_columns(
        {"step": steps} | columns, draw(st.lists(st.tuples(st.integers(), st.text()), max_size=3))
    )


@quick
@given(trees)
def test_any_state_comes_back_bit_for_bit(tree):
    assert same(back(snapshot(tree)).state["state"], tree)


@quick
@given(histories())
def test_any_history_comes_back_bit_for_bit(history):
    assert same_history(back(snapshot(None, history)).history, history)


@quick
@given(trees, histories(), st.integers(0, 9))
def test_the_same_state_gives_the_same_bytes_whatever_was_written_before(tree, history, compression):
    first = snapshot(tree, history, compression).image()
    snapshot({"other": [1, {}]}, compression=3).image()
    assert snapshot(tree, history.frozen(), compression).image() == first


@pytest.mark.parametrize("rows", [BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 3 * BLOCK_ROWS + 5])
@pytest.mark.parametrize("compression", [0, 6])
def test_large_arrays_and_long_histories_come_back_raw_and_compressed(rows, compression):
    random = np.random.default_rng(rows)
    values = random.integers(0, 2**64, rows, np.uint64).view(np.float64)  # any bits, NaNs of all kinds among them
    history = History.from_columns({"step": np.arange(rows), "loss/total": values, "flat": np.zeros(rows)})
    tree = {"values": values, "tensor": torch.arange(rows, dtype=torch.bfloat16), "bytes": random.bytes(rows).hex()}
    read = back(snapshot(tree, history, compression))
    assert same_history(read.history, history)
    assert same(read.state["state"], tree)


def test_deep_nesting_comes_back():
    tree = [1.0]
    for depth in range(50):
        tree = {"deeper": tree} if depth % 2 else [tree, None]
    assert same(back(snapshot(tree)).state["state"], tree)


@pytest.mark.parametrize("dtype", sorted(EXOTIC))
def test_every_bit_pattern_of_types_that_numpy_lacks_comes_back(dtype):
    size = EXOTIC[dtype].itemsize
    patterns = np.arange(2 if dtype == "bool" else 2 ** (8 * size), dtype=f"u{size}")
    tensor = torch.from_numpy(patterns).view(EXOTIC[dtype])
    assert same(back(snapshot(tensor)).state["state"], tensor)


OTHER_PROCESS = """
import hashlib, os, pickle, sys, types

package = types.ModuleType("elastic_pinn")  # only the storage wing: the rest takes seconds to import
package.__path__ = [os.path.join(os.environ["PYTHONPATH"], "elastic_pinn")]
sys.modules["elastic_pinn"] = package
from elastic_pinn.storage import History, Snapshot
fields, columns, events = pickle.loads(sys.stdin.buffer.read())
print(hashlib.sha256(Snapshot(**fields, history=History.from_columns(columns, events)).image()).hexdigest())
"""


@pytest.mark.slow
def test_another_process_with_another_hash_seed_writes_the_same_bytes():
    tree = {"b": torch.ones(3), "a": [1, "two", None], 3: {"x": 2**100, "y": {"z": -0.0}}}
    history = History.from_columns({"step": np.arange(9000), "loss/b": np.ones(9000), "loss/a": np.ones(9000)})
    whole = snapshot(tree, history, compression=4)
    fields = {name: getattr(whole, name) for name in vars(whole) if name != "history"}
    sent = pickle.dumps((fields, history.columns(), history.events))
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(Path(__file__).parents[3])}
    program = [sys.executable, "-c", OTHER_PROCESS]
    other = subprocess.run(program, input=sent, capture_output=True, env=environment, check=True)
    assert other.stdout.decode().strip() == hashlib.sha256(whole.image()).hexdigest()


def test_what_was_published_reads_back_as_it_was(tmp_path):
    tree = {"rng": torch.arange(5), "specials": SPECIAL}
    path = tmp_path / "step-000000001-g000.h5"
    publish(path, snapshot(tree).image())
    assert same(read_snapshot(path).state["state"], tree)
