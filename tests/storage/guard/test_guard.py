"""What a checkpoint may not hold is refused by its name, before it is followed or allocated."""

import tracemalloc
import zlib
from collections.abc import Callable
from io import BytesIO

import h5py
import numpy as np
import pytest
import torch
from h5py import h5d, h5p, h5s, h5t

from elastic_pinn.storage import CheckpointError, History, Snapshot
from elastic_pinn.storage.format.seal import HEADER_BYTES, seal
from elastic_pinn.storage.format.snapshot import parse_snapshot
from elastic_pinn.storage.guard import reading as guard
from elastic_pinn.storage.guard.metadata import lookup3
from elastic_pinn.storage.guard.reading import Guard
from tests.storage.damage import crafted_array

HEADER = {"step": 5, "generation": 0, "metric": 0.5, "metric_name": "loss/total"}


def write_array(parent, name: str, array: np.ndarray, compression: int = 0) -> h5py.Dataset:
    """A data set as writing makes it."""
    options = {"chunks": array.shape, "shuffle": True, "compression": compression} if compression else {}
    return parent.create_dataset(name, data=array, track_times=False, **options)


def snapshot(compression: int = 0, **fields) -> Snapshot:
    history = History.from_columns({"step": np.arange(700), "loss/total": np.linspace(1, 0, 700)})
    common = {"stage": 0, "config": "{}", "weights": {"w": torch.ones(3)}, "metrics": {"loss/total": 0.5}}
    state = {"optimizer": {"lr": 0.1, "moment": torch.ones(50, 50)}}
    return Snapshot(**{**HEADER, **common, "state": state, "history": history, "compression": compression} | fields)


def edited(edit: Callable[[h5py.File], object], compression: int = 0) -> bytes:
    """A sealed checkpoint that somebody changed with h5py."""
    buffer = BytesIO(snapshot(compression).image())
    with h5py.File(buffer, "r+", libver=("v110", "v110")) as file:
        edit(file)
    image = bytearray(buffer.getvalue())
    seal(image, **HEADER)
    return bytes(image)


def fault_of(data: bytes) -> str:
    with pytest.raises(CheckpointError) as caught:
        parse_snapshot("foreign.h5", data)
    assert caught.value.path == "foreign.h5" and caught.value.advice and "\n" not in str(caught.value)
    return caught.value.fault


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3,), "f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (3,))
    file.create_virtual_dataset("bad", layout)


def nested(depth: int) -> Callable[[h5py.File], None]:
    def edit(file: h5py.File) -> None:
        group = file.create_group("bad")
        for _ in range(depth):
            group = group.create_group("x")

    return edit


def of_type(kind: h5t.TypeID) -> Callable[[h5py.File], object]:
    return lambda file: h5d.create(file.id, b"bad", kind, h5s.create_simple((2,)))


def put(name: str, **options) -> Callable[[h5py.File], object]:
    return lambda file: file.create_dataset(name, **options)


def attribute(name: str, value: object) -> Callable[[h5py.File], object]:
    return lambda file: file["weights"].attrs.create(name, value)


def committed(file: h5py.File) -> None:
    kind = h5t.IEEE_F64LE.copy()
    kind.commit(file.id, b"named")
    h5d.create(file.id, b"bad", kind, h5s.create_simple((2,)))


def odd_name(file: h5py.File) -> None:
    h5d.create(file.id, b"bad \xff", h5t.IEEE_F64LE, h5s.create_simple((2,)))


def compact(file: h5py.File) -> None:
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_layout(h5d.COMPACT)
    h5d.create(file.id, b"bad", h5t.IEEE_F64LE, h5s.create_simple((2,)), plist)


