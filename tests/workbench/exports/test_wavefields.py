"""What is written of a quantity over time, others can read."""

import shutil
import subprocess
from importlib.metadata import version

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from elastic_pinn.workbench.exports import wavefields
from elastic_pinn.workbench.quantities import GridFields, fields_of


@pytest.fixture
def fields(forward_run, monkeypatch) -> GridFields:
    monkeypatch.setattr(wavefields, "FRAMES", 3)
    return fields_of(forward_run.latest(), nodes=9)


def test_netcdf_holds_values_over_coordinates_with_units(fields, tmp_path):
    wavefields.write_netcdf(fields, "stress_xx", tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf", decode_times=False) as data:
        found = data["stress_xx"]
        assert found.dims == ("time", "x", "y") and found.shape == (3, 9, 9)
        assert [found.attrs["units"], *(data[name].attrs["units"] for name in found.dims)] == ["Pa", "s", "m", "m"]
        np.testing.assert_array_equal(found[1], fields.at("stress_xx", 1.0))
        assert data["time"].values.tolist() == [0.0, 1.0, 2.0]


def test_netcdf_says_what_it_holds_and_where_it_comes_from(fields, forward_run, tmp_path):
    wavefields.write_netcdf(fields, "stress_xx", tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf", decode_times=False) as data:
        origin = data.attrs
        assert all(data[name].attrs["long_name"] for name in ("stress_xx", "time", "x", "y"))
        assert data["stress_xx"].attrs["long_name"] == "normal stress along x"
    newest = forward_run.latest()
    assert (origin["run"], origin["checkpoint"], origin["step"]) == ("forward", str(newest.path), 10)
    assert {name: origin[f"material_{name}"] for name in ("lambda", "mu", "rho")} == newest.material()
    assert [origin[f"material_{name}_units"] for name in ("lambda", "mu", "rho")] == ["Pa", "Pa", "kg/m3"]
    assert origin["elastic_pinn_version"] == version("elastic_pinn") and origin["Conventions"].startswith("CF")


def test_times_have_no_digits_that_are_rounding(forward_run):
    times = wavefields.instants(fields_of(forward_run.latest(), nodes=2))
    assert [str(t) for t in times[:5]] == ["0.0", "0.05", "0.1", "0.15", "0.2"]


def test_vtk_is_a_series_of_images_of_the_same_values(fields, tmp_path):
    wavefields.write_vtk(fields, "u_x", tmp_path / "a.pvd")
    series = (tmp_path / "a.pvd").read_text()
    assert series.count("<DataSet") == 3 and "a-002.vti" in series
    image = (tmp_path / "a-001.vti").read_bytes()
    assert b'WholeExtent="0 8 0 8 0 0"' in image and b'Spacing="0.125 0.125 1.0' in image
    raw = image.split(b'encoding="raw">')[1].split(b"_", 1)[1][8 : 8 + 81 * 8]  # after the length
    np.testing.assert_array_equal(np.frombuffer(raw).reshape(9, 9, order="F"), fields.at("u_x", 1.0))


def test_a_gif_has_a_frame_for_each_instant(fields, tmp_path):
    wavefields.write_gif(fields, "magnitude", tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as film:
        assert film.n_frames == 3


def test_without_ffmpeg_a_film_is_refused_with_a_way_out(fields, tmp_path, monkeypatch):
    monkeypatch.setattr(wavefields.FFMpegWriter, "isAvailable", lambda: False)
    with pytest.raises(OSError, match=r"needs ffmpeg.*or take a GIF"):
        wavefields.write_mp4(fields, "magnitude", tmp_path / "a.mp4")


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="a film needs ffmpeg (apt install ffmpeg)")
def test_a_film_has_a_frame_for_each_instant(fields, tmp_path):
    wavefields.write_mp4(fields, "magnitude", tmp_path / "a.mp4")
    ask = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"]
    assert subprocess.check_output([*ask, tmp_path / "a.mp4"], text=True).strip().rstrip(",") == "3"


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="a film needs ffmpeg (apt install ffmpeg)")
def test_what_ffmpeg_says_when_it_fails_is_told(fields, tmp_path):
    with pytest.raises(OSError, match="No such file or directory"):
        wavefields.write_mp4(fields, "magnitude", tmp_path / "nowhere" / "a.mp4")


def test_an_export_is_whole_or_not_there(fields, tmp_path, monkeypatch):
    wavefields.write(fields, "u_x", tmp_path / "run" / "a.pvd")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"a.pvd", *(f"a-{i:03d}.vti" for i in range(3))}
    assert 'file="a-000.vti"' in (tmp_path / "run" / "a.pvd").read_text()

    def cut_short(fields, name, path):
        path.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setitem(wavefields.WRITERS, "nc", cut_short)
    with pytest.raises(OSError, match="No space"):
        wavefields.write(fields, "u_x", tmp_path / "film" / "a.nc")
    assert not list((tmp_path / "film").iterdir())
