"""What an optimizer remembers survives storage, whatever it remembers of which parameter."""

import h5py
import pytest
import torch
from torch import nn

from elastic_pinn.config import Config
from elastic_pinn.storage.format.hdf5 import NewGroup
from elastic_pinn.training.optimizers import OPTIMIZERS, load_moments, moments


def parameters() -> list[nn.Parameter]:
    shapes = [(4, 3), (2, 4), (4,), (2,), ()]
    return [nn.Parameter(torch.randn(*shape, dtype=torch.float64)) for shape in shapes]
