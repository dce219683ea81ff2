"""What it takes to solve for a last layer, or for waveforms by elements: numbers, memory and time, before any of it is
spent."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cache

import torch

from elastic_pinn.config import Config
from elastic_pinn.error_estimate import CORRECTED, FINER, size_of
from elastic_pinn.physics import Problem
from elastic_pinn.readable import about, rounded_up
from elastic_pinn.training.settings.system_size import amplitudes_of, numbers_of
from elastic_pinn.training.shot_waveforms import SEARCHED

AT_ONCE = 24_000  # rows: a block, and what it is made of, for a moment
OF_PRODUCTS = 0.68  # of the rate of matrix products: the rate of the factorisation
A_NUMBER, OF_POLES = 6e3, 32e3  # as long as so many operations each takes, all else counted; where waves have poles
OF_ELEMENTS = 1.1e5  # as long as so many operations each triangle takes at an instant, all else counted
SIZE = 512  # of the product that is timed
GIB = 2**30
MONTH_S = 30 * 86400.0
LONG_S = 60.0  # a step
CHEAPER = (
    "records that end earlier (ep.processing.cut) take less, and lower frequencies (ep.processing.band_pass) far less"
)


@dataclass(frozen=True)
class Cost:
    """What it takes to solve for a last layer once, with the validation and the estimate of the error that follow.

    Attributes
    ----------
    amplitudes, misfits
        Columns and rows of the least squares.
    memory
        At most, bytes.
    operations
        Of floating-point numbers, about.
    seconds
        On this machine, about; nan on a GPU.
    """

    amplitudes: int
    misfits: int
    memory: float
    operations: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.amplitudes:,} amplitudes from {self.misfits:,} misfits, {self.spent}"

    @property
    def spent(self) -> str:
        """Memory and time in words."""
        memory = f"about {max(0.1, self.memory / GIB):.1f} GiB"
        if math.isnan(self.seconds):
            return memory
        return f"{memory} and {about(self.seconds) if self.seconds <= MONTH_S else 'more than a month'}"


def cost_of(config: Config, problem: Problem) -> Cost:
    """Predict the cost by the size of the least squares and the rate of this machine.

    The operations are those of Householder's QR, row by row, with a ridge (Golub and Van Loan, Matrix Computations,
    2013, section 5.2). Right within a factor of two: the constants were measured on rows of the table of exact fields
    and on plates.
    """
    columns = amplitudes_of(config, problem.regions.count)
    rows = sum(numbers_of(config, problem).values())
    size = 8 if config.precision == "float64" else 4
    threads = config.threads or torch.get_num_threads()
    operations = 2.0 * columns**2 * (rows + columns / 3.0) / OF_PRODUCTS
    operations += (OF_POLES if config.network == "hole_waves" else A_NUMBER) * rows * columns
    return Cost(
        amplitudes=columns,
        misfits=rows,
        memory=size * (AT_ONCE + columns / 2.0) * columns,
        operations=operations,
        seconds=operations / (threads * rate_of_a_thread()) if config.device == "cpu" else math.nan,
    )


def cost_of_waveforms(config: Config, problem: Problem) -> str:
    """Say what a step of a search by waveforms takes: all shots by fine elements once, and by coarser ones in the
    present material and with each unknown changed."""
    fine = [size_of(shot, FINER, CORRECTED) for shot in problem.shots]
    coarser = [size_of(shot, FINER, SEARCHED) for shot in problem.shots] * (1 + len(problem.unknowns))
    sizes = [*fine, *coarser]
    triangles, instants = max(fine, key=math.prod)
    seconds = OF_ELEMENTS * sum(a * b for a, b in sizes) / rate_of_a_thread()
    return (
        f"each step: {len(sizes)} wavefields by up to {rounded_up(triangles):,} triangles at {instants:,} instants, "
        f"{about(seconds)}; steps end when the search has converged, after {config.steps:,} at most"
        f"{f'; {CHEAPER}' * (seconds > LONG_S)}"
    )


@cache
def rate_of_a_thread() -> float:
    """Measure once, in some hundredths of a second, how many operations a second a thread of this machine makes in
    products of matrices; by the time that it works, whatever else the machine does."""
    matrix, best = torch.ones(SIZE, SIZE, dtype=torch.float64), math.inf
    for _ in range(8):
        started = time.thread_time()
        matrix @ matrix
        best = min(best, time.thread_time() - started)
    return 2.0 * SIZE**3 / best / torch.get_num_threads()
