"""What makes two runs of sweeps the same: all that their results depend on, as far as a plan can know it.

That is the notebook's name and code, each field of the config that has an effect, the notebook's own parameters, and
what is in the files that the config names. The versions of packages, the machine, and modules and files that the
notebook's code names itself are not part of it: see README.md.
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

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.sections import NO_PART_OF_THE_RESULT
from elastic_pinn.workbench.batch.inputs import NOT_HERE, Inputs
from elastic_pinn.workbench.batch.notebook import EXECUTED_FILE, Notebook

# What changes nothing in what a run finds: two configs that differ in these alone are the same run.
WITHOUT_EFFECT = {*NO_PART_OF_THE_RESULT, "threads"}
HASH_DIGITS, VERSION = 16, 2


@dataclass(frozen=True)
class Identity:
    """What tells a run from others.

    Attributes:
        notebook: its name.
        code: the SHA-256 of its code.
        fields: the config's, but for defaults and what has no effect, unless it is varied.
        varied: the names of what is varied.
        own: the notebook's own parameters.
        inputs: the files that it reads.
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
        """The identity of a run by the parameters that its notebook is given, and the config that they come to."""
        fields = config.model_dump(mode="json", exclude=WITHOUT_EFFECT - varied, exclude_defaults=True)
        return cls(notebook.name, notebook.code_sha256, fields, varied, notebook.own(parameters), inputs)

    @cached_property
    def digest(self) -> str:
        """A hash of all of it. A file counts by its content, and by its path only where that is not known or where it
        is varied."""
        known = {name for name, digest in self.inputs.items() if digest != NOT_HERE} - self.varied
        fields = {name: value for name, value in self.fields.items() if name not in known}
        return _digest([VERSION, self.notebook, self.code, fields, self.own, dict(self.inputs)])

    @property
    def earlier_digest(self) -> str:
        """The hash that version 0.1.0 gave it, by name and fields alone."""
        return _digest([self.notebook, self.fields])


class KnownRuns:
    """The runs that a folder holds already.

    trusted: whether a run of version 0.1.0 is taken for one that has the same name and fields, even if its code and
    files are not known: to show it, not to spare another run.
    """

    def __init__(self, folder: Path, trusted: bool = False) -> None:
        self._folder, self._trusted = folder, trusted
        names = os.listdir(folder) if folder.is_dir() else []
        self._names = {name.rpartition("-")[2]: name for name in names if "-" in name}

    def name_of(self, identity: Identity) -> str:
        """The folder of a run, whose name may tell the values before the hash otherwise; "" where there is none."""
        if name := self._names.get(identity.digest, ""):
            return name
        name = self._names.get(identity.earlier_digest, "")
        return name if name and (self._trusted or _is_result_of(identity, self._folder / name)) else ""


def _is_result_of(identity: Identity, run_dir: Path) -> bool:
    """Whether a run that was named by version 0.1.0 is that of this code and these files: as its executed notebook and
    its newest checkpoint tell."""
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
