"""Motion of finite elements under loads, with prescribed combinations of displacements, step by step.

    M e_tt + C e_t + K e = F,   B e = d

by Gauss's method of two stages, of fourth order, which keeps energy and is stable for any step. Its stages are taken
along the two eigenvectors of its matrix, which are conjugate, so that a step is one solution of a complex system.
Sources: Hairer and Wanner, Solving Ordinary Differential Equations II, 1996, sections IV.5 and IV.8.

Letters: D degrees of freedom, R rows of B, T steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
NEAREST = 4  # instants, of which loads at the stages are interpolated
SAME = 1e-4  # of the largest singular value: smaller ones are zero, as of one node from both sides of it

ROOT = np.sqrt(3.0) / 6.0
STAGES = np.array([0.5 - ROOT, 0.5 + ROOT])  # of a step
MATRIX = np.array([[0.25, 0.25 - ROOT], [0.25 + ROOT, 0.25]])
EIGENVALUES, VECTORS = np.linalg.eig(MATRIX)
EIGENVALUE, OF_LOADS = EIGENVALUES[0], np.linalg.inv(VECTORS)[0]
OF_START = OF_LOADS.sum()
OF_STAGE = (np.array([0.5, 0.5]) @ np.linalg.inv(MATRIX) @ VECTORS)[0]  # in a step, whose weights are a half each


class Constraints:
    """B e = d, solved as e = Z q + Y d, with orthonormal columns of Z that are orthogonal to those of Y.

    Where rows contradict each other, as those of two sides at a corner may, their least squares count.

    Parameters
    ----------
    dofs
        The degrees of freedom in each row, (R, k); one that is repeated with weight 0 has no effect.
    weights
        Of them, (R, k).
    count
        D.

    Attributes
    ----------
    free, prescribed
        Z, (D, D - rank), and Y, (D, R).
    """

    def __init__(self, dofs: Array, weights: Array, count: int) -> None:
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        rows = len(dofs)
        matrix = csr_array((weights.ravel(), (np.repeat(np.arange(rows), dofs.shape[1]), dofs.ravel())), (rows, count))
        matrix.eliminate_zeros()
        touched = np.unique(matrix.indices)
        # What is connected by rows is solved together: a node, or a few that are tied to each other.
        links = (abs(matrix).T @ abs(matrix))[touched][:, touched]
        clusters, of_dof = connected_components(links, directed=False) if rows else (0, np.empty(0, dtype=np.int64))
        of_row = of_dof[np.searchsorted(touched, matrix.indices[matrix.indptr[:-1]])]
        untouched = np.setdiff1d(np.arange(count), touched)
        free, prescribed, columns = [_block(untouched, np.arange(len(untouched)), None)], [], len(untouched)
        for own, equations in zip(_groups(of_dof, clusters), _groups(of_row, clusters), strict=True):
            left, sizes, right = np.linalg.svd(matrix[equations][:, touched[own]].toarray())
            rank = int((sizes > SAME * sizes[0]).sum())
            prescribed.append(_block(touched[own], equations, right[:rank].T / sizes[:rank] @ left[:, :rank].T))
            null = right[rank:].T
            free.append(_block(touched[own], columns + np.arange(null.shape[1]), null))
            columns += null.shape[1]
        self.free = _assembled(free, (count, columns))
        self.prescribed = _assembled(prescribed, (count, rows))


def _groups(labels: Array, count: int) -> list[Array]:
    """The indices of each label, 0 to count."""
    if not count:
        return []
    return np.split(np.argsort(labels, kind="stable"), np.cumsum(np.bincount(labels, minlength=count))[:-1])


def _block(rows: Array, columns: Array, values: Array | None) -> tuple[Array, Array, Array]:
    """Rows, columns and values of a dense block of a sparse matrix; None: ones on the diagonal."""
    if values is None:
        return rows, columns, np.ones(len(rows))
    return np.repeat(rows, len(columns)), np.tile(columns, len(rows)), values.ravel()


def _assembled(blocks: list[tuple[Array, Array, Array]], shape: tuple[int, int]) -> Any:
    """The sparse matrix of blocks."""
    from scipy.sparse import coo_array

    none = np.empty(0, dtype=np.int64)
    rows, columns = (np.concatenate([none, *(block[i] for block in blocks)]) for i in (0, 1))
    return coo_array((np.concatenate([none, *(block[2] for block in blocks)]), (rows, columns)), shape=shape).tocsr()


def at_rest(stiffness: Any, constraints: Constraints, load: Array, prescribed: Array) -> Array:
    """Solve K e = F with B e = d: (D,)."""
    z, held = constraints.free, constraints.prescribed @ prescribed
    return held + z @ _factor(z.T @ stiffness @ z)(z.T @ (load - stiffness @ held))


def motion(
    matrices: tuple[Any, Any, Any], constraints: Constraints, dt: float, loads: Array, prescribed: Array,
    start: Array,
) -> Iterator[Array]:  # fmt: skip
    """Yield e at each instant, (D,), the first one included.

    matrices: M, C and K. loads: F at each instant, (T + 1, D). prescribed: d, (T + 1, R). start: e and e_t at the
    first, (2, D).
    """
    (mass, damping, stiffness), z, y = matrices, constraints.free, constraints.prescribed
    m, c, k = (z.T @ each @ z for each in matrices)
    held = [(order, z.T @ each @ y) for order, each in ((2, mass), (1, damping), (0, stiffness))]
    scaled = dt * EIGENVALUE
    solve = _factor(m + scaled * c + scaled**2 * k)
    q, rate = (z.T @ each for each in start)  # columns of Z are orthonormal, and orthogonal to those of Y
    yield z @ q + y @ prescribed[0]
    for i in range(len(prescribed) - 1):
        load = z.T @ _at_stage(loads, i, dt)
        if prescribed.shape[1]:
            load = load - sum(matrix @ _at_stage(prescribed, i, dt, order) for order, matrix in held)
        of_rate = solve(OF_START * (m @ rate) + scaled * (load - OF_START * (k @ q)))
        q = q + 2.0 * (OF_STAGE * (OF_START * q + scaled * of_rate)).real
        rate = rate + 2.0 * (OF_STAGE * of_rate).real
        yield z @ q + y @ prescribed[i + 1]


def _at_stage(values: Array, i: int, dt: float, order: int = 0) -> Array:
    """A derivative of values (T + 1, n) in step i as the first of the two eigenvectors' stages has it, (n,): by the
    cubic through the four nearest instants."""
    count = min(NEAREST, len(values))
    first = min(max(i - 1, 0), len(values) - count)
    weights = _of_instants(count, i - first, order) / dt**order
    return np.asarray(weights @ values[first : first + count])


@cache
def _of_instants(count: int, i: int, order: int) -> Array:
    """The weights of values at 0 to count - 1 in a stage between i and i + 1, (count,)."""
    powers = np.arange(count)
    factor = np.prod([powers - each for each in range(order)], axis=0) if order else np.ones(count)
    at_stages = factor * (i + STAGES[:, None]) ** np.maximum(powers - order, 0)  # of the powers of time, (2, count)
    return np.asarray(OF_LOADS @ at_stages @ np.linalg.inv(np.vander(powers.astype(float), increasing=True)))


def _factor(matrix: Any) -> Callable[[Array], Array]:
    """A solver of a symmetric sparse system."""
    from scipy.sparse.linalg import splu

    return splu(
        matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    ).solve
