"""Arrays whose axes are shots, receivers, or x and y of a grid, times and directions.

Letters of shapes: S shots, R receivers, T times, C directions, K = R S C channels.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any, get_args

import numpy as np

from elastic_pinn.physics.data.readers.traces import NOT_READ, Missing, Traces
from elastic_pinn.physics.data.readers.variables import (
    OR_A_STEP,
    Names,
    Variables,
    ask_for_times,
    ask_for_values,
    common_unit,
    find_names,
    listed,
    unread,
)
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import Axis, ImportOptions

KINDS_OF_AXES = (("receiver", "time"), ("receiver", "time", "direction"), ("x", "y", "time"),
                 ("x", "y", "time", "direction"), ("time",), ("time", "direction"))  # fmt: skip
KINDS_BY_SHOT = (
    ("shot", "receiver", "time"),
    ("shot", "receiver", "time", "direction"),
)  # of places that differ by shot
AXES_OF_A_PLACE = 2, 3
IN_ORDER = ("receiver", "x", "y", "shot", "direction", "time")
EXAMPLE = ("shot", "receiver", "time", "direction")


def traces_of_arrays(found: Variables, options: ImportOptions, missing: Missing) -> Traces:
    """Return the channels of named arrays; which are which is asked for where neither names nor sizes tell."""
    names = find_names(found, options, missing)
    vectors = [name for name, each in found.arrays.items() if 1 < each.size == max(each.shape)]
    left = [name for name in vectors if name not in names.taken]
    if left and not (names.time or options.time_step or options.sampling_rate):
        ask_for_times(found, left, OR_A_STEP, missing)
    places_asked = _ask_for_places(found, names, options, missing)
    if not names.values:
        ask_for_values(found, names, missing)
        return Traces(
            time=NOT_READ if names.time else None,
            positions=NOT_READ if places_asked or names.xy or (names.x and names.y) else None,
            length_unit=found.unit(places_asked) or _length_unit(found, names),
            time_unit=found.unit(names.time),
        )
    time = found.vector(names.time) if names.time else None
    places, grid = _places(found, names)
    by_shot = places is not None and places.ndim == 3
    blocks = [found.numbers(name) for name in names.values]
    if any(block.shape != blocks[0].shape for block in blocks):
        shapes = ", ".join(f"{name} {block.shape}" for name, block in zip(names.values, blocks, strict=True))
        raise ReceiverFileError(f"{found.path}: shapes differ: {shapes}; import arrays of one shape")
    axes = options.axes or _said(found, names.values[0])
    is_stacked = len(blocks) > 1
    values = np.stack(blocks, axis=-1) if is_stacked else blocks[0]
    if axes and is_stacked:
        axes = (*axes, "direction")
    sizes = {
        "time": None if time is None else len(time),
        "receiver": _count_of_receivers(found.arrays[places_asked] if places_asked else places, options),
        "x": grid[0] if grid else None,
        "y": grid[1] if grid else None,
        "shot": len(places) if places is not None and by_shot else len(options.shots) or None,
        "direction": len(blocks) if is_stacked else None,
    }
    if by_shot and axes and "shot" not in axes:
        raise ReceiverFileError(
            f"{found.path}: {names.xy} has places by shot, and axes = {list(axes)} has no shot: name the axis of shots"
        )
    axes = axes or _deduced(found, names, values.shape, sizes, is_stacked, by_shot, missing)
    said = Traces(
        time=time,
        positions=None if places is None and not (grid or places_asked) else NOT_READ,
        directions=names.directions,
        kind=names.kind,
        value_unit=common_unit(found, names.values),
        length_unit=found.unit(places_asked) or _length_unit(found, names),
        time_unit=found.unit(names.time),
    )
    if not axes or places_asked:
        return said
    _require_fit(found, names, values.shape, axes, sizes)
    array = values.transpose([axes.index(name) for name in IN_ORDER if name in axes])
    channels = values.shape[axes.index("direction")] if "direction" in axes else 1
    array = array.reshape(-1, array.shape[-1])  # (K, T)
    shots = _shots(found, names.shot, options, values.shape[axes.index("shot")]) if "shot" in axes else ()
    of_receiver = channels * max(len(shots), 1)
    if grid and "x" in axes:
        places = _of_grid(found, names)
    if places is not None:
        of_shots = places.swapaxes(0, 1).reshape(-1, places.shape[-1]) if by_shot else places  # (R S, 2) or (R, 2)
        places = np.repeat(of_shots, channels if by_shot else of_receiver, axis=0)  # (K, 2)
    return replace(
        said,
        values=array,
        positions=places,
        directions=names.directions * (len(array) // channels),
        shots=tuple(np.repeat(shots, channels).tolist()) * (len(array) // of_receiver),
        is_grouped=True,
        read_as=f"{' and '.join(names.values)} of shape {blocks[0].shape}: {', '.join(axes[: blocks[0].ndim])}"
        f"{unread(found, names.taken - {names.direction})}",
    )


def _ask_for_places(found: Variables, names: Names, options: ImportOptions, missing: Missing) -> str:
    """Ask for the array of places where one may hold them and nothing tells where they are: it has two or three
    columns, and as many rows as there are along an axis of a larger one. Return the first such; empty where none is."""
    if names.xy or (names.x and names.y) or options.positions:
        return ""
    others = {name: each for name, each in found.arrays.items() if name not in names.taken - {*names.values}}
    likely = [
        name
        for name, each in others.items()
        if name not in names.values
        and each.dtype.kind in "fiu"
        and each.ndim == 2
        and each.shape[0] > 1
        and each.shape[1] in AXES_OF_A_PLACE
        and any(each.shape[0] in other.shape and other.size > each.size for other in others.values())
    ]
    if not likely:
        return ""
    what = f"which of {listed(likely)} holds the places, (receivers, 2 or 3)"
    missing.ask("xy_column", f"{what}; or positions, where none does", likely[0])
    return likely[0]


def _shots(found: Variables, said: str, options: ImportOptions, count: int) -> tuple[str, ...]:
    """The names of the shots, (S,): those given, those of the variable `said`, or their numbers from 1.

    Raises ReceiverFileError for names that two of them have.
    """
    of_file = found.arrays[said] if said else np.empty(0)
    is_names = of_file.shape == (count,) and of_file.dtype.kind in "iuU"
    in_file = tuple(map(str, of_file.tolist())) if is_names else ()
    names = options.shots or in_file or tuple(str(number) for number in range(1, count + 1))
    if len({*names}) < count or "" in names:
        raise ReceiverFileError(
            f"{found.path}: shots = {list(names)}: give each of the {count} shots a name of its own"
        )
    return names


def _length_unit(found: Variables, names: Names) -> str:
    return common_unit(found, [names.xy] if names.xy else names.axes)


def _count_of_receivers(places: np.ndarray[Any, Any] | None, options: ImportOptions) -> int | None:
    """How many receivers there are by their places, in the file or in the options; None where neither tells."""
    if places is not None:
        return int(places.shape[-2])
    return len(options.positions) if options.positions and not isinstance(options.positions, str) else None


def _said(found: Variables, name: str) -> tuple[str, ...]:
    """The axes as the file names them, if they are words of this package."""
    said = tuple("time" if axis == "t" else axis for axis in found.axes.get(name, ()))
    return said if said and set(said) <= set(IN_ORDER) and "time" in said else ()


def _places(found: Variables, names: Names) -> tuple[np.ndarray[Any, Any] | None, tuple[int, int] | None]:
    """Places (R, 2) or (R, 3), or of each shot (S, R, 2) or (S, R, 3), where the file has them, and the size of the
    grid, if x and y may be its axes."""
    if names.xy:
        xy = found.numbers(names.xy)
        if xy.ndim not in (2, 3) or xy.shape[-1] not in AXES_OF_A_PLACE:
            raise ReceiverFileError(
                f"{found.path}: {names.xy} has shape {xy.shape}, where (receivers, 2) is needed, or (shots, receivers, "
                "2) where each shot has places of its own: transpose it"
            )
        return xy, None
    if not (names.x and names.y):
        return None, None
    x, y = found.vector(names.x), found.vector(names.y)
    z = [found.vector(names.z)] if names.z else []
    is_list = all(len(each) == len(x) for each in (y, *z))
    return (np.stack([x, y, *z], axis=1) if is_list else None), (len(x), len(y))


def _of_grid(found: Variables, names: Names) -> np.ndarray[Any, Any]:
    x, y = np.meshgrid(found.vector(names.x), found.vector(names.y), indexing="ij")
    return np.stack([x.ravel(), y.ravel()], axis=1)


def _deduced(
    found: Variables,
    names: Names,
    shape: tuple[int, ...],
    sizes: dict[str, int | None],
    is_stacked: bool,
    by_shot: bool,
    missing: Missing,
) -> tuple[str, ...]:
    """The axes, if sizes of times, receivers and grid allow one order only; else they are asked for."""
    possible = {
        order
        for kind in (KINDS_BY_SHOT if by_shot else KINDS_OF_AXES)
        for order in permutations(kind)
        if len(order) == len(shape)
        and all(sizes[axis] in (None, size) for axis, size in zip(order, shape, strict=True))
        and not ("x" in order and sizes["x"] is None)
        and not (is_stacked and order[-1] != "direction")
    }
    if sizes["time"] is not None and len(possible) == 1:
        return possible.pop()
    count = len(shape) - is_stacked
    what = f"which axis of {names.values[0]}, of shape {shape[:count]}, is what ({', '.join(get_args(Axis))})"
    begins = 0 if by_shot or count + is_stacked == len(EXAMPLE) else 1  # of one shot
    missing.ask("axes", what, list(EXAMPLE[begins:][:count]))
    return ()


def _require_fit(
    found: Variables, names: Names, shape: tuple[int, ...], axes: tuple[str, ...], sizes: dict[str, int | None]
) -> None:
    """Raise ReceiverFileError unless the axes are those of such an array, each of its size."""
    name = names.values[0]
    if (
        {*axes} - {"shot"} not in [set(kind) for kind in KINDS_OF_AXES]
        or len(set(axes)) < len(axes)
        or len(axes) != len(shape)
    ):
        raise ReceiverFileError(
            f"{found.path}: axes = {list(axes)} do not fit {name} of shape {shape}: give one for each, with time, "
            "either receiver or both x and y, and shot where it has several"
        )
    for axis, size in zip(axes, shape, strict=True):
        if sizes[axis] not in (None, size):
            raise ReceiverFileError(
                f"{found.path}: {name} has {size} along {axis}, where the file or an option has {sizes[axis]} of them"
            )
