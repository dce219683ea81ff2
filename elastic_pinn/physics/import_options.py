"""What is told about recordings beside their files: the options of `Receivers.read` and of `elastic-pinn import`.

Read without torch, so that the command line lists them at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field, ValidationError
from pydantic.fields import FieldInfo

from elastic_pinn.config_sections import (
    Count,
    Finite,
    List,
    NonNegative,
    OfList,
    OptionalCount,
    Pair,
    Positive,
    Section,
)
from elastic_pinn.errors import ConfigError
from elastic_pinn.field_declarations import Unit, UnitOf
from elastic_pinn.legal_values import legal_values
from elastic_pinn.parameters import decimal_comma, in_one_line, not_a_field, plain
from elastic_pinn.yaml_values import read_yaml

Kind = Literal["displacement", "velocity", "acceleration", "strain", "strain_rate", "stress"]
Format = Literal["csv", "npy", "npz", "mat", "hdf5", "netcdf", "uff", "segy", "su", "seg2", "miniseed"]
Axis = Literal["receiver", "x", "y", "time", "direction", "shot"]
NUMBER_AND_UNIT = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(?![eE][-+]?\d)([^\d\s.,/*].*)")
"""As "57.6 GPa", but not "1/s", nor "1e-7", which is a number alone."""


def _with_unit(text: str) -> str:
    """Text of a number with a unit, which is looked up where it is read. Raises ValueError for any other."""
    if not NUMBER_AND_UNIT.fullmatch(text):
        raise ValueError("no number with its unit")
    return text


WithUnit = Annotated[str, AfterValidator(_with_unit)]
Quantity = Annotated[WithUnit | Finite, Field(union_mode="left_to_right")]
"""Text with its unit, as '57.6 GPa', or a number in the unit that is declared beside it."""
PositiveQuantity = Annotated[WithUnit | Positive, Field(union_mode="left_to_right")]
NonNegativeQuantity = Annotated[WithUnit | NonNegative, Field(union_mode="left_to_right")]
Ends = Annotated[tuple[Quantity, Quantity] | tuple[()], OfList]
"""The first and the last that is meant; () for all."""


class ImportOptions(Section):
    """What is told about recordings beside their files."""

    kind: Kind | None = None
    """what was recorded"""
    value_unit: str = ""
    """unit of the recorded values, as 'nm' or 'mm/s', or what 1 stands for, as '0.03 um/s' for a count"""
    length_unit: str = ""
    """unit of the positions, as 'mm'"""
    time_unit: str = ""
    """unit of the times, as 'us'"""
    directions: List[str | Pair] = ()
    """along which each channel of a receiver recorded: 'x', '-y', 'z', or [n_x, n_y]; one item, as ['y'] or
    [[0.6, 0.8]], where each has one channel, as of a laser; of strain and stress a direction, or the components 'xx',
    'yy', 'xy'"""
    positions: str | List[Pair] = ()
    """of the receivers: rows [x, y], or a CSV file with columns x and y, and perhaps direction and
    receiver, by which channels are found"""
    channel_order: Literal["by receiver", "by direction"] | None = None
    """of channels of several receivers and directions: all of the first receiver first, or all of the first
    direction"""
    plane: Literal["xy", "xz", "yz"] | None = None
    """in which of a file's three axes the waves are followed: these become x and y"""
    time_step: Annotated[PositiveQuantity | None, UnitOf("time_unit")] = None
    """between samples, with its unit, as '0.2 us', or in time_unit"""
    sampling_rate: Annotated[PositiveQuantity | None, Unit("Hz")] = None
    """samples a second, with its unit, as '5 MHz', or in Hz; in place of time_step"""
    first_time: Annotated[Quantity | None, UnitOf("time_unit")] = None
    """of the first sample, with its unit, as '-10 us', or in time_unit"""
    value_columns: List[str] = ()
    """columns of a table, or variables of a file, that hold the values"""
    time_column: str = ""
    """column of the time, or variable"""
    x_column: str = ""
    """column of x, or variable"""
    y_column: str = ""
    """column of y, or variable"""
    xy_column: str = ""
    """variable of both, (receivers, 2)"""
    receiver_column: str = ""
    """column that numbers or names the receiver of each row of a long table"""
    layout: Literal["long", "wide"] | None = None
    """of a table: a row for each sample of each receiver, or one time column and a column for each channel"""
    axes: List[Axis] = ()
    """of an array, in its order: any of 'receiver' (or 'x' and 'y' of a grid), 'time', 'direction' and 'shot'"""
    delimiter: str = ""
    """between the columns of a text file: ',', ';', 'tab' or 'space'"""
    decimal: Literal[".", ","] | None = None
    """decimal sign of a text file"""
    skip_rows: OptionalCount = 0
    """lines at the head of a text file that are no part of the table"""
    format: Format | None = None
    """of the file, where its name and content do not tell"""
    noise: Annotated[NonNegativeQuantity | None, UnitOf("value_unit")] = None
    """standard deviation of the recorded values, with its unit, as '0.2 mm/s', or in value_unit"""
    channel_gains: List[str] = ()
    """by which single channels recorded, each by its name in warnings, as '3 y = -1' for one that is reversed, by its
    receiver, as '3 = 2', or by its name in the file, as 'laser 3 = -1'; what was recorded is the gain times what
    happened"""
    channel_delays: List[str] = ()
    """by how much single channels are late, likewise, with their unit, as '3 y = 0.6 us'"""
    channel_noise: List[str] = ()
    """standard deviation of what single channels recorded, likewise, with its unit, as '3 y = 0.2 mm/s'"""
    baseline: Annotated[Ends, Unit("s")] = ()
    """first and last instant of a window before the waves, each with its unit, as ['-20 us', '-2 us'], or in s: the
    mean over it is subtracted from each channel; none: nothing is"""
    keep_x: Annotated[Ends, Unit("m")] = ()
    """first and last x that is kept, each with its unit, as ['0 mm', '30 mm'], or in m; none: all"""
    keep_y: Annotated[Ends, Unit("m")] = ()
    """first and last y that is kept, likewise"""
    keep_time: Annotated[Ends, Unit("s")] = ()
    """first and last instant that is kept, the window of time, each with its unit, as ['10 us', '60 us'], or in s;
    none: all"""
    shot: str = ""
    """name of the shot"""
    shots: List[str] = ()
    """names of the shots along the axis 'shot' of an array; by default its variable shot, or their numbers from 1"""
    lame_lambda: Annotated[Quantity | None, Unit("Pa")] = None
    """of the material, with its unit, as '57.6 GPa', or in Pa"""
    lame_mu: Annotated[Quantity | None, Unit("Pa")] = None
    """of the material, with its unit, as '26 GPa', or in Pa"""
    density: Annotated[Quantity | None, Unit("kg/m3")] = None
    """of the material, with its unit, as '2.7 g/cm3', or in kg/m3; alone, where no moduli are known"""
    start: List[Literal["lambda", "mu", "rho"]] = ()
    """constants of the material whose values only start a search; the others are known"""
    size_limit: Annotated[Count, Unit("bytes")] = 500_000_000
    """bytes of a file, or of its numbers once unpacked, beyond which it is refused before it is read"""
    title: str = ""
    """for people"""


