"""A bad file ends in one clear sentence with the file, the place and the mend, and nothing in it is run."""

import os
import pickle
import re
import zipfile

import h5py
import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data import ReceiverFileError
from elastic_pinn.physics.data.readers.csv_text import look_at
from elastic_pinn.physics.import_options import ImportOptions
from tests.physics.data.readers import files
from tests.physics.data.readers.files import ALONG, UNITS, VALUES

LINES = ["x,y,time,velocity_x,velocity_y", "0,0,0,1,2", "0,0,1,3,4", "0,0,2,5,6"]


def with_line(number: int, line: str, end: str = "\n") -> bytes:
    lines = [*LINES]
    lines[number - 1] = line
    return (end.join(lines) + end).encode()


BAD = {
    "empty": (b"", "is empty"),
    "blank": (b"\n \n\n", "is empty"),
    "head only": (b"x,y,time,velocity_x,velocity_y\n", "no row of numbers|no table"),
    "binary": (bytes(range(256)) * 4, "binary from byte 0"),
    "binary behind text": (with_line(4, "0,0,2,5,\0"), "binary from byte"),
    "utf-16": ("\n".join(LINES).encode("utf-16"), "UTF-16.*save it as UTF-8"),
    "latin-1": (
        with_line(1, "x,y,time,velocity_x,velocity_y [µm/s]").decode().encode("latin-1"),
        "line 1: a byte 0xb5",
    ),
    "ragged, short": (with_line(3, "0,0,1,3"), "line 3: 4 columns, where line 1 has 5"),
    "ragged, long": (with_line(3, "0,0,1,3,4,5"), "line 3: 6 columns, where line 1 has 5"),
    "words": (with_line(3, "0,0,1,3,OVERLOAD"), "line 3: 'OVERLOAD' in the column velocity_y is no number"),
    "decimal commas between commas": (with_line(3, "0,0,0,1,3,0,4,0"), "line 3: 8 columns"),
    "no delimiter": (b"x\n1\n2\n3\n", "no table of two columns or more"),
    "times twice": (
        with_line(4, "0,0,1,5,6"),
        r"line 4: the time 1 of receiver \(0.0, 0.0\) is there twice: leave one",
    ),
    "times unsorted": (with_line(4, "0,0,0.5,5,6"), r"line 4: the time 0.5 of .* comes after 1: sort the rows"),
    "no time": (with_line(4, "0,0,,5,6"), "line 4: no time"),
    "no place": (with_line(4, "0,,2,5,6"), "line 4: no y"),
    "infinite": (with_line(4, "0,0,2,inf,6"), "line 4: 'inf'|infinite"),
    "name twice": (with_line(1, "x,y,time,v,v"), "line 1: several columns are called 'v'"),
    "name twice, in two units": (
        with_line(1, "x,y,time,v [mm/s],v [m/s]"),
        "line 1: several columns are called 'v', units",
    ),
}


NO_NUMBERS = {
    "names": (
        "G{row}",
        r"line 2: 'G0' in the column what is no number, and most there are names: give the column as receiver_column",
    ),
    "an instant": (
        "2024-05-01T12:00:0{row}.5",
        "line 2: '2024-05-01T12:00:00.5' in the column what is no number but an instant: write seconds since the first",
    ),
    "a time of day": ("12:00:0{row}", "'12:00:00' .* no number but an instant: .* give time_step"),
    "thousands": ("{row},018,338.19", "'0,018,338.19' .* separators of thousands: write all numbers without these"),
    "thousands, in German": ("1.018.33{row}", r"'1\.018\.330' .* separators of thousands: write all numbers without"),
}
"""Cells of a column of a table by semicolons whose numbers have points, by row, and what helps."""


def text_csv(path, cell: str, header="what"):
    """A long table with a further column."""
    rows = [f"{cell.format(row=row)};{row // 3}.0;0.0;{row % 3}.0;{row}.5" for row in range(6)]
    path.write_text("\n".join([f"{header};x;y;time;v", *rows]))
    return path


@pytest.mark.parametrize("name", NO_NUMBERS)
def test_text_in_the_place_of_numbers_is_told_with_what_helps(name, tmp_path):
    cell, expected = NO_NUMBERS[name]
    text = refusal(text_csv(tmp_path / "scan.csv", cell), **UNITS)
    assert re.search(expected, text), text
    assert "decimal" not in text


@pytest.mark.parametrize("options", [{"receiver_column": "Kanal"}, {"value_columns": ["v"], "kind": "velocity"}])
def test_a_column_of_names_is_given_as_that_of_receivers_or_left_out(options, tmp_path):
    path = text_csv(tmp_path / "scan.csv", "G{row}", "Kanal")
    if "receiver_column" in options:
        lines = path.read_text().splitlines()
        path.write_text("\n".join([lines[0], *(f"G{row // 3}{line[2:]}" for row, line in enumerate(lines[1:]))]))
        options = options | {"value_columns": ["v"], "kind": "velocity"}
    scan = ep.Receivers.read(path, directions=["x"], **options, **UNITS)
    assert scan.records[0].xy.tolist() == [[0.0, 0.0], [1e-3, 0.0]]
    np.testing.assert_allclose(scan.records[0].values[..., 0], 1e-3 * (np.arange(6.0).reshape(2, 3) + 0.5))


