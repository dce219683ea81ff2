"""Widgets; only this package imports ipywidgets. Without a panel no result changes.

A room for each panel, which is in its panel.py; they share widgets, and none imports another.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elastic_pinn.workbench.panels.comparison.panel import ComparePanel
    from elastic_pinn.workbench.panels.exploration.panel import ExplorePanel
    from elastic_pinn.workbench.panels.own_data.panel import OwnDataPanel
    from elastic_pinn.workbench.panels.sweeps.panel import SweepPanel
    from elastic_pinn.workbench.panels.training.panel import TrainPanel

__all__ = ["ComparePanel", "ExplorePanel", "OwnDataPanel", "SweepPanel", "TrainPanel"]

HOMES = {
    "ComparePanel": "comparison.panel",
    "ExplorePanel": "exploration.panel",
    "OwnDataPanel": "own_data.panel",
    "SweepPanel": "sweeps.panel",
    "TrainPanel": "training.panel",
}


def __getattr__(name: str) -> Any:
    """Import each panel on first use, since the imports of all cost a notebook, and each run of a sweep, seconds."""
    if name in HOMES:
        return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
