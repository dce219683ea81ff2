"""RAD: residual-based adaptive distribution.

Wu, Zhu, Tan, Kartha and Lu (2023), "A comprehensive study of non-adaptive and residual-based adaptive sampling for
physics-informed neural networks", Comput. Methods Appl. Mech. Eng. 403, 115671.
"""

from __future__ import annotations

import torch
from torch import Tensor

from elastic_pinn.training.config import TrainingConfig
from elastic_pinn.training.sampling.cloud import Cloud


def rad(cloud: Cloud, config: TrainingConfig) -> Tensor:
    """Choose all points anew among `rad_candidates` times as many, without repetition, by their density.

    One after another, each with a probability proportional to its density among those left: the same as the n first of
    independent exponential waiting times whose rates are the densities (Efraimidis and Spirakis, Information Processing
    Letters 97, 2006).
    """
    candidates = cloud.spread(config.rad_candidates * len(cloud.present))  # (m, k)
    rates = density(cloud.residuals(candidates), config.rad_exponent, config.rad_constant)
    waiting = torch.from_numpy(cloud.generator.exponential(size=len(candidates))) / rates
    return candidates[waiting.argsort(stable=True)[: len(cloud.present)]]


def density(residuals: Tensor, exponent: float, constant: float) -> Tensor:
    """The density at points, relative to an even one, up to a factor: |r|^k / mean |r|^k + c, (m,) -> (m,)."""
    powers, least = residuals.pow(exponent), torch.finfo(residuals.dtype).tiny
    return (powers / powers.mean().clamp(min=least) + constant).clamp(min=least)  # even where all residuals are 0
