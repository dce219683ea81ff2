"""Where a wavefield is: shapes over an interval of time, with the named parts of their boundary.

One shape a file. Imports from parameters and physics' errors.
"""

from collections.abc import Callable, Mapping, Sequence

from elastic_pinn.physics.domains.disc import Disc
from elastic_pinn.physics.domains.domain import Domain
from elastic_pinn.physics.domains.quantile import Quantile, arcsine, even
from elastic_pinn.physics.domains.rectangle import Rectangle
from elastic_pinn.physics.domains.regions import Regions
from elastic_pinn.physics.domains.shape import Interval, Part, Shape
from elastic_pinn.physics.domains.with_holes import Plate

__all__ = [
    "Disc",
    "Domain",
    "Interval",
    "Part",
    "Plate",
    "Quantile",
    "Rectangle",
    "Regions",
    "Shape",
    "arcsine",
    "even",
    "shape_of",
]

SHAPES: Mapping[float, Callable[[Sequence[float]], Shape]] = {1.0: Disc.from_numbers, 2.0: Plate.from_numbers}
"""By their kind, the first of their numbers; a rectangle has none."""


def shape_of(numbers: Sequence[float]) -> Shape:
    """Make a shape of its `numbers`. Raises KeyError for another kind."""
    return SHAPES[numbers[0]](numbers)
