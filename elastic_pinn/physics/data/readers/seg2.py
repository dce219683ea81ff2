"""SEG-2: places, delays and descaling factors of the trace headers (Pullan, Geophysics 55, 1990), by ObsPy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from elastic_pinn.physics.data.readers.obspy_streams import places, read_stream, samples, shots, shots_told, times
from elastic_pinn.physics.data.readers.traces import Missing, Traces
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions

LENGTHS = {"METERS": "m", "FEET": "ft", "CENTIMETERS": "cm", "INCHES": "in"}

CORRECTIONS = "POLARITY", "SKEW", "STATIC_CORRECTIONS"  # of a trace, which makers of instruments define unlike


def read(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read the traces of a SEG-2 file, each times its descaling factor, which makes counts mV."""
    stream = read_stream(path, "SEG2")
    headers = [trace.stats.seg2 for trace in stream]
    values = samples(stream)
    for row, trace in zip(values, stream, strict=True):
        row *= trace.stats.calib
    lost = [number for number, header in enumerate(headers, 1) if "RECEIVER_LOCATION" not in header]
    if lost and len(lost) < len(headers) and not options.positions:
        raise ReceiverFileError(f"{path}: trace {lost[0]} has no RECEIVER_LOCATION, as others have: give positions")
    of_shots = shots(
        [str(header.get("SHOT_SEQUENCE_NUMBER", "")).strip() for header in headers],
        [_place(header, "SOURCE_LOCATION") for header in headers],
        options,
    )
    return Traces(
        values=values,
        time=times(stream, [float(header.get("DELAY", 0.0)) for header in headers]),
        positions=places(headers, _place),
        length_unit=LENGTHS.get(str(headers[0].get("UNITS", "")).strip().upper(), ""),
        time_unit="s",
        shots=of_shots,
        has_clock=True,
        read_as=f"{len(stream)} traces, times their descaling factors{shots_told(of_shots)}{_not_applied(headers)}",
    )


def _place(header: Any, of: str = "RECEIVER_LOCATION") -> tuple[float, float, float]:
    """A location has one to three numbers."""
    x, y, z = (*map(float, str(header.get(of, "0")).split()[:3]), 0.0, 0.0)[:3]
    return x, y, z


def _not_applied(headers: Sequence[Any]) -> str:
    """Tell which corrections the headers name and the samples may lack, as the end of a sentence; "" where none is."""
    said = [name for name in CORRECTIONS if any(set(str(header.get(name, ""))) - set("0. ") for header in headers)]
    return f", which have {' and '.join(said)} in their headers: not applied" if said else ""
