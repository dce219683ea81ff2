"""A notebook before it is run: its text, its parameters and its code."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from elastic_pinn.config import BESIDE_CONFIG, FIELDS, Config, ConfigError
from elastic_pinn.paths import near_file
from elastic_pinn.workbench.batch.notebook_code import (
    Parameters,
    calls,
    is_ignored,
    names_beside,
    own_types,
    read_parameters,
    without_comments,
)

Value = bool | int | float | str | list[Any]

FORMAT = 4  # of .ipynb files; since 2015
OF_THE_CONFIG = {*FIELDS, *BESIDE_CONFIG}
RUN_DIR = "run_dir"  # the executed copy is put there, whether the notebook reads the name or not
EXECUTED_FILE = "notebook.ipynb"  # in a run directory: the executed copy
EXECUTED = "executed"  # a summary's value of "notebook" when every cell ran
TAG, INJECTED = "parameters", "injected-parameters"  # papermill's tags of cells


@dataclass(frozen=True)
class Notebook:
    """A notebook that was read from its file, and can be sent to other machines.

    Attributes:
        name: its file's name, without .ipynb.
        text: the file's content, JSON.
    """

    name: str
    text: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the notebook in a file. Raises ConfigError, which names the file, if there is none."""
        try:
            text = path.read_text(encoding="utf-8")
            content = json.loads(text)
            is_known = content["nbformat"] == FORMAT and all(cell["source"] is not None for cell in content["cells"])
        except OSError as error:
            near = near_file(path, path.absolute())
            raise ConfigError(f"no notebook could be read at {path}: {error.strerror}{near}") from None
        except (ValueError, LookupError, TypeError) as error:
            raise ConfigError(f"{path} holds no notebook ({type(error).__name__}: {error})") from error
        if not is_known:
            raise ConfigError(f"{path} is a notebook of another format than {FORMAT}: save it anew in JupyterLab")
        language = _language(content)
        if language.lower() != "python":
            raise ConfigError(f"{path} is a notebook in {language}: only those in Python can be run here")
        return cls(path.stem, text)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Names and plain values of its parameters cell."""
        return self.cell.values

    @cached_property
    def cell(self) -> Parameters:
        """Its parameters cell.

        Raises ConfigError if it has none, since papermill then puts the given values at the top, where the notebook's
        own replace them silently; or more than one, since only the first counts.
        """
        sources = [source for source, tags in self._cells if TAG in tags]
        if not sources:
            raise ConfigError(
                f"{self.name}.ipynb has no cell with the tag {TAG!r}, where given values go: add the tag to the cell "
                "that sets them (in JupyterLab: the gears at the right, Common Tools, Cell Tags)"
            )
        if len(sources) > 1:
            raise ConfigError(f"{self.name}.ipynb has {len(sources)} cells with the tag {TAG!r}: leave one")
        return read_parameters(sources[0], f"{self.name}.ipynb, cell of parameters")

    @cached_property
    def code_sha256(self) -> str:
        """The SHA-256 of its code: without comments, plain values of parameters, markdown, outputs and injected
        cells."""
        parts = [self.cell.code, *(without_comments(source) for source in self._code)]
        return hashlib.sha256(json.dumps([part for part in parts if part.strip()]).encode()).hexdigest()

    def check(self, given: Mapping[str, Value]) -> Config | None:
        """Refuse values that the notebook's first cells would refuse or ignore.

        Returns the config of its own and the given parameters; None if only its kernel can compute it. Raises
        ConfigError for an unknown name, an illegal value, a name that no cell reads, and a notebook that makes no run
        out of what it is given.
        """
        names = self.cell.names
        if any("OwnData" in ast.unparse(call.func) for call in calls("from_namespace", self._code)):
            raise ConfigError(f"{self.name}.ipynb has no config and makes no run: run it in JupyterLab or by papermill")
        config = None if self._sweeps or self.computed(given) else self._config(given)
        for name in given.keys() - {RUN_DIR}:
            if not self.takes(name):
                near = "".join(f" Did you mean {each!r}?" for each in get_close_matches(name, names, 1))
                raise ConfigError(
                    f"{name!r} is no parameter of {self.name}.ipynb, which would not look at it.{near} Its cell of "
                    f"parameters has {', '.join(sorted(names)) or 'none'}"
                )
            if self._ignores(name):
                raise ConfigError(
                    f"{name} = {given[name]!r} would change nothing: after its cell of parameters, {self.name}.ipynb "
                    f"sets {name} anew or never reads it"
                )
        return config

    def config(self, given: Mapping[str, Value]) -> Config:
        """Return the config of its own and the given parameters.

        Raises ConfigError as `check`, and if only a kernel can compute it.
        """
        config = self.check(given)
        if config is None:
            unknown = self.computed(given)
            fault = f"{', '.join(unknown)} of its parameters are computed: write plain values, or give them"
            raise ConfigError(
                f"what {self.name}.ipynb does is not known before it runs: {fault if unknown else 'it is a sweep'}"
            )
        return config

    def takes(self, name: str) -> bool:
        """Return whether a name is one of its parameters or, if it takes all of them, a field or an own number of the
        config."""
        return name in self.cell.names or (self._takes_all and name in {*OF_THE_CONFIG, *self._own_types})

    def own(self, given: Mapping[str, Value]) -> dict[str, Any]:
        """Return the values of parameters that are no fields of the config."""
        values = {**self.parameters, **given}
        return {name: values[name] for name in values if name not in OF_THE_CONFIG}

    def computed(self, given: Mapping[str, Value]) -> list[str]:
        """Return the fields and own numbers of the config that its code computes, so that only a kernel knows their
        values."""
        elsewhere = self._own_types.keys() - self.cell.names
        return sorted((self.cell.computed & {*FIELDS, *self._own_types} | elsewhere) - given.keys())

    def directive(self, name: str, given: Mapping[str, Value]) -> str:
        """Return its value of `run_dir` or `resume`; "" if it is neither set nor given.

        Raises ConfigError if only its kernel can compute it.
        """
        if name in self.cell.computed - given.keys():
            raise ConfigError(
                f"{name} is computed in {self.name}.ipynb, and is needed before a kernel starts: give {name}=..., or "
                "write a plain value"
            )
        return str(given.get(name, self.parameters.get(name, "")))

    def _config(self, given: Mapping[str, Value]) -> Config:
        values = {**self.parameters, **given}
        ignored = self._beside if self._takes_all else self.own(given).keys()
        return Config.from_namespace(
            {name: value for name, value in values.items() if name not in ignored}, own=self._own_types
        )

    @cached_property
    def _cells(self) -> list[tuple[str, list[str]]]:
        """Source and tags of each code cell, without injected ones."""
        cells = [cell for cell in json.loads(self.text)["cells"] if cell.get("cell_type") == "code"]
        found = [("".join(cell["source"]), cell.get("metadata", {}).get("tags", [])) for cell in cells]
        return [(source, tags) for source, tags in found if INJECTED not in tags]

    @cached_property
    def _code(self) -> list[str]:
        """Its code cells without the parameters cell, in order."""
        return [source for source, tags in self._cells if TAG not in tags]

    @cached_property
    def _code_after(self) -> list[str]:
        """Its code cells after the parameters cell; cells before it do not get the given values."""
        at = next(at for at, (_, tags) in enumerate(self._cells) if TAG in tags)
        return [source for source, _ in self._cells[at + 1 :]]

    def _ignores(self, name: str) -> bool:
        """Return whether no cell reads the given value of a name; cached, since a sweep needs it for each run."""
        if name not in self._ignored:
            self._ignored[name] = is_ignored(name, self._code_after)
        return self._ignored[name]

    @cached_property
    def _ignored(self) -> dict[str, bool]:
        return {}

    @cached_property
    def _takes_all(self) -> bool:
        """Whether its config, or its sweep, uses all names in its namespace."""
        return self._sweeps or bool(calls("from_namespace", self._code))

    @cached_property
    def _own_types(self) -> Mapping[str, type]:
        """The numbers of its problem that its config has in addition to fields, with their types."""
        return own_types(self._code, f"{self.name}.ipynb")

    @cached_property
    def _beside(self) -> Collection[str]:
        """The names of parameters that it reads itself, and no config has."""
        return names_beside(self._code, f"{self.name}.ipynb")

    @cached_property
    def _sweeps(self) -> bool:
        """Whether its parameters are those of a sweep, in which each item of a list is a run."""
        return bool(calls("of_parameters", self._code))


def _language(content: Mapping[str, Any]) -> str:
    """Return the language in a notebook's metadata; Python if there is none."""
    metadata = content.get("metadata", {})
    return str(
        metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name") or "python"
    )
