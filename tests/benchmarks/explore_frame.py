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
from elastic_pinn.workbench.figures.wavefields.field_maps import FieldMap
from elastic_pinn.workbench.quantities import GridFields

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


def rate(dtype: torch.dtype, size: int = 2000) -> float:
    """How many multiplications and additions a second this machine does in products of matrices."""
    one = torch.ones(size, size, dtype=dtype)
    return 2 * size**3 / min(seconds(lambda _: one @ one, np.arange(6)))


def main(nodes: int, frames: int) -> None:
    """Measure, and write the section."""
    rows = []
    for name, fields in NETWORKS.items():
        config = ep.Config(**fields)
        problem = ep.problem_from(config)
        model = Model.create(config, problem.material, problem.scales, torch.Generator().manual_seed(0))
        grid = GridFields(model, nodes)
        times = np.linspace(grid.start, grid.end, frames + 1)
        maps = {quantity: FieldMap(grid, quantity) for quantity in QUANTITIES}
        rows.append([name, *(ms(seconds(lambda t, m=m: m.at(t).png(), times)) for m in maps.values())])
        print(rows[-1], statistics.median(seconds(lambda t, g=grid: g.at("magnitude", t), times)), flush=True)
    text = table([f"ms a frame, {nodes} x {nodes} nodes", *QUANTITIES], rows)
    work = 8 * 2 * nodes**2 * 3 * 100**2  # of a residual, in the hidden layers: 8 derivatives
    fastest = work / rate(torch.float64)
    write_section(
        "explorer",
        COMMAND,
        f"""{text}

Median (lowest .. highest) of {frames} frames, from instant to PNG; each asks for all nodes. In float64 the
residual of 4 x 100 is {work / 1e9:.0f} thousand million operations, which this machine's fastest products of
matrices do in {1e3 * fastest:.0f} ms: above 0.2 s with the picture whatever the code,
unless fewer nodes were drawn.""",
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=200)
    parser.add_argument("--frames", type=int, default=8)
    arguments = parser.parse_args()
    main(arguments.nodes, arguments.frames)
