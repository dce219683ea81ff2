"""What holds where two materials meet: welded, or in frictionless contact."""

from __future__ import annotations

from collections.abc import Mapping

from elastic_pinn.physics.conditions.side import SideEquation
from elastic_pinn.physics.elasticity import (
    STRAIN,
    displacement,
    normal_displacement,
    normal_traction,
    shear_traction,
    traction,
)
from elastic_pinn.physics.media.inclusion import Inclusion, Interface
from elastic_pinn.physics.quantity import DISPLACEMENT, STRESS
from elastic_pinn.physics.statement import Place, Statement

INSIDE, OUTSIDE = "shear traction inside", "shear traction outside"
LAME, SECOND = ("lame_lambda", "lame_mu"), ("xx", "xy", "yy")
CONTACTS: Mapping[str, tuple[SideEquation, ...]] = {
    "welded": (
        SideEquation(displacement, DISPLACEMENT, name="displacement"),
        SideEquation(traction, STRESS, STRAIN, LAME, ("x", "y"), name="traction"),
    ),
    "slip": (
        SideEquation(normal_displacement, DISPLACEMENT, (), (), ("x", "y"), (0,), "normal displacement"),
        SideEquation(normal_traction, STRESS, STRAIN, LAME, SECOND, (0,), "normal traction"),
        SideEquation(shear_traction, STRESS, STRAIN, LAME[1:], SECOND, (0,), INSIDE),
        SideEquation(shear_traction, STRESS, STRAIN, LAME[1:], SECOND, (0,), OUTSIDE),
    ),
}
"""welded: [u] = 0, [sigma n] = 0; slip: [u . n] = 0, [n . sigma n] = 0, and t . sigma n = 0 on both sides, where [] is
the value in the inclusion less that beside it."""

KINDS = {"welded": 0.0, "slip": 1.0}  # in fingerprints, for ever


def contact(inclusion: Inclusion, interface: Interface) -> tuple[Statement, ...]:
    """Return what holds where an inclusion meets the materials beside it, at the same points, as statements."""
    place = Place("interface", 2, interface.at, interface.parts, interface.shape)
    identity = (KINDS[inclusion.contact], *interface.regions.numbers[interface.region - 1])
    of_one_side = {INSIDE: interface.inside, OUTSIDE: interface.outside}
    return tuple(
        equation.statement(
            f"interface {interface.region}",
            "interface",
            place,
            identity=identity,
            label=inclusion.contact,
            regions=of_one_side.get(equation.name, interface.jump),
        )
        for equation in CONTACTS[inclusion.contact]
    )
