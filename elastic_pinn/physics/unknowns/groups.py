"""Groups of what is trained: one tag each, with the bound of its numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True, eq=False)
class ParameterGroup:
    """Parameters of one kind.

    Attributes
    ----------
    tag
        What they are of: "network", "material", "shape", "source" or "field".
    parameters
        Those that are trained.
    bound
        The greatest useful absolute value of each; they start at 0 and their changes are of order 1.
    """

    tag: str
    parameters: tuple[nn.Parameter, ...]
    bound: float = math.inf
