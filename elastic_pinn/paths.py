"""The meaning of paths in notebooks, in sweep files and on the command line."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from elastic_pinn.errors import ConfigError

NEAR = 0.8  # least similarity of a file's name to one that may be meant
UNSET = re.compile(r"\$(\w+|\{[^}]*\})")


def delivered() -> Path:
    """Return the folder of the delivered notebooks/ and data/.

    It is inside the package in a wheel, and above it in a checkout.
    """
    package = Path(__file__).parent
    inside = package / "workbench" / "starter_files"
    return inside if inside.is_dir() else package.parent


def project_root(start: Path | None = None) -> Path:
    """Return where relative paths start: the nearest folder at or above `start` with a pyproject.toml, else `start`.

    `start` is the working directory if not given. JupyterLab and papermill start a kernel in different folders; this
    makes them agree.
    """
    start = (start or Path.cwd()).resolve()
    return next((folder for folder in (start, *start.parents) if (folder / "pyproject.toml").is_file()), start)


def expanded(path: str | Path) -> str:
    """Expand `~`, `$NAME` and `${NAME}` in a path, as a shell does; a URL is returned unchanged.

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
    """Resolve a path: expanded as by `expanded`, and a relative one from the project's root.

    Raises ConfigError as `expanded` does, and for a URL.
    """
    return project_root() / on_this_machine(path)


def on_this_machine(path: str | Path) -> Path:
    """Expand a path as `expanded` does. Raises ConfigError as that does, and for a URL."""
    found = expanded(path)
    if "://" in found:
        raise ConfigError(f"{found!r} is a URL, where a path of this machine is needed: remote copies are by `mirror`")
    return Path(found)


def near_file(path: str | Path, beside: Path, is_meant: Callable[[Path], bool] = Path.is_file) -> str:
    """Return the end of an error message on a path where nothing is, as "; did you mean 'runs/demo'?": the same path
    with a like name in the place of the first one that is not in its folder.

    path: as it was given. beside: where it was looked for. is_meant: whether what is at a path may be meant. Empty
    where no like name leads to anything that may.
    """
    lost = next((each for each in (*reversed(beside.parents), beside) if not os.path.lexists(each)), None)
    if lost is None:
        return ""
    names: list[str] = []
    with suppress(OSError):  # where that is no folder, or none that can be read
        names = sorted(os.listdir(lost.parent))
    rest = beside.relative_to(lost).parts
    every = difflib.get_close_matches(lost.name, names, n=max(1, len(names)), cutoff=NEAR)
    near = next((each for each in every if is_meant(lost.with_name(each).joinpath(*rest))), None)
    if near is None:
        return ""
    *folders, last = Path(path).parts[: len(Path(path).parts) - len(rest)]
    as_given = Path(*folders, near, *rest) if last == lost.name else lost.with_name(near).joinpath(*rest)  # of a $NAME
    return f"; did you mean {str(as_given)!r}?"
