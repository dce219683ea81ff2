"""How far the result of a fit can be trusted: whether the data are explained, ± of unknowns and wavefield.

Imports from what a training step depends on; the lifecycle of a run and the workbench import from here.
"""
