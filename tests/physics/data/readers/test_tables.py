"""What tables and options mean, and what is asked for where they do not say it."""

import re
from pathlib import Path

import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data import ReceiverFileError
from elastic_pinn.physics.data.readers.importing import read_recordings
from tests.physics.data.readers import files
from tests.physics.data.readers.asked import missing
from tests.physics.data.readers.files import ALONG, SAID, UNITS, VALUES, XY

ROWS = XY.tolist()


def table(path, header: str, *rows: str):
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_all_that_is_missing_is_in_one_error_and_its_example_is_enough(tmp_path):
    path = table(tmp_path / "scan.csv", "x,y,t,a,b", "0,0,0,1,2", "0,0,1,3,4", "1,0,0,5,6", "1,0,1,7,8")
    text = missing(path)
    asked = ("value_columns", "directions", "kind", "value_unit", "length_unit", "time_unit")
    assert all(f"{name}: " in text and f"{name}=" in text for name in asked)
    assert "positions: " not in text and "first_time" not in text  # these are in the table
    example = eval(f"dict({text.partition('For example: ')[2].partition('; on the')[0]})")
    found = ep.Receivers.read(path, **{**example, "value_columns": ["a", "b"]})
    np.testing.assert_allclose(found.velocity, 1e-3 * np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]))


def test_units_in_headers_are_taken_and_those_of_options_go_before(tmp_path):
    path = table(
        tmp_path / "scan.csv", "x [mm];y (mm);time [µs];velocity_x [mm/s];velocity_y [mm/s]", "1;2;3;4;5", "1;2;4;6;7"
    )
    found = ep.Receivers.read(path)
    assert found.xy.tolist() == [[0.001, 0.002]] and np.allclose(found.time, [3e-6, 4e-6])
    assert np.allclose(found.velocity[0], [[4e-3, 5e-3], [6e-3, 7e-3]])
    assert np.allclose(ep.Receivers.read(path, time_unit="ms").time, [3e-3, 4e-3])


def test_headers_in_a_comment_are_taken_as_numpy_writes_them(tmp_path):
    rows = np.array([[0, 0, t, 1, 2] for t in range(4)])
    np.savetxt(tmp_path / "scan.txt", rows, header="x y time velocity_x velocity_y")
    assert np.allclose(ep.Receivers.read(tmp_path / "scan.txt", **UNITS).velocity, [1e-3, 2e-3])
    np.savetxt(tmp_path / "scan.txt", rows, header="made on a Monday")
    assert "which of column_1, column_2" in missing(tmp_path / "scan.txt", **UNITS)


def test_components_in_unlike_units_are_refused(tmp_path):
    path = table(tmp_path / "s.csv", "x,y,time,velocity_x [mm/s],velocity_y [m/s]", "1,2,3,4,5", "1,2,4,6,7")
    with pytest.raises(ep.ElasticPinnError, match=r"are in m/s and mm/s"):
        ep.Receivers.read(path, **UNITS)


def test_a_wide_table_needs_places_and_directions_and_their_order(tmp_path):
    path = files.wide_csv(tmp_path / "wide.csv")
    text = missing(path, kind="velocity", value_unit="mm/s")
    assert "positions: " in text and "directions: " in text
    assert "channel_order: " in missing(path, **SAID, **ALONG, positions=ROWS)
    found = ep.Receivers.read(path, **SAID, **ALONG, positions=ROWS, channel_order="by receiver")
    np.testing.assert_allclose(found.velocity, 1e-3 * VALUES)
    with pytest.raises(ep.ConfigError, match=r"positions has 5 rows, and .* has 12 channels"):
        ep.Receivers.read(path, **SAID, **ALONG, positions=ROWS[:5])


