"""What SEG-Y, SU, SEG-2 and MiniSEED share: they are read by ObsPy, as streams of traces.

Letters of shapes: K channels (traces), T times.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions


def read_stream(path: Path, name: str) -> Any:
    """Return the stream of a file in a format of ObsPy, whose own guess by content is not taken: it may unpickle."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on headers that makers of instruments define, which are looked at here
        import obspy

        with path.open("rb") as file:
            stream = obspy.read(file, format=name)
    if not len(stream) or not all(len(trace) for trace in stream):
        raise ReceiverFileError(f"{path} holds a trace without samples: export it anew")
    return stream


def samples(stream: Any) -> np.ndarray[Any, Any]:
    """The samples of all traces, (K, T), NaN in gaps and at the end of shorter ones."""
    values = np.full((len(stream), max(map(len, stream))), np.nan)
    for row, trace in zip(values, stream, strict=True):
        row[: len(trace)] = np.ma.filled(np.ma.asarray(trace.data, dtype=np.float64), np.nan)
    return values


def times(stream: Any, first: Sequence[float]) -> np.ndarray[Any, Any]:
    """The times of all traces in s, whose first samples are at `first`: (T,) if they are common, else (K, T)."""
    most = max(map(len, stream))
    steps = np.array([trace.stats.delta for trace in stream])
    axes = np.asarray(first, dtype=np.float64)[:, None] + steps[:, None] * np.arange(most)
    lengths = np.array([len(trace) for trace in stream])
    if (axes == axes[0]).all():
        return axes[0]
    axes[np.arange(most) >= lengths[:, None]] = np.nan
    return axes


def places(headers: Sequence[Any], of: Callable[[Any], tuple[float, float, float]]) -> np.ndarray[Any, Any] | None:
    """The places of receivers (K, 3); None where all are zero: then the headers were not filled in."""
    found = np.array([of(header) for header in headers], dtype=np.float64)
    return found if found.any() else None


def shots(numbers: Sequence[str], sources: Sequence[tuple[float, ...]], options: ImportOptions) -> tuple[str, ...]:
    """Return the name of the shot of each trace, (K,): its number, and where shots share it the place of its source.

    Empty where all are of one shot, or where the option `shot` takes them for one.
    """
    count = len(set(zip(numbers, sources, strict=True)))
    if options.shot or count == 1:
        return ()
    if len(set(numbers)) == count:
        return tuple(numbers)
    places_told = (", ".join(f"{each:g}" for each in source) for source in sources)
    return tuple(f"{number} from ({place})".strip() for number, place in zip(numbers, places_told, strict=True))


def shots_told(names: Sequence[str]) -> str:
    """Tell of how many shots traces are, as the end of a sentence; empty of one."""
    return f", of {len(set(names))} shots by their headers (the option shot takes them for one)" if names else ""
