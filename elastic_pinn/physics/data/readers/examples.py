"""The examples of a refusal: options that fit the channels of the file that was refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ALONG: dict[int, list[str]] = {1: ["y"], 2: ["x", "y"], 3: ["x", "y", "z"]}
"""Of so many channels a receiver, along which each may have recorded: one alone, as of a laser, is no x and y."""
MOST_ROWS = 4  # of places, beyond which they are rather in a file
BESIDE = 6  # in a unit of lengths
IN_A_FILE = "positions.csv"


def places_for(receivers: int | None) -> Any:
    """Return places of so many receivers: rows where there are few, and else a file; None: nobody knows how many."""
    count = 2 if receivers is None else receivers
    return [[BESIDE * row, 0] for row in range(count)] if count <= MOST_ROWS else IN_A_FILE


def directions_for(channels: int | None, receivers: int | None) -> list[str]:
    """Return directions of the channels of a receiver, of each alike; one where nobody knows how many receivers there
    are, or where these have another number of channels each."""
    is_known = channels and receivers and channels % receivers == 0
    return ALONG.get(channels // receivers if is_known and channels and receivers else 1, ALONG[1])


def receivers_of(names: Sequence[str], channels: int | None) -> int | None:
    """Return how many receivers channels have by the names of these: as many as channels where each has its own."""
    return len({*names}) if names else channels
