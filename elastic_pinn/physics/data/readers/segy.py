"""SEG-Y and SU: places, units and delays of the trace headers (SEG-Y rev 1, 2002), by ObsPy.

Elevations are the third axis: `plane="xz"` is the section below a line along x.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from elastic_pinn.physics.data.readers.obspy_streams import places, read_stream, samples, times
from elastic_pinn.physics.data.readers.traces import Missing, Traces
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions

UNITS = {5: ("displacement", "m"), 6: ("velocity", "m/s"), 7: ("acceleration", "m/s2")}  # of trace values
COMPONENTS = {12: "z", 13: "y", 14: "x"}  # trace identification: vertical, cross-line, in-line
HEADER, SAMPLE_BYTES = 240, {1: 4, 2: 4, 3: 2, 5: 4, 8: 1}  # of a trace; of a sample, by its format
LENGTHS = {1: "m", 2: "ft"}  # measurement system


def read_segy(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read the traces of a SEG-Y file."""
    stream = read_stream(path, "SEGY")
    above = 3600 + 3200 * max(0, stream.stats.binary_file_header.number_of_3200_byte_ext_file_header_records_following)
    _require_whole(path, above, stream, SAMPLE_BYTES.get(stream.stats.data_encoding, 4))
    headers = [trace.stats.segy.trace_header for trace in stream]
    lengths = LENGTHS.get(stream.stats.binary_file_header.measurement_system, "")
    # In milliseconds, times a scalar of revision 1; Seismic Unix has other numbers in its place.
    scalars = [_scale(header.scalar_to_be_applied_to_times) for header in headers]
    return _traces(stream, headers, lengths, scalars)


def read_su(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read the traces of a Seismic Unix file, which has no file header and so no unit of length."""
    stream = read_stream(path, "SU")
    _require_whole(path, 0, stream, 4)
    return _traces(stream, [trace.stats.su.trace_header for trace in stream], "", [1.0] * len(stream))


def _require_whole(path: Path, above: int, stream: Any, sample: int) -> None:
    """Raise ReceiverFileError for a file that ends within a trace, which ObsPy leaves out."""
    read = above + sum(HEADER + sample * len(trace) for trace in stream)
    if path.stat().st_size != read:
        raise ReceiverFileError(
            f"{path} has {path.stat().st_size} bytes, where its {len(stream)} whole traces take {read}: copy it anew"
        )


def _traces(stream: Any, headers: list[Any], length_unit: str, scalars_of_times: list[float]) -> Traces:
    kinds = {UNITS.get(header.trace_value_measurement_unit, ("", "")) for header in headers}
    kind, unit = kinds.pop() if len(kinds) == 1 else ("", "")
    components = [COMPONENTS.get(header.trace_identification_code, "") for header in headers]
    delays = [
        1e-3 * scalar * header.delay_recording_time for header, scalar in zip(headers, scalars_of_times, strict=True)
    ]
    weights = np.array([[2.0**-header.trace_weighting_factor] for header in headers])  # (K, 1)
    return Traces(
        values=weights * samples(stream),
        time=times(stream, delays),
        positions=places(headers, _place),
        directions=tuple(components) if all(components) else (),
        kind=kind,
        value_unit=unit,
        length_unit=length_unit,
        time_unit="s",
        read_as=f"{len(stream)} traces",
    )


def _place(header: Any) -> tuple[float, float, float]:
    across, up = (
        _scale(header.scalar_to_be_applied_to_all_coordinates),
        _scale(header.scalar_to_be_applied_to_all_elevations_and_depths),
    )
    return header.group_coordinate_x * across, header.group_coordinate_y * across, header.receiver_group_elevation * up


def _scale(scalar: int) -> float:
    """A positive scalar multiplies, a negative one divides, and 0 is none."""
    return float(scalar) if scalar > 0 else 1.0 / abs(scalar or 1)
