"""The checkpoints in a folder, here or on a remote store: found by their names and sealed headers, and only read."""

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

CHECKPOINTS = "checkpoints"  # the folder of a run directory in which they lie
NAME = re.compile(r"step-([0-9]{9,})-g([0-9]{3,})\.h5")
PIN = ".pin"  # instead of ".h5": a marker beside a checkpoint that is to stay, whose text says why


@dataclass(frozen=True)
class Entry:
    """One checkpoint of a folder.

    Arguments:
        path: its file: a Path of this machine, or a URL.
        header: what the file's header says.
    """

    path: Path | str
    header: Header

    @property
    def name(self) -> str:
        """The name of its file."""
        return os.path.basename(self.path)


@dataclass(frozen=True)
class Found:
    """A checkpoint that was read whole, and what was passed over on the way to it.

    Arguments:
        path: its file: a Path of this machine, or a URL.
        snapshot: its contents.
        faults: of better candidates that could not be used; each names its file.
    """

    path: Path | str
    snapshot: Snapshot
    faults: tuple[CheckpointError, ...] = ()

    @property
    def order(self) -> tuple[int, int]:
        """(generation, step): what is newer is higher."""
        return self.snapshot.generation, self.snapshot.step


class Checkpoints:
    """The checkpoints in a folder; other files there are not looked at."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """The names of all checkpoints by (generation, step), damaged ones too."""
        return sorted((name for name in self._folder.names() if NAME.fullmatch(name)), key=order)

    def entries(self) -> list[Entry]:
        """All checkpoints by (generation, step); only headers are read, files without a good one logged."""
        found = []
        for name in self.names():
            try:
                found.append(Entry(self._folder.path(name), self.header(name)))
            except CheckpointError as error:
                logger.warning("passed over: %s", error)
        return found

    def pins(self) -> dict[str, str]:
        """The checkpoints that are to stay, by name, and why."""
        markers = [name for name in self._folder.names() if name.endswith(PIN)]
        whys = {name.removesuffix(PIN) + ".h5": self._folder.read(name).decode(errors="replace") for name in markers}
        return {name: why.strip() for name, why in whys.items() if NAME.fullmatch(name)}

    def header(self, name: str) -> Header:
        """The header of one checkpoint. Raises CheckpointError, also where the file's name says otherwise."""
        header = open_header(self._folder.path(name), *self._folder.head(name, HEAD_BYTES))
        self._require_own_name(name, header)
        return header

    def sealed(self, name: str) -> bytes:
        """All bytes of one checkpoint, verified. Raises CheckpointError."""
        self.header(name)  # before much is read
        data = self._folder.read(name)
        self._require_own_name(name, unseal(self._folder.path(name), data))
        return data

    def read(self, name: str, isolated: bool = False) -> Snapshot:
        """The contents of one checkpoint, verified; isolated: as `read_isolated` does it. Raises CheckpointError."""
        return (parse_isolated if isolated else parse_snapshot)(self._folder.path(name), self.sealed(name))

    def latest(self, isolated: bool = False) -> Found | None:
        """The checkpoint of the highest (generation, step) that reads whole; newer ones that do not are logged.

        Raises NewerVersionError where a newer one is of a format that is not known yet.
        """
        return self._first_whole(reversed(self.names()), isolated)

    def best(self, isolated: bool = False) -> Found | None:
        """The checkpoint of the lowest metric that reads whole; of equals the newest, and NaN is never best."""
        return self._first_whole((entry.name for entry in best_first(self.entries())), isolated)

    def highest_generation(self) -> int:
        """The highest generation of any file, damaged ones too; -1 where there is none."""
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
        if (inside.generation, inside.step) != order(name):
            found = f"step {inside.step} of generation {inside.generation}"
            raise CheckpointError(
                self._folder.path(name), f"is named otherwise than what is in it, {found}", USE_ANOTHER
            )


def checkpoints_of(run: str | os.PathLike[str]) -> Checkpoints:
    """The checkpoints of a run directory, or of its copy at a URL."""
    return Checkpoints(folder_at(run).inside(CHECKPOINTS))


def best_first(entries: Sequence[Entry]) -> list[Entry]:
    """The entries that have a metric, the lowest first, of equals the newest; NaN is no metric.

    entries: by (generation, step). Where the metric or its meaning changed on the way, only those count whose metric
    means what the newest one's does.
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
    """The name of a checkpoint's file."""
    return f"step-{step:09d}-g{generation:03d}.h5"


def order(name: str) -> tuple[int, int]:
    """(generation, step), as a checkpoint's name says: what is newer is higher."""
    step, generation = re.findall(r"[0-9]+", name)[:2]
    return int(generation), int(step)
