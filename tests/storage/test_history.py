import math
import os
import subprocess
import sys
import textwrap
from io import BytesIO
from pathlib import Path

import h5py
import numpy as np
import pytest

from elastic_pinn.storage import CheckpointError, History, LiveHistory, read_live
from elastic_pinn.storage.hdf5 import image_of, new_file
from elastic_pinn.storage.history import read_history, write_history

COLUMNS = ["step", "wall_s", "loss/total", "loss/pde", "material/mu"]


def filled(rows: int, start: int = 0) -> History:
    history = History(COLUMNS)
    for step in range(start, start + rows):
        history.append({"step": step, "loss/total": 1 / (1 + step), "wall_s": 0.5 * step})
    return history


def equal(one: History, other: History) -> bool:
    mine, theirs = one.columns(), other.columns()
    return (
        mine.keys() == theirs.keys()
        and all(mine[name].tobytes() == theirs[name].tobytes() for name in mine)
        and all(mine[name].dtype == theirs[name].dtype for name in mine)
        and one.events == other.events
    )


def test_rows_become_columns_and_what_was_not_measured_is_nan():
    history = filled(3)
    columns = history.columns()
    assert len(history) == 3 and list(columns) == COLUMNS
    assert columns["step"].dtype == np.int64 and columns["step"].tolist() == [0, 1, 2]
    assert columns["loss/total"].tolist() == [1, 1 / 2, 1 / 3]
    assert np.isnan(columns["loss/pde"]).all()
    assert history.last["step"] == 2 and math.isnan(history.last["material/mu"])
    assert History(COLUMNS).last == {}


def test_columns_are_views_that_stay_as_they_are_while_the_history_grows():
    history = filled(1000)
    before = history.columns()["step"]
    assert np.shares_memory(before, history.columns()["step"])
    with pytest.raises(ValueError, match="read-only"):
        before[0] = 7
    for step in range(1000, 5000):
        history.append({"step": step})
    assert before.tolist() == list(range(1000))
    assert history.columns()["step"].tolist() == list(range(5000))


def test_a_row_with_an_unknown_column_or_no_step_is_refused_with_the_legal_names():
    history = History(COLUMNS)
    with pytest.raises(ValueError, match=r"material/mu.*loss/pdf"):
        history.append({"step": 1, "loss/pdf": 1.0})
    with pytest.raises(ValueError, match="needs 'step'"):
        history.append({"loss/pde": 1.0})
    assert len(history) == 0


@pytest.mark.parametrize(
    "columns",
    [
        [],
        ["loss"],
        ["step", "step"],
        ["step", ""],
        ["step", "a//b"],
        ["step", "events"],
        ["step", "a", "a/b"],
        ["step", "."],
    ],
)
def test_columns_that_a_file_cannot_hold_are_refused(columns):
    with pytest.raises(ValueError, match="column"):
        History(columns)


def test_a_history_made_from_columns_is_a_copy_and_grows():
    steps = np.arange(3)
    history = History.from_columns({"step": steps, "loss/total": [1.0, 2.0, 3.0]}, [(1, "resumed")])
    history.append({"step": 3, "loss/total": 4.0})
    steps[0] = 9
    assert history.columns()["step"].tolist() == [0, 1, 2, 3]
    assert history.events == [(1, "resumed")]
    with pytest.raises(ValueError, match="different lengths"):
        History.from_columns({"step": [1, 2], "x": [1.0]})


def test_history_events_and_units_come_back_from_a_file():
    history = filled(5)
    history.note(2, "learning rate 0.001 -> 0.0005: μ\n" + "long " * 100)
    history.note(3, "")
    with new_file(0) as file:
        write_history(file.create_group("history"), history, {"wall_s": "s"})
        image = image_of(file)
    with h5py.File(BytesIO(image)) as file:
        back, units = read_history(file["history"])
    assert equal(back, history) and units == {"wall_s": "s"}


def test_an_empty_history_comes_back():
    with new_file(0) as file:
        write_history(file.create_group("history"), History(COLUMNS), {})
        image = image_of(file)
    with h5py.File(BytesIO(image)) as file:
        assert len(read_history(file["history"])[0]) == 0


