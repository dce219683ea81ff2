"""The same recording comes out of every format, in SI units."""

import sys
import warnings

import h5py
import numpy as np
import pytest

import elastic_pinn as ep
from elastic_pinn.physics.data import ReceiverFileError
from elastic_pinn.physics.data.readers.importing import read_recordings
from tests.physics.data.readers import files
from tests.physics.data.readers.files import ALONG, SAID, TIME, UNITS, VALUES, XY

ROWS = XY.tolist()
IN_ARRAYS = {**SAID, **ALONG}
CASES = {
    "long.csv": (files.long_csv, UNITS),
    "wide.csv": (files.wide_csv, {**SAID, **ALONG, "positions": ROWS, "channel_order": "by receiver"}),
    "v.npy": (files.npy, {**IN_ARRAYS, "positions": ROWS, "time_step": 0.5, "first_time": 1.0,
                          "axes": ["receiver", "time", "direction"]}),
    "v.npz": (files.npz, {**UNITS, **ALONG}),
    "v5.mat": (files.mat5, {**IN_ARRAYS, "value_columns": ["vx", "vy"]}),
    "v73.mat": (files.mat73, {**UNITS, **ALONG}),
    "v.h5": (files.hdf5, {**ALONG, "value_columns": "velocity", "kind": "velocity", "xy_column": "scan/xy"}),
    "v.nc": (files.netcdf, {}),
    "v.uff": (files.uff, {}),
}  # fmt: skip
SLOW_CLOCK = {
    "v.sgy": (files.segy, {"value_unit": "mm/s", **ALONG, "channel_order": "by receiver"}),
    "v.su": (files.su, {"kind": "velocity", "value_unit": "mm/s", "length_unit": "m", **ALONG,
                        "channel_order": "by receiver"}),
    "v.mseed": (files.miniseed, {"kind": "velocity", "value_unit": "mm/s", "positions": ROWS, "length_unit": "m",
                                 "first_time": 1e-3}),
    "v.sg2": (files.seg2, {"kind": "velocity", "value_unit": "mm/s", **ALONG, "channel_order": "by receiver"}),
}  # fmt: skip


def assert_is_the_recording(found: ep.Receivers, size: float, rtol: float) -> None:
    """size: of a mm in the file, in m."""
    order = np.lexsort(found.xy.T[::-1])
    np.testing.assert_allclose(found.xy[order], size * XY, rtol=1e-12)
    np.testing.assert_allclose(found.time, 1e-3 * size * TIME, rtol=1e-12)
    np.testing.assert_allclose(found.velocity[order], 1e-3 * VALUES, rtol=rtol)


@pytest.mark.parametrize("name", CASES)
def test_a_recording_is_read(name, tmp_path):
    write, options = CASES[name]
    assert_is_the_recording(ep.Receivers.read(write(tmp_path / name), **options), 1e-3, 1e-12)


@pytest.mark.parametrize("name", SLOW_CLOCK)
def test_a_recording_of_geophysics_is_read(name, tmp_path):
    write, options = SLOW_CLOCK[name]
    assert_is_the_recording(ep.Receivers.read(write(tmp_path / name), **options), 1.0, 1e-6)


def test_a_text_uff_is_read_too(tmp_path):
    found = ep.Receivers.read(files.uff(tmp_path / "v.unv", binary=0))
    assert_is_the_recording(found, 1e-3, 1e-5)


@pytest.mark.parametrize("name", ["v.npz", "v5.mat", "v.nc", "v.uff"])
def test_content_tells_the_format_where_the_name_does_not(name, tmp_path):
    write, options = CASES[name]
    path = write(tmp_path / name).rename(tmp_path / "recording")
    if name in ("v.nc",):  # HDF5, of which NetCDF is a kind that only the name tells
        options = {**options, "format": "netcdf"}
    assert_is_the_recording(ep.Receivers.read(path, **options), 1e-3, 1e-12)


def test_a_name_that_contradicts_the_content_is_refused(tmp_path):
    path = files.npz(tmp_path / "v.npz").rename(tmp_path / "v.csv")
    with pytest.raises(ep.ElasticPinnError, match=r"is called \.csv, but begins as npz"):
        ep.Receivers.read(path)


