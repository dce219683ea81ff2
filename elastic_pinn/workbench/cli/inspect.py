"""elastic-pinn inspect."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elastic_pinn.readable import duration
from elastic_pinn.workbench.cli.app import app
from elastic_pinn.workbench.cli.arguments import (
    CHECKPOINTS,
    QUARANTINE,
    checkpoints_of,
    expand_path,
    is_plain_hdf5,
    is_run,
)
from elastic_pinn.workbench.cli.console import format_number, format_size, print_line, print_table
from elastic_pinn.workbench.contents import lines_of

if TYPE_CHECKING:
    from elastic_pinn.config import Config
    from elastic_pinn.fit import Fit
    from elastic_pinn.run import Run
    from elastic_pinn.storage import CheckpointError, Checkpoints, Entry, Header, Snapshot


MOST_S = 120  # of a process that reads a receiver file
RECEIVERS = "elastic_pinn receivers"  # how the format of any version begins


@app.command()
def inspect(
    location: Annotated[
        str,
        typer.Argument(
            metavar="FILE|RUN", callback=expand_path, help="A checkpoint, a run, a receiver file, or a URL."
        ),
    ],
    isolated: Annotated[
        bool, typer.Option(help="Read the file in a process of its own, in which a crash, a hang or a bomb ends.")
    ] = True,
    config: Annotated[bool, typer.Option("--config", help="Show the whole config, not only what differs.")] = False,
    checks: Annotated[
        bool,
        typer.Option("--checks", help="Measure by how much a run's wavefield misses what is required."),
    ] = False,
) -> None:
    """Show the status of a run, the contents of a checkpoint, or what a receiver file holds.

    For a run: its status and the reason, the config where it differs from the defaults, and its checkpoints by their
    headers; `verify` reads them completely. With --checks also the largest misfits of the equation of motion, of each
    side and of the start. For a checkpoint, after verification: its origin, config, metrics, what it found, and all
    its contents with types and shapes. For a receiver file: what `import` says of it, and where it is from.
    """
    if is_run(location):
        _print_run(location, config)
        if checks:
            _print_checks(location)
    elif is_plain_hdf5(location):
        _print_isolated(location) if isolated else _print_receivers(location)
    else:
        _print_file(location, isolated, config)


def _print_run(location: str, whole_config: bool) -> None:
    from elastic_pinn.run import Run

    run = Run(location)
    print_line(f"run {location}")
    print_table(list(_status_lines(run)))
    _print_config(run.config, whole_config)
    _print_checkpoints(checkpoints_of(location))
    for name in checkpoints_of(location, QUARANTINE).names():
        print_line(f"  {QUARANTINE}/{name}: was found damaged, and is not used")


def _print_isolated(location: str) -> None:
    """Let a process of its own open a file with HDF5's library, and print what it does."""
    from elastic_pinn.physics.data import ReceiverFileError

    # -P: a module that lies beside the file must not be imported in the place of one of ours.
    command = [sys.executable, "-P", "-m", "elastic_pinn", "inspect", "--no-isolated", "--", location]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=MOST_S)
    except subprocess.TimeoutExpired:
        raise ReceiverFileError(
            f"{location} made the process that read it hang for {MOST_S} s: fetch it anew"
        ) from None
    typer.echo(done.stdout, nl=False)
    typer.echo(done.stderr, err=True, nl=False)
    if done.returncode < 0:
        raise ReceiverFileError(f"{location} made the process that read it fail: fetch it anew")
    raise typer.Exit(done.returncode)


def _print_receivers(location: str) -> None:
    import h5py

    from elastic_pinn.physics.data import Receivers
    from elastic_pinn.physics.data.hdf5_values import text
    from elastic_pinn.physics.data.readers.doubts import doubts
    from elastic_pinn.physics.data.readers.summary import summary

    with suppress(OSError), h5py.File(location) as file:  # what is damaged is told as a receiver file
        if not text(file.attrs.get("format", "")).startswith(RECEIVERS):
            _print_file(location, False, False)  # which tells that it is none
    receivers = Receivers.load(location)
    print_line(f"receiver file {location}{receivers.title and f': {receivers.title}'}")
    lines = [*summary(receivers), *(f"doubtful: {each}" for each in doubts(receivers)), receivers.provenance]
    for line in filter(None, lines):
        print_line(f"  {line}")


