"""Room for files that come and go by the thousand, and a table of what was counted."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.small import SCALE

SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture
def fast_path() -> Iterator[Path]:
    """A fresh folder in memory where the system has one: syncing to it costs nothing."""
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What each test of the full sets counted with `record_property`; a whole run of them rewrites its table."""
    if terminalreporter.config.option.markexpr != "faults":
        return
    passed = terminalreporter.stats.get("passed", [])
    counted = sorted((report.nodeid.rpartition("/")[2], report) for report in passed if report.user_properties)
    rows = [
        [name.replace("|", "/"), ", ".join(f"{value:,} {what}" for what, value in report.user_properties)]
        for name, report in counted
    ]
    terminalreporter.section("faults")
    for row in rows:
        terminalreporter.write_line(": ".join(row))
    whole = SCALE == 1 and not terminalreporter.stats.get("failed") and not terminalreporter.config.option.keyword
    if whole and rows:
        sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
        from report import table, write_section

        write_section("faults", "make test-faults", table(["test", "what it went through, and nothing was lost"], rows))
