"""elastic-pinn movie and fields: what they write, and what they refuse before any work."""

import numpy as np
import pytest
import xarray as xr

import elastic_pinn as ep
from elastic_pinn.workbench.cli import wavefields
from elastic_pinn.workbench.cli.arguments import needing_problem
from elastic_pinn.workbench.figures.style.movie_file import Movie
from elastic_pinn.workbench.figures.wavefields.field_maps import FieldMap
from elastic_pinn.workbench.figures.wavefields.movie import NODES
from elastic_pinn.workbench.figures.wavefields.shown_fields import shown_fields
from elastic_pinn.workbench.quantities import QUANTITIES
from tests.workbench.commands import refused, said


@pytest.mark.slow
def test_a_movie_is_of_the_quantity_and_the_times_that_are_given(run, tmp_path):
    def expected(quantity, times):
        frames = FieldMap(shown_fields(run.latest(), NODES), quantity).over(times)
        Movie([frame.png() for frame in frames]).save(tmp_path / "expected.gif", overwrite=True)
        return (tmp_path / "expected.gif").read_bytes()

    text = said("movie", run.path, "--output", tmp_path / "a.gif", "--quantity", "stress_xx", "--frames", 3)
    assert "step-000000010" in text and "stress_xx" in text
    assert (tmp_path / "a.gif").read_bytes() == expected("stress_xx", [0.0, 1.0, 2.0])
    said("movie", run.path, "--output", tmp_path / "late.gif", "--frames", 2, "--start", 1.0, "--end", 2.0)
    assert (tmp_path / "late.gif").read_bytes() == expected("magnitude", [1.0, 2.0])


def test_fields_hold_every_quantity_unless_some_are_named(run, tmp_path):
    said("fields", run.path, "--nc", tmp_path / "a.nc", "--frames", 2, "--nodes", 5)
    with xr.open_dataset(tmp_path / "a.nc", engine="h5netcdf", decode_times=False) as data:
        assert set(data) == set(QUANTITIES) and data["energy"].shape == (2, 5, 5)
        x, y = data["x"].values, data["y"].values
        np.testing.assert_allclose(data["u_y"][1], run.predict(x[:, None], y, 2.0)[..., 1], rtol=1e-5, atol=1e-7)
    said("fields", run.path, "--nc", tmp_path / "b.nc", "--frames", 2, "--nodes", "7x4", "--quantity", "u_y")
    with xr.open_dataset(tmp_path / "b.nc", engine="h5netcdf", decode_times=False) as data:
        assert data["u_y"].dims == ("time", "x", "y") and data["u_y"].shape == (2, 7, 4)
        x, y = data["x"].values, data["y"].values
        np.testing.assert_allclose(data["u_y"][1], run.predict(x[:, None], y, 2.0)[..., 1], rtol=1e-5, atol=1e-7)
    few = ["--quantity", "u_x", "--quantity", "energy", "--start", "0.5", "--end", "1.5", "--frames", "3"]
    said("fields", run.path, "--vtk", tmp_path / "vtk", *few)
    assert [f'timestep="{t}"' in (tmp_path / "vtk" / wavefields.SERIES).read_text() for t in (0.5, 1.0, 1.5)] == [
        True
    ] * 3
    image = (tmp_path / "vtk" / "fields-002.vti").read_bytes()
    assert b'Name="u_x"' in image and b'Name="energy"' in image and b'Name="u_y"' not in image


