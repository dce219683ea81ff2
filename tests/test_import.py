"""What `import elastic_pinn` and the commands bring with them, in processes of their own."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import elastic_pinn as ep

HEAVY = ("IPython", "fsspec", "ipywidgets", "matplotlib", "numba", "pandas", "plotly", "scipy")
TORCH = ("torch", "h5py", *HEAVY)


def told_by(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def brought_by(code: str, of: tuple[str, ...]) -> str:
    """Which of some modules a piece of code loads, as a set is written."""
    around = f"import sys\nbefore = set(sys.modules)\n{code}\nprint((set(sys.modules) - before) & {set(of)})"
    return told_by(around).splitlines()[-1]


def test_importing_and_making_a_config_bring_no_torch():
    code = "import elastic_pinn as ep; dir(ep); ep.ElasticPinnError; ep.Config(steps=3)"
    assert brought_by(code, TORCH) == "set()"


def test_training_brings_nothing_heavy_that_torch_does_not():
    code = "import torch; before = set(sys.modules); import elastic_pinn as ep; ep.train, ep.Run"
    assert brought_by(code, HEAVY) == "set()"


def test_a_command_finds_all_that_it_needs_in_a_process_of_its_own():
    run = Path(__file__).parent / "golden" / "plane_waves-receivers"
    assert "fit" in told_by(f"from elastic_pinn.workbench.cli.app import app; app(['inspect', {str(run)!r}])")


@pytest.mark.slow
def test_each_module_of_the_workbench_can_be_the_first_that_is_imported():
    code = """if True:
        import importlib, pkgutil, sys
        from elastic_pinn import workbench
        for module in pkgutil.walk_packages(workbench.__path__, "elastic_pinn.workbench."):
            for name in [name for name in sys.modules if name.startswith("elastic_pinn.workbench")]:
                del sys.modules[name]
            importlib.import_module(module.name)
            print(module.name)
        """
    assert "elastic_pinn.workbench.verdict" in told_by(code).split()


def test_each_public_name_is_there_and_stays_the_same_object():
    for name in ep.__all__:
        assert getattr(ep, name) is getattr(ep, name)
    assert set(ep.__all__) | {"physics", "storage", "training", "networks", "run", "config"} <= set(dir(ep))


@pytest.mark.parametrize("wing", ["physics", "networks", "training", "storage"])
def test_a_wing_lists_its_public_names_before_it_imports_them(wing):
    code = f"from elastic_pinn import {wing}; print(set({wing}.__all__) <= set(dir({wing})))"
    assert told_by(code) == "True"
    assert brought_by(code, TORCH) == "set()"
    module = getattr(ep, wing)
    assert all(getattr(module, name) is getattr(module, name) for name in module.__all__)
    with pytest.raises(AttributeError, match=f"module 'elastic_pinn.{wing}' has no attribute 'no_such_name'"):
        _ = module.no_such_name


def test_a_public_name_is_the_one_of_its_wing_and_can_be_pickled():
    from elastic_pinn import Config, Run
    from elastic_pinn.config import Config as there
    from elastic_pinn.run import Run as run_there

    assert Config is there and Run is run_there is ep.Run
    assert pickle.loads(pickle.dumps(ep.Config(steps=3))) == ep.Config(steps=3)
    assert pickle.loads(pickle.dumps(ep.train)) is ep.train


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        _ = ep.no_such_name
    with pytest.raises(ImportError, match="no_such_name"):
        from elastic_pinn import no_such_name  # noqa: F401


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["verfy"],
        ["verify"],
        ["sweep", "--help"],
        ["import", "--help"],
        ["import", "scan.csv"],
        ["run", "notebooks/01_forward.ipynb", "stesp=3"],
        ["run", "nowhere.ipynb"],
        ["sweep", "nowhere.yaml"],
    ],
)
def test_what_a_command_answers_at_once_it_answers_without_torch(words):
    code = f"from elastic_pinn.workbench.cli import app\ntry: app({words})\nexcept SystemExit: pass"
    assert brought_by(code, (*TORCH, "papermill", "distributed")) == "set()"


@pytest.mark.slow
def test_a_panel_brings_nothing_of_the_others():
    heavy = ("dask", "distributed", "papermill", "nbformat", "xarray")
    assert brought_by("from elastic_pinn.workbench.panels import TrainPanel", heavy) == "set()"


def test_who_only_sends_notebooks_to_workers_brings_nothing_that_runs_them():
    assert brought_by("import elastic_pinn.workbench.batch.engine", ("papermill", "nbformat")) == "set()"


@pytest.mark.slow
def test_own_optimizers_do_not_wake_torchs_compiler(tmp_path):
    few = "interior_points=20, boundary_points=8, initial_points=8, hidden_layers=[6], steps=2, log_level='error'"
    train = f"ep.train(ep.Config({few}, precision='float64', stages=[stage]), r'{tmp_path}/' + stage)"
    stages = ("last_layer", "lbfgs", "ssbroyden", "levenberg_marquardt", "soap")
    code = f"import sys, elastic_pinn as ep\nfor stage in {stages}: {train}\nprint('torch._dynamo' in sys.modules)"
    assert told_by(code) == "False"
