"""What the readers of all formats give: traces as a file holds them, and what is still to be asked for.

Letters of shapes: K channels (traces), T times.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from elastic_pinn.errors import ConfigError
from elastic_pinn.physics.data.readers.units import different_units
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions
from elastic_pinn.physics.numbers import Array

NOT_READ: Array = np.empty((0, 2))
"""In the place of times and positions that a file has."""

Direction = str | tuple[float, float]
"""Along which a channel recorded: 'x', '-y', 'z', a vector; or a component of a tensor, 'xx', 'yy', 'xy'."""


@dataclass(frozen=True)
class Traces:
    """Channels of one file in the file's own units; what it does not say is None or empty.

    Where options are missing to read the values, times and positions that the file has may be empty arrays.

    Attributes
    ----------
    values
        (K, T); NaN is a gap. None while it is not known where the file holds them.
    time
        (T,), or (K, T) where channels have axes of their own, NaN at the end of shorter ones.
    positions
        (K, 2), or (K, 3) where the file has three axes.
    directions
        One for each channel.
    kind, value_unit, length_unit, time_unit
        As the file names them.
    receivers
        A name or number of the receiver of each channel, by which positions can be found.
    shots
        The name of the shot of each channel, where a file has several.
    is_grouped
        Whether the channels of one receiver are known to be adjacent, each with as many.
    is_relative
        Whether times are counted from the first sample, whose own time is not known.
    has_clock
        Whether the format itself has times in `time_unit`, whatever an option says.
    read_as
        How the file was understood, for people.
    """

    values: Array | None = None
    time: Array | None = None
    positions: Array | None = None
    directions: tuple[Direction, ...] = ()
    kind: str = ""
    value_unit: str = ""
    length_unit: str = ""
    time_unit: str = ""
    receivers: tuple[str, ...] = ()
    shots: tuple[str, ...] = ()
    is_grouped: bool = False
    is_relative: bool = False
    has_clock: bool = False
    read_as: str = ""


class OptionsNeeded(ConfigError):
    """Options that a file makes necessary; `asked` has what each is, and an example."""

    def __init__(self, text: str, asked: dict[str, tuple[str, Any]]) -> None:
        super().__init__(text)
        self.asked = asked


@dataclass
class Missing:
    """Options that a file makes necessary, each with what it is and an example: one error names them all."""

    path: Path
    asked: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def ask(self, name: str, what: str, example: Any) -> None:
        """Note that an option is needed; what was asked first stays."""
        self.asked.setdefault(name, (what, example))

    def require_nothing(self) -> None:
        """Raise OptionsNeeded with all that is missing, if anything is."""
        if self.asked:
            whats = "; ".join(f"{name}: {what}" for name, (what, _) in self.asked.items())
            python = ", ".join(f"{name}={example!r}" for name, (_, example) in self.asked.items())
            words = " ".join(f"--{name.replace('_', '-')} {_shell(one)}" for name, (_, one) in self.asked.items())
            raise OptionsNeeded(
                f"{self.path} does not say, and no option gives, {whats}. For example: {python}; on the command line "
                f"{words}",
                self.asked,
            )


def only(path: Path, found: Iterable[str], what: str) -> str:
    """Return what all channels of a file say; empty where one says nothing. Raises ReceiverFileError for several."""
    different = set(found)
    said = different_units(different - {""}) if what == "unit" else sorted(different - {""})
    if len(said) > 1:
        raise ReceiverFileError(f"{path} has channels in {' and '.join(said)}: import those of one {what} at a time")
    return said[0] if said and "" not in different else ""


def _shell(example: Any) -> str:
    """A value as a word of a shell."""
    return shlex.quote(_plain(example))


def _plain(example: Any) -> str:
    return f"[{', '.join(map(_plain, example))}]" if isinstance(example, list) else str(example)


def require_size(path: Path, size: int, options: ImportOptions, what: str = "") -> None:
    """Raise ReceiverFileError for more bytes than may be read: of the file, or of `what` of it."""
    if size > options.size_limit:
        raise ReceiverFileError(
            f"{path}{what and ':'}{what} is {size / 1e6:,.0f} MB, and size_limit allows "
            f"{options.size_limit / 1e6:,.0f} MB: import fewer receivers or times, or set size_limit={size}, if there "
            "is memory of about eight times that"
        )
