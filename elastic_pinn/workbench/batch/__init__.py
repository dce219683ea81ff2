"""Run notebooks headless: one, or a sweep of them on one machine or many.

A Sweep is the specification; its Plan lists the runs; the engine sends the runs to workers; a worker runs one notebook
at a time, in its own kernel. Only this package imports papermill and dask.
"""

from elastic_pinn.workbench.batch.notebook import Notebook, Value
from elastic_pinn.workbench.batch.plan import Plan
from elastic_pinn.workbench.batch.sweep_config import Sweep, SweepError

__all__ = ["Notebook", "Plan", "Sweep", "SweepError", "Value"]
