"""What a path in a notebook, in a sweep file or on the command line means."""

from __future__ import annotations

import os
import re
from pathlib import Path

from elastic_pinn.config import ConfigError

UNSET = re.compile(r"\$(\w+|\{[^}]*\})")


def delivered() -> Path:
    """The folder that holds notebooks/ and data/ as they were delivered: inside the package in a wheel, above it in a
    checkout."""
    package = Path(__file__).parent
    inside = package / "workbench" / "starter_files"
    return inside if inside.is_dir() else package.parent


def project_root(start: Path | None = None) -> Path:
    """Where relative paths start: the nearest folder at or above `start` with a pyproject.toml, else `start`.

    `start` is the working directory if not given. JupyterLab and papermill start a kernel in different folders; this
    makes them agree.
    """
    start = (start or Path.cwd()).resolve()
    return next((folder for folder in (start, *start.parents) if (folder / "pyproject.toml").is_file()), start)


def expanded(path: str | Path) -> str:
    """A path with `~`, `$NAME` and `${NAME}` written out, as a shell does; a URL stays as it is.

    Raises ConfigError for a variable that is not set and for a user without a home: no folder is ever named `~`.
    """
    text = str(path)
    if "://" in text:
        return text
    found = os.path.expanduser(os.path.expandvars(text))
    if unset := UNSET.search(found):
        raise ConfigError(f"the path {text!r} names {unset[0]}, and there is no such variable in the environment")
    if found.startswith("~"):
        raise ConfigError(f"the path {text!r} begins with {found.split('/')[0]}, whose home folder is not known")
    return found


def from_root(path: str | Path) -> Path:
    """Where a path leads: written out as by `expanded`, and a relative one from the project's root.

    Raises ConfigError as that, and for a URL.
    """
    return project_root() / on_this_machine(path)


def on_this_machine(path: str | Path) -> Path:
    """A path, written out as by `expanded`. Raises ConfigError as that, and for a URL."""
    found = expanded(path)
    if "://" in found:
        raise ConfigError(f"{found!r} is a URL, where a path of this machine is needed: remote copies are by `mirror`")
    return Path(found)
