"""Householder's QR of a tall matrix whose rows come in blocks, so that only its triangle is kept.

Each block is reduced against the triangle of those before it (Golub and Van Loan, Matrix Computations, 2013, section
5.2; blocks of reflectors as in LAPACK, I - V T V^T, by T's inverse: Puglisi, SIAM J. Sci. Stat. Comput. 13, 1992). Rows
that are zero but for some neighbouring columns, as those of patches, leave a triangle that is zero beyond these, and
what is zero costs neither time nor memory.

Letters: P columns, B rows of a block, W columns of a panel, K right-hand sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

PANEL = 128  # columns that are reflected at once


@dataclass
class Reflectors:
    """The product of reflectors that reduced a block of rows: they touch these and rows of the triangle.

    Attributes
    ----------
    start
        The first column of the block.
    vectors
        Their parts in the rows of the block, (B, P - start); in rows of the triangle they are unit vectors.
    inverses
        T^-1, (W, W), of each panel, by its first column.
    """

    start: int
    vectors: Tensor
    inverses: dict[int, Tensor] = field(default_factory=dict)

    def rotate(self, top: Tensor, below: Tensor) -> None:
        """Apply Q^T in place to the rows of the triangle, (P, K), and to those of the block, (B, K)."""
        for low, inverse in self.inverses.items():
            self._reflect(low, inverse.T, top, below, upper=False)

    def rotate_back(self, top: Tensor, below: Tensor) -> None:
        """Apply Q likewise."""
        for low, inverse in reversed(self.inverses.items()):
            self._reflect(low, inverse, top, below, upper=True)

    def _reflect(self, low: int, inverse: Tensor, top: Tensor, below: Tensor, upper: bool) -> None:
        v, own = self.vectors[:, low - self.start : low - self.start + len(inverse)], top[low : low + len(inverse)]
        by = torch.linalg.solve_triangular(inverse, torch.addmm(own, v.T, below), upper=upper)  # (W, K)
        own -= by
        below.addmm_(v, by, alpha=-1.0)


class StreamingQR:
    """The triangle R (P, P) of the rows so far, in panels, each (W, columns from its diagonal on that are not zero)."""

    def __init__(self, columns: int, like: Tensor) -> None:
        sizes = [min(PANEL, columns - low) for low in range(0, columns, PANEL)]
        self._panels = [like.new_zeros(size, size) for size in sizes]
        self._columns = columns

    def add(self, rows: Tensor, start: int = 0, at: Callable[[float], None] = lambda part: None) -> Reflectors:
        """Add a block of rows, (B, P - start), zero before column `start`, a multiple of PANEL. It is overwritten.

        at: called before each panel with the part of the work that is done.
        """
        found = Reflectors(start, rows)
        full = rows.any(0).nonzero()
        if not len(full):
            return found
        first, end = start + int(full[0]), start + int(full[-1]) + 1
        for i in range(first // PANEL, len(self._panels)):
            low = i * PANEL
            if low >= end:
                break
            at(1.0 - ((self._columns - low) / (self._columns - first // PANEL * PANEL)) ** 2)
            panel = self._panels[i]
            size, end = len(panel), max(end, low + panel.shape[1])
            if panel.shape[1] < end - low:
                panel = torch.cat([panel, panel.new_zeros(size, end - low - panel.shape[1])], dim=1)
            own, rest = rows[:, low - start : low - start + size], rows[:, low - start + size : end - start]
            reflected, tau = torch.geqrf(torch.cat([panel[:, :size], own]))
            panel[:, :size], v = reflected[:size].triu(), reflected[size:]
            own.copy_(v)
            factors = tau.clamp(min=torch.finfo(tau.dtype).tiny)  # from 1 to 2, or 0 where nothing is to be done
            found.inverses[low] = inverse = torch.triu(v.T @ v, 1) + torch.diag(1.0 / factors)
            by = torch.linalg.solve_triangular(inverse.T, torch.addmm(panel[:, size:], v.T, rest), upper=False)
            panel[:, size:] -= by
            rest.addmm_(v, by, alpha=-1.0)
            self._panels[i] = panel
        return found

    def norms(self) -> Tensor:
        """Compute the norms of the columns, (P,)."""
        squares = self._panels[0].new_zeros(self._columns)
        for low, panel in self._enumerated():
            squares[low : low + panel.shape[1]] += panel.square().sum(0)
        return squares.sqrt()

    def solve(self, top: Tensor) -> Tensor:
        """Solve R x = top, (P, K)."""
        x = torch.zeros_like(top)
        for low, panel in reversed(self._enumerated()):
            size, end = len(panel), low + panel.shape[1]
            right = top[low : low + size] - panel[:, size:] @ x[low + size : end]
            x[low : low + size] = torch.linalg.solve_triangular(panel[:, :size], right, upper=True)
        return x

    def solve_rows(self, rows: Tensor) -> Tensor:
        """Solve z R = rows, (N, P)."""
        z = rows.clone()
        for low, panel in self._enumerated():
            size, end = len(panel), low + panel.shape[1]
            own = torch.linalg.solve_triangular(panel[:, :size], z[:, low : low + size], upper=True, left=False)
            z[:, low : low + size] = own
            z[:, low + size : end].addmm_(own, panel[:, size:], alpha=-1.0)
        return z

    def _enumerated(self) -> list[tuple[int, Tensor]]:
        """The first column of each panel, and the panel."""
        return [(i * PANEL, panel) for i, panel in enumerate(self._panels)]
