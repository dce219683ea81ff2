"""The formats: by what each is known, and what reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.physics.data.readers import (
    csv_file,
    hdf5_file,
    matlab,
    miniseed,
    netcdf,
    numpy_file,
    seg2,
    segy,
    uff,
)
from elastic_pinn.physics.data.readers.traces import Missing, Traces
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.import_options import Format, ImportOptions

Reader = Callable[[Path, ImportOptions, Missing], Traces]
HDF5 = b"\x89HDF\r\n\x1a\n"
SPREADSHEETS = (".xlsx", ".xls", ".ods")
LOOKED_AT = 1024  # bytes; the HDF5 of MATLAB begins behind 512


@dataclass(frozen=True)
class FileFormat:
    """A format: its name for people, the suffixes of its files, what they begin with, if anything, and its reader."""

    name: str
    suffixes: tuple[str, ...]
    begins: tuple[bytes, ...]
    reader: Reader

    def read(self, path: Path, options: ImportOptions, missing: Missing) -> Traces:
        """Read a file. Raises ReceiverFileError for one that is damaged, or where the extra is not installed."""
        try:
            return self.reader(path, options, missing)
        except (ElasticPinnError, OSError) as error:
            if isinstance(error, OSError) and error.filename is None:  # of a library, on the content
                raise ReceiverFileError(self._damaged(path, error)) from error
            raise
        except ImportError as error:
            raise ReceiverFileError(
                f'{path}: to read {self.name}, install the extra: pip install "elastic_pinn[formats]" ({error})'
            ) from error
        except Exception as error:  # a damaged file ends in any of dozens of errors of the libraries that read it
            raise ReceiverFileError(self._damaged(path, error)) from error

    def _damaged(self, path: Path, error: Exception) -> str:
        text = " ".join(str(error).split()) or type(error).__name__
        return f"{path} is no whole {self.name} file: {text}; copy or export it anew"


FORMATS: Mapping[Format, FileFormat] = {
    "npy": FileFormat("NumPy", (".npy",), (b"\x93NUMPY",), numpy_file.read_npy),
    "npz": FileFormat("NumPy", (".npz",), (b"PK",), numpy_file.read_npz),
    "mat": FileFormat("MATLAB", (".mat",), (b"MATLAB", HDF5), matlab.read),
    "netcdf": FileFormat("NetCDF", (".nc", ".nc4", ".cdf"), (b"CDF\x01", b"CDF\x02", HDF5), netcdf.read),
    "hdf5": FileFormat("HDF5", (".h5", ".hdf5", ".hdf"), (HDF5,), hdf5_file.read),
    "seg2": FileFormat("SEG-2", (".sg2", ".seg2", ".dat"), (b"\x55\x3a", b"\x3a\x55"), seg2.read),
    "uff": FileFormat("UFF", (".uff", ".unv", ".uf"), (b"    -1",), uff.read),
    "segy": FileFormat("SEG-Y", (".sgy", ".segy"), (), segy.read_segy),
    "su": FileFormat("SU", (".su",), (), segy.read_su),
    "miniseed": FileFormat("MiniSEED", (".mseed", ".miniseed", ".ms", ".msd"), (), miniseed.read),
    "csv": FileFormat("CSV", (".csv", ".txt", ".tsv", ".asc", ".dat"), (), csv_file.read),
}
"""By their names in options, those first that are told by content."""


def format_of(path: Path, options: ImportOptions) -> FileFormat:
    """Find the format of a file: as given, or by its suffix and its content, which have to agree.

    Raises ReceiverFileError where they do not, and for a file of no known format.
    """
    if options.format:
        return FORMATS[options.format]
    if path.suffix.lower() in SPREADSHEETS:
        raise ReceiverFileError(f"{path} is a spreadsheet: save its table as CSV")
    with path.open("rb") as file:
        start = file.read(LOOKED_AT)
    if not start:
        raise ReceiverFileError(f"{path} is empty: check which file it is")
    by_content = [name for name, each in FORMATS.items() if any(_begins(start, bytes_) for bytes_ in each.begins)]
    by_suffix = [name for name, each in FORMATS.items() if path.suffix.lower() in each.suffixes]
    both = [name for name in by_suffix if name in by_content]
    without_content = [name for name in by_suffix if not FORMATS[name].begins]
    if both or (by_suffix and by_content):
        if not both:
            raise ReceiverFileError(
                f"{path} is called {path.suffix}, but begins as {' or '.join(by_content)}: rename it, or give format"
            )
        return FORMATS[both[0]]
    if by_content:
        return FORMATS[by_content[-1]]
    if without_content:
        return FORMATS[without_content[0]]
    if by_suffix:
        raise ReceiverFileError(
            f"{path} is called {path.suffix}, but does not begin as such a file: copy or export it anew"
        )
    legal = ", ".join(get_args(Format))
    raise ReceiverFileError(f"{path}: neither its name nor its content tells the format: give format, one of {legal}")


def _begins(start: bytes, with_: bytes) -> bool:
    return (
        start.startswith(with_)
        or (with_ == HDF5 and start[512:].startswith(HDF5))
        or (with_.strip() == b"-1" and start.lstrip(b"\r\n").startswith(with_))
    )
