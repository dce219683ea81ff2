"""Mutates small checkpoints, seals them anew and reads them: `python fuzz_checkpoints.py FIRST LAST [FOLDER]`.

Each case is made by its number alone. Before a case its number is printed, after it what came of it, as one JSON line
each, so that whoever reads along knows which case crashed or hung the process: SIGALRM ends it after SECONDS.
With a FOLDER, the case lies there as case.h5.
libhdf5 checks the sums of its metadata, so most mutations mend these too: only then its parsers see what was changed.
"""

import codecs
import json
import random
import resource
import signal
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
import torch

from elastic_pinn.storage import CheckpointError, History, Snapshot
from elastic_pinn.storage.format.seal import HEADER_BYTES, seal, unseal
from elastic_pinn.storage.format.snapshot import parse_snapshot
from elastic_pinn.storage.guard.metadata import lookup3

SECONDS = 20  # for one case
FREE_MEMORY = 2 << 30

SIGNATURES = (
    b"OHDR",
    b"OCHK",
    b"FRHP",
    b"FHDB",
    b"FHIB",
    b"BTHD",
    b"BTLF",
    b"BTIN",
    b"FAHD",
    b"FADB",
    b"FSHD",
    b"FSSE",
)
DANGEROUS = (
    0,
    1,
    2,
    7,
    8,
    63,
    64,
    127,
    128,
    255,
    256,
    511,
    512,
    32767,
    65535,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**40,
    2**62,
)
DANGEROUS += (2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1)
HEADER = {"step": 5, "generation": 0, "metric": 0.5, "metric_name": "loss/total"}


