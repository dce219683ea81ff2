"""Shape, materials and sides of the plate of a config."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from elastic_pinn.config_sections import as_written
from elastic_pinn.parameters import in_one_line
from elastic_pinn.physics.conditions import Absorbing, Displacement, Periodic, SideCondition, Symmetry, Traction
from elastic_pinn.physics.data import Receivers
from elastic_pinn.physics.domains import Disc, Plate, Rectangle, Shape
from elastic_pinn.physics.media.inclusion import Inclusion
from elastic_pinn.physics.media.material import Material
from elastic_pinn.physics.setups.material import FIELDS
from elastic_pinn.physics.setups.plate.config import PlateConfig, sides_of
from elastic_pinn.physics.setups.plate.fault_messages import named
from elastic_pinn.physics.setups.plate.inclusions import InclusionEntry
from elastic_pinn.physics.setups.receivers import searched_material
from elastic_pinn.physics.setups.start_material import constants_of
from elastic_pinn.physics.sources import SideLoad, field_of

CONDITIONS: Mapping[str, Callable[..., SideCondition]] = {
    "free": Traction,
    "fixed": Displacement,
    "symmetry": Symmetry,
    "absorbing": Absorbing,
}
"""What holds on a side, by its name in the config; nothing does on an open one."""


def shape_of(config: PlateConfig) -> Shape:
    """Return the outline, or the plate with its holes. Raises ConfigError for a hole that is impossible."""
    size = config.plate_size
    outline = Disc((0.0, 0.0), size[0]) if config.plate_shape == "disc" else Rectangle((0.0, size[0]), (0.0, size[1]))
    shape: Shape = outline
    holes: list[Disc] = []
    for i, (x, y, radius) in enumerate(config.holes):
        holes.append(Disc((x, y), radius))
        with named(f"holes[{i}] = {as_written(config.holes[i])}"):
            shape = Plate(outline, tuple(holes))
    return shape


def material_of(config: PlateConfig, receivers: Receivers | None) -> Material:
    """Return the plate's material, as the fields and the receiver file give it.

    Raises ConfigError for one that is not stable, or not with all that is searched, and where the fields and the file
    know different ones.
    """
    constants = constants_of(config, config.data, receivers, config.unknowns) if receivers else config.constants
    with named(", ".join(f"{FIELDS[name]} = {value:g}" for name, value in constants.items())):
        return searched_material(config, constants, damping=config.material_damping, plane=config.plane)


def inclusions_of(config: PlateConfig) -> tuple[Inclusion, ...]:
    """Return the parts of other materials. Raises ConfigError as `material_of` does."""
    found = []
    for i, entry in enumerate(config.inclusions):
        with named(f"inclusions[{i}] = {in_one_line(as_written(entry))}"):
            material = Material(
                *entry.constants,
                unknowns=entry.unknowns or (),
                unknown_range=config.unknown_range,
                damping=entry.damping,
                plane=config.plane,
            )
        found.append(Inclusion(_shape_of(entry), material, entry.contact))
    return tuple(found)


def conditions_of(
    config: PlateConfig, shape: Shape, loads: Mapping[str, Sequence[SideLoad]]
) -> tuple[SideCondition, ...]:
    """Return what holds on the sides, each with one condition: the free ones carry their loads.

    Sides without loads share a condition, and hence its points, where the same holds on them; so do the rims of holes.
    """
    of_side, rims = sides_of(config), [side for side in shape.sides if side not in sides_of(config)]
    alike = {
        kind: [side for side, each in of_side.items() if each == kind and side not in loads] for kind in CONDITIONS
    }
    found = [CONDITIONS[kind](sides=sides) for kind, sides in alike.items() if sides]
    found += [Periodic("x")] if of_side.get("left") == "periodic" else []
    found += [Periodic("y")] if of_side.get("bottom") == "periodic" else []
    if bare := [side for side in rims if side not in loads]:
        found.append(CONDITIONS[config.hole_rims](sides=bare))
    return (*found, *(Traction(field_of(list(on_it), side), sides=side) for side, on_it in loads.items()))


def _shape_of(entry: InclusionEntry) -> Disc | Rectangle:
    if entry.center is not None and entry.radius is not None:
        return Disc(entry.center, entry.radius)
    assert entry.x is not None and entry.y is not None  # the validator requires one of the two
    return Rectangle(entry.x, entry.y)
