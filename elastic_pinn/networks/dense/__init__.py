"""Affine layers with one nonlinearity between them: a trial function with a compiled kernel, hand-written Jacobians,
products with the curvature, and values on grids.

Imports from networks' jets, equations and network.
"""

from elastic_pinn.networks.dense.compiled import CompiledLayers, prepare
from elastic_pinn.networks.dense.curvature import Curvature
from elastic_pinn.networks.dense.layers import ACTIVATIONS, Layers

__all__ = ["ACTIVATIONS", "CompiledLayers", "Curvature", "Layers", "prepare"]
