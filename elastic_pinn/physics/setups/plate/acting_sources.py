"""What acts on the plate of a config, each source at a place where it can act."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import torch

from elastic_pinn.errors import ConfigError
from elastic_pinn.physics.data.highest_frequency import highest_frequency
from elastic_pinn.physics.domains import Disc, Plate, Shape
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.fields import Field
from elastic_pinn.physics.setups.plate.config import PlateConfig, sides_of
from elastic_pinn.physics.setups.plate.fault_messages import in_words_of_fields, named
from elastic_pinn.physics.setups.plate.records import receivers_of
from elastic_pinn.physics.setups.plate.sources import SourceEntry
from elastic_pinn.physics.sources import (
    EARLIEST,
    Gaussian,
    InitialPulse,
    KnownShape,
    Local,
    MomentSource,
    PointForce,
    Pulse,
    Ricker,
    SideLoad,
    Source,
    ToneBurst,
    UnknownWavelet,
    field_of,
)
from elastic_pinn.physics.sources.places import OFF
from elastic_pinn.physics.sources.transducers import stated_unlike

WIDEST = 0.5  # of the plate's lesser extent: a wider source is around no place
FELT = 0.1  # of its peak: a pulse that is smaller all through the window has its numbers in other units
INSTANTS = 10_000  # at which that is looked up

Place = tuple[float, float]
Role = Literal["load", "force", "displacement", "velocity"]


class Acting(NamedTuple):
    """A source of a problem.

    Attributes:
        name: of its entry in the config, as "sources[0]".
        role: what it is in the problem: a load on a side, a force inside, or displacement or velocity at the start.
        source: it itself.
        side: which a load is on.
        shot: in which it acts; "": in all.
    """

    name: str
    role: Role
    source: Local
    side: str = ""
    shot: str = ""


def acting_on(config: PlateConfig, shape: Shape) -> list[Acting]:
    """Return what acts on a plate.

    Raises ConfigError for a source where it cannot be, for one that is wider than the plate, for a pulse of which the
    window has almost nothing, and for sources of one transducer that are stated to be off unlike.
    """
    acting = [
        each._replace(shot=entry.shot)
        for i, entry in enumerate(config.sources)
        for each in _made(f"sources[{i}]", entry, config, shape)
    ]
    for each in acting:
        _require_felt(each, config.duration)
    for i, k, how in stated_unlike([each.source for each in acting]):
        raise ConfigError(
            f"{acting[i].name} and {acting[k].name} are at one place, and so of one transducer, and {how}: state the "
            "same of both"
        )
    return acting


def in_shot(acting: Sequence[Acting], shot: str) -> list[Acting]:
    """Return what acts in a shot."""
    return [each for each in acting if each.shot in ("", shot)]


def first_instant(acting: Sequence[Acting]) -> float:
    """Return when the window begins, s: at 0, or so long before that the first part of an unknown pulse is whole."""
    pulses = [each.source.pulse for each in acting if isinstance(each.source, Source)]
    wavelets = [pulse.start - EARLIEST * pulse.width for pulse in pulses if isinstance(pulse, UnknownWavelet)]
    early = [pulse.interval[0] for pulse in pulses if isinstance(pulse, KnownShape) and pulse.is_time_unknown]
    return min([0.0, *wavelets, *early])


def on_sides(acting: Sequence[Acting]) -> Mapping[str, Sequence[SideLoad]]:
    """Return the loads on each side that has any."""
    loads: dict[str, list[SideLoad]] = {}
    for each in acting:
        if isinstance(each.source, SideLoad):
            loads.setdefault(each.side, []).append(each.source)
    return loads


def total_of(acting: Sequence[Acting], role: Role, other: Field | None = None) -> Field | None:
    """Return what acts in a role, and another field if there is one, as one field; None where nothing does."""
    sources: list[Field] = [each.source for each in acting if each.role == role]
    return field_of([*sources, other] if other else sources, role)


def _made(name: str, entry: SourceEntry, config: PlateConfig, shape: Shape) -> Iterator[Acting]:
    """The sources of an entry: one, or the displacement and the velocity of an initial pulse."""
    _require_narrow(name, entry, shape)
    if entry.kind == "side_load":
        side, place = _on_side(name, entry, config, shape)
        pulse = _pulse_of(name, entry, config)
        load = SideLoad(place, entry.force or (0.0, 0.0), pulse, entry.width, entry.plus_minus)
        yield Acting(name, "load", load, side)
        return
    _require_inside(name, entry, config, shape)
    at, width, plus_minus = entry.at, entry.width, entry.plus_minus
    if entry.kind == "moment":
        with named(name):
            source = MomentSource(at, entry.moment, _pulse_of(name, entry, config), width, plus_minus)
        yield Acting(name, "force", source)
    elif entry.kind == "point_force":
        pulse = _pulse_of(name, entry, config)
        yield Acting(name, "force", PointForce(at, entry.force or (0.0, 0.0), pulse, width, plus_minus))
    else:
        if entry.displacement:
            yield Acting(name, "displacement", InitialPulse(at, entry.displacement, width, plus_minus))
        if entry.velocity:
            yield Acting(name, "velocity", InitialPulse(at, entry.velocity, width, plus_minus))


def _pulse_of(name: str, entry: SourceEntry, config: PlateConfig) -> Pulse:
    if entry.pulse == "unknown" and entry.frequency is None:
        return _wavelet_of_records(name, entry, config)
    pulse = _stated_pulse(entry)
    if not entry.unknowns:
        return pulse
    period = 1.0 / entry.frequency if entry.frequency else 0.0
    within = (entry.origin_within or period) if "origin_time" in entry.unknowns else 0.0
    return KnownShape(pulse, entry.unknowns, within)


def _wavelet_of_records(name: str, entry: SourceEntry, config: PlateConfig) -> Pulse:
    """An unknown wavelet that is as fine as the records need. Raises ConfigError where they do not tell it."""
    receivers = receivers_of(config)
    if receivers is None:
        raise ConfigError(f"{name}.frequency is missing: without data there are no records to choose it from")
    if entry.shot in receivers.shots:  # others are refused later
        receivers = receivers.of_shot(entry.shot)
    try:
        return UnknownWavelet.up_to(highest_frequency(receivers), entry.delay or 0.0)
    except ProblemError as error:
        raise ConfigError(f"{name}.frequency is missing, and does not follow from data: {error}") from None


def _stated_pulse(entry: SourceEntry) -> Pulse:
    frequency, delay = entry.frequency or 0.0, entry.delay
    if entry.pulse == "ricker":
        return Ricker(frequency, 1.0 / frequency if delay is None else delay)
    if entry.pulse == "gaussian":
        width = 1.0 / (math.sqrt(2.0) * math.pi * frequency)  # its second derivative is a Ricker pulse of the frequency
        return Gaussian(width, EARLIEST * width if delay is None else delay)
    if entry.pulse == "unknown":
        return UnknownWavelet(frequency, delay or 0.0)
    given = {"cycles": entry.cycles, "start": delay}
    return ToneBurst(frequency, **{name: value for name, value in given.items() if value is not None})


def _require_narrow(name: str, entry: SourceEntry, shape: Shape) -> None:
    """Raise ConfigError for a source that is wider than the plate."""
    widest = WIDEST * min(high - low for low, high in shape.bounds)
    if entry.width > widest:
        raise ConfigError(
            f"{name}.width = {entry.width:g}: at most {widest:g} m is legal, half of the plate's lesser extent"
        )


def _require_felt(acting: Acting, duration: float) -> None:
    """Raise ConfigError for a pulse that does nearly nothing in the window: mostly a matter of units."""
    if not isinstance(acting.source, Source):
        return
    pulse = acting.source.pulse
    pulse = pulse.pulse if isinstance(pulse, KnownShape) else pulse  # about when it acts, not the earliest it may
    if pulse.highest_frequency * duration < 1.0:
        raise ConfigError(
            f"{acting.name}: {pulse} is slower than the window, of which duration = {duration:g} s: mend frequency, in "
            "Hz, or duration, in s"
        )
    start, end = pulse.within((0.0, duration))
    times = torch.linspace(start, end, INSTANTS if start < end else 0, dtype=torch.float64)
    part = float(pulse(times).abs().max()) if len(times) else 0.0
    if part < FELT:
        raise ConfigError(
            f"{acting.name}: {pulse} has at most {100.0 * part:.2g} % of its peak between 0 s and duration = "
            f"{duration:g} s: mend frequency (Hz), delay or duration (s)"
        )


def _on_side(name: str, entry: SourceEntry, config: PlateConfig, shape: Shape) -> tuple[str, Place]:
    """The side that a load is on, and its place there.

    Raises ConfigError where it is on no side, on two, or on one that is not free.
    """
    places, at = _on_sides_near(entry.at, shape), _at(name, entry)
    away = {side: math.dist(place, entry.at) for side, place in places.items()}
    on = [side for side, distance in away.items() if distance <= OFF * entry.width]
    if not on:
        nearest = min(away, key=away.__getitem__)
        raise ConfigError(
            f"{at}: a side_load is on a side, and the nearest, {_side(nearest)}, is {away[nearest]:.3g} m away: the "
            f"place there is [{places[nearest][0]:.6g}, {places[nearest][1]:.6g}]"
        )
    if len(on) > 1:
        raise ConfigError(f"{at}: this is the corner of {' and '.join(on)}: move it along the side that it acts on")
    [side] = on
    if (holds := _holds_on(side, config)) != "free":
        raise ConfigError(f"{at}: {_side(side)} is {holds!r}, and a side_load needs a free side")
    return side, places[side]


def _require_inside(name: str, entry: SourceEntry, config: PlateConfig, shape: Shape) -> None:
    """Raise ConfigError for a place outside the plate, in a hole, or where nothing moves."""
    if not shape.contains(*torch.tensor([entry.at], dtype=torch.float64).unbind(1)).all():
        where = in_words_of_fields(shape.whereabouts(*entry.at))
        raise ConfigError(f"{_at(name, entry)}: it lies {where}; legal is a place in the solid, in m")
    for side, place in _on_sides_near(entry.at, shape).items():
        if math.dist(place, entry.at) <= OFF * entry.width and _holds_on(side, config) == "fixed":
            raise ConfigError(
                f"{_at(name, entry)}: it is on {_side(side)}, which is 'fixed', so that nothing moves there; legal is "
                "a place inside"
            )


def _on_sides_near(place: Place, shape: Shape) -> dict[str, Place]:
    """The place of each side that is nearest to a place, m."""
    outline, x, y = shape.outline if isinstance(shape, Plate) else shape, *place
    rims = dict(zip(shape.names, shape.holes, strict=True)) if isinstance(shape, Plate) else {}
    if isinstance(outline, Disc):
        return {side: _on_rim(disc, place) for side, disc in ({"rim": outline} | rims).items()}
    (left, right), (bottom, top) = outline.bounds
    x, y = min(max(x, left), right), min(max(y, bottom), top)
    of_outline = {"left": (left, y), "right": (right, y), "bottom": (x, bottom), "top": (x, top)}
    return of_outline | {side: _on_rim(disc, place) for side, disc in rims.items()}


def _on_rim(disc: Disc, place: Place) -> Place:
    """The place of a disc's rim that is nearest to a place."""
    (x, y), distance = disc.center, math.dist(disc.center, place)
    along_x, along_y = ((place[0] - x) / distance, (place[1] - y) / distance) if distance else (1.0, 0.0)
    return x + disc.radius * along_x, y + disc.radius * along_y


def _holds_on(side: str, config: PlateConfig) -> str:
    """What holds on a side of the outline, or on the rims of holes."""
    return sides_of(config).get(side, config.hole_rims)


def _side(side: str) -> str:
    """A side in the words of the config."""
    return (
        f"the {side}" if side in ("left", "right", "bottom", "top", "rim") else f"the rim of {in_words_of_fields(side)}"
    )


def _at(name: str, entry: SourceEntry) -> str:
    x, y = entry.at
    return f"{name}.at = [{x:g}, {y:g}]"
