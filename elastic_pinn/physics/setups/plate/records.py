"""What was recorded in the plate of a config."""

from __future__ import annotations

from elastic_pinn.errors import ConfigError
from elastic_pinn.physics.data import Receivers
from elastic_pinn.physics.fields import Field
from elastic_pinn.physics.setups.plate.config import PlateConfig, sides_of
from elastic_pinn.physics.setups.receivers import find, velocity_of


def receivers_of(config: PlateConfig) -> Receivers | None:
    """Read the receiver file, if one is given."""
    return Receivers.load(find(config.data)) if config.data else None


def require_known_shots(config: PlateConfig, receivers: Receivers | None) -> None:
    """Raise ConfigError for a source of a shot that was not recorded, and for a shot in which nothing acts."""
    shots, sources = receivers.shots if receivers else (), config.sources
    for i, entry in enumerate(sources):
        if entry.shot and entry.shot not in shots:
            legal = f"legal are {', '.join(map(repr, shots))}" if any(shots) else "the records have no names of shots"
            raise ConfigError(f"sources[{i}].shot = {entry.shot!r}: {legal if receivers else 'there is no data'}")
    known = bool(receivers and receivers.pulses and config.initial_pulses) or "open" in sides_of(config).values()
    for shot in shots if len(shots) > 1 and not known else ():
        if not any(entry.shot in ("", shot) for entry in sources):
            raise ConfigError(f"sources: nothing acts in the shot {shot!r} of {config.data}, so that nothing moves")


def known_velocity(config: PlateConfig, receivers: Receivers | None) -> Field | None:
    """Return the velocity at the start of the pulses that a receiver file knows, if they are used.

    Raises ConfigError where the config has initial pulses, too, and where nothing acts on the plate at all.
    """
    if receivers is None:
        return None
    known = receivers.pulses if config.initial_pulses else ()
    twice = [i for i, entry in enumerate(config.sources) if entry.kind == "initial_pulse"] if known else []
    if twice:
        raise ConfigError(
            f"sources[{twice[0]}], data: {config.data} knows {len(known)} initial pulses as well: leave the initial "
            "pulses of sources out, or set initial_pulses = False"
        )
    if not (known or config.sources or "open" in sides_of(config).values()):
        raise ConfigError(
            f"sources = []: nothing acts on the plate, which is at rest at 0 s, and no side is 'open' for waves from "
            f"outside, so that nothing can be recorded as in {config.data}"
        )
    return velocity_of(known) if known else None
