"""A part of a domain that is of another material."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.domains import Disc, Domain, Part, Quantile, Rectangle, Regions, Shape, even
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.media.medium import Medium

Contact = Literal["welded", "slip"]

ALONG = 1024  # points on each side of an inclusion at which its neighbours are looked up
NEAR = 1e-6  # of the domain's extent: how far beside an interface


@dataclass(frozen=True)
class Inclusion:
    """A part of a domain that is of another material, as a layer or a disc.

    Parameters
    ----------
    shape
        A `Disc`, or a `Rectangle`, whose sides may lie on those of the domain: a layer has two or three such sides.
    material
        Its `Material`.
    contact
        Where it meets another material: "welded" (displacement and traction are continuous), or "slip" (only the normal
        displacement and the normal traction are; there is no friction).

    Raises
    ------
    ProblemError
        For anything else; in a Problem, for an inclusion that crosses a side of the domain, overlaps another one,
        leaves nothing around it, or is in plane stress beside plane strain.
    """

    shape: Shape
    material: Material
    contact: Contact = "welded"

    def __post_init__(self) -> None:
        if not isinstance(self.shape, Disc | Rectangle):
            raise ProblemError(f"inclusion: shape = {in_one_line(self.shape)}: a Disc or a Rectangle is needed")
        if not isinstance(self.material, Material):
            raise ProblemError(
                f"inclusion: material = {in_one_line(self.material)}: a Material is needed (a Medium, which varies "
                "from place to place, is not possible yet)"
            )
        if self.contact not in get_args(Contact):
            raise ProblemError(f"inclusion: contact = {in_one_line(self.contact)}: legal are 'welded' and 'slip'")


@dataclass(frozen=True)
class Interface:
    """The boundary of an inclusion as far as it lies within a domain.

    Attributes
    ----------
    region
        The index of the inclusion's region.
    parts
        The parts of its shape's boundary.
    regions, domain
        All regions, and the window.
    """

    region: int
    parts: tuple[Part, ...]
    regions: Regions
    domain: Domain

    @classmethod
    def of(cls, region: int, regions: Regions, domain: Domain) -> Interface:
        """Find the interface of a region. Raises ProblemError where it is not clear what is beside it."""
        shape, parts = regions.inclusions[region - 1], []
        for part in shape.parts_of(None):
            places, normals = shape.along(part, _fractions())
            inside = domain.shape.contains(*_beside(places, normals, domain).unbind(1))
            if inside.all():
                parts.append(part)
            elif inside.any():
                x, y = places[int((~inside).nonzero()[0])].tolist()
                raise ProblemError(
                    f"the {part.side} of the inclusion {shape} touches the boundary of the domain at x = {x:g} m, "
                    f"y = {y:g} m: let all of the side lie on it, or leave a gap"
                )
        return cls(region, tuple(parts), regions, domain)

    @property
    def is_closed(self) -> bool:
        """Whether it goes all around the inclusion."""
        return self.parts == self.shape.parts_of(None)

    @property
    def shape(self) -> Shape:
        """The inclusion's shape."""
        return self.regions.inclusions[self.region - 1]

    def at(self, unit: Tensor, quantile: Quantile = even) -> tuple[Tensor, Tensor]:
        """Map points of a unit square to the interface, evenly by length and time, with normals out of the inclusion.

        Parameters
        ----------
        unit
            The position along all parts and the time, each 0 to 1, (N, 2).
        quantile
            The density, as `Domain.boundary` takes it.

        Returns
        -------
        tuple of Tensor
            Points (N, 3), x, y, t in m, m, s, and unit normals (N, 2).
        """
        time = None if self.domain.is_static else self.domain.t
        return Domain(shape=self.shape, t=time).boundary(unit, self.parts, quantile)

    def inside(self, points: Tensor, normals: Tensor) -> Tensor:
        """Return 1 for the inclusion's region, (N, R), at points (N, 3) with normals (N, 2)."""
        return self.regions.one_hot(torch.full((len(points),), self.region))

    def outside(self, points: Tensor, normals: Tensor) -> Tensor:
        """Return 1 for the region beside the inclusion, (N, R)."""
        return self.regions.one_hot(self.neighbours(points[:, :2], normals))

    def jump(self, points: Tensor, normals: Tensor) -> Tensor:
        """Return 1 for the inclusion's region and -1 for that beside it, (N, R)."""
        return self.inside(points, normals) - self.outside(points, normals)

    def neighbours(self, places: Tensor, normals: Tensor) -> Tensor:
        """Return the index of the region beside the inclusion at places (N, 2), (N,)."""
        return self.regions.index(*_beside(places, normals, self.domain).unbind(1))


