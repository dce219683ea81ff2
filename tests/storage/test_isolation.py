"""A checkpoint read in a child process: same contents, and whatever happens there is an error here."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from elastic_pinn.storage import CheckpointError, History, Snapshot, isolation, publish
from elastic_pinn.storage.isolation import parse_isolated, read_isolated
from tests.storage.damage import overwrite


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    history = History.from_columns({"step": np.arange(3), "loss/total": np.array([1.0, np.nan, 0.5])}, [(1, "a note")])
    snapshot = Snapshot(
        step=3,
        stage=0,
        generation=0,
        config='{"steps": 3}',
        weights={"w": torch.tensor([1.0, float("nan"), -0.0])},
        state={"rng": (1, "two", None)},
        history=history,
        metrics={"loss/total": 0.5},
    )
    path = tmp_path / "step-000000003-g000.h5"
    publish(path, snapshot.image())
    return path


def child_that(monkeypatch, code: str, *, limited: bool = False) -> None:
    """Children run this code; where `limited`, after they have put the limits on themselves."""
    if limited:
        code = f"import sys\nsys.path += sys.argv[1:]\nfrom elastic_pinn.storage import isolation\n{LIMITED}\n{code}"
    monkeypatch.setattr(isolation, "CHILD", code)


LIMITED = """
data = sys.stdin.buffer.read()
isolation._limit(len(data))
def answer(fault):
    import json, os
    os.write(1, json.dumps({"kind": "CheckpointError", "fault": fault, "advice": "x"}).encode() + b"\\n")
    os._exit(0)
"""


def fault_of(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        read_isolated(path)
    assert caught.value.path == str(path) and caught.value.advice and "\n" not in str(caught.value)
    return caught.value.fault


@pytest.mark.slow
def test_what_comes_back_is_what_is_in_the_file(checkpoint):
    assert bytes(read_isolated(checkpoint).image()) == checkpoint.read_bytes()


@pytest.mark.slow
def test_a_file_that_the_child_refuses_is_refused_by_its_own_name(checkpoint):
    data = bytearray(checkpoint.read_bytes())
    data[-1] ^= 1
    overwrite(checkpoint, data)
    assert "SHA-256" in fault_of(checkpoint)
    checkpoint.unlink()
    assert fault_of(checkpoint) == "is missing"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal SIGSEGV"),
        ("import os; os.abort()", "signal SIGABRT"),
        ("raise SystemExit(3)", "exit status 3"),
        ("", "exit status 0"),
        ("print('nonsense')", "no clear answer"),
        ("print('{}')", "no clear answer"),
        ("print('null'); print('no image')", "not a checkpoint"),
    ],
)
def test_a_child_that_crashes_or_lies_is_an_error_that_says_so(checkpoint, monkeypatch, code, words):
    child_that(monkeypatch, code)
    assert words in fault_of(checkpoint)


def test_a_child_that_hangs_is_killed(checkpoint, monkeypatch):
    child_that(monkeypatch, "while True: pass")
    monkeypatch.setattr(isolation, "WALL_SECONDS", 0.3)
    assert "for more than 0 s" in fault_of(checkpoint)


def test_a_child_that_answers_without_end_is_killed(checkpoint, monkeypatch):
    child_that(monkeypatch, "import os\nwhile True: os.write(1, bytes(1 << 20))")
    monkeypatch.setattr(isolation, "FREE_MEMORY", 8 << 20)
    assert "without end" in fault_of(checkpoint)


def test_the_child_can_open_no_file_write_none_and_take_little_memory(checkpoint, monkeypatch):
    attempts = """
faults = []
for attempt in (lambda: open("/etc/passwd"), lambda: bytearray(3 << 30), lambda: os.pipe(), lambda: __import__("wave")):
    try:
        attempt()
        faults.append("done")
    except (OSError, MemoryError, ImportError) as error:
        faults.append(type(error).__name__)
answer(" ".join(faults))
"""
    child_that(monkeypatch, "import os\n" + attempts, limited=True)
    assert fault_of(checkpoint) == "OSError MemoryError OSError ModuleNotFoundError" or "done" not in fault_of(
        checkpoint
    )


def test_the_child_inherits_no_secrets_and_no_working_directory(checkpoint, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "h5py.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    child_that(
        monkeypatch,
        "import os, sys, json\nseen = [name for name in os.environ if 'SECRET' in name or 'PYTHON' in name]\n"
        "print(json.dumps({'kind': 'CheckpointError', 'fault': f'{seen} {os.getcwd()} {sys.path[0][:4]}', "
        "'advice': 'x'}))",
    )
    fault = fault_of(checkpoint)
    assert fault.startswith("[] / ") and str(tmp_path) not in fault


def open_files_and_children() -> tuple[list[str], str]:
    process = Path("/proc/self")
    return sorted(os.listdir(process / "fd")), (process / "task" / str(os.getpid()) / "children").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lists what a process has open and whom it started")
def test_no_descriptor_or_child_is_left(checkpoint, monkeypatch):
    before = open_files_and_children()
    child_that(monkeypatch, "import os; os.abort()")
    fault_of(checkpoint)
    with pytest.raises(CheckpointError):
        parse_isolated("bytes", b"x" * 10_000_000)  # the child ends before it has read them
    assert open_files_and_children() == before
