"""Instruments write what they measured above the table: the refusal tells how many lines to skip, and no more."""

import re

import numpy as np
import pytest

import elastic_pinn as ep

TABLE = ["Time [us];Point 1 [nm];Point 2 [nm];Point 3 [nm]"] + [
    f"{0.1 * row:.1f};{row}.5;{-row}.5;0.25" for row in range(9)
]
ABOVE = {
    "words": ["Specimen;Al block A3", "Operator;NN", "Time unit;us", ""],
    "numbers": ["Gain [dB];20", "Window;0.1;0.9"],
    "padded by a spreadsheet": ["Specimen;Al block A3;;", "Date;2024-05-01;;", ";;;"],
    "one line": ["measured on Monday"],
    "many": [f"Setting {number};{number}" for number in range(30)],
    "a comment first": ["# vibrometer", "Specimen;Al block A3"],
}
GIVEN = {"directions": ["y"], "kind": "displacement", "positions": [[0, 0], [1, 0], [2, 0]], "length_unit": "mm"}


@pytest.mark.parametrize("sign", [";", "\t"])
@pytest.mark.parametrize("name", ABOVE)
def test_lines_above_a_table_are_told_by_the_option_that_leaves_them_out(name, sign, tmp_path):
    path = tmp_path / "scan.csv"
    path.write_text("\n".join([*ABOVE[name], *TABLE]).replace(";", sign))
    with pytest.raises(ep.ElasticPinnError, match="a table begins at line") as raised:
        ep.Receivers.read(path, **GIVEN)
    [skipped] = re.findall(r"skip_rows=(\d+)", str(raised.value))
    assert int(skipped) == len(ABOVE[name])
    [record] = ep.Receivers.read(path, skip_rows=int(skipped), **GIVEN).records
    np.testing.assert_allclose(np.ravel(record.values[1])[:3], [0.5e-9, -1.5e-9, -2.5e-9])


@pytest.mark.parametrize("row", [1, 2, 4])
@pytest.mark.parametrize("fault", ["0.1;1.5;2.5", "0.1;1.5;2.5;3.5;4.5", "", ";;;;"])
def test_a_row_at_fault_is_not_taken_for_what_stands_above_a_table(row, fault, tmp_path):
    path, lines = tmp_path / "scan.csv", [*TABLE]
    lines[row] = fault
    path.write_text("\n".join(lines))
    try:
        ep.Receivers.read(path, **GIVEN)
    except ep.ElasticPinnError as error:
        assert "skip_rows=" not in str(error)
    else:
        assert not fault


UNITS = {"bare": "us;nm;nm;nm", "brackets": "[us];(nm);[nm];(nm)", "some": "us;nm;-;nm"}


@pytest.mark.parametrize("sign", [";", "\t"])
@pytest.mark.parametrize("name", UNITS)
def test_a_line_of_units_below_the_head_is_read_as_such(name, sign, tmp_path):
    path = tmp_path / "scan.csv"
    head = "Time;Point 1;Point 2;Point 3"
    path.write_text("\n".join([head, UNITS[name], *TABLE[1:], ""]).replace(";", sign))
    unit = {"value_unit": "nm"} if name == "some" else {}  # which no header says of point 2
    [record] = ep.Receivers.read(path, **GIVEN, **unit).records
    np.testing.assert_allclose(record.time[:3], [0.0, 1e-7, 2e-7])
    np.testing.assert_allclose(np.ravel(record.values[1])[:3], [0.5e-9, -1.5e-9, -2.5e-9])


VOLTS = {"below": "Time;A;B;C\n(us);(mV);(mV);(mV)\n", "in the head": "Time (us);A (mV);B (mV);C (mV)"}


@pytest.mark.parametrize("head", VOLTS)
def test_of_volts_it_is_asked_what_they_stand_for(head, tmp_path, caplog):
    path = tmp_path / "scope.csv"
    path.write_text("\n".join([VOLTS[head], *TABLE[1:]]))
    with pytest.raises(ep.ElasticPinnError, match="value_unit: what 1 mV of the file stands for, which is no unit of"):
        ep.Receivers.read(path, **GIVEN)
    [record] = ep.Receivers.read(path, value_unit="0.5 nm", **GIVEN).records
    np.testing.assert_allclose(record.time[:3], [0.0, 1e-7, 2e-7])
    np.testing.assert_allclose(np.ravel(record.values[1])[:3], [0.25e-9, -0.75e-9, -1.25e-9])
    assert not any("as it was given" in each for each in caplog.messages), "it is no contradiction"
    with pytest.raises(ep.ElasticPinnError, match="what 1 mV of the file stands for"):
        ep.Receivers.read(path, **{**GIVEN, "kind": "strain", "directions": ["xx"]})


