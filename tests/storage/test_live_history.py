import math
import os
import struct
import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest

from elastic_pinn.storage import CheckpointError, History, LiveHistory, live_reader, read_live_history
from elastic_pinn.storage.format.hdf5 import LIBVER
from tests.descriptors import open_descriptors, require_no_leak
from tests.faults.children import ended, forked
from tests.storage.damage import crafted_array
from tests.storage.histories import COLUMNS, equal, filled


def full_disk(*_):
    raise OSError(28, "No space left on device")


def open_ids() -> int:
    return h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE | h5py.h5f.OBJ_DATASET)


def test_a_live_history_is_read_while_it_is_written_in_the_same_process(tmp_path):
    history = filled(3)
    history.note(0, "started")
    with LiveHistory(tmp_path / "run" / "history.h5", history, {"wall_s": "s"}, every_s=math.inf) as live:
        assert equal(read_live_history(tmp_path / "run" / "history.h5"), history)
        history.append({"step": 3, "loss/pde": 2.0})
        history.note(3, "changed")
        live.update()
        assert len(read_live_history(tmp_path / "run" / "history.h5")) == 3
        live.flush()
        assert equal(read_live_history(tmp_path / "run" / "history.h5"), history)
        history.append({"step": 4})
    assert equal(read_live_history(tmp_path / "run" / "history.h5"), history)
    assert os.listdir(tmp_path / "run") == ["history.h5"]


def test_a_live_history_tells_whose_losses_its_rows_have_and_one_that_does_not_is_of_an_earlier_version(tmp_path):
    history = filled(5)
    history.losses_of_start_until = 3
    LiveHistory(tmp_path / "history.h5", history).close()
    assert read_live_history(tmp_path / "history.h5").losses_of_start_until == 3
    with h5py.File(tmp_path / "history.h5", "r+") as file:
        del file.attrs["losses_of_start_until"]
    assert read_live_history(tmp_path / "history.h5").losses_of_start_until == history.last["step"] == 4


def test_rows_are_written_by_themselves_when_it_is_time(tmp_path):
    history = History(COLUMNS)
    with LiveHistory(tmp_path / "history.h5", history, every_s=0) as live:
        for step in range(3):
            history.append({"step": step})
            live.update()
            assert read_live_history(tmp_path / "history.h5").columns()["step"].tolist() == list(range(step + 1))


def test_a_closed_live_history_is_a_plain_file(tmp_path):
    history = filled(5)
    LiveHistory(tmp_path / "history.h5", history, {"wall_s": "s"}).close()
    with h5py.File(tmp_path / "history.h5") as file:
        assert file["loss/total"][:].tolist() == history.columns()["loss/total"].tolist()
        assert file["wall_s"].attrs["units"] == b"s"


def test_a_start_replaces_the_file_in_one_go(tmp_path):
    path = tmp_path / "history.h5"
    LiveHistory(path, filled(5)).close()
    with h5py.File(path, locking=False) as reader:
        LiveHistory(path, filled(2)).close()
        assert len(reader["step"]) == 5
    assert len(read_live_history(path)) == 2


def test_a_live_history_that_cannot_be_made_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "history.h5"
    LiveHistory(path, filled(5)).close()
    descriptors = open_descriptors()

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(os, "replace", full_disk)
        LiveHistory(path, filled(2))
    assert len(read_live_history(path)) == 5 and os.listdir(tmp_path) == ["history.h5"]
    require_no_leak(descriptors)
    LiveHistory(path, filled(2)).close()


def test_a_full_disk_stops_the_live_history_with_one_warning_and_never_the_run(tmp_path, monkeypatch, caplog):
    path, history = tmp_path / "history.h5", filled(3)
    live = LiveHistory(path, history, every_s=0)
    ids = open_ids()
    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", full_disk)
        for step in range(3, 40_000):
            history.append({"step": step})
            live.update()
        assert "No space" in live.broken
        assert [record.levelname for record in caplog.records] == ["WARNING"] and str(path) in caplog.text
        live.renew()
        assert live.broken and os.listdir(tmp_path) == ["history.h5"]
        assert open_ids() == 0 != ids and not any(str(path) in name for name in open_descriptors())
        assert 3 <= len(read_live_history(path)) < 40_000
        live.flush()
        live.close()
    live.renew()
    assert not live.broken and equal(read_live_history(path), history)
    live.close()
    live.close()
    assert open_ids() == 0


