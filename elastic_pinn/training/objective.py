"""The training objective: a closure for optimizers that evaluates loss and gradients, and caches the last result."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from elastic_pinn.networks.network import CurvatureProduct
from elastic_pinn.training.distributed.processes import Processes
from elastic_pinn.training.losses import Block
from elastic_pinn.training.source_fit import SourceFit

Evaluate = Callable[[Tensor], Mapping[str, Tensor]]
"""The columns of the loss, with "total", at the present parameters (P,): this process's part of them."""

System = Callable[[Sequence[nn.Parameter]], tuple[Tensor, Tensor]]
"""Misfits (M,) whose squares sum to the loss, and their Jacobian J by the given parameters (M, P)."""

Blocks = Callable[[Sequence[nn.Parameter]], Iterator[Block]]
"""The same block by block."""

MakeCurvature = Callable[[Sequence[nn.Parameter]], CurvatureProduct]
"""J^T J by the given parameters."""


class WaveformsByElements(Protocol):
    """Waveforms at N samples of E numbers, in the present material of U unknowns, by K pulses of sources, on CPU."""

    @property
    def target(self) -> Tensor:
        """What was recorded, E N numbers."""

    @property
    def delays(self) -> Sequence[Tensor]:
        """Of each shot the delays of its source's pulses, in s: one, of zero, where it is known."""

    def fit_of(self, columns: Tensor) -> SourceFit:
        """Fit what is unknown of the sources to the records."""

    def by_elements(self) -> Tensor:
        """Compute, by elements alone, the waveforms by each of the pulses, (E N, K)."""

    def effects(self, coefficients: Tensor) -> Tensor:
        """Compute derivatives by the unknowns' parameters, (E N, U), for coefficients (K,) of the pulses."""


class RecordedWaveforms(WaveformsByElements, Protocol):
    """The same beside those of a network."""

    def corrected(self) -> Sequence[Callable[[float], Tensor]]:
        """Return, of each shot, a function from a delay to the waveforms, corrected by elements."""

    def columns(self, at: Sequence[Callable[[float], Tensor]]) -> Tensor:
        """Compute, from such functions, the waveforms by each of the pulses, (E N, K)."""

    def below(self, frequency: float) -> WaveformsByElements:
        """Return records and waveforms below a frequency, Hz."""


class Objective:
    """Loss and gradients at the present parameters, and the misfits behind them.

    An L-BFGS iteration usually ends where its line search evaluated last, and the next one starts with an evaluation
    at the same point. The last evaluation is therefore cached, which saves up to half of all evaluations and changes no
    bit.

    search_bound: the greatest absolute values of the unknowns, which start at 0, (U,); None: no bounds. better_start:
    looks for values of theirs, (U,), from which a search is more likely to succeed; None where it finds none.
    blocks_beside: as blocks, but without the records; waveforms: those at the records' samples; None: it has none.
    """

    def __init__(
        self,
        parameters: list[nn.Parameter],
        evaluate: Evaluate,
        system: System,
        blocks: Blocks,
        curvature: MakeCurvature,
        processes: Processes,
        search_bound: Tensor | None = None,
        better_start: Callable[[], Tensor | None] = lambda: None,
        blocks_beside: Blocks | None = None,
        waveforms: Callable[[], RecordedWaveforms] | None = None,
    ) -> None:
        self._parameters, self._evaluate, self._processes = parameters, evaluate, processes
        self.system, self.blocks, self.curvature = system, blocks, curvature
        self.search_bound = torch.tensor(math.inf) if search_bound is None else search_bound
        self.better_start = better_start
        self.blocks_beside, self.waveforms = blocks_beside, waveforms
        self.forget()

    def forget(self) -> None:
        """Discard the cached evaluation, when the points have changed."""
        self._known: Tensor | None = None  # (parameters,): where the last evaluation was
        self._gradients: Sequence[Tensor] = []
        self.terms: Mapping[str, Tensor] = {}

    def __call__(self) -> Tensor:
        """Evaluate the total loss, set the gradients and keep the columns in `terms`."""
        here = self.position()
        if self._known is None or not torch.equal(self._known, here):
            self._work(here)
            self._known = here
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = gradient.clone()
        return self.terms["total"]

    def gradient_norm(self) -> float:
        """Return the Euclidean norm of the gradient at the last evaluation."""
        return torch.stack([gradient.norm() for gradient in self._gradients]).norm().item()

    def position(self) -> Tensor:
        """Copy all parameters into one vector (P,)."""
        return torch.cat([parameter.detach().reshape(-1) for parameter in self._parameters])

    def _work(self, here: Tensor) -> None:
        with torch.enable_grad():
            terms = self._evaluate(here)
            gradients = torch.autograd.grad(terms["total"], self._parameters, allow_unused=True, materialize_grads=True)
        found = {name: term.detach() for name, term in terms.items()}
        self.terms, self._gradients = self._processes.sum(found, gradients)
