"""Records and waveforms below a frequency: a start may be as far off as half a period of what is left of them.

Samples are means of their neighbours in time, by a Gaussian. That of records and of waveforms are the same linear
function of them, at whatever times there are samples. A solid does to each frequency alone what it does, and so
elements and time steps need resolve no more than what is left.

Source: Bunks et al., Geophysics 60, 1995.

Letters: M samples, S series of them, T instants, C columns, K pulses of the source, U unknowns.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from elastic_pinn.training.shot_waveforms import SEARCHED
from elastic_pinn.training.source_fit import SourceFit

if TYPE_CHECKING:
    from elastic_pinn.training.waveforms import Waveforms

LEFT = 2.5  # times the frequency: what is above, of which a hundredth is left, need not be resolved
MOST_COARSER = 4.0  # elements and time steps: the pulse of a source still has a few of these


class LowPass:
    """A filter that leaves half of the amplitude at a frequency, less above and nothing of noise far above.

    Parameters
    ----------
    series, instants
        Of each sample: the number of its series, and that of its time, (M,).
    times
        (T,), s.
    frequency
        Hz.
    """

    def __init__(self, series: Tensor, instants: Tensor, times: Tensor, frequency: float) -> None:
        width = math.sqrt(2.0 * math.log(2.0)) / (2.0 * math.pi * frequency)
        self._kernel = torch.exp(-(((times[:, None] - times) / width) ** 2) / 2.0)  # (T, T)
        self._at, self._shape = (series, instants), (int(series.max()) + 1, len(times))
        self._weight = self._sums(torch.ones(len(series), dtype=times.dtype))

    def _sums(self, values: Tensor) -> Tensor:
        """The sums of neighbours' values, (M,)."""
        laid_out = values.new_zeros(self._shape)
        laid_out.index_put_(self._at, values, accumulate=True)  # receivers at one place are one series
        return (laid_out @ self._kernel)[self._at]

    def __call__(self, values: Tensor) -> Tensor:
        """Filter columns of samples, (M, C)."""
        return torch.stack([self._sums(column) / self._weight for column in values.T], dim=1)


class LowPassedWaveforms:
    """Records, and the waveforms by elements alone, below a frequency, as `Waveforms` has them.

    Attributes
    ----------
    target : Tensor
        What was recorded, (M, 1).
    """

    def __init__(self, waveforms: Waveforms, frequency: float) -> None:
        self._whole, self._filter = waveforms, waveforms.low_pass(frequency)
        self._coarser = min(max(SEARCHED, waveforms.highest_frequency / (LEFT * frequency)), MOST_COARSER)
        self.target, self.delays = self._filter(waveforms.target.reshape(-1, 1)), waveforms.delays

    def fit_of(self, columns: Tensor) -> SourceFit:
        """Fit what is unknown of the sources to the records."""
        return self._whole.fit_of(columns, self.target[:, 0])

    def by_elements(self) -> Tensor:
        """The waveforms, (M, K)."""
        return self._filter(self._whole.by_elements(self._coarser))

    def effects(self, coefficients: Tensor) -> Tensor:
        """Their derivatives by the unknowns' parameters, (M, U), for coefficients (K,) of the source's pulses."""
        return self._filter(self._whole.effects(coefficients, self._coarser))
