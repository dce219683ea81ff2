"""Export a model's quantities over time: animations, VTK, NetCDF."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np
import xarray as xr
from matplotlib.animation import FFMpegWriter
from PIL import Image
from pyevtk.hl import imageToVTK
from pyevtk.vtk import VtkGroup

from elastic_pinn.paths import project_root
from elastic_pinn.workbench.figures.field_maps import FieldMap
from elastic_pinn.workbench.figures.picture import FRAMES_A_SECOND
from elastic_pinn.workbench.quantities import QUANTITIES, GridFields, run_of
from elastic_pinn.workbench.run_folders import RUNS

FRAMES = 41
EXPORTS = "exports"  # the folder below runs/ that exports go to, in a folder of the run's name


def instants(fields: GridFields) -> list[float]:
    """Return the times of the frames, s."""
    return fields.instants(FRAMES)


def write_gif(fields: GridFields, name: str, path: Path) -> None:
    """Write a quantity as an animated GIF."""
    pictures = FieldMap(fields, name).over(instants(fields))
    first, *others = (Image.open(io.BytesIO(picture.png())).convert("RGB") for picture in pictures)
    first.save(path, save_all=True, append_images=others, duration=1000 // FRAMES_A_SECOND, loop=0)


def write_mp4(fields: GridFields, name: str, path: Path) -> None:
    """Write a quantity as a film. Raises OSError if ffmpeg is missing or fails."""
    if not FFMpegWriter.isAvailable():
        raise OSError("an MP4 needs ffmpeg, and there is none on the PATH: install it, or take a GIF")
    picture, writer = FieldMap(fields, name), FFMpegWriter(fps=FRAMES_A_SECOND)
    times = instants(fields)
    try:
        with writer.saving(picture.at(times[0]), str(path), None):
            for t in times:
                picture.at(t)
                writer.grab_frame()
    except subprocess.CalledProcessError as error:
        message = (error.stderr or error.output or b"").decode(errors="replace").strip()
        raise OSError(f"ffmpeg failed with exit status {error.returncode}: {message}") from error


def write_vtk(fields: GridFields, name: str, path: Path) -> None:
    """Write a quantity as one .vti for each time, and a .pvd at `path` that ParaView opens as a series."""
    (x0, x1, *_), (y0, y1, *_) = fields.x.tolist(), fields.y.tolist()
    origin, spacing = (x0, y0, 0.0), (x1 - x0, y1 - y0, 1.0)
    group = VtkGroup(str(path.with_suffix("")))
    for i, t in enumerate(instants(fields)):
        values = np.ascontiguousarray(fields.at(name, t)[:, :, None])  # (G, G, 1)
        frame = imageToVTK(str(path.with_name(f"{path.stem}-{i:03d}")), origin, spacing, pointData={name: values})
        group.addFile(frame, t)
    group.save()


def write_netcdf(fields: GridFields, name: str, path: Path) -> None:
    """Write a quantity over t, x and y, by the CF conventions, with the fields' origin as global attributes."""
    times, quantity = instants(fields), QUANTITIES[name]
    values = np.stack([fields.at(name, t) for t in times])  # (T, G, G)
    data = xr.DataArray(
        values,
        dims=("time", "x", "y"),
        coords={
            "time": ("time", times, {"units": "s", "long_name": "time"}),
            "x": ("x", fields.x, {"units": "m", "long_name": "position along x", "axis": "X"}),
            "y": ("y", fields.y, {"units": "m", "long_name": "position along y", "axis": "Y"}),
        },
        attrs={"units": quantity.unit, "long_name": quantity.description},
        name=name,
    )
    # The times are durations in the experiment, not dates, to which xarray would decode them when it reads.
    data.to_dataset().assign_attrs(fields.origin, Conventions="CF-1.11").to_netcdf(path, engine="h5netcdf")


WRITERS = {"gif": write_gif, "mp4": write_mp4, "pvd": write_vtk, "nc": write_netcdf}
"""Ending of the file -> its writer."""


FORMATS = {"gif": "GIF", "mp4": "MP4", "pvd": "VTK", "nc": "NetCDF"}
"""Ending of the file -> the name of its format."""


def can_write(ending: str) -> bool:
    """Return whether this machine can write such a file: a film needs ffmpeg."""
    return ending != "mp4" or bool(FFMpegWriter.isAvailable())


def export_path(checkpoint: Path | str, name: str, ending: str) -> Path:
    """Return the path for a quantity of a checkpoint: runs/exports/RUN/STEP-QUANTITY.ENDING."""
    run, runs = run_of(checkpoint), project_root() / RUNS
    folder = run.relative_to(runs) if run.is_relative_to(runs) else run.name
    return runs / EXPORTS / folder / f"{PurePosixPath(checkpoint).stem}-{name}.{ending}"


def write(fields: GridFields, name: str, path: Path) -> None:
    """Write a quantity over all times, in the format of the path's ending, completely or not at all.

    The folder is made. Raises OSError if it cannot be written, and for a film without ffmpeg.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=path.parent) as folder:
        WRITERS[path.suffix[1:]](fields, name, Path(folder) / path.name)
        for file in sorted(Path(folder).iterdir(), key=lambda file: file.name == path.name):  # the index last
            file.replace(path.parent / file.name)
