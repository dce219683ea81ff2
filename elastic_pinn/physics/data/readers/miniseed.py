"""MiniSEED: samples, stations and components, by ObsPy; neither places nor units nor the time of the source."""

from __future__ import annotations

from pathlib import Path

from elastic_pinn.physics.data.readers.obspy_streams import read_stream, samples, times
from elastic_pinn.physics.data.readers.traces import Missing, Traces, require_size
from elastic_pinn.physics.import_options import ImportOptions

COMPONENTS = {"E": "x", "N": "y", "Z": "z"}


def read(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read channels by station; parts of one channel are joined, with gaps between them."""
    stream = read_stream(path, "MSEED")
    begin, end = min(trace.stats.starttime for trace in stream), max(trace.stats.endtime for trace in stream)
    span = int((end - begin) * max(trace.stats.sampling_rate for trace in stream)) + 1
    require_size(path, 8 * span * len({trace.id for trace in stream}), options, " with its gaps filled, it")
    stream.merge()
    stream.sort(keys=["network", "station", "location", "channel"])
    stations = [".".join(trace.id.split(".")[:3]) for trace in stream]
    components = [COMPONENTS.get(trace.stats.channel[-1:], "") for trace in stream]
    counts = {stations.count(station) for station in stations}
    return Traces(
        values=samples(stream),
        time=times(stream, [trace.stats.starttime - begin for trace in stream]),
        directions=tuple(components) if all(components) else (),
        time_unit="s",
        has_clock=True,
        receivers=tuple(station.strip(".") for station in stations),
        is_grouped=len(counts) == 1,
        is_relative=True,
        read_as=f"{len(stream)} channels of {len(set(stations))} stations, from {begin} on",
    )
