"""Terms whose gradients are equally long: none of them decides alone where a step leads.

Wang, Teng and Perdikaris (2021), "Understanding and mitigating gradient flow pathologies in physics-informed neural
networks", SIAM J. Sci. Comput. 43, A3055, with the lengths of the gradients in place of the largest and the mean entry,
as in Wang, Sankaran, Wang and Perdikaris (2023), "An expert's guide to training physics-informed neural networks",
arXiv 2308.08468.
"""

from __future__ import annotations

import torch

from elastic_pinn.training.balancing.terms import Factors, Terms, inverse_to


def gradient_norm(terms: Terms) -> Factors:
    """Return the sum of all terms' gradient norms over that of each."""
    norms = {}
    for column, term in terms.evaluate().items():
        gradients = torch.autograd.grad(
            term, terms.parameters, retain_graph=True, allow_unused=True, materialize_grads=True
        )
        norms[column] = torch.cat([gradient.reshape(-1) for gradient in gradients]).norm()
    return terms.averaged(inverse_to(norms))
