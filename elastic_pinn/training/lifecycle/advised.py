"""A sentence of advice, with the values that it tells to set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self


class Advice(str):
    """A sentence that ends with what to set.

    Attributes:
        values: what it tells to set, or more than that, by the names of fields; {} where there is a choice.
        reason: of these values, in one line.
    """

    __slots__ = ("reason", "values")

    values: Mapping[str, Any]
    reason: str

    def __new__(cls, sentence: str, reason: str = "", **values: Any) -> Self:
        """Make the sentence; reason: "" of one without values."""
        advice = super().__new__(cls, sentence)
        advice.values, advice.reason = values, reason
        return advice
