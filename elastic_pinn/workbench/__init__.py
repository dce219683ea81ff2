"""The user interface: figures, tables, panels, commands, and headless notebooks.

It imports from all wings below. Only panels/ imports ipywidgets, and only batch/ imports papermill and dask.
"""
