"""A folder on a remote store, through fsspec: s3://, gs://, abfs://, file:// and any other protocol with a package."""

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
from elastic_pinn.storage.publishing import publish
from elastic_pinn.storage.remote.retries import CREDENTIALS, Result, retry

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

LOCAL = {"file", "local"}
# Stores that write a file completely or not at all, and can refuse to overwrite one.
ATOMIC = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"}
EXTRAS = {"s3": "s3", "s3a": "s3", "abfs": "azure", "abfss": "azure", "az": "azure", "gs": "gcs", "gcs": "gcs"}

# Waiting is bounded, and only `retry` counts the tries.
S3_OPTIONS = {"config_kwargs": {"connect_timeout": 5, "read_timeout": 30, "retries": {"total_max_attempts": 1}}}
AZURE_OPTIONS = {"connection_timeout": 5, "read_timeout": 30}
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "s3": S3_OPTIONS,
    "s3a": S3_OPTIONS,
    "abfs": AZURE_OPTIONS,
    "abfss": AZURE_OPTIONS,
    "az": AZURE_OPTIONS,
}

# fsspec caches connections, since making one takes a second, but ignores changed credentials.
VARIABLES = ("AWS_", "AZURE_", "GOOGLE_", "GCSFS_")
MADE_WITH: dict[str, frozenset[tuple[str, str]]] = {}


class RemoteFolder:
    """A folder at a URL, to read from and to write to; each call queries the store, and no listing is cached.

    A failed operation is repeated by `retry`, and then raises UnreadableError, which names the file.

    Arguments:
        url: such as "s3://bucket/runs/one"; the folder need not exist, but its bucket or container must.

    Raises CheckpointError for a protocol that is unknown or lacks its package, or if there are no credentials.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._protocol = url.partition("://")[0]
        self._store, self._root = _open_store(self._url, self._protocol)

    def names(self) -> list[str]:
        """Return the names of the folder's entries; [] if it does not exist."""
        locations = [location.rstrip("/") for location in self._retry(self._url, self._list)]
        return [location.rpartition("/")[2] for location in locations if location != self._root]

    def head(self, name: str, length: int) -> tuple[bytes, int]:
        """Return the first bytes of a file, at most `length`, and the file's size in bytes."""
        return self._retry(self.path(name), lambda: self._head(name, length))

    def read(self, name: str) -> bytes:
        """Return all bytes of a file."""
        return self._retry(self.path(name), lambda: self._read(name))

    def path(self, name: str) -> str:
        """Return the URL of a file."""
        return f"{self._url}/{name}"

    def inside(self, name: str) -> RemoteFolder:
        """Return a folder in this one, with the same connections."""
        inner = object.__new__(RemoteFolder)
        inner._url, inner._protocol = self.path(name), self._protocol
        inner._store, inner._root = self._store, self._location(name)
        return inner

    def create(self, name: str, data: bytes) -> bool:
        """Create a file, completely or not at all; return False, without a change, if the name is taken.

        A try whose answer was lost may have written the file, and the next try finds the name taken: compare the bytes.
        """
        try:
            self._retry(self.path(name), lambda: self._create(self._location(name), data))
        except FileExistsError:
            return False
        return True

    def replace(self, name: str, data: bytes) -> None:
        """Write a file and replace an existing one: a reader sees the old or the new one."""
        self._retry(self.path(name), lambda: self._replace(self._location(name), data))

    def _retry(self, location: str, operation: Callable[[], Result]) -> Result:
        try:
            return retry(location, operation)
        except UnreadableError as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                self._store.clear_instance_cache()  # a try with other credentials gets a new connection
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
        if not size:  # an empty file has no range
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
        """Write under a temporary name that is no checkpoint's, then rename."""
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
    """Return fsspec's file system for a URL, and the folder's path in it."""
    import fsspec  # slow to import, and needed only for remote stores

    try:
        _forget_old_credentials(protocol)
        options = deepcopy(OPTIONS.get(protocol, {}))  # botocore changes its arguments
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
    """Drop cached connections that were made with other credentials than those in the present environment."""
    import fsspec

    environment = frozenset(item for item in os.environ.items() if item[0].startswith(VARIABLES))
    if MADE_WITH.setdefault(protocol, environment) != environment:
        fsspec.get_filesystem_class(protocol).clear_instance_cache()
        MADE_WITH[protocol] = environment
