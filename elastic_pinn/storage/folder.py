"""Where files lie, for reading: a folder of this machine, or anything else that has names, heads and contents."""

import os
from pathlib import Path
from typing import Protocol

from elastic_pinn.storage.errors import UnreadableError
from elastic_pinn.storage.files import open_regular


class Folder(Protocol):
    """A folder to read from. Whatever cannot be read raises CheckpointError, which names it."""

    def names(self) -> list[str]:
        """The names of what is in it; none where it does not exist."""

    def head(self, name: str, length: int) -> tuple[bytes, int]:
        """The first bytes of a file, at most `length`, and the file's size in bytes."""

    def read(self, name: str) -> bytes:
        """All bytes of a file."""

    def path(self, name: str) -> Path | str:
        """Where a file lies: a Path of this machine, or a URL."""

    def inside(self, name: str) -> "Folder":
        """A folder in this one."""


class LocalFolder:
    """A folder of this machine; only regular files are opened."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """The names of what is in it; none where it does not exist."""
        try:
            return os.listdir(self._path)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            fault = f"cannot be listed ({error.strerror})"
            raise UnreadableError(self._path, fault, "Check its permissions and the disk") from error

    def head(self, name: str, length: int) -> tuple[bytes, int]:
        """The first bytes of a file, at most `length`, and the file's size in bytes."""
        with open_regular(self._path / name) as file:
            return file.read(length), os.fstat(file.fileno()).st_size

    def read(self, name: str) -> bytes:
        """All bytes of a file."""
        with open_regular(self._path / name) as file:
            return file.read()

    def path(self, name: str) -> Path:
        """Where a file lies."""
        return self._path / name

    def inside(self, name: str) -> "LocalFolder":
        """A folder in this one."""
        return LocalFolder(self._path / name)


def folder_at(location: str | os.PathLike[str]) -> Folder:
    """The folder at a path of this machine, or at a URL such as "s3://bucket/run"."""
    if "://" not in os.fspath(location):
        return LocalFolder(Path(location))
    from elastic_pinn.storage.remote.remote_folder import RemoteFolder  # only those who use a remote store need fsspec

    return RemoteFolder(os.fspath(location))


def split_location(location: str | os.PathLike[str]) -> tuple[Folder, str]:
    """The folder and the name of a file at a path of this machine or at a URL."""
    if "://" in os.fspath(location):
        folder, name = os.fspath(location).rsplit("/", 1)
        return folder_at(folder), name
    return LocalFolder(Path(location).parent), Path(location).name
