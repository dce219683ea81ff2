"""The shipped raw table is that of the script, from the shipped recording."""

import runpy
from pathlib import Path

DATA = Path(__file__).parents[2] / "data"


def test_the_shipped_table_is_what_its_script_writes(tmp_path):
    make = runpy.run_path(str(DATA / "make_aluminium_scan.py"))
    make["main"](["--output", str(tmp_path / "scan.csv")])
    assert (tmp_path / "scan.csv").read_bytes() == (DATA / "aluminium_scan.csv").read_bytes()
