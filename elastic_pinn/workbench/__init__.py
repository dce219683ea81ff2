"""The user interface: figures, tables, panels, commands, and headless notebooks.

It imports from all wings below. Only panels/ imports ipywidgets, and only batch/ imports papermill and dask.
"""

from typing import TYPE_CHECKING

from elastic_pinn.lazy_imports import on_first_use

__all__ = ["ReferenceField", "ReferenceFieldError", "material_table"]

if TYPE_CHECKING:
    from elastic_pinn.workbench.reference_field import ReferenceField, ReferenceFieldError
    from elastic_pinn.workbench.tables import material_table
else:
    __getattr__, __dir__ = on_first_use(__name__, "reference_field", "tables")
