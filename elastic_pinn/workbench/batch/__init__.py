"""Notebooks run headless: one, or a sweep of them on one machine or many.

A Sweep says what is asked for; its Plan, what that comes to; the engine sends it, run by run, to workers; a worker runs
one notebook at a time, in a kernel of its own. Only here papermill and dask are imported.
"""

from elastic_pinn.workbench.batch.notebook import Notebook, Value
from elastic_pinn.workbench.batch.plan import Plan
from elastic_pinn.workbench.batch.sweep_config import Sweep, SweepError

__all__ = ["Notebook", "Plan", "Sweep", "SweepError", "Value"]
