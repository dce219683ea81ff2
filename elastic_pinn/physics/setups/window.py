"""The field of a config that says how long the waves are followed."""

from __future__ import annotations

from typing import Annotated

from elastic_pinn.config_sections import Positive, Section
from elastic_pinn.field_declarations import Unit


class WindowConfig(Section):
    """A time window from zero."""

    duration: Annotated[Positive, Unit("s")] = 2.0
    """time window of the problems 'standing_waves' and 'plate', from 0 to this, s"""