def test_channels_by_direction_are_all_of_x_first(tmp_path):
    path = table(tmp_path / "wide.csv", "time,a,b,c,d", "0,1,2,3,4", "1,5,6,7,8")
    options = {**SAID, **ALONG, "positions": [[0, 0], [1, 0]]}
    found = ep.Receivers.read(path, channel_order="by direction", **options)
    assert np.allclose(1e3 * found.velocity[:, 0], [[1, 3], [2, 4]])
    found = ep.Receivers.read(path, channel_order="by receiver", **options)
    assert np.allclose(1e3 * found.velocity[:, 0], [[1, 2], [3, 4]])


def test_a_minus_turns_a_channel_around(tmp_path):
    path = files.long_csv(tmp_path / "scan.csv")
    found = ep.Receivers.read(path, directions=["x", "-y"], **UNITS)
    np.testing.assert_allclose(found.velocity, 1e-3 * VALUES * [1, -1])


def test_receivers_by_name_have_their_places_in_a_file(tmp_path):
    path = table(tmp_path / "s.csv", "receiver,time,velocity_x,velocity_y", "B,0,1,2", "B,1,3,4", "A,0,5,6", "A,1,7,8")
    places = table(tmp_path / "p.csv", "receiver,x [cm],y [cm]", "A,1,0", "B,2,0")
    found = ep.Receivers.read(path, positions=str(places), value_unit="mm/s", time_unit="us")
    assert np.allclose(found.xy, [[0.02, 0], [0.01, 0]]) and np.allclose(1e3 * found.velocity[1, 0], [5, 6])
    table(places, "receiver,x [cm],y [cm]", "A,1,0", "C,2,0")
    told = r"p\.csv has no receiver 'B', which .*s\.csv recorded: .* whole headers without a unit in brackets"
    with pytest.raises(ep.ElasticPinnError, match=told):
        ep.Receivers.read(path, positions=str(places), value_unit="mm/s", time_unit="us")


def test_a_header_that_is_nearly_the_name_of_a_receiver_is_told(tmp_path):
    path = table(tmp_path / "wide.csv", "time,CH 1 [mm/s],CH 2 [mm/s]", "0,1,2", "1,5,6")
    places = table(tmp_path / "p.csv", "receiver,x,y", "ch1,0,0", "ch2,1,0")
    with pytest.raises(ReceiverFileError, match=r"no receiver 'CH 1', .* whole headers .*; did you mean 'ch1'\?"):
        ep.Receivers.read(path, **SAID, directions=["x"], positions=str(places))
    table(places, "receiver,x,y", "CH 1,0,0", "CH 2,1,0")
    assert ep.Receivers.read(path, **SAID, directions=["x"], positions=str(places)).xy.max() == 1e-3


def test_a_time_column_of_any_name_is_the_example_and_a_step_in_place_of_it_is_enough(tmp_path):
    path = table(tmp_path / "wide.csv", "Nr,Zeit,a,b", "7,0,1,2", "7,1,3,4", "7,2,3,4")
    options = {**SAID, **ALONG, "positions": [[0, 0]], "value_columns": ["a", "b"]}
    text = missing(path, **options)
    assert "which of Nr, Zeit, a, b holds the times, or in place of it time_step (or sampling_rate" in text
    assert "For example: time_column='Zeit'; on the command line --time-column Zeit" in text
    assert len(ep.Receivers.read(path, **options, time_column="Zeit").time) == 3
    assert len(ep.Receivers.read(path, **options, time_step=1.0, first_time=0.0).time) == 3
    assert "first_time: " in missing(path, **options, time_step=1.0)
    long = table(tmp_path / "long.csv", "x,y,Zeit,velocity_x", "0,0,0,2", "0,0,1,2")
    assert "which of x, y, Zeit, velocity_x holds the times. For example: time_column='Zeit'" in missing(long, **UNITS)


def test_the_example_of_values_is_of_columns_that_hold_nothing_else(tmp_path):
    path = table(tmp_path / "scan.csv", "a,b,x,y,time", "1,2,0,0,0", "3,4,0,0,1")
    assert "value_columns=['a', 'b']" in missing(path, **SAID)


