"""The compiled kernel over all points: in parts for several threads, summed in a fixed order.

The parts depend on the number of points alone, so that a result is the same to the last bit on any number of threads.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elastic_pinn.networks.dense.layers import Layers
from elastic_pinn.networks.equations import Equations
from elastic_pinn.networks.jets import AXES, Components
from elastic_pinn.networks.trial_function import Sums

SMALL_PRODUCT = 1_000_000  # multiplications of a matrix product up to which OpenBLAS needs no copy of its factors
FEWEST_POINTS = 29  # at a time, where layers are so wide that products are large anyway
CHUNKS_A_PART = 4
MOST_PARTS = 32

_thread_local = threading.local()

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Part:
    """Some of the points of one set of equations, and where its gradients go."""

    equations: int
    low: int
    high: int
    chunk: int


def sums_of_squares(layers: Layers, equations: Sequence[Equations], with_gradients: bool) -> Sums:
    """Compute each set's sum of squared misfits, and half its gradients; meaningless without `with_gradients`."""
    from elastic_pinn.networks.dense import kernel, kernel_cache  # numba is slow to import, and only training needs it

    flat, widths = _flat(layers), _widths(layers)
    parts = [
        part for k, each in enumerate(equations) for part in _parts(k, len(each.points), len(each.names), widths.max())
    ]
    inputs = [[_array(x) for x in (each.points, each.operator, each.coefficients, each.target)] for each in equations]
    kinds, scale, totals = _kinds(layers), _array(layers.extent), np.zeros(len(parts))
    by_flat = np.zeros((len(parts), flat.size if with_gradients else 0), flat.dtype)
    by_operator = [np.zeros_like(inputs[part.equations][1]) for part in parts]
    by_coefficients = [
        np.zeros(
            (len(each.points) * (with_gradients and each.coefficients.requires_grad), len(each.operator)), flat.dtype
        )
        for each in equations
    ]

    def work(p: int) -> None:
        part, names = parts[p], equations[parts[p].equations].names
        points, operator, coefficients, target = inputs[part.equations]
        rows = slice(part.low, part.high)
        inverted = _inverted(layers, equations[part.equations].points[rows], names)
        axes, pairs = _axes(names), _pairs(names)
        workspace = _workspace(part.chunk * kernel.workspace_per_point(widths, len(names)), flat.dtype)
        totals[p] = kernel.sum_of_squares(
            flat, widths, kinds, scale, axes, pairs, points[rows], inverted, operator,
            coefficients[rows], target[rows], workspace, by_flat[p], by_operator[p],
            by_coefficients[part.equations][rows],
        )  # fmt: skip

    with _single_threaded_blas().limit(limits=1), kernel_cache.compilation_told(kernel.sum_of_squares):
        _in_parallel(work, len(parts))
    of = np.array([part.equations for part in parts])
    sets = range(len(equations))
    return Sums(
        torch.tensor([totals[of == k].sum() for k in sets], dtype=layers.extent.dtype),  # too large a one is infinite
        torch.from_numpy(_of_tensors(layers, np.stack([by_flat[of == k].sum(0) for k in sets]))),
        [torch.from_numpy(np.sum([by_operator[p] for p in np.flatnonzero(of == k)], axis=0)) for k in sets],
        [torch.from_numpy(each) if each.size else None for each in by_coefficients],
    )


def jets_at(layers: Layers, points: Tensor, names: Components) -> Tensor:
    """Compute the jet of the outputs at many points (N, 3), without gradients, (J, N, C)."""
    from elastic_pinn.networks.dense import kernel, kernel_cache

    flat, widths, size = _flat(layers), _widths(layers), len(names)
    parts, where = _parts(0, len(points), size, widths.max()), _array(points)
    found = np.empty((size, len(points), layers.outputs), flat.dtype)
    axes, pairs, scale, kinds = _axes(names), _pairs(names), _array(layers.extent), _kinds(layers)

    def work(p: int) -> None:
        part = parts[p]
        workspace = _workspace(part.chunk * kernel.workspace_per_point(widths, size), flat.dtype)
        rows = slice(part.low, part.high)
        inverted = _inverted(layers, points[rows], names)
        kernel.jets(flat, widths, kinds, scale, axes, pairs, where[rows], inverted, workspace, found, part.low)

    with _single_threaded_blas().limit(limits=1), kernel_cache.compilation_told(kernel.jets):
        _in_parallel(work, len(parts))
    return torch.from_numpy(found)


