"""Faults of a problem's parts in the words of the config that they are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from elastic_pinn.errors import ConfigError
from elastic_pinn.physics.errors import ProblemError

HOLE = re.compile(r"\bhole (\d+)")
SUBJECT = re.compile(r"^hole \d+, Disc\(.*?\), radius=.*?\), ")
WORDS = {
    "widen the domain": "set a larger plate_size",
    "widen t": "set a longer duration",
    "the domain": "the plate",
}
"""What a user of the library is advised, and what a user of the fields is."""


@contextmanager
def named(field: str) -> Iterator[None]:
    """Raise a ProblemError as a ConfigError that begins with a field, as "holes[1] = [...]"."""
    try:
        yield
    except ProblemError as error:
        raise ConfigError(f"{field}: {in_words_of_fields(str(error))}") from None


def in_words_of_fields(text: str) -> str:
    """Return a fault with the names that its parts have in the config; a hole at its beginning is that of the field."""
    text = SUBJECT.sub("it ", text)
    for library, fields in WORDS.items():
        text = text.replace(library, fields)
    return HOLE.sub(lambda found: f"holes[{int(found[1]) - 1}]", text)
