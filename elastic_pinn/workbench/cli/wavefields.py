"""elastic-pinn movie and fields: a wavefield over time, as a movie and for other programs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elastic_pinn.workbench.cli.app import app
from elastic_pinn.workbench.cli.arguments import expand_path, load_at
from elastic_pinn.workbench.cli.console import format_size, print_line
from elastic_pinn.workbench.cli.output_files import Force, refuse_existing

if TYPE_CHECKING:
    from elastic_pinn.run import Checkpoint

SERIES = "fields.pvd"

Location = Annotated[
    str, typer.Argument(metavar="FILE|RUN", callback=expand_path, help="A checkpoint, a run, or a URL.")
]
Frames = Annotated[int, typer.Option(metavar="N", min=1, help="How many instants, ends included.")]
Start = Annotated[float | None, typer.Option(metavar="S", help="The first instant, s; else that of the window.")]
End = Annotated[float | None, typer.Option(metavar="S", help="The last instant, s; else that of the window.")]
Shot = Annotated[str, typer.Option(metavar="NAME", help="Of several shots, which; else the first.")]
Best = Annotated[bool, typer.Option("--best", help="Of a run, take the best checkpoint, not the latest.")]


def _nodes(text: str) -> tuple[int, int]:
    """Return the nodes along x and along y of "101" or "101x51". Raises typer.BadParameter for any other text."""
    found = re.fullmatch(r"(\d+)(?:x(\d+))?", text)
    nodes = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if min(nodes) < 2:
        raise typer.BadParameter(f"--nodes {text}: one number for both axes, or one for each as in 101x51, at least 2")
    return nodes


@app.command()
def movie(
    location: Location,
    output: Annotated[
        Path,
        typer.Option(metavar="X.mp4|X.gif|X.html|X.webp", callback=expand_path, help="The file, by its format."),
    ],
    quantity: Annotated[str, typer.Option(metavar="NAME", help="What is shown; a wrong name lists all.")] = "magnitude",
    frames: Frames = 49,
    start: Start = None,
    end: End = None,
    shot: Shot = "",
    best: Best = False,
    force: Force = False,
) -> None:
    """Write a movie of the wavefield.

    Quantities are the displacement (u_x, u_y, magnitude), the velocity (v_x, v_y, speed), divergence (P waves) and curl
    (S waves), stress_xx, stress_yy, stress_xy, von_mises (stress), energy (density, kinetic and strain) and residual.
    Ten frames a second are shown, all with one scale. An MP4 needs ffmpeg; an HTML page plays in any browser. Where
    finite elements solved for the wavefield, there is no residual.
    """
    from elastic_pinn.workbench.figures.style.movie_file import require_writable
    from elastic_pinn.workbench.figures.wavefields.movie import movie as draw
    from elastic_pinn.workbench.quantities import require_known

    require_writable(output)
    require_known([quantity])
    refuse_existing([output], force, makes_folders=True)
    checkpoint = _open(location, best)
    draw(checkpoint, quantity, frames, start=start, end=end, shot=shot).save(output, overwrite=force)
    print_line(f"from {checkpoint.path}")
    print_line(f"  {output}  {quantity}, {format_size(output.stat().st_size)}")


@app.command()
def fields(
    location: Location,
    nc: Annotated[
        Path | None, typer.Option(metavar="X.nc", callback=expand_path, help="Write NetCDF by the CF conventions.")
    ] = None,
    vtk: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", callback=expand_path, help=f"Write VTK; ParaView opens its {SERIES}."),
    ] = None,
    quantity: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="One of `movie`; may be repeated. All, if not given.")
    ] = None,
    frames: Frames = 41,
    nodes: Annotated[
        str, typer.Option(metavar="N|NxM", help="Nodes along x and y alike, or along each, as 101x51; at least 2.")
    ] = "101",
    start: Start = None,
    end: End = None,
    shot: Shot = "",
    best: Best = False,
    force: Force = False,
) -> None:
    """Write the wavefield on a grid over time for other programs, in SI units.

    The values are NaN outside the body. The grid spans the window, and the instants are evenly spread. Variables of a
    NetCDF file are over time, x and y, in this order; its attributes tell the material, the estimated error of the
    wavefield and the verdict of the run, where it has them.
    """
    from elastic_pinn.workbench.exports.wavefields import NETCDF, vtk_frames, write_netcdf, write_vtk
    from elastic_pinn.workbench.figures.wavefields.shown_fields import shown_fields
    from elastic_pinn.workbench.quantities import require_known

    if nc is None and vtk is None:
        raise typer.TyperException("say what to write: --nc or --vtk")
    if nc and nc.suffix != NETCDF:
        raise typer.TyperException(f"--nc {nc}: the name must end in {NETCDF}")
    require_known(quantity or [])
    along = _nodes(nodes)
    series = [vtk / SERIES, *vtk_frames(vtk / SERIES)] if vtk else []
    refuse_existing(filter(None, [nc, *series]), force, makes_folders=True)
    checkpoint = _open(location, best)
    found = shown_fields(checkpoint, along, shot)
    names = quantity or found.names
    require_known(names, found)
    times = found.instants(frames, start, end)
    print_line(f"from {checkpoint.path}")
    if nc:
        write_netcdf(found, names, times, nc)
        print_line(f"  {nc}  {format_size(nc.stat().st_size)}")
    if vtk:
        write_vtk(found, names, times, vtk / SERIES)
        print_line(f"  {vtk / SERIES}  {len(times)} instants")


def _open(location: str, best: bool) -> Checkpoint:
    from elastic_pinn.run import Checkpoint

    found = load_at(location, best)
    return Checkpoint(found.path, found.snapshot)