def test_times_of_a_file_are_not_replaced_in_silence(tmp_path):
    with pytest.raises(ep.ConfigError, match="has times of its own"):
        ep.Receivers.read(files.long_csv(tmp_path / "scan.csv"), time_step=1.0, **UNITS)


def test_a_third_axis_makes_the_plane_necessary(tmp_path):
    path = table(tmp_path / "s.csv", "x,y,z,time,velocity_x,velocity_z", "0,5,1,0,1,2", "0,5,1,1,3,4", "1,5,2,0,5,6",
                 "1,5,2,1,7,8")  # fmt: skip
    assert "plane: which two of its three axes" in missing(path, **UNITS)
    found = ep.Receivers.read(path, plane="xz", **UNITS)
    assert np.allclose(1e3 * found.xy, [[0, 1], [1, 2]]) and np.allclose(1e3 * found.velocity[0], [[1, 2], [3, 4]])


def test_a_long_table_of_unknown_names_is_told_how_to_be_read(tmp_path):
    path = table(tmp_path / "s.csv", "px,py,time,a,b", "0,0,0,1,2", "1,0,0,3,4", "0,0,1,5,6", "1,0,1,7,8")
    with pytest.raises(ep.ElasticPinnError, match=r"line 3: the time 0 is there twice.* or give x_column and y_column"):
        ep.Receivers.read(path, **SAID, **ALONG)
    options = {**SAID, **ALONG, "x_column": "px", "y_column": "py", "value_columns": ["a", "b"]}
    assert np.allclose(1e3 * ep.Receivers.read(path, **options).velocity[:, 0], [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"delimiter": "||"}, "delimiter = '||': one sign is needed"),
        ({"delimiter": ",", "decimal": ","}, "both ','"),
        ({"positions": "nowhere.csv"}, "there is no file .*nowhere.csv"),
        ({"kind": "speed"}, "kind = 'speed': 'displacement', 'velocity'"),
        ({"lenght_unit": "mm"}, "did you mean 'length_unit'"),
        ({"value_unit": "mm"}, "value_unit = 'mm' is no unit of velocity: one as 'mm/s'"),
        ({"time_unit": "fortnites"}, "time_unit = 'fortnites' is not known as a unit"),
        ({"positions": [[0, 0, 0]]}, "positions = .*: a list of"),
        ({"directions": ["up", "y"]}, "the direction 'up' is not known"),
        ({"directions": [[0, 0], "y"]}, "has no length"),
        ({"directions": ["xx", "yy"]}, "velocity has no component 'xx'"),
        ({"lame_mu": "26 GPa"}, "lame_lambda and density of the material is missing: .* or density alone"),
        ({"lame_mu": "26 GPa", "density": 2700.0}, "lame_lambda of the material is missing"),
        ({"density": 2.7}, "density = 2.7 kg/m3, which no solid has: give 2700"),
        ({"density": 2700.0, "start": ["mu"]}, "start has mu, but there is no material with its value"),
        (
            {"lame_mu": "26", "lame_lambda": 1e9, "density": 1e3},
            "lame_mu = '26': a number of Pa, or text with its unit, as '26 GPa', is needed",
        ),
        ({"start": ["lambda"]}, "start = .*: give lame_lambda, lame_mu, density"),
        ({"value_columns": ["vx"]}, "names 'vx', which it does not hold; it holds x, y, time, .*: give a whole name"),
        ({"value_columns": ["Velocity_x (mm/s)", "velocity_y"]}, r"a unit in brackets; did you mean 'velocity_x'\?"),
        ({"time_column": "times"}, r"time_column names 'times', .* did you mean 'time'\?"),
    ],
)
def test_an_illegal_option_is_told_with_what_is_legal(options, expected, tmp_path):
    with pytest.raises(ep.ElasticPinnError, match=expected):
        ep.Receivers.read(files.long_csv(tmp_path / "scan.csv"), **{**UNITS, **options})