class Base:
    """A valid checkpoint to start from, and where the parts of its metadata lie that have check sums."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.image = bytes(snapshot.image())
        self.blocks = checked_blocks(self.image)


def checked_blocks(image: bytes) -> list[tuple[int, int, int]]:
    """(start, end, where the sum stands) of each part with a check sum that is found to be right."""
    blocks = [(HEADER_BYTES, HEADER_BYTES + 44, HEADER_BYTES + 44)]
    for signature in SIGNATURES:
        at = image.find(signature, HEADER_BYTES)
        while at >= 0:
            for block in _candidates(image, at, signature):
                if block[2] + 4 <= len(image) and _sum(image, *block) == image[block[2] : block[2] + 4]:
                    blocks.append(block)
                    break
            at = image.find(signature, at + 1)
    return sorted(blocks)


def _candidates(image: bytes, at: int, signature: bytes):
    if signature == b"OHDR":
        flags, head = image[at + 5], at + 6
        head += 16 * bool(flags & 0x20) + 4 * bool(flags & 0x10)
        width = 1 << (flags & 3)
        end = head + width + int.from_bytes(image[head : head + width], "little")
        yield at, end, end
    elif signature == b"FHDB":
        yield from ((at, at + size, at + 13 + width) for width in (4, 5) for size in (512 << k for k in range(8)))
    else:
        yield from ((at, end, end) for end in range(at + 8, at + 700))


def _sum(image: bytes, start: int, end: int, where: int) -> bytes:
    block = bytearray(image[start:end])
    if where < end:  # inside of what it sums
        block[where - start : where - start + 4] = bytes(4)
    return lookup3(bytes(block)).to_bytes(4, "little")


def mend(image: bytearray, base: Base, places: list[int]) -> None:
    """Make the check sums right again of all parts that contain one of these places."""
    for start, end, where in base.blocks:
        if where + 4 <= len(image) and any(start <= at < end for at in places):
            image[where : where + 4] = _sum(image, start, end, where)


def metadata_place(rng: random.Random, base: Base) -> int:
    start, end, _ = rng.choice(base.blocks)
    return rng.randrange(start, end)


def any_place(rng: random.Random, base: Base) -> int:
    return rng.randrange(HEADER_BYTES, len(base.image)) if rng.random() < 0.2 else metadata_place(rng, base)


def flip_bits(rng: random.Random, image: bytearray, base: Base) -> list[int]:
    places = [any_place(rng, base) for _ in range(rng.choice((1, 1, 1, 2, 4, 16)))]
    for at in places:
        image[at] ^= 1 << rng.randrange(8)
    return places


def put(rng: random.Random, image: bytearray, base: Base, new: bytes) -> list[int]:
    at = min(any_place(rng, base), len(image) - len(new))
    image[at : at + len(new)] = new
    return list(range(at, at + len(new)))


def put_dangerous(rng: random.Random, image: bytearray, base: Base) -> list[int]:
    width = rng.choice((1, 2, 4, 8))
    value = rng.choice((*DANGEROUS, len(image), len(image) - HEADER_BYTES, rng.choice(base.blocks)[0] - HEADER_BYTES))
    return put(rng, image, base, (value % 256**width).to_bytes(width, "little"))


def put_run(rng: random.Random, image: bytearray, base: Base) -> list[int]:
    length = rng.choice((2, 3, 8, 16, 64))
    return put(rng, image, base, rng.choice((bytes(length), b"\xff" * length, rng.randbytes(length))))


def splice(rng: random.Random, image: bytearray, base: Base) -> list[int]:
    start, length = any_place(rng, base), rng.choice((1, 2, 4, 8, 8, 12, 24, 48, 96))
    return put(rng, image, base, bytes(image[start : start + length]))


def swap(rng: random.Random, image: bytearray, base: Base) -> list[int]:
    width = rng.choice((1, 2, 4, 8))
    one, other = (min(metadata_place(rng, base), len(image) - width) for _ in range(2))
    image[one : one + width], image[other : other + width] = (
        bytes(image[other : other + width]),
        bytes(image[one : one + width]),
    )
    return [*range(one, one + width), *range(other, other + width)]


def swap_blocks(rng: random.Random, image: bytearray, base: Base) -> list[int]:
    """One part of the metadata in the place of another one, its sum with it."""
    (one, end, _), (other, _, _) = rng.sample(base.blocks, 2)
    part = bytes(image[one : end + 4])
    image[other : other + len(part)] = part
    return []


def resize(rng: random.Random, image: bytearray, base: Base) -> list[int]:
    if rng.random() < 0.5:
        del image[rng.randrange(HEADER_BYTES + 64, len(image)) :]
    else:
        image += rng.choice((bytes(64), rng.randbytes(1000), bytes(image[HEADER_BYTES:])))
    end = len(image)
    if rng.random() < 0.8:
        image[HEADER_BYTES + 28 : HEADER_BYTES + 36] = end.to_bytes(8, "little")
    return [HEADER_BYTES + 28]


BYTES: list[Callable[[random.Random, bytearray, Base], list[int]]] = [
    flip_bits, flip_bits, put_dangerous, put_dangerous, put_run, splice, splice, swap, swap_blocks,
]  # fmt: skip


def through_h5py(rng: random.Random, image: bytearray, folder: Path) -> bytearray:
    """A checkpoint with some of its objects replaced by what HDF5 can hold, but a checkpoint does not."""
    buffer = BytesIO(image)
    with h5py.File(buffer, "r+", libver=("v110", rng.choice(("v110", "latest")))) as file:
        for _ in range(rng.choice((1, 1, 2, 5))):
            names: list[str] = []
            file.visit(names.append)
            name = rng.choice(names)
            kind = rng.choice(EDITS)
            try:
                kind(rng, file, name, folder)
            except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError):
                continue  # not every object takes every edit
    return bytearray(buffer.getvalue())


def edit_type(rng: random.Random, file: h5py.File, name: str, folder: Path) -> None:
    kind = rng.choice(KINDS)
    if rng.random() < 0.5:
        file[name].attrs.create(rng.choice(list(file[name].attrs) or ["type"]), np.zeros((), kind), dtype=kind)
    else:
        replace(file, name, shape=rng.choice(SHAPES), dtype=kind)


def edit_attribute(rng: random.Random, file: h5py.File, name: str, folder: Path) -> None:
    item = file if rng.random() < 0.4 else file[name]
    attribute = rng.choice([*item.attrs, "type", "units"])
    value = rng.choice(VALUES)
    item.attrs.create(attribute, value) if rng.random() < 0.8 else item.attrs.pop(attribute)


def edit_shape(rng: random.Random, file: h5py.File, name: str, folder: Path) -> None:
    options = rng.choice(({}, {"chunks": True}, {"chunks": True, "compression": "gzip", "shuffle": True}))
    options |= rng.choice(({}, {}, {"fletcher32": True}, {"compression": "lzf"}, {"scaleoffset": 2}))
    kinds = ("f8", "f4", "i8", "u1", "S3")
    dataset = replace(file, name, shape=rng.choice(SHAPES), dtype=rng.choice(kinds), **options)
    if rng.random() < 0.3 and dataset.size < 10_000:
        dataset[...] = np.zeros(dataset.shape, dataset.dtype)


def edit_chunk(rng: random.Random, file: h5py.File, name: str, folder: Path) -> None:
    dataset = replace(file, name, shape=(100,), chunks=(50,), dtype="f8", compression="gzip", shuffle=True)
    dataset[:] = rng.random()
    raw = rng.choice((b"", b"\0", rng.randbytes(30), BOMB, dataset.id.read_direct_chunk((0,))[1][:-3]))
    dataset.id.write_direct_chunk((0,), raw, rng.choice((0, 0, 1, 2, 3, 4)))


def edit_link(rng: random.Random, file: h5py.File, name: str, folder: Path) -> None:
    links = (h5py.SoftLink("/config"), h5py.ExternalLink(str(folder / "fifo"), "/x"), h5py.SoftLink("/" + name))
    target = rng.choice((*links, file[rng.choice(list(file))], file["/"], np.dtype("f8"), file[name]))
    place = rng.choice((name, name + "/x", "weights/x", "history/x", "x", rng.choice(ODD_NAMES)))
    if place in file and rng.random() < 0.7:
        del file[place]
    file[place] = target


def edit_outside(rng: random.Random, file: h5py.File, name: str, folder: Path) -> None:
    path = str(folder / "fifo")
    if rng.random() < 0.5:
        replace(file, name, shape=(8,), dtype="u1", external=[(path, 0, 8)])
    else:
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource(path, "x", (3,))
        del file[name]
        file.create_virtual_dataset(name, layout)


def edit_depth(rng: random.Random, file: h5py.File, name: str, folder: Path) -> None:
    group = file.require_group(rng.choice(("weights", "history", "metrics", "state")))
    for _ in range(rng.choice((10, 63, 64, 100, 1200))):
        group = group.create_group("x")


def edit_tree(rng: random.Random, file: h5py.File, name: str, folder: Path) -> None:
    """Another `type` for what is there."""
    kind = rng.choice(TYPES)
    file[name].attrs.create("type", kind.encode(), dtype=f"S{max(1, len(kind))}")


def delete(rng: random.Random, file: h5py.File, name: str, folder: Path) -> None:
    del file[name]


def replace(file: h5py.File, name: str, **options) -> h5py.Dataset:
    del file[name]
    return file.create_dataset(name, **options)


EDITS = [
    edit_type, edit_attribute, edit_shape, edit_chunk, edit_link, edit_outside, edit_depth, edit_tree, edit_tree,
    delete,
]  # fmt: skip
KINDS = [
    h5py.string_dtype(), h5py.string_dtype("utf-8", 3), h5py.vlen_dtype("f8"), h5py.ref_dtype, h5py.regionref_dtype,
    h5py.enum_dtype({"a": 1}), np.dtype([("a", "f8")]), np.dtype("V5"), np.dtype("(3,)f8"), np.dtype("c16"),
    np.dtype("?"), np.dtype("longdouble"), np.dtype(">f8"), np.dtype("i2"), np.dtype("f2"),
]  # fmt: skip
SHAPES = [(), (0,), (1,), (3,), (2, 2), (2**40,), (2**62, 2**62), (0, 2**40), (2**40, 0), (1,) * 32, (10**6,), None]
VALUES = [
    0,
    -1,
    2**63 - 1,
    1.5,
    float("nan"),
    "x",
    "",
    "dict",
    "a\nb",
    h5py.Empty("f8"),
    [1, 2],
    b"\xff\xfe",
    "x" * 70_000,
]
TYPES = [
    "dict", "list", "tuple", "tensor", "array", "tensor[bool]", "tensor[bfloat16]", "tensor[complex32]", "array[bool]",
    "array[complex]", "list[tensor]", "tuple[tensor]", "list[int]", "tuple[float]", "int", "float", "bool", "None",
    "str", "os.system", "tensor[os]", "tensor[", "list[list[int]]", "", "tensor[complex64]", "list[str]",
]  # fmt: skip
ODD_NAMES = [b"\xff\xfe", "é", "weights/%zz", "weights/" + "9" * 5000, "weights/%61", "history/step/x", ".x", " "]
BOMB = zlib.compress(bytes(50 << 20))


def mutated(case: int, bases: list[Base], folder: Path) -> bytes:
    """The sealed bytes of one case."""
    rng = random.Random(case)
    base = rng.choice(bases)
    image = bytearray(base.image)
    if rng.random() < 0.25:
        image = through_h5py(rng, image, folder)
    else:
        places = [at for _ in range(rng.choice((1, 1, 1, 2, 3))) for at in rng.choice(BYTES)(rng, image, base)]
        if rng.random() < 0.2:
            places += resize(rng, image, base)
        if rng.random() < 0.9:
            mend(image, base, places)
    seal(image, **HEADER)
    return bytes(image)


def bases() -> list[Base]:
    history = History(["step", "loss/total"])
    for step in range(9000):  # in several chunks, hence with an index of them
        history.append({"step": step, "loss/total": 1.0 / (step // 500 + 1)})
    history.note(3, "resumed")
    weights = {"network.0": torch.arange(6.0).reshape(2, 3), "material.start": torch.ones(3, dtype=torch.float64)}
    state = {
        "optimizer": {
            "state": {0: {"exp_avg": torch.ones(40, 40), "step": torch.tensor(3.0)}},
            "groups": [{"lr": 1e-3}],
        },
        "rng": {"numpy": np.arange(4, dtype=np.uint8), "python": (3, (1, 2, 3), None), "text": "x", "big": 2**100},
        "more": [torch.ones(2, dtype=torch.bfloat16), True, 1.5, [torch.ones(3)] * 3, np.ones(2, complex)],
        "wide": {f"name {number}": torch.tensor(number) for number in range(20)},  # above 8 links: a heap and B-trees
    }
    fields = {"config": '{"steps": 6}', "metrics": {"loss/total": 0.5}, "created": "2026-01-01T00:00:00.000+00:00"}
    common = {**HEADER, **fields, "stage": 0, "weights": weights, "history": history, "units": {"loss/total": "1"}}
    return [Base(Snapshot(**common, state=state, compression=level)) for level in (0, 4)]


def outcome(data: bytes) -> str:
    """What reading gave: "read", or the fault, for what it may give; anything else is raised."""
    unseal("case", data)
    try:
        parse_snapshot("case", data)
    except CheckpointError as error:
        if not (error.path == "case" and error.fault and error.advice):
            raise AssertionError("an error without a file, a fault or advice") from error
        return error.fault
    return "read"


def main() -> None:
    first, last = int(sys.argv[1]), int(sys.argv[2])
    folder = Path(sys.argv[3] if len(sys.argv) > 3 else "/nowhere")
    starts = bases()
    opened: list[str] = []
    codecs.lookup("ascii")  # h5py's first message would import it
    for base in starts:
        assert outcome(base.image) == "read"
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + FREE_MEMORY,) * 2)
    sys.addaudithook(lambda event, details: opened.append((event, str(details[0])[:200])) if event in WATCHED else None)
    for case in range(first, last):
        data = mutated(case, starts, folder)
        if len(sys.argv) > 3:
            (folder / "case.h5").write_bytes(data)
        opened.clear()
        print(json.dumps(case), flush=True)
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        found = outcome(data)
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps([found, list(opened)]), flush=True)


WATCHED = {"open", "os.open", "import", "pickle.find_class", "exec", "compile", "subprocess.Popen", "os.system"}

if __name__ == "__main__":
    main()
