"""06_plate under papermill."""

import shlex
from pathlib import Path

import numpy as np
import papermill
import pytest
import yaml

import elastic_pinn as ep
from tests.plates import PLATE, SOLVED

pytestmark = pytest.mark.slow

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def executed(name: str, folder: Path, parameters: dict) -> tuple[list, str]:
    """The outputs of an executed copy's cells, and what they print."""
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # which has nothing to do with the project
        path = NOTEBOOKS / f"{name}.ipynb"
        copy = papermill.execute_notebook(path, folder / "out.ipynb", parameters, progress_bar=False)
    outputs = [output for cell in copy.cells if cell.cell_type == "code" for output in cell.outputs]
    return outputs, "".join(output.get("text", "") for output in outputs)


@pytest.fixture(scope="module")
def forward(tmp_path_factory):
    """The run, the outputs and the text of 06_plate on a small plate."""
    folder = tmp_path_factory.mktemp("plate") / "forward"
    domain = ep.problem_from(ep.Config(**PLATE)).domain
    t, y, x = (np.linspace(*ends, 5) for ends in (domain.t, domain.y, domain.x))
    rigid = 1e-9 * np.broadcast_to(t[:, None, None], (5, 5, 5))
    units = {"length_unit": "m", "time_unit": "s", "value_unit": "m"}
    np.savez(folder.parent / "fem.npz", x=x, y=y, t=t, u_x=rigid, u_y=rigid, **units)
    parameters = {**PLATE, **SOLVED, "run_dir": str(folder / "run"), "reference": str(folder.parent / "fem.npz")}
    outputs, text = executed("06_plate", folder, parameters)
    return ep.Run(folder / "run"), outputs, text


def test_a_headless_run_leaves_figures_a_film_and_what_receivers_would_have_recorded(forward):
    run, outputs, text = forward
    assert run.status == "completed" and run.latest().step == 1
    assert {path.name for path in (run.path / "figures").iterdir()} == {
        "movie.webp", "wiggles.png", "b_scan.png", "energy.png", "error.png", "reference_field.png",
    }  # fmt: skip
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 7
    [film] = [output.data["text/html"] for output in outputs if "data:image/webp" in str(output.get("data"))]
    assert len(film) < 1.5e6
    [table] = [output.data["text/html"] for output in outputs if "<table" in str(output.get("data"))]
    assert all(name in table for name in ("error, estimated", "hole 1: free surface", "start: velocity"))
    receivers = ep.Receivers.load(run.path / "receivers.h5")
    assert receivers.noise_relative == pytest.approx(0.01) and ep.relative_error(run, receivers) < 1e-12
    assert "relative L2 error against finite elements: told of this notebook's own plate alone" in text


def test_the_records_of_a_doubtful_wavefield_and_the_command_that_inverts_them_come_with_its_warnings(forward):
    run, _, text = forward
    assert run.summary.warnings, "this plate has too few waves"
    end = text.index(f"completed with {len(run.summary.warnings)} warnings at step 1")
    assert all(f"warning: {each}" in text[end:] for each in run.summary.warnings)
    caution = text.index("these records are of a wavefield that its run warns of", end)
    command = text[text.index(".venv/bin/papermill", caution) :]
    *_, given = shlex.split(command)
    assert ep.Config(**yaml.safe_load(given)).plate_size == run.config.plate_size


def test_a_reference_that_cannot_be_compared_with_is_refused_before_training(tmp_path):
    t, y, x = np.linspace(0.0, 1e-9, 3), np.linspace(0.0, 1.0, 3), np.linspace(0.0, 1.0, 3)
    units = {"length_unit": "m", "time_unit": "s", "value_unit": "m"}
    np.savez(tmp_path / "fem.npz", x=x, y=y, t=t, u_x=np.ones((3, 3, 3)), u_y=np.ones((3, 3, 3)), **units)
    parameters = {**PLATE, **SOLVED, "run_dir": str(tmp_path / "run"), "reference": str(tmp_path / "fem.npz")}
    with pytest.raises(papermill.PapermillExecutionError, match=r"fem\.npz: t is 0 to 1e-09 s, and the run needs"):
        executed("06_plate", tmp_path / "plate", parameters)
    assert not (tmp_path / "run").exists()
