"""The files that a run reads, identified by their contents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from elastic_pinn.config import Config, ConfigError
from elastic_pinn.physics.setups import find

Inputs = Mapping[str, str]
"""A field of the config that names a file -> the SHA-256 of the file's contents."""

NOT_HERE = "not on this machine"


def inputs_of(config: Config) -> dict[str, str]:
    """Return the files that a run reads: its receiver file, and the checkpoint that it starts from, for a run its
    newest. The value is NOT_HERE for a file that is not on this machine, such as one on a cluster's disks."""
    found = {"data": _data(config.data) if config.data else "", "init_from": _checkpoint(config.init_from)}
    return {name: digest for name, digest in found.items() if digest}


def require_unchanged(config: Config, planned: Inputs) -> None:
    """Raise ConfigError, which names the file, if a file has changed since the run was planned."""
    for name, digest in inputs_of(config).items():
        before = planned.get(name, NOT_HERE)
        if NOT_HERE not in (digest, before) and digest != before:
            raise ConfigError(
                f"{name} = {getattr(config, name)!r} was changed while the sweep ran: its SHA-256 was {before[:12]} "
                f"and is {digest[:12]}. Start the sweep again, which then plans with the file as it is"
            )


def _data(path: str) -> str:
    try:
        location = find(path)
        status = location.stat()
        return _digest(location, status.st_mtime_ns, status.st_size, status.st_ino)
    except (ConfigError, OSError):  # `require_possible` reports it, if it has to be here
        return NOT_HERE


@lru_cache(maxsize=64)
def _digest(path: Path, *_: int) -> str:
    """Return the SHA-256 of a file; the other arguments are part of the cache key."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checkpoint(location: str) -> str:
    if not location:
        return ""
    from elastic_pinn.storage import CheckpointError
    from elastic_pinn.training.lifecycle.warm_start import header_of

    try:
        return header_of(location).sha256.hex()
    except (CheckpointError, ConfigError, OSError):  # the run itself reports it
        return NOT_HERE
