"""What JupyterLab, as `make lab` starts it, saves of a notebook: nothing that a mere look changes."""

from typing import Any


def without_versions(model: dict[str, Any], **others: Any) -> None:
    """Leave out which Python opened a notebook, which JupyterLab writes into it before anything was run.

    A notebook that was only looked at is thus the file that git knows. It is a `pre_save_hook` of Jupyter's contents
    managers, https://jupyter-server.readthedocs.io/en/latest/developers/savehooks.html.

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
