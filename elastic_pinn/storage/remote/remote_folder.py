"""A folder on a remote store, over fsspec: s3://, gs://, abfs://, file:// and whatever else it has a package for."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elastic_pinn.storage.errors import CheckpointError, UnreadableError
from elastic_pinn.storage.files import make_folders, replace_file
from elastic_pinn.storage.format.seal import publish
from elastic_pinn.storage.remote.retries import CREDENTIALS, Result, retry

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

LOCAL = {"file", "local"}
# Stores where a file appears whole or not at all, and which refuse to create one that is there already.
ATOMIC = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"}
EXTRAS = {"s3": "s3", "s3a": "s3", "abfs": "azure", "abfss": "azure", "az": "azure", "gs": "gcs", "gcs": "gcs"}

# Waiting is bounded, and the tries are counted in one place: `retry`.
S3_OPTIONS = {"config_kwargs": {"connect_timeout": 5, "read_timeout": 30, "retries": {"total_max_attempts": 1}}}
AZURE_OPTIONS = {"connection_timeout": 5, "read_timeout": 30}
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "s3": S3_OPTIONS,
    "s3a": S3_OPTIONS,
    "abfs": AZURE_OPTIONS,
    "abfss": AZURE_OPTIONS,
    "az": AZURE_OPTIONS,
}

# fsspec keeps connections, since making one takes a second, but does not see whose they are.
VARIABLES = ("AWS_", "AZURE_", "GOOGLE_", "GCSFS_")
MADE_WITH: dict[str, frozenset[tuple[str, str]]] = {}


class RemoteFolder:
    """A folder at a URL, to read from and to write into; each call asks the store itself, and no listing is kept.

    Whatever fails is tried again as `retry` says, and then raises UnreadableError, which names the file.

    Arguments:
        url: such as "s3://bucket/runs/one"; the folder need not exist, its bucket or container must.

    Raises CheckpointError for a protocol that is unknown or lacks its package, or where there are no credentials.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._protocol = url.partition("://")[0]
        self._store, self._root = _open_store(self._url, self._protocol)

    def names(self) -> list[str]:
        """The names of what is in it; none where it does not exist."""
        locations = [location.rstrip("/") for location in self._retry(self._url, self._list)]
        return [location.rpartition("/")[2] for location in locations if location != self._root]

    def head(self, name: str, length: int) -> tuple[bytes, int]:
        """The first bytes of a file, at most `length`, and the file's size in bytes."""
        return self._retry(self.path(name), lambda: self._head(name, length))

    def read(self, name: str) -> bytes:
        """All bytes of a file."""
        return self._retry(self.path(name), lambda: self._read(name))

    def path(self, name: str) -> str:
        """The URL of a file."""
        return f"{self._url}/{name}"

    def inside(self, name: str) -> RemoteFolder:
        """A folder in this one, over the same connections."""
        inner = object.__new__(RemoteFolder)
        inner._url, inner._protocol = self.path(name), self._protocol
        inner._store, inner._root = self._store, self._location(name)
        return inner

    def create(self, name: str, data: bytes) -> bool:
        """Write a file that was not there, whole or not at all; False, and nothing is changed, where the name is taken.

        A try whose answer was lost may have written it, and the next one finds the name taken: compare the bytes.
        """
        try:
            self._retry(self.path(name), lambda: self._create(self._location(name), data))
        except FileExistsError:
            return False
        return True

    def replace(self, name: str, data: bytes) -> None:
        """Write a file, in the place of one that may be there: a reader sees the old or the new."""
        self._retry(self.path(name), lambda: self._replace(self._location(name), data))

    def _retry(self, location: str, operation: Callable[[], Result]) -> Result:
        try:
            return retry(location, operation)
        except UnreadableError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                self._store.clear_instance_cache()  # who sets other credentials and tries again gets a fresh connection
            raise

    def _location(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _list(self) -> list[str]:
        try:
            return self._store.ls(self._root, detail=False)
        except FileNotFoundError:
            return []

    def _size(self, name: str) -> int:
        found = self._store.info(self._location(name))
        if found["type"] != "file":
            raise UnreadableError(self.path(name), f"is no file but a {found['type']}", "Give one file")
        return found["size"]

    def _head(self, name: str, length: int) -> tuple[bytes, int]:
        size = self._size(name)
        if not size:  # of which no range can be asked for
            return b"", 0
        return self._store.cat_file(self._location(name), start=0, end=min(length, size)), size

    def _read(self, name: str) -> bytes:
        size = self._size(name)
        data = self._store.cat_file(self._location(name))
        if len(data) != size:
            raise OSError(f"{len(data):,} bytes of {size:,} came")
        return data

    def _create(self, location: str, data: bytes) -> None:
        if self._protocol in ATOMIC:
            self._store.pipe_file(location, data, mode="create")
        elif self._store.exists(location):
            raise FileExistsError(location)
        elif self._protocol in LOCAL:
            publish(Path(location), data)
        else:
            self._move_in(location, data)

    def _replace(self, location: str, data: bytes) -> None:
        if self._protocol in ATOMIC:
            self._store.pipe_file(location, data)
        elif self._protocol in LOCAL:
            make_folders(Path(location).parent)
            replace_file(Path(location), data)
        else:
            self._move_in(location, data)

    def _move_in(self, location: str, data: bytes) -> None:
        """Write under a name that no reader takes for a checkpoint, then rename."""
        folder, _, name = location.rpartition("/")
        temporary = f"{folder}/.{name}.{secrets.token_hex(8)}.tmp"
        self._store.makedirs(folder, exist_ok=True)
        try:
            self._store.pipe_file(temporary, data)
            self._store.mv(temporary, location)
        except BaseException:
            with suppress(Exception):
                self._store.rm_file(temporary)
            raise


def _open_store(url: str, protocol: str) -> tuple[AbstractFileSystem, str]:
    """fsspec's file system for a URL, and the folder's place in it."""
    import fsspec  # slow to import, and not needed by those who stay on one machine

    try:
        _forget_old_credentials(protocol)
        options = deepcopy(OPTIONS.get(protocol, {}))  # botocore writes into what it is given
        store, root = fsspec.url_to_fs(url, use_listings_cache=False, **options)
    except ImportError as error:
        extra = EXTRAS.get(protocol)
        advice = f'pip install "elastic_pinn[{extra}]"' if extra else "Install the package that it names"
        raise CheckpointError(url, f"needs a package that is not installed ({error})", advice) from error
    except ValueError as error:
        known = protocol in fsspec.available_protocols()
        advice = (
            CREDENTIALS.get(protocol, "Check the URL") if known else f"Use one of {', '.join(sorted(EXTRAS))}, file"
        )
        raise CheckpointError(url, f"cannot be opened ({error})", advice) from error
    if protocol in ("s3", "s3a"):
        store.retries = 1
    return store, root.rstrip("/")


def _forget_old_credentials(protocol: str) -> None:
    """Let no connection be used again that was made with other credentials in the environment than are there now."""
    import fsspec

    environment = frozenset(item for item in os.environ.items() if item[0].startswith(VARIABLES))
    if MADE_WITH.setdefault(protocol, environment) != environment:
        fsspec.get_filesystem_class(protocol).clear_instance_cache()
        MADE_WITH[protocol] = environment
