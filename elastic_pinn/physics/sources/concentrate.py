"""Points where sources act: a share of a place's points is drawn near them, however narrow and short they are.

Letters: n points, k dimensions of a place.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from elastic_pinn.physics.domains import Domain, Quantile
from elastic_pinn.physics.fields import Field
from elastic_pinn.physics.sources.several import local_in
from elastic_pinn.physics.statement import Place

SHARE = 0.25  # of a place's points


def concentrated(place: Place, domain: Domain, *fields: Field | None) -> Place:
    """Return a place a quarter of whose points are near the sources among its fields; as it is where there are none.

    Points that would be outside the domain are drawn anywhere on the place.
    """
    sources = [source for field in fields for source in local_in(field)]
    if not sources:
        return place

    def mapping(unit: Tensor, quantile: Quantile) -> tuple[Tensor, Tensor]:
        first = unit[:, 0]
        spread = unit.clone()
        spread[:, 0] = torch.where(first < SHARE, first / SHARE, (first - SHARE) / (1.0 - SHARE))
        points, normals = place.at(spread, quantile)
        number = first * (len(sources) / SHARE)  # (n,): below 1 near the first source, and so on
        for i, source in enumerate(sources):
            chosen = torch.nonzero((number >= i) & (number < i + 1)).squeeze(1)
            cube = unit[chosen]  # (m, k)
            cube[:, 0] = number[chosen] - i
            near, directions = source.near(cube, domain, place.parts)
            inside = domain.shape.contains(near[:, 0], near[:, 1])
            points[chosen[inside]] = near[inside]
            if len(normals):
                normals[chosen[inside]] = directions[inside]
        return points, normals

    return replace(place, mapping=mapping)