def _print_checks(location: str) -> None:
    from elastic_pinn.run import Run
    from elastic_pinn.workbench.text import NO_BREAK, readable_checks

    print_line("checks of the newest checkpoint: the largest misfits and their rms, and relative to what")
    every = readable_checks(Run(location)).replace(NO_BREAK, " ", regex=True).itertuples()
    rows = [(*row[:-1], f"of the {row[-1]}") for row in every]
    print_table([("", "largest", "relative", "rms", ""), *rows], right=(1, 2, 3))


def _status_lines(run: Run) -> Iterator[tuple[str, str]]:
    """Yield the status of a run, from its summary."""
    from elastic_pinn.fit import NOT_ASSESSED
    from elastic_pinn.storage import CheckpointError, UnreadableError
    from elastic_pinn.workbench.text import status_text
    from elastic_pinn.workbench.verdict import fit_texts

    try:
        summary, reason = run.summary, run.reason
        status = status_text(run.status, len(summary.warnings))
    except UnreadableError as error:  # the disk may have been full before the first summary
        yield "status", f"not known: {error}"
        return
    yield "status", f"{status}: {reason}" if reason else status
    for text in summary.warnings:
        yield "warning", text
    steps = f" of {summary.steps}" if summary.steps else ""
    yield "step", f"{summary.step}{steps}, {duration(summary.wall_s)} of training"
    if not summary.run_id:  # incomplete: the disk was full at the start
        return
    yield "as of", summary.updated
    of = {"error/estimated": "displacement", "error/estimated_stress": "stress"}
    if errors := [
        f"{format_number(summary.metrics[name])} of the {of[name]}" for name in of if name in summary.metrics
    ]:
        yield "estimated", f"relative L2 error {', '.join(errors)}"
    yield "material", ", ".join(_constants(summary.material))
    if run.config.sought or summary.fit:
        try:
            fit = run.fit_in(summary)
            first, *below = fit_texts(fit) if fit else [NOT_ASSESSED]
            yield "fit", first
            yield from (("", line) for line in below)
        except CheckpointError as error:
            yield "fit", f"not known: {error}"
    yield "process", f"{summary.pid} on {summary.host}, started at {summary.started}"
    yield "run id", f"{summary.run_id}, generation {summary.generation}"
    if summary.parent:
        yield "resumed from", summary.parent
    for change in summary.no_longer_bitwise:
        yield "changed", change
    if "checkpoint_failures" in summary.model_fields_set:  # runs of older versions lack it
        held_up = f"training was held up for {duration(summary.checkpoint_blocked_s)}"
        yield "saving", f"{summary.checkpoint_failures} checkpoints failed; {held_up}"
        if summary.checkpoint_failure:
            yield "", f"the last one failed: {summary.checkpoint_failure}"


def _constants(material: Mapping[str, float]) -> Iterator[str]:
    """Each constant of the material, or of the materials, in words."""
    from elastic_pinn.physics.media.material import PARAMETERS, unit_of

    several = [name for name in material if name not in PARAMETERS]
    for name in several or PARAMETERS:
        yield f"{name} {material[name]:.6g} {unit_of(name)}" if name in material else f"{name} varies"


def _print_config(config: Config, whole: bool) -> None:
    differences = type(config)().differences(config)
    values = config.flat() if whole else {name: value for name, (_, value) in differences.items()}
    total = len(config.flat())
    print_line(f"config, {len(values)} of {total} fields{'' if whole else '; the others are as by default'}")
    defaults = {name: f"  default {_plain(default)}" for name, (default, _) in differences.items()}
    if values:  # no column of defaults: a long value would push all of it away
        print_table([(name, f"{_plain(value)}{defaults.get(name, '')}") for name, value in values.items()])


def _plain(value: Any) -> str:
    """Return a value as it is written in a notebook's parameters."""
    from elastic_pinn.config_sections import as_written

    return repr(as_written(value))


def _print_checkpoints(checkpoints: Checkpoints) -> None:
    """Print a row for each checkpoint, from its header alone."""
    from elastic_pinn.storage import CheckpointError, Entry

    headers: dict[str, Header | CheckpointError] = {}
    for name in checkpoints.names():
        try:
            headers[name] = checkpoints.header(name)
        except CheckpointError as error:
            headers[name] = error
    good = [Entry(name, header) for name, header in headers.items() if not isinstance(header, CheckpointError)]
    marks = _marks(good, checkpoints.pins())
    print_line(f"checkpoints, by their headers; `elastic-pinn verify` reads them whole: {len(headers)}")
    if headers:
        title = ("checkpoint", "step", "generation", good[-1].header.metric_name if good else "", "size", "")
        print_table([title, *(_row(name, header, marks) for name, header in headers.items())], right=(1, 2, 3, 4))


