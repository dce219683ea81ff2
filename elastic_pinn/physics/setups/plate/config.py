"""The fields of a config that the problem "plate" reads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from elastic_pinn.config_sections import Finite, List, NonNegative, OfList, Positive, Section
from elastic_pinn.field_declarations import Unit, With
from elastic_pinn.physics.setups.material import MaterialConfig
from elastic_pinn.physics.setups.plate.inclusions import InclusionEntry
from elastic_pinn.physics.setups.plate.sources import UNCERTAIN, SourceEntry
from elastic_pinn.physics.setups.receivers import DataConfig, InversionConfig
from elastic_pinn.physics.setups.window import WindowConfig

SideName = Literal["free", "fixed", "symmetry", "absorbing", "open", "periodic"]
Hole = Annotated[tuple[Finite, Finite, Positive], OfList]

ORDER = ("left", "right", "bottom", "top")
"""Of the sides of a rectangle in the field `sides`."""


class PlatePartsConfig(Section):
    """What a plate consists of, and what acts on it."""

    plate_shape: Literal["rectangle", "disc"] = "rectangle"
    """outline of the problem 'plate'"""
    plate_size: Annotated[List[Positive], Field(min_length=1, max_length=2), Unit("m")] = (0.04, 0.02)
    """[width, height] of a rectangle whose lower left corner is at (0, 0), or [radius] of a disc about (0, 0), m"""
    holes: Annotated[List[Hole], Unit("m")] = ()
    """circular holes in the plate, rows [x, y, radius] in m"""
    sides: Annotated[
        List[SideName],
        Field(min_length=1, max_length=4),
        BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    ] = ("free",)
    """what holds on the plate's sides, one for all or four in the order left, right, bottom, top. free: no traction but
    that of side_loads; fixed: no displacement; symmetry: as a mirror; absorbing: waves leave; open: nothing is known;
    periodic: goes on at the opposite side, which is periodic too"""
    hole_rims: Annotated[Literal["free", "fixed"], With("holes")] = "free"
    """what holds on the rims of all holes"""
    inclusions: List[InclusionEntry] = ()
    """parts of the plate of other materials. Each is a dict of center and radius, or x and y ([from, to]), m; of
    material, or lame_lambda, lame_mu and density, or the other ways to give them; of unknowns, contact ('welded' or
    'slip') and damping where these are not the default"""
    sources: List[SourceEntry] = ()
    """what acts on the plate, at rest at 0 s. Each is a dict of kind ('side_load', 'point_force', 'moment' or
    'initial_pulse'), at ([x, y]) and width (of a Gaussian), m; of force ([f_x, f_y], N/m) or moment (two rows, N m/m)
    with pulse ('ricker', 'gaussian', 'tone_burst' or 'unknown'), frequency (Hz) and, if wanted, delay (s; of the
    peak, but of a tone_burst or an unknown pulse of the start), cycles, and unknowns ('amplitude', 'origin_time'); or
    of an initial_pulse's displacement (m) or velocity (m/s); of shot, the one of several in data; and of at_plus_minus,
    width_plus_minus (m) and direction_plus_minus (degrees), what ± of unknowns counts"""


class MediumConfig(Section):
    """What a plate's material has beside lambda, mu and rho."""

    plane: Literal["strain", "stress"] = "strain"
    """what is zero out of the plane of the problem 'plate': the strain, as in a thick block, or the stress, as in a
    thin plate"""
    material_damping: Annotated[NonNegative, Unit("1/s")] = 0.0
    """d of rho (u_tt + d u_t) = div sigma + f in the plate, 1/s"""


class PlateConfig(InversionConfig, MediumConfig, MaterialConfig, PlatePartsConfig, WindowConfig, DataConfig):
    """What the problem "plate" reads."""

    @property
    def sought(self) -> dict[str, tuple[str, ...]]:
        """The unknowns of the plate's material and of its inclusions, by the field or the entry that names them."""
        of_entries = {f"inclusions[{i}].unknowns": each.unknowns or () for i, each in enumerate(self.inclusions)}
        return {name: names for name, names in ({"unknowns": self.unknowns} | of_entries).items() if names}


def require_whole(config: PlateConfig) -> None:
    """Raise ValueError for fields of a plate that do not fit together."""
    shape, size, sides = config.plate_shape, list(config.plate_size), list(config.sides)
    if len(size) != (2 if shape == "rectangle" else 1):
        raise ValueError(f"plate_size = {size}: plate_shape {shape!r} needs {_SIZES[shape]}")
    if shape == "disc" and (len(sides) > 1 or "periodic" in sides):
        raise ValueError(f"sides = {sides}: a disc has one side, its rim: one of {', '.join(_OF_DISC)} is needed")
    if len(sides) not in (1, len(ORDER)):
        raise ValueError(f"sides = {sides}: one for all, or four, {', '.join(ORDER)}, are needed")
    of_side = sides_of(config)
    for first, second in (ORDER[:2], ORDER[2:]):
        if shape == "rectangle" and (of_side[first] == "periodic") != (of_side[second] == "periodic"):
            raise ValueError(f"sides = {sides}: {first} and {second} are periodic together, or neither is")
    if not (config.sources or config.data):
        raise ValueError("sources = []: problem 'plate' needs sources, or nothing would move, or data")
    if config.sought and not config.data:
        raise ValueError(f"{sought_text(config)}: they are found from data, the path of a receiver file")
    uncertain = {
        f"sources[{i}].{name}": each
        for i, source in enumerate(config.sources)
        for name in UNCERTAIN
        if (each := getattr(source, name))
    }
    for name, value in uncertain.items() if not config.sought else ():
        raise ValueError(
            f"{name} = {value:g}: ± of what is found counts it, and nothing is: add unknowns and data, or leave it out"
        )


def sought_text(config: PlateConfig) -> str:
    """Return what is searched for as its fields are written."""
    given = config.sought or {"unknowns": ()}
    return ", ".join(f"{name} = {list(names)}" for name, names in given.items())


def sides_of(config: PlatePartsConfig) -> dict[str, str]:
    """Return what holds on each side of the outline, by its name."""
    names = ORDER if config.plate_shape == "rectangle" else ("rim",)
    given = config.sides * len(names) if len(config.sides) == 1 else config.sides
    return dict(zip(names, given, strict=True))


_SIZES = {"rectangle": "two numbers, [width, height] in m", "disc": "one number, [radius] in m"}
_OF_DISC = ("free", "fixed", "symmetry", "absorbing", "open")
