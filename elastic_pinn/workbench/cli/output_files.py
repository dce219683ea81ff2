"""Files that commands write: whole or not at all, and never in the place of another without being told to."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

Force = Annotated[bool, typer.Option("--force", help="Write in the place of a file that is there.")]


def refuse_existing(paths: Iterable[Path], force: bool) -> None:
    """End the command if one of the files to write is there and that was not said to be right."""
    for path in paths:
        if path.exists() and not force:
            raise typer.TyperException(f"{path} is there already, and stays: give another path, or --force")


def write(path: Path, data: bytes) -> None:
    """Write a file by a temporary one and a rename."""
    from elastic_pinn.storage import replace_file

    replace_file(path, data)
