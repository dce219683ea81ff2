"""elastic-pinn figure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from elastic_pinn.parameters import nearest
from elastic_pinn.workbench.cli.app import app
from elastic_pinn.workbench.cli.arguments import expand_path, is_run, needing_problem
from elastic_pinn.workbench.cli.console import format_size, print_line
from elastic_pinn.workbench.cli.output_files import Force, refuse_existing, write

OF_SHOTS = (
    "b_scan", "data_fit", "fit_b_scan", "fit_frequency_wavenumber", "misfit_map", "residuals", "snapshots", "wavelet",
    "wiggles",
)  # fmt: skip
NAMES = (*OF_SHOTS, "energy", "error", "error_map", "loss_curves", "material_confidence", "material_traces")
KINDS = (".pdf", ".svg", ".png")


@app.command()
def figure(
    location: Annotated[
        str, typer.Argument(metavar="RUN|FILE", callback=expand_path, help="A run, a checkpoint, or a URL.")
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(sorted(NAMES))}.")],
    output: Annotated[
        Path, typer.Option(metavar="X.pdf|X.svg|X.png", callback=expand_path, help="The file, by its format.")
    ],
    width: Annotated[
        float | None,
        typer.Option(metavar="MM", help="In the style of a publication, so wide: 85 a column, 170 both."),
    ] = None,
    shot: Annotated[str, typer.Option(metavar="NAME", help="Of several shots, which; else the first.")] = "",
    force: Force = False,
) -> None:
    """Draw a figure of a run to a file: PDF and SVG as lines, PNG at 300 dots an inch.

    With --width it has the style of a publication: letters of 8 and 7 points, lines of 1 point, dashes that are told
    apart in grey, and no title, which is printed for the caption.
    """
    if name not in NAMES:
        legal = ", ".join(sorted(NAMES))
        raise typer.TyperException(f"{name!r} is no figure of a run; legal are {legal}{nearest(name, NAMES)}")
    if output.suffix not in KINDS:
        raise typer.TyperException(f"{output}: the name of a figure's file must end in {', '.join(KINDS)}")
    if shot and name not in OF_SHOTS:
        raise typer.TyperException(f"--shot {shot}: {name} is of all shots; legal with {', '.join(OF_SHOTS)}")
    refuse_existing([output], force)
    from elastic_pinn.run import Run
    from elastic_pinn.workbench import figures
    from elastic_pinn.workbench.figures.drawn_from import open_source
    from elastic_pinn.workbench.figures.style.picture import as_file
    from elastic_pinn.workbench.figures.style.publication import require_width

    if width is not None:
        require_width(width)
    source = open_source(Run(location) if is_run(location) else location)
    call = f"ep.figures.{name}(run, problem=problem).savefig({str(output)!r})"
    with needing_problem(call):
        sources = [source] if name == "loss_curves" else source
        drawn = getattr(figures, name)(sources, **({"shot": shot} if shot else {}))
    write(output, as_file(drawn if width is None else drawn.for_print(width), output.suffix.removeprefix(".")))
    print_line(f"{output}  {name}, {format_size(output.stat().st_size)}")
    if width is not None and drawn.get_suptitle():
        print_line(f"  for the caption: {'; '.join(drawn.get_suptitle().splitlines())}")