def test_times_of_netcdf_are_no_dates(tmp_path):
    import xarray

    times = xarray.Variable("time", [1.0, 2.0, 3.0], {"units": "milliseconds"})
    values = xarray.Variable(("receiver", "time", "direction"), VALUES[:, :3], {"units": "mm/s"})
    xarray.Dataset({"velocity": values, "time": times}).to_netcdf(tmp_path / "scan.nc", engine="h5netcdf")
    found = ep.Receivers.read(tmp_path / "scan.nc", positions=ROWS, length_unit="mm", **ALONG)
    np.testing.assert_allclose(found.time, [1e-3, 2e-3, 3e-3])


@pytest.mark.parametrize(("name", "module"), [("v.uff", "pyuff"), ("v.sgy", "obspy")])
def test_a_format_of_the_extra_tells_how_to_install_it(name, module, tmp_path, monkeypatch):
    write, options = (CASES | SLOW_CLOCK)[name]
    path = write(tmp_path / name)
    monkeypatch.setitem(sys.modules, module, None)  # as where it is not installed
    with pytest.raises(ep.ElasticPinnError, match=r'install the extra: pip install "elastic_pinn\[formats\]"'):
        ep.Receivers.read(path, **options)


@pytest.mark.parametrize(("scalar", "first"), [(-10, 1e-4), (10, 1e-2), (0, 1e-3)])
def test_weights_and_scalars_of_trace_headers_are_applied(scalar, first, tmp_path):
    traces = files.stream("segy")
    for trace in traces:
        trace.stats.segy.trace_header.update({"trace_weighting_factor": 2, "scalar_to_be_applied_to_times": scalar})
    traces.write(str(tmp_path / "v.sgy"), format="SEGY", data_encoding=5)
    _, options = SLOW_CLOCK["v.sgy"]
    plain = ep.Receivers.read(files.segy(tmp_path / "plain.sgy"), **options)
    found = ep.Receivers.read(tmp_path / "v.sgy", **options)
    np.testing.assert_allclose(found.velocity, plain.velocity / 4.0)
    assert found.time[0] == pytest.approx(first)


def changed(path, change):
    """A SEG-Y file with each trace's header changed: change(number, header)."""
    traces = files.stream("segy")
    for number, trace in enumerate(traces):
        change(number, trace.stats.segy.trace_header)
    traces.write(str(path), format="SEGY", data_encoding=5)
    return path


def test_traces_that_are_no_records_are_left_out(tmp_path):
    def make_dead(number, header):
        header.trace_identification_code = 2 if number in (4, 5) else header.trace_identification_code

    _, options = SLOW_CLOCK["v.sgy"]
    found = ep.Receivers.read(changed(tmp_path / "v.sgy", make_dead), **options)
    np.testing.assert_allclose(found.velocity, 1e-3 * np.delete(VALUES, 2, axis=0), rtol=1e-6)


