"""The line of geophones of data/line_array.h5: the speeds of both layers by the recipe of data/README.md."""

import math
import re
import tempfile
import time
from pathlib import Path
from typing import Any

from report import table, write_section

import elastic_pinn as ep

COMMAND = "python tests/benchmarks/line_array.py"
README = Path(__file__).parents[2] / "data" / "README.md"
TRUE = {"1": (800.0, 400.0), "2": (400.0, 200.0)}  # c_p and c_s of the half-space and of the layer, m/s
NAMES = {"1": "below", "2": "layer"}


def recipe() -> ep.Config:
    """Return the config of the README."""
    section = README.read_text(encoding="utf-8").partition("\n## line_array.h5\n")[2].partition("\n## ")[0]
    [block] = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    namespace: dict[str, Any] = {"ep": ep}
    exec(block.partition("run = ")[0], namespace)
    return namespace["config"]


def speeds(fit: Any, rho: float, region: str) -> list[tuple[float, float]]:
    """Return c_p and c_s in m/s, each with one standard deviation."""
    names = f"lambda_{region}", f"mu_{region}"
    (lam, mu), (of_lam, of_mu) = ([each.get(name, math.nan) for name in names] for each in (fit.values, fit.plus_minus))
    both = fit.correlations.get(" and ".join(names), math.nan) * of_lam * of_mu
    moduli = ((lam + 2.0 * mu, math.sqrt(of_lam**2 + 4.0 * of_mu**2 + 4.0 * both)), (mu, of_mu))
    return [(math.sqrt(m / rho), math.sqrt(m / rho) * of / m / 2.0) for m, of in moduli]


def rows_of(way: str, config: ep.Config) -> list[list[object]]:
    """Train, and return a row for each part of the ground."""
    started, of_cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        run = ep.train(config, Path(folder) / "run")
        seconds, of_cpu = time.perf_counter() - started, time.process_time() - of_cpu
        fit, material = run.fit, run.material()
    print(way, fit.text, flush=True)
    rows = []
    for region, true in TRUE.items():
        found = speeds(fit, material[f"rho_{region}"], region)
        told = [
            f"{speed:.1f}{'' if math.isnan(of) else f' ± {of:.2g}'}, {100.0 * (speed / right - 1.0):+.2f} %"
            for (speed, of), right in zip(found, true, strict=True)
        ]
        rows.append(
            [f"{way}: {NAMES[region]}", *told, fit.verdict, fit.largest_correlation, f"{seconds:.0f}", f"{of_cpu:.0f}"]
        )
    return rows


def main() -> None:
    """Measure, and write the section."""
    config = recipe()
    rows = [*rows_of("as in data/README.md", config)]
    head = ["way", "c_p, m/s: error", "c_s, m/s: error", "±", "largest correlation", "seconds", "of CPU"]
    write_section(
        "line array",
        COMMAND,
        f"{table(head, rows)}\n\nSeconds are those of the whole call of train(), with its assessment.",
    )


if __name__ == "__main__":
    main()
