"""Measure all variants, two runs of one thread abreast, and write the table; goes on where it was stopped."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import elastic_pinn as ep
from tests.benchmarks.ablation.problems import FORWARD, INVERSE
from tests.benchmarks.ablation.variants import BASE, FAMILIES, LEFT, RECORDED
from tests.benchmarks.report import table, write_section
from tests.benchmarks.validation.row import Recipe

COMMAND = "make ablation"
KEPT = Path(__file__).with_name("results.jsonl")
SHORT, SEEDS_OF_SHORT = 60, 2
LONG, SEEDS_OF_LONG = 300, 3
BASE_NAME = "base"
REFUSED, NOT_MEASURED = "refused", "not measured"
"""What is in the place of an error: of a run that was refused or diverged, and of one that was never made."""


@dataclass(frozen=True)
class Cell:
    """One run: a variant on a problem from a seed, for some seconds of one processor."""

    variant: str
    problem: str
    seed: int
    seconds: int

    @property
    def recipe(self) -> Recipe:
        """The fields of the config."""
        changed: dict[str, Recipe] = {BASE_NAME: {}}
        for variants in (*FAMILIES.values(), *LEFT.values()):
            changed |= variants
        recorded = RECORDED if self.problem in INVERSE else {}
        return BASE | recorded | changed[self.variant] | {"seed": self.seed}

    @property
    def key(self) -> str:
        """Tells it from any other cell, and from one whose recipe was another."""
        digest = hashlib.sha256(json.dumps(self.recipe, sort_keys=True).encode()).hexdigest()[:12]
        return f"{self.variant} | {self.problem} | {self.seed} | {self.seconds} | {digest}"

    def error(self) -> float:
        """Train for the seconds of this process's own work, and measure how far the answer is off."""
        make, measure = (FORWARD | INVERSE)[self.problem]
        problem, started = make(), time.process_time()

        def end_in_time(row: Mapping[str, float]) -> None:
            if time.process_time() - started > self.seconds:
                control.stop(f"{self.seconds} s of work")

        control = ep.Control(end_in_time)
        with tempfile.TemporaryDirectory() as folder:
            return measure(ep.train(ep.Config(**self.recipe), Path(folder) / "run", problem, control=control), problem)


class Results:
    """What has been measured, kept in a file line by line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text().splitlines() if path.exists() else []
        self._errors: dict[str, float | None] = {line["cell"]: line["error"] for line in map(json.loads, lines)}

    def measure(self, cells: Iterable[Cell]) -> None:
        """Measure those that are not there, each in a process of its own, two abreast."""
        missing = [cell for cell in cells if cell.key not in self._errors]
        with ThreadPoolExecutor(2) as threads:
            for cell, error in zip(missing, threads.map(_in_own_process, missing), strict=True):
                self._errors[cell.key] = error
                with self._path.open("a") as file:
                    file.write(json.dumps({"cell": cell.key, "error": error}) + "\n")
                print(cell.key, error, flush=True)

    def of(self, variant: str, problem: str, seconds: int, seeds: int) -> list[float | str]:
        """The errors from each seed, REFUSED or NOT_MEASURED."""
        keys = [Cell(variant, problem, seed, seconds).key for seed in range(seeds)]
        found = [self._errors.get(key, NOT_MEASURED) for key in keys]
        return [REFUSED if each is None else each for each in found]

    def median(self, variant: str, problem: str, seconds: int, seeds: int) -> float:
        """The median over seeds; a run that was refused counts as infinitely wrong.

        Raises LookupError for one that was not measured.
        """
        found = self.of(variant, problem, seconds, seeds)
        if NOT_MEASURED in found:
            raise LookupError(f"{variant} was not measured on {problem} for {seconds} s from each of {seeds} seeds")
        return statistics.median(math.inf if isinstance(each, str) else each for each in found)


def _in_own_process(cell: Cell) -> float | None:
    """A cell's error, by a process that does nothing else; None where it was refused or diverged.

    Raises RuntimeError for a process that ended in any other way, as by a lack of memory or a signal.
    """
    command = [sys.executable, "-m", "tests.benchmarks.ablation", "--cell", json.dumps(asdict(cell))]
    found = subprocess.run(command, capture_output=True, text=True)
    if found.returncode:
        *_, last = ["no reason told", *found.stderr.strip().splitlines()]
        raise RuntimeError(f"{cell.key} ended with {found.returncode}, and is not kept: {last}")
    error: float | None = json.loads(found.stdout.splitlines()[-1])
    return error


def _tell_error(cell: Cell) -> None:
    """Print a cell's error as JSON, null where it is refused or diverges; why is told beside."""
    try:
        error = cell.error()
    except (ep.ConfigError, ep.DivergedError) as refusal:
        print(refusal, file=sys.stderr)
        error = None
    print(json.dumps(error))


def short_cells() -> Iterator[Cell]:
    """Each variant alone that is in the library."""
    for seed in range(SEEDS_OF_SHORT):
        for variant in (BASE_NAME, *(name for variants in FAMILIES.values() for name in variants)):
            for problem in FORWARD:
                yield Cell(variant, problem, seed, SHORT)


