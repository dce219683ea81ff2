import sys
from pathlib import Path

import pytest
import yaml

from tests.headless import write_training_notebook

TINY = {"hidden_layers": [6], "steps": 40, "interior_points": 20, "boundary_points": 8, "initial_points": 8,
        "validation_points": 10, "validate_every": 10, "checkpoint_every": 10, "log_level": "error"}  # fmt: skip


@pytest.fixture(scope="session")
def command():
    """The program elastic-pinn of this environment."""
    return Path(sys.executable).with_name("elastic-pinn")


@pytest.fixture(scope="session")
def training_notebook(tmp_path_factory):
    """A function that writes a notebook that trains, and then runs one more cell."""
    return lambda last="pass": write_training_notebook(tmp_path_factory.mktemp("notebook") / "train.ipynb", last)


@pytest.fixture(scope="session")
def write_sweep(training_notebook, tmp_path_factory):
    """A function that writes a sweep file, of tiny runs unless it is told otherwise; None leaves a parameter out."""

    def write(**fields):
        folder = tmp_path_factory.mktemp("sweep")
        base = {"notebook": str(fields.pop("notebook", None) or training_notebook()), "directory": str(folder / "runs")}
        given = {**TINY, **fields.pop("parameters", {})}
        parameters = {name: value for name, value in given.items() if value is not None}
        path = folder / "sweep.yaml"
        path.write_text(yaml.safe_dump({**base, "parameters": parameters, **fields}))
        return path

    return write
