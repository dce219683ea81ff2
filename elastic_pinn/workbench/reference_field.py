"""A displacement that another program computed, on a grid over space and time, to compare a run with.

Letters: T instants, Y and X nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.parameters import in_one_line
from elastic_pinn.paths import from_root
from elastic_pinn.physics import Problem
from elastic_pinn.physics.data.readers import netcdf, numpy_file
from elastic_pinn.physics.data.readers.units import factor
from elastic_pinn.physics.data.readers.variables import Variables
from elastic_pinn.physics.import_options import ImportOptions
from elastic_pinn.physics.numbers import real_array

Array = np.ndarray

READERS = {".nc": netcdf.variables_in, ".npz": numpy_file.variables_in}
AXES = {"t": ("t", "time"), "y": ("y",), "x": ("x",)}
"""The axes of a displacement in their order, by the names that each may have in a file."""
COMPONENTS = (("u_x", "u_y"), ("displacement_x", "displacement_y"))
UNITS = {"t": ("time_unit", "time"), "y": ("length_unit", "length"), "x": ("length_unit", "length")}
"""What tells the unit of each axis in an NPZ file, and of which quantity it is."""
VALUE_UNIT = "value_unit"
LARGEST = 4_000_000_000  # bytes
ROUNDING = 1e-6  # of the window: by how much positions and instants may be off, as in single precision


class ReferenceFieldError(ElasticPinnError, ValueError):
    """A reference that no run can be compared with; the text names the fault and what is legal."""


@dataclass(frozen=True, eq=False, repr=False)
class ReferenceField:
    """A displacement on a grid over time and space, as of finite elements, to compare a run with.

    Parameters
    ----------
    x, y
        Positions of the nodes, increasing, (X,) and (Y,) in m.
    t
        Instants, increasing, (T,) in s.
    displacement
        Along x and y, (T, Y, X, 2) in m; NaN where there is none, as in holes.
    name
        For titles and errors.

    Raises
    ------
    ReferenceFieldError
        For shapes that do not fit, axes that do not increase, and values that are infinite or zero everywhere.
    """

    x: Any
    y: Any
    t: Any
    displacement: Any
    name: str = "reference"

    def __post_init__(self) -> None:
        for name in ("x", "y", "t", "displacement"):
            object.__setattr__(self, name, real_array(f"{self.name}: {name}", getattr(self, name)))
        for name, axis in self.axes.items():
            if axis.ndim != 1 or not len(axis) or not np.isfinite(axis).all() or (np.diff(axis) <= 0.0).any():
                raise ReferenceFieldError(f"{self.name}: {name} needs increasing, finite numbers in one row")
        needed = (*(len(axis) for axis in self.axes.values()), 2)
        if self.displacement.shape != needed:
            raise ReferenceFieldError(
                f"{self.name}: the displacement has shape {self.displacement.shape}, where t, y, x and two components "
                f"need {needed}"
            )
        if np.isinf(self.displacement).any():
            raise ReferenceFieldError(f"{self.name}: the displacement has infinite values: NaN is where there is none")
        if not np.nan_to_num(self.displacement).any():
            raise ReferenceFieldError(f"{self.name}: the displacement is zero or NaN everywhere")

    def __repr__(self) -> str:
        return f"ReferenceField({self.name}: {' x '.join(str(len(axis)) for axis in self.axes.values())} in t, y, x)"

    @property
    def axes(self) -> dict[str, Array]:
        """The axes, by their names, in their order."""
        return {"t": self.t, "y": self.y, "x": self.x}

    @classmethod
    def load(cls, path: str | Path, problem: Problem | None = None) -> Self:
        """Read a reference from a NetCDF or NPZ file.

        It has the axes x, y and t (or time), and u_x and u_y (or displacement_x and displacement_y) on them: in
        NetCDF in whatever order, in NPZ as [t, y, x]. Units are not guessed: NetCDF has them as the attribute `units`
        of each, NPZ as the texts length_unit, time_unit and value_unit, as in
        `np.savez("fem.npz", x=x, y=y, t=t, u_x=u_x, u_y=u_y, length_unit="mm", time_unit="us", value_unit="nm")`.

        Parameters
        ----------
        path
            The file, from the project's root if it is relative.
        problem
            What a run is going to solve, whose window the axes must then cover: see `require_cover`.

        Returns
        -------
        ReferenceField
            Its content, in SI units.

        Raises
        ------
        ReferenceFieldError
            For a file that is not there or not whole, for what it lacks or has in another shape, and as
            `require_cover`.
        ConfigError
            For text that is no unit of such a quantity.
        """
        if not isinstance(path, str | Path):
            raise ReferenceFieldError(f"{in_one_line(path)}: the path of a NetCDF or NPZ file is needed")
        file = from_root(path)
        if (reader := READERS.get(file.suffix)) is None:
            raise ReferenceFieldError(f"{path}: a reference is NetCDF (.nc) or NumPy (.npz)")
        try:
            found = reader(file, ImportOptions(size_limit=LARGEST))
        except (ElasticPinnError, FileNotFoundError) as error:
            text = str(error) if isinstance(error, ElasticPinnError) else f"{file}: there is no such file"
            raise ReferenceFieldError(text) from error
        except Exception as error:  # a damaged file ends in any of dozens of errors of the libraries that read it
            raise ReferenceFieldError(f"{file} is not whole: {error}; write it anew") from error
        loaded = cls(**_content(found), name=file.name)
        if problem:
            loaded.require_cover(problem)
        return loaded

    def require_cover(self, problem: Problem) -> None:
        """Refuse to be compared over a window that the axes do not cover.

        Parameters
        ----------
        problem
            What a run solves. Its window may reach beyond the first and the last node by half a spacing, as where these
            are the middles of cells, but not beyond the first and the last instant.

        Raises
        ------
        ReferenceFieldError
            Where it reaches further.
        """
        windows = {"t": problem.domain.t, "y": problem.domain.y, "x": problem.domain.x}
        for name, axis in self.axes.items():
            (low, high), unit = windows[name], "s" if name == "t" else "m"
            first, last = 0.5 * np.diff(axis)[[0, -1]] if len(axis) > 1 and name != "t" else (0.0, 0.0)
            rounding = ROUNDING * (high - low)
            if low < axis[0] - first - rounding or high > axis[-1] + last + rounding:
                raise ReferenceFieldError(
                    f"{self.name}: {name} is {axis[0]:.6g} to {axis[-1]:.6g} {unit}, and the run needs {low:.6g} to "
                    f"{high:.6g} {unit}: check the unit and the origin, or give the run a smaller window"
                )


def _content(found: Variables) -> dict[str, Array]:
    """The axes and the displacement in a file, in SI units."""
    names = {axis: _named(found, several) for axis, several in AXES.items()}
    both = next((each for each in COMPONENTS if {*each} <= found.arrays.keys()), None)
    if both is None or None in names.values():
        raise ReferenceFieldError(
            f"{found.path} has {found.listed}: needed are x, y, t (or time), and u_x and u_y (or displacement_x and "
            "displacement_y)"
        )
    axes = {}
    for axis, name in names.items():
        told_by, quantity = UNITS[axis]
        axes[axis] = found.vector(str(name)) * factor(_unit(found, str(name), told_by), quantity, f"unit of {name}")
    needed = tuple(len(axis) for axis in axes.values())
    components = []
    for name in both:
        values = found.numbers(name)
        if of := found.axes.get(name):
            if {*of} != {*names.values()}:
                needed_axes = ", ".join(map(str, names.values()))
                raise ReferenceFieldError(
                    f"{found.path}: {name} is on ({', '.join(of)}), where {needed_axes} are needed"
                )
            values = values.transpose([of.index(str(each)) for each in names.values()])
        if values.shape != needed:
            raise ReferenceFieldError(
                f"{found.path}: {name} has shape {values.shape}, where [t, y, x] of these axes is {needed}"
            )
        components.append(values * factor(_unit(found, name, VALUE_UNIT), "displacement", f"unit of {name}"))
    return {**axes, "displacement": np.stack(components, axis=-1)}


def _named(found: Variables, names: tuple[str, ...]) -> str | None:
    """The first of some names that a file has."""
    return next((name for name in names if name in found.arrays), None)


def _unit(found: Variables, name: str, told_by: str) -> str:
    """The unit that a file tells of an array. Raises ReferenceFieldError where it tells none."""
    text = str(found.arrays[told_by]) if told_by in found.arrays else found.unit(name)
    if not text:
        where = f"the attribute units of {name}" if found.axes else f"the text {told_by}"
        raise ReferenceFieldError(f"{found.path} tells no unit of {name}: add {where}")
    return text