@pytest.mark.parametrize("unit", ["counts", "rad", "dB", "V/V", "byte"])
@pytest.mark.parametrize("kind", ["strain", "displacement"])
def test_what_a_transducer_counts_is_no_strain_and_asked_for_as_volts_are(kind, unit, tmp_path, caplog):
    path = tmp_path / "scope.csv"
    path.write_text("\n".join([VOLTS["in the head"].replace("mV", unit), *TABLE[1:]]))
    given = {**GIVEN, "kind": kind, "directions": ["xx" if kind == "strain" else "x"]}
    with pytest.raises(ep.ConfigError, match=f"value_unit: what 1 {unit} of the file stands for, which is no unit of"):
        ep.Receivers.read(path, **given)
    with pytest.raises(ep.ConfigError, match=f"value_unit = '{unit}' is no unit of {kind}: one as"):
        ep.Receivers.read(path, value_unit=unit, **given)
    value_unit, size = {"strain": ("0.5 microstrain", 1e-6), "displacement": ("0.5 nm", 1e-9)}[kind]
    [record] = ep.Receivers.read(path, value_unit=value_unit, **given).records
    np.testing.assert_allclose(np.ravel(record.values[1])[:3], np.array([0.25, -0.75, -1.25]) * size)
    assert not any("as it was given" in each for each in caplog.messages), "it is no contradiction"


@pytest.mark.parametrize(
    ("unit", "kind", "mend"),
    [
        ("mm/s", "displacement", "give kind = 'velocity', whose unit it is, or value_unit, as 'nm', where"),
        ("g", "velocity", "give kind = 'acceleration', whose unit it is, or value_unit, as 'mm/s', where"),
        ("microstrain", "displacement", "give kind = 'strain', whose unit it is, or value_unit, as 'nm', where"),
        ("MPa", "velocity", "give kind = 'stress', whose unit it is, or value_unit"),
        ("g/cm3", "displacement", "no unit of displacement: give value_unit, as 'nm', where the file is wrong"),
    ],
)
def test_the_unit_of_another_quantity_is_refused_with_the_kind_that_has_it(unit, kind, mend, tmp_path):
    path = tmp_path / "scan.csv"
    path.write_text("\n".join([VOLTS["in the head"].replace("mV", unit), *TABLE[1:]]))
    with pytest.raises(ep.ConfigError, match=f"its values are in {unit}, which is no unit of {kind}") as raised:
        ep.Receivers.read(path, **{**GIVEN, "kind": kind})
    assert mend in str(raised.value) and "stands for" not in str(raised.value)
    [record] = ep.Receivers.read(path, **{**GIVEN, "value_unit": "nm"}).records
    assert np.ravel(record.values[1])[0] == pytest.approx(0.5e-9)


COMMENTED = {
    "both": "# Time;A;B;C\n# {}\n",
    "the names": "# Time;A;B;C\n{}\n",
    "the units": "Time;A;B;C\n# {}\n",
    "neither": "Time;A;B;C\n{}\n",
    "below others": "# by NN\n%Time;A;B;C\n% {}\n",
}


@pytest.mark.parametrize("units", ["us;1;1;1", "us;%;%;%", "[us];[1];[1];[1]", "(us);(um/m);(um/m);(um/m)"])
@pytest.mark.parametrize("sign", [";", " "])
@pytest.mark.parametrize("name", COMMENTED)
def test_names_and_units_are_read_in_comments_too(name, sign, units, tmp_path):
    path = tmp_path / "scan.csv"
    path.write_text((COMMENTED[name].format(units) + "\n".join(TABLE[1:])).replace(";", sign))
    [record] = ep.Receivers.read(path, **{**GIVEN, "kind": "strain", "directions": ["xx"]}).records
    size = next(size for unit, size in {"1": 1.0, "%": 1e-2, "um/m": 1e-6}.items() if unit in units)
    np.testing.assert_allclose(record.time[:3], [0.0, 1e-7, 2e-7])
    np.testing.assert_allclose(np.ravel(record.values[1])[:3], np.array([0.5, -1.5, -2.5]) * size)


