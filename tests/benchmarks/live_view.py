"""What watching costs a training run: its time by train() and in a panel whose live pictures are drawn, in turn."""

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path

from report import table, write_section

import elastic_pinn as ep
from elastic_pinn.workbench.panels import TrainPanel

COMMAND = "python tests/benchmarks/live_view.py"
CASES = {
    "8 x 100, 10,000 points": {"hidden_layers": [100] * 8, "steps": 100},
    "3 x 48, 2,000 points": {"hidden_layers": [48] * 3, "interior_points": 2000, "steps": 1500},
}
COMMON = {"checkpoint_every": 0, "threads": 2, "log_level": "warning"}
VIEWS = ("Loss", "Wavefield")


async def watched(config: ep.Config, run_dir: Path, view: str) -> ep.Run:
    """Train in a panel, with one of its live pictures open."""
    panel = TrainPanel(config)
    training = asyncio.create_task(panel.train(str(run_dir)))
    while view not in panel.views.titles:
        await asyncio.sleep(0)
    panel.views.selected_index = panel.views.titles.index(view)
    return await training


def seconds(config: ep.Config, run_dir: Path, view: str) -> float:
    """How long the steps took, watched by a view or by none."""
    run = asyncio.run(watched(config, run_dir, view)) if view else ep.train(config, run_dir)
    return float(run.history()["wall_s"].iloc[-1])


def rows(name: str, config: ep.Config, rounds: int, folder: Path) -> list[list[str]]:
    """A row for each way: seconds, and by how much they are more than without a panel."""
    seconds(config.model_copy(update={"steps": 1}), folder / f"{name} warming up", "")
    measured = [
        {view: seconds(config, folder / f"{name} {view} {i}", view) for view in ("", *VIEWS)} for i in range(rounds)
    ]
    return [_row(name, view, measured) for view in ("", *VIEWS)]


def _row(name: str, view: str, measured: list[dict[str, float]]) -> list[str]:
    taken = [each[view] for each in measured]
    more = [100.0 * (each[view] / each[""] - 1.0) for each in measured]
    told = [f"{statistics.median(v):.3g} ({min(v):.3g} .. {max(v):.3g})" for v in (taken, more)]
    return [f"{name}: {view or 'no panel'}", *told]


def main(rounds: int) -> None:
    """Measure all, and write the section."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        measured = [
            row
            for name, fields in CASES.items()
            for row in rows(name, ep.Config(**COMMON | fields), rounds, Path(folder))
        ]
    head = ["Adam on standing waves: the picture that is watched", "s", "more than without, %"]
    text = f"{table(head, measured)}\n\nMedian (lowest .. highest) of {rounds} rounds, compared within each."
    write_section("live view", COMMAND, text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    main(**vars(parser.parse_args()))