def test_options_of_some_files_are_by_their_names(tmp_path):
    for component, name in enumerate("xy"):
        rows = np.column_stack([files.TIME, VALUES[..., component].T]).tolist()
        table(tmp_path / f"v{name}.csv", "time,a,b,c,d,e,f", *(str(row)[1:-1] for row in rows))
    parameters = tmp_path / "scan.yaml"
    parameters.write_text(f"kind: velocity\nvalue_unit: mm/s\nlength_unit: mm\ntime_unit: us\npositions: {ROWS}\n"
                          "files: {vx.csv: {directions: x}, vy.csv: {directions: y}}\n")  # fmt: skip
    found = ep.Receivers.read([tmp_path / "vx.csv", tmp_path / "vy.csv"], parameters)
    np.testing.assert_allclose(found.velocity, 1e-3 * VALUES)
    parameters.write_text("files: {vz.csv: {directions: x}}\n")
    with pytest.raises(ep.ConfigError, match=r"files names 'vz\.csv', which is not among"):
        ep.Receivers.read(tmp_path / "vx.csv", parameters)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("kind: [", "scan.yaml: "), ("- velocity", "a mapping of option: value"), ("kind: a\nkind: b", "there already")],
)
def test_a_bad_parameter_file_is_told(text, expected, tmp_path):
    (tmp_path / "scan.yaml").write_text(text)
    with pytest.raises(ep.ConfigError, match=expected):
        ep.Receivers.read(files.long_csv(tmp_path / "scan.csv"), tmp_path / "scan.yaml")


def test_places_are_in_one_unit(tmp_path):
    (tmp_path / "p.csv").write_text("x [mm],y [cm]\n0,0\n1,1\n")
    path = files.npy(tmp_path / "v.npy")
    options = {**SAID, **ALONG, "axes": ["receiver", "time", "direction"], "time_step": 0.5, "first_time": 1.0}
    with pytest.raises(ReceiverFileError, match=r"x, y are in cm and mm: import them apart, or in one unit"):
        ep.Receivers.read(path, **options, positions=str(tmp_path / "p.csv"))


def test_a_receiver_with_two_places_is_told(tmp_path):
    (tmp_path / "p.csv").write_text("receiver,x,y\n1,0,0\n2,10,0\n3,0,5\n4,10,5\n5,20,0\n6,20,5\n2,11,0\n")
    with pytest.raises(ReceiverFileError, match=r"row 7: 2 had another place before"):
        ep.Receivers.read(files.uff(tmp_path / "v.uff"), positions=str(tmp_path / "p.csv"), length_unit="mm")


def test_numbers_of_columns_are_no_sample(tmp_path):
    (tmp_path / "v.csv").write_text("0,1,2\n1.5,3,4\n2.5,5,6\n")
    with pytest.raises(ReceiverFileError, match=r"line 1: 0, 1, 2 \.\.\. number the columns.*give skip_rows=1"):
        ep.Receivers.read(tmp_path / "v.csv", **SAID, **ALONG, time_column="column_1", positions=[[0, 0]])


def test_places_of_one_file_lie_beside_the_parameters_and_the_material_is_of_all(tmp_path):
    files.positions_csv(tmp_path / "p.csv")
    path, parameters = files.npy(tmp_path / "v.npy"), tmp_path / "scan.yaml"
    options = "axes: [receiver, time, direction]\ntime_step: 0.5\nfirst_time: 1.0\n"
    said = "kind: velocity\nvalue_unit: mm/s\ntime_unit: us\ndirections: [x, y]\n"
    parameters.write_text(f"{options}{said}files:\n  v.npy:\n    positions: p.csv\n")
    found = ep.Receivers.read(path, parameters=parameters)
    np.testing.assert_allclose(found.xy, 1e-3 * XY)
    parameters.write_text(f"{options}{said}files:\n  v.npy:\n    density: 2700\n")
    with pytest.raises(ep.ConfigError, match=r"density of v.npy alone: give it for all files"):
        ep.Receivers.read(path, parameters=parameters)


