"""What receivers on a map are called, where there is room."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from elastic_pinn.workbench.figures.style.layout import OPTIONAL

AWAY = 8.0  # points from the middle of a marker
NEAR_SIDE = 0.35  # of the width: nearer to a side, labels reach away from it


def label_receivers(axes: Axes, labels: Sequence[str], x: np.ndarray, y: np.ndarray) -> None:
    """Write labels at the first of the places x, y, (R,) each in the unit of the axes, towards the middle of these, so
    that long ones stay inside. The limits have to be set."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    for text, at_x, at_y in zip(labels, x, y, strict=False):
        part, is_high = (at_x - left) / (right - left), at_y > 0.5 * (bottom + top)
        label = axes.annotate(
            text, (at_x, at_y), (0.0, -AWAY if is_high else AWAY), textcoords="offset points", fontsize=7,
            ha="left" if part < NEAR_SIDE else "right" if part > 1.0 - NEAR_SIDE else "center",
            va="top" if is_high else "bottom", label=OPTIONAL, parse_math=False, zorder=3.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )  # fmt: skip
        label.set_in_layout(False)  # a long one would leave no room for the map
