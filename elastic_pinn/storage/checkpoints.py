"""The checkpoints in a local or remote folder, found by their names and sealed headers; read-only."""

import logging
import math
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from elastic_pinn.storage.errors import CheckpointError, NewerVersionError
from elastic_pinn.storage.folder import Folder, folder_at
from elastic_pinn.storage.format.seal import HEAD_BYTES, USE_ANOTHER, Header, open_header, unseal
from elastic_pinn.storage.format.snapshot import Snapshot, parse_snapshot
from elastic_pinn.storage.isolation import parse_isolated

logger = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"  # the subfolder of a run directory that contains them
NAME = re.compile(r"step-([0-9]{9,})-g([0-9]{3,})\.h5")
PIN = ".pin"  # suffix of a marker file that protects a checkpoint; its text is the reason


@dataclass(frozen=True)
class Entry:
    """One checkpoint of a folder.

    Arguments:
        path: its file: a Path of this machine, or a URL.
        header: the file's header.
    """

    path: Path | str
    header: Header

    @property
    def name(self) -> str:
        """The name of its file."""
        return os.path.basename(self.path)


@dataclass(frozen=True)
class Found:
    """A checkpoint that was read and verified, and the better candidates that were skipped.

    Arguments:
        path: its file: a Path of this machine, or a URL.
        snapshot: its contents.
        faults: the faults of better candidates that could not be used; each names its file.
    """

    path: Path | str
    snapshot: Snapshot
    faults: tuple[CheckpointError, ...] = ()

    @property
    def order(self) -> tuple[int, int]:
        """(generation, step): a newer checkpoint has a higher pair."""
        return self.snapshot.generation, self.snapshot.step


class Checkpoints:
    """The checkpoints in a folder; other files there are ignored."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Return the names of all checkpoints by (generation, step), damaged ones too."""
        return sorted((name for name in self._folder.names() if NAME.fullmatch(name)), key=order)

    def entries(self) -> list[Entry]:
        """Return all checkpoints by (generation, step), from their headers; files without a valid header are logged."""
        found = []
        for name in self.names():
            try:
                found.append(Entry(self._folder.path(name), self.header(name)))
            except CheckpointError as error:
                logger.warning("passed over: %s", error)
        return found

    def pins(self) -> dict[str, str]:
        """Return the pinned checkpoints, by name, with the reason of each."""
        markers = [name for name in self._folder.names() if name.endswith(PIN)]
        whys = {name.removesuffix(PIN) + ".h5": self._folder.read(name).decode(errors="replace") for name in markers}
        return {name: why.strip() for name, why in whys.items() if NAME.fullmatch(name)}

    def header(self, name: str) -> Header:
        """Return the header of one checkpoint. Raises CheckpointError, also if the file's name disagrees with it."""
        header = open_header(self._folder.path(name), *self._folder.head(name, HEAD_BYTES))
        self._require_own_name(name, header)
        return header

    def sealed(self, name: str) -> bytes:
        """Return all bytes of one checkpoint, verified. Raises CheckpointError."""
        self.header(name)  # before much is read
        data = self._folder.read(name)
        self._require_own_name(name, unseal(self._folder.path(name), data))
        return data

    def read(self, name: str, isolated: bool = False) -> Snapshot:
        """Return the verified contents of one checkpoint; isolated: as `read_isolated`. Raises CheckpointError."""
        return (parse_isolated if isolated else parse_snapshot)(self._folder.path(name), self.sealed(name))

    def latest(self, isolated: bool = False) -> Found | None:
        """Return the checkpoint of the highest (generation, step) that verifies; newer ones that do not are logged.

        Raises NewerVersionError if a newer checkpoint has a format that this version does not know.
        """
        return self._first_whole(reversed(self.names()), isolated)

    def best(self, isolated: bool = False) -> Found | None:
        """Return the checkpoint of the lowest metric that verifies; the newest among equals, never one with NaN."""
        return self._first_whole((entry.name for entry in best_first(self.entries())), isolated)

    def highest_generation(self) -> int:
        """Return the highest generation of any file, damaged ones included; -1 if there is no file."""
        return max((order(name)[0] for name in self.names()), default=-1)

    def _first_whole(self, names: Iterable[str], isolated: bool) -> Found | None:
        faults: list[CheckpointError] = []
        for name in names:
            try:
                found = Found(self._folder.path(name), self.read(name, isolated), tuple(faults))
            except NewerVersionError:
                raise
            except CheckpointError as error:
                faults.append(error)
                continue
            for fault in faults:
                logger.warning("passed over: %s In its place: %s", fault, found.path)
            return found
        for fault in faults:
            logger.warning("passed over, and no other checkpoint is left: %s", fault)
        return None

    def _require_own_name(self, name: str, inside: Header) -> None:
        if NAME.fullmatch(name) and (inside.generation, inside.step) != order(name):
            found = f"step {inside.step} of generation {inside.generation}"
            raise CheckpointError(
                self._folder.path(name), f"is named otherwise than what is in it, {found}", USE_ANOTHER
            )


def checkpoints_of(run: str | os.PathLike[str]) -> Checkpoints:
    """Return the checkpoints of a run directory, or of its copy at a URL."""
    return Checkpoints(folder_at(run).inside(CHECKPOINTS))


def best_first(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries that have a metric, the lowest first, the newest first among equals; NaN is no metric.

    entries: by (generation, step). If the metric or its id changed during the run, only entries with the name and id of
    the newest one count.
    """
    if not entries:
        return []
    newest = entries[-1].header
    alike = [
        entry
        for entry in reversed(entries)
        if (entry.header.metric_name, entry.header.metric_id) == (newest.metric_name, newest.metric_id)
    ]
    return sorted((e for e in alike if not math.isnan(e.header.metric)), key=lambda e: e.header.metric)


def name_of(step: int, generation: int) -> str:
    """Return the name of a checkpoint's file."""
    return f"step-{step:09d}-g{generation:03d}.h5"


def kept_text(step: int, newest: str | None) -> str:
    """Tell what is kept of a run that was stopped, as part of a sentence.

    Parameters
    ----------
    step
        At which it was stopped.
    newest
        The name of its newest checkpoint, of an earlier step where saving failed; None without any.

    Returns
    -------
    str
        Such as "step-000000500-g000.h5 keeps all until then".
    """
    if not newest:
        return "no checkpoint keeps anything of it" if step else "nothing was trained yet"
    _, last = order(newest)
    return f"{newest} keeps all until {f'step {last}, and nothing after it' if last < step else 'then'}"


def order(name: str) -> tuple[int, int]:
    """Return (generation, step) from a checkpoint's name; a newer checkpoint has a higher pair."""
    step, generation = re.findall(r"[0-9]+", name)[:2]
    return int(generation), int(step)
