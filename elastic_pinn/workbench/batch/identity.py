"""The identity of a run in a sweep: everything that its results depend on, as far as a plan can determine it.

It consists of the notebook's name and code, each field of the config that affects the result, the notebook's own
parameters, and the contents of the files that the config names. Versions of packages, the machine, and modules and
files that the notebook's code reads itself are not part of it: see README.md.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from elastic_pinn.config import NO_PART_OF_THE_RESULT, Config, ConfigError
from elastic_pinn.workbench.batch.inputs import NOT_HERE, Inputs
from elastic_pinn.workbench.batch.notebook import EXECUTED_FILE, Notebook

# Fields that do not affect the result: configs that differ only in these are the same run.
WITHOUT_EFFECT = {*NO_PART_OF_THE_RESULT, "threads"}
HASH_DIGITS, VERSION = 16, 2


@dataclass(frozen=True)
class Identity:
    """The identity of a run.

    Attributes:
        notebook: its name.
        code: the SHA-256 of its code.
        fields: of the config, without defaults and fields without effect that are not varied.
        varied: the names of the varied fields.
        own: the notebook's own parameters, which are no fields of the config; among them, those of its problem.
        inputs: the files that the run reads.
    """

    notebook: str
    code: str
    fields: Mapping[str, Any]
    varied: frozenset[str]
    own: Mapping[str, Any]
    inputs: Inputs

    @classmethod
    def of(
        cls, notebook: Notebook, config: Config, parameters: Mapping[str, Any], varied: frozenset[str], inputs: Inputs
    ) -> Self:
        """Return the identity of a run from the parameters of its notebook and the config that they give."""
        fields = config.model_dump(mode="json", exclude=(WITHOUT_EFFECT - varied) | {"own"}, exclude_defaults=True)
        return cls(notebook.name, notebook.code_sha256, fields, varied, notebook.own(parameters), inputs)

    @cached_property
    def digest(self) -> str:
        """A hash of the identity. A file is hashed by its content, and by its path only if that is unknown or
        varied."""
        known = {name for name, digest in self.inputs.items() if digest != NOT_HERE} - self.varied
        fields = {name: value for name, value in self.fields.items() if name not in known}
        return _digest([VERSION, self.notebook, self.code, fields, self.own, dict(self.inputs)])

    @property
    def earlier_digest(self) -> str:
        """The hash of version 0.1.0, of name and fields alone."""
        return _digest([self.notebook, self.fields])


class KnownRuns:
    """The runs that a folder already contains.

    trusted: whether a run of version 0.1.0 with the same name and fields counts as the same, even if its code and files
    are unknown; only for display, never to skip a run.
    """

    def __init__(self, folder: Path, trusted: bool = False) -> None:
        self._folder, self._trusted = folder, trusted
        names = os.listdir(folder) if folder.is_dir() else []
        self._names = {name.rpartition("-")[2]: name for name in names if "-" in name}

    def name_of(self, identity: Identity) -> str:
        """Return the folder of a run, whose name may differ before the hash; "" if there is none."""
        if name := self._names.get(identity.digest, ""):
            return name
        name = self._names.get(identity.earlier_digest, "")
        return name if name and (self._trusted or _is_result_of(identity, self._folder / name)) else ""


def _is_result_of(identity: Identity, run_dir: Path) -> bool:
    """Return whether a run of version 0.1.0 has this code and these files, by its executed notebook and newest
    checkpoint."""
    from elastic_pinn.storage import CheckpointError, checkpoints_of

    try:
        if Notebook.read(run_dir / EXECUTED_FILE).code_sha256 != identity.code:
            return False
        newest = checkpoints_of(run_dir).latest() if identity.inputs else None
    except (CheckpointError, ConfigError, OSError):
        return False
    data = newest.snapshot.state["problem"]["data_sha256"] if newest else ""
    return dict(identity.inputs) == ({"data": data} if data else {})


def _digest(content: list[Any]) -> str:
    text = json.dumps(content, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]
