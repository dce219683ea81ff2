"""elastic-pinn import."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, get_args

import typer
import yaml
from pydantic.fields import FieldInfo

from elastic_pinn.physics.import_options import QUANTITIES, ImportOptions
from elastic_pinn.workbench.cli.app import app
from elastic_pinn.workbench.cli.arguments import expand_path
from elastic_pinn.workbench.cli.console import format_size, print_line
from elastic_pinn.workbench.cli.output_files import Force, refuse_existing, write
from elastic_pinn.yaml_values import read_yaml


def _with_options_of_an_import(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, in the place of **options, one option for each field of ImportOptions, as text."""
    taken = [each for each in inspect.signature(command, eval_str=True).parameters.values() if each.name != "options"]
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[str | None, _option(name, field)],
        )
        for name, field in ImportOptions.model_fields.items()
    ]
    command.__signature__ = inspect.Signature([*taken, *added])  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in (*taken, *added)}
    return command


def _option(name: str, field: FieldInfo) -> Any:
    text = str(field.description)
    callback = expand_path if name == "positions" else None  # which may be a file
    return typer.Option(metavar=_metavar(field), callback=callback, help=f"{text[:1].upper()}{text[1:]}.")


def _metavar(field: FieldInfo) -> str:
    if field.default == ():
        return "LIST"
    named = [value for kind in get_args(field.annotation) for value in get_args(kind)]
    return "|".join(named) if named and all(isinstance(value, str) for value in named) else "VALUE"


@app.command("import")
@_with_options_of_an_import
def import_recordings(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", callback=expand_path, help="Of one recording.")],
    output: Annotated[
        Path, typer.Option(metavar="DATA.h5", callback=expand_path, help="The receiver file that is written.")
    ],
    parameters: Annotated[
        Path | None,
        typer.Option(metavar="FILE.yaml", callback=expand_path, help="Options in a file, which the others go before."),
    ] = None,
    force: Force = False,
    **options: str | None,
) -> None:
    """Make a receiver file of recordings: CSV, .npy, .npz, .mat, HDF5, NetCDF, UFF 58, SEG-Y, SU, SEG-2, MiniSEED.

    What a file does not say, and no option gives, is asked for by name, and never guessed. A summary says what was
    understood; what is implausible of it is a warning. LIST is as [x, y], and one item needs no brackets.

    elastic-pinn import scan.csv --output data.h5 --kind velocity --value-unit mm/s --length-unit mm --time-unit us

    The same of a laser that records y alone, in volts, at places in a file, from 10 to 60 us:

    elastic-pinn import scope.csv --output data.h5 --kind velocity --value-unit "20 mm/s" --directions y
    --positions places.csv --length-unit mm --keep-time "[10 us, 60 us]"
    """
    refuse_existing([output], force)
    given = {name: _value(name, text) for name, text in options.items() if text is not None}
    from elastic_pinn.physics.data.readers.importing import read_recordings
    from elastic_pinn.physics.data.readers.summary import summary

    receivers, notes = read_recordings(files, parameters, given, {})
    for line in [*notes, *summary(receivers)]:
        print_line(line)
    with TemporaryDirectory() as folder:
        receivers.save(image := Path(folder) / "receivers.h5")
        write(output, data := image.read_bytes())
    print_line(f"written: {output}  {format_size(len(data))}")


def _value(name: str, text: str) -> Any:
    """The value of an option: text as it is, numbers and lists as YAML."""
    default = ImportOptions.model_fields[name].default
    if name == "noise" or (name in QUANTITIES and default is None):
        return _number_or_text(text)
    if default == "" or name == "decimal":
        return text
    try:
        return read_yaml(text)
    except yaml.YAMLError as error:
        raise typer.BadParameter(f"--{name.replace('_', '-')} {text!r}: {' '.join(str(error).split())}") from None


def _number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