@pytest.mark.parametrize("bad", [np.zeros((3, 1)), np.zeros(4), np.zeros(3, np.float32), np.zeros(3, np.int64)])
def test_columns_that_do_not_fit_are_refused(bad):
    with h5py.File(BytesIO(), "w") as file:
        write_history(file.create_group("history"), filled(3), {})
        file["history/bad"] = bad
        with pytest.raises(CheckpointError, match="history"):
            read_history(file["history"])


def test_a_live_history_is_read_while_it_is_written_in_the_same_process(tmp_path):
    history = filled(3)
    history.note(0, "started")
    with LiveHistory(tmp_path / "run" / "history.h5", history, {"wall_s": "s"}, every_s=math.inf) as live:
        assert equal(read_live(tmp_path / "run" / "history.h5"), history)
        history.append({"step": 3, "loss/pde": 2.0})
        history.note(3, "changed")
        live.update()
        assert len(read_live(tmp_path / "run" / "history.h5")) == 3
        live.flush()
        assert equal(read_live(tmp_path / "run" / "history.h5"), history)
        history.append({"step": 4})
    assert equal(read_live(tmp_path / "run" / "history.h5"), history)
    assert os.listdir(tmp_path / "run") == ["history.h5"]


def test_rows_are_written_by_themselves_when_it_is_time(tmp_path):
    history = History(COLUMNS)
    with LiveHistory(tmp_path / "history.h5", history, every_s=0) as live:
        for step in range(3):
            history.append({"step": step})
            live.update()
            assert read_live(tmp_path / "history.h5").columns()["step"].tolist() == list(range(step + 1))


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
    assert len(read_live(path)) == 2


def test_a_live_history_that_cannot_be_made_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "history.h5"
    LiveHistory(path, filled(5)).close()
    descriptors = len(os.listdir("/proc/self/fd"))

    def no_replace(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(os, "replace", no_replace)
        LiveHistory(path, filled(2))
    assert len(read_live(path)) == 5 and os.listdir(tmp_path) == ["history.h5"]
    assert len(os.listdir("/proc/self/fd")) == descriptors
    LiveHistory(path, filled(2)).close()


def test_columns_of_unequal_length_are_cut_to_whole_rows(tmp_path):
    path = tmp_path / "history.h5"
    LiveHistory(path, filled(5)).close()
    with h5py.File(path, "r+") as file:
        file["wall_s"].resize(4, axis=0)
        file["step"][3:] = -1
    history = read_live(path)
    assert history.columns()["step"].tolist() == [0, 1, 2] and len(history) == 3


def test_what_is_no_history_is_refused(tmp_path):
    (tmp_path / "text.h5").write_text("hello")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.zeros(3)
    with h5py.File(tmp_path / "linked.h5", "w") as file:
        file["step"] = h5py.ExternalLink("other.h5", "x")
    for name in ("none.h5", "text.h5", "other.h5", "linked.h5"):
        with pytest.raises(CheckpointError, match=name):
            read_live(tmp_path / name)


WRITER = """
    import sys
    from pathlib import Path
    from elastic_pinn.storage import History, LiveHistory

    history = History(["step", "loss/total", "loss/pde"])
    live = LiveHistory(Path(sys.argv[1]), history, every_s=0)
    step = 0
    while True:
        history.append({"step": step, "loss/total": 2.0 * step, "loss/pde": -1.0 * step})
        live.update()
        step += 1
        if step % 50 == 0:
            print(step, flush=True)
            sys.stdin.readline()
"""


@pytest.fixture
def writer(tmp_path):
    """Another process that writes rows: 50, and 50 more for each line that it is sent."""
    source = [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path / "history.h5")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        source, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment
    ) as process:
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
        history = read_live(tmp_path / "history.h5")
        assert len(history) == rows
        assert_whole(history)
        writer.stdin.write("\n")
        assert_whole(read_live(tmp_path / "history.h5"))  # while it writes
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
    history = read_live(tmp_path / "history.h5")
    assert len(history) >= 50
    assert_whole(history)
    LiveHistory(tmp_path / "history.h5", history).close()
    assert equal(read_live(tmp_path / "history.h5"), history)