def _marks(good: Sequence[Entry], pins: Mapping[str, str]) -> dict[str, str]:
    """Return the marks of checkpoints: latest, best, pinned and the reason."""
    from elastic_pinn.storage import best_first

    marks = [(entry.name, "latest") for entry in good[-1:]]
    marks += [(entry.name, "best") for entry in best_first(good)[:1]]
    marks += [(name, f"pinned: {why}") for name, why in pins.items()]
    return {name: ", ".join(mark for of, mark in marks if of == name) for name, _ in marks}


def _row(name: str, header: Header | CheckpointError, marks: Mapping[str, str]) -> tuple[str, ...]:
    if isinstance(header, Exception):
        return name, "", "", "", "", f"BAD: {header.fault}"
    return (
        name,
        str(header.step),
        str(header.generation),
        format_number(header.metric),
        format_size(header.nbytes),
        marks.get(name, ""),
    )


def _print_file(location: str, isolated: bool, whole_config: bool) -> None:
    from elastic_pinn.run import known_config
    from elastic_pinn.storage import parse_isolated, parse_snapshot, read_sealed

    header, data = read_sealed(location)
    snapshot = (parse_isolated if isolated else parse_snapshot)(location, data)
    config = known_config(location, snapshot)
    print_line(f"checkpoint {location}")
    print_table(_origin(header, snapshot, config))
    _print_config(config, whole_config)
    print_line("metrics")
    print_table(
        [(name, format_number(value), snapshot.units.get(name, "")) for name, value in snapshot.metrics.items()],
        right=(1,),
    )
    if unknowns := [name for name in snapshot.weights if name.startswith("material.") and ".log_" in name]:
        print_line("found")
        for line in _found_lines(location, snapshot, unknowns):
            print_line(f"  {line}")
    print_line("contents")
    for line in lines_of(snapshot):
        print_line(f"  {line}")


def _found_lines(location: str, snapshot: Snapshot, unknowns: Sequence[str]) -> Iterator[str]:
    """Yield what a checkpoint found: with ± and verdict if it is the one that its run's summary is about.

    unknowns: names of weights, as "material.log_mu" or "material.2.log_bulk", by which lambda is found.
    """
    from elastic_pinn.workbench.figures.style.units import unit_of_constant
    from elastic_pinn.workbench.text import value_text
    from elastic_pinn.workbench.verdict import fit_texts

    if fit := _fit_at(location, snapshot):
        yield from fit_texts(fit)
        return
    for weight in unknowns:
        *region, constant = weight.removeprefix("material.").split(".")
        name = "_".join([constant.removeprefix("log_").replace("bulk", "lambda"), *region])
        value = snapshot.metrics.get(f"material/{name}", nan)
        unit = unit_of_constant(name, value)
        yield value_text(name, value / unit.size, nan, unit.name)
    yield "± and verdict are known only for the newest checkpoint of a run that has ended"


def _fit_at(location: str, snapshot: Snapshot) -> Fit | None:
    """The verdict in the summary of a checkpoint's run if it is on this checkpoint."""
    from elastic_pinn.run import Run
    from elastic_pinn.storage import CheckpointError

    path = location if "://" in location else str(Path(location).absolute())
    run_dir, _, name = path.rpartition(f"/{CHECKPOINTS}/")
    try:
        run = Run(run_dir)
        summary, fit = run.summary, run.fit
    except (CheckpointError, FileNotFoundError):
        return None
    return fit if fit and summary.checkpoint == name and fit.step == snapshot.step else None


def _origin(header: Header, snapshot: Snapshot, config: Config) -> Iterator[tuple[str, str]]:
    """Yield the origin of a checkpoint."""
    own = snapshot.attributes
    versions = [
        f"{name.removeprefix('version_')} {value}" for name, value in own.items() if name.startswith("version_")
    ]
    yield "verdict", f"good: all {header.nbytes} bytes are as they were sealed, and hold a checkpoint"
    yield "SHA-256", header.sha256.hex()
    stage = "".join(config.stages[snapshot.stage : snapshot.stage + 1])  # "": a foreign file may have any stage
    yield (
        "step",
        f"{snapshot.step} of {config.steps}, stage {snapshot.stage} ({stage}), generation {snapshot.generation}",
    )
    yield "created", snapshot.created
    yield "metric", f"{snapshot.metric_name} = {format_number(snapshot.metric)}"
    yield "written by", f"format version {header.format_version}; {', '.join(versions)}"
    for name, value in own.items():
        if not name.startswith("version_") and value != "":
            yield name.replace("_", " "), str(value)
