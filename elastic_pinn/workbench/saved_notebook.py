"""What JupyterLab, as `make lab` starts it, does as it saves a notebook: git sees a change only where there is one.

Both functions are hooks of Jupyter's contents managers,
https://jupyter-server.readthedocs.io/en/latest/developers/savehooks.html.
"""

import contextlib
import subprocess
from pathlib import Path
from typing import Any

TIMEOUT_S = 5.0  # of one command: a save waits for it


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
    with outputs was listed, with an empty diff. Here `git add` writes the new size into its entry in the index. That is
    done where the filter leaves what the index has and the last commit has, so that nothing is staged or unstaged.
    Where git cannot do it, the notebook is listed as before. It is a `post_save_hook`.

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
    # No git, no repository, its index is in use, a slow filter: an exception would end the save with an error.
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        if _git(path, "ls-files", "-v").startswith("H "):  # not one whose changes the user hides from git
            _git(path, "diff-index", "--cached", "--quiet", "HEAD")
            _git(path, "diff", "--quiet")
            _git(path, "add")


def _git(path: Path, *words: str) -> str:
    """Run a command of git on one file and return what it prints.

    Raises CalledProcessError where it fails, and TimeoutExpired.
    """
    command = ["git", "-C", str(path.parent), "--literal-pathspecs", *words, "--", path.name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            printed, _ = process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.terminate()  # by which git removes its lock, as it does not where it is killed
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return printed
