"""Full-waveform inversion: the material whose waveforms, as sides, start and sources imply them, are those recorded.

Records have no part in the wavefield: the last layer is solved for from all else, and its waveforms are corrected by
those of its error, which finite elements solve for. The material is then moved by Gauss-Newton, for which waveforms
change with the material as elements alone tell: from one step to the next, only the correction is new.

Sources: Tarantola, Geophysics 49, 1984; for Gauss-Newton Pratt, Shin and Hicks, Geophys. J. Int. 133, 1998.

Letters: M misfits of records, P parameters of the last layer, U unknowns.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from elastic_pinn.networks.progress import reported, work
from elastic_pinn.training.gains import FitWithGains
from elastic_pinn.training.objective import WaveformsByElements
from elastic_pinn.training.optimizers.base import BaseOptimizer
from elastic_pinn.training.optimizers.flat import gather, put
from elastic_pinn.training.optimizers.gauss_newton import gauss_newton, shortened
from elastic_pinn.training.optimizers.least_squares import solution
from elastic_pinn.training.source_fit import SourceFit
from elastic_pinn.training.step_objective import StepObjective

ITERATIONS = 20  # of Gauss-Newton between two networks
HALVINGS = 8
SMALL = 0.05  # of the unknowns' standard deviations: a step without significance
ROUNDING = 1e-8  # of waveforms by elements
ENOUGH = 0.01  # of the squared misfit: below a frequency, a step that takes away less is the last


class FullWaveform(BaseOptimizer):
    """One step moves the material to where the waveforms are nearest to the records, and solves for the last layer
    there.

    It has converged if the last layer was solved for in this material, and the next step of Gauss-Newton would be small
    relative to the unknowns' standard deviations, as if all misfits were noise. At a bound of its range, an unknown is
    fixed while the gradient points outwards.

    What is unknown of a source is eliminated: each step of the material is one of what it leaves.

    frequencies: below each of these, Hz, the records are fitted in turn before the first step fits them whole.

    Its state holds "solved_in", (U,), the unknowns' parameters in which the last layer was solved for; "source",
    (2, K), the delays in s of the source's pulses and their coefficients, if it is unknown in part, of several shots
    those of the first, of which the network has the waves; "other_sources", (3, K), the same of the other shots below
    the number of each, from 1; and "gains", (2, G), the numbers of channels of unknown gain and their gains, if there
    are any, of a channel that recorded in several shots that in the first of them.
    """

    def __init__(
        self, last_layer: list[nn.Parameter], unknowns: list[nn.Parameter], ridge: float, frequencies: Sequence[float]
    ) -> None:
        super().__init__([{"params": last_layer}, {"params": unknowns}], {"ridge": ridge})
        self._layer, self._unknowns, self._frequencies = last_layer, unknowns, frequencies

    @torch.no_grad()
    def step(self, objective: StepObjective) -> None:  # type: ignore[override]  # a StepObjective in place of a closure
        """Move the material, then solve for the last layer."""
        assert objective.waveforms and objective.blocks_beside, "a session has both"
        own, start = self.state[self._unknowns[0]], gather(self._unknowns)
        is_solved = "solved_in" in own and torch.equal(own["solved_in"], start)
        with work("fitting the records") as at, reported(lambda what, part: None):
            at(0.0)
            waveforms = objective.waveforms()
            for frequency in self._frequencies if "solved_in" not in own else ():
                below = waveforms.below(frequency)
                self._search(objective, below, below.by_elements(), ENOUGH)
            is_small = self._search(objective, waveforms, waveforms.columns(waveforms.corrected()))
        objective.converged = is_small and is_solved
        if objective.converged:
            objective.note = f"the next step would be less than {SMALL:g} of a standard deviation long"
        elif not is_solved or not torch.equal(gather(self._unknowns), start):
            put(self._layer, solution(objective.blocks_beside, self._layer, self.param_groups[0]["ridge"]))
        else:
            objective.note = "no shorter step of Gauss-Newton has a smaller misfit"
        own["solved_in"] = gather(self._unknowns)

    def _search(
        self, objective: StepObjective, waveforms: WaveformsByElements, columns: Tensor, enough: float = 0.0
    ) -> bool:
        """Move the material to the least misfit, by elements beside the present waveforms (M, K).

        All but the unknowns is on the CPU, where elements are. enough: the part of the squared misfit that a step has
        to take away. Returns whether already the first step was small.
        """
        place, bound = gather(self._unknowns).cpu(), objective.search_bound.cpu()
        target, known = waveforms.target.reshape(-1), columns - waveforms.by_elements()  # (M,), (M, K)
        source = waveforms.fit_of(columns)
        self._keep(source, waveforms)
        misfits = source.waveforms(columns) - target
        least = (ROUNDING * waveforms.target.norm()).square()
        for iteration in range(ITERATIONS):
            effects = source.beyond(source.as_recorded(waveforms.effects(source.coefficients)))  # (M, U)
            by, fall = gauss_newton(misfits, effects, place, bound)
            small = SMALL**2 * misfits.square().mean() + enough * misfits.square().sum()
            if fall <= torch.maximum(small, least):
                return iteration == 0
            by = shortened(by)
            for _ in range(HALVINGS):
                put(self._unknowns, torch.clamp(place + by, -bound, bound))
                columns = known + waveforms.by_elements()
                tried = waveforms.fit_of(columns)
                trial = tried.waveforms(columns) - target
                if trial.square().sum() < misfits.square().sum():
                    break
                by = by / 2.0
            else:
                put(self._unknowns, place)
                break
            place, misfits, source = gather(self._unknowns).cpu(), trial, tried
            self._keep(source, waveforms)
        return False

    def _keep(self, source: SourceFit, waveforms: WaveformsByElements) -> None:
        """Keep what was found of the source, as the network has the waves of one of its pulses only, and the gains.

        What is known by now, in a run that is resumed, is not kept.
        """
        own = self.state[self._unknowns[0]]
        of_shots = [len(delays) for delays in waveforms.delays]
        numbers = torch.arange(len(of_shots)).repeat_interleave(torch.tensor(of_shots)).to(source.coefficients)
        found = torch.stack([numbers, torch.cat(list(waveforms.delays)), source.coefficients])  # (3, K)
        first, *others = (
            each[:, each[2] != 0.0] if by_span.any() else each[:, :0]
            for each, by_span in zip(found.split(of_shots, dim=1), source.by_span.split(of_shots), strict=True)
        )
        for name, kept in (("source", first[1:]), ("other_sources", torch.cat([found[:, :0], *others], dim=1))):
            if kept.numel():
                own[name] = kept
            else:
                own.pop(name, None)
        if isinstance(source, FitWithGains):
            own["gains"] = torch.stack([source.channels, source.gains])
        else:
            own.pop("gains", None)
