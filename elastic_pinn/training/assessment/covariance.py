"""The standard deviations and the correlations of what was found, in SI units.

Letters: U unknowns, R materials, Q numbers of the source, C stated errors of sources.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor

from elastic_pinn.fit import GAIN
from elastic_pinn.physics.unknowns import MaterialParameters
from elastic_pinn.physics.unknowns.region_materials import Materials
from elastic_pinn.training.assessment.linearised_fit import LinearisedFit
from elastic_pinn.training.assessment.stated_errors import StatedErrors
from elastic_pinn.training.trained_model import TrainedModel


def covariance_of(linear: LinearisedFit, unit: float, stated: StatedErrors) -> Tensor:
    """The covariance of the unknowns' parameters by noise of a dimensionless size, by what is systematic, and by stated
    errors of sources, (U, U)."""
    by_stated = stated.by_unknowns @ stated.by_unknowns.T
    return _by_noise(linear, unit) + torch.outer(linear.systematic, linear.systematic) + by_stated


class ErrorsInSI(NamedTuple):
    """The standard deviation of each constant and number of the source, the correlation of each two unknowns or
    numbers, by "lambda and mu", and the covariance of lambda, mu and rho of all materials, (3 R, 3 R)."""

    deviations: dict[str, float]
    correlations: dict[str, float]
    of_constants: Tensor


def in_si(trained: TrainedModel, linear: LinearisedFit, unit: float, stated: StatedErrors) -> ErrorsInSI:
    """Return the errors for data noise of a dimensionless size, what is systematic beside it, and what is stated not to
    be known of the density and of sources."""
    material, source = trained.model.material, linear.calibration
    of_material = by_parameters(material)  # (3 R, U)
    spread = torch.cat([of_material, source.by_unknowns])  # (3 R + Q, U)
    own = torch.zeros(len(of_material), source.by_noise.shape[1], dtype=torch.float64)
    own = unit * torch.cat([own, source.by_noise])
    systematic = torch.cat([of_material @ linear.systematic, source.systematic])
    density = _by_density(trained, linear)
    of_sources = spread @ stated.by_unknowns  # (3 R + Q, C)
    of_sources[len(of_material) :] += stated.by_calibration
    covariance = (
        spread @ _by_noise(linear, unit) @ spread.T
        + own @ own.T
        + torch.outer(systematic, systematic)
        + torch.outer(density, density)
        + of_sources @ of_sources.T
    )
    rows = [*material.si(), *source.values]
    found = dict(zip(rows, covariance.diagonal().sqrt().tolist(), strict=True))
    unknown = {*trained.problem.unknowns, *source.values}
    correlations = {
        f"{one} and {other}": float(covariance[rows.index(one), rows.index(other)]) / (found[one] * found[other])
        for one, other in combinations([name for name in rows if name in unknown], 2)
        if not (one.startswith(GAIN) and other.startswith(GAIN))  # very many
    }
    return ErrorsInSI(found, correlations, covariance[: len(of_material), : len(of_material)])


def _by_noise(linear: LinearisedFit, unit: float) -> Tensor:
    """The covariance of the unknowns' parameters by noise, (U, U)."""
    bias = linear.noise_bias(unit)
    return linear.unknowns_covariance(unit) + torch.outer(bias, bias)


def _by_density(trained: TrainedModel, linear: LinearisedFit) -> Tensor:
    """The changes by one standard deviation of the known density, (3 R + Q,), SI: motion tells lambda, mu and an
    amplitude of the source per density, so that they are off by the same part as it. A density that is uncertain is
    that of one material."""
    part = trained.problem.reference.density_plus_minus / trained.problem.reference.density
    constants = torch.tensor(list(trained.model.material.si().values()), dtype=torch.float64)  # (3 R,)
    source = [value if name.startswith("amplitude") else 0.0 for name, value in linear.calibration.values.items()]
    return part * torch.cat([constants, constants.new_tensor(source)])


def by_parameters(material: Materials) -> Tensor:
    """The derivatives of lambda, mu and rho of each material, in SI units, by the unknowns' parameters, (3 R, U)."""
    return torch.block_diag(*(_of_region(each) for each in material.regions))


def _of_region(material: MaterialParameters) -> Tensor:
    """The derivatives of lambda, mu and rho, in SI units, by the unknowns' parameters, (3, U)."""
    wanted = list(material.parameters())
    units = (material.unit.p_modulus, material.unit.p_modulus, material.unit.density)
    with torch.enable_grad():
        values = material.constants()
    rows = [
        torch.stack(torch.autograd.grad(value, wanted, retain_graph=True, allow_unused=True, materialize_grads=True))
        if value.requires_grad
        else torch.zeros(len(wanted))  # it is known
        for value in values
    ]
    return torch.stack([unit * row.double().cpu() for row, unit in zip(rows, units, strict=True)])
