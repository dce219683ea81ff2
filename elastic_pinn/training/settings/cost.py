"""What it takes to solve for a last layer: numbers, memory and time, before any of it is spent."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache

import torch

from elastic_pinn.config import Config
from elastic_pinn.physics import Problem
from elastic_pinn.training.settings.system_size import amplitudes_of, numbers_of

AT_ONCE = 3.0  # times the matrix: it, its factors and what it is made of, for a moment
OF_PRODUCTS = 0.6  # of the rate of matrix products: the rate of the factorisation
A_NUMBER = 8e-9  # s for each number of the matrix, by one thread
SIZE = 512  # of the product that is timed
MINUTE, GIB = 60.0, 2**30


@dataclass(frozen=True)
class Cost:
    """What one solution takes.

    Attributes
    ----------
    amplitudes, misfits
        Columns and rows of the least squares.
    memory
        At most, bytes.
    seconds
        On this machine, about; nan on a GPU.
    """

    amplitudes: int
    misfits: int
    memory: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.amplitudes:,} amplitudes from {self.misfits:,} misfits, {self.spent}"

    @property
    def spent(self) -> str:
        """Memory and time in words."""
        duration = f"{self.seconds:.0f} s" if self.seconds < 2.0 * MINUTE else f"{self.seconds / MINUTE:.0f} minutes"
        memory = f"about {max(self.memory / GIB, 0.1):.1f} GiB"
        return memory if self.seconds != self.seconds else f"{memory} and {duration}"


def cost_of(config: Config, problem: Problem) -> Cost:
    """Predict what a solution for the last layer takes, by the size of its system and a rate of this machine.

    The operations are those of Householder's QR (Golub and Van Loan, Matrix Computations, 2013, section 5.2).
    """
    columns = amplitudes_of(config, problem.regions.count)
    rows = sum(numbers_of(config, problem).values())
    size = 8 if config.precision == "float64" else 4
    threads = config.threads or torch.get_num_threads()
    operations = 2.0 * columns**2 * (rows + columns - columns / 3.0)
    seconds = operations / (OF_PRODUCTS * threads * rate_of_a_thread()) + A_NUMBER * rows * columns / threads
    return Cost(
        amplitudes=columns,
        misfits=rows,
        memory=AT_ONCE * size * (rows + columns) * columns,
        seconds=seconds if config.device == "cpu" else float("nan"),
    )


@cache
def rate_of_a_thread() -> float:
    """Measure once, in some hundredths of a second, how many operations a second a thread of this machine makes in
    products of matrices."""
    matrix, best = torch.ones(SIZE, SIZE, dtype=torch.float64), float("inf")
    for _ in range(4):
        started = time.perf_counter()
        matrix @ matrix
        best = min(best, time.perf_counter() - started)
    return 2.0 * SIZE**3 / best / torch.get_num_threads()
