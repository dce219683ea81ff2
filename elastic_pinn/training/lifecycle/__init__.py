"""A run from its start to its end: the loop, checkpoints, resuming, and the only writer of a run directory.

Imports from the rest of training, and from the wings below it.
"""
