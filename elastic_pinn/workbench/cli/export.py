"""elastic-pinn export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elastic_pinn.workbench.cli.app import app
from elastic_pinn.workbench.cli.history import say_of_losses
from elastic_pinn.workbench.cli.places import found_at, written_out
from elastic_pinn.workbench.cli.text import say, size
from elastic_pinn.workbench.cli.writing import Force, refuse_existing, write

if TYPE_CHECKING:
    from elastic_pinn.storage import Found

CSV, PARQUET = ".csv", ".parquet"


@app.command()
def export(
    place: Annotated[
        str, typer.Argument(metavar="FILE|RUN", callback=written_out, help="A checkpoint, a run, or a URL.")
    ],
    weights: Annotated[
        Path | None,
        typer.Option(metavar="X.safetensors", callback=written_out, help="Write the weights, for safetensors."),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(metavar="X.csv|X.parquet", callback=written_out, help="Write every loss term at every step."),
    ] = None,
    torch: Annotated[
        Path | None,
        typer.Option(metavar="X.pt", callback=written_out, help="Write all of it, for torch.load(weights_only=True)."),
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
    _write_all(found_at(place, best), wanted)


def _write_all(found: Found, wanted: Mapping[Path, Callable[[Found, Path], bytes]]) -> None:
    say(f"from {found.path}")
    for path, kind in wanted.items():
        data = kind(found, path)
        write(path, data)
        say(f"  {path}  {size(len(data))}")


def _weights(found: Found, path: Path) -> bytes:
    from elastic_pinn.workbench.export import weights_safetensors

    return weights_safetensors(found.snapshot)


def _history(found: Found, path: Path) -> bytes:
    from elastic_pinn.run import Checkpoint
    from elastic_pinn.workbench.export import history_csv, history_parquet

    frame = Checkpoint(found.path, found.snapshot).history()
    say_of_losses(frame)
    return history_csv(frame) if path.suffix == CSV else history_parquet(frame, found.snapshot.units)


def _torch(found: Found, path: Path) -> bytes:
    from elastic_pinn.workbench.export import whole_torch

    return whole_torch(found.snapshot)