def _parts(k: int, count: int, size: int, width: int) -> list[Part]:
    """Parts of whole chunks, a power of two of them, as they then go evenly on most numbers of threads.

    k: of which equations; count: of points; size: of a jet; width: of the widest layer.
    """
    chunk = int(SMALL_PRODUCT // (size * width**2))
    chunk = max(chunk, FEWEST_POINTS) - 1 | 1  # odd: rows a power of two apart share the same lines of a cache
    chunks = -(-count // chunk)
    parts = min(MOST_PARTS, 1 << max(0, (chunks // CHUNKS_A_PART).bit_length() - 1))
    edges = [min(count, chunk * (chunks * i // parts)) for i in range(parts + 1)]
    return [Part(k, low, high, chunk) for low, high in pairwise(edges)]


def _in_parallel(work: Callable[[int], None], count: int) -> None:
    """Do each piece of work on as many threads as torch may use."""
    threads = min(torch.get_num_threads(), count)
    if threads == 1:
        for p in range(count):
            work(p)
    else:
        list(_pool(os.getpid(), threads).map(work, range(count)))


@cache
def _pool(pid: int, threads: int) -> ThreadPoolExecutor:
    """The threads of this process: a fork inherits none."""
    return ThreadPoolExecutor(threads, thread_name_prefix="network")


@cache
def _single_threaded_blas() -> Any:
    """The controller that keeps the BLAS behind np.dot from using threads of its own inside ours."""
    import scipy.linalg.cython_blas  # noqa: F401  numba calls this one's BLAS, which must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(internal_api="openblas")


def _workspace(size: int, dtype: np.dtype[Any]) -> Array:
    """Workspace for `size` numbers, the same for every chunk of this thread."""
    workspace = getattr(_thread_local, dtype.name, np.empty(0, dtype))
    if workspace.size < size:
        workspace = np.empty(size, dtype)
        setattr(_thread_local, dtype.name, workspace)
    return workspace[:size]


def _fixed(layers: Layers) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """The matrix and the phases of an embedding, which the kernel takes for a first layer; if there is one."""
    return ([layers.embedding.matrix], [layers.embedding.phases]) if layers.embedding else ([], [])


def _widths(layers: Layers) -> Array:
    """From the 3 coordinates to the C outputs, (L + 2,)."""
    weights = [*_fixed(layers)[0], *layers.weights]
    return np.array([weights[0].shape[1], *map(len, weights)])


def _kinds(layers: Layers) -> Array:
    """The nonlinearity of each layer but the last, (L,)."""
    from elastic_pinn.networks.dense import kernel

    of_embedding = [kernel.EMBEDDING + layers.embedding.coordinates] if layers.embedding else []
    return np.array([*of_embedding, *[kernel.ACTIVATIONS[layers.activation]] * (len(layers.weights) - 1)])


def _inverted(layers: Layers, points: Tensor, names: Components) -> Array:
    """The last channels of an embedding's jet, those that are no sines of what is linear, (N, J, 2 H)."""
    if layers.embedding is None:
        return np.empty((len(points), len(names), 0), _array(points).dtype)
    return _array(layers.embedding.inverted(points, names).movedim(0, 1))


def _flat(layers: Layers) -> Array:
    """All weights, then all biases, (P,)."""
    matrix, phases = _fixed(layers)
    every = [*matrix, *layers.weights, *phases, *layers.biases]
    return torch.cat([each.detach().reshape(-1) for each in every]).numpy()


def _of_tensors(layers: Layers, by_flat: Array) -> Array:
    """Columns of all weights and biases without those of an embedding; of gradients that are not there, none."""
    matrix, phases = _fixed(layers)
    if not (matrix and by_flat.size):
        return by_flat
    sizes = [(matrix, False), (layers.weights, True), (phases, False), (layers.biases, True)]
    return by_flat[:, np.repeat([is_own for each, is_own in sizes for _ in each],
                                [tensor.numel() for each, _ in sizes for tensor in each])]  # fmt: skip


def _array(tensor: Tensor) -> Array:
    return tensor.detach().contiguous().numpy()


@cache
def _axes(names: Components) -> Array:
    """(J,): the coordinate that a first derivative is by, else -1."""
    return np.array([AXES.index(name) if len(name) == 1 else -1 for name in names])


@cache
def _pairs(names: Components) -> Array:
    """(J, 2): the indices of the two first derivatives of a second one, else -1."""
    return np.array([[names.index(axis) for axis in name] if len(name) == 2 else [-1, -1] for name in names])
