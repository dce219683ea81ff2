"""What is required of a wavefield: residual = operator(u) - target at samples.

The equation of motion, each condition and the recorded data are statements. Loss, sampling, fingerprint,
identifiability and figures iterate over the statements of a problem, and know no more of them than stands here.

Letters: n points, k dimensions of the place that they are drawn in, E equations a point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

from elastic_pinn.physics.domains import Part, Quantile, Shape, even
from elastic_pinn.physics.elasticity import Derivatives, Normal
from elastic_pinn.physics.fields import Field, evaluate
from elastic_pinn.physics.media.moduli import Moduli
from elastic_pinn.physics.quantity import PhysicalQuantity
from elastic_pinn.physics.scales import Scales

Operator = Callable[[Derivatives, Moduli, Normal], Tensor]
"""The left side (N, E), linear in the derivatives of a displacement, in the moduli and in the entries of the normal
that a statement names."""

WeightsOfRegions = Callable[[Tensor, Tensor], Tensor]
"""From points (n, 3) in m, m, s and unit normals (n, 2) to the weights of the operator in each region there, (n, R)."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where points are drawn; statements that share a place are required at the same points.

    Attributes
    ----------
    kind
        "interior", "boundary", "initial" or "interface": whose number of points it has.
    dimensions
        k of the unit cube that points are drawn in.
    mapping
        From points of the unit cube, (n, k), and a density along its axes to points, (n, 3) in m, m, s, and unit
        normals, (n, 2), or (0, 2) where there are none.
    parts
        The parts of a boundary that it is, for figures.
    shape
        Whose boundary these are of; None: of the domain.
    image
        From points and normals to those that each is tied to, as on a periodic side; None: to none.
    """

    kind: str
    dimensions: int
    mapping: Callable[[Tensor, Quantile], tuple[Tensor, Tensor]]
    parts: tuple[Part, ...] = ()
    shape: Shape | None = None
    image: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]] | None = None

    def at(self, unit: Tensor, quantile: Quantile = even) -> tuple[Tensor, Tensor]:
        """Map points of the unit cube, (n, k), to points and unit normals, evenly or with another density."""
        return self.mapping(unit, quantile)


@dataclass(frozen=True, eq=False)
class Samples:
    """Where something was recorded, and what.

    Attributes
    ----------
    points
        (n, 3) in m, m, s.
    values
        (n, E) in the SI unit of the statement's quantity.
    channels
        Whose record each value belongs to, (n, E), as a number among `names`.
    names
        Of the channels, for people.
    sensitivity
        Where a value is a sum of parts of the operator's K components: the parts, (n, K), in the quantity's SI unit
        over that of the component. None: the value e is the component e.
    components
        The names of the components and what each is, (K,), where there is a sensitivity.
    """

    points: Tensor
    values: Tensor
    channels: Tensor
    names: tuple[str, ...] = ()
    sensitivity: Tensor | None = None
    components: Mapping[str, PhysicalQuantity] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Statement:
    """One equation, or several, that a wavefield has to satisfy at the points of a place or at recorded samples.

    Attributes
    ----------
    name
        Unique in a problem.
    column
        The column of the loss in which it counts, and whose weight it has.
    derivatives
        Those that the operator needs: "tt", "x", ...; the displacement itself is always there.
    operator
        The left side, in any consistent units.
    quantity
        What the two sides are.
    place
        Where points are drawn; None where samples were recorded.
    target
        The right side on the place, SI; None: zero.
    samples
        What was recorded; None where points are drawn.
    moduli
        The entries of `Moduli` that the operator is linear in; none where it does not depend on the medium.
    normals
        The entries of `Normal` that the operator is linear in; none where it does not depend on the normal.
    of_target
        Which components of the target are the right sides of its E equations.
    identity
        Numbers that tell it from other statements with the same target.
    label
        What a figure calls it.
    regions
        Of a problem with several materials, whose regions have a displacement each: the weights of the operator in
        each of them. None: 1 in the region that contains the point.
    image_sign
        Where each point of the place has an image: by what the operator's left side there is multiplied before it is
        added.
    counts
        How many times a point counts in the loss: 2 where records are single numbers, and not pairs.
    """

    name: str
    column: str
    derivatives: tuple[str, ...]
    operator: Operator
    quantity: PhysicalQuantity
    place: Place | None = None
    target: Field | None = None
    samples: Samples | None = None
    moduli: tuple[str, ...] = ()
    normals: tuple[str, ...] = ()
    of_target: tuple[int, ...] = (0, 1)
    identity: tuple[float, ...] = ()
    label: str = ""
    regions: WeightsOfRegions | None = None
    image_sign: float = 0.0
    counts: float = 1.0

    def right_side(self, points: Tensor, scales: Scales) -> Tensor:
        """The target at points (n, 3) in m, m, s, dimensionless, (n, E)."""
        values = evaluate(self.target, points)  # (n, 2)
        return values[:, list(self.of_target)] / self.quantity.scale(scales)
