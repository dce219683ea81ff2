"""No file can hurt whoever reads it: checkpoints mutated by the thousand, sealed anew, and read in other processes.

The full set (`-m faults`) has 10,000 cases; `python tests/faults/fuzz_checkpoints.py FIRST LAST` runs any others.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from elastic_pinn.storage import History, Snapshot, publish
from elastic_pinn.storage.format.seal import seal

FUZZER = Path(__file__).with_name("fuzz_checkpoints.py")
QUICK, FULL = 120, 10_000
BATCH = 1000  # cases of one process; a hang of the process itself is seen after its time
SECONDS = 600

READER = """
import codecs, sys
from pathlib import Path
from elastic_pinn.storage import CheckpointError, read_snapshot
codecs.lookup("ascii")  # h5py's first message would import it
seen = []
def verdict(path):
    try:
        read_snapshot(path)
        return "read"
    except CheckpointError as error:
        return error.fault
verdict(sys.argv[1])  # a good one, so that all is imported
WATCHED = {"open", "import", "pickle.find_class", "exec", "os.system", "subprocess.Popen", "socket.connect"}
def watch(event, details):
    if event in WATCHED and not isinstance(details[0], int):  # an int: a descriptor that is open already
        seen.append((event, str(details[0])))
sys.addaudithook(watch)
Path("/marker-of-the-start").exists()
for path in sys.argv[2:]:
    seen.clear()
    found, events = verdict(path), [event for event in seen if event != ("open", path)]
    print(found == "read", events, path)
"""


def fuzz(first: int, last: int, folder: Path) -> tuple[Counter, list[str]]:
    """What came of the cases, and what went wrong in which of them."""
    os.mkfifo(folder / "fifo")  # whoever opens it waits for ever, which is seen
    found, wrong = Counter(), []
    while first < last:
        command = [sys.executable, str(FUZZER), str(first), str(min(last, first + BATCH)), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        begun, ended = (
            [line for line in lines if isinstance(line, int)],
            [line for line in lines if isinstance(line, list)],
        )
        found.update(outcome for outcome, _ in ended)
        wrong += [
            f"case {case} opened or imported: {seen}" for case, (_, seen) in zip(begun, ended, strict=False) if seen
        ]
        if done.returncode:
            assert begun, done.stderr[-2000:]
            wrong.append(f"case {begun[-1]} ended its process with {done.returncode}: {done.stderr[-300:]}")
        first = begun[-1] + 1
    return found, wrong


def require_harmless(cases: int, folder: Path) -> None:
    found, wrong = fuzz(0, cases, folder)
    assert not wrong, "\n".join(wrong)
    refused = cases - found["read"]
    assert refused > 0.4 * cases and found["read"] > 0.05 * cases, found.most_common(5)  # it changes what matters
    assert len(found) > 15, found.most_common()


@pytest.mark.slow
def test_some_mutated_checkpoints_are_refused_or_read_and_do_no_harm(tmp_path):
    require_harmless(QUICK, tmp_path)


@pytest.mark.faults
def test_ten_thousand_mutated_checkpoints_are_refused_or_read_and_do_no_harm(tmp_path, record_property):
    require_harmless(FULL, tmp_path)
    record_property("mutated checkpoints, sealed anew", FULL)


def image_with(edit) -> bytes:
    history = History.from_columns({"step": np.arange(3)})
    snapshot = Snapshot(1, 0, 0, "{}", {"w": torch.ones(2)}, {}, history, {})
    buffer = BytesIO(snapshot.image())
    with h5py.File(buffer, "r+", libver=("v110", "v110")) as file:
        edit(file)
    image = bytearray(buffer.getvalue())
    seal(image, step=1, generation=0, metric=float("nan"), metric_name="")
    return bytes(image)


@pytest.fixture
def hostile(tmp_path: Path) -> list[str]:
    """A good checkpoint, and after it those that lead to a canary, a FIFO, a plugin, code or a pickle."""
    canary, fifo = tmp_path / "canary", tmp_path / "fifo"
    with h5py.File(canary, "w") as file:
        file["x"] = np.arange(3.0)
    os.mkfifo(fifo)

    def virtual(path: Path):
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource(str(path), "x", (3,))
        return lambda file: file.create_virtual_dataset("bad", layout)

    def external(path: Path):
        return lambda file: file.create_dataset("bad", (8,), "u1", external=[(str(path), 0, 8)])

    def link(path: Path):
        return lambda file: file.update({"bad": h5py.ExternalLink(str(path), "x")})

    def plugin(file: h5py.File) -> None:
        file.create_dataset("bad", (8,), "u1", chunks=(8,), compression=32_015, allow_unknown_filter=True)

    def code(file: h5py.File) -> None:
        file["weights"].attrs.create("type", np.bytes_(b"canary.run"))

    def pickled(file: h5py.File) -> None:
        file.create_dataset("bad", data=np.void(b"\x80\x04cos\nsystem\n.")).attrs.create("type", np.bytes_(b"pickle"))

    edits = [lambda _: None, plugin, code, pickled]
    edits += [edit(path) for edit in (virtual, external, link) for path in (canary, fifo)]
    paths = [tmp_path / f"case {number}.h5" for number in range(len(edits))]
    for path, edit in zip(paths, edits, strict=True):
        publish(path, image_with(edit))
    return [str(path) for path in paths]


def test_reading_a_hostile_file_opens_that_file_only_and_imports_and_runs_nothing(hostile):
    done = subprocess.run([sys.executable, "-c", READER, *hostile], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"False [] {path}" for path in hostile[1:]]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="libhdf5's own system calls are seen by strace only")
def test_libhdf5_itself_opens_nothing_either(hostile, tmp_path):
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-e", "trace=file", "-o", str(trace), sys.executable, "-c", READER, *hostile]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    _, _, calls = trace.read_text().partition("marker-of-the-start")
    opened = [line for line in calls.splitlines() if "open" in line and "ENOENT" not in line]
    foreign = [line for line in opened if not any(f'"{path}"' in line for path in hostile)]
    assert opened and not foreign