def test_elevations_have_a_scalar_of_their_own(tmp_path):
    def with_heights(number, header):
        header.update({"receiver_group_elevation": 10 * (number // 2), "scalar_to_be_applied_to_all_coordinates": -10})
        header.scalar_to_be_applied_to_all_elevations_and_depths = -100

    options = {**SLOW_CLOCK["v.sgy"][1], "directions": ["x", "z"], "plane": "xz"}
    found = ep.Receivers.read(changed(tmp_path / "v.sgy", with_heights), **options)
    np.testing.assert_allclose(found.xy, np.stack([0.1 * XY[:, 0], 0.1 * np.arange(6)], axis=1))


@pytest.mark.parametrize("scalar", [0, -10])
def test_samples_that_a_mute_set_to_zero_are_gaps_and_others_within_it_are_not(scalar, tmp_path):
    traces = files.stream("segy")
    times = {"delay_recording_time": 1, "mute_time_start_time_in_ms": 2, "mute_time_end_time_in_ms": 4}
    in_ms = {name: value * -scalar if scalar else value for name, value in times.items()}
    for number, trace in enumerate(traces):
        ends = in_ms if number < 6 else {"delay_recording_time": in_ms["delay_recording_time"]}
        trace.stats.segy.trace_header.update({"scalar_to_be_applied_to_times": scalar} | ends)
        trace.data[[1, 2, 3, 4, 6]] = 0.0  # 1.5 to 3.0 ms, and 4.0
    traces.write(str(tmp_path / "v.sgy"), format="SEGY", data_encoding=5)
    found = ep.Receivers.read(tmp_path / "v.sgy", **SLOW_CLOCK["v.sgy"][1])
    gaps = np.argwhere(np.isnan(found.only.values))  # (N, 3)
    assert gaps.tolist() == [[r, t, c] for r in range(3) for t in (2, 3, 4, 6) for c in (0, 1)]


@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_samples_that_netcdf_never_wrote_are_gaps_without_an_attribute_too(kind, tmp_path):
    import xarray

    values = VALUES.astype(kind)
    values[2, 5:9] = 9.969209968386869e36
    whole = xarray.Variable(("receiver", "time", "direction"), values, {"units": "mm/s"}, {"_FillValue": None})
    times = xarray.Variable("time", TIME, {"units": "us"})
    xarray.Dataset({"velocity": whole, "time": times}).to_netcdf(tmp_path / "scan.nc", engine="h5netcdf")
    found = ep.Receivers.read(tmp_path / "scan.nc", positions=ROWS, length_unit="mm", **ALONG)
    assert np.argwhere(np.isnan(found.only.values[..., 0])).tolist() == [[2, t] for t in range(5, 9)]


def in_two_shots(path, of, **source):
    """A SEG-Y file of which the last six traces, of three receivers, are of another shot."""

    def change(number, header):
        header.update({name: (1, value)[number >= of] for name, value in source.items()})

    return changed(path, change)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ({"original_field_record_number": 7}, ("1", "7")),
        ({"source_coordinate_x": 30}, ("0 from (1, 0)", "0 from (30, 0)")),
        ({"original_field_record_number": 7, "source_coordinate_x": 30}, ("1", "7")),
    ],
)
def test_traces_of_several_shots_are_told_apart(source, names, tmp_path):
    _, options = SLOW_CLOCK["v.sgy"]
    found = ep.Receivers.read(in_two_shots(tmp_path / "v.sgy", 6, **source), **options)
    assert found.shots == names
    for records, part in zip(found.records, (slice(0, 3), slice(3, 6)), strict=True):
        np.testing.assert_allclose(records.xy, XY[part])
        np.testing.assert_allclose(records.values, 1e-3 * VALUES[part], rtol=1e-6)
    one = ep.Receivers.read(tmp_path / "v.sgy", **options, shot="hammer")
    assert one.shots == ("hammer",)
    assert_is_the_recording(one, 1.0, 1e-6)


def test_places_and_directions_of_each_shot_are_given_once(tmp_path):
    path, (_, options) = in_two_shots(tmp_path / "v.sgy", 6, original_field_record_number=7), SLOW_CLOCK["v.sgy"]
    options = {**options, "length_unit": "m"}
    found = ep.Receivers.read(path, **options, positions=ROWS[:3])
    for records, part in zip(found.records, (slice(0, 3), slice(3, 6)), strict=True):
        np.testing.assert_allclose(records.xy, XY[:3])
        np.testing.assert_allclose(records.values, 1e-3 * VALUES[part], rtol=1e-6)
    with pytest.raises(ep.ConfigError, match=r"positions has 5 rows, and .* has 6 and 6 channels in its shots: give"):
        ep.Receivers.read(path, **options, positions=ROWS[:5])
    with pytest.raises(ep.ConfigError, match=r"shots = \['one', 'two'\] are the names along an axis"):
        ep.Receivers.read(path, **options, shots=["one", "two"])


def test_shots_of_seg2_are_told_apart(tmp_path):
    path = files.seg2(tmp_path / "v.sg2", source=lambda r: 0.0 if r < 3 else 30.0)
    found = ep.Receivers.read(path, **SLOW_CLOCK["v.sg2"][1])
    assert found.shots == ("from (0, 0, 0)", "from (30, 0, 0)")


def test_corrections_of_seg2_that_are_not_applied_are_told(tmp_path):
    _, options = SLOW_CLOCK["v.sg2"]
    for headers, told in (({"SKEW": "0.0002", "POLARITY": "-1"}, ", which have POLARITY and SKEW in their headers"),
                          ({"SKEW": "0.000"}, "times their descaling factors")):  # fmt: skip
        _, notes = read_recordings(files.seg2(tmp_path / "v.sg2", **headers), None, options, {})
        assert notes[0].removesuffix(": not applied").endswith(told)


def test_angles_are_no_places_and_along_a_line_is_x_only_where_it_lies_along_x(tmp_path):
    def in_degrees(number, header):
        header.coordinate_units = 3

    path = changed(tmp_path / "degrees.sgy", in_degrees)
    with pytest.raises(ep.ConfigError, match="positions: where the receivers are"):
        ep.Receivers.read(path, value_unit="mm/s", **ALONG, channel_order="by receiver")
    with pytest.raises(ep.ConfigError, match="directions: along which"):
        ep.Receivers.read(files.segy(tmp_path / "grid.sgy"), value_unit="mm/s")

    def onto_x(number, header):
        header.update({"group_coordinate_x": number // 2, "group_coordinate_y": 0})

    found = ep.Receivers.read(changed(tmp_path / "line.sgy", onto_x), value_unit="mm/s")
    np.testing.assert_allclose(found.velocity, 1e-3 * VALUES, rtol=1e-6)


@pytest.mark.parametrize("name", ["v.sgy", "v.sg2"])
def test_times_that_a_format_has_in_seconds_are_not_taken_in_another_unit(name, tmp_path):
    write, options = SLOW_CLOCK[name]
    with pytest.raises(ep.ConfigError, match="has times of its own, in s: leave out time_unit"):
        ep.Receivers.read(write(tmp_path / name), **options, time_unit="us")


def test_the_unit_of_a_first_time_is_not_that_of_the_samples(tmp_path):
    write, options = SLOW_CLOCK["v.mseed"]
    found = ep.Receivers.read(write(tmp_path / "v.mseed"), **options | {"first_time": 1000.0, "time_unit": "us"})
    assert_is_the_recording(found, 1.0, 1e-6)


def uff_with(path, **changes):
    """A UFF file of which the last response is another one."""
    import pyuff

    files.uff(path)
    with warnings.catch_warnings(action="ignore"):  # pyuff closes no file that it reads
        sets = pyuff.UFF(str(path)).read_sets()
        sets[-1].update(changes)
        path.unlink()
        pyuff.UFF(str(path)).write_sets(sets, mode="overwrite")
    return path


def test_channels_of_unlike_units_are_told(tmp_path):
    with pytest.raises(ReceiverFileError, match="channels in m/s and mm/s: import those of one unit at a time"):
        ep.Receivers.read(uff_with(tmp_path / "v.uff", ordinate_axis_units_lab="m/s"))


def test_a_response_along_an_axis_the_other_way_is_turned(tmp_path):
    found = ep.Receivers.read(uff_with(tmp_path / "v.uff", rsp_dir=-2))
    turned = VALUES.copy()
    turned[5, :, 1] *= -1.0
    np.testing.assert_allclose(found.velocity[np.lexsort(found.xy.T[::-1])], 1e-3 * turned)


ALL_UNITS = {"velocity_x": "mm/s", "velocity_y": "mm/s", "time": "us", "x": "mm", "y": "mm"}


def with_units_of(path, **units):
    """An HDF5 file of one data set for each component and axis."""
    with h5py.File(path, "w") as file:
        for name, values in {
            "velocity_x": VALUES[..., 0], "velocity_y": VALUES[..., 1], "time": TIME, "x": XY[:, 0], "y": XY[:, 1]
        }.items():  # fmt: skip
            file[name] = values
            if unit := (ALL_UNITS | units)[name]:
                file[name].attrs["units"] = unit
    return path


def test_each_array_has_the_unit_of_the_others(tmp_path):
    assert_is_the_recording(ep.Receivers.read(with_units_of(tmp_path / "v.h5")), 1e-3, 1e-12)
    for name, unit, told in (("velocity_y", "m/s", "velocity_x, velocity_y are in m/s and mm/s"),
                             ("y", "m", "x, y are in m and mm")):  # fmt: skip
        with pytest.raises(ReceiverFileError, match=f"{told}: import them apart, or in one unit"):
            ep.Receivers.read(with_units_of(tmp_path / "v.h5", **{name: unit}))
    for name, option in (("velocity_y", "value_unit"), ("x", "length_unit")):  # one is not told, and none is guessed
        with pytest.raises(ep.ConfigError, match=f"no option gives, {option}"):
            ep.Receivers.read(with_units_of(tmp_path / "v.h5", **{name: ""}))


PACKED = {"scale_factor": 1e-3, "add_offset": 1.0, "_FillValue": -9.0, "missing_value": -9.0}


@pytest.mark.parametrize("named", PACKED)
def test_packed_numbers_of_netcdf_are_not_read_as_plain_ones(named, tmp_path):
    path = files.hdf5(tmp_path / "v.h5")
    with h5py.File(path, "r+") as file:
        file["velocity"].attrs.update({"_FillValue": np.nan, named: PACKED[named]})
    _, options = CASES["v.h5"]
    with pytest.raises(ReceiverFileError, match=f"velocity has the attribute {named}, by which NetCDF packs numbers"):
        ep.Receivers.read(path, **options)
    with h5py.File(path, "r+") as file:
        del file["velocity"].attrs[named]
    assert_is_the_recording(ep.Receivers.read(path, **options), 1e-3, 1e-12)


def test_a_noise_is_in_the_unit_of_the_values(tmp_path):
    write, options = CASES["v.npz"]
    assert ep.Receivers.read(write(tmp_path / "v.npz"), **options, noise=0.2).noise == pytest.approx(2e-4)  # m/s
    counts = {**options, "value_unit": "0.03 um/s"}  # of a count
    assert ep.Receivers.read(tmp_path / "v.npz", **counts, noise=2.0).noise == pytest.approx(6e-8)


def test_what_is_taken_in_place_of_what_a_file_says_is_told(tmp_path, caplog):
    ep.Receivers.read(files.uff(tmp_path / "v.uff"), value_unit="m/s", kind="velocity")
    assert [record.getMessage() for record in caplog.records if "is taken" in record.getMessage()] == [
        f"{tmp_path / 'v.uff'} says mm/s, and value_unit = m/s is taken, as it was given"
    ]


def test_one_unit_in_other_words_is_no_other_unit(tmp_path, caplog):
    same = {"length_unit": "mm", "value_unit": "1 mm/s", "time_unit": "s"}  # the file says 0.001 m, mm/s and s
    assert ep.Receivers.read(files.uff(tmp_path / "v.uff"), **same).xy.max() == pytest.approx(0.02)
    assert not [record for record in caplog.records if "is taken" in record.getMessage()]
    ep.Receivers.read(tmp_path / "v.uff", length_unit="cm")
    assert "says 0.001 m, and length_unit = cm is taken, as it was given" in caplog.text


def system_18(number=2, x_point=(1.0, 0.0, 0.0)):
    return {
        "type": 18, "cs_num": [number], "ref_cs_num": [1], "ref_o": [[0.0] * 3], "x_point": [x_point],
        "xz_point": [[0.0, 0.0, 1.0]],
    }  # fmt: skip


def system_2420(number=2, kind=0, moved=0.0):
    matrix = np.vstack([np.eye(3), np.full(3, moved)])
    return {
        "type": 2420, "CS_sys_labels": [number], "CS_types": [kind], "CS_colors": [8], "CS_names": ["own"],
        "CS_matrices": [matrix],
    }  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"def_cs": 1, "disp_cs": 1}, {"def_cs": 2, "systems": [system_18()]},
        {"def_cs": 2, "disp_cs": 2, "systems": [system_2420()]}, {"systems": [system_2420(7, kind=1)]},
    ],
)  # fmt: skip
def test_places_in_the_global_system_are_taken_under_whatever_number(changes, tmp_path):
    assert_is_the_recording(ep.Receivers.read(files.uff(tmp_path / "v.uff", **changes)), 1e-3, 1e-6)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"def_cs": 2}, "node 1 lies in coordinate system 2, which is not known to be the global"),
        ({"disp_cs": 3}, "node 1 recorded along axes in coordinate system 3"),
        ({"def_cs": 2, "systems": [system_18(x_point=(0.0, 1.0, 0.0))]}, "lies in coordinate system 2"),
        ({"def_cs": 1, "systems": [system_2420(1, kind=1)]}, "lies in coordinate system 1"),
        ({"def_cs": 2, "systems": [system_2420(moved=5.0)]}, "lies in coordinate system 2"),
    ],
)
def test_places_and_axes_of_another_coordinate_system_are_refused_unless_given(changes, told, tmp_path):
    path = files.uff(tmp_path / "v.uff", **changes)
    with pytest.raises(ReceiverFileError, match=f"{told}.*: export in that one, or give (positions|directions)"):
        ep.Receivers.read(path)
    given = {"positions": ROWS, "directions": ["x", "y"], "length_unit": "mm", "channel_order": "by receiver"}
    assert_is_the_recording(ep.Receivers.read(path, **given), 1e-3, 1e-6)


def test_files_of_one_name_in_folders_of_their_own_are_told_apart(tmp_path, monkeypatch):
    paths = [tmp_path / shot / "long.csv" for shot in ("left", "right")]
    for path in paths:
        path.parent.mkdir()
        files.long_csv(path)
        monkeypatch.setattr(files, "VALUES", files.VALUES[::-1].round(3) ** 2)
    found = ep.Receivers.read(paths, **UNITS, of_files={path: {"shot": path.parent.name} for path in paths})
    assert found.shots == ("left", "right")
    for path in paths:
        assert f'"{path}": {{"shot": "{path.parent.name}"}}' in found.provenance
