"""Plane P and S waves of the material: the wave equation holds whatever their amplitudes.

    u = sum_i a_i d_i sin(k_i . x - c_i |k_i| t + b_i),   P: d_i along k_i, c_i = c_p;   S: d_i across k_i, c_i = c_s

Every wavefield of a homogeneous solid without body force is a sum of such waves, and only finitely many differ
noticeably in a window of space and time. Source: Aki and Richards, Quantitative Seismology, 2002, section 5.1.

Of several materials, each region has a set of such waves of its own, which fill its pair of outputs.

Letters: N points, R regions, F waves a region, E equations a point, U unknowns of the material.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from elastic_pinn.networks.config import NetworkConfig
from elastic_pinn.networks.dense import CompiledLayers, Layers, jacobian
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.network import CUBE, Network, Window
from elastic_pinn.physics.media.moduli import Moduli

S_EVERY = 3  # two P waves for each S wave: with c_p about 2 c_s, both are then equally dense in frequency


class PlaneWaves(Network):
    """Waves whose wave vectors and phases are drawn once, from `generator`; their amplitudes are trained.

    Wave vectors are spread evenly over the disc up to `input_frequency` radians per dimensionless length, those of P
    waves only up to `time_frequency`, if this is given and lower; in other regions than the first up to the same
    frequencies in time.
    """

    vectors: Tensor
    phases: Tensor

    def __init__(self, config: NetworkConfig, generator: torch.Generator, window: Window = CUBE) -> None:
        super().__init__(config, generator, window)
        dtype, self._regions, self._s_fraction = self.extent.dtype, len(window.speeds), config.s_wave_fraction
        count = self._regions * config.hidden_layers[0]
        length, angle, phase = torch.rand(3, count, dtype=dtype, generator=generator)  # each (R F,)
        angle, phase = 2.0 * math.pi * angle, 2.0 * math.pi * phase
        along = torch.stack([angle.cos(), angle.sin()], dim=1)  # (R F, 2)
        of_waves = phase.new_tensor(window.speeds).repeat_interleave(config.hidden_layers[0])  # (R F,)
        greatest = config.input_frequency / of_waves  # (R F,)
        self.register_buffer("vectors", greatest[:, None] * length.sqrt()[:, None] * along)  # (R F, 2)
        if config.time_frequency:  # a P wave's frequency is its wave number: c_p is 1 in a problem's units
            of_p = min(1.0, config.time_frequency / config.input_frequency)
            self.vectors *= torch.where(self._kinds == 0, of_p, 1.0)[:, None]
        self.register_buffer("phases", phase)  # (R F,)
        self.amplitudes = nn.Parameter(torch.zeros(count, dtype=dtype))

    @staticmethod
    def shapes(config: NetworkConfig, regions: int = 1) -> Mapping[str, tuple[int, ...]]:
        """Return names and shapes of the tensors in the state_dict."""
        count = regions * config.hidden_layers[0]
        return {"vectors": (count, 2), "phases": (count,), "amplitudes": (count,)}

    @property
    def last_layer(self) -> list[nn.Parameter]:
        """The amplitudes."""
        return [self.amplitudes]

    def within(self, moduli: Moduli) -> Layers:
        """Return the layers of the waves in a material of dimensionless lambda, mu and rho, or one for each region."""
        frequencies = self._lengths * self._of_waves(moduli.speeds)  # (R F,)
        by_axis = torch.cat([self.vectors, -frequencies[:, None]], dim=1)  # (R F, 3)
        first = by_axis * self.extent
        last = (self._directions * self.amplitudes[:, None]).T  # (2, R F)
        if self._regions > 1:
            last = torch.block_diag(*last.split(last.shape[1] // self._regions, dim=1))  # (2 R, R F)
        return CompiledLayers((first, last), (self.phases, last.new_zeros(len(last))), "sin", self.extent)

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
        """The derivatives of all misfits by the amplitudes, (N E, R F); (N E, 0) without parameters."""
        if not parameters:
            return equations.target.new_zeros(equations.target.numel(), 0)
        directions = self._directions.T.split(len(self.vectors) // self._regions, dim=1)  # each (2, F)
        found = []
        for part in _parts(equations):
            by_last = (jacobian.by_network(*each, each[0].weights[1:]) for each in self._by_region(layers, part))
            found.append([(a.unflatten(1, (2, -1)) * d).sum(1) for a, d in zip(by_last, directions, strict=True)])
        return torch.cat([_side_by_side(each) for each in found])

    def _by_frequencies(self, moduli: Moduli, equations: Equations, unknowns: Sequence[nn.Parameter]) -> Tensor:
        """Compute the derivatives of all misfits by unknowns of the material, through the frequencies, (N E, U)."""
        with torch.enable_grad():
            slopes = [torch.stack([_gradient(each, unknowns) for each in speed.reshape(-1)]) for speed in moduli.speeds]
        frequencies = self._lengths[:, None] * self._of_waves(slopes)  # (R F, U)
        layers, effects = self.within(moduli), -self.extent[2] * frequencies
        found = []
        for part in _parts(equations):
            by_first = [jacobian.by_network(*each, each[0].weights[:1]) for each in self._by_region(layers, part)]
            found.append(_side_by_side(by_first).unflatten(1, (-1, 3))[..., 2] @ effects)
        return torch.cat(found)

    def _by_region(self, layers: Layers, equations: Equations) -> Iterator[tuple[Layers, Equations]]:
        """The waves of each region, and the equations for its pair of outputs."""
        if self._regions == 1:
            yield layers, equations
            return
        count = len(self.vectors) // self._regions
        for region in range(self._regions):
            waves, pair = slice(region * count, (region + 1) * count), slice(2 * region, 2 * region + 2)
            first, last = layers.weights[0][waves], layers.weights[1][pair, waves]
            own = CompiledLayers((first, last), (layers.biases[0][waves], last.new_zeros(2)), "sin", self.extent)
            yield own, replace(equations, operator=equations.operator[..., pair])

    def _of_waves(self, of_kinds: Sequence[Tensor]) -> Tensor:
        """Select for each wave, (R F, ...), from values of P and of S waves, each (R, ...) or one for all regions."""
        numbers = torch.arange(len(self.vectors), device=self.vectors.device)
        by_region = torch.stack([each if each.ndim else each[None] for each in of_kinds])  # (2, R, ...)
        return by_region[self._kinds, numbers // (len(numbers) // self._regions)]

    @property
    def _lengths(self) -> Tensor:
        """Wave numbers, (R F,)."""
        return torch.linalg.vector_norm(self.vectors, dim=1)

    @property
    def _kinds(self) -> Tensor:
        """0: a P wave, 1: an S wave, (R F,)."""
        numbers = torch.arange(len(self.vectors), device=self.vectors.device) % (len(self.vectors) // self._regions)
        if not self._s_fraction:
            return (numbers % S_EVERY == S_EVERY - 1).long()
        s_before = torch.floor(self._s_fraction * torch.stack([numbers, numbers + 1]).double())  # (2, R F)
        return (s_before[1] > s_before[0]).long()

    @property
    def _directions(self) -> Tensor:
        """Unit vectors of the polarisation, (R F, 2)."""
        along = self.vectors / self._lengths[:, None]
        across = torch.stack([-along[:, 1], along[:, 0]], dim=1)
        return torch.where(self._kinds[:, None] == 0, along, across)


def _side_by_side(columns: list[Tensor]) -> Tensor:
    """Columns of all regions as one matrix; one alone is not copied."""
    return torch.cat(columns, dim=1) if columns[1:] else columns[0]


def _parts(equations: Equations) -> Iterator[Equations]:
    return equations.split(jacobian.POINTS_AT_ONCE)


def _gradient(value: Tensor, unknowns: Sequence[nn.Parameter]) -> Tensor:
    """The derivatives of a number by the unknowns, (U,)."""
    if not value.requires_grad:  # lambda has no part in c_s
        return torch.zeros(len(unknowns), dtype=value.dtype, device=value.device)
    return torch.stack(torch.autograd.grad(value, unknowns, retain_graph=True, materialize_grads=True))
