"""Within a number of minutes tests run in an order that differs from commit to commit; those left are named."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.time_box import rotated

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize(("minutes", "outcome"), [("60", "2 passed"), ("0", "2 skipped")])
def test_no_test_begins_after_the_minutes(minutes, outcome, tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_some.py").write_text("def test_one(): pass\ndef test_two(): pass\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.time_box", "-p", "no:cacheprovider", "--minutes", minutes]
    done = subprocess.run([*command, "-ra", str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert outcome in done.stdout and done.returncode == 0, done.stdout + done.stderr
    assert (f"{minutes} minutes are over" in done.stdout) == (outcome == "2 skipped")


def test_each_file_comes_first_before_long_and_every_test_stays():
    items = [SimpleNamespace(path=f"file {number // 3}", number=number) for number in range(30)]
    first = set()
    for commits in range(20):
        found = rotated(items, commits)
        assert sorted(item.number for item in found) == list(range(30))
        changes = sum(one.path != other.path for one, other in pairwise(found))
        assert changes == 9, "tests of a file stay together"
        first.add(found[0].path)
    assert len(first) == 10
