"""elastic-pinn run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

from elastic_pinn.workbench.cli.app import BAD, INTERRUPTED, app
from elastic_pinn.workbench.cli.signals import stopped_by_signals
from elastic_pinn.workbench.cli.text import clean, say
from elastic_pinn.workbench.values import read_yaml

if TYPE_CHECKING:
    from elastic_pinn.workbench.batch import Value


@app.command()
def run(
    notebook: Annotated[Path, typer.Argument(metavar="NOTEBOOK", help="A notebook with a parameters cell.")],
    given: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Parameters, or other fields of the config.")
    ] = None,
) -> None:
    """Run a notebook headless, with all that it makes in one run directory.

    Names, types and ranges are checked before a kernel starts. Without run_dir=FOLDER, a fresh runs/TIME-NOTEBOOK is
    made. The executed notebook is notebook.ipynb in it, also when a cell fails: then the exit status is 1.

    elastic-pinn run notebooks/02_inverse.ipynb seed=3 ridge=1e-7 "hidden_layers=[2000]"
    """
    from elastic_pinn.workbench.batch import Notebook
    from elastic_pinn.workbench.batch.leash import Leash
    from elastic_pinn.workbench.folders import run_folder

    parameters, read = dict(map(parse, given or [])), Notebook.read(notebook)
    read.config(parameters)
    from elastic_pinn.workbench.batch.headless import (  # takes seconds, which a fault need not
        NotebookError,
        run_notebook,
    )

    run_dir = run_folder(str(parameters.pop("run_dir", "")), read.name)
    leash, words = Leash(), "the run ends with a checkpoint, and draws what it has"
    try:
        with stopped_by_signals(lambda: leash.stop("asked to stop"), words) as asked:
            executed = run_notebook(read, run_dir, parameters, leash)
        if asked.is_set():
            say(f"stopped: run_dir={run_dir} resume=auto goes on with it")
            raise typer.Exit(INTERRUPTED)
    except NotebookError as error:
        for line in str(error).splitlines():
            typer.echo(clean(line), err=True)
        raise typer.Exit(BAD) from None
    say(f"executed notebook: {executed}")


def parse(text: str) -> tuple[str, Value]:
    """The name and the value of NAME=VALUE: numbers, true and false, [lists], and all else as text.

    Raises typer.BadParameter for what has no equals sign, or is no value.
    """
    name, sign, written = text.partition("=")
    if not (sign and name.isidentifier()):
        raise typer.BadParameter(f'{text!r}: NAME=VALUE is needed, as in steps=2000 or "hidden_layers=[64,64]"')
    try:
        value: Any = read_yaml(written)
    except yaml.YAMLError as error:
        raise typer.BadParameter(f"{text!r}: {' '.join(str(error).split())}") from None
    return name, "" if value is None else value
