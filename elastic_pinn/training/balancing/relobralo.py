"""ReLoBRaLo: relative loss balancing with random lookback. Terms that fell least count most.

Bischof and Kraus (2025), "Multi-objective loss balancing for physics-informed deep learning", Comput. Methods Appl.
Mech. Eng. 439, 117914 (arXiv 2110.09813).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from elastic_pinn.training.balancing.terms import Factors, Terms

KEPT = 0.9  # chance that the running mean is of the factors before, not of those since the start: 0.999 a step of 100
MOST = 1e6  # a ratio beyond which none makes a difference


def relobralo(terms: Terms) -> Factors:
    """Return the running mean of factors by how far each term fell since the last balance.

    Now and then, at random, the mean is of those by how far each fell since the first one.
    """
    losses = terms.evaluate()
    first, last = (dict(terms.memory.get(name, losses)) for name in ("first", "last"))
    terms.memory.update(first=first, last=losses)
    kept, temperature = terms.config.balance_memory, terms.config.balance_temperature
    since_last, since_first = (relative(losses, before, temperature) for before in (last, first))
    before = terms.factors if terms.factors and terms.generator.random() < KEPT else since_first
    return {name: kept * before.get(name, 1.0) + (1.0 - kept) * new for name, new in since_last.items()}


def relative(losses: Mapping[str, float], before: Mapping[str, float], temperature: float) -> Factors:
    """Factors with a mean of 1, which rise exponentially with the ratio of each loss to that before."""
    tiny = np.finfo(float).tiny
    ratios = np.array([min(MOST, loss / max(before.get(name, loss), tiny)) for name, loss in losses.items()])
    powers = np.exp((ratios - ratios.max()) / temperature)
    return dict(zip(losses, (len(powers) * powers / powers.sum()).tolist(), strict=True))
