"""As many tests as begin within so many minutes, `--minutes 30`, for machines of any speed.

The files are in the order in which pytest collects them, but each commit begins at another one, so that those for which
no time was left come first before long.
"""

import math
import subprocess
import time
from pathlib import Path

import pytest

BEGAN = time.monotonic()
STRIDE = 0.382  # of all files from one commit to the next: by the golden section any few commits begin far apart


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--minutes", type=float, default=math.inf, help="begin no test later than so many from now")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if math.isfinite(config.getoption("--minutes")):
        items[:] = rotated(items, commits(config.rootpath))


@pytest.hookimpl(tryfirst=True)  # before the fixtures
def pytest_runtest_setup(item: pytest.Item) -> None:
    minutes = item.config.getoption("--minutes")
    if time.monotonic() - BEGAN > 60.0 * minutes:
        pytest.skip(f"{minutes:g} minutes are over; another commit begins with other files")


def rotated(items: list[pytest.Item], commits: int) -> list[pytest.Item]:
    """The tests from one of their files on, and then those before it."""
    files = list(dict.fromkeys(item.path for item in items))
    begun = int(STRIDE * commits % 1.0 * len(files))
    place = {path: (number - begun) % len(files) for number, path in enumerate(files)}
    return sorted(items, key=lambda item: place[item.path])


def commits(root: Path) -> int:
    """How many commits led here; 0 where git does not tell."""
    told = subprocess.run(["git", "-C", str(root), "rev-list", "--count", "HEAD"], capture_output=True, text=True)
    return int(told.stdout) if told.returncode == 0 else 0