@pytest.mark.parametrize(
    ("status", "words", "fault"),
    [
        (2, ["movie"], "Missing option '--output'"),
        (1, ["movie", "--output", "a.avi"], "must end in .gif, .html, .mp4, .webp"),
        (1, ["movie", "--output", "a.gif", "--quantity", "pressure"], "quantity = 'pressure': legal are u_x, u_y"),
        (1, ["movie", "--output", "a.gif", "--start", "3.0"], "within the window, 0 s to 2 s"),
        (2, ["movie", "--output", "a.gif", "--frames", "0"], "--frames"),
        (2, ["fields"], "--nc or --vtk"),
        (2, ["fields", "--nc", "a.txt"], "must end in .nc"),
        (1, ["fields", "--nc", "a.nc", "--quantity", "pressure"], "legal are u_x, u_y"),
        (1, ["fields", "--nc", "a.nc", "--end", "-1.0"], "within the window, 0 s to 2 s"),
        (2, ["fields", "--nc", "a.nc", "--nodes", "1"], "--nodes"),
        (2, ["fields", "--nc", "a.nc", "--nodes", "5x1"], "--nodes 5x1: one number for both axes, or one for each"),
        (2, ["fields", "--nc", "a.nc", "--nodes", "5,4"], "--nodes 5,4: one number for both axes, or one for each"),
    ],
)
def test_what_is_not_legal_is_refused_in_one_line_and_nothing_is_written(
    run, tmp_path, monkeypatch, status, words, fault
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert fault in refused(status, words[0], run.path, *words[1:])
    assert not list((tmp_path / "here").iterdir())


@pytest.mark.parametrize("words", [["movie", "--output", "a.gif"], ["fields", "--nc", "a.nc"]])
def test_a_place_without_a_run_or_a_checkpoint_is_refused(run, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert "holds no run" in refused(1, words[0], "empty", *words[1:])
    for checkpoint in run.checkpoints():
        checkpoint.path.unlink()
    assert "no good checkpoint" in refused(1, words[0], run.path, *words[1:])


@pytest.mark.slow
def test_what_elements_solved_for_is_written_as_they_predict_it(shots_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    few = ["--nodes", 15, "--frames", 3]
    for name in ("left", "right"):
        said("fields", shots_run.path, "--nc", f"{name}.nc", "--shot", name, *few)
    said("fields", shots_run.path, "--nc", "first.nc", *few)
    found = {name: xr.load_dataset(f"{name}.nc", engine="h5netcdf", decode_times=False) for name in ("left", "right")}
    assert set(found["right"]) == set(QUANTITIES) - {"residual"}
    assert xr.load_dataset("first.nc", engine="h5netcdf", decode_times=False).equals(found["left"])
    assert found["right"].attrs["solved_by"] == "elements" and found["right"].attrs["shot"] == "right"
    x, y, t = (found["right"][name].values for name in ("x", "y", "time"))
    predicted = shots_run.predict(x[3], y[2], t[2], "velocity", shot="right")
    values = [float(found["right"][name][2, 3, 2]) for name in ("v_x", "v_y")]
    assert values == pytest.approx(predicted.tolist(), rel=1e-6) and np.abs(predicted).max() > 0.0
    assert not np.allclose(values, [found["left"][name][2, 3, 2] for name in ("v_x", "v_y")], rtol=0.1)
    stress = shots_run.predict(x[3], y[2], t[2], "stress", shot="right")
    values = [float(found["right"][f"stress_{name}"][2, 3, 2]) for name in ("xx", "yy", "xy")]
    assert values == pytest.approx(stress.tolist(), rel=1e-6) and np.abs(stress).max() > 0.0
    told = refused(1, "movie", shots_run.path, "--output", "a.gif", "--quantity", "residual")
    assert "von_mises, energy, which finite elements give" in told
    assert "legal" in refused(1, "movie", shots_run.path, "--output", "a.gif", "--shot", "middle")


@pytest.mark.slow
def test_a_problem_of_one_s_own_is_needed_only_where_elements_solve_and_for_figures(tiny, tmp_path, monkeypatch):
    problem = ep.problem_from(tiny())
    run = ep.train(tiny(problem="own", steps=1), tmp_path / "run", problem)
    told = refused(1, "figure", run.path, "snapshots", "--output", tmp_path / "a.pdf")
    call = f"ep.figures.snapshots(run, problem=problem).savefig('{tmp_path / 'a.pdf'}')"
    assert "of your own" in told and call in " ".join(told.split())
    with pytest.raises(ep.ConfigError, match=r"^another fault$"), needing_problem(call):
        raise ep.ConfigError("another fault")
    assert "run.estimate_error(problem)" in refused(1, "estimate", run.path)
    assert "figures.loss_curves" not in said("figure", run.path, "loss_curves", "--output", tmp_path / "a.pdf")
    words = {"movie": ["--output", tmp_path / "a.gif"], "fields": ["--nodes", 3, "--nc", tmp_path / "a.nc"]}
    for command, given in words.items():
        said(command, run.path, *given, "--frames", 2)
        given[-1].unlink()
    monkeypatch.setattr("elastic_pinn.run.checkpoint.Checkpoint.is_by_elements", True)
    for command, given in words.items():
        told = refused(1, command, run.path, *given)
        assert "need its problem, which is of your own" in told and "ep.figures.movie(run, problem=problem)" in told
        assert not given[-1].exists()


def test_files_that_exist_are_kept_without_force(run, tmp_path):
    movie, nc, vtk = tmp_path / "a.gif", tmp_path / "a.nc", tmp_path / "vtk"
    vtk.mkdir()
    for path in (movie, nc, vtk / wavefields.SERIES):
        path.write_text("mine")
    commands = (
        ["movie", "--output", movie],
        ["fields", "--nc", nc, "--nodes", 3],
        ["fields", "--vtk", vtk, "--nodes", 3],
    )
    for command, *words in commands:
        assert "is there already, and stays" in refused(2, command, run.path, *words)
        said(command, run.path, *words, "--frames", 2, "--force")
    assert b"mine" not in {movie.read_bytes(), nc.read_bytes(), (vtk / wavefields.SERIES).read_bytes()}


def test_of_an_earlier_series_nothing_is_replaced_without_force_and_nothing_is_left_with_it(run, tmp_path):
    folder = tmp_path / "vtk"
    folder.mkdir()
    frame = folder / "fields-007.vti"
    frame.write_text("mine")
    words = ("fields", run.path, "--vtk", folder, "--nodes", 3, "--frames", 2)
    assert "fields-007.vti is there already, and stays" in refused(2, *words)
    assert frame.read_text() == "mine"
    said(*words, "--force")
    assert sorted(path.name for path in folder.iterdir()) == ["fields-000.vti", "fields-001.vti", wavefields.SERIES]