def test_a_long_table_without_known_places_names_the_columns_that_may_hold_them(tmp_path):
    path = tmp_path / "scan.csv"
    rows = [f"G{row // 3};{row // 3}.0;0.0;{row % 3}.0;{row}.5" for row in range(6)]
    path.write_text("\n".join(["Kanal;Ort (mm);Tiefe (mm);Zeit (ms);v", *rows]))
    text = refusal(path, receiver_column="Kanal")
    assert "or x_column and y_column, where columns of the table hold them" in text
    assert "which of Ort, Tiefe, Zeit, v holds the times" in text and "time_column='Zeit'" in text
    assert "time_unit" not in text, "the header tells it"
    assert "positions: " not in refusal(path, receiver_column="Kanal", x_column="Ort", y_column="Tiefe")


def test_a_table_of_one_column_of_numbers_tells_what_helps_beside_it(tmp_path):
    path = tmp_path / "scan.csv"
    path.write_text("when;v\n" + "\n".join(f"2024-05-01T12:00:0{row};{row}.5" for row in range(6)))
    assert "no number but an instant" in refusal(path, **UNITS)


def refusal(path, **options) -> str:
    with pytest.raises(ep.ElasticPinnError) as raised:
        ep.Receivers.read(path, **options)
    text = str(raised.value)
    assert str(path) in text and "\n" not in text and ": " in text
    return text


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_refused_in_one_sentence(name, tmp_path):
    content, expected = BAD[name]
    path = tmp_path / "scan.csv"
    path.write_bytes(content)
    with pytest.raises(ReceiverFileError, match=expected):
        ep.Receivers.read(path, **UNITS)
    refusal(path, **UNITS)


@pytest.mark.parametrize("line", [60, 5000])
@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ("0,0,7", "3 columns, where the first row has 5"),
        ("0,0,1e9,3,x", "'x' in the column velocity_y"),
        ("0,0,\xff,1,2", "0xff"),
    ],
)
def test_a_fault_far_down_is_told_by_its_line(line, bad, expected, tmp_path, monkeypatch):
    monkeypatch.setattr("elastic_pinn.physics.data.readers.csv_text.PIECE", 1000)
    rows = [LINES[0], *(f"0,0,{t},1,2" for t in range(6000))]
    rows[line - 1] = bad
    path = tmp_path / "scan.csv"
    path.write_bytes("\n".join(rows).encode("latin-1"))
    text = refusal(path, **UNITS)
    assert f"line {line}: " in text and expected in text


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n\n"])
def test_line_ends_of_any_machine_are_taken(end, tmp_path):
    path = files.long_csv(tmp_path / "scan.csv", end=end)
    np.testing.assert_allclose(ep.Receivers.read(path, **UNITS).velocity, 1e-3 * VALUES)


def test_mixed_line_ends_are_taken_as_lines(tmp_path):
    path = files.long_csv(tmp_path / "scan.csv")
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"".join(line + (b"\n", b"\r\n", b"\r")[row % 3] for row, line in enumerate(lines) if line))
    np.testing.assert_allclose(ep.Receivers.read(path, **UNITS).velocity, 1e-3 * VALUES)


@pytest.mark.parametrize(
    ("delimiter", "decimal"), [(";", ","), ("|", "."), ("\t", ","), (" ", ","), (" ", "."), ("\t", ".")]
)
def test_delimiter_and_decimal_sign_are_found_where_only_one_pair_fits(delimiter, decimal, tmp_path):
    path, given = (
        files.long_csv(tmp_path / "scan.txt", delimiter, decimal),
        {"delimiter": "|"} if delimiter == "|" else {},
    )
    np.testing.assert_allclose(ep.Receivers.read(path, **UNITS, **given).velocity, 1e-3 * VALUES, rtol=1e-12)


@pytest.mark.parametrize("rows", ["0;6;0,5;1,25", "0 6 0,5 1,25", "0;6;0,5;1,25\n0;6;1;2"])
def test_a_decimal_comma_beside_whole_numbers_is_no_text(rows, tmp_path):
    path = tmp_path / "scan.csv"
    path.write_text("x y t v\n".replace(" ", rows[1]) + rows + "\n")
    found = look_at(path, ImportOptions())
    assert (found.delimiter, found.decimal, found.headers) == (rows[1], ",", ["x", "y", "t", "v"])