def test_a_disk_that_fails_under_libhdf5_neither_stops_the_run_nor_crashes_its_end(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FAILING_DISK), ROOT, tmp_path / "history.h5"], text=True
    )
    assert run.returncode == 0
    assert len(read_live_history(tmp_path / "history.h5")) == 4


def test_columns_of_unequal_length_are_cut_to_whole_rows(tmp_path):
    path = tmp_path / "history.h5"
    LiveHistory(path, filled(5)).close()
    with h5py.File(path, "r+") as file:
        file["wall_s"].resize(4, axis=0)
        file["step"][3:] = -1
    history = read_live_history(path)
    assert history.columns()["step"].tolist() == [0, 1, 2] and len(history) == 3


def test_rows_are_counted_before_they_are_read(tmp_path, monkeypatch):
    path, history = tmp_path / "history.h5", filled(3)
    with LiveHistory(path, history, every_s=math.inf) as live:
        early = path.read_bytes()
        for step in range(3, 6):
            history.append({"step": step, "loss/total": 1000.0 + step})
        live.flush()
        late = path.read_bytes()
    torn = late
    for step in range(3, 6):  # as if these were read before they were written
        torn = torn.replace(struct.pack("<d", 1000.0 + step), struct.pack("<d", math.nan))
    assert torn != late
    copies = iter([early, torn])
    monkeypatch.setattr(live_reader, "_read_all", lambda file: next(copies))
    assert equal(read_live_history(path), filled(3))


def test_a_copy_that_cannot_be_read_is_taken_again_while_the_file_changes(tmp_path, monkeypatch):
    path = tmp_path / "history.h5"
    LiveHistory(path, filled(3)).close()
    whole = path.read_bytes()
    torn = whole.replace(b"OHDR", b"ohdr")
    copies = iter([torn, torn, whole, whole])
    monkeypatch.setattr(live_reader, "_read_all", lambda file: next(copies))
    monkeypatch.setattr(live_reader, "_differs", lambda file, copy: copy is torn)
    monkeypatch.setattr(live_reader, "TIMEOUT_S", math.inf)
    assert equal(read_live_history(path), filled(3))


def remade(path: Path, **options) -> Path:
    """A live history in which the column wall_s was made otherwise."""
    LiveHistory(path, filled(5)).close()
    with h5py.File(path, "r+", libver=LIBVER) as file:
        del file["wall_s"]
        file.create_dataset("wall_s", **{"shape": (5,), "dtype": "f8", "maxshape": (None,)} | options)
    return path


@pytest.mark.parametrize(
    "options",
    [
        {"chunks": (4,), "compression": "gzip"},
        {"chunks": (4,), "fletcher32": True},
        {"chunks": (4,), "compression": 32001, "allow_unknown_filter": True},
        {"chunks": (2**20,), "shape": (2**20,)},
        {"chunks": (64,)},
        {"chunks": (2048,), "shape": (10**6,)},
        {"chunks": (8192,), "shape": (2**40,)},
        {"maxshape": None},
        {"maxshape": None, "external": [("/etc/passwd", 0, 40)]},
        {"chunks": (4,), "dtype": "f4"},
        {"chunks": (4,), "dtype": h5py.string_dtype()},
    ],
)
def test_storage_that_no_live_history_has_is_refused(tmp_path, options):
    with pytest.raises(CheckpointError, match="wall_s"):
        read_live_history(remade(tmp_path / "history.h5", **options))


def require_refusal(path: Path) -> None:
    with pytest.raises(CheckpointError, match=str(path)):
        read_live_history(path)


def test_an_index_of_chunks_with_blocks_of_zero_elements_is_refused(tmp_path):
    path = tmp_path / "history.h5"
    LiveHistory(path, filled(5)).close()
    elements = 8  # of the index block, then of a data block, in the header: a divisor in libhdf5
    path.write_bytes(crafted_array(path.read_bytes(), b"EAHD", elements, bytes(2)))
    assert ended(forked(partial(require_refusal, path))) == 0  # the division would end the process


def test_what_is_no_history_is_refused(tmp_path):
    (tmp_path / "text.h5").write_text("hello")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.zeros(3)
    with h5py.File(tmp_path / "linked.h5", "w") as file:
        file["step"] = h5py.ExternalLink("other.h5", "x")
    for name in ("none.h5", "text.h5", "other.h5", "linked.h5"):
        with pytest.raises(CheckpointError, match=name):
            read_live_history(tmp_path / name)


