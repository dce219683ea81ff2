"""The parameters of a notebook that makes no config of all that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elastic_pinn.errors import ConfigError
from elastic_pinn.legal_values import KINDS
from elastic_pinn.parameters import in_one_line, not_a_field, parameters_in
from elastic_pinn.workbench.batch.notebook import RUN_DIR

NEEDED = {**KINDS, list: "a list"}
TAKEN = {float: (float, int), list: (list, tuple)}
"""Further types of values that are as good."""


def require_only(namespace: Mapping[str, Any], **types: type) -> None:
    """Refuse what a notebook does not read: call it with globals() in the first cell after the parameters.

    Papermill only warns of a name that the notebook does not have, and goes on without it.

    Parameters
    ----------
    namespace
        The notebook's names.
    types
        The parameters that it reads, each with its type: str, bool, int, float or list.

    Raises
    ------
    ConfigError
        For any other public name with a plain value, with the legal ones, and for a value of another type. `run_dir`,
        which commands give to every notebook, is let pass.
    """
    given = parameters_in(namespace, types)
    faults = [not_a_field(name, types, ()) for name in given if name not in {*types, RUN_DIR}]
    told = [each.replace("not a field", "no parameter of this notebook, which would not look at it") for each in faults]
    told += [
        f"{name} = {in_one_line(given[name])}: {NEEDED[kind]} is needed"
        for name, kind in types.items()
        if name in given and type(given[name]) not in TAKEN.get(kind, (kind,))
    ]
    if told:
        raise ConfigError("\n".join(told))
