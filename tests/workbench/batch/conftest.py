import sys
from pathlib import Path

import nbformat
import pytest
import yaml

TINY = {"hidden_layers": [6], "steps": 40, "interior_points": 20, "boundary_points": 8, "initial_points": 8,
        "validation_points": 10, "validate_every": 10, "checkpoint_every": 10, "log_level": "error"}  # fmt: skip


@pytest.fixture(scope="session")
def command():
    """The program elastic-pinn of this environment."""
    return Path(sys.executable).with_name("elastic-pinn")


@pytest.fixture(scope="session")
def training_notebook(tmp_path_factory):
    """A function that writes a notebook that trains, and then runs one more cell."""

    def write(last="pass"):
        cells = [
            nbformat.v4.new_code_cell("run_dir = ''\nresume = 'never'", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell("import elastic_pinn as ep\nconfig = ep.Config.from_namespace(globals())"),
            nbformat.v4.new_code_cell("run = ep.train(config, run_dir, resume=resume)"),
            nbformat.v4.new_code_cell(last),
        ]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = tmp_path_factory.mktemp("notebook") / "train.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
        return path

    return write


@pytest.fixture(scope="session")
def write_sweep(training_notebook, tmp_path_factory):
    """A function that writes a sweep file, of tiny runs unless it is told otherwise, and returns its path."""

    def write(**fields):
        folder = tmp_path_factory.mktemp("sweep")
        base = {"notebook": str(fields.pop("notebook", None) or training_notebook()), "directory": str(folder / "runs")}
        parameters = {**TINY, **fields.pop("parameters", {})}
        path = folder / "sweep.yaml"
        path.write_text(yaml.safe_dump({**base, "parameters": parameters, **fields}))
        return path

    return write
