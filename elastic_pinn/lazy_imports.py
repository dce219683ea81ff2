"""Public names that are imported when they are first used (PEP 562).

So a wing hands on its names, and the fields of a config, which it declares too, are read without torch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any


def on_first_use(package: str, *modules: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package whose `__all__` names what its modules define.

    modules: in which the names are searched, in this order; they are attributes of the package as well. A dotted one,
    as "workbench.figures", is a name itself: its last part.
    """
    by_name = {module.rpartition(".")[2]: module for module in modules}

    def get(name: str) -> Any:
        here = vars(sys.modules[package])
        if name in by_name:
            found = import_module(f"{package}.{by_name[name]}")
        elif name in here["__all__"]:
            searched = (import_module(f"{package}.{module}") for module in modules)
            found = next(getattr(module, name) for module in searched if hasattr(module, name))
        else:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        here[name] = found  # from now on without a search
        return found

    def names() -> list[str]:
        here = vars(sys.modules[package])
        return sorted({*here, *here["__all__"], *by_name})

    return get, names