def best_of(results: Results, family: str) -> str:
    """The variant whose errors are the smallest relative to the base's, in the geometric mean over the problems."""

    def rank(variant: str) -> float:
        errors = [results.median(variant, problem, SHORT, SEEDS_OF_SHORT) for problem in FORWARD]
        return sum(map(math.log, errors)) if all(map(math.isfinite, errors)) else math.inf

    return min(FAMILIES[family], key=rank)


def long_cells(winners: Sequence[str]) -> Iterator[Cell]:
    """The base and each family's best for longer, and on the inverse problem."""
    for seed in range(SEEDS_OF_LONG):
        for variant in (BASE_NAME, *winners):
            for problem in INVERSE:
                yield Cell(variant, problem, seed, SHORT)
            for problem in FORWARD:
                yield Cell(variant, problem, seed, LONG)


def told(errors: Sequence[float | str]) -> str:
    """Median and range of errors, in a table, or why there is none."""
    for missing in (NOT_MEASURED, REFUSED):
        if missing in errors:
            return missing
    found = [each for each in errors if not isinstance(each, str)]
    return f"{statistics.median(found):.1e} ({min(found):.1e} .. {max(found):.1e})"


def write(results: Results, winners: Sequence[str]) -> None:
    """Write the section of the table."""
    names = {BASE_NAME: ("", BASE_NAME)}
    for family, variants in FAMILIES.items():
        names |= {variant: (family, variant) for variant in variants}
        names |= {variant: (family, f"{variant} (left the library)") for variant in LEFT.get(family, {})}
    rows = [
        [*name, *(told(results.of(variant, problem, SHORT, SEEDS_OF_SHORT)) for problem in FORWARD)]
        for variant, name in names.items()
    ]
    text = NOTE.format(seconds=SHORT, seeds=SEEDS_OF_SHORT) + table(["family", "variant", *FORWARD], rows)
    if winners:
        rows = [
            [
                variant,
                *(told(results.of(variant, problem, LONG, SEEDS_OF_LONG)) for problem in FORWARD),
                *(told(results.of(variant, problem, SHORT, SEEDS_OF_LONG)) for problem in INVERSE),
            ]
            for variant in (BASE_NAME, *winners)
        ]
        text += (
            f"\n\nEach family's best after {LONG} s, and lambda and mu from records with 1 % noise after {SHORT} s, "
        )
        text += f"{SEEDS_OF_LONG} seeds:\n\n" + table(["variant", *FORWARD, *INVERSE], rows)
    write_section("ablation", COMMAND, text)


NOTE = """The base is an MLP 3 x 32 of tanh from Glorot's start, all layers trained in float64 by 500 steps of SOAP and
then by SSBroyden, on 1500, 400 and 300 Latin hypercube points inside, on each side and at the start; each variant
differs from it in one thing. Points are drawn anew, or moved, and weights change every 100 steps, in SSBroyden where it
restarts, every 500. Sines are the best on A' and C of the networks without hard conditions, and with a steeper start on
the free side; Sobol points are the best samples on each. What moves points or weights makes SSBroyden begin anew, which
costs more than it brings on A' and C; on the free side R3 and attention are a little ahead of the base. R3 and
ReLoBRaLo stay as the best ways that adapt, and drawing all points anew, which wins nowhere, as what R3 does with the
points that it drops. Start and sides that hold exactly take A' to 6e-5, where both are given all around, and do harm
beside free sides. C is missed altogether by half of the base's runs; sines, Sobol points and swish solve it from both
seeds. Of what has left the library, the mean of the two seeds, which is their median, is on no problem below both the
base's and 0.1. RAD misses the base's on the free side by 4 %, though it is below for one seed.

After five minutes Sobol points, and sines from a steeper start, are ahead of the base on each of the three, and solve C
from each seed, to less than 6e-6 in the median, where two of the base's three runs miss it. Both are defaults, sines
without the steeper start, by which they differ less than seeds do. ReLoBRaLo solves C from each seed, too, to 2e-3, and
is behind the base elsewhere, so that weights are fixed by default. Potentials are not ahead of the base after five
minutes on any problem, so that the displacement is the default. Of lambda and mu the base, Sobol points and sines are
all about 1e-3 off; with ReLoBRaLo one run of three went to another minimum.

Relative error after {seconds} s of one processor, median and range of {seeds} seeds:

"""
"""What tests/test_ablation.py holds to the results that are kept."""


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cell", type=json.loads, help="one run, for the processes that this one starts")
    parser.add_argument("--short", action="store_true", help="each variant alone, without the best for longer")
    arguments = parser.parse_args()
    if arguments.cell:
        _tell_error(Cell(**arguments.cell))
        return
    results = Results(KEPT)
    results.measure(short_cells())
    winners = [] if arguments.short else [best_of(results, family) for family in FAMILIES]
    results.measure(long_cells(winners) if winners else ())
    write(results, winners)


if __name__ == "__main__":
    main()
