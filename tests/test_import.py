"""What `import elastic_pinn` brings with it, in processes of its own."""

import subprocess
import sys

HEAVY = ("IPython", "fsspec", "ipywidgets", "matplotlib", "numba", "pandas", "plotly", "scipy")


def told_by(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_importing_brings_nothing_heavy_that_torch_does_not():
    brought = "set(sys.modules) - before"
    code = f"import sys, torch; before = set(sys.modules); import elastic_pinn; print({set(HEAVY)} & ({brought}))"
    assert told_by(code) == "set()"


def test_importing_leaves_the_garbage_collector_as_it_was():
    left = "import gc, elastic_pinn; print(gc.isenabled())"
    assert told_by(left) == "True"
    assert told_by("import gc; gc.disable(); " + left) == "False"
