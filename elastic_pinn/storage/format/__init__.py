"""One checkpoint <-> the bytes of one sealed HDF5 file.

Imports the guard, files and folders of this wing, and nothing else of it.
"""
