"""What of a domain's boundary has no condition."""

from __future__ import annotations

from collections.abc import Sequence

from elastic_pinn.physics.conditions.side import COMPONENTS, SideCondition
from elastic_pinn.physics.domains import Shape

ROUNDING = 1e-9  # of a side's length


def uncovered(boundary: Sequence[SideCondition], shape: Shape) -> dict[str, str]:
    """Describe what of a shape's sides no condition prescribes.

    Parameters
    ----------
    boundary
        Conditions, no two of which prescribe the same.
    shape
        The domain's shape.

    Returns
    -------
    dict
        By the name of each such side what is left of it, as "left", "a part of top" or "hole 1 along x".
    """
    held = [(part, condition) for condition in boundary for part in shape.parts_of(condition.sides)]
    found = {}
    for side in shape.sides:
        low, high = shape.span(side)
        slack = ROUNDING * (high - low)
        left = {
            name: high - low - sum(p.high - p.low for p, each in held if p.side == side and each.prescribes(name))
            for name in COMPONENTS
        }
        lacking = [name for name, length in left.items() if length > slack]
        if lacking:
            is_part = any(left[name] < high - low - slack for name in lacking)
            along = f" along {lacking[0]}" if len(lacking) == 1 else ""
            found[side] = f"{'a part of ' if is_part else ''}{side}{along}"
    return found
