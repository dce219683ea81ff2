"""Networks of which all layers are trained: from Glorot's start, by SOAP and then by self-scaled Broyden steps, or from
random features whose last layer is solved for, by Levenberg-Marquardt from there on."""

from __future__ import annotations

from dataclasses import replace

from tests.benchmarks.validation import holes, interfaces, walls
from tests.benchmarks.validation.row import GLOROT, Recipe, Row, all_trained, random_features

FROM_GLOROT: Recipe = GLOROT | {
    "activation": "sin",
    "sampling": "sobol",
    "validate_every": 1000,
}
FEWER_STEPS: Recipe = {
    "stage_steps": [200],
    "steps": 1200,
    "interior_points": 800,
    "boundary_points": 250,
    "initial_points": 200,
}
STEPS = 2  # of Levenberg-Marquardt
FEWER: Recipe = {"hidden_layers": [8, 300], "interior_points": 600, "boundary_points": 200, "initial_points": 200}


def _from_glorot(
    name: str, steps: int, frequency: float = 4.0, further: Recipe | None = None, quick_goal: float = 1e-2
) -> Row:
    """The row of a name by an MLP from Glorot's start, whose first layer is so many times steeper.

    further: fields that are other than of the rest.
    """
    row, [first] = _named(name), FROM_GLOROT["stage_steps"]
    others = "".join(f"{key} = {value}, " for key, value in (further or {}).items())
    return replace(
        row,
        name=f"{name}-glorot",
        case="the same from Glorot's weights",
        method=f"MLP 3 x 32, {others}{first} steps of SOAP, {steps - first} of SSBroyden",
        fields=FROM_GLOROT | _interface_of(row) | {"steps": steps, "input_frequency": frequency} | (further or {}),
        quick=FEWER_STEPS,
        quick_goal=quick_goal,
        goal=1e-3,
    )


def _from_features(
    name: str, width: int, frequency: float, in_time: float, quick: Recipe | None = None, quick_goal: float = 0.0
) -> Row:
    """The row of a name by an MLP from random features."""
    row = _named(name)
    features = random_features(width, frequency, time_frequency=in_time, **_interface_of(row))
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


def _interface_of(row: Row) -> Recipe:
    return {key: row.fields[key] for key in ("interface_points", "weight_interface") if key in row.fields}


def _named(name: str) -> Row:
    return next(each for family in (walls, interfaces, holes) for each in family.ROWS if each.name == name)


ROWS = (
    _from_features("free-sv-30", 1000, 7.5, 4.2, {"input_frequency": 5.0, "time_frequency": 3.0}, 1e-2),
    _from_glorot("free-sv-30", 3000),
    _from_features("lame-modes", 1200, 7.0, 4.0, {"input_frequency": 3.0, "time_frequency": 2.2}, 1e-2),
    _from_glorot("lame-modes", 20_000, 2.0),
    _from_features("welded-sv-30", 750, 7.5, 4.2, {"input_frequency": 4.5, "time_frequency": 3.0}, 1e-2),
    _from_glorot("welded-sv-30", 3000),
    _from_features("hole-p", 1000, 7.5, 4.6),
    _from_glorot("hole-p", 5500, further={"hole_inputs": 1, "interior_points": 6000}, quick_goal=5e-2),
)
