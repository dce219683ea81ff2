"""What JupyterLab, as `make lab` starts it, does as it saves a notebook: git sees a change only where there is one.

Both functions are hooks of Jupyter's contents managers,
https://jupyter-server.readthedocs.io/en/latest/developers/savehooks.html.
"""

import contextlib
import subprocess
from pathlib import Path
from typing import Any


def without_versions(model: dict[str, Any], **others: Any) -> None:
    """Leave out which Python opened a notebook, which JupyterLab writes into it before anything was run.

    A notebook that was only looked at is thus the file that git knows. It is a `pre_save_hook`.

    Parameters
    ----------
    model
        What is about to be saved; the metadata of a notebook in Python are changed.
    **others
        What a hook is called with besides.
    """
    if model["type"] != "notebook":
        return
    metadata = model["content"]["metadata"]
    if metadata.get("language_info", {}).get("name") == "python":
        metadata["language_info"] = {"name": "python"}


def compared_by_content(os_path: str, model: dict[str, Any], **others: Any) -> None:
    """Let git compare a saved notebook by its content, as its filter leaves it, rather than by the size of its file.

    `git status` takes a file of another size for a modified one and does not call the filter, so that each notebook
    with outputs was listed, with an empty diff. Here its entry in the index is written anew, with the same content but
    without the size. That is done where the index has what the last commit has; nothing is staged or unstaged. Where
    git cannot do it, the notebook is listed as before. It is a `post_save_hook`.

    Parameters
    ----------
    os_path
        The file that was saved.
    model
        What was saved in it.
    **others
        What a hook is called with besides.
    """
    if model["type"] != "notebook":
        return
    path = Path(os_path)
    with contextlib.suppress(OSError, subprocess.CalledProcessError):  # no git, no repository, or its index is in use
        _git(path, "diff-index", "--cached", "--quiet", "HEAD", "--", path.name)
        entry = _git(path, "ls-files", "--stage", "-v", "--full-name", "--", path.name)
        if entry.startswith("H "):  # not one whose changes the user hides from git
            _git(path, "update-index", "--index-info", given=entry.removeprefix("H "))


def _git(path: Path, *words: str, given: str = "") -> str:
    """Run a command of git in a file's folder and return what it prints. Raises CalledProcessError where it fails."""
    command = ["git", "-C", str(path.parent), *words]
    return subprocess.run(command, input=given, check=True, capture_output=True, text=True).stdout
