"""The error that this wing raises about files, and its special cases."""

from os import PathLike, fspath
from pathlib import Path

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.paths import near_file


class CheckpointError(ElasticPinnError):
    """A checkpoint or history file that cannot be used, or could not be written.

    Parameters
    ----------
    path
        The file.
    fault
        What is wrong, with the found and expected numbers or names.
    advice
        What to do about it.
    """

    def __init__(self, path: str | PathLike[str], fault: str, advice: str) -> None:
        super().__init__(fspath(path), fault, advice)
        self.path = fspath(path)
        self.fault = fault
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.path}: {self.fault}. {self.advice}."


class UnreadableError(CheckpointError):
    """A file that the system cannot read: missing, not permitted, not a regular file, a failing disk."""


class MissingError(UnreadableError):
    """A path of this machine where nothing is; its text names what may be meant.

    Parameters
    ----------
    path
        The path.
    advice
        What to do about it.
    """

    def __init__(self, path: str | PathLike[str], advice: str = "Check the path") -> None:
        super().__init__(path, "is missing", advice)
        self.args = self.path, advice

    def __str__(self) -> str:
        # Looked for here, since most of these errors are expected, and never told.
        near = near_file(self.path, Path(self.path).absolute(), Path.exists)
        return super().__str__().removesuffix("." if near else "") + near


class NewerVersionError(CheckpointError):
    """An intact file of a newer format version. It is not skipped, since its run continued after older checkpoints."""
