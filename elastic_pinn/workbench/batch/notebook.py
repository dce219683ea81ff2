"""What a notebook is, before it is run: its text and its parameters."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from elastic_pinn.config import Config, ConfigError

Value = bool | int | float | str | list[int] | list[float] | list[str]

FORMAT = 4  # of .ipynb files; since 2015


@dataclass(frozen=True)
class Notebook:
    """A notebook as it was read; it can be sent to where its file is not.

    Attributes:
        name: its file's name, without .ipynb.
        text: the file's content, JSON.
    """

    name: str
    text: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """The notebook in a file. Raises FileNotFoundError, and ConfigError for a file that holds none."""
        text = path.read_text(encoding="utf-8")
        try:
            content = json.loads(text)
            is_known = content["nbformat"] == FORMAT and isinstance(content["cells"], list)
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{path} holds no notebook ({type(error).__name__}: {error})") from error
        if not is_known:
            raise ConfigError(f"{path} is a notebook of another format than {FORMAT}: save it anew in JupyterLab")
        return cls(path.stem, text)

    @cached_property
    def parameters(self) -> dict[str, Value]:
        """Names and plain values of its parameters cell; {} where it has none."""
        cells = json.loads(self.text)["cells"]
        sources = ["".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
        found = {}
        for statement in ast.parse("\n".join(sources)).body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                try:
                    found[statement.targets[0].id] = ast.literal_eval(statement.value)
                except ValueError:  # a notebook of somebody's own, with more than plain values
                    continue
        return found

    def config(self, given: Mapping[str, Value]) -> Config:
        """The config that it makes of its own parameters and those given.

        Raises ConfigError for what it would refuse in its first cell, or papermill ignore: a name that is unknown, and
        values that are not legal with the notebook's own.
        """
        own = {name: value for name, value in self.parameters.items() if name in Config.model_fields}
        return Config.from_namespace(own | dict(given))