GERMAN = {"positions": [[k, 0] for k in range(40)], "directions": ["x"], "length_unit": "mm", "kind": "velocity"}


def of_channels(path: Path, header: str, channel: str, decimal: str = ",") -> Path:
    """A wide table of 40 channels with a semicolon between columns."""
    heads = [header, *(channel.format(k) for k in range(40))]
    rows = [";".join(f"{t + 0.1 * k:.2f}".replace(".", decimal) for k in range(41)) for t in range(30)]
    path.write_text("\n".join([";".join(heads), *rows]) + "\n")
    return path


@pytest.mark.parametrize("header", ["Zeit [µs]", "Zeit in µs", "Zeit", "Zeit_us", "Time/us"])
@pytest.mark.parametrize("channel", ["Kanal {}", "Kanal {} [mm/s]"])
def test_a_column_of_times_by_another_name_is_asked_for_in_a_short_sentence(header, channel, tmp_path):
    path, name = of_channels(tmp_path / "scan.csv", header, channel), header.removesuffix(" [µs]")
    given = {**GERMAN, "value_unit": "mm/s", **({} if "[" in header else {"time_unit": "us"})}
    with pytest.raises(ep.ConfigError, match=rf"time_column: which of {re.escape(name)}, Kanal 0, Kanal 1") as raised:
        ep.Receivers.read(path, **given)
    text = str(raised.value)
    assert f"For example: time_column='{name}'; on the command line" in text and "Kanal 39" not in text
    assert len(text) - len(str(path)) < 400
    assert ep.Receivers.read(path, **given, time_column=name).only.values.shape == (40, 30, 1)


def test_the_unit_of_a_column_of_times_is_none_of_the_values(tmp_path):
    with pytest.raises(ep.ConfigError, match="value_unit: the unit of the values"):
        ep.Receivers.read(of_channels(tmp_path / "scan.csv", "Zeit [µs]", "Kanal {}"), **GERMAN)


def test_columns_in_several_units_are_told_by_the_first_of_their_names(tmp_path):
    path = of_channels(tmp_path / "scan.csv", "time [us]", "Kanal {} [mm/s]")
    path.write_text(path.read_text().replace("Kanal 7 [mm/s]", "Kanal 7 [V]"))
    with pytest.raises(ReceiverFileError, match=r"Kanal 11, \.\.\. are in V and mm/s: import them apart"):
        ep.Receivers.read(path, **GERMAN)


@pytest.mark.parametrize("header", ["Sensor;X-Pos;Y-Pos;Richtung", "Name;Lage x;Lage y;Richtung"])
def test_places_with_other_headers_are_refused_by_the_names_that_are_needed(header, tmp_path):
    path = of_channels(tmp_path / "scan.csv", "time", "Kanal {}")
    places = tmp_path / "places.csv"
    places.write_text("\n".join([header, *(f"Kanal {k};{k},5;2,0;x" for k in range(40))]))
    given = {**GERMAN, "positions": str(places), "value_unit": "mm/s", "time_unit": "us"}
    told = f"has the columns {header.replace(';', ', ')}, where x and y are needed, beside them receiver and direction"
    with pytest.raises(ReceiverFileError, match=told):
        ep.Receivers.read(path, **given)
    places.write_text(places.read_text().replace(header, "receiver;x;y;Bemerkung"))
    assert ep.Receivers.read(path, **given).xy[3].tolist() == pytest.approx([3.5e-3, 2e-3])


