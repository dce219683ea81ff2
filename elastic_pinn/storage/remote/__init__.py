"""Checkpoints on a remote store. Only this package imports fsspec, and it is imported only if a remote store is used.

Imports the format, files and folders of this wing, and its checkpoints.
"""
