"""Plane P and S waves of the material: the wave equation holds whatever their amplitudes.

    u = sum_i a_i d_i sin(k_i . x - c_i |k_i| t + b_i),   P: d_i along k_i, c_i = c_p;   S: d_i across k_i, c_i = c_s

Every wavefield of a homogeneous solid without body force is a sum of such waves, and only finitely many differ
noticeably in a window of space and time. Source: Aki and Richards, Quantitative Seismology, 2002, section 5.1.

Letters: N points, F waves, E equations a point, U unknowns of the material.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.dense import CompiledLayers, Layers, jacobian
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.network import Network
from elastic_pinn.physics.moduli import Moduli

S_EVERY = 3  # two P waves for each S wave: with c_p about 2 c_s, both are then equally dense in frequency


class PlaneWaves(Network):
    """Waves whose wave vectors and phases are drawn once, from `generator`; their amplitudes are trained.

    Wave vectors are spread evenly over the disc up to `input_frequency` radians per dimensionless length, those of P
    waves only up to `time_frequency`, if this is given and lower.

    extent: (3,), half the window's extents, dimensionless, by which the inputs have been divided.
    """

    vectors: Tensor
    phases: Tensor

    def __init__(
        self, config: NetworkConfig, generator: torch.Generator, extent: Sequence[float] = (1.0, 1.0, 1.0)
    ) -> None:
        super().__init__(config, generator, extent)
        dtype = self.extent.dtype
        (count,) = config.hidden_layers
        length, angle, phase = torch.rand(3, count, dtype=dtype, generator=generator)  # each (F,)
        angle, phase = 2.0 * math.pi * angle, 2.0 * math.pi * phase
        along = torch.stack([angle.cos(), angle.sin()], dim=1)  # (F, 2)
        self.register_buffer("vectors", config.input_frequency * length.sqrt()[:, None] * along)  # (F, 2)
        if config.time_frequency:  # a P wave's frequency is its wave number: c_p is 1 in a problem's units
            of_p = min(1.0, config.time_frequency / config.input_frequency)
            self.vectors *= torch.where(self._kinds == 0, of_p, 1.0)[:, None]
        self.register_buffer("phases", phase)
        self.amplitudes = nn.Parameter(torch.zeros(count, dtype=dtype))

    @staticmethod
    def shapes(config: NetworkConfig) -> Mapping[str, tuple[int, ...]]:
        """Return names and shapes of the tensors in the state_dict."""
        (count,) = config.hidden_layers
        return {"vectors": (count, 2), "phases": (count,), "amplitudes": (count,)}

    @property
    def last_layer(self) -> list[nn.Parameter]:
        """The amplitudes."""
        return [self.amplitudes]

    def within(self, moduli: Moduli) -> Layers:
        """Return the layers of the waves in a material of dimensionless lambda, mu and rho."""
        frequencies = self._lengths * torch.stack(moduli.speeds)[self._kinds]  # (F,)
        by_axis = torch.cat([self.vectors, -frequencies[:, None]], dim=1)  # (F, 3)
        first = by_axis * self.extent
        last = (self._directions * self.amplitudes[:, None]).T  # (2, F)
        return CompiledLayers((first, last), (self.phases, last.new_zeros(2)), "sin", self.extent)

    def jacobian(self, moduli: Moduli, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
        """By the amplitudes through the last layer, by the material through the operators and the frequencies.

        By rows where coefficients need gradients.
        """
        if equations.coefficients.requires_grad:
            return super().jacobian(moduli, equations, parameters)
        layers, (own, unknowns) = self.within(moduli), self.apart(parameters)
        by_amplitudes = self._by_amplitudes(layers, equations, own)
        if not unknowns:
            return by_amplitudes  # not copied: it may be large
        by_operator = jacobian.by_material(layers, equations, unknowns)
        return torch.cat([by_amplitudes, by_operator + self._by_frequencies(moduli, equations, unknowns)], dim=1)

    def _by_amplitudes(self, layers: Layers, equations: Equations, parameters: Sequence[nn.Parameter]) -> Tensor:
        """The derivatives of all misfits by the amplitudes, (N E, F); (N E, 0) without parameters."""
        if not parameters:
            return equations.target.new_zeros(equations.target.numel(), 0)
        by_last = (jacobian.by_network(layers, part, layers.weights[1:]) for part in _parts(equations))
        return torch.cat([(each.unflatten(1, (2, -1)) * self._directions.T).sum(1) for each in by_last])

    def _by_frequencies(self, moduli: Moduli, equations: Equations, unknowns: Sequence[nn.Parameter]) -> Tensor:
        """Compute the derivatives of all misfits by unknowns of the material, through the frequencies, (N E, U)."""
        with torch.enable_grad():
            slopes = [_gradient(speed, unknowns) for speed in moduli.speeds]  # each (U,)
        frequencies = self._lengths[:, None] * torch.stack(slopes)[self._kinds]  # (F, U)
        layers, effects = self.within(moduli), -self.extent[2] * frequencies
        by_first = (jacobian.by_network(layers, part, layers.weights[:1]) for part in _parts(equations))
        return torch.cat([each.unflatten(1, (-1, 3))[..., 2] @ effects for each in by_first])

    @property
    def _lengths(self) -> Tensor:
        """Wave numbers, (F,)."""
        return torch.linalg.vector_norm(self.vectors, dim=1)

    @property
    def _kinds(self) -> Tensor:
        """0: a P wave, 1: an S wave, (F,)."""
        return (torch.arange(len(self.vectors), device=self.vectors.device) % S_EVERY == S_EVERY - 1).long()

    @property
    def _directions(self) -> Tensor:
        """Unit vectors of the polarisation, (F, 2)."""
        along = self.vectors / self._lengths[:, None]
        across = torch.stack([-along[:, 1], along[:, 0]], dim=1)
        return torch.where(self._kinds[:, None] == 0, along, across)


def _parts(equations: Equations) -> Iterator[Equations]:
    return equations.split(jacobian.POINTS_AT_ONCE)


def _gradient(value: Tensor, unknowns: Sequence[nn.Parameter]) -> Tensor:
    """The derivatives of a number by the unknowns, (U,)."""
    if not value.requires_grad:  # lambda has no part in c_s
        return torch.zeros(len(unknowns), dtype=value.dtype, device=value.device)
    return torch.stack(torch.autograd.grad(value, unknowns, retain_graph=True, materialize_grads=True))
