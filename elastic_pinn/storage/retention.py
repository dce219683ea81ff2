"""Decide which checkpoints to keep: pure rules over sealed headers, and pins, which a user or a resume sets."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from elastic_pinn.storage.checkpoints import NAME, PIN, Entry, best_first
from elastic_pinn.storage.errors import CheckpointError
from elastic_pinn.storage.files import replace_file, sync_folder


@dataclass(frozen=True)
class Policy:
    """The rules of retention; a checkpoint that meets any of them is kept.

    Arguments:
        keep_last: how many of the newest, at least 2.
        keep_best: how many with the lowest monitored metric.
        keep_every: those whose step is a multiple of it; 0: none.
    """

    keep_last: int
    keep_best: int = 0
    keep_every: int = 0

    def __post_init__(self) -> None:
        if self.keep_last < 2 or self.keep_best < 0 or self.keep_every < 0:
            raise ValueError(f"keep_last is at least 2, keep_best and keep_every at least 0, but there is {self}")


def reasons_to_keep(entries: Sequence[Entry], policy: Policy, pins: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the reasons to keep each checkpoint that is kept, by name.

    Arguments:
        entries: all checkpoints, by (generation, step).
        policy: the rules.
        pins: name -> reason, of checkpoints that are always kept.
    """
    reasons: dict[str, list[str]] = defaultdict(list)
    for entry in entries[-policy.keep_last :]:
        reasons[entry.name].append(f"of the last {policy.keep_last}")
    for alike in _by_metric(entries):  # metrics with different ids are not comparable; the best of each id are kept
        for entry in best_first(alike)[: policy.keep_best]:
            reasons[entry.name].append(f"of the best {policy.keep_best} by {entry.header.metric_name}")
    for entry in entries:
        if policy.keep_every and entry.header.step % policy.keep_every == 0:
            reasons[entry.name].append(f"every {policy.keep_every} steps")
        if entry.name in pins:
            reasons[entry.name].append(f"pinned: {pins[entry.name]}")
    return dict(reasons)


def _by_metric(entries: Sequence[Entry]) -> Iterable[list[Entry]]:
    groups: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.header.metric_name, entry.header.metric_id].append(entry)
    return groups.values()


def pin(path: str | Path, why: str = "by hand") -> None:
    """Pin a checkpoint, so that retention keeps it, by a marker file beside it.

    Parameters
    ----------
    path
        The checkpoint, in its run directory.
    why
        The reason, which the marker contains.

    Raises
    ------
    CheckpointError
        For a file that is not a checkpoint of a run directory.
    OSError
        If writing fails.
    """
    marker = _marker(path)
    replace_file(marker, f"{why}\n".encode())
    if not Path(path).exists():  # it was removed meanwhile
        marker.unlink(missing_ok=True)
        _marker(path)


def unpin(path: str | Path) -> None:
    """Unpin a checkpoint, so that the rules decide again.

    Parameters
    ----------
    path
        The checkpoint, in its run directory.

    Raises
    ------
    CheckpointError
        For a file that is not a checkpoint of a run directory.
    OSError
        If removing the marker fails.
    """
    marker = _marker(path)
    with suppress(FileNotFoundError):
        marker.unlink()
        sync_folder(marker.parent)


def _marker(path: str | Path) -> Path:
    path = Path(path)
    if not NAME.fullmatch(path.name) or not path.is_file():
        advice = "Give one of a run's files, checkpoints/step-*.h5"
        raise CheckpointError(path, "cannot be pinned: it is no checkpoint of a run directory", advice)
    return path.with_suffix(PIN)
