"""The section of README.md about estimated and true errors."""

import math
import statistics
from collections import Counter
from collections.abc import Sequence

import numpy as np

from tests.benchmarks.known_errors.cases import FAMILIES, SEED, WHOLE
from tests.benchmarks.known_errors.ways import Measured
from tests.benchmarks.report import table

FACTOR = 3.0  # within which an estimate is promised
OFTEN = 0.9  # of the runs
LARGE, TOLD = 0.3, 0.1  # a true error above the first is promised an estimate above the second
NOTABLE = 2.0  # estimates that are off by a larger factor are listed

HEAD = ["row", "changed", "true", "estimate / true", "true, stress", "estimate / true, stress"]
HEAD_OF_FAMILIES = ["family", "runs", "true", "estimate / true", f"within a factor of {FACTOR:g}",
                    "estimate / true, stress", "s of the estimate / s of training"]  # fmt: skip
HEAD_OF_PROMISE = ["runs", "the promise", f"within a factor of {FACTOR:g}",
                   f"above {TOLD:.0%} where the truth is above {LARGE:.0%}",
                   f"stress within a factor of {FACTOR:g}"]  # fmt: skip
HEAD_OF_WHOLE = ["row", "true", "estimate / true", "s of training", "s of the estimate"]
HEAD_OF_WAYS = ["way", "runs", "median of estimate / true", "half of the runs", "all runs",
                f"within a factor of {FACTOR:g}"]  # fmt: skip


def text_of(runs: Sequence[Measured], picture: str) -> str:
    """All of it; `picture` is the figure's file."""
    kinds = ", ".join(f"{kind} ({count})" for kind, count in Counter(run.case.kind for run in runs).most_common())
    families = [(name, [run for run in runs if run.case.family == name]) for name in FAMILIES]
    drawn, chosen = ([run for run in runs if run.case.is_drawn == each] for each in (True, False))
    notable = [run for run in runs if not (is_within(run.ratio, NOTABLE) and is_within(run.stress_ratio, NOTABLE))]
    whole = [run for run in runs if run.case.size == WHOLE]
    promise = f"The promise is an estimate within a factor of {FACTOR:g} of the truth in {OFTEN:.0%} of the runs"
    promise += f", and never one below {TOLD:.0%} where the truth is above {LARGE:.0%}"
    told_of_notable = f"\n\n{table(HEAD, map(line_of, notable))}" if notable else ""
    lines_of_promise = [line_of_promise(*each) for each in (("chosen", chosen), ("drawn at random", drawn)) if each[1]]
    return f"""Relative L2 errors over domain and time of {len(runs)} runs of rows above, most of them of half
the size, with changes. Networks: {kinds}.
No run is given the exact field. The true error is by Gauss's quadrature, over time alone of shapes that are no box; of
the recorded plates it is that at the receivers, most of them on the sides, and the estimate is over all of the plate.

{table(HEAD_OF_FAMILIES, [line_of_family(name, some) for name, some in families if some])}

Lowest .. highest, of seconds (of CPU time) the median; most of these runs train for a few tenths of a second, and all
take about 5 minutes by two processes. The stress counts where torch can differentiate the exact field. The largest
deviations: of plates the truth is known at receivers alone; errors of rounding's size grow a hundredfold within the
last time step.

{promise}:

{table(HEAD_OF_PROMISE, lines_of_promise)}

Rows as they are in the table above, of full size:

{table(HEAD_OF_WHOLE, map(line_of_whole, whole))}

![Estimated against true errors of displacement and stress]({picture})

Other ways to estimate the displacement's error of the same runs:

{table(HEAD_OF_WAYS, lines_of_ways(runs))}

Energy: what the residual and the misfits of sides and start can do at most, by the energy of the error's integral over
time; none of a plate at rest. Two seeds: the difference from a second run of the same config. Half of the runs: between
the quartiles.

Off by more than a factor of {NOTABLE:g}, displacement or stress: {len(notable)} of {len(runs)}.{told_of_notable}

Drawn at random, by seed {SEED}, which was set once the method was settled and before any of these was solved:

{table(HEAD, map(line_of, drawn))}"""


def line_of(run: Measured) -> list[str]:
    """The line of a run."""
    numbers = f"{run.true:.1e}", f"{run.ratio:.2f}", f"{run.true_stress:.1e}", f"{run.stress_ratio:.2f}"
    return [run.case.row, run.case.change, *("" if each == "nan" else each for each in numbers)]


def line_of_whole(run: Measured) -> list[str]:
    """The line of a run of full size."""
    return [run.case.row, f"{run.true:.1e}", f"{run.ratio:.2f}", f"{run.training:.1f}", f"{run.estimating:.1f}"]


def line_of_family(name: str, runs: Sequence[Measured]) -> list[object]:
    """The line of a family."""
    true = [run.true for run in runs]
    return [
        name,
        len(runs),
        f"{min(true):.0e} .. {max(true):.0e}",
        span([run.ratio for run in runs]),
        count_within([run.ratio for run in runs]),
        span([run.stress_ratio for run in runs]),
        f"{statistics.median(run.estimating / run.training for run in runs):.2f}",
    ]


def line_of_promise(name: str, runs: Sequence[Measured]) -> list[object]:
    """Whether the promise holds for some runs."""
    within = sum(is_within(run.ratio, FACTOR) for run in runs)
    large = [run for run in runs if run.true > LARGE]
    told = sum(run.estimate > TOLD for run in large)
    holds = within >= OFTEN * len(runs) and told == len(large)
    return [
        name,
        "**holds**" if holds else "**does not hold**",
        count_within([run.ratio for run in runs]),
        f"{told} of {len(large)}",
        count_within([run.stress_ratio for run in runs]),
    ]


def lines_of_ways(runs: Sequence[Measured]) -> list[list[object]]:
    """What each way gives, relative to the truth."""
    ways = {
        "finite elements for the error: `Run.estimate_error`": [run.ratio for run in runs],
        "energy": [run.energy / run.true for run in runs],
        "two seeds": [run.two / run.true for run in runs],
    }
    lines: list[list[object]] = []
    for name, ratios in ways.items():
        some = known(ratios)
        low, high = np.quantile(some, [0.25, 0.75])
        half = f"{low:.2f} .. {high:.2f}"
        lines.append([name, len(some), f"{statistics.median(some):.2f}", half, span(some), count_within(some)])
    return lines


def known(ratios: Sequence[float]) -> list[float]:
    """Those that there are."""
    return [each for each in ratios if not math.isnan(each)]


def is_within(ratio: float, factor: float) -> bool:
    """Whether a ratio of estimate and truth is right within a factor, or there is none."""
    return math.isnan(ratio) or 1.0 / factor <= ratio <= factor


def count_within(ratios: Sequence[float]) -> str:
    """How many of those that there are are right within the factor that is promised."""
    some = known(ratios)
    return f"{sum(is_within(each, FACTOR) for each in some)} of {len(some)}" if some else ""


def span(ratios: Sequence[float]) -> str:
    """The lowest and the highest of those that there are."""
    some = known(ratios)
    return f"{min(some):.2f} .. {max(some):.2f}" if some else ""
