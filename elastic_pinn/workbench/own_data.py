"""From a raw recording to a receiver file, by the parameters of a notebook."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from elastic_pinn.config_sections import (
    Entry,
    List,
    OfList,
    OptionalCount,
    Pair,
    Section,
    as_written,
)
from elastic_pinn.errors import ConfigError
from elastic_pinn.field_declarations import Unit
from elastic_pinn.parameters import decimal_comma, in_one_line, not_a_field, parameters_in
from elastic_pinn.paths import from_root
from elastic_pinn.physics.data import Receivers, processing
from elastic_pinn.physics.data.known_material import material_of
from elastic_pinn.physics.data.readers.doubts import doubts
from elastic_pinn.physics.data.readers.importing import WINDOWS, Step, preparation, prepared
from elastic_pinn.physics.data.readers.summary import NO_MATERIAL, NO_MODULI, summary
from elastic_pinn.physics.data.readers.units import in_si, is_same_unit
from elastic_pinn.physics.data.readers.windows import ends_of, require_unit
from elastic_pinn.physics.import_options import (
    QUANTITIES,
    ImportOptions,
    Kind,
    NonNegativeQuantity,
    Quantity,
    default_for_none,
    import_options,
    read_parameters,
)
from elastic_pinn.physics.setups import find
from elastic_pinn.yaml_values import write_yaml

Name = Annotated[str, Field(min_length=1)]
WRITTEN = "# parameters of 07_own_data, beside the receiver file that they make\n"
"""The first line of each YAML file that `OwnData.save` writes: no other is replaced."""
OF_A_PLATE = (
    "Sides within reach of the waves send them back: of a plate, give it -p problem plate too, with plate_size, holes, "
    "sides and sources, as notebooks/README.md lists them."
)


class FurtherFile(Entry):
    """A further raw file, and what is other in it than in the first; what is given neither here nor beside it is as
    there."""

    data: Name
    """the file"""
    shot: str = ""
    """name of its shot"""
    kind: Kind | None = None
    """what was recorded"""
    value_unit: str = ""
    """of its values"""
    value_columns: List[str] = ()
    """that hold its values"""
    directions: List[str | Pair] = ()
    """along which its channels recorded"""
    positions: str = ""
    """CSV file with the positions of its receivers"""
    noise: NonNegativeQuantity | None = None
    """standard deviation of its values, with its unit, or in theirs"""

    @model_validator(mode="before")
    @classmethod
    def _none_is_not_given(cls, given: Any) -> Any:
        return {name: each for name, each in given.items() if each is not None} if isinstance(given, dict) else given

    @property
    def options(self) -> dict[str, Any]:
        """Those of the import."""
        return {name: value for name, value in as_written(self).items() if name != "data"}


class OwnData(Section):
    """What is read, how it is prepared, and where it goes."""

    data: Name
    """the raw file; a relative path starts at the project's root"""
    output: Name
    """the receiver file that is written, likewise"""
    options: ImportOptions
    """of the import"""
    more_data: List[FurtherFile] = ()
    """further raw files, as of other shots or quantities: dicts of data, and of what is other there among shot, kind,
    value_unit, value_columns, directions, positions and noise"""
    shown_records: OptionalCount = 0
    """which of several records, by shots and quantities, figures show, from 0"""
    drop_rows: List[OptionalCount] = ()
    """receivers that are left out, by their rows from 0"""
    mute: Annotated[List[Annotated[tuple[OptionalCount, Quantity, Quantity], OfList]], Unit("s")] = ()
    """parts of records that are left out, each [row, first instant, last instant], these with their unit, as
    [3, '5 us', '8 us'], or in s"""
    lowest_frequency: Annotated[NonNegativeQuantity, Unit("Hz")] = 0.0
    """below which waves and drift are filtered out, with its unit, as '20 kHz', or in Hz; 0: none"""
    highest_frequency: Annotated[NonNegativeQuantity, Unit("Hz")] = 0.0
    """above which they are filtered out, likewise; 0: none"""
    estimate_noise: bool = True
    """whether the noise is estimated from the records, in place of what is stated"""
    file_options: bool = True
    """whether what is not given is taken from the YAML file beside the raw file, as scan.csv.yaml, if there is one"""

    @classmethod
    def from_namespace(cls, namespace: Mapping[str, Any]) -> Self:
        """Take the parameters of a notebook, `globals()`, each an option of the import or a field of this class.

        What is None is not given: it is as the YAML file beside the raw file has it, or the default. So are the fields
        of each of `more_data`, by the file beside it. What is returned has it all, and False for `file_options`.

        Raises ConfigError for names that are neither, for values that are not legal, and for what a YAML file says of a
        further file alone that has to hold for all.
        """
        given = parameters_in(namespace, NAMES)
        if unknown := given.keys() - NAMES:
            raise ConfigError("\n".join(not_a_field(name, sorted(NAMES), ()) for name in sorted(unknown)))
        given = {name: value for name, value in given.items() if value is not None}
        if given.get("file_options", True) is not True:
            return cls.of(given)
        path, beside = options_beside(str(given.get("data")))
        if beside:
            cls.of({"data": "-", "output": "-", **beside}, f"{path}: ")
        return cls.of({**beside, **given, "file_options": False}).with_options_beside()

    def with_options_beside(self, whole: Collection[FurtherFile] = ()) -> Self:
        """Return it with the options of the YAML file beside each further file, below those of its own entry.

        whole: entries that stay as they are. Raises ConfigError for what is not legal, and for what cannot be of one
        file alone and differs from what holds for all.
        """
        further = [each if each in whole else self._with_options_beside(each) for each in self.more_data]
        return self if not further else self.model_copy(update={"more_data": tuple(further)})

    def _with_options_beside(self, file: FurtherFile) -> FurtherFile:
        path, beside = options_beside(file.data)
        given = {name: value for name, value in beside.items() if value is not None}
        said = type(self).of({"data": "-", "output": "-", **given}, f"{path}: ").parameters
        own = {name: said[name] for name in given if name in OF_ONE_FILE and _is_of_one(name, said[name])}
        every = {name: as_written(value) for name, value in [*self, *self.options]}
        for name in given.keys() - own.keys():
            if not _is_alike(name, said[name], every[name]):
                raise ConfigError(
                    f"{path}: {name} = {in_one_line(said[name])}, and of all files it is {in_one_line(every[name])}: "
                    f"let both agree, or leave it out there; a file of more_data has its own {', '.join(OF_ONE_FILE)} "
                    "alone, with positions in a CSV file"
                )
        return FurtherFile(**{"data": file.data, **own, **file.options})

    @classmethod
    def of(cls, given: Mapping[str, Any], where: str = "") -> Self:
        """Take parameters as they are; one that is None is the default, and is given as such.

        Raises ConfigError for values that are not legal, in sentences that begin with `where`.
        """
        options = {name: value for name, value in given.items() if name in ImportOptions.model_fields}
        fields: dict[str, Any] = {
            name: default_for_none(cls.model_fields[name], tuple(each) if isinstance(each, list) else each)
            for name, each in given.items()
            if name in cls.model_fields
        }
        taken = import_options(options, where)
        try:
            own = cls(**fields, options=taken)
        except ValidationError as error:
            names = dict.fromkeys(str(fault["loc"][0]) for fault in error.errors())
            legal = {name: decimal_comma(given.get(name)) or cls.model_fields[name].description for name in names}
            faults = [f"{where}{name} = {in_one_line(given.get(name))} is not legal: {legal[name]}" for name in names]
            raise ConfigError("\n".join(faults)) from error
        try:
            list(own._steps())  # which refuses text that is no such quantity, before anything is read
        except ConfigError as error:
            raise ConfigError(f"{where}{error}") from error
        return own

    @property
    def parameters(self) -> dict[str, Any]:
        """What was given of it, as the parameters of a notebook, and as options of papermill in a file."""
        own = [(name, value) for name, value in self if name != "options" and name in self.model_fields_set]
        of_import = [(name, value) for name, value in self.options if name in self.options.model_fields_set]
        return {name: as_written(value) for name, value in [*own, *of_import]}

    @property
    def told(self) -> str:
        """The parameters, as the first cell of the notebook would have them."""
        return "\n".join(f"{name} = {value!r}" for name, value in self.parameters.items())

    @property
    def files(self) -> list[Path]:
        """The files that are read, those of them that are there: raw files, and tables of positions."""
        raw = [(self.data, self.options.positions), *((each.data, each.positions) for each in self.more_data)]
        found = []
        for data, places in raw:
            with suppress(ConfigError):
                found.append(find(data))
            with suppress(ConfigError):
                found += [find(places, "positions")] if isinstance(places, str) and places else []
        return [path.absolute() for path in found]

    @property
    def read_options(self) -> dict[str, Any]:
        """The options by which files are read: all but what `prepare` does once rows have been counted."""
        return self.options.model_dump(exclude_unset=True, exclude={*WINDOWS})

    def read(self) -> Receivers:
        """Read the raw files. Raises ConfigError for options that are missing, ReceiverFileError for a bad file."""
        further = {str(find(each.data, "more_data")): _found(each.options) for each in self.more_data}
        if len(further) < len(self.more_data) or str(find(self.data)) in further:
            raise ConfigError("more_data has a file twice, or that of data again: each is read once")
        common = _found(self.read_options)
        return Receivers.read([find(self.data), *further], of_files=further, **common)

    def prepare(self, receivers: Receivers) -> Receivers:
        """Mute, leave out, subtract offsets, cut, state the noise, and filter, in this order.

        Raises ConfigError, which begins with the fields that ask for what cannot be done.
        """
        return prepared(receivers, self._steps())

    def _steps(self) -> Iterator[Step]:
        """Each step, with the fields that ask for it."""
        for row, *ends in self.mute:
            yield ("mute",), partial(require_unit, given=ends, of="time", option="mute")
            yield ("mute",), partial(processing.mute, rows=[row], time=ends_of(ends, "time", "mute"))
        if self.drop_rows:
            yield ("drop_rows",), partial(processing.leave_out, rows=self.drop_rows)
        yield from preparation(self.options)
        lowest, highest = (
            in_si(getattr(self, name), "frequency", name, sign="0 or more")
            for name in ("lowest_frequency", "highest_frequency")
        )
        if self.estimate_noise:
            yield ("estimate_noise",), partial(processing.with_noise, drifts=lowest > 0.0)
        if lowest or highest:
            names = [name for name, each in {"lowest_frequency": lowest, "highest_frequency": highest}.items() if each]
            yield tuple(names), partial(processing.band_pass, lowest=lowest, highest=highest)

    def save(self, receivers: Receivers) -> str:
        """Write the receiver file, and the parameters beside it as YAML, in the place of those of an earlier time.

        Returns what to do with it, as text. Raises ConfigError where either is a file that is read, or the YAML file
        is one that was not written here.
        """
        path = from_root(self.output)
        again = path.with_name(f"{path.name}.yaml")
        for written in (path, again):
            if written.exists() and any(written.samefile(file) for file in self.files):
                raise ConfigError(
                    f"output = {self.output!r}: {written} is read from, and would be lost: give another name"
                )
        if again.exists() and not again.read_bytes().startswith(WRITTEN.encode()):
            raise ConfigError(
                f"output = {self.output!r}: the parameters go into {again}, which is there, was not written by this "
                "notebook and would be lost: give another name, or move it"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        receivers.save(path)
        again.write_text(WRITTEN + write_yaml(self.parameters, allow_unicode=True), encoding="utf-8")
        command = f".venv/bin/papermill notebooks/02_inverse.ipynb out.ipynb -p data {shlex.quote(self.output)}"
        in_window = "lambda and mu, in the window that the receivers span, are searched for by"
        then = f"{in_window}\n\n    {command}\n\n{OF_A_PLATE}"
        if not receivers.material:
            then = f"no material is given: {NO_MATERIAL}"
        elif not material_of(receivers):
            then = f"{then}\n\nand, where no first arrivals tell a speed, {NO_MODULI}"
        made = f"wrote {path}, and {again.name} beside it: the same parameters again by papermill -f"
        return f"{made}\n\n{receivers.provenance}\n\n{then}"


OF_ALL_FILES = {"options", "data", "output", "more_data", "shown_records", "file_options"}
OF_ONE_FILE = [name for name in FurtherFile.model_fields if name != "data"]
UNITS = "length_unit", "time_unit"
IN_TIME_UNIT = "time_step", "first_time"  # where they are numbers alone
OF_QUANTITY = {**QUANTITIES, "mute": "time", "lowest_frequency": "frequency", "highest_frequency": "frequency"}
NAMES = {*OwnData.model_fields, *ImportOptions.model_fields} - {"options"}
"""The parameters of the notebook."""


def options_beside(data: str) -> tuple[Path, dict[str, Any]]:
    """Return what holds for one raw file alone: the options of the YAML file beside it, as scan.csv.yaml, and its path.

    There are none where there is no such file, or where it has the parameters of a receiver file that was written.
    Raises ConfigError for a file that cannot be read, or that names something else.
    """
    try:
        path = Path(f"{find(data)}.yaml")
    except ConfigError:
        return Path(f"{data}.yaml"), {}  # the raw file is missed where it is read
    if not path.is_file() or path.read_bytes().startswith(WRITTEN.encode()):
        return path, {}
    options, files = read_parameters(path)
    legal = sorted(NAMES - OF_ALL_FILES)
    unknown = sorted(({*options, *(["files"] if files else [])}) - {*legal})
    if unknown:
        raise ConfigError("\n".join(f"{path}: {not_a_field(name, legal, ())}" for name in unknown))
    if isinstance(places := options.get("positions"), str):
        options["positions"] = str(Path(data).parent / places)  # it lies beside, on any machine
    return path, options


def _is_alike(name: str, one: Any, other: Any) -> bool:
    """Whether two values of a parameter mean the same, as 'us' and 'µs', or '26 GPa' and 2.6e10."""
    if name in UNITS:
        return is_same_unit(one, other)
    if one == other or name not in OF_QUANTITY:
        return bool(one == other)
    first, second = (_numbers(name, each) for each in (one, other))
    return len(first) == len(second) and np.allclose(first, second, rtol=1e-9, atol=0.0)


def _numbers(name: str, value: Any) -> list[float]:
    """What there is of numbers in a parameter, those with a unit in SI, those in time_unit beside none of these."""
    if isinstance(value, list):
        return [number for each in value for number in _numbers(name, each)]
    if value is None or (name in IN_TIME_UNIT and not isinstance(value, str)):
        return []
    return [in_si(value, OF_QUANTITY[name], name)]


def _is_of_one(name: str, value: Any) -> bool:
    """Whether an entry of more_data can hold a value: positions as a table in a file alone."""
    return name != "positions" or isinstance(value, str)


def _found(options: dict[str, Any]) -> dict[str, Any]:
    """Options with the table of positions where it is found: from the project's root, as all paths of a notebook."""
    places = options.get("positions")
    return options | ({"positions": str(find(places, "positions"))} if isinstance(places, str) and places else {})


def understood(receivers: Receivers) -> str:
    """Return what recordings are, in lines: ranges, arrivals, speeds, noise, dead receivers, and what cannot be."""
    dead = []
    for first, records in zip(receivers.first_rows, receivers.records, strict=True):
        highest = np.where(records.is_there, records.values, -np.inf).max(axis=1)  # (R, C)
        lowest = np.where(records.is_there, records.values, np.inf).min(axis=1)
        dead += (first + np.flatnonzero((highest <= lowest).all(axis=1))).tolist()  # one value only, or none
    told = [f"dead receivers, which drop_rows leaves out: {dead}"] if dead else []
    return "\n".join([*summary(receivers), *told, *(f"doubtful: {each}" for each in doubts(receivers))])
