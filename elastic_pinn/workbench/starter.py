"""Copy the notebooks and reference data of the package to a user's folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from elastic_pinn.paths import delivered

FOLDERS = ("notebooks", "data")
ROOT_FILE = "pyproject.toml"
ROOT_TEXT = "# Relative paths in notebooks start at the folder of this file (elastic_pinn.paths.project_root).\n"


def copy_starter(folder: Path) -> list[Path]:
    """Copy notebooks and data to a folder, which becomes the root of their relative paths; return the written paths.

    Files with the same bytes are kept. Raises FileExistsError, before anything is written, which names the files that
    differ, so that changes are never lost.
    """
    delivered = dict(_delivered(folder))
    missing = {path: content for path, content in delivered.items() if not path.exists()}
    changed = [path for path, content in delivered.items() if path.exists() and path.read_bytes() != content]
    if changed:
        names = ", ".join(str(path.relative_to(folder)) for path in changed)
        raise FileExistsError(f"{folder} holds other versions of {names}: choose another folder")
    for path, content in missing.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return list(missing)


def _delivered(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield each file's path below a folder, and its contents."""
    source = delivered()
    for name in FOLDERS:
        for path in sorted((source / name).rglob("*")):
            if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts):
                yield folder / path.relative_to(source), path.read_bytes()
    if not (folder / ROOT_FILE).exists():
        yield folder / ROOT_FILE, ROOT_TEXT.encode()
