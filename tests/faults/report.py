"""A pytest plugin (`-p tests.faults.report`): what the fault tests went through, as a section of the benchmarks."""

import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.faults.small import SCALE

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from report import table, write_section


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what each test counted with `record_property`; a whole run in which all passed rewrites the section."""
    if hasattr(config, "workerinput"):  # one of several processes, which has not seen all
        return
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for report in terminalreporter.stats.get("passed", []):
        test = report.nodeid.rpartition("::")[2].partition("[")[0]
        counts[test].update(dict(report.user_properties))
    rows = [
        (test, ", ".join(f"{n:,} {what}" for what, n in sorted(found.items())))
        for test, found in counts.items()
        if found
    ]
    terminalreporter.section("faults")
    for row in sorted(rows):
        terminalreporter.write_line(": ".join(row))
    if SCALE == 1 and not terminalreporter.stats.get("failed") and not config.option.keyword:
        write_section(
            "faults",
            "make test-faults",
            table(["test", "what it went through, and nothing was lost or wrong"], sorted(rows)),
        )
