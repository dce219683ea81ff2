"""NetCDF: variables with units and named axes, by xarray."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from elastic_pinn.physics.data.readers.arrays import traces_of_arrays
from elastic_pinn.physics.data.readers.traces import Missing, Traces, require_size
from elastic_pinn.physics.data.readers.variables import Variables
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import ImportOptions

FILL = 9.969209968386869e36  # NC_FILL_FLOAT and NC_FILL_DOUBLE of netcdf.h: no number was written there


def read(path: Path, options: ImportOptions, missing: Missing) -> Traces:
    """Read variables and coordinates; names of axes, as time or receiver, say which is what."""
    return traces_of_arrays(variables_in(path, options), options, missing)


def variables_in(path: Path, options: ImportOptions) -> Variables:
    """Return variables and coordinates, with their units and axes. Raises ReceiverFileError where there is none."""
    import xarray

    with path.open("rb") as file:
        engine = "scipy" if file.read(3) == b"CDF" else "h5netcdf"
    if engine == "h5netcdf":
        h5py.File(path).close()  # of a damaged file, h5netcdf prints tracebacks beside its error
    with xarray.open_dataset(path, engine=engine, decode_times=False) as found:
        for name, each in found.variables.items():
            require_size(path, 8 * each.size, options, f" its {name}")
        arrays = {str(name): _with_gaps(np.asarray(each.values)) for name, each in found.variables.items()}
        units = {str(name): str(each.attrs["units"]) for name, each in found.variables.items() if "units" in each.attrs}
        axes = {str(name): tuple(map(str, each.dims)) for name, each in found.variables.items()}
    if not arrays:
        raise ReceiverFileError(f"{path} holds no variable: save numeric arrays")
    return Variables(path, arrays, units, axes)


def _with_gaps(values: Any) -> Any:
    """Values with NaN for what was never written, which xarray knows by an attribute alone."""
    return np.where(values == values.dtype.type(FILL), np.nan, values) if values.dtype.kind == "f" else values
