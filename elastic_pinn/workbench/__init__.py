"""What a person touches: figures, tables, panels, and notebooks run headless.

Imports from all the wings below. Only panels/ imports ipywidgets, and only batch/ papermill and dask.
"""
