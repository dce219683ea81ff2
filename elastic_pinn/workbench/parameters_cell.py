"""A config as the parameters cell of a notebook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from elastic_pinn.config import Config, unused_fields
from elastic_pinn.config_sections import as_written
from elastic_pinn.physics.setups import ProblemConfig

WIDTH = 120  # of the project's notebooks
BESIDE = {
    "run_dir": ("", 'folder of the run; "": a fresh one each time'),
    "resume": ("never", '"auto" goes on with the run that a given run_dir holds; or a checkpoint\'s path'),
}
"""What training notebooks need beside the config, with what it means."""


def parameters_cell(config: Config, is_own: bool = False, of_notebook: Mapping[str, Any] | None = None) -> str:
    """Write the parameters cell of which `Config.from_namespace` makes a config.

    Parameters
    ----------
    config
        The config.
    is_own
        Whether a problem of the user's own replaces the one that the config names.
    of_notebook
        Parameters that the notebook itself reads, by their names.

    Returns
    -------
    str
        Python: run_dir and resume, as for a fresh run, and a line for each field that was given or is not as by
        default, for each own number, and for each of the notebook's; with its meaning where the line has room for it.
    """
    left_out = unused_fields(config.problem).keys() | (ProblemConfig.model_fields.keys() if is_own else {"own"})
    fields = Config.model_fields
    given = [
        name
        for name, info in fields.items()
        if name not in left_out and (name in config.model_fields_set or getattr(config, name) != info.default)
    ]
    lines = [_line(name, value, meaning) for name, (value, meaning) in BESIDE.items()]
    lines += [_line(name, value, "of the problem") for name, value in config.own.items()]
    lines += [_line(name, as_written(getattr(config, name)), _short(f"{fields[name].description}")) for name in given]
    lines += [_line(name, as_written(value), "of the notebook itself") for name, value in (of_notebook or {}).items()]
    return "\n".join(lines) + "\n"


def _short(description: str) -> str:
    """The first clause of a description."""
    return " ".join(description.split()).partition(". ")[0].partition("; ")[0]


def _line(name: str, value: Any, meaning: str) -> str:
    line = f"{name} = {_code(value)}"
    if len(line) > WIDTH and isinstance(value, list):
        line = "\n".join([f"{name} = [", *(f"    {_code(each)}," for each in value), "]"])
    commented = f"{line}  # {meaning}"
    return commented if max(map(len, commented.splitlines())) <= WIDTH else line


def _code(value: Any) -> str:
    """A plain value as Python, with texts in double quotes as the project's notebooks have them."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(_code, value))}]"
    if isinstance(value, dict):
        items = ", ".join(f"{_code(name)}: {_code(each)}" for name, each in value.items())
        return f"{{{items}}}"
    return repr(value)
