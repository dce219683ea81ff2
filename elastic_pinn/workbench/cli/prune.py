"""elastic-pinn prune, pin and unpin."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elastic_pinn.workbench.cli.app import app
from elastic_pinn.workbench.cli.arguments import CHECKPOINTS, expand_path
from elastic_pinn.workbench.cli.console import format_number, format_size, print_line, print_table

if TYPE_CHECKING:
    from elastic_pinn.config import Config
    from elastic_pinn.storage import Entry, Policy, Store

OWN = "the run's own"
File = Annotated[
    Path, typer.Argument(metavar="FILE", callback=expand_path, help="A run's checkpoint, checkpoints/step-*.h5.")
]


@app.command()
def prune(
    run: Annotated[str, typer.Argument(metavar="RUN", callback=expand_path, help="A run directory of this machine.")],
    keep_last: Annotated[
        int | None, typer.Option(metavar="N", min=2, show_default=OWN, help="Keep so many of the newest, at least 2.")
    ] = None,
    keep_best: Annotated[
        int | None,
        typer.Option(metavar="K", min=0, show_default=OWN, help="Keep so many of the lowest monitored metric."),
    ] = None,
    keep_every: Annotated[
        int | None,
        typer.Option(metavar="M", min=0, show_default=OWN, help="Keep those whose step is a multiple of it; 0: none."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be removed.")] = False,
) -> None:
    """Remove the checkpoints of a run that no rule keeps.

    Prints why each of the others is kept. Pinned checkpoints are kept, and those that the run's mirror does not have
    yet. Nothing is removed before two of the kept ones were verified, nor while the run is training.
    """
    from elastic_pinn.run import Run
    from elastic_pinn.storage import Store, locked

    if "://" in run:
        raise typer.TyperException(f"{run}: only a run of this machine can be pruned")
    config, run_dir = Run(run).config, Path(run)
    policy = _policy(config, keep_last, keep_best, keep_every)
    store = Store(run_dir / CHECKPOINTS)
    hold = _not_mirrored(store, config, run_dir)
    with nullcontext() if dry_run else locked(run_dir):
        entries = store.entries()
        fates = {} if dry_run else _carry_out(store, policy, hold)
        fates |= _reasons(store, policy, hold)
    _print_fates(entries, fates, "would be removed" if dry_run else "removed")


def _carry_out(store: Store, policy: Policy, hold: Collection[str]) -> dict[str, str]:
    """Remove checkpoints; return name -> result for damaged ones that were found."""
    before = set(store.names())
    removed = {path.name for path in store.retain(policy, hold)}
    store.copy_out()
    return dict.fromkeys(before - removed - set(store.names()), "damaged: moved to quarantine/")


def _policy(config: Config, keep_last: int | None, keep_best: int | None, keep_every: int | None) -> Policy:
    from elastic_pinn.storage import Policy

    return Policy(
        config.keep_last if keep_last is None else keep_last,
        config.keep_best if keep_best is None else keep_best,
        config.keep_every if keep_every is None else keep_every,
    )


def _not_mirrored(store: Store, config: Config, run: Path) -> set[str]:
    """Return the checkpoints that the run's mirror, if it has one, lacks or has with another header. Raises
    CheckpointError if the mirror cannot be reached."""
    from elastic_pinn.storage import Checkpoints, folder_at
    from elastic_pinn.training.lifecycle.resume import mirror_of

    if not (url := mirror_of(config, run)):
        return set()
    there = {entry.name: entry.header for entry in Checkpoints(folder_at(url).inside(CHECKPOINTS)).entries()}
    return set(store.names()) - {entry.name for entry in store.entries() if there.get(entry.name) == entry.header}


def _reasons(store: Store, policy: Policy, hold: Collection[str]) -> dict[str, str]:
    """Return the reason of each kept checkpoint, by name."""
    from elastic_pinn.storage import reasons_to_keep

    reasons = reasons_to_keep(store.entries(), policy, store.pins())
    all_reasons = reasons | {name: [*reasons.get(name, []), "not in the mirror yet"] for name in hold}
    return {name: f"stays: {', '.join(why)}" for name, why in all_reasons.items()}


def _print_fates(entries: Sequence[Entry], fates: Mapping[str, str], going: str) -> None:
    """Print for each checkpoint whether it is removed, or why it is kept."""
    if entries:
        rows = [
            (e.name, format_number(e.header.metric), format_size(e.header.nbytes), fates.get(e.name, going))
            for e in entries
        ]
        print_table([("checkpoint", entries[-1].header.metric_name, "size", ""), *rows], right=(1, 2))
    gone = [entry.header.nbytes for entry in entries if entry.name not in fates]
    print_line(f"{len(gone)} of {len(entries)} checkpoints {going}: {format_size(sum(gone))}")


@app.command()
def pin(
    file: File,
    why: Annotated[str, typer.Option(metavar="TEXT", help="What it is kept for, for people.")] = "by hand",
) -> None:
    """Keep a checkpoint, regardless of the rules."""
    from elastic_pinn import storage

    storage.pin(file, why)
    print_line(f"pinned {file}: {why}")


@app.command()
def unpin(file: File) -> None:
    """Let the rules decide on a checkpoint again."""
    from elastic_pinn import storage

    storage.unpin(file)
    print_line(f"no longer pinned: {file}")
