"""The waveforms of one shot at its receivers: of its network, corrected by finite elements.

Sides, start and sources determine the wavefield of a known material. A network's is off it by some percent, which are
systematic, and would be taken for an effect of the material. Finite elements solve for this error to a few percent of
itself (error_estimate), so that the network's waveforms with the error's added are right to a small part of a percent.
Between two networks waveforms change with the material by as much as elements alone change them: their own error hardly
depends on it, and coarser ones do.

Where a source is unknown in part, these are columns: the waveforms by each of the pulses that make up its own.

Letters: N samples of E numbers, U unknowns, M = E N misfits, a sample's after each other, K pulses of the source.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from elastic_pinn.error_estimate import CORRECTED, ErrorsInFoundMaterial, still
from elastic_pinn.networks import Model
from elastic_pinn.networks.batch import Batch
from elastic_pinn.networks.cancellation import check_cancelled
from elastic_pinn.physics import Problem
from elastic_pinn.physics.statement import Statement
from elastic_pinn.training.optimizers.flat import gather, put
from elastic_pinn.training.source_fit import delays_of, unknown_pulse

STEP = 1e-5  # of the unknowns' parameters, logarithms: differences are right to about as much
SEARCHED = 1.25  # of the sides and steps of FINER: changes with the material need no better


class ShotWaveforms:
    """The waveforms of one shot, dimensionless, in the present material of a model.

    Parameters
    ----------
    problem
        One that determines its wavefield once the material is known.
    material
        The model whose material it is, as it is at each call.
    network
        The model with the shot's wavefield, on the CPU at each call; None: elements solve for all of it.
    recorded
        The statement on the records, and `samples` those of this shot, on the CPU.
    orders
        Of the derivatives by time that it is about.

    Attributes
    ----------
    problem
        As given.
    pulse : UnknownPulse or None
        Of the source, where it is unknown in part.
    delays : Tensor
        Of the pulses that make up its own, (K,) in s.
    """

    def __init__(
        self,
        problem: Problem,
        material: Model,
        network: Callable[[], Model] | None,
        recorded: Statement,
        samples: Batch,
        orders: Sequence[int],
    ) -> None:
        self.problem, self._model, self._network, self._recorded = problem, material, network, recorded
        self._sensitivity, self._orders = samples.sensitivity, orders  # (N, K) or None
        self._shape, scales = samples.target.shape, problem.scales  # (N, E)
        self._si = scales.in_si(samples.points)  # (N, 3) in m, m, s
        places, self._place = torch.unique(self._si[:, :2], dim=0, return_inverse=True)
        since = (self._si[:, 2] - problem.domain.t[0]) / scales.time
        self._times, self._time = torch.unique(since, return_inverse=True)
        self.pulse, self.delays = unknown_pulse(problem), delays_of(problem)
        self._by_model = ErrorsInFoundMaterial(problem, places.numpy(), material)
        self._still = still(problem)
        self._known: dict[float, tuple[Tensor, Tensor]] = {}  # by `coarser`: the unknowns, and waveforms by elements
        self._changes: dict[float, tuple[Tensor, Tensor]] = {}  # likewise: their derivatives by each, (U, M, K)

    def corrected(self, coarser: float = CORRECTED) -> Callable[[float], Tensor]:
        """Solve for the error of the network.

        coarser: by how many times elements and time steps are coarser than FINER says. Returns a function from a delay,
        dimensionless, to the waveforms of the network with those of its error at so much later instants, (N, E).
        """
        if self._network is None:
            return self._errors(self._in_present_material(), coarser)
        model = self._network()
        errors = self._errors(model, coarser)
        nothing, delay = self._si.new_zeros(self._shape), self._si.new_tensor([0.0, 0.0, self.problem.scales.time])

        def at(later: float) -> Tensor:
            batch = Batch.of(self._recorded, self.problem, self._si + later * delay, nothing[:0], nothing)
            batch = replace(batch, sensitivity=self._sensitivity)
            own = model.residuals(model.equations(self._recorded, model.material(), batch)).reshape(self._shape)
            return own + errors(later)

        return at

    def columns(self, at: Callable[[float], Tensor], later: float = 0.0) -> Tensor:
        """The waveforms by each pulse of the source, (M, K), from the function of a delay that is of the first."""
        delays = (self.delays / self.problem.scales.time).tolist()
        return torch.stack([self._delayed(at, later, delay).reshape(-1) for delay in delays], dim=1)

    def _delayed(self, at: Callable[[float], Tensor], later: float, delay: float) -> Tensor:
        """The waveforms of a pulse that is delayed, (N, E): at rest until then."""
        found = at(later - delay)
        return found * (self._times[self._time] + later >= delay)[:, None] if delay else found

    def by_elements(self, coarser: float = SEARCHED) -> Tensor:
        """The waveforms by elements alone, (M, K). coarser: as of `corrected`."""
        model, known = self._in_present_material(), self._known.get(coarser)
        here = gather(model.unknowns)
        if known is None or not torch.equal(known[0], here):
            known = self._known[coarser] = here, self.columns(self._errors(model, coarser))
        return known[1]

    def effects(self, coefficients: Tensor, coarser: float = SEARCHED) -> Tensor:
        """The derivatives of the waveforms by the unknowns' parameters, by elements alone, (M, U).

        coefficients: of the source's pulses, (K,). coarser: as of `corrected`.
        """
        start, unknowns = self.by_elements(coarser), self._still.unknowns  # in the present material
        here, known = gather(unknowns), self._changes.get(coarser)
        if known is None or not torch.equal(known[0], here):
            changes = []
            for step in STEP * torch.eye(len(here), dtype=here.dtype):
                put(unknowns, here + step)
                changes.append((self.columns(self._errors(self._still, coarser)) - start) / STEP)
            known = self._changes[coarser] = here, torch.stack(changes)
        return (known[1] @ coefficients).T

    def change_by(self, acting: Problem) -> Tensor:
        """The change of the waveforms by elements where other sources act, those of a problem, (M, K)."""
        return self.columns(self._errors(self._in_present_material(), SEARCHED, acting)) - self.by_elements()

    def _in_present_material(self) -> Model:
        """The model of which nothing moves."""
        self._still.material.load_state_dict(self._model.material.state_dict())
        return self._still

    def _errors(self, model: Model, coarser: float, acting: Problem | None = None) -> Callable[[float], Tensor]:
        """What a model's waveforms lack of those of the problem, or of one with other sources, by the delay, (N, E)."""
        check_cancelled()
        errors = self._by_model.of(model, self._orders, coarser, acting)

        def at(later: float) -> Tensor:
            found = torch.from_numpy(errors((self._times + later).numpy()))[self._time, self._place]  # (N, 2 orders)
            return found if self._sensitivity is None else (self._sensitivity * found).sum(1, keepdim=True)

        return at
