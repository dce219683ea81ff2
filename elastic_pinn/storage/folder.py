"""The folders that files are read from: local ones, and any that give names, heads and contents."""

import os
from pathlib import Path
from typing import Protocol

from elastic_pinn.storage.errors import UnreadableError
from elastic_pinn.storage.files import open_regular


class Folder(Protocol):
    """A folder to read from. A file that cannot be read raises CheckpointError, which names it."""

    def names(self) -> list[str]:
        """Return the names of the folder's entries; [] if it does not exist."""

    def head(self, name: str, length: int) -> tuple[bytes, int]:
        """Return the first bytes of a file, at most `length`, and the file's size in bytes."""

    def read(self, name: str) -> bytes:
        """Return all bytes of a file."""

    def path(self, name: str) -> Path | str:
        """Return the location of a file: a local Path, or a URL."""

    def inside(self, name: str) -> "Folder":
        """Return a folder in this one."""


class LocalFolder:
    """A local folder; only regular files are opened."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """Return the names of the folder's entries; [] if it does not exist."""
        try:
            return os.listdir(self._path)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            fault = f"cannot be listed ({error.strerror})"
            raise UnreadableError(self._path, fault, "Check its permissions and the disk") from error

    def head(self, name: str, length: int) -> tuple[bytes, int]:
        """Return the first bytes of a file, at most `length`, and the file's size in bytes."""
        with open_regular(self._path / name) as file:
            return file.read(length), os.fstat(file.fileno()).st_size

    def read(self, name: str) -> bytes:
        """Return all bytes of a file."""
        with open_regular(self._path / name) as file:
            return file.read()

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self._path / name

    def inside(self, name: str) -> "LocalFolder":
        """Return a folder in this one."""
        return LocalFolder(self._path / name)


def folder_at(location: str | os.PathLike[str]) -> Folder:
    """Return the folder at a local path, or at a URL such as "s3://bucket/run"."""
    if "://" not in os.fspath(location):
        return LocalFolder(Path(location))
    from elastic_pinn.storage.remote.remote_folder import RemoteFolder  # fsspec is needed only for remote stores

    return RemoteFolder(os.fspath(location))


def split_location(location: str | os.PathLike[str]) -> tuple[Folder, str]:
    """Return the folder and the name of a file at a local path or at a URL."""
    if "://" in os.fspath(location):
        folder, name = os.fspath(location).rsplit("/", 1)
        return folder_at(folder), name
    return LocalFolder(Path(location).parent), Path(location).name
