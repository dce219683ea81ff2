"""Widgets; the only importer of ipywidgets. A panel can be absent and no number changes."""

from elastic_pinn.workbench.panels.compare_panel import ComparePanel
from elastic_pinn.workbench.panels.explore_panel import ExplorePanel
from elastic_pinn.workbench.panels.sweep_panel import SweepPanel
from elastic_pinn.workbench.panels.train_panel import TrainPanel

__all__ = ["ComparePanel", "ExplorePanel", "SweepPanel", "TrainPanel"]
