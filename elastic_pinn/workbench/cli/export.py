"""elastic-pinn export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elastic_pinn.workbench.cli.app import app
from elastic_pinn.workbench.cli.arguments import expand_path, load_at
from elastic_pinn.workbench.cli.console import format_size, print_line
from elastic_pinn.workbench.cli.history import print_loss_note
from elastic_pinn.workbench.cli.output_files import Force, refuse_existing, write

if TYPE_CHECKING:
    from elastic_pinn.storage import Found

CSV, PARQUET = ".csv", ".parquet"


@app.command()
def export(
    location: Annotated[
        str, typer.Argument(metavar="FILE|RUN", callback=expand_path, help="A checkpoint, a run, or a URL.")
    ],
    weights: Annotated[
        Path | None,
        typer.Option(metavar="X.safetensors", callback=expand_path, help="Write the weights, for safetensors."),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(metavar="X.csv|X.parquet", callback=expand_path, help="Write every loss term at every step."),
    ] = None,
    torch: Annotated[
        Path | None,
        typer.Option(metavar="X.pt", callback=expand_path, help="Write all of it, for torch.load(weights_only=True)."),
    ] = None,
    best: Annotated[bool, typer.Option("--best", help="Of a run, take the best checkpoint, not the latest.")] = False,
    force: Force = False,
) -> None:
    """Write what is in a checkpoint in other formats.

    Of a run, it is the latest good checkpoint's. The weights have the config and the step in their metadata. In
    Parquet each column's unit is in its field's metadata; in CSV wall_s is in s, material/lambda and material/mu in
    Pa, material/rho in kg/m3.
    """
    wanted = {path: kind for path, kind in ((weights, _weights), (history, _history), (torch, _torch)) if path}
    if not wanted:
        raise typer.TyperException("say what to write: --weights, --history or --torch")
    if history and history.suffix not in (CSV, PARQUET):
        raise typer.TyperException(f"--history {history}: the name must end in {CSV} or {PARQUET}, which it is to be")
    refuse_existing(wanted, force)
    _write_all(load_at(location, best), wanted)


def _write_all(found: Found, wanted: Mapping[Path, Callable[[Found, Path], bytes]]) -> None:
    print_line(f"from {found.path}")
    for path, kind in wanted.items():
        data = kind(found, path)
        write(path, data)
        print_line(f"  {path}  {format_size(len(data))}")


def _weights(found: Found, path: Path) -> bytes:
    from elastic_pinn.workbench.exports.checkpoints import weights_safetensors

    return weights_safetensors(found.snapshot)


def _history(found: Found, path: Path) -> bytes:
    from elastic_pinn.run import Checkpoint
    from elastic_pinn.workbench.exports.checkpoints import history_csv, history_parquet

    frame = Checkpoint(found.path, found.snapshot).history()
    print_loss_note(frame)
    return history_csv(frame) if path.suffix == CSV else history_parquet(frame, found.snapshot.units)


def _torch(found: Found, path: Path) -> bytes:
    from elastic_pinn.workbench.exports.checkpoints import whole_torch

    return whole_torch(found.snapshot)
