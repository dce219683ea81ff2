"""elastic-pinn estimate."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Annotated

import typer

from elastic_pinn.workbench.cli.app import FAILURE, app
from elastic_pinn.workbench.cli.arguments import expand_path, is_run, needing_problem
from elastic_pinn.workbench.cli.console import clean, format_number, print_table

if TYPE_CHECKING:
    from elastic_pinn.run import Checkpoint

COLUMNS = "step", "displacement", "stress"


@app.command()
def estimate(
    locations: Annotated[
        list[str], typer.Argument(metavar="FILE|RUN", callback=expand_path, help="Checkpoints, runs, or URLs of them.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of objects, with all digits.")] = False,
) -> None:
    """Estimate how far wavefields are off the exact ones, which nobody needs to know.

    Finite elements solve for the error itself, in seconds for each. Of a run, that of its newest checkpoint; a forward
    run that ended by itself has its own, which `inspect` shows. Prints relative L2 errors of displacement and stress,
    dimensionless. Not for runs with unknowns; of a problem stated in Python, `run.estimate_error(problem)` does it.
    """
    from elastic_pinn.errors import ElasticPinnError
    from elastic_pinn.storage import CheckpointError

    found, faults = [], []
    for location in locations:
        try:
            checkpoint = _checkpoint_at(location)
            with needing_problem("run.estimate_error(problem)"):
                estimated = checkpoint.estimate_error()
        except (CheckpointError, OSError) as error:  # which name the path
            faults.append(str(error))
            continue
        except ElasticPinnError as error:
            faults.append(f"{location}: {error}")
            continue
        errors = estimated.displacement, estimated.stress
        if not all(map(math.isfinite, errors)):
            faults.append(f"{location}: estimated errors that are not finite: {errors[0]:g} and {errors[1]:g}")
        found.append((location, checkpoint.step, errors))
    if as_json:
        names = "location", *COLUMNS
        rows = [(*of, *(error if math.isfinite(error) else None for error in errors)) for *of, errors in found]
        typer.echo(json.dumps([dict(zip(names, row, strict=True)) for row in rows], indent=2, allow_nan=False))
    elif found:
        cells = [(location, str(step), *map(format_number, errors)) for location, step, errors in found]
        print_table([("", *COLUMNS), *cells], right=(1, 2, 3))
    for fault in faults:
        typer.echo(f"error: {clean(' '.join(fault.split()))}", err=True)
    if faults:
        raise typer.Exit(FAILURE)


def _checkpoint_at(location: str) -> Checkpoint:
    from elastic_pinn.run import Run, load_checkpoint

    return Run(location).latest() if is_run(location) else load_checkpoint(location)