def test_a_history_that_is_cut_off_or_lacks_its_steps_or_its_events_is_named_as_that(tmp_path):
    path = tmp_path / "history.h5"
    LiveHistory(path, filled(3)).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(CheckpointError, match=r"it is cut off: \d+ bytes of \d+ are there"):
        read_live_history(path)
    path.write_bytes(whole[:36] + bytes([whole[36] ^ 1]) + whole[37:])
    with pytest.raises(CheckpointError, match="it begins as no history does"):
        read_live_history(path)
    for name in ("step", "events"):
        path.write_bytes(whole)
        with h5py.File(path, "r+", libver=LIBVER) as file:
            del file[name]
        with pytest.raises(CheckpointError, match="is no history: it has no steps or no events"):
            read_live_history(path)


def test_a_file_differs_from_a_copy_whatever_has_changed(tmp_path):
    path, whole = tmp_path / "file", bytes(range(200))
    path.write_bytes(whole)
    with path.open("rb", buffering=0) as file:
        assert not live_reader._differs(file, whole)
        for other in (whole[:-1], whole + b"1", b"", whole[:100] + b"?" + whole[101:], whole[:-1] + b"?"):
            assert live_reader._differs(file, other)


ROOT = Path(__file__).parents[2]

# The programs load the storage wing's files alone: its whole package takes seconds to import.
PROLOGUE = """
    import os, sys, types
    from pathlib import Path

    for name in ("elastic_pinn", "elastic_pinn.storage"):
        package = types.ModuleType(name)
        package.__path__ = [str(Path(sys.argv[1], *name.split(".")))]
        sys.modules[name] = package
    from elastic_pinn.storage.format.history_table import History
    from elastic_pinn.storage.live_history import LiveHistory
"""

FAILING_DISK = (
    PROLOGUE
    + """
    history = History(["step", "loss/total"])
    live = LiveHistory(Path(sys.argv[2]), history, every_s=0)
    full = os.open("/dev/full", os.O_RDWR)
    os.posix_fallocate = lambda *_: None
    os.dup2(full, live._file.id.get_vfd_handle())
    for step in range(3):
        history.append({"step": step})
        live.update()
    assert live.broken
    live.renew()
    assert not live.broken
    history.append({"step": 3})
    live.close()
"""
)

WRITER = (
    PROLOGUE
    + """

    history = History(["step", "loss/total", "loss/pde"])
    live = LiveHistory(Path(sys.argv[2]), history, every_s=0)
    step = 0
    while True:
        history.append({"step": step, "loss/total": 2.0 * step, "loss/pde": -1.0 * step})
        live.update()
        step += 1
        if step % 50 == 0:
            print(step, flush=True)
            sys.stdin.readline()
"""
)


@pytest.fixture
def writer(tmp_path):
    """Another process that writes rows: 50, and 50 more for each line that it is sent."""
    program = [sys.executable, "-c", textwrap.dedent(WRITER), ROOT, tmp_path / "history.h5"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        yield process
        process.kill()


def assert_whole(history: History) -> None:
    columns = history.columns()
    assert columns["step"].tolist() == list(range(len(history)))
    assert (columns["loss/total"] == 2.0 * columns["step"]).all()
    assert (columns["loss/pde"] == -1.0 * columns["step"]).all()


def test_a_reader_in_another_process_sees_the_rows_of_a_running_writer(tmp_path, writer):
    for rows in range(50, 1300, 50):
        assert int(writer.stdout.readline()) == rows
        history = read_live_history(tmp_path / "history.h5")
        assert len(history) == rows
        assert_whole(history)
        writer.stdin.write("\n")
        assert_whole(read_live_history(tmp_path / "history.h5"))  # while it writes
    assert writer.poll() is None


def test_a_default_reader_that_stays_open_does_not_stop_the_writer(tmp_path, writer):
    writer.stdout.readline()
    with h5py.File(tmp_path / "history.h5", swmr=True) as reader:
        for rows in (100, 150):
            writer.stdin.write("\n")
            assert int(writer.stdout.readline()) == rows
            reader["loss/total"].refresh()
            assert len(reader["loss/total"]) == rows


def test_the_file_of_a_killed_writer_is_read_and_replaced(tmp_path, writer):
    writer.stdout.readline()
    writer.stdin.write("\n")
    writer.kill()
    writer.wait()
    history = read_live_history(tmp_path / "history.h5")
    assert len(history) >= 50
    assert_whole(history)
    LiveHistory(tmp_path / "history.h5", history).close()
    assert equal(read_live_history(tmp_path / "history.h5"), history)
