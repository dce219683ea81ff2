"""Checkpoints on a remote store: the only importer of fsspec, and imported only by those who use one.

Imports the format, files and folders of this wing, and its checkpoints.
"""
