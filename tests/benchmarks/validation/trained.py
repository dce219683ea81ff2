"""Networks of which all layers are trained: from random features whose last layer is solved for, by
Levenberg-Marquardt from there on."""

from __future__ import annotations

from dataclasses import replace

from tests.benchmarks.validation import holes, interfaces, walls
from tests.benchmarks.validation.row import Recipe, Row, all_trained, random_features

STEPS = 2
FEWER = {"hidden_layers": [8, 300], "interior_points": 600, "boundary_points": 200, "initial_points": 200}


def _trained(
    name: str, width: int, frequency: float, in_time: float, quick: Recipe | None = None, quick_goal: float = 0.0
) -> Row:
    """The row of a name by an MLP."""
    row = next(each for family in (walls, interfaces, holes) for each in family.ROWS if each.name == name)
    interface = {key: row.fields[key] for key in ("interface_points", "weight_interface") if key in row.fields}
    features = random_features(width, frequency, time_frequency=in_time, **interface)
    return replace(
        row,
        name=f"{name}-trained",
        case=f"{row.case}, all layers trained",
        method=f"MLP 8 x {width}, last layer, {STEPS} steps of LM",
        fields=all_trained(features, STEPS),
        quick=quick and FEWER | quick,
        quick_goal=quick_goal,
        goal=1e-2,
    )


ROWS = (
    _trained("free-sv-30", 1000, 7.5, 4.2, {"input_frequency": 5.0, "time_frequency": 3.0}, 1e-2),
    _trained("lame-modes", 1200, 7.0, 4.0, {"input_frequency": 3.0, "time_frequency": 2.2}, 1e-2),
    _trained("welded-sv-30", 750, 7.5, 4.2, {"input_frequency": 4.5, "time_frequency": 3.0}, 1e-2),
    _trained("hole-p", 1000, 7.5, 4.6),
)