@pytest.mark.parametrize(
    ("decimal", "given", "told"),
    [
        (",", {"decimal": "."}, r"decimal='\.', but is one by delimiter=';', decimal=',': give these, or neither"),
        (".", {"delimiter": ","}, r"delimiter=',', but is one by delimiter=';', decimal='\.'"),
        (
            ",",
            {"delimiter": ";", "decimal": "."},
            r"delimiter=';', decimal='\.', but is one by delimiter=';'",
        ),
    ],
)
def test_signs_that_make_no_table_are_refused_with_those_that_do(decimal, given, told, tmp_path):
    path = of_channels(tmp_path / "scan.csv", "time [us]", "Kanal {}", decimal)
    with pytest.raises(ReceiverFileError, match=f"is no table by {told}"):
        ep.Receivers.read(path, **GERMAN, value_unit="mm/s", **given)


def test_a_long_table_has_several_shots_by_its_column(tmp_path):
    each = [(shot, x, t) for shot in ("left", "right") for x in (0, 1) for t in (0, 1)]
    rows = [f"{shot},0,{x},{t},{number}" for number, (shot, x, t) in enumerate(each, 1)]
    path = table(tmp_path / "scan.csv", "shot,y,x,time,velocity_x", *rows)
    found = ep.Receivers.read(path, **UNITS)
    assert found.shots == ("left", "right")
    for records, first in zip(found.records, (1, 5), strict=True):
        assert np.allclose(records.xy, [[0, 0], [1e-3, 0]])
        assert np.allclose(records.values[..., 0], 1e-3 * (first + np.arange(4).reshape(2, 2)))
    named = [f"{shot},r{x},{t},{number}" for number, (shot, x, t) in enumerate(each, 1)]
    by_name = table(tmp_path / "named.csv", "shot,receiver,time,velocity_x", *named)
    again = ep.Receivers.read(by_name, **UNITS, positions=[[0, 0], [1, 0]])  # of each shot
    for one, other in zip(found.records, again.records, strict=True):
        assert one.shot == other.shot and np.array_equal(one.values, other.values) and np.allclose(one.xy, other.xy)
    with pytest.raises(ep.ConfigError, match="shot = 'hammer' is the name of one, and it has left, right: leave"):
        ep.Receivers.read(path, **UNITS, shot="hammer")
    lost = table(tmp_path / "lost.csv", "shot,y,x,time,velocity_x", rows[0], rows[1].removeprefix("left"))
    with pytest.raises(ReceiverFileError, match="line 3: no shot; give each row its shot"):
        ep.Receivers.read(lost, **UNITS)


def test_a_wide_table_is_of_the_one_shot_that_its_column_names(tmp_path):
    options = {**SAID, "directions": ["x"], "positions": [[0, 0], [1, 0]]}
    path = table(tmp_path / "scan.csv", "shot,time,a,b", "7,0,1,2", "7,1,3,4")
    found = ep.Receivers.read(path, **options)
    assert found.shots == ("7",) and np.allclose(found.records[0].values[..., 0], 1e-3 * np.array([[1, 3], [2, 4]]))
    both = table(tmp_path / "both.csv", "shot,time,a,b", "7,0,1,2", "8,1,3,4")
    with pytest.raises(ReceiverFileError, match="is of one shot, and its column shot has 7, 8: give layout='long'"):
        ep.Receivers.read(both, **options)


def test_what_is_not_read_of_a_file_is_told(tmp_path):
    path = tmp_path / "scan.npz"
    np.savez(path, velocity=VALUES, time=files.TIME, xy=XY, gain=np.ones((6, 2)), noise=np.ones((6, 2)))
    _, notes = read_recordings(path, None, UNITS | ALONG, {})
    assert notes[0].endswith("receiver, time, direction; not read: gain, noise")
    np.savez(path, velocity=VALUES, time=files.TIME, xy=XY)
    assert "not read" not in read_recordings(path, None, UNITS | ALONG, {})[1][0]
    long = table(tmp_path / "long.csv", "x,y,time,velocity_x,gain", "0,0,0,1,2", "0,0,1,3,2")
    assert read_recordings(long, None, UNITS, {})[1][0].endswith("1 channel each; not read: gain")
    wide = table(tmp_path / "wide.csv", "time,a,trigger", "0,1,2", "1,3,2")
    options = {**SAID, "positions": [[0, 0]], "directions": ["x"], "value_columns": ["a"]}
    assert read_recordings(wide, None, options, {})[1][0].endswith("1 channels in columns; not read: trigger")


