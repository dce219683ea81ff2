"""Export a model's quantities over time: NetCDF, VTK, movies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np
import xarray as xr
from pyevtk.hl import imageToVTK
from pyevtk.vtk import VtkGroup

from elastic_pinn.paths import project_root
from elastic_pinn.workbench.figures.style.movie_file import has_ffmpeg
from elastic_pinn.workbench.figures.wavefields.movie import draw_movie
from elastic_pinn.workbench.quantities import FRAMES, QUANTITIES, GridFields, run_of
from elastic_pinn.workbench.run_folders import RUNS

EXPORTS = "exports"  # the folder below runs/ that exports go to, in a folder of the run's name
NETCDF, VTK = ".nc", ".pvd"


def write_vtk(fields: GridFields, names: Sequence[str], times: Sequence[float], path: Path) -> None:
    """Write quantities as one .vti for each time (s), and a .pvd at `path` that ParaView opens as a series.

    The folder is made. It is all written, or nothing is; of an earlier series nothing is left. Raises OSError if it
    cannot be written.
    """
    before = set(vtk_frames(path))
    _write_whole(path, lambda temporary: _write_vtk(fields, names, times, temporary))
    for stale in before - {path.with_name(f"{path.stem}-{i:03d}.vti") for i in range(len(times))}:
        stale.unlink()


def vtk_frames(path: Path) -> list[Path]:
    """Return the .vti that lie beside a series."""
    return sorted(path.parent.glob(f"{path.stem}-[0-9]*.vti"))


def _write_vtk(fields: GridFields, names: Sequence[str], times: Sequence[float], path: Path) -> None:
    (x0, x1, *_), (y0, y1, *_) = fields.x.tolist(), fields.y.tolist()
    origin, spacing = (x0, y0, 0.0), (x1 - x0, y1 - y0, 1.0)
    group = VtkGroup(str(path.with_suffix("")))
    for i, (t, found) in enumerate(zip(times, fields.over(names, times), strict=True)):
        values = {name: np.ascontiguousarray(each[:, :, None]) for name, each in found.items()}  # each (G, H, 1)
        frame = imageToVTK(str(path.with_name(f"{path.stem}-{i:03d}")), origin, spacing, pointData=values)
        group.addFile(frame, t)
    group.save()


def write_netcdf(fields: GridFields, names: Sequence[str], times: Sequence[float], path: Path) -> None:
    """Write quantities over t (s), x and y, by the CF conventions, with the fields' origin as global attributes.

    The dimensions of each variable are (time, x, y), in this order: `data["u_x"][0]` has x along its first axis. A map
    is drawn of its transpose. Among the attributes are the relative L2 errors of the checkpoint, true or estimated, and
    the verdict of its run, as far as these are known.

    The folder is made. It is all written, or nothing is. Raises OSError if it cannot be written.
    """
    _write_whole(path, lambda temporary: _write_netcdf(fields, names, times, temporary))


def _write_netcdf(fields: GridFields, names: Sequence[str], times: Sequence[float], path: Path) -> None:
    values = {name: np.empty((len(times), len(fields.x), len(fields.y))) for name in names}  # each (T, G, H)
    for i, found in enumerate(fields.over(names, times)):
        for name, each in found.items():
            values[name][i] = each
    axes = {
        "time": ("time", times, {"units": "s", "long_name": "time"}),
        "x": ("x", fields.x, {"units": "m", "long_name": "position along x", "axis": "X"}),
        "y": ("y", fields.y, {"units": "m", "long_name": "position along y", "axis": "Y"}),
    }
    data = {
        name: (tuple(axes), each, {"units": QUANTITIES[name].unit, "long_name": QUANTITIES[name].description})
        for name, each in values.items()
    }
    # The times are durations in the experiment, not dates, to which xarray would decode them when it reads.
    xr.Dataset(data, axes, {**fields.origin, "Conventions": "CF-1.11"}).to_netcdf(path, engine="h5netcdf")


def _write_whole(path: Path, write_at: Callable[[Path], None]) -> None:
    """Write files beside each other, of which `path` is the last to appear."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=path.parent) as folder:
        write_at(Path(folder) / path.name)
        for file in sorted(Path(folder).iterdir(), key=lambda file: file.name == path.name):
            file.replace(path.parent / file.name)


FORMATS = {".gif": "GIF", ".mp4": "MP4", ".html": "HTML", VTK: "VTK", NETCDF: "NetCDF"}
"""Ending of an export's file -> the name of its format."""


def can_write(ending: str) -> bool:
    """Return whether this machine can write such a file: an MP4 needs ffmpeg."""
    return ending != ".mp4" or has_ffmpeg()


def export_path(checkpoint: Path | str, name: str, ending: str) -> Path:
    """Return the path for a quantity of a checkpoint: runs/exports/RUN/STEP-QUANTITY.ENDING."""
    run, runs = PurePosixPath(run_of(checkpoint)), project_root() / RUNS
    folder = run.relative_to(runs) if run.is_relative_to(runs) else run.name
    return runs / EXPORTS / folder / f"{PurePosixPath(checkpoint).stem}-{name}{ending}"


def export(fields: GridFields, name: str, path: Path) -> None:
    """Write a quantity at FRAMES times, in the format of the path's ending.

    The folder is made. Raises OSError if it cannot be written, and for an MP4 without ffmpeg.
    """
    times = fields.instants(FRAMES)
    if path.suffix in (NETCDF, VTK):
        write = write_netcdf if path.suffix == NETCDF else write_vtk
        write(fields, [name], times, path)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_movie(fields, name, times).save(path, overwrite=True)