ENUM = h5t.py_create(np.dtype("?"), logical=True)
FOREIGN = {
    "soft link": (lambda file: file.update({"bad": h5py.SoftLink("/config")}), "'bad', a soft"),
    "external link": (
        lambda file: file.update({"bad": h5py.ExternalLink("/etc/passwd", "x")}),
        "'bad', a soft, external",
    ),
    "cycle": (lambda file: file.update({"bad": file["/"]}), "another object as well"),
    "cycle inside": (lambda file: file["weights"].update({"bad": file["weights"]}), "another object as well"),
    "second path": (lambda file: file.update({"bad": file["config"]}), "another object as well"),
    "virtual": (virtual, "not stored in one piece inside"),
    "external storage": (
        put("bad", shape=(8,), dtype="u1", external=[("/etc/passwd", 0, 8)]),
        "not stored in one piece",
    ),
    "compact": (compact, "not stored as"),
    "reference": (put("bad", shape=(2,), dtype=h5py.ref_dtype), "something other than integers"),
    "compound": (put("bad", shape=(2,), dtype=[("a", "f8")]), "something other than integers"),
    "variable-length": (put("bad", shape=(2,), dtype=h5py.vlen_dtype("f8")), "something other than integers"),
    "variable-length text": (put("bad", data="text"), "something other than integers"),
    "opaque": (put("bad", shape=(2,), dtype="V5"), "something other than integers"),
    "array type": (of_type(h5t.array_create(h5t.IEEE_F64LE, (3,))), "something other than integers"),
    "enum": (of_type(ENUM), "something other than integers"),
    "bitfield": (of_type(h5t.STD_B8LE), "something other than integers"),
    "long double": (put("bad", shape=(2,), dtype="longdouble"), "something other than integers"),
    "null": (put("bad", dtype="f8", shape=None), "something other than integers"),
    "committed": (committed, "neither a group nor a data set"),
    "chunks without filters": (put("bad", data=np.ones(9), chunks=(3,)), "not stored as"),
    "another filter": (put("bad", data=np.ones(9), compression="lzf"), "not stored as"),
    "checksums": (put("bad", data=np.ones(9), compression="gzip", shuffle=True, fletcher32=True), "not stored as"),
    "more than stored": (put("bad", shape=(2**40,), dtype="f8"), "declares more than it stores"),
    "missing chunks": (put("bad", shape=(2**20,), dtype="u1", compression="gzip", shuffle=True), "chunks of"),
    "empty but huge": (put("bad", shape=(2**40, 0), dtype="u1"), "declares more than it stores"),
    "too deep": (nested(1200), "nested deeper than 64"),
    "odd name": (odd_name, "not UTF-8"),
    "attribute array": (attribute("type", [1, 2]), "no plain number or text"),
    "attribute text of odd bytes": (attribute("type", np.bytes_(b"\xff\xfe")), "not UTF-8"),
    "unknown type": (attribute("type", np.bytes_(b"os.system")), "is no list, tuple or dict"),
    "no dict of tensors": (lambda file: file["weights"].create_group("bad"), "something other than tensors"),
    "two names of one key": (lambda file: write_array(file["weights"], "%77", np.ones(3)), "no key's name"),
    "an int of 5000 digits": (lambda file: write_array(file["weights"], "9" * 5000, np.ones(3)), "no key's name"),
    "a metric that is an array": (lambda file: write_array(file["metrics"], "bad", np.ones(3)), "other than numbers"),
    "a step that is text": (lambda file: file.attrs.create("step", np.bytes_(b"x")), "'step' that is no int"),
    "no history": (lambda file: file.pop("history"), "history"),
    "a data set for a group": (
        lambda file: (file.pop("metrics"), write_array(file, "metrics", np.ones(3))),
        "'metrics'",
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_writing_never_makes_is_refused_by_what_it_is(name):
    edit, words = FOREIGN[name]
    assert words in fault_of(edited(edit))


@pytest.mark.parametrize("compression", [0, 1, 9])
def test_what_writing_makes_is_read(compression):
    written = snapshot(compression)
    back = parse_snapshot("mine.h5", bytes(written.image()))
    assert torch.equal(back.state["optimizer"]["moment"], torch.ones(50, 50))
    for name, column in written.history.columns().items():
        np.testing.assert_array_equal(back.history.columns()[name], column)


@pytest.mark.parametrize("kind", [">f4", "<i8", "u1", "S7", "<f2"])
@pytest.mark.parametrize("shape", [(5000,), (70, 90), (3, 5, 400)])
def test_chunks_are_decoded_as_libhdf5_decodes_them(kind, shape):
    array = np.arange(np.prod(shape)).astype(kind).reshape(shape)
    buffer = BytesIO()
    with h5py.File(buffer, "w") as file:
        chunk = tuple(max(1, 2 * n // 3) for n in shape)
        file.create_dataset("x", data=array, chunks=chunk, shuffle=True, compression="gzip")
    with h5py.File(buffer) as file:
        dataset = file["x"]
        assert np.array_equal(Guard(file).read_array(dataset), dataset[...])


def chunk(raw: bytes, mask: int = 0) -> Callable[[h5py.File], None]:
    def edit(file: h5py.File) -> None:
        dataset = file.create_dataset("bad", (1000,), "f8", chunks=(500,), compression="gzip", shuffle=True)
        dataset[:] = 1.0
        dataset.id.write_direct_chunk((0,), raw, mask)

    return edit


@pytest.mark.parametrize(
    ("raw", "mask"),
    [
        (zlib.compress(bytes(50 << 20)), 0),
        (zlib.compress(bytes(3999)), 0),
        (zlib.compress(bytes(4000))[:-2], 0),
        (b"no zlib stream", 0),
        (bytes(4000), 3),
        (zlib.compress(bytes(4000)), 1),
    ],
)
def test_a_chunk_that_does_not_inflate_to_its_own_size_is_refused_without_inflating_it(raw, mask):
    data = edited(chunk(raw, mask))
    tracemalloc.start()
    try:
        assert "'/bad' is not stored as" in fault_of(data)
        assert tracemalloc.get_traced_memory()[1] < 5 << 20
    finally:
        tracemalloc.stop()


def test_a_small_file_may_not_declare_more_than_its_share_in_all(monkeypatch):
    data = edited(lambda file: [write_array(file, f"x{n}", np.zeros(10_000), compression=9) for n in range(30)])
    parse_snapshot("mine.h5", data)
    monkeypatch.setattr(guard, "FREE_BYTES", 1 << 20)
    assert "declares more than it stores" in fault_of(data)


def test_too_many_objects_or_attributes_are_refused(monkeypatch):
    data = edited(lambda file: file["weights"].attrs.update({f"a{n}": n for n in range(12)}))
    monkeypatch.setattr(guard, "MAX_ATTRIBUTES", 10)
    assert "more than 10 attributes" in fault_of(data)
    monkeypatch.setattr(guard, "MAX_ATTRIBUTES", 100)
    parse_snapshot("mine.h5", data)
    monkeypatch.setattr(guard, "MAX_OBJECTS", 10)
    assert "above 10 objects" in fault_of(data)


def test_a_list_of_a_million_tensors_in_one_data_set_is_refused():
    def edit(file: h5py.File) -> None:
        write_array(file, "bad", np.zeros((1_000_000, 1), np.uint8)).attrs.create("type", np.bytes_(b"list[tensor]"))

    assert "above 100,000 objects" in fault_of(edited(edit))


def test_data_sets_that_share_their_bytes_are_refused():
    def edit(file: h5py.File) -> None:
        write_array(file, "one", np.arange(20_000.0))
        for name in ("two", "three"):
            file.create_dataset(name, (20_000,), "f8")  # nothing is stored yet

    image = bytearray(edited(edit))
    with h5py.File(BytesIO(image)) as file:
        place = (file["one"].id.get_offset() - HEADER_BYTES).to_bytes(8, "little")
    length = (160_000).to_bytes(8, "little")
    while (at := image.find(b"\xff" * 8 + length)) >= 0:
        image[at : at + 8] = place
        start = image.rfind(b"OHDR", 0, at)
        assert image[start + 5] & 3 == 1  # the number before the messages is two bytes wide
        head = start + 8 + 16 * bool(image[start + 5] & 32)
        end = head + int.from_bytes(image[head - 2 : head], "little")
        image[end : end + 4] = lookup3(bytes(image[start:end])).to_bytes(4, "little")
    seal(image, **HEADER)
    assert "claims more than the file has" in fault_of(bytes(image))


def test_a_superblock_or_index_that_writing_never_makes_is_refused_before_libhdf5_sees_it():
    plain = bytes(snapshot(state={"wide": {f"name {number}": torch.tensor(number) for number in range(20)}}).image())
    for at, value, words in [
        (HEADER_BYTES + 8, 2, "begins as no checkpoint does"),
        (HEADER_BYTES + 28, 1, "begins as no checkpoint does"),
        (plain.index(b"BTHD") + 5, 8, "an index of an"),
        (plain.index(b"BTHD") + 10, 12, "an index of an unknown kind"),
        (plain.index(b"BTHD") + 26, 22, "an index that miscounts itself"),
        (plain.index(b"FRHP") + 5, 8, "a heap of an"),
    ]:
        image = bytearray(plain)
        image[at] ^= value
        for signature, length in ((b"BTHD", 34), (b"FRHP", 142)):
            start = image.index(signature)
            image[start + length : start + length + 4] = lookup3(bytes(image[start : start + length])).to_bytes(
                4, "little"
            )
        seal(image, **HEADER)
        assert words in fault_of(bytes(image))


@pytest.mark.parametrize(
    ("signature", "field", "value", "options"),
    [
        (b"EAHD", 8, bytes(2), {"maxshape": (None,)}),  # blocks of zero elements: a divisor in libhdf5
        (b"EAHD", 36, bytes((0,) * 7 + (128,)), {"maxshape": (None,), "compression": 1, "shuffle": True}),
        (b"FAHD", 6, bytes(1), {"compression": 1, "shuffle": True}),
    ],
)
def test_a_crafted_index_of_chunks_is_refused_before_libhdf5_reads_it(signature, field, value, options):
    plain = edited(put("bad", data=np.ones(900), chunks=(100,), **options))
    image = bytearray(crafted_array(plain, signature, field, value))
    seal(image, **HEADER)
    assert "an index of chunks" in fault_of(bytes(image))


def test_weights_that_look_like_metadata_are_read():
    text = b"OHDR\2FRHP\0BTHD\0BTLF\0" * 40
    weights = {"w": torch.frombuffer(bytearray(text), dtype=torch.uint8)}
    back = parse_snapshot("mine.h5", bytes(snapshot(weights=weights).image()))
    assert torch.equal(back.weights["w"], weights["w"])


def test_too_large_an_attribute_is_refused(monkeypatch):
    data = edited(attribute("type", np.bytes_(b"x" * 60_000)))
    monkeypatch.setattr(guard, "MAX_ATTRIBUTE_BYTES", 50_000)
    assert "more than 50,000 bytes" in fault_of(data)
