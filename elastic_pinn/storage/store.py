"""Write the checkpoints of one run on this machine: publish, remove old ones, quarantine damaged ones."""

import logging
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from elastic_pinn.storage.checkpoints import PIN, Checkpoints, Entry, Found, best_first, name_of, order
from elastic_pinn.storage.errors import CheckpointError, NewerVersionError, UnreadableError
from elastic_pinn.storage.files import make_folders, remove_leftovers, replace_by_copy, sync_folder
from elastic_pinn.storage.folder import LocalFolder
from elastic_pinn.storage.format.snapshot import Snapshot
from elastic_pinn.storage.lock import FolderLock, LostFolderError
from elastic_pinn.storage.publishing import publish
from elastic_pinn.storage.retention import Policy, reasons_to_keep

logger = logging.getLogger(__name__)

QUARANTINE = "quarantine"
LATEST, BEST = "latest.h5", "best.h5"
MIN_VERIFIED = 2  # verified checkpoints that retention keeps, at least


class Store(Checkpoints):
    """The folder of one run's checkpoints; it is made when the first one is published.

    There is one writer at a time: `tidy`, `retain` and `copy_out` require that the caller holds the run's lock.

    Arguments:
        folder: its path.
        lock: of the run directory, if it is held for long. Once the run directory or this folder has been replaced,
            nothing is written or removed any more, and LostFolderError is raised.
    """

    def __init__(self, folder: Path, lock: FolderLock | None = None) -> None:
        super().__init__(LocalFolder(folder))
        self.folder, self._lock = folder, lock
        self._own = _inode(folder) if lock else None
        self._verified: dict[str, tuple[int, ...]] = {}  # name -> identity of the file when it was written or verified
        self._copied: dict[str, tuple[tuple[int, ...], ...]] = {}  # copy -> identities of the source and the copy

    def require_own_folder(self) -> None:
        """Raise LostFolderError if the run directory or this folder was replaced."""
        if self._lock is None:
            return
        self._lock.require()
        try:
            now = _inode(self.folder)
        except OSError:  # a disk that does not answer; writing there reports it
            return
        if self._own and not now:
            logger.warning("%s was removed or moved, with all checkpoints: the next one makes it anew", self.folder)
            self._own = None
        elif self._own and self._own != now:
            raise LostFolderError(
                self.folder, "was moved or removed, and something else is in its place", "Nothing more is written there"
            )

    def publish(self, snapshot: Snapshot) -> Path:
        """Write a checkpoint; when this returns, the file is synced to the disk and verified.

        Raises CheckpointError if it cannot be written, or if its step and generation exist already.
        """
        path = self.folder / name_of(snapshot.step, snapshot.generation)
        self.require_own_folder()
        publish(path, snapshot.image())
        with suppress(OSError):  # it is published; the identity is needed only later
            if self._lock:
                self._own = self._own or _inode(self.folder)
            self._verified[path.name] = _identity(path)
        return path

    def tidy(self, found: Found | None) -> None:
        """Remove leftovers of killed saves and quarantine damaged checkpoints, before more is written.

        Quarantined are the checkpoints that `latest` skipped, and all with a damaged header; none if it found nothing.
        """
        remove_leftovers(self.folder)
        if found:
            for fault in [*found.faults, *self._bad_headers()]:
                if not isinstance(fault, UnreadableError | NewerVersionError):  # its bytes may be intact
                    self._quarantine(Path(fault.path).name)

    def retain(self, policy: Policy, hold: Collection[str] = ()) -> list[Path]:
        """Remove the checkpoints that no rule keeps, oldest first; return the removed paths.

        hold: names that must not be removed yet. Nothing is removed unless two of the kept checkpoints verify; a
        damaged one is quarantined. Raises OSError if a file cannot be removed.
        """
        entries = self.entries()
        stay = reasons_to_keep(entries, policy, self.pins()).keys() | set(hold)
        gone = [self.folder / entry.name for entry in entries if entry.name not in stay]
        if not gone:
            return []
        if not self._verify_two([entry.name for entry in entries if entry.name in stay]):
            return self.retain(policy, hold)  # one of them was quarantined: others are kept instead
        sync_folder(self.folder)  # the kept files may be of a writer that was killed before its last sync
        removed = []
        for path in gone:
            self.require_own_folder()
            if not path.with_suffix(PIN).exists():  # it may have been pinned meanwhile
                path.unlink()
                self._verified.pop(path.name, None)
                removed.append(path)
        sync_folder(self.folder)
        return removed

    def next_generation(self) -> int:
        """Return the generation of a run that starts or resumes now: higher than that of any file, damaged ones
        included."""
        quarantined = Checkpoints(LocalFolder(self.folder.parent / QUARANTINE))
        return 1 + max(self.highest_generation(), quarantined.highest_generation())

    def copy_out(self) -> None:
        """Copy the newest and the best checkpoint, by their headers, to `latest.h5` and `best.h5` beside the folder.

        They are for users and viewers, and this package never reads them: a changed copy does not change the
        checkpoint. If a copy cannot be written, that is logged, and the old copy is removed.
        """
        self.require_own_folder()
        entries = self.entries()
        for name, found in ((LATEST, entries[-1:]), (BEST, best_first(entries)[:1])):
            copy = self.folder.parent / name
            try:
                self._copy(copy, found)
            except (OSError, CheckpointError) as error:
                with suppress(OSError):
                    copy.unlink(missing_ok=True)
                logger.warning("%s could not be written, and there is none for now: %s", copy, error)

    def _bad_headers(self) -> Iterator[CheckpointError]:
        for name in self.names():
            try:
                self.header(name)
            except CheckpointError as error:
                yield error

    def _copy(self, copy: Path, found: list[Entry]) -> None:
        if not found:
            copy.unlink(missing_ok=True)
            return
        source = self.folder / found[0].name
        if copy.exists() and self._copied.get(copy.name) == (_identity(source), _identity(copy)):
            return
        replace_by_copy(copy, source)
        self._copied[copy.name] = _identity(source), _identity(copy)

    def _verify_two(self, names: list[str]) -> bool:
        """Return whether the newest two of these verify; the first that does not is quarantined.

        Raises CheckpointError if one cannot be read.
        """
        for name in sorted(names, key=order)[-MIN_VERIFIED:]:
            try:
                self._verify(name)
            except (UnreadableError, NewerVersionError):
                raise
            except CheckpointError as error:
                logger.warning("moved to %s: %s", self._quarantine(name), error)
                return False
        return True

    def _verify(self, name: str) -> None:
        now = _identity(self.folder / name)
        if self._verified.get(name) != now:
            self.sealed(name)
            self._verified[name] = now

    def _quarantine(self, name: str) -> Path:
        """Move a checkpoint to the quarantine, where it is kept but never loaded; return its new path."""
        quarantine = self.folder.parent / QUARANTINE
        make_folders(quarantine)
        quarantined = quarantine / name
        with suppress(FileNotFoundError):  # it was moved already
            os.replace(self.folder / name, quarantined)
        sync_folder(quarantine)
        sync_folder(self.folder)
        return quarantined


def _inode(folder: Path) -> tuple[int, int] | None:
    """Return the device and inode of a folder; None if it does not exist. Raises OSError."""
    try:
        found = folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def _identity(path: Path) -> tuple[int, ...]:
    """Return values that change when a file is written to or replaced."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
