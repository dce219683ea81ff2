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


def test_a_panel_brings_nothing_of_the_others():
    heavy = {"dask", "distributed", "papermill", "nbformat", "xarray"}
    code = f"import sys; from elastic_pinn.workbench.panels import TrainPanel; print({heavy} & set(sys.modules))"
    assert told_by(code) == "set()"


def test_who_only_sends_notebooks_to_workers_brings_nothing_that_runs_them():
    code = "import sys, elastic_pinn.workbench.batch.engine; print({'papermill', 'nbformat'} & set(sys.modules))"
    assert told_by(code) == "set()"


def test_own_optimizers_do_not_wake_torchs_compiler(tmp_path):
    few = "interior_points=20, boundary_points=8, initial_points=8, hidden_layers=[6], steps=2, log_level='error'"
    train = f"ep.train(ep.Config({few}, precision='float64', stages=[stage]), r'{tmp_path}/' + stage)"
    stages = ("last_layer", "lbfgs", "ssbroyden", "levenberg_marquardt", "soap")
    code = f"import sys, elastic_pinn as ep\nfor stage in {stages}: {train}\nprint('torch._dynamo' in sys.modules)"
    assert told_by(code) == "False"
