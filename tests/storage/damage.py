"""Files that are read-only, as checkpoints are, changed all the same."""

from pathlib import Path


def overwrite(path: Path, data: bytes) -> None:
    """Put other bytes into a file that may be read-only."""
    path.chmod(0o644)
    path.write_bytes(data)
