"""Maps of a body that end at its rims: those of a disc and of holes, of which the cells of a grid make a staircase."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.path import Path

from elastic_pinn.physics.domains import Part, Shape
from elastic_pinn.workbench.figures.style.colors import BLACK
from elastic_pinn.workbench.figures.style.units import Unit

STEPS = 181  # along a part of the boundary
REACH = 2.5  # cells from a node inside: as far as cells that have a part of the body, if no node of it


def draw_map(axes: Axes, values: np.ndarray, shape: Shape, length: Unit, **look: Any) -> AxesImage:
    """Draw values at the nodes of a grid over the bounds of a shape, up to its rims.

    values: (Y, X), NaN outside the shape. look: more arguments of imshow.
    """
    ends = np.array(shape.bounds) / length.size  # (2, 2), by [axis, end]
    # Nodes are in the middle of cells.
    halves = np.diff(ends) / (np.array(values.shape[::-1])[:, None] - 1) / 2.0
    extent = tuple((ends + halves * [-1.0, 1.0]).ravel().tolist())
    image = axes.imshow(up_to_rims(values), **{"origin": "lower", "extent": extent, "interpolation": "bilinear"} | look)
    axes.set(xlim=ends[0], ylim=ends[1])
    cut_at_rims(axes, image, shape, length)
    return image


def up_to_rims(values: np.ndarray, inside: np.ndarray | None = None) -> np.ndarray:
    """Return values (Y, X) at the nodes of a grid, outside of a body with those of the nearest node inside, so that a
    map has no gaps before the rims at which it is cut.

    inside: (Y, X), which nodes are in the body, where those may lack values, too; not given: those that have values.
    """
    outside = np.isnan(values) if inside is None else ~inside
    if not outside.any() or outside.all():
        return values
    from scipy.ndimage import distance_transform_edt  # slow to import, and rarely needed

    distances, (rows, columns) = distance_transform_edt(outside, return_indices=True)
    return np.where(distances < REACH, values[rows, columns], np.nan)


def cut_at_rims(axes: Axes, drawn: Artist, shape: Shape, length: Unit) -> None:
    """Leave of what is drawn only what is within the rim of a disc, and outside those of holes."""
    if shape.closed:
        drawn.set_clip_path(_inside(shape, length), axes.transData)


def _inside(shape: Shape, length: Unit) -> Path:
    """A shape as a path, in which holes run the other way round than the outline, so that they are none of it."""
    rims: list[np.ndarray] = []
    holes: list[np.ndarray] = []
    for part in shape.parts_of(shape.closed):
        points, normals = (each.numpy() for each in shape.along(part, _fractions()))
        is_hole = ((points - points.mean(axis=0)) * normals).sum() < 0.0  # normals point out of the body
        (holes if is_hole else rims).append(points)
    (left, right), (bottom, top) = shape.bounds
    corners = np.array([[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]])
    turns = [*(rims or [corners]), *(hole[::-1] for hole in holes)]
    return Path.make_compound_path(*(Path(turn / length.size, closed=True) for turn in turns))


def draw_rims(axes: Axes, shape: Shape, length: Unit) -> None:
    """Draw the rims of a disc and of holes."""
    for part in shape.parts_of(shape.closed):
        axes.plot(*(along(shape, part) / length.size), color=BLACK, linewidth=0.6)


def draw_outline(axes: Axes, shape: Shape, length: Unit) -> None:
    """Draw all sides of a shape, for a map that reaches beyond it."""
    for part in shape.parts_of(None):
        axes.plot(*(along(shape, part) / length.size), color=BLACK, linewidth=0.6)


def along(shape: Shape, part: Part) -> np.ndarray:
    """x and y of points along a part of a boundary, (2, N) in m."""
    return shape.along(part, _fractions())[0].T.numpy()


def _fractions() -> torch.Tensor:
    return torch.linspace(0.0, 1.0, STEPS, dtype=torch.float64)