def test_a_long_table_has_directions_by_its_column(tmp_path):
    each = [(along, x, t) for along in ("y", "-x") for x in (0, 1) for t in (0, 1)]
    rows = [f"{along},0,{x},{t},{number}" for number, (along, x, t) in enumerate(each, 1)]
    path = table(tmp_path / "scan.csv", "Direction,y,x,time,velocity", *rows)
    found = ep.Receivers.read(path, **UNITS)
    assert np.allclose(found.xy, [[0, 0], [1e-3, 0]])
    assert np.allclose(found.velocity, 1e-3 * np.array([[[-5, 1], [-6, 2]], [[-7, 3], [-8, 4]]]))
    with pytest.raises(ReceiverFileError, match=r"a column Direction, .* beside the option directions: leave one out"):
        ep.Receivers.read(path, **UNITS, directions=["x"])
    two = table(tmp_path / "two.csv", "direction,x,y,time,velocity_x,velocity_y", "x,0,0,0,1,2", "x,0,0,1,2,3")
    with pytest.raises(ReceiverFileError, match="beside the columns velocity_x, velocity_y: leave one out"):
        ep.Receivers.read(two, **UNITS)
    lost = table(tmp_path / "lost.csv", "direction,x,y,time,velocity", "x,0,0,0,1", ",0,0,1,2")
    with pytest.raises(ReceiverFileError, match="line 3: no direction; give each row its direction"):
        ep.Receivers.read(lost, **UNITS)
    named = [f"{along},r{x},{t},{number}" for number, (along, x, t) in enumerate(each, 1)]
    by_name = table(tmp_path / "named.csv", "direction,receiver,time,velocity", *named)
    assert "channel_order" in missing(by_name, **UNITS, positions=[[0, 0], [1, 0]])
    again = ep.Receivers.read(by_name, **UNITS, positions=[[0, 0], [1, 0]], channel_order="by direction")
    assert np.array_equal(again.velocity, found.velocity) and np.allclose(again.xy, found.xy)


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        ("t (us),a (mm/s),b (um/ms)\n", True), ("t,a,b\nus,mm/s,um/ms\n", True), ("t,a,b\nus,V,volt\n", True),
        ("t (us),a (mm/s),b (m/s)\n", False), ("t (us),a,b\nµs,mm/s,mm/s\n", True),
        ("t (us),a,b\nms,mm/s,mm/s\n", False),
    ],
)  # fmt: skip
def test_columns_in_one_unit_in_other_words_are_in_one_unit(head, is_one, tmp_path):
    path = tmp_path / "scope.csv"
    path.write_text(head + "\n".join(f"{i},{i % 3},{i % 4}" for i in range(20)))
    given = {"kind": "velocity", "length_unit": "mm", "positions": [[0, 0], [5, 0]], "directions": ["y"]}
    given |= {"time_column": "t", "value_columns": ["a", "b"]} | ({"value_unit": "2 mm/s"} if "V" in head else {})
    if not is_one:
        with pytest.raises(
            ep.ElasticPinnError, match=r"are in m/s and mm/s: import them apart|t is in ms, and in us by"
        ):
            ep.Receivers.read(path, **given)
        return
    read = ep.Receivers.read(path, **given)
    assert read.only.time[1] == 1e-6 and read.only.values.max() == pytest.approx(6e-3 if "V" in head else 3e-3)
