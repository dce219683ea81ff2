"""UFF (UNV): time responses in data sets 58, with places of nodes from 15 or 2411 and their unit from 164, by pyuff.

Nodes count where their coordinate systems are the global one; data sets 18 and 2420 may define these.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from elastic_pinn.physics.data.readers.traces import Missing, Traces, only
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions

KINDS = {2: "stress", 3: "strain", 8: "displacement", 11: "velocity", 12: "acceleration"}
TIME_RESPONSE, IN_SECONDS = (0, 1), 17  # a general function or a time response; over time
AXES = {1: "x", 2: "y", 3: "z"}
PLACES, CARTESIAN = (15, 2411), 0  # data sets of nodes; the type of a coordinate system
GLOBAL = {0, 1}  # numbers of coordinate systems that are the global one, unless the file defines them
LAST = 200  # bytes, of which the last line is a delimiter
NOT_SAID = ("", "none", "unknown", "null")


def read(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read every time response of a file."""
    _require_end(path)
    import pyuff  # of the extra

    found = pyuff.UFF(str(path)).read_sets()
    sets: list[dict[str, Any]] = found if isinstance(found, list) else [found]
    responses = [each for each in sets if each.get("type") == 58]
    if not responses:
        raise ReceiverFileError(f"{path} holds no data set 58: export the time responses of each point")
    for each in responses:
        if each["func_type"] not in TIME_RESPONSE or np.iscomplexobj(each["data"]):
            raise ReceiverFileError(
                f"{path}: node {each['rsp_node']} has no time response (function type {each['func_type']}), but a "
                "spectrum or the like: export time responses"
            )
        if each["abscissa_spec_data_type"] not in (0, IN_SECONDS):
            raise ReceiverFileError(
                f"{path}: node {each['rsp_node']} is no function of time (abscissa type "
                f"{each['abscissa_spec_data_type']}): export time responses"
            )
        if abs(each["rsp_dir"]) not in (0, *AXES):
            raise ReceiverFileError(f"{path}: node {each['rsp_node']} recorded a rotation: export translations")
    nodes = [each["rsp_node"] for each in responses]
    if not options.positions:
        _require_global(path, sets, nodes, "def_cs", "lies", "positions")
    if not options.directions:
        _require_global(path, sets, nodes, "disp_cs", "recorded along axes", "directions")
    return Traces(
        values=_padded([each["data"] for each in responses]),
        time=_common([each["x"] for each in responses]),
        positions=_places(path, sets, nodes),
        directions=_directions([each["rsp_dir"] for each in responses]),
        kind=only(path, (KINDS.get(each["ordinate_spec_data_type"], "") for each in responses), "kind"),
        value_unit=only(path, (_label(each["ordinate_axis_units_lab"]) for each in responses), "unit"),
        length_unit=_length_unit(sets),
        time_unit=only(path, (_time_unit(each) for each in responses), "unit"),
        receivers=tuple(map(str, nodes)),
        read_as=f"{len(responses)} time responses of {len(set(nodes))} nodes",
    )


def _require_end(path: Path) -> None:
    """Raise ReceiverFileError for a file that ends within a data set, which pyuff would leave out."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LAST))
        end = file.read().rstrip()
    if not end.endswith(b"    -1"):
        raise ReceiverFileError(f"{path} ends within a data set: copy or export it anew")


def _padded(rows: list[Any]) -> np.ndarray[Any, Any]:
    """Rows of unlike lengths as (K, T), NaN at the end of shorter ones."""
    values = np.full((len(rows), max(map(len, rows))), np.nan)
    for row, one in zip(values, rows, strict=True):
        row[: len(one)] = one
    return values


def _common(axes: list[Any]) -> np.ndarray[Any, Any]:
    """The time axis of all (T,), or each one's own (K, T)."""
    times = _padded(axes)
    return times[0] if (times == times[0]).all() else times


def _places(path: Path, sets: list[dict[str, Any]], nodes: list[int]) -> np.ndarray[Any, Any] | None:
    geometries = [each for each in sets if each.get("type") in PLACES]
    if not geometries:
        return None
    place = {
        int(number): (x, y, z)
        for each in geometries
        for number, x, y, z in zip(each["node_nums"], each["x"], each["y"], each["z"], strict=True)
    }
    if lost := [node for node in nodes if node not in place]:
        raise ReceiverFileError(f"{path}: node {lost[0]} has a time response, but no place: export all nodes")
    return np.array([place[node] for node in nodes])


def _require_global(
    path: Path, sets: list[dict[str, Any]], nodes: list[int], which: str, does: str, option: str
) -> None:
    """Raise ReceiverFileError for a node in a coordinate system that is not known to be the global one.

    which: the system, of places or of directions, of data sets of nodes. does, option: what is told.
    """
    known, recorded = _global_systems(sets), set(nodes)
    for each in (each for each in sets if each.get("type") in PLACES):
        for node, number in zip(each["node_nums"], each[which], strict=True):
            if int(node) in recorded and int(number) not in known:
                raise ReceiverFileError(
                    f"{path}: node {int(node)} {does} in coordinate system {int(number)}, which is not known to be the "
                    f"global Cartesian one: export in that one, or give {option}"
                )


def _global_systems(sets: list[dict[str, Any]]) -> set[int]:
    """The numbers of coordinate systems that are the global one: as data sets 18 and 2420 define them, or by custom."""
    is_global: dict[int, bool] = {}
    for each in (each for each in sets if each.get("type") == 18):
        origin, x, xz = (np.asarray(each[name]) for name in ("ref_o", "x_point", "xz_point"))  # (N, 3) each
        along = (x[:, 0] > 0.0) & (x[:, 1:] == 0.0).all(1) & (xz[:, 1] == 0.0) & (xz[:, 2] > 0.0)
        is_one = (origin == 0.0).all(1) & along & (each["cs_type"] == CARTESIAN)
        is_one &= np.isin(each["ref_cs_num"], list(GLOBAL))
        is_global |= {int(number): bool(one) for number, one in zip(each["cs_num"], is_one, strict=True)}
    for each in (each for each in sets if each.get("type") == 2420):
        identity = np.vstack([np.eye(3), np.zeros(3)])  # rows 1 to 3 turn, the last is the origin
        for number, kind, matrix in zip(each["CS_sys_labels"], each["CS_types"], each["CS_matrices"], strict=True):
            is_global[int(number)] = kind == CARTESIAN and np.array_equal(matrix, identity)
    return {number for number in GLOBAL | is_global.keys() if is_global.get(number, True)}


def _directions(numbers: list[int]) -> tuple[str, ...]:
    """As the file says them; none where one is a scalar."""
    return () if 0 in numbers else tuple(("-" if number < 0 else "") + AXES[abs(number)] for number in numbers)


def _label(text: str) -> str:
    return "" if text.strip().lower() in NOT_SAID else text.strip()


def _time_unit(response: dict[str, Any]) -> str:
    return _label(response["abscissa_axis_units_lab"]) or (
        "s" if response["abscissa_spec_data_type"] == IN_SECONDS else ""
    )


def _length_unit(sets: list[dict[str, Any]]) -> str:
    """In m, by data set 164: places are divided by its factor."""
    factors = {each["length"] for each in sets if each.get("type") == 164}
    return f"{1.0 / factors.pop():.12g} m" if len(factors) == 1 else ""
