"""What a history of a million rows costs: a checkpoint's save and copy, the live file, and reading it all back."""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from report import in_turn, ms, table, write_section

import elastic_pinn as ep
from elastic_pinn.storage import History, LiveHistory, Snapshot, Store

COMMAND = "python tests/benchmarks/history_at_scale.py"
COLUMNS = ["step", "wall_s", "learning_rate", "loss/total", "loss/pde", "loss/boundary", "loss/initial", "grad_norm"]
STEP_S = 5e-3


def filled(rows: int) -> History:
    """A history as training leaves it: appended row by row, with values that do not compress."""
    generator, history = np.random.default_rng(0), History(COLUMNS)
    values = generator.random((rows, len(COLUMNS)))
    for step in range(rows):
        row = dict(zip(COLUMNS, values[step].tolist(), strict=True))
        history.append(row | {"step": step + 1, "learning_rate": 1e-3})
    return history


def snapshot(history: History, generation: int) -> Snapshot:
    """A checkpoint with hardly anything but its history, as Record takes it."""
    contents = {"stage": 0, "config": "{}", "weights": {}, "state": {}, "metrics": {}}
    return Snapshot(step=len(history), generation=generation, history=history.frozen(), **contents)


def saves(first: History, last: History, rounds: int) -> str:
    """The first and the last step's checkpoint, saved and copied in turn."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        store, numbers = Store(Path(folder)), iter(range(1_000_000))

        def save(history: History) -> None:
            store.publish(snapshot(history, next(numbers))).unlink()

        saved = in_turn({"first": lambda: save(first), "last": lambda: save(last)}, rounds)
        size = store.publish(snapshot(last, next(numbers))).stat().st_size / 1e6
    copied = in_turn({"first": lambda: snapshot(first, 0), "last": lambda: snapshot(last, 0)}, rounds)
    rows = [
        ["in the background: built, sealed, synced, read back", ms(saved["first"]), ms(saved["last"])],
        ["in the foreground: the copy", ms(copied["first"]), ms(copied["last"])],
    ]
    return f"{table(['save, ms', 'first step', f'step {len(last):,}'], rows)}\n\nThe last one has {size:.0f} MB."


def live(rows: int) -> str:
    """What history.h5 costs a step, flushes included, and how long it takes to read a whole run."""
    history, values = History(COLUMNS), np.random.default_rng(1).random((rows, len(COLUMNS))).tolist()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        run_dir = Path(folder)
        every = round(1.0 / STEP_S)  # rows between two flushes of a run whose steps take STEP_S
        writer = LiveHistory(run_dir / "history.h5", history, every_s=1e9)
        appending = flushing = worst = 0.0
        for step, row in enumerate(values, 1):
            started = time.perf_counter()
            history.append(dict(zip(COLUMNS, row, strict=True)) | {"step": step})
            writer.update()
            took = time.perf_counter() - started
            appending, worst = appending + took, max(worst, took)
            if step % every == 0:
                started = time.perf_counter()
                writer.flush()
                flushing += time.perf_counter() - started
        writer.close()
        (run_dir / "config.json").write_text(ep.Config().to_json())
        read = in_turn({"run.history()": ep.Run(run_dir).history}, 5)["run.history()"]
    a_step = (appending + flushing) / rows
    figures = [
        [
            "history.h5, a step, flushes included",
            f"{1e6 * a_step:.3g} us",
            f"{100 * a_step / STEP_S:.2f} % of a 5 ms step",
        ],
        ["the slowest row of all, without flushes", f"{1e3 * worst:.3g} ms", ""],
        ["run.history()", f"{ms(read)} ms", ""],
    ]
    return table([f"{rows:,} rows, {len(COLUMNS)} columns", "time", "share"], figures)


def main(rows: int, rounds: int) -> None:
    """Measure all, and write the section."""
    text = f"{saves(filled(1), filled(rows), rounds)}\n\n{live(rows)}"
    write_section("history at scale", COMMAND, text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=10)
    main(**vars(parser.parse_args()))
