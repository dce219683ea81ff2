"""How long a frame of the explorer takes: the fields of a network on the grid, and the picture."""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from report import ms, table, write_section

import elastic_pinn as ep
from elastic_pinn.networks import Model
from elastic_pinn.workbench.fields import Fields
from elastic_pinn.workbench.figures.fields import Map

COMMAND = "python tests/benchmarks/explore_frame.py"
NETWORKS = {
    "MLP 4 x 64, float32": {"hidden_layers": [64] * 4},
    "MLP 4 x 100, float64": {"hidden_layers": [100] * 4, "precision": "float64"},
    "1200 random features (01_forward)": {
        "network": "random_features",
        "hidden_layers": [1200],
        "activation": "sin",
        "precision": "float64",
    },
    "3000 plane waves (02_inverse)": {
        "network": "plane_waves",
        "hidden_layers": [3000],
        "activation": "sin",
        "precision": "float64",
    },
}
QUANTITIES = ("magnitude", "stress_xx", "residual")


def seconds(work: Callable[[float], object], times: np.ndarray) -> list[float]:
    """Of each instant but the first."""
    found = []
    for t in times:
        started = time.perf_counter()
        work(float(t))
        found.append(time.perf_counter() - started)
    return found[1:]


def main(nodes: int, frames: int) -> None:
    """Measure, and write the section."""
    rows = []
    for name, fields in NETWORKS.items():
        config = ep.Config(**fields)
        problem = ep.problem_from(config)
        model = Model.create(config, problem.material, problem.scales, torch.Generator().manual_seed(0))
        grid = Fields(model, nodes)
        times = np.linspace(grid.start, grid.end, frames + 1)
        maps = {quantity: Map(grid, quantity) for quantity in QUANTITIES}
        rows.append([name, *(ms(seconds(lambda t, m=m: m.at(t).png(), times)) for m in maps.values())])
        print(rows[-1], statistics.median(seconds(lambda t, g=grid: g.at("magnitude", t), times)), flush=True)
    text = table([f"ms a frame, {nodes} x {nodes} nodes", *QUANTITIES], rows)
    write_section("explorer", COMMAND, f"{text}\n\nMedian (lowest .. highest) of {frames} frames, from instant to PNG.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--frames", type=int, default=8)
    arguments = parser.parse_args()
    main(arguments.nodes, arguments.frames)
