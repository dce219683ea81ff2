"""lambda and mu of the shipped data from nine starts between a tenth and ten times the truth.

The starts are a grid in the bulk modulus lambda + 2 mu / 3 and in mu, in which each is a stable solid: lambda itself is
negative where mu is ten times and the bulk modulus a tenth of the truth.
"""

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from report import table, write_section

import elastic_pinn as ep

COMMAND = "python tests/benchmarks/far_starts.py"
PROJECT = Path(__file__).parents[2]
FACTORS = (0.1, 1.0, 10.0)  # of the bulk modulus, and of mu
RANGE = 100.0
WITHIN = 0.01


def recipe() -> Mapping[str, Any]:
    """The parameters of 02_inverse, as the notebook stands."""
    cells = json.loads((PROJECT / "notebooks/02_inverse.ipynb").read_text())["cells"]
    (parameters,) = (cell for cell in cells if "parameters" in cell["metadata"].get("tags", []))
    fields: dict[str, Any] = {}
    exec("".join(parameters["source"]), {}, fields)
    return {name: value for name, value in fields.items() if name not in ("run_dir", "resume")}


def far_off(receivers: ep.Receivers, of_bulk: float, of_mu: float) -> ep.Receivers:
    """The same records, with a start that is so many times the truth."""
    assert receivers.truth is not None, "the shipped data are simulated"
    true = receivers.truth.material
    bulk, mu = of_bulk * (true["lambda"] + 2.0 / 3.0 * true["mu"]), of_mu * true["mu"]
    return replace(receivers, material={"lambda": bulk - 2.0 / 3.0 * mu, "mu": mu, "rho": true["rho"]}, truth=None)


def row(shipped: ep.Receivers, factors: tuple[float, float], changes: Mapping[str, Any]) -> list[str]:
    """A start's line of the table."""
    assert shipped.truth is not None
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "far.h5"
        start = far_off(shipped, *factors)
        start.save(data)
        config = ep.Config(**recipe() | {"data": str(data), "unknown_range": RANGE, "log_level": "error"} | changes)
        started, worked = time.perf_counter(), time.process_time()
        run = ep.train(config, Path(folder) / "run")
        seconds, cpu = time.perf_counter() - started, time.process_time() - worked
        found, fit = run.material(), run.fit
        assert fit is not None
        errors = {name: found[name] / shipped.truth.material[name] - 1.0 for name in ("lambda", "mu")}
        told = [f"{100 * errors[name]:+.3f} %" for name in errors]
        given = [f"{fit.plus_minus[name]:.2g}" if name in fit.plus_minus else "none" for name in errors]
        line = [
            f"{factors[0]:g}, {factors[1]:g}",
            f"{start.material['lambda'] / 1e9:.4g}, {start.material['mu'] / 1e9:.4g}",
            *told,
            ", ".join(given),
            "yes" if run.summary.converged else "no",
            str(run.summary.step),
            f"{seconds:.0f}",
            f"{cpu:.0f}",
            "yes" if max(map(abs, errors.values())) <= WITHIN else "no",
        ]
    print(*line, sep="  ", flush=True)
    return line


def main(starts: Sequence[tuple[float, float]], changes: Mapping[str, Any]) -> None:
    """Search from each start; all nine together write the section."""
    shipped = ep.Receivers.load(PROJECT / "data/aluminium_receivers.h5")
    lines = [row(shipped, start, changes) for start in starts]
    head = ["start: times the bulk modulus, mu", "lambda, mu, GPa", "lambda: error", "mu: error", "± lambda, mu, Pa",
            "converged", "steps", "seconds", "of CPU", f"within {100 * WITHIN:g} %"]  # fmt: skip
    right = sum(line[-1] == "yes" for line in lines)
    text = f"""{table(head, lines)}

{right} of {len(lines)} end within {100 * WITHIN:g} %. 02_inverse as it stands, but for the start and `unknown_range` =
{RANGE:g}. Seconds are those of the whole call of train(), which also works out whether the data are explained."""
    if len(lines) == len(FACTORS) ** 2:
        write_section("far starts", COMMAND, text)
    else:
        print(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--start", type=float, nargs=2, metavar=("BULK", "MU"), help="one start alone; writes nothing")
    parser.add_argument("--threads", type=int, default=2, help="of torch")
    arguments = parser.parse_args()
    every = list(itertools.product(FACTORS, repeat=2))
    main([tuple(arguments.start)] if arguments.start else every, {"threads": arguments.threads})
