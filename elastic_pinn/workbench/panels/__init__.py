"""Widgets; only this package imports ipywidgets. Without a panel no result changes."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elastic_pinn.workbench.panels.compare_panel import ComparePanel
    from elastic_pinn.workbench.panels.explore_panel import ExplorePanel
    from elastic_pinn.workbench.panels.own_data_panel import OwnDataPanel
    from elastic_pinn.workbench.panels.sweep_panel import SweepPanel
    from elastic_pinn.workbench.panels.train_panel import TrainPanel

__all__ = ["ComparePanel", "ExplorePanel", "OwnDataPanel", "SweepPanel", "TrainPanel"]

HOMES = {
    "ComparePanel": "compare_panel",
    "ExplorePanel": "explore_panel",
    "OwnDataPanel": "own_data_panel",
    "SweepPanel": "sweep_panel",
    "TrainPanel": "train_panel",
}


def __getattr__(name: str) -> Any:
    """Import each panel on first use, since the imports of all cost a notebook, and each run of a sweep, seconds."""
    if name in HOMES:
        return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
