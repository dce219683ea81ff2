"""SEG-Y and SU: places, units and delays of the trace headers (SEG-Y rev 1, 2002), by ObsPy.

Elevations are the third axis: `plane="xz"` is the section below a line along x.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from elastic_pinn.physics.data.readers.obspy_streams import places, read_stream, samples, shots, shots_told, times
from elastic_pinn.physics.data.readers.traces import Missing, Traces, only
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions

NO_RECORDS = range(2, 9)  # trace identification: dead, dummy, time break, uphole, sweep, timing, water break
IN_LENGTHS = (0, 1)  # coordinate units; the others are angles
UNITS = {5: ("displacement", "m"), 6: ("velocity", "m/s"), 7: ("acceleration", "m/s2")}  # of trace values
COMPONENTS = {12: "z", 13: "y", 14: "x"}  # trace identification: vertical, cross-line, in-line
HEADER, SAMPLE_BYTES = 240, {1: 4, 2: 4, 3: 2, 5: 4, 8: 1}  # of a trace; of a sample, by its format
LENGTHS = {1: "m", 2: "ft"}  # measurement system


def read_segy(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read the traces of a SEG-Y file."""
    stream = read_stream(path, "SEGY")
    above = 3600 + 3200 * max(0, stream.stats.binary_file_header.number_of_3200_byte_ext_file_header_records_following)
    _require_whole(path, above, stream, SAMPLE_BYTES.get(stream.stats.data_encoding, 4))
    traces, headers = _recorded(path, [(trace, trace.stats.segy.trace_header) for trace in stream])
    said = [UNITS.get(header.trace_value_measurement_unit, ("", "")) for header in headers]
    # In milliseconds, times a scalar of revision 1; Seismic Unix has other numbers in the places of both.
    return replace(
        _traces(traces, headers, [_scale(header.scalar_to_be_applied_to_times) for header in headers], options),
        kind=only(path, (kind for kind, _ in said), "kind"),
        value_unit=only(path, (unit for _, unit in said), "unit"),
        length_unit=LENGTHS.get(stream.stats.binary_file_header.measurement_system, ""),
    )


def read_su(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read the traces of a Seismic Unix file, which has no file header and no units."""
    stream = read_stream(path, "SU")
    _require_whole(path, 0, stream, 4)
    traces, headers = _recorded(path, [(trace, trace.stats.su.trace_header) for trace in stream])
    return _traces(traces, headers, [1.0] * len(traces), options)


def _recorded(path: Path, found: list[tuple[Any, Any]]) -> tuple[list[Any], list[Any]]:
    """The traces that are records, and their headers. Raises ReceiverFileError where there are none."""
    kept = [each for each in found if each[1].trace_identification_code not in NO_RECORDS]
    if not kept:
        raise ReceiverFileError(f"{path} holds no records: its traces are dead, or of sweeps and time marks")
    return [trace for trace, _ in kept], [header for _, header in kept]


def _require_whole(path: Path, above: int, stream: Any, sample: int) -> None:
    """Raise ReceiverFileError for a file that ends within a trace, which ObsPy leaves out."""
    read = above + sum(HEADER + sample * len(trace) for trace in stream)
    if path.stat().st_size != read:
        raise ReceiverFileError(
            f"{path} has {path.stat().st_size} bytes, where its {len(stream)} whole traces take {read}: copy it anew"
        )


def _traces(traces: list[Any], headers: list[Any], scalars_of_times: list[float], options: ImportOptions) -> Traces:
    to_seconds = 1e-3 * np.array(scalars_of_times)  # (K,)
    time = times(traces, to_seconds * [header.delay_recording_time for header in headers])
    values, muted = _without_mutes(samples(traces), time, headers, to_seconds)
    weights = np.array([[2.0**-header.trace_weighting_factor] for header in headers])  # (K, 1)
    has_lengths = all(header.coordinate_units in IN_LENGTHS for header in headers)
    where = places(headers, _place) if has_lengths else None
    components = [COMPONENTS.get(header.trace_identification_code, "") for header in headers]
    # Along and across a line are x and y where it lies along x; the vertical is taken as positive upwards.
    is_along_x = where is not None and not np.ptp(where[:, 1])
    is_said = all(components) and (is_along_x or set(components) == {"z"})
    of_shots = shots(
        [str(header.original_field_record_number) for header in headers], list(map(_source, headers)), options
    )
    return Traces(
        values=weights * values,
        time=time,
        positions=where,
        directions=tuple(components) if is_said else (),
        time_unit="s",
        shots=of_shots,
        has_clock=True,
        read_as=f"{len(traces)} traces"
        + shots_told(of_shots)
        + (f", of {muted} of them the muted samples left out" if muted else "")
        + (", vertical ones as positive upwards" if is_said and "z" in components else ""),
    )


def _without_mutes(
    values: np.ndarray[Any, Any], time: np.ndarray[Any, Any], headers: list[Any], to_seconds: np.ndarray[Any, Any]
) -> tuple[np.ndarray[Any, Any], int]:
    """Samples (K, T) with NaN where a mute set them to 0, and in how many traces; a mute not applied leaves records."""
    ends = [(header.mute_time_start_time_in_ms, header.mute_time_end_time_in_ms) for header in headers]
    start, end = (to_seconds[:, None] * np.array(each)[:, None] for each in zip(*ends, strict=True))  # (K, 1)
    muted = (start < end) & (time >= start) & (time <= end) & (values == 0.0)  # (K, T)
    return np.where(muted, np.nan, values), int(muted.any(1).sum())


def _place(header: Any) -> tuple[float, float, float]:
    across, up = (
        _scale(header.scalar_to_be_applied_to_all_coordinates),
        _scale(header.scalar_to_be_applied_to_all_elevations_and_depths),
    )
    return header.group_coordinate_x * across, header.group_coordinate_y * across, header.receiver_group_elevation * up


def _source(header: Any) -> tuple[float, float]:
    across = _scale(header.scalar_to_be_applied_to_all_coordinates)
    return header.source_coordinate_x * across, header.source_coordinate_y * across


def _scale(scalar: int) -> float:
    """A positive scalar multiplies, a negative one divides, and 0 is none."""
    return float(scalar) if scalar > 0 else 1.0 / abs(scalar or 1)
