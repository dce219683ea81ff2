"""The checkpoints of one run: publish, find, and pass over what is damaged."""

import logging
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from elastic_pinn.storage.errors import CheckpointError
from elastic_pinn.storage.seal import ANOTHER, Header, publish, read_header
from elastic_pinn.storage.snapshot import Snapshot, read_snapshot

logger = logging.getLogger(__name__)

NAME = re.compile(r"step-([0-9]{9,})-g([0-9]{3,})\.h5")


@dataclass(frozen=True)
class Entry:
    """One checkpoint of a store.

    Arguments:
        path: its file.
        header: what the file's header says.
    """

    path: Path
    header: Header


class Store:
    """The folder with the checkpoints of one run; it is made when the first one is published."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def publish(self, snapshot: Snapshot) -> Path:
        """Write a checkpoint; when this returns, it is on the disk and verified.

        Raises CheckpointError when it cannot be written or its step and generation are there already.
        """
        path = self.folder / f"step-{snapshot.step:09d}-g{snapshot.generation:03d}.h5"
        publish(path, snapshot.image())
        return path

    def entries(self) -> list[Entry]:
        """All checkpoints by (generation, step); only headers are read, files without a good one logged."""
        found = []
        for path in self._paths():
            try:
                header = read_header(path)
                _require_own_name(path, header)
                found.append(Entry(path, header))
            except CheckpointError as error:
                logger.warning("passed over: %s", error)
        return found

    def load_latest(self) -> tuple[Path, Snapshot] | None:
        """The checkpoint of the highest (generation, step) that reads whole; newer ones that do not are logged."""
        return _first_whole(reversed(self._paths()))

    def load_best(self) -> tuple[Path, Snapshot] | None:
        """The checkpoint of the lowest metric that reads whole; of equals the newest, and NaN is never best.

        Where the monitored metric changed on the way, only checkpoints with the newest one's metric count.
        """
        entries = self.entries()
        ranked = [entry for entry in reversed(entries) if not math.isnan(entry.header.metric)]
        ranked = [entry for entry in ranked if entry.header.metric_name == entries[-1].header.metric_name]
        return _first_whole(entry.path for entry in sorted(ranked, key=lambda entry: entry.header.metric))

    def next_generation(self) -> int:
        """The generation of a run that now starts or goes on: higher than any file's, damaged ones' too."""
        return max((_order(path)[0] + 1 for path in self._paths()), default=0)

    def _paths(self) -> list[Path]:
        paths = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted((path for path in paths if NAME.fullmatch(path.name)), key=_order)


def _order(path: Path) -> tuple[int, int]:
    step, generation = re.findall(r"[0-9]+", path.stem)
    return int(generation), int(step)


def _require_own_name(path: Path, inside: Header | Snapshot) -> None:
    if (inside.generation, inside.step) != _order(path):
        found = f"step {inside.step} of generation {inside.generation}"
        raise CheckpointError(path, f"is named otherwise than what is in it, {found}", ANOTHER)


def _first_whole(paths: Iterable[Path]) -> tuple[Path, Snapshot] | None:
    faults = []
    for path in paths:
        try:
            snapshot = read_snapshot(path)
            _require_own_name(path, snapshot)
        except CheckpointError as error:
            faults.append(error)
            continue
        for fault in faults:
            logger.warning("passed over: %s In its place: %s", fault, path)
        return path, snapshot
    for fault in faults:
        logger.warning("passed over, and no other checkpoint is left: %s", fault)
    return None
