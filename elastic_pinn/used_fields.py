"""Which fields of a config have an effect, by what is declared beside each of them, and whether its network has one."""

from __future__ import annotations

from collections.abc import Collection

from elastic_pinn.config import TERMS, Config, unused_fields
from elastic_pinn.field_declarations import has_effect
from elastic_pinn.networks.config import HELD_AT_ZERO


def used_fields(config: Config, terms: Collection[str] = tuple(TERMS)) -> set[str]:
    """Return the fields that have an effect on a run: those that the problem reads, and that stages, network and other
    values need.

    terms: the columns of the terms of the problem's loss; all of them where the problem is not known.
    """
    fields, values = Config.model_fields, dict(config)
    others = unused_fields(config.problem)
    return {name for name in fields if name not in others and has_effect(name, fields, values, terms)}


def takes_no_part(config: Config) -> bool:
    """Whether the network takes no part in the wavefield: elements solve for all, and it stays at zero."""
    return config.ridge >= HELD_AT_ZERO and {*config.stages} == {"full_waveform"}