QUANTITIES: Mapping[str, str] = {
    "time_step": "time",
    "first_time": "time",
    "sampling_rate": "frequency",
    "baseline": "time",
    "keep_x": "length",
    "keep_y": "length",
    "keep_time": "time",
    "lame_lambda": "modulus",
    "lame_mu": "modulus",
    "density": "density",
}
"""What options are, each a number with its unit, or two; `noise` is one of what was recorded."""


def import_options(given: Mapping[str, Any], where: str = "") -> ImportOptions:
    """Return the options that are given; None is as not given.

    Raises ConfigError, which names each fault and what is legal.
    """
    fields = ImportOptions.model_fields
    faults = [
        not_a_field(name, fields, ()).replace("a field", "an option of an import") for name in given.keys() - fields
    ]
    known = {
        name: default_for_none(fields[name], _listed(name, plain(value)))
        for name, value in given.items()
        if name in fields
    }
    try:
        options = ImportOptions(**known)
    except ValidationError as error:
        names = dict.fromkeys(str(fault["loc"][0]) for fault in error.errors())
        hints = {name: _with_comma(known[name]) or f"{legal_option(name)} is needed" for name in names}
        faults += [f"{name} = {in_one_line(known[name])}: {hint}" for name, hint in hints.items()]
    if faults:
        raise ConfigError("\n".join(f"{where}{fault}" for fault in faults))
    return options