def interfaces_of(inclusions: Sequence[Inclusion], domain: Domain) -> tuple[Interface, ...]:
    """Find the interface of each inclusion."""
    regions = Regions(tuple(inclusion.shape for inclusion in inclusions))
    return tuple(Interface.of(region, regions, domain) for region in range(1, regions.count))


def listed(given: Any) -> tuple[Inclusion, ...]:
    """Return the inclusions that are given, one or several. Raises ProblemError for what are none."""
    try:
        found = (given,) if isinstance(given, Inclusion) else tuple(given)
    except TypeError:
        raise ProblemError(f"inclusions = {in_one_line(given)}: a list of Inclusions is needed") from None
    for i, each in enumerate(found):
        if not isinstance(each, Inclusion):
            raise ProblemError(f"inclusions[{i}] = {in_one_line(each)}: an Inclusion is needed")
    return found


def require_possible(inclusions: Sequence[Inclusion], domain: Domain, material: Material | Medium) -> None:
    """Raise ProblemError for inclusions that cannot be where they are, or not in this material."""
    for i, inclusion in enumerate(inclusions):
        if isinstance(material, Medium):
            raise ProblemError("inclusions in a Medium, which varies from place to place, cannot be solved yet")
        if inclusion.material.plane != material.plane:
            raise ProblemError(
                f"inclusions[{i}] is in plane {inclusion.material.plane}, and the material around it in plane "
                f"{material.plane}: one plate is in one of them"
            )
        if domain.is_static and inclusion.contact == "slip" and isinstance(inclusion.shape, Disc):
            raise ProblemError(
                f"inclusions[{i}] slips at rest, in a domain without t: the disc could be turned by any angle; weld it"
            )
    if inclusions:
        _require_apart(inclusions, domain)
        _require_one_contact(inclusions, domain)


def _require_apart(inclusions: Sequence[Inclusion], domain: Domain) -> None:
    """Raise ProblemError for inclusions that are not within the domain, or overlap."""
    for inclusion in inclusions:
        edge, normals = _edge(inclusion.shape)
        places = torch.cat([edge, _beside(edge, -normals, domain)])  # the edge of a hole has no solid within
        outside = ~domain.shape.contains(*places.unbind(1))
        if outside.any():
            x, y = places[outside][0].tolist()
            raise ProblemError(
                f"the inclusion {inclusion.shape} is partly outside the domain: x = {x:g} m, y = {y:g} m lies "
                f"{domain.shape.whereabouts(x, y)}; it may touch a side of the domain, and not cross it"
            )
    for inclusion, other in permutations(inclusions, 2):
        places, normals = _edge(inclusion.shape)
        within = _beside(places, -normals, domain)
        if (overlap := other.shape.contains(*within.unbind(1))).any():
            x, y = within[overlap][0].tolist()
            raise ProblemError(
                f"the inclusions {inclusion.shape} and {other.shape} overlap at x = {x:g} m, y = {y:g} m"
            )


def _require_one_contact(inclusions: Sequence[Inclusion], domain: Domain) -> None:
    """Raise ProblemError for inclusions that fill the domain, or that touch with two kinds of contact."""
    interfaces = interfaces_of(inclusions, domain)
    if not any(0 in _neighbours(interface) for interface in interfaces):
        raise ProblemError("the inclusions fill the domain, and nothing is left of the material around them")
    for interface in interfaces:
        contact = inclusions[interface.region - 1].contact
        for beside in (inclusions[region - 1] for region in _neighbours(interface) - {0}):
            if beside.contact != contact:
                raise ProblemError(
                    f"the inclusions {interface.shape} and {beside.shape} touch, and have two kinds of contact, "
                    "'welded' and 'slip': give both the same one"
                )


def _neighbours(interface: Interface) -> set[int]:
    """The regions beside an inclusion."""
    edges = [interface.shape.along(part, _fractions()) for part in interface.parts]
    return {region for places, normals in edges for region in interface.neighbours(places, normals).tolist()}


def _edge(shape: Shape) -> tuple[Tensor, Tensor]:
    """Points all along the boundary of a shape, (N, 2) in m, and outward normals (N, 2)."""
    edges = [shape.along(part, _fractions()) for part in shape.parts_of(None)]
    return torch.cat([places for places, _ in edges]), torch.cat([normals for _, normals in edges])


def _beside(places: Tensor, normals: Tensor, domain: Domain) -> Tensor:
    """Places a little way along normals, (N, 2)."""
    return places + NEAR * max(high - low for low, high in (domain.x, domain.y)) * normals


def _fractions() -> Tensor:
    """Fractions of the way along a side, without its ends, (ALONG,)."""
    return (torch.arange(ALONG, dtype=torch.float64) + 0.5) / ALONG
