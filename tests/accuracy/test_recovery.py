"""The notebooks as they stand reach what they promise: minutes each, by `make test-accuracy`."""

import subprocess
import sys
from pathlib import Path

import pytest

import elastic_pinn as ep
from elastic_pinn.workbench.batch import Notebook
from elastic_pinn.workbench.batch.headless import run_notebook

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.accuracy


def errors(run: ep.Run, data: Path) -> dict[str, float]:
    """Relative errors of the two unknowns."""
    truth, found = ep.Receivers.load(data).truth.material, run.material()
    return {name: abs(found[name] / truth[name] - 1) for name in ("lambda", "mu")}


def test_forward_wavefield_is_within_a_millionth(tmp_path):
    run_notebook(Notebook.read(ROOT / "notebooks/01_forward.ipynb"), tmp_path / "run")
    assert ep.Run(tmp_path / "run").latest().metrics["error/displacement"] <= 1e-6


def test_aluminium_is_found_within_one_percent(tmp_path):
    run_notebook(Notebook.read(ROOT / "notebooks/02_inverse.ipynb"), tmp_path / "run")
    assert max(errors(ep.Run(tmp_path / "run"), ROOT / "data/aluminium_receivers.h5").values()) <= 1e-2


def test_another_material_is_found_within_one_percent(tmp_path):
    data = tmp_path / "other.h5"
    material = ["--lambda", "1e9", "--mu", "5e8", "--rho", "2000"]
    script = [sys.executable, str(ROOT / "data/make_aluminium_receivers.py"), "--engine", "exact", *material]
    subprocess.run([*script, "--output", str(data)], check=True)
    run_notebook(Notebook.read(ROOT / "notebooks/02_inverse.ipynb"), tmp_path / "run", {"data": str(data)})
    assert max(errors(ep.Run(tmp_path / "run"), data).values()) <= 1e-2