def _with_comma(value: Any) -> str:
    """How the first number with a decimal comma, of a value or a list, is to be written."""
    return next(filter(None, map(decimal_comma, value if isinstance(value, list | tuple) else [value])), "")


def _listed(name: str, value: Any) -> Any:
    """One item of a list as that list, as people give it."""
    is_list = ImportOptions.model_fields[name].default == () and name != "positions"
    return [value] if is_list and not isinstance(value, list | tuple | None) else value


def default_for_none(field: FieldInfo, value: Any) -> Any:
    """Return a value, or for None, which is as not given, the default of its field, if there is one."""
    return field.default if value is None and not field.is_required() else value


def legal_option(name: str) -> str:
    """Return the legal values of an option, in words."""
    kinds = {
        "directions": "a list, each item 'x', 'y', 'z', 'xx', 'yy', 'xy', one of them with a minus, or [n_x, n_y]",
        "positions": "a list of [x, y], or the path of a CSV file",
        "channel_gains": "a list, each item a channel and its gain, as '3 y = -1'",
        "channel_delays": "a list, each item a channel and its delay, as '3 y = 0.6 us'",
        "channel_noise": "a list, each item a channel and its noise, as '3 y = 0.2 mm/s'",
        "noise": "a number, at least 0, in the unit of the values, or text with its unit, as '0.2 mm/s',",
        "time_step": "a number, above 0, in the unit of the times, or text with its unit, as '0.2 us',",
        "sampling_rate": "a number of Hz, above 0, or text with its unit, as '5 MHz',",
        "first_time": "a number in the unit of the times, or text with its unit, as '-10 us',",
        "baseline": "a list of two, each a number of s, or text with its unit, as ['-20 us', '-2 us'],",
        "keep_x": "a list of two, each a number of m, or text with its unit, as ['0 mm', '30 mm'],",
        "keep_y": "a list of two, each a number of m, or text with its unit, as ['0 mm', '30 mm'],",
        "keep_time": "a list of two, each a number of s, or text with its unit, as ['10 us', '60 us'],",
        "lame_lambda": "a number of Pa, or text with its unit, as '57.6 GPa',",
        "lame_mu": "a number of Pa, or text with its unit, as '26 GPa',",
        "density": "a number of kg/m3, or text with its unit, as '2.7 g/cm3',",
    }
    return kinds.get(name) or legal_values(ImportOptions.model_fields[name])


def read_parameters(path: str | Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Read a parameter file: the options of all files, and under `files` those of some, by their names.

    Raises ConfigError for a file that cannot be read or is no such mapping.
    """
    try:
        found = read_yaml(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; give the path of a YAML file of import options") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not UTF-8; save it as UTF-8 text") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {' '.join(str(error).split())}") from error
    files = found.pop("files", {}) if isinstance(found, dict) else None
    if not (isinstance(files, dict) and all(isinstance(each, dict) for each in files.values())):
        raise ConfigError(f"{path}: a mapping of option: value is needed, as kind: velocity, and of files by name")
    return {str(name): value for name, value in found.items()}, files