def test_rows_that_begin_with_names_like_units_are_no_units(tmp_path):
    path = tmp_path / "scan.csv"
    path.write_text("receiver,time,u_x\ns,1,1\ns,2,0.5\nm,1,3\nm,2,7\n")
    given = {"kind": "displacement", "directions": ["x"], "value_columns": ["u_x"], "length_unit": "mm"}
    (tmp_path / "places.csv").write_text("receiver,x,y\ns,0,0\nm,1,0\n")
    units = {"time_unit": "us", "value_unit": "nm", "positions": str(tmp_path / "places.csv")}
    np.testing.assert_allclose(np.ravel(ep.Receivers.read(path, **given, **units).records[0].time), [1e-6, 2e-6])
    path.write_text("# of this day\n# t a b\n0.5 1 2\n1 2 3.5\n")
    given = {**GIVEN, "value_columns": ["a"], "positions": [[0, 0]], "time_unit": "us", "value_unit": "nm"}
    assert ep.Receivers.read(path, **given).records[0].values.shape[1] == 2, "names, not tonnes and years"


@pytest.mark.parametrize("above", ["", "# by NN\n"])
@pytest.mark.parametrize("name", ["neither", "the units"])
@pytest.mark.parametrize("fault", ["0.4;1.0;2.0", "0.4;1.0;2.0;x", "0.4;1.0;2.0;3.0;4.0"])
def test_faults_below_a_line_of_units_have_their_own_lines(fault, name, above, tmp_path):
    path, rows = tmp_path / "scan.csv", TABLE[1:]
    rows[4] = fault
    path.write_text("\n".join([above + COMMENTED[name].format("us;nm;nm;nm").strip(), *rows]))
    with pytest.raises(ep.ElasticPinnError) as raised:
        ep.Receivers.read(path, **GIVEN)
    assert f"line {path.read_text().splitlines().index(fault) + 1}:" in str(raised.value)


def test_columns_of_one_name_are_told_by_the_line_of_their_names(tmp_path):
    path = tmp_path / "scan.csv"
    path.write_text("\n".join(["# by NN", "# Time;A;A;C", "# us;nm;nm;nm", *TABLE[1:]]))
    with pytest.raises(ep.ElasticPinnError, match="line 2: several columns are called 'A'"):
        ep.Receivers.read(path, **GIVEN)
    path.write_text("\n".join(["# Time (ms);A;B;C", "# us;nm;nm;nm", *TABLE[1:]]))
    with pytest.raises(ep.ElasticPinnError, match="line 2: Time is in us, and in ms by the line above: mend one of"):
        ep.Receivers.read(path, **GIVEN)


def test_a_line_without_numbers_is_named_as_such(tmp_path):
    path = tmp_path / "scope.csv"
    path.write_text("\n".join(["Time;A;B;C", "Second;Volt;Volt;Volt", *TABLE[1:]]))
    with pytest.raises(ep.ElasticPinnError, match="line 2: no number in 'Second, Volt, Volt, Volt': take this line"):
        ep.Receivers.read(path, **GIVEN)


def test_units_in_the_head_stay_and_others_below_are_refused(tmp_path):
    path = tmp_path / "scan.csv"
    path.write_text("\n".join([TABLE[0], "us;nm;nm;nm", *TABLE[1:]]))
    np.testing.assert_allclose(ep.Receivers.read(path, **GIVEN).records[0].time[:2], [0.0, 1e-7])
    path.write_text("\n".join([TABLE[0], "ms;nm;nm;nm", *TABLE[1:]]))
    with pytest.raises(ep.ElasticPinnError, match="line 2: Time is in ms, and in us by the line above"):
        ep.Receivers.read(path, **GIVEN)


@pytest.mark.parametrize(("text", "options"), [("# a\n# b\n", {}), ("\n".join(TABLE), {"skip_rows": 99})])
def test_a_file_without_a_table_below_its_comments_is_refused(text, options, tmp_path):
    path = tmp_path / "scan.csv"
    path.write_text(text)
    with pytest.raises(ep.ElasticPinnError, match="is empty below its first"):
        ep.Receivers.read(path, **GIVEN, **options)


@pytest.mark.parametrize("line", ["us;nm;nm", "us;nm;nm;metre-ish", "us;0.5;1.5;2.5", "x;y;x;y"])
def test_a_line_that_is_no_units_is_refused_by_its_number(line, tmp_path):
    path = tmp_path / "scan.csv"
    path.write_text("\n".join(["Time;Point 1;Point 2;Point 3", line, *TABLE[1:]]))
    with pytest.raises(ep.ElasticPinnError, match="line 2"):
        ep.Receivers.read(path, **GIVEN, time_unit="us", value_unit="nm")


def test_a_short_table_by_tabs_is_one_by_blanks_as_well(tmp_path):
    path = tmp_path / "scan.csv"
    path.write_text("\n".join(["time\ta\tb\tc", "0\t1\t2\t3", "1\t2\t3\t5", ""]))
    assert ep.Receivers.read(path, **GIVEN, time_unit="us", value_unit="nm").records[0].values.shape[1] == 2
