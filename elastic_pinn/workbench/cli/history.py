"""elastic-pinn history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elastic_pinn.workbench.cli.app import app
from elastic_pinn.workbench.cli.arguments import expand_path, is_run
from elastic_pinn.workbench.cli.console import format_number, print_line, print_table
from elastic_pinn.workbench.cli.output_files import Force, refuse_existing, write

if TYPE_CHECKING:
    import pandas as pd


@app.command()
def history(
    location: Annotated[
        str,
        typer.Argument(
            metavar="RUN|FILE", callback=expand_path, help="A run, also a running one, a checkpoint, or a URL."
        ),
    ],
    csv: Annotated[
        str,
        typer.Option(
            metavar="PATH", callback=expand_path, help="Write all rows as CSV to this file; - is the terminal."
        ),
    ] = "",
    force: Force = False,
) -> None:
    """Show the latest losses, or write them all as CSV.

    Without --csv: the last value of each column that was measured, and of losses and errors the lowest and its step.

    With --csv: one row a step, names in the first row, every digit, nothing where a column was not measured. wall_s
    is in s, material/lambda and material/mu in Pa, material/rho in kg/m3.
    """
    from elastic_pinn.run import Run, load_checkpoint
    from elastic_pinn.workbench.exports.checkpoints import history_csv

    target = Path(csv)
    if csv not in ("", "-"):
        refuse_existing([target], force)
    frame = Run(location).history() if is_run(location) else load_checkpoint(location).history()
    if csv == "-":
        for line in history_csv(frame).decode().splitlines():
            print_line(line)
    elif csv:
        write(target, history_csv(frame))
        print_line(f"{target}: {len(frame)} rows, {len(frame.columns)} columns")
        print_loss_note(frame)
    else:
        _print_summary(frame)


def print_loss_note(frame: pd.DataFrame) -> None:
    """Print which rows, written by an earlier version, have losses of other weights than the rest."""
    from elastic_pinn.storage import LOSSES_OF_START_UNTIL

    if until := frame.attrs[LOSSES_OF_START_UNTIL]:
        print_line(
            f"up to step {until}, losses and grad_norm are of the weights that a step started from (an earlier version)"
        )


def _print_summary(frame: pd.DataFrame) -> None:
    from elastic_pinn.training.lifecycle.record import unit_of_column

    if frame.empty:
        print_line("no step was made yet")
        return
    steps = frame["step"]
    print_line(f"{len(frame)} rows, steps {steps.iloc[0]} to {steps.iloc[-1]}")
    print_loss_note(frame)
    rows = [("column", "unit", "last", "at step", "lowest", "at step")]
    for name in frame.columns.drop(["step", "stage"]):
        measured = frame[name].dropna()
        if measured.empty:
            rows.append((name, unit_of_column(name), "-", "", "", ""))
            continue
        lowest = ("", "")
        if name.startswith(("loss/", "error/")):
            lowest = format_number(measured.min()), str(steps[measured.idxmin()])
        last = format_number(measured.iloc[-1]), str(steps[measured.index[-1]])
        rows.append((name, unit_of_column(name), *last, *lowest))
    print_table(rows, right=(2, 3, 4, 5))
