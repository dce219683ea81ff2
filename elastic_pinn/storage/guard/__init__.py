"""Read HDF5 files from unknown sources: anything that this package never writes is refused.

Imports the errors of this wing, and nothing else of it.
"""
