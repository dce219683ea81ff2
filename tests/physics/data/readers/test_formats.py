"""The same recording comes out of every format, in SI units."""

import sys

import numpy as np
import pytest

import elastic_pinn as ep
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
    "v.sgy": (files.segy, {"value_unit": "mm/s"}),
    "v.su": (files.su, {"value_unit": "mm/s", "length_unit": "m"}),
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
    plain = ep.Receivers.read(files.segy(tmp_path / "plain.sgy"), value_unit="mm/s")
    found = ep.Receivers.read(tmp_path / "v.sgy", value_unit="mm/s")
    np.testing.assert_allclose(found.velocity, plain.velocity / 4.0)
    assert found.time[0] == pytest.approx(first)
