"""The error that this wing raises about files, and the kinds of it that are treated otherwise."""

from os import PathLike, fspath

from elastic_pinn.errors import ElasticPinnError


class CheckpointError(ElasticPinnError):
    """A checkpoint or history file that cannot be used, or could not be written.

    Arguments:
        path: the file it is about.
        fault: what is wrong, with the numbers or names found and expected.
        advice: what to do about it.
    """

    def __init__(self, path: str | PathLike[str], fault: str, advice: str) -> None:
        super().__init__(fspath(path), fault, advice)
        self.path = fspath(path)
        self.fault = fault
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.path}: {self.fault}. {self.advice}."


class UnreadableError(CheckpointError):
    """A file whose bytes the system did not give: missing, not permitted, not a regular file, a failing disk."""


class NewerVersionError(CheckpointError):
    """A whole file of a format that this version does not know yet. It is not passed over: its run has gone on."""
