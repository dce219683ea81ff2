"""Files that commands write: completely or not at all, and over an existing file only with --force."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

Force = Annotated[bool, typer.Option("--force", help="Write in the place of a file that is there.")]


def refuse_existing(paths: Iterable[Path], force: bool) -> None:
    """End the command if one of the output files exists and `force` is not set."""
    for path in paths:
        if path.exists() and not force:
            raise typer.TyperException(f"{path} is there already, and stays: give another path, or --force")


def write(path: Path, data: bytes) -> None:
    """Write a file atomically."""
    from elastic_pinn.storage import replace_file

    replace_file(path, data)
