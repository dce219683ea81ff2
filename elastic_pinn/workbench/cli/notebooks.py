"""elastic-pinn notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from elastic_pinn.workbench.cli.app import app
from elastic_pinn.workbench.cli.arguments import expand_path
from elastic_pinn.workbench.cli.console import print_line


@app.command()
def notebooks(
    directory: Annotated[
        Path, typer.Argument(metavar="DIRECTORY", callback=expand_path, help="Made if it is not there.")
    ],
) -> None:
    """Copy the notebooks and the reference data that came with the package, to work with.

    Files that are there already and differ are never replaced: then nothing is written, and the exit status is 1.
    """
    from elastic_pinn.workbench.starter import copy_starter

    written = copy_starter(directory)
    print_line(f"{len(written)} files written to {directory}: open {directory / 'notebooks'} in JupyterLab")
