"""elastic-pinn run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

from elastic_pinn.workbench.cli.app import INTERRUPTED, app
from elastic_pinn.workbench.cli.arguments import expand_path
from elastic_pinn.workbench.cli.console import print_line
from elastic_pinn.workbench.cli.signals import stop_on_signals
from elastic_pinn.yaml_values import read_yaml

if TYPE_CHECKING:
    from elastic_pinn.workbench.batch import Value


@app.command()
def run(
    notebook: Annotated[
        Path, typer.Argument(metavar="NOTEBOOK", callback=expand_path, help="A notebook with a parameters cell.")
    ],
    given: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Parameters, or other fields of the config.")
    ] = None,
) -> None:
    """Run a notebook headless, with all its output in one run directory.

    Names, types, ranges and the data file are checked before a kernel starts. If neither run_dir=FOLDER nor the
    notebook names a folder, a new runs/TIME-NOTEBOOK is made. The executed notebook is notebook.ipynb in it, also if a
    cell fails: then the exit status is 1.

    elastic-pinn run notebooks/02_inverse.ipynb seed=3 ridge=1e-7 "hidden_layers=[2000]"
    """
    from elastic_pinn.paths import from_root
    from elastic_pinn.summary import Summary
    from elastic_pinn.workbench.batch import Notebook
    from elastic_pinn.workbench.batch.notebook import RUN_DIR
    from elastic_pinn.workbench.batch.supervisor import Supervisor

    parameters, read = assignments(given or []), Notebook.read(notebook)
    read.check(parameters)
    location = read.directive(RUN_DIR, parameters)
    run_dir = from_root(location) if location else None
    from elastic_pinn.storage import kept_text  # slow to import, as the next: faults are reported before
    from elastic_pinn.workbench.batch.headless import run_notebook

    supervisor, message = Supervisor(), "the run ends with a checkpoint, and draws what it has"
    with stop_on_signals(lambda: supervisor.stop("asked to stop"), message) as stop_requested:
        executed = run_notebook(read, run_dir, parameters, supervisor)
    summary = Summary.of(executed.parent)
    if stop_requested.is_set() and summary.status != "completed":  # else it had ended before it could be stopped
        kept = kept_text(summary.step, summary.checkpoint)
        print_line(f"stopped at step {summary.step}, {kept}: run_dir={executed.parent} resume=auto continues it")
        raise typer.Exit(INTERRUPTED)
    print_line(f"executed notebook: {executed}")
    for text in summary.warnings:
        print_line(f"warning: {text}")


def assignments(given: Iterable[str]) -> dict[str, Value]:
    """Return names and values of NAME=VALUE texts. Raises typer.BadParameter as `parse`, and for a repeated name."""
    found: dict[str, Value] = {}
    for text in given:
        name, value = parse(text)
        if name in found:
            raise typer.BadParameter(f"{name} is given twice: {found[name]!r} and {value!r}")
        found[name] = value
    return found


def parse(text: str) -> tuple[str, Value]:
    """Return the name and the value of NAME=VALUE: numbers, true and false, [lists], and anything else as text; a text
    field of the config takes the value literally.

    Raises typer.BadParameter for a text without an equals sign, or with an illegal value.
    """
    from elastic_pinn.config import BESIDE_CONFIG, Config

    name, sign, written = text.partition("=")
    if not (sign and name.isidentifier()):
        raise typer.BadParameter(f'{text!r}: NAME=VALUE is needed, as in steps=2000 or "hidden_layers=[64,64]"')
    if name in BESIDE_CONFIG or (name in Config.model_fields and Config.model_fields[name].annotation is str):
        return name, written
    try:
        value: Any = read_yaml(written)
    except yaml.YAMLError as error:
        raise typer.BadParameter(f"{text!r}: {' '.join(str(error).split())}") from None
    return name, "" if value is None else value
