"""Terms whose misfits fall equally fast: by the trace of each one's neural tangent kernel.

Under gradient flow misfits r fall as dr/dt = -2 K r, K = J J^T, where J has a row for each misfit and a column for each
parameter, and the squares of a term's misfits sum to the term. The trace of a term's own K, the sum of its eigenvalues,
measures how fast it falls by itself.

Wang, Yu and Perdikaris (2022), "When and why PINNs fail to train: a neural tangent kernel perspective", J. Comput.
Phys. 449, 110768.
"""

from __future__ import annotations

import torch
from torch import Tensor

from elastic_pinn.training.balancing.terms import Factors, Terms, inverse_to

MOST_POINTS = 256  # of each statement, the first ones: the trace is a mean over points, known to about 1 % by so many


def tangent_kernel(terms: Terms) -> Factors:
    """Return the sum of the traces of all terms' kernels over that of each."""
    return terms.averaged(inverse_to(traces(terms)))


@torch.no_grad()
def traces(terms: Terms) -> dict[str, Tensor]:
    """Compute the trace of each term's kernel, the squared norm of its Jacobian."""
    batches = {name: batch.rows(slice(MOST_POINTS)) for name, batch in terms.batches.items()}
    with torch.enable_grad():  # through the operators gradients reach the material
        asked = terms.loss.equations(terms.model, batches)
    found = {column: asked[0].target.new_zeros(()) for column in terms.columns}
    for statement, equations in zip(terms.loss.statements, asked, strict=True):
        if statement.column in found:
            of_one = [(1.0 / len(equations.target), equations)]
            found[statement.column] += terms.model.curvature(of_one, terms.parameters).diagonal().sum()
    return found
