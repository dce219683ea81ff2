"""elastic-pinn verify."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from elastic_pinn.workbench.cli.app import FAILURE, app
from elastic_pinn.workbench.cli.arguments import CHECKPOINTS, QUARANTINE, checkpoints_of, expand_path, is_run
from elastic_pinn.workbench.cli.console import format_number, print_line

if TYPE_CHECKING:
    from elastic_pinn.storage import CheckpointError

CHILDREN = 4  # at a time, at most: each takes about 300 MB of memory for torch


@app.command()
def verify(
    locations: Annotated[
        list[str], typer.Argument(metavar="FILE|RUN", callback=expand_path, help="Checkpoints, runs, or URLs of them.")
    ],
    isolated: Annotated[
        bool, typer.Option(help="Read each file in a process of its own, where a hostile one can do no harm.")
    ] = True,
) -> None:
    """Verify checkpoints, reading every byte.

    Prints one line for each file. A good file has the bytes that were sealed (SHA-256), the structure of a checkpoint,
    and weights that fit the config. For a run, all checkpoints are read, and its quarantine is listed.

    --no-isolated takes milliseconds a file instead of seconds; use it for files of your own.
    """
    runs = [location for location in locations if is_run(location)]
    files = [location for location in locations if location not in runs]
    good = [_print_each(files, isolated) == files, *[_verify_run(run, isolated) for run in runs]]
    if not all(good):
        raise typer.Exit(FAILURE)


def _verify_run(run: str, isolated: bool) -> bool:
    """Verify each checkpoint of a run, and print which of the good ones are latest and best."""
    from elastic_pinn.storage import CheckpointError

    try:
        names = checkpoints_of(run).names()
    except (CheckpointError, OSError) as error:
        print_line(f"BAD    {error}")
        return False
    run = run.rstrip("/")
    good = _print_each([f"{run}/{CHECKPOINTS}/{name}" for name in names], isolated)
    for name in checkpoints_of(run, QUARANTINE).names():
        print_line(f"quarantined  {run}/{QUARANTINE}/{name}: was found damaged before, and is not used")
    print_line(f"{len(good)} of {len(names)} checkpoints of {run} are good")
    for line in _latest_and_best(good):
        print_line(line)
    return bool(good) and len(good) == len(names)


def _latest_and_best(good: Sequence[str]) -> Iterator[str]:
    """Yield which of the good checkpoints of a run, by (generation, step), are latest and best."""
    from elastic_pinn.storage import Entry, best_first, read_header

    entries = [Entry(path, read_header(path)) for path in good]
    for entry in entries[-1:]:
        yield f"latest  {entry.name}"
    for entry in best_first(entries)[:1]:
        yield f"best    {entry.name}  {entry.header.metric_name} = {format_number(entry.header.metric)}"


def _print_each(paths: Sequence[str], isolated: bool) -> list[str]:
    """Print for each file whether it is good; return the good ones."""
    if isolated and len(paths) > CHILDREN:
        cost = f"{len(paths)} files, each in a process of its own, take seconds each; --no-isolated takes less"
        typer.echo(cost, err=True)
    good = []
    for path, fault in zip(paths, _faults(paths, isolated), strict=True):
        print_line(f"BAD    {fault}" if fault else f"ok     {path}")
        good += [] if fault else [path]
    return good


def _faults(paths: Sequence[str], isolated: bool) -> Iterator[CheckpointError | None]:
    """Yield the fault of each file; None if it is good."""
    with ThreadPoolExecutor(min(CHILDREN, os.cpu_count() or 1) if isolated else 1) as threads:
        yield from threads.map(partial(_fault, isolated=isolated), paths)


def _fault(path: str, isolated: bool) -> CheckpointError | None:
    from elastic_pinn.run import load_checkpoint
    from elastic_pinn.storage import CheckpointError, Checkpoints, split_location

    folder, name = split_location(path)
    try:
        Checkpoints(folder).header(name)  # refuses a name with another step than the contents
        load_checkpoint(path, isolated=isolated).model()
    except CheckpointError as error:
        return error
    return None
