import math
from io import BytesIO

import h5py
import numpy as np
import pytest

from elastic_pinn.storage import CheckpointError, History
from elastic_pinn.storage.format import column
from elastic_pinn.storage.format.column import BLOCK_ROWS
from elastic_pinn.storage.format.hdf5 import NewGroup, new_file
from elastic_pinn.storage.format.history_table import read_history, write_history
from elastic_pinn.storage.format.image import Image
from tests.storage.histories import COLUMNS, equal, filled


def test_rows_become_columns_and_what_was_not_measured_is_nan():
    history = filled(3)
    columns = history.columns()
    assert len(history) == 3 and list(columns) == COLUMNS
    assert columns["step"].dtype == np.int64 and columns["step"].tolist() == [0, 1, 2]
    assert columns["loss/total"].tolist() == [1, 1 / 2, 1 / 3]
    assert np.isnan(columns["loss/pde"]).all()
    assert history.last["step"] == 2 and math.isnan(history.last["material/mu"])
    assert History(COLUMNS).last == {}


def test_columns_stay_as_they_are_while_the_history_grows():
    history = filled(1000)
    before = history.columns()["step"]
    with pytest.raises(ValueError, match="read-only"):
        before[0] = 7
    for step in range(1000, 3 * BLOCK_ROWS):
        history.append({"step": step})
    assert before.tolist() == list(range(1000))
    assert history.columns()["step"].tolist() == list(range(3 * BLOCK_ROWS))


@pytest.mark.parametrize("rows", [1, BLOCK_ROWS - 1, BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS])
def test_rows_from_any_one_on_are_whole_wherever_blocks_end(rows):
    history = filled(rows)
    for start in {0, rows // 2, rows - 1, rows, min(rows, BLOCK_ROWS - 1), min(rows, BLOCK_ROWS)}:
        assert history.rows(start)["step"].tolist() == list(range(start, rows))
    assert history.last["step"] == rows - 1


def test_further_columns_are_nan_in_all_rows_so_far_and_take_values_from_there():
    history = History(["step", "loss/total"])
    history.append({"step": 1, "loss/total": 2.0})
    history.note(1, "an event")
    history.losses_of_start_until = 1
    grown = history.with_columns(["step", "weight/pde"])
    assert grown.names == ("step", "loss/total", "weight/pde")
    assert (grown.events, grown.losses_of_start_until) == ([(1, "an event")], 1)
    grown.append({"step": 2, "loss/total": 1.0, "weight/pde": 3.0})
    np.testing.assert_array_equal(grown.column("weight/pde"), [np.nan, 3.0])
    np.testing.assert_array_equal(grown.column("loss/total"), [2.0, 1.0])
    assert len(history) == 1, "the first one stays as it is"


def test_a_history_that_has_the_columns_is_itself():
    history = History(["step", "loss/total", "weight/pde"])
    assert history.with_columns(["weight/pde", "step"]) is history


def test_a_frozen_history_shares_the_values_and_stays_as_it_is_while_the_first_one_grows():
    history = filled(5)
    history.note(1, "early")
    frozen = history.frozen()
    assert np.shares_memory(frozen.columns()["step"], history.columns()["step"])
    for step in range(5, BLOCK_ROWS + 5):
        history.append({"step": step, "loss/total": 9.0})
    history.note(6, "late")
    assert equal(frozen, History.from_columns(filled(5).columns(), [(1, "early")]))
    with pytest.raises(ValueError, match="frozen"):
        frozen.append({"step": 5})
    assert len(frozen) == 5 and len(history) == BLOCK_ROWS + 5


def test_each_full_block_is_deflated_once_for_all_files_and_few_at_a_step(monkeypatch):
    levels = []

    def counted(block, level, deflate=column.deflate):
        levels.append(level)
        return deflate(block, level)

    monkeypatch.setattr(column, "deflate", counted)
    history, most = History(COLUMNS), 0
    for step in range(2 * BLOCK_ROWS + 100):
        before = len(levels)
        history.append({"step": step})
        most = max(most, len(levels) - before)
    for _ in range(2):
        stored(history.frozen())
    assert levels.count(column.LEVEL) == 2 * len(COLUMNS) and most == 1


def test_a_long_history_gives_the_same_bytes_however_it_came_to_be():
    grown = filled(BLOCK_ROWS + 3)
    read = History.from_columns(grown.columns(), grown.events)
    assert stored(grown) == stored(read) == stored(grown.frozen())


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


def stored(history: History, units=None) -> bytes:
    image = Image()
    with new_file(image, 0) as file:
        write_history(NewGroup(image, file.id).group("history"), history, units or {})
    return bytes(image.getbuffer())


@pytest.mark.parametrize("rows", [0, 5, BLOCK_ROWS + 5])
def test_history_events_and_units_come_back_from_a_file(rows):
    history = filled(rows)
    history.note(2, "learning rate 0.001 -> 0.0005: μ\n" + "long " * 100)
    history.note(3, "")
    history.losses_of_start_until = rows // 2
    with h5py.File(BytesIO(stored(history, {"wall_s": "s"}))) as file:
        back, units = read_history(file["history"])
        assert file["history/loss/total"][:].tobytes() == history.columns()["loss/total"].tobytes()
    assert equal(back, history) and units == {"wall_s": "s"}


def test_whose_losses_the_rows_have_is_an_integer():
    with h5py.File(BytesIO(stored(filled(3))), "r+") as file:
        file["history"].attrs["losses_of_start_until"] = 1.5
        with pytest.raises(CheckpointError, match="'losses_of_start_until' that is no integer"):
            read_history(file["history"])


@pytest.mark.parametrize("bad", [np.zeros((3, 1)), np.zeros(4), np.zeros(3, np.float32), np.zeros(3, np.int64)])
def test_columns_that_do_not_fit_are_refused(bad):
    with h5py.File(BytesIO(stored(filled(3))), "r+") as file:
        file["history/bad"] = bad
        with pytest.raises(CheckpointError, match="history"):
            read_history(file["history"])
