"""The fields of a config that say what is saved."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from elastic_pinn.config_sections import NonNegative, OptionalCount, Section
from elastic_pinn.field_declarations import Unit


class CheckpointConfig(Section):
    """What is saved during training."""

    checkpoint_every: Annotated[OptionalCount, Unit("steps")] = 1_000
    """steps between checkpoints; 0: none by steps. One is always written at the start, at each stage's end and at the
    end"""
    checkpoint_every_s: Annotated[NonNegative, Unit("s")] = 600.0
    """seconds between checkpoints, whatever the steps; 0: none by time"""
    keep_last: Annotated[int, Field(ge=2)] = 5
    """the newest checkpoints that are kept, at least 2"""
    keep_best: OptionalCount = 2
    """the checkpoints with the lowest `monitor` that are kept"""
    keep_every: OptionalCount = 0
    """checkpoints whose step is a multiple of it are kept for ever; 0: none. 1 keeps all"""
    compression: Annotated[int, Field(ge=0, le=9)] = 0
    """of checkpoints, by shuffle and deflate: 0 (none, fastest) to 9 (smallest)"""
    mirror: Annotated[str, Field(pattern=r"^$|^[a-z0-9+]+://.+")] = ""
    """the URL of a folder on a remote store (s3://, gs://, abfs://, file://) where each run gets a copy of its
    checkpoints, in a folder of its own name; "": none"""
    monitor: str = "loss/validation"
    """the column of the history, lower is better, that ranks checkpoints: 'loss/validation', 'loss/pde', ..."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """lowest level of the messages of the logger 'elastic_pinn'"""
