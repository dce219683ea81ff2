"""What is read of an HDF5 file that anybody may have made: whatever writing never makes is refused.

Imports the errors of this wing, and nothing else of it.
"""
