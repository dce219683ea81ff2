"""The demonstration, `make demo`: which lambda and mu explain what the shipped receivers recorded?"""

import os
import sys
import time
from pathlib import Path

from elastic_pinn.errors import ElasticPinnError
from elastic_pinn.paths import project_root
from elastic_pinn.workbench.batch import Notebook
from elastic_pinn.workbench.batch.headless import run_notebook


def new_run(runs: Path) -> Path:
    """Make a new folder `runs/demo-TIME` and point the link `runs/demo` to it."""
    run_dir = runs / time.strftime("demo-%Y%m%d-%H%M%S")
    run_dir.mkdir(parents=True)
    link = runs / f".{run_dir.name}"
    link.symlink_to(run_dir.name)
    os.replace(link, runs / "demo")  # atomic: the link always exists
    return run_dir


def main() -> None:
    """Run the inverse notebook on the shipped data, and print where the results are."""
    project = project_root()
    try:
        run_dir = new_run(project / "runs")
    except OSError as error:
        sys.exit(f"no run can be kept in {project / 'runs'}: {error.strerror}; copy the project to where you may write")
    print(f"Running notebooks/02_inverse.ipynb; all of it goes to {run_dir}", flush=True)
    try:
        run_notebook(Notebook.read(project / "notebooks" / "02_inverse.ipynb"), run_dir)
    except ElasticPinnError as error:
        sys.exit(str(error))
    print("\nexecuted notebook  runs/demo/notebook.ipynb")
    print("checkpoints        runs/demo/checkpoints/")
    print("figures            runs/demo/figures/")


if __name__ == "__main__":
    main()
