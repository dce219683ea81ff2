"""What needs the extra `formats`: pyuff and obspy, and how their faults are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from elastic_pinn.physics.data.receiver_file import ReceiverFileError


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Tell what goes wrong inside as a fault of the file, or as the lack of the extra."""
    try:
        yield
    except ReceiverFileError:
        raise
    except ImportError as error:
        raise ReceiverFileError(
            f'{path}: to read {kind}, install the extra: pip install "elastic_pinn[formats]" ({error})'
        ) from error
    except Exception as error:  # a damaged file ends in any of a dozen of errors there
        text = " ".join(str(error).split()) or type(error).__name__
        raise ReceiverFileError(f"{path} is no whole {kind} file: {text}; copy or export it anew") from error
