"""The demonstration, `make demo`: which lambda and mu explain what the shipped receivers recorded?"""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from elastic_pinn.config import project_root
from elastic_pinn.physics.receivers import Receivers
from elastic_pinn.run import Run
from elastic_pinn.workbench.batch import NotebookError, run_notebook


def new_run(runs: Path) -> Path:
    """Make a fresh folder `runs/demo-TIME` and let the link `runs/demo` lead to it."""
    run_dir = runs / time.strftime("demo-%Y%m%d-%H%M%S")
    run_dir.mkdir(parents=True)
    link = runs / f".{run_dir.name}"
    link.symlink_to(run_dir.name)
    os.replace(link, runs / "demo")  # in one step: nobody ever sees no link
    return run_dir


def comparison(true: Mapping[str, float], found: Mapping[str, float]) -> str:
    """Return a table of true and recovered lambda and mu, both given in Pa, with the relative errors."""
    lines = [f"{'':8}{'true':>12}{'recovered':>14}{'error':>11}"]
    for name in ("lambda", "mu"):
        error = found[name] / true[name] - 1
        lines.append(f"{name:8}{true[name] / 1e9:8.3f} GPa{found[name] / 1e9:10.3f} GPa{error:+10.2%}")
    return "\n".join(lines)


def main() -> None:
    """Run the inverse notebook on the shipped data; print what it found and where everything lies."""
    project = project_root()
    run_dir = new_run(project / "runs")
    print(f"Running notebooks/02_inverse.ipynb; all of it goes to {run_dir}", flush=True)
    try:
        run_notebook(project / "notebooks" / "02_inverse.ipynb", run_dir)
    except NotebookError as error:
        sys.exit(str(error))
    run = Run(run_dir)
    truth = Receivers.load(project / run.config.data).truth
    assert truth is not None, "the shipped receiver file holds the truth"
    print(f"\n{comparison(truth.material, run.material())}\n")
    print("executed notebook  runs/demo/notebook.ipynb")
    print("checkpoints        runs/demo/checkpoints/")
    print("figures            runs/demo/figures/")


if __name__ == "__main__":
    main()
