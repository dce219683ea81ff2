"""The copy of a run on a remote store, uploaded in the background while training continues."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from pathlib import Path
from types import TracebackType

from elastic_pinn.storage.checkpoints import CHECKPOINTS, Checkpoints, order
from elastic_pinn.storage.errors import CheckpointError
from elastic_pinn.storage.folder import LocalFolder
from elastic_pinn.storage.format.seal import read_sealed
from elastic_pinn.storage.lock import FolderLock
from elastic_pinn.storage.remote.remote_folder import RemoteFolder

logger = logging.getLogger(__name__)

OWNER = "run_id.txt"  # the id of the run that is copied
SUMMARY = "summary.json"

WAIT_S = 600.0
FIRST_PROGRESS_S, PROGRESS_EVERY_S = 2.0, 10.0
CLOSE_S = 5.0


class ConflictError(CheckpointError):
    """A file on the remote store that has the name of a file to upload, but other bytes."""


class Mirror:
    """Uploads the checkpoints of one run, newest first, and small texts, in a background thread.

    A checkpoint counts as uploaded when the store has returned exactly the bytes that are sealed here; none is ever
    overwritten. A failure is logged at once and counted, never stops training, and is retried with the next checkpoint
    and at the end. Use it as a context manager: at its end everything has been uploaded, or the log names what has not.

    Arguments:
        url: the run's folder on the store.
        folder: its local checkpoints; those that the store lacks are uploaded first.
        run_id: of the run.
        lock: of the run directory, if it is held: nothing is uploaded from a folder that replaces it.

    Attributes:
        url: the run's folder on the store.
        failures: the number of failed uploads, each after all its tries.
        error: the error of the last failed upload; None if there was none.

    Raises CheckpointError, before any upload, for a store that cannot be reached or written to, or a copy of another
    run.
    """

    def __init__(self, url: str, folder: Path, run_id: str, lock: FolderLock | None = None) -> None:
        self.url, self._folder, self._lock = url, folder, lock
        self._run = RemoteFolder(url)
        self._there = self._run.inside(CHECKPOINTS)
        self._claim(run_id)
        self.failures = 0
        self.error: Exception | None = None
        self._changed = threading.Condition()
        self._files: set[str] = set()  # not verified on the store yet
        self._refused: set[str] = set()  # those of them whose name is taken: not retried
        self._texts: dict[str, str] = {}  # not uploaded yet: the newest of each name
        self._due: set[str] = set()  # names, of both, to upload now
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="mirror", daemon=True)

    def __enter__(self) -> Mirror:
        self.catch_up()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.wait()
        finally:
            self.close()

    @property
    def pending(self) -> frozenset[str]:
        """The names of checkpoints that are not verified on the store yet."""
        with self._changed:
            return frozenset(self._files)

    def put(self, path: Path) -> None:
        """Queue a checkpoint, and what failed before, for upload; return at once."""
        with self._changed:
            self._files.add(path.name)
            self._try_all()

    def put_text(self, name: str, text: str) -> None:
        """Queue a text for upload, which replaces an older one of its name; return at once."""
        with self._changed:
            self._texts[name] = text
            self._due.add(name)
            self._changed.notify_all()

    def catch_up(self) -> None:
        """Queue all local checkpoints: those that the store lacks are uploaded, the others are read back.

        Raises CheckpointError if the store cannot be listed.
        """
        here = Checkpoints(LocalFolder(self._folder)).names()
        missing = set(here) - set(self._there.names())
        if missing:
            logger.info("%s lacks %d of %d checkpoints: they are uploaded now", self.url, len(missing), len(here))
        with self._changed:
            self._files |= set(here)  # a name may belong to the incomplete file of a killed upload
            self._try_all()

    def wait(self, timeout: float = WAIT_S) -> bool:
        """Return whether everything is uploaded within so many seconds; what failed before is retried once."""
        deadline = time.monotonic() + timeout
        with self._changed:
            self._try_all()
            pause = FIRST_PROGRESS_S
            while self._due and (left := deadline - time.monotonic()) > 0:
                if not self._changed.wait_for(lambda: not self._due, min(left, pause)):
                    logger.info("still to be uploaded to %s: %s", self.url, ", ".join(sorted(self._due)))
                pause = PROGRESS_EVERY_S
            missing = sorted(self._files) + sorted(self._texts)
        if missing:
            logger.warning(
                "%s lacks %s; they are here, in %s: resume='auto' uploads what is missing",
                self.url, ", ".join(missing), self._folder.parent,
            )  # fmt: skip
        else:
            logger.info("%s has all of this run, verified", self.url)
        return not missing

    def close(self) -> None:
        """End the thread after its present upload, or without waiting for a long one."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)

    def _claim(self, run_id: str) -> None:
        """Mark the copy as this run's, by a write that also shows that the store is writable."""
        owner = self._owner()
        if not owner and not self._run.create(OWNER, run_id.encode()):
            owner = self._owner()  # another process was faster
        if owner not in ("", run_id):
            advice = "Choose another mirror or another run_dir, or resume='auto' to continue the run that is there"
            raise CheckpointError(self.url, f"holds another run ({owner}, and this one is {run_id})", advice)
        if owner:
            self._run.replace(OWNER, run_id.encode())

    def _owner(self) -> str:
        """Return the id of the run whose copy is there; "" if there is none."""
        names = self._run.names()
        if OWNER in names:
            return self._run.read(OWNER).decode(errors="replace")
        if SUMMARY in names:
            return _run_id(self._run.path(SUMMARY), self._run.read(SUMMARY))
        newest = Checkpoints(self._there).latest()
        return str(newest.snapshot.attributes.get("run_id", "")) if newest else ""

    def _try_all(self) -> None:
        self._due |= (self._files - self._refused) | self._texts.keys()
        self._changed.notify_all()

    def _work(self) -> None:
        while name := self._next():
            try:
                self._upload(name)
            except Exception as error:  # training continues, and so does the next upload
                self._fail(name, error)

    def _next(self) -> str:
        """Wait for the next name to upload; return "" at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._due or self._closed)
            texts = sorted(self._due & self._texts.keys())
            return "" if self._closed else texts[0] if texts else max(self._due, key=order)

    def _upload(self, name: str) -> None:
        text = self._texts.get(name)
        if text is None:
            self._upload_checkpoint(self._folder / name)
        else:
            self._run.replace(name, text.encode())
        with self._changed:
            self._files.discard(name)
            if self._texts.get(name) is text:  # otherwise there is a newer one
                self._texts.pop(name, None)
                self._due.discard(name)
            self._changed.notify_all()

    def _upload_checkpoint(self, path: Path) -> None:
        if not path.exists():
            logger.warning("%s was removed before it was uploaded", path)
            return
        _, data = read_sealed(path)
        if self._lock:
            self._lock.require()  # otherwise these may be the bytes of another run
        self._there.create(path.name, data)
        there = self._there.read(path.name)
        if there != data:
            fault = f"holds other bytes (SHA-256 {_digest(there)}) than {path} (SHA-256 {_digest(data)})"
            advice = "Neither was changed: look at both, and remove the one that is wrong"
            raise ConflictError(self._there.path(path.name), fault, advice)
        logger.info("%s is on the mirror, verified", path.name)

    def _fail(self, name: str, error: Exception) -> None:
        with self._changed:
            self.failures += 1
            self.error = (
                error if isinstance(error, CheckpointError) else CheckpointError(name, repr(error), "Report it")
            )
            if isinstance(error, ConflictError):
                self._refused.add(name)
            self._due.discard(name)
            self._changed.notify_all()
        logger.warning("%s was not uploaded, failure %d: %s", name, self.failures, error)


def _run_id(url: str, summary: bytes) -> str:
    try:
        return str(json.loads(summary)["run_id"])
    except (ValueError, LookupError, TypeError) as error:
        advice = "Choose another mirror, or remove what is there"
        raise CheckpointError(url, "does not say whose run it is", advice) from error


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
