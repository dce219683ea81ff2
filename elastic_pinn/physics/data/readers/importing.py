"""From files and options to `Receivers`, with where all of it came from."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elastic_pinn.errors import ConfigError
from elastic_pinn.paths import near_file
from elastic_pinn.physics.data.readers.assemble import Channels, channels_of
from elastic_pinn.physics.data.readers.channel_options import with_options_of_channels
from elastic_pinn.physics.data.readers.doubts import doubts
from elastic_pinn.physics.data.readers.records import records_of
from elastic_pinn.physics.data.readers.registry import format_of
from elastic_pinn.physics.data.readers.traces import Missing, require_size
from elastic_pinn.physics.data.readers.units import in_si
from elastic_pinn.physics.data.readers.windows import Of, ends_of, require_unit
from elastic_pinn.physics.data.receiver_file import ReceiverFileError
from elastic_pinn.physics.errors import ProblemError
from elastic_pinn.physics.import_options import ImportOptions, import_options, read_parameters
from elastic_pinn.physics.media.impossible_density import why_impossible
from elastic_pinn.physics.media.material import Material

if TYPE_CHECKING:
    from elastic_pinn.physics.data.receivers import Receivers

logger = logging.getLogger(__name__)

KEPT: Mapping[str, Of] = {"keep_x": "x", "keep_y": "y", "keep_time": "time"}
"""The options that are a window of space and time, each with what it is of."""
WINDOWS: Mapping[str, Of] = {"baseline": "time", **KEPT}
"""These, and the others of what is done to recordings once they are read: all are windows."""
Step = tuple[tuple[str, ...], Callable[["Receivers"], "Receivers"]]
"""What is done to recordings, after the options that ask for it."""
OF_ALL = {
    "lame_lambda",
    "lame_mu",
    "density",
    "start",
    "title",
    "channel_gains",
    "channel_delays",
    "channel_noise",
    *WINDOWS,
}
"""Which receivers have once: channels are numbered over all files."""


def read_recordings(
    paths: str | Path | Sequence[str | Path],
    parameters: str | Path | None,
    given: Mapping[str, Any],
    of_files: Mapping[str, Mapping[str, Any]],
) -> tuple[Receivers, list[str]]:
    """Read recordings, and return them with notes on how each file was understood; what is implausible is logged.

    Raises ConfigError for options, and ReceiverFileError for files.
    """
    from elastic_pinn.physics.data.receivers import Receivers

    files = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
    if not files:
        raise ConfigError("no file is given to read recordings from")
    if twice := [path for path, count in Counter(path.resolve() for path in files).items() if count > 1]:
        raise ConfigError(f"{twice[0]} is given twice: one recording counts once; give each file once")
    common, special = read_parameters(parameters) if parameters else ({}, {})
    if unknown := special.keys() - {path.name for path in files}:
        raise ConfigError(f"{parameters}: files names {sorted(unknown)[0]!r}, which is not among those that are read")
    for each in (common, *special.values()):
        if isinstance(each.get("positions"), str):
            each["positions"] = str(Path(str(parameters)).parent / each["positions"])  # it lies beside what names it
    apart = {Path(path): options for path, options in of_files.items()}
    if unread := apart.keys() - {*files}:
        raise ConfigError(f"of_files names {str(min(unread))!r}, which is not among those that are read")
    for name, options in (*special.items(), *apart.items()):
        if of_all := options.keys() & OF_ALL:
            where = f"{parameters}: " if name in special else ""
            raise ConfigError(f"{where}{min(of_all)} of {name} alone: give it for all files, beside files")
    every = import_options({**common, **given}, f"{parameters}: " if parameters and not given else "")
    own = {
        path: import_options({**common, **special.get(path.name, {}), **given, **apart.get(path, {})}) for path in files
    }
    channels = [each for path, options in own.items() for each in _channels(path, options)]
    fields: dict[str, Any] = {**_material(every), "title": every.title}
    places = {each.positions: None for each in own.values() if each.positions and isinstance(each.positions, str)}
    beside = [Path(path) for path in (*places, *([parameters] if parameters else []))]
    of_name = Counter(path.name for path in files)  # of files in folders of their own, as right/scan.csv
    of_paths = {(path.name if of_name[path.name] == 1 else str(path)): dict(options) for path, options in apart.items()}
    named = {**special, **of_paths}
    fields["provenance"] = _provenance(files, beside, {**common, **given}, named)
    try:
        receivers = Receivers(records=records_of(channels), **fields)
    except ValueError as error:
        raise ReceiverFileError(f"{', '.join(map(str, files))}: {error}") from error
    receivers = prepared(with_options_of_channels(receivers, every), preparation(every))
    for doubt in doubts(receivers):
        logger.warning(doubt)
    return receivers, [note for each in channels for note in each.notes]


def preparation(options: ImportOptions) -> Iterator[Step]:
    """Yield what is done to recordings once they are read, in this order: offsets are subtracted, and windows cut.

    Raises ConfigError for text that is no length, or time.
    """
    from elastic_pinn.physics.data.processing import cut, without_baseline

    given = {name: of for name, of in WINDOWS.items() if getattr(options, name)}
    ends = {name: ends_of(getattr(options, name), of, name) for name, of in given.items()}
    for name, of in given.items():
        yield (name,), partial(require_unit, given=getattr(options, name), of=of, option=name)
    if baseline := ends.pop("baseline", None):
        yield ("baseline",), partial(without_baseline, time=baseline)
    if ends:
        window: dict[str, Any] = {KEPT[name]: each for name, each in ends.items()}
        yield tuple(ends), partial(cut, **window)


def prepared(receivers: Receivers, steps: Iterable[Step]) -> Receivers:
    """Take each step. Raises ConfigError, which begins with the options that ask for what cannot be done."""
    for names, step in steps:
        try:
            receivers = step(receivers)
        except ProblemError as error:
            raise ConfigError(f"{', '.join(names)}: {error}") from error
    return receivers


def _channels(path: Path, options: ImportOptions) -> list[Channels]:
    try:
        require_size(path, path.stat().st_size, options)
        missing = Missing(path)
        return channels_of(path, format_of(path, options).read(path, options, missing), options, missing)
    except FileNotFoundError as error:
        near = near_file(error.filename, Path(error.filename))
        raise ReceiverFileError(f"there is no file {Path(error.filename).absolute()}: check the path{near}") from error
    except (IsADirectoryError, PermissionError) as error:
        raise ReceiverFileError(f"{error.filename}: {error.strerror}; give a file that can be read") from error


def _material(options: ImportOptions) -> dict[str, Any]:
    """The material in SI units, if there is one, and which of it only starts a search."""
    given = {
        "lambda": ("lame_lambda", options.lame_lambda, "modulus"),
        "mu": ("lame_mu", options.lame_mu, "modulus"),
        "rho": ("density", options.density, "density"),
    }
    lacking = [option for option, value, _ in given.values() if value is None]
    if len(lacking) == len(given):
        if options.start:
            raise ConfigError(f"start = {list(options.start)}: give {', '.join(lacking)} too, from which to start")
        return {}
    if lacking and lacking != ["lame_lambda", "lame_mu"]:
        lost = " and ".join(lacking)
        raise ConfigError(f"{lost} of the material is missing: give all of it, or density alone, or nothing")
    material = {
        name: in_si(value, quantity, option)
        for name, (option, value, quantity) in given.items()
        if value is not None
    }  # fmt: skip
    speed = 0.0 if lacking else Material(material["lambda"], material["mu"], material["rho"]).c_p
    if why := why_impossible(material["rho"], speed):
        raise ConfigError(why)
    return {"material": material, "start": frozenset(options.start)}


def _provenance(files: list[Path], beside: list[Path], common: Mapping[str, Any], special: Mapping[str, Any]) -> str:
    """Where it all came from, for people: files with their SHA-256, and the options."""
    sources = ", ".join(f"{path.name} (SHA-256 {_sha256(path)})" for path in files)
    also = "".join(f"; {path.name} (SHA-256 {_sha256(path)})" for path in beside)
    given = {name: value for name, value in common.items() if value is not None}
    options = json.dumps({**given, **({"files": special} if special else {})}, default=str, ensure_ascii=False)
    return f"Imported from {sources}{also}; options: {options}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
