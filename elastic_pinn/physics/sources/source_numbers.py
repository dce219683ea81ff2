"""Point forces and moments as numbers, which a checkpoint holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any, TypeGuard

from elastic_pinn.physics.sources.moment_source import MomentSource
from elastic_pinn.physics.sources.point_force import PointForce
from elastic_pinn.physics.sources.pulses import Gaussian, Pulse, Ricker, ToneBurst
from elastic_pinn.physics.sources.unknown_wavelet import UnknownWavelet

PointSource = PointForce | MomentSource

PULSES: Mapping[float, type[Pulse]] = {0.0: Ricker, 1.0: Gaussian, 2.0: ToneBurst, 3.0: UnknownWavelet}
FORCE, MOMENT = 0.0, 1.0
ACTING = {FORCE: 2, MOMENT: 4}  # the numbers of a force and of a moment


def has_numbers(source: Any) -> TypeGuard[PointSource]:
    """Return whether a field is a point force or a moment with a pulse of a kind that has a number."""
    return isinstance(source, PointSource) and type(source.pulse) in PULSES.values()


def numbers_of(source: PointSource) -> tuple[float, ...]:
    """Return the kind, the place, the width, the force or moment, the pulse's kind, and the pulse's own numbers."""
    is_force, kinds = isinstance(source, PointForce), {kind: number for number, kind in PULSES.items()}
    acting = source.force if isinstance(source, PointForce) else (*source.moment[0], *source.moment[1])
    pulse: Any = source.pulse
    return FORCE if is_force else MOMENT, *source.at, source.width, *acting, kinds[type(pulse)], *astuple(pulse)


def source_of(numbers: Sequence[float]) -> PointSource:
    """Make a source of its numbers. Raises ValueError for what are none."""
    try:
        kind, x, y, width, *rest = numbers
        acting, (of_pulse, *own) = rest[: ACTING[kind]], rest[ACTING[kind] :]
        pulse = PULSES[of_pulse](*own)
        if kind == FORCE:
            return PointForce((x, y), (acting[0], acting[1]), pulse, width)
        return MomentSource((x, y), ((acting[0], acting[1]), (acting[2], acting[3])), pulse, width)
    except (IndexError, KeyError, TypeError, ValueError):
        raise ValueError(f"no source has the numbers {list(numbers)}") from None
