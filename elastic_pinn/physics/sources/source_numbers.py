"""Point forces and moments as numbers, which a checkpoint holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any, TypeGuard

from elastic_pinn.physics.sources.known_shape import PARTS, KnownShape
from elastic_pinn.physics.sources.moment_source import MomentSource
from elastic_pinn.physics.sources.point_force import PointForce
from elastic_pinn.physics.sources.pulses import Gaussian, Pulse, Ricker, ToneBurst
from elastic_pinn.physics.sources.unknown_wavelet import UnknownWavelet

PointSource = PointForce | MomentSource

PULSES: Mapping[float, type[Pulse]] = {0.0: Ricker, 1.0: Gaussian, 2.0: ToneBurst, 3.0: UnknownWavelet, 4.0: KnownShape}
FORCE, MOMENT = 0.0, 1.0
ACTING = {FORCE: 2, MOMENT: 4}  # the numbers of a force and of a moment


def has_numbers(source: Any) -> TypeGuard[PointSource]:
    """Return whether a field is a point force or a moment with a pulse of a kind that has a number."""
    if not isinstance(source, PointSource):
        return False
    shape = source.pulse.pulse if isinstance(source.pulse, KnownShape) else source.pulse
    return type(shape) in PULSES.values()


def numbers_of(source: PointSource) -> tuple[float, ...]:
    """Return the kind, the place, the width, the force or moment, the pulse's kind, and the pulse's own numbers."""
    is_force = isinstance(source, PointForce)
    acting = source.force if isinstance(source, PointForce) else (*source.moment[0], *source.moment[1])
    return FORCE if is_force else MOMENT, *source.at, source.width, *acting, *_of_pulse(source.pulse)


def source_of(numbers: Sequence[float]) -> PointSource:
    """Make a source of its numbers. Raises ValueError for what are none."""
    try:
        kind, x, y, width, *rest = numbers
        acting, pulse = rest[: ACTING[kind]], _pulse_of(rest[ACTING[kind] :])
        if kind == FORCE:
            return PointForce((x, y), (acting[0], acting[1]), pulse, width)
        return MomentSource((x, y), ((acting[0], acting[1]), (acting[2], acting[3])), pulse, width)
    except (IndexError, KeyError, TypeError, ValueError):
        raise ValueError(f"no source has the numbers {list(numbers)}") from None


def _of_pulse(pulse: Any) -> tuple[float, ...]:
    """The pulse's kind and its own numbers: of a known shape, which parts are unknown, and those of its pulse."""
    kind = next(number for number, each in PULSES.items() if each is type(pulse))
    if isinstance(pulse, KnownShape):
        return kind, *(float(name in pulse.unknowns) for name in PARTS), pulse.origin_within, *_of_pulse(pulse.pulse)
    return kind, *astuple(pulse)


def _pulse_of(numbers: Sequence[float]) -> Pulse:
    kind, *own = numbers
    if PULSES[kind] is not KnownShape:
        return PULSES[kind](*own)
    *are_unknown, within, shape = own[: len(PARTS) + 2]
    unknowns = [name for name, is_unknown in zip(PARTS, are_unknown, strict=True) if is_unknown]
    return KnownShape(PULSES[shape](*own[len(PARTS) + 2 :]), unknowns, within)
