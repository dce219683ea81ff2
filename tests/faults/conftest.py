"""Room for files that come and go by the thousand, and a table of what was counted."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture
def fast_path() -> Iterator[Path]:
    """A fresh folder in memory where the system has one: syncing to it costs nothing."""
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY if SHARED_MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What each test of the full sets counted with `record_property`, a line each."""
    if terminalreporter.config.option.markexpr != "faults":
        return
    counted = [report for report in terminalreporter.stats.get("passed", []) if report.user_properties]
    if counted:
        terminalreporter.section("faults")
    for report in counted:
        counts = ", ".join(f"{value:,} {name}" for name, value in report.user_properties)
        terminalreporter.write_line(f"{report.nodeid.rpartition('/')[2]}: {counts} ({report.duration:.1f} s)")
