"""A pytest plugin (`-p tests.faults.report`): what the fault tests went through, as a section of the benchmarks."""

import sys
from pathlib import Path

import pytest

from tests.faults.small import SCALE

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from report import table, write_section


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what each test counted with `record_property`; a whole run in which all passed rewrites the section."""
    if hasattr(config, "workerinput"):  # one of several processes, which has not seen all
        return
    passed = [report for report in terminalreporter.stats.get("passed", []) if report.user_properties]
    rows = sorted(
        (report.nodeid.rpartition("/")[2], ", ".join(f"{value:,} {what}" for what, value in report.user_properties))
        for report in passed
    )
    terminalreporter.section("faults")
    for name, counts in rows:
        terminalreporter.write_line(f"{name}: {counts}")
    if SCALE == 1 and not terminalreporter.stats.get("failed") and not config.option.keyword:
        write_section("faults", "make test-faults", table(["test", "what it went through"], rows))
