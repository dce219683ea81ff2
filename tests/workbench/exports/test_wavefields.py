"""What is written of a quantity over time, others can read."""

import json
import shutil
from importlib.metadata import version

import fsspec
import numpy as np
import pytest
import torch
import xarray as xr

import elastic_pinn as ep
from elastic_pinn.physics.media.material import ALUMINIUM
from elastic_pinn.workbench.exports import wavefields
from elastic_pinn.workbench.figures.wavefields.shown_fields import shown_fields
from elastic_pinn.workbench.quantities import QUANTITIES, GridFields, QuantityError, origin_of
from tests.plates import PLATE

TIMES = [0.0, 1.0, 2.0]  # s


@pytest.fixture
def fields(forward_run) -> GridFields:
    return shown_fields(forward_run.latest(), nodes=9)


def test_netcdf_holds_values_over_coordinates_with_units(fields, tmp_path):
    wavefields.write_netcdf(fields, ["stress_xx"], TIMES, tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf", decode_times=False) as data:
        found = data["stress_xx"]
        assert found.dims == ("time", "x", "y") and found.shape == (3, 9, 9)
        assert [found.attrs["units"], *(data[name].attrs["units"] for name in found.dims)] == ["Pa", "s", "m", "m"]
        np.testing.assert_array_equal(found[1], fields.at("stress_xx", 1.0))
        assert data["time"].values.tolist() == [0.0, 1.0, 2.0]


def test_netcdf_says_what_it_holds_and_where_it_comes_from(fields, forward_run, tmp_path):
    wavefields.write_netcdf(fields, ["stress_xx"], TIMES, tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf", decode_times=False) as data:
        origin = data.attrs
        assert all(data[name].attrs["long_name"] for name in ("stress_xx", "time", "x", "y"))
        assert data["stress_xx"].attrs["long_name"] == "normal stress along x"
    newest = forward_run.latest()
    assert (origin["run"], origin["checkpoint"], origin["step"]) == ("forward", str(newest.path), 10)
    assert {name: origin[f"material_{name}"] for name in ("lambda", "mu", "rho")} == newest.material()
    assert [origin[f"material_{name}_units"] for name in ("lambda", "mu", "rho")] == ["Pa", "Pa", "kg/m3"]
    assert origin["elastic_pinn_version"] == version("elastic_pinn") and origin["Conventions"].startswith("CF")


def test_netcdf_says_how_far_it_is_off_and_how_its_run_ended(plate_run, forward_run):
    origin, summary = shown_fields(plate_run.latest(), nodes=2).origin, plate_run.summary
    assert origin["estimated_error_displacement"] == summary.metrics["error/estimated"]
    assert origin["estimated_error_stress"] == summary.metrics["error/estimated_stress"]
    assert (origin["error_units"], origin["error_norm"]) == ("1", "relative L2")
    assert origin["verdict"] == f"completed: {summary.reason}" and "estimated error of the" in origin["verdict"]
    assert origin["warnings"] == "; ".join(summary.warnings) != ""
    origin = shown_fields(forward_run.latest(), nodes=2).origin
    assert origin["error_displacement"] == forward_run.summary.metrics["error/displacement"]


def test_of_a_checkpoint_within_a_run_netcdf_has_the_error_of_its_own_and_no_verdict(plate_run, forward_run):
    within = ep.load_checkpoint(forward_run.checkpoints()[0].path)
    assert origin_of(within)["error_displacement"] == within.metrics["error/displacement"]
    assert not {"verdict", "warnings"} & {*origin_of(within)}
    last = plate_run.latest()  # the estimate is made at the end: before, the metric is not known
    last.metrics |= dict.fromkeys(["error/estimated", "error/estimated_stress"], float("nan"))
    assert not [name for name in origin_of(last) if "error" in name]


def test_the_verdict_is_of_the_very_checkpoint_that_its_run_ended_with(plate_run, tmp_path):
    newest = plate_run.latest().path
    run = ep.Run(shutil.copytree(plate_run.path, tmp_path / "run"))
    path, summary = run.path / "checkpoints" / newest.name, run.path / "summary.json"
    assert "verdict" in origin_of(ep.load_checkpoint(path))
    of_run = json.loads(summary.read_text())
    for other in ({"run_id": "another"}, {"generation": 1}, {"checkpoint": "another.h5"}, {"status": "running"}):
        summary.write_text(json.dumps(of_run | other))
        assert "verdict" not in origin_of(ep.load_checkpoint(path)), other
    summary.write_text(json.dumps(of_run)[:-20])
    assert "verdict" not in (origin := origin_of(ep.load_checkpoint(path))) and origin["run"] == "run"
    alone = shutil.copy(newest, tmp_path)
    assert "verdict" not in origin_of(ep.load_checkpoint(alone))


def test_a_run_on_a_remote_store_has_its_verdict_too(plate_run):
    store, there = fsspec.filesystem("memory"), "/verdict/run"
    store.put(str(plate_run.path), there, recursive=True)
    try:
        origin = origin_of(ep.Run(f"memory:/{there}").latest())
    finally:
        store.rm(there, recursive=True)
    assert (origin["run"], origin["verdict"]) == ("run", f"completed: {plate_run.summary.reason}")


def test_times_have_no_digits_that_are_rounding(forward_run):
    times = shown_fields(forward_run.latest(), nodes=2).instants(41)
    assert [str(t) for t in times[:5]] == ["0.0", "0.05", "0.1", "0.15", "0.2"]


def test_a_number_of_nodes_may_be_one_of_numpy_and_a_grid_of_a_single_node_is_refused(forward_run):
    fields = GridFields(forward_run.latest().model(), np.int64(5))
    assert (len(fields.x), len(fields.y)) == (5, 5)
    with pytest.raises(QuantityError, match=r"nodes = \(5, 1\): at least 2 along each axis"):
        shown_fields(forward_run.latest(), nodes=(5, 1))


def test_vtk_is_a_series_of_images_of_the_same_values(fields, tmp_path):
    wavefields.write_vtk(fields, ["u_x"], TIMES, tmp_path / "a.pvd")
    series = (tmp_path / "a.pvd").read_text()
    assert series.count("<DataSet") == 3 and "a-002.vti" in series
    image = (tmp_path / "a-001.vti").read_bytes()
    assert b'WholeExtent="0 8 0 8 0 0"' in image and b'Spacing="0.125 0.125 1.0' in image
    raw = image.split(b'encoding="raw">')[1].split(b"_", 1)[1][8 : 8 + 81 * 8]  # after the length
    np.testing.assert_array_equal(np.frombuffer(raw).reshape(9, 9, order="F"), fields.at("u_x", 1.0))


def test_the_values_in_netcdf_are_those_that_follow_from_the_networks_jets(plate_run, tmp_path):
    model = plate_run.latest().model()
    fields, path = GridFields(model, nodes=13), tmp_path / "all.nc"
    wavefields.write_netcdf(fields, list(QUANTITIES), [0.0, 12e-6], path)
    with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as data:
        i, j = 2, 10
        x, y = float(data["x"][i]), float(data["y"][j])
        found = {name: float(data[name][1, i, j]) for name in QUANTITIES}
        is_empty = np.isnan(data["energy"][1].values)
    scales = model.scales
    points = scales.dimensionless(torch.tensor([[x, y, 12e-6]], dtype=torch.float64))
    u = {name: each.double() for name, each in model.derivatives(points, ("x", "y", "t")).items()}
    gradient = torch.stack([u["x"][0], u["y"][0]], dim=1).detach().numpy() * scales.displacement / scales.length
    velocity = u["t"][0].detach().numpy() * scales.velocity
    lame, mu = ALUMINIUM.lame_lambda, ALUMINIUM.lame_mu
    strain = (gradient + gradient.T) / 2.0
    stress = lame * np.trace(strain) * np.eye(2) + 2.0 * mu * strain
    predicted = plate_run.predict(x, y, 12e-6)
    assert [found["u_x"], found["u_y"]] == pytest.approx(predicted.tolist(), rel=1e-6)
    assert [found["v_x"], found["v_y"]] == pytest.approx(velocity.tolist(), rel=1e-6)
    names = [found[f"stress_{each}"] for each in ("xx", "yy", "xy")]
    assert names == pytest.approx([stress[0, 0], stress[1, 1], stress[0, 1]], rel=1e-6)
    energy = (ALUMINIUM.density * (velocity**2).sum() + (stress * strain).sum()) / 2.0
    assert found["energy"] == pytest.approx(energy, rel=1e-6) and energy > 0.0
    hole_x, hole_y, radius = PLATE["holes"][0]
    in_hole = (fields.x[:, None] - hole_x) ** 2 + (fields.y - hole_y) ** 2 < radius**2
    np.testing.assert_array_equal(is_empty, in_hole)
    assert in_hole.any()


def test_an_export_is_whole_or_not_there(fields, tmp_path, monkeypatch):
    wavefields.write_vtk(fields, ["u_x", "curl"], TIMES, tmp_path / "run" / "a.pvd")
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"a.pvd", *(f"a-{i:03d}.vti" for i in range(3))}
    assert 'file="a-000.vti"' in (tmp_path / "run" / "a.pvd").read_text()
    assert b'Name="curl"' in (tmp_path / "run" / "a-000.vti").read_bytes()

    def cut_short(data, path, **options):
        path.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", cut_short)
    with pytest.raises(OSError, match="No space"):
        wavefields.write_netcdf(fields, ["u_x"], TIMES, tmp_path / "film" / "a.nc")
    assert not list((tmp_path / "film").iterdir())