def test_a_table_that_can_be_read_in_two_ways_is_asked_about(tmp_path):
    path = tmp_path / "scan.csv"
    path.write_text("0,1;a;0,5\n1,2;a;1,5\n2,3;a;2,5\n")
    assert "can be read in several ways: give delimiter" in refusal(path, **UNITS)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "scan.csv"
    path.write_bytes(with_line(2, LINES[1]))
    os.truncate(path, 20_000_000_000)  # as of 1e9 rows; it takes no place on the disk
    assert "20,000 MB, and size_limit allows 500 MB" in refusal(path, **UNITS)


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("kind", ["npy", "npz", "pickle as npy", "pickle"])
def test_nothing_is_unpickled(kind, tmp_path):
    trap, path = tmp_path / "written by the pickle", tmp_path / f"scan.{kind.split()[-1].replace('pickle', 'pkl')}"
    objects = np.array([Malicious(trap)], dtype=object)
    if kind == "npy":
        np.save(path, objects)
    elif kind == "npz":
        np.savez(path, velocity=objects)
    else:
        path.write_bytes(pickle.dumps(Malicious(trap)))
    text = refusal(path, **ALONG)
    assert "pickle" in text if kind in ("npy", "npz") else "begin" in text or "format" in text
    assert not trap.exists()
    if kind == "npy":  # the trap works
        np.load(path, allow_pickle=True)
        assert trap.exists()


def cells(path):
    from scipy.io import savemat

    savemat(path, {"velocity": np.array([VALUES, "text"], dtype=object)})


def references(path):
    with h5py.File(path, "w") as file:
        file["x"] = VALUES
        file["velocity"] = np.array([file["x"].ref], dtype=h5py.ref_dtype)


@pytest.mark.parametrize("write", [cells, references])
def test_objects_in_a_mat_are_no_numbers(write, tmp_path):
    write(tmp_path / "scan.mat")
    text = refusal(tmp_path / "scan.mat", **UNITS)
    assert "velocity holds objects" in text and "one numeric array" in text


@pytest.mark.parametrize(
    "name", ["v5.mat", "v73.mat", "v.npz", "v.npy", "v.nc", "v.h5", "v.uff", "v.sg2", "v.mseed", "v.sgy"]
)
@pytest.mark.parametrize("part", [0.3, 0.8])
def test_a_file_that_was_cut_off_is_refused(name, part, tmp_path):
    from tests.physics.data.readers.test_formats import CASES, SLOW_CLOCK

    write, options = (CASES | SLOW_CLOCK)[name]
    path = write(tmp_path / name)
    os.truncate(path, int(part * path.stat().st_size))
    refusal(path, **options)


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path):
    path = tmp_path / "scan.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("velocity.npy", "w") as file:
        np.lib.format.write_array(file, np.zeros(2_000_000))
    assert "once it is unpacked, it is 16 MB, and size_limit allows 8 MB" in refusal(path, size_limit=8_000_000)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([0, 1, 1, 3], r"times do not increase after sample 2 \(1e-06 s\): write them with all their digits"),
        ([0, 2, 1, 3], r"times do not increase after sample 2 \(2e-06 s\): sort them"),
        ([0, np.nan, 2, 3], "the time of sample 2 is missing"),
    ],
)
def test_bad_times_of_an_array_are_told_by_their_sample(times, expected, tmp_path):
    np.savez(tmp_path / "scan.npz", velocity=VALUES[:, :4], time=np.array(times, dtype=float), xy=files.XY)
    with pytest.raises(ReceiverFileError, match=expected):
        ep.Receivers.read(tmp_path / "scan.npz", **UNITS, **ALONG)


def test_a_receiver_that_moves_is_refused(tmp_path):
    (tmp_path / "s.csv").write_text("receiver,x,y,time,velocity_x,velocity_y\nA,0,0,0,1,2\nA,0,5,1,3,4\n")
    assert "receiver A has y = 5 in row 2 of the table, and 0 before" in refusal(tmp_path / "s.csv", **UNITS)


def test_a_gap_of_years_is_not_filled(tmp_path):
    import obspy

    parts = [
        obspy.Trace(np.zeros(9), {"channel": "HHE", "starttime": obspy.UTCDateTime(year, 1, 1)})
        for year in (2020, 2024)
    ]
    obspy.Stream(parts).write(str(tmp_path / "line.mseed"), format="MSEED")
    assert "with its gaps filled, it is 1,010 MB, and size_limit allows 500 MB" in refusal(tmp_path / "line.mseed")


def test_a_spreadsheet_is_to_be_saved_as_csv(tmp_path):
    with zipfile.ZipFile(tmp_path / "scan.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "")
    assert "is a spreadsheet: save its table as CSV" in refusal(tmp_path / "scan.xlsx")


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    assert "there is no file" in refusal(tmp_path / "nowhere.csv")
    assert "directory" in refusal(tmp_path)
