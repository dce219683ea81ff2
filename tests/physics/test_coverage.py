"""What of a boundary has no condition is named."""

import math

import pytest

import elastic_pinn as ep
from elastic_pinn.physics.coverage import uncovered

SQUARE = ep.Rectangle((0.0, 1.0), (0.0, 1.0))
HOLED = ep.Plate(SQUARE, [ep.Disc((0.5, 0.5), 0.1)])


@pytest.mark.parametrize(
    ("boundary", "left"),
    [
        ([ep.Traction()], ()),
        ([], ("left", "right", "bottom", "top")),
        ([ep.Periodic("x"), ep.Symmetry("top"), ep.Absorbing(sides="bottom")], ()),
        ([ep.Symmetry(("left", "right", "bottom")), ep.Traction(sides="top", component="y")], ("top along x",)),
        ([ep.Traction(sides="top", component="x"), ep.Displacement(sides="top", component="y"),
          ep.Traction(sides=("left", "right", "bottom"))], ()),
        ([ep.Traction(sides=("left", "right", "bottom")), ep.Displacement(sides=ep.Part("top", 0.2, 0.6))],
         ("a part of top",)),
        ([ep.Traction(sides=("left", "right", "bottom", ep.Part("top", 0.0, 0.3))),
          ep.Displacement(sides=ep.Part("top", 0.3, 1.0))], ()),
        ([ep.Traction(sides=("left", "right", "bottom", ep.Part("top", 0.0, 0.3))),
          ep.Displacement(sides=ep.Part("top", 0.3, 1.0), component="x")], ("a part of top along y",)),
    ],
)  # fmt: skip
def test_sides_of_a_rectangle_without_a_condition_are_named(boundary, left):
    assert tuple(uncovered(boundary, SQUARE).values()) == left


def test_rims_count_too_and_an_arc_past_the_turn_is_one():
    assert tuple(uncovered([ep.Traction(sides=SQUARE.sides)], HOLED).values()) == ("hole 1",)
    assert tuple(uncovered([ep.Traction()], HOLED).values()) == ()
    arcs = [ep.Traction(sides=ep.Part("rim", 1.0, 4.0)), ep.Displacement(sides=ep.Part("rim", 4.0, 1.0 + 2 * math.pi))]
    assert tuple(uncovered(arcs, ep.Disc((0.0, 0.0), 1.0)).values()) == ()
    assert tuple(uncovered(arcs[1:], ep.Disc((0.0, 0.0), 1.0)).values()) == ("a part of rim",)
