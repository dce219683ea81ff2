"""The linear equations that a statement asks of a network's outputs at the points of a batch."""

from __future__ import annotations

import torch

from elastic_pinn.networks.batch import Batch
from elastic_pinn.networks.equations import Equations, operator_of
from elastic_pinn.networks.forms import FORMS, Form
from elastic_pinn.networks.jets import components
from elastic_pinn.physics.elasticity import Derivatives, Normal
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.statement import Statement


def equations_of(statement: Statement, moduli: Moduli, batch: Batch, form: Form = FORMS["displacement"]) -> Equations:
    """Return the linear equations of a statement, for outputs of a form, at the points of a batch.

    The operators are those of each pair of an entry of the moduli and an entry of the normal, and the pair's product is
    the coefficient; where the moduli are the same everywhere, they are in the operators. Of several materials, the
    operators are those of each region, on its pair of outputs, and the region's weight is a factor of the coefficient.
    Of records that are sums of components, so is each component's part.
    """
    statement = form.required(statement)
    names, one = components(statement.derivatives), torch.ones_like(batch.points[:, 0])  # (N,)
    media, of_media, regions = [moduli], [one], 1
    if batch.moduli is not None and statement.moduli:
        media = [Moduli(**{entry: 1.0}) for entry in statement.moduli]
        of_media = [getattr(batch.moduli, entry) for entry in statement.moduli]
    elif batch.regions is not None:
        regions, of_media = batch.regions.shape[1], list(batch.regions.unbind(1))
        media = [moduli.at(region) for region in range(regions)]
    normals, of_normals = [Normal()], [one]
    if statement.normals:
        normals, normal = [Normal(**{entry: 1.0}) for entry in statement.normals], Normal.of(batch.normal)
        of_normals = [getattr(normal, entry) for entry in statement.normals]
    every, of_parts = [slice(None)], [one]
    if batch.sensitivity is not None:
        of_parts = list(batch.sensitivity.unbind(1))
        every = [slice(component, component + 1) for component in range(len(of_parts))]
    linear = [
        lambda u, r=r, m=m, n=n, e=e: statement.operator(_of_region(u, r, form.outputs) if regions > 1 else u, m, n)[
            :, e
        ]
        for r, m in enumerate(media)
        for n in normals
        for e in every
    ]
    coefficients = torch.stack([m * n * e for m in of_media for n in of_normals for e in of_parts], dim=1)  # (N, K)
    if len(batch.points) > len(batch.target):  # images are there
        signs = coefficients.new_tensor([1.0, statement.image_sign]).repeat_interleave(len(batch.target))  # (2 N,)
        coefficients = signs[:, None] * coefficients
    operator = operator_of(linear, names, coefficients, form.outputs * regions)
    own = operator.shape[2] - batch.target.shape[1]  # equations that the form requires beside the statement's
    target = torch.nn.functional.pad(batch.target, (0, own))  # (N, E)
    return Equations(batch.points, names, operator, coefficients, target, batch.n_remote)


def _of_region(u: Derivatives, region: int, outputs: int) -> Derivatives:
    """The outputs of a region, name -> (N, C), of those of all regions, (N, R C)."""
    return {name: values[:, outputs * region : outputs * (region + 1)] for name, values in u.items()}
