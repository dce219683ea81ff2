"""What a notebook is, before it is run: its text, its parameters and its code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from elastic_pinn.config import BESIDE_CONFIG, Config, ConfigError
from elastic_pinn.workbench.batch.notebook_code import Parameters, calls, is_ignored, read_parameters, without_comments

Value = bool | int | float | str | list[int] | list[float] | list[str]

FORMAT = 4  # of .ipynb files; since 2015
OF_THE_CONFIG = {*Config.model_fields, *BESIDE_CONFIG}
RUN_DIR = "run_dir"  # whoever runs a notebook puts its executed copy there, whether the notebook looks at it or not
EXECUTED_FILE = "notebook.ipynb"  # in a run directory: the executed copy
TAG, INJECTED = "parameters", "injected-parameters"  # of cells, as papermill names them


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
        """The notebook in a file. Raises ConfigError, naming the file, where there is none."""
        try:
            text = path.read_text(encoding="utf-8")
            content = json.loads(text)
            is_known = content["nbformat"] == FORMAT and all(cell["source"] is not None for cell in content["cells"])
        except OSError as error:
            raise ConfigError(f"no notebook could be read at {path}: {error.strerror}") from None
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
        """Names and values of its parameters cell, as far as these are plain."""
        return self.cell.values

    @cached_property
    def cell(self) -> Parameters:
        """What its cell of parameters says.

        Raises ConfigError where it has none, for then papermill puts the given values at the top, where the notebook's
        own take their place without a word; or more than one, for only the first counts.
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
        """The SHA-256 of what it does: its code without comments and without plain values of parameters, which count as
        parameters; no markdown, no outputs, and nothing of what papermill put in."""
        parts = [self.cell.code, *(without_comments(source) for source in self._code)]
        return hashlib.sha256(json.dumps([part for part in parts if part.strip()]).encode()).hexdigest()

    def check(self, given: Mapping[str, Value]) -> Config | None:
        """Refuse values that the notebook would refuse in its first cells, or that would be ignored.

        Returns the config that it makes of its own parameters and those given; None where only its kernel can tell.
        Raises ConfigError for an unknown name, a value that is not legal with the notebook's own, and a name whose
        value no cell reads.
        """
        names = self.cell.names
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
        """The config that it makes of its own parameters and those given.

        Raises ConfigError as `check`, and where only a kernel can tell it.
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
        """Whether a name is one of its parameters, or it takes any field of the config."""
        return name in self.cell.names or (self._takes_all and name in OF_THE_CONFIG)

    def own(self, given: Mapping[str, Value]) -> dict[str, Any]:
        """Values of parameters that are no fields of the config: the notebook's own matter."""
        values = {**self.parameters, **given}
        return {name: values[name] for name in values if name not in OF_THE_CONFIG}

    def computed(self, given: Mapping[str, Value]) -> list[str]:
        """The fields of the config that its cell of parameters works out, so that only a kernel can tell them."""
        return sorted((self.cell.computed & Config.model_fields.keys()) - given.keys())

    def directive(self, name: str, given: Mapping[str, Value]) -> str:
        """What it gets as `run_dir` or as `resume`; "" where neither it nor who runs it says anything.

        Raises ConfigError where only its kernel can tell it.
        """
        if name in self.cell.computed - given.keys():
            raise ConfigError(
                f"{name} is computed in {self.name}.ipynb, and is needed before a kernel starts: give {name}=..., or "
                "write a plain value"
            )
        return str(given.get(name, self.parameters.get(name, "")))

    def _config(self, given: Mapping[str, Value]) -> Config:
        values = {**self.parameters, **given}
        own = {} if self._takes_all and not self._has_own else self.own(given)
        return Config.from_namespace({name: value for name, value in values.items() if name not in own})

    @cached_property
    def _cells(self) -> list[tuple[str, list[str]]]:
        """Source and tags of each code cell but those that papermill put in."""
        cells = [cell for cell in json.loads(self.text)["cells"] if cell.get("cell_type") == "code"]
        found = [("".join(cell["source"]), cell.get("metadata", {}).get("tags", [])) for cell in cells]
        return [(source, tags) for source, tags in found if INJECTED not in tags]

    @cached_property
    def _code(self) -> list[str]:
        """Its code cells but for the one of parameters, in order."""
        return [source for source, tags in self._cells if TAG not in tags]

    @cached_property
    def _code_after(self) -> list[str]:
        """Its code cells after the one of parameters: those before it do not see what is given."""
        at = next(at for at, (_, tags) in enumerate(self._cells) if TAG in tags)
        return [source for source, _ in self._cells[at + 1 :]]

    def _ignores(self, name: str) -> bool:
        """Whether no cell looks at what is given for a name; worked out once, for sweeps ask it for each run."""
        if name not in self._ignored:
            self._ignored[name] = is_ignored(name, self._code_after)
        return self._ignored[name]

    @cached_property
    def _ignored(self) -> dict[str, bool]:
        return {}

    @cached_property
    def _takes_all(self) -> bool:
        """Whether it makes its config, or its sweep, of all names in its namespace."""
        return self._sweeps or bool(calls("from_namespace", self._code))

    @cached_property
    def _has_own(self) -> bool:
        """Whether names of its own go with the fields of the config."""
        return any(len(call.args) + len(call.keywords) > 1 for call in calls("from_namespace", self._code))

    @cached_property
    def _sweeps(self) -> bool:
        """Whether its parameters are those of a sweep, in which a list stands for a run each."""
        return bool(calls("of_parameters", self._code))


def _language(content: Mapping[str, Any]) -> str:
    """The language that a notebook says it is in; Python where it says none."""
    metadata = content.get("metadata", {})
    return str(
        metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name") or "python"
    )
