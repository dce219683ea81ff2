"""Files that commands write: completely or not at all, and over an existing file only with --force."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

Force = Annotated[bool, typer.Option("--force", help="Write in the place of a file that is there.")]


def refuse_existing(paths: Iterable[Path], force: bool, makes_folders: bool = False) -> None:
    """End the command if one of the output files exists and `force` is not set, or if one's folder does not.

    makes_folders: whether the command does.
    """
    from elastic_pinn.paths import near_file

    for path in paths:
        if not (makes_folders or path.parent.is_dir()):
            near = near_file(path.parent, path.parent.absolute(), Path.is_dir)
            raise typer.TyperException(f"{path}: there is no folder {path.parent}{near}")
        if path.exists() and not force:
            raise typer.TyperException(f"{path} is there already, and stays: give another path, or --force")


def write(path: Path, data: bytes) -> None:
    """Write a file atomically."""
    from elastic_pinn.storage import replace_file

    replace_file(path, data)
