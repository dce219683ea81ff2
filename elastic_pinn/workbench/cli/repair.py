"""elastic-pinn repair."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from elastic_pinn.workbench.cli.app import FAILURE, app
from elastic_pinn.workbench.cli.arguments import expand_path
from elastic_pinn.workbench.cli.console import print_line
from elastic_pinn.workbench.cli.output_files import refuse_existing


@app.command()
def repair(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", callback=expand_path, help="A checkpoint of this machine that `verify` calls bad."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="NEW", callback=expand_path, show_default="FILE-repaired.h5", help="Where to write; never FILE."
        ),
    ] = None,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Write also what cannot be verified; the new file has a note.")
    ] = False,
) -> None:
    """Repair a checkpoint to which bytes were appended, or whose attributes were changed.

    FILE is not changed. The new file has exactly the bytes that were sealed, by their SHA-256, or it is not written,
    since changed weights cannot be distinguished from changed attributes. With --unverified it is written all the same,
    with an attribute that names what was not verified; loading it warns.
    """
    from elastic_pinn.storage import publish, repair_checkpoint

    target = output or file.with_name(f"{file.stem}-repaired.h5")
    refuse_existing([target], force=False)
    done = repair_checkpoint(file)
    if done.unverified and not unverified:
        print_line(
            f"BAD    {file}: {done.found}; not verified: {done.unverified}. Nothing was written: see --unverified"
        )
        raise typer.Exit(FAILURE)
    publish(target, done.image)
    print_line(f"{'UNVERIFIED' if done.unverified else 'ok    '} {target}: {done.found}")
    if done.unverified:
        print_line(f"           not verified: {done.unverified}")
