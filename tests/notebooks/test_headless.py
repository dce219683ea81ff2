"""The notebooks under papermill and nbclient, from a folder that has nothing to do with the project."""

import runpy
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import numpy as np
import papermill
import pytest

import elastic_pinn as ep
from tests.training.optimizers import recorded_plate, recorded_shots

pytestmark = pytest.mark.slow

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
TINY = {
    "hidden_layers": [8],
    "interior_points": 30,
    "initial_points": 10,
    "validation_points": 10,
    "validate_every": 5,
    "checkpoint_every": 10,
    "stages": ["adam", "lbfgs"],
    "stage_steps": [12],
    "steps": 20,
    "tolerance": 0.0,
    "seed": 3,
}
FIGURES = {
    "01_forward": {"loss_curves", "snapshots", "error_map", "error"},
    "02_inverse": {
        "loss_curves", "material_traces", "misfit_map", "data_fit", "residuals", "wiggles", "fit_b_scan",
        "fit_frequency_wavenumber", "snapshots",
    },
}  # fmt: skip


@pytest.fixture(scope="module", params=FIGURES)
def executed(request, tmp_path_factory):
    """A notebook's name, its executed copy and its run, with tiny parameters."""
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        parameters = {**TINY, "run_dir": str(folder / "run")}
        path = NOTEBOOKS / f"{request.param}.ipynb"
        copy = papermill.execute_notebook(path, folder / "out.ipynb", parameters, progress_bar=False)
    return request.param, copy, ep.Run(folder / "run")


def test_a_headless_run_leaves_a_whole_run_directory(executed):
    name, _, run = executed
    assert run.status == "completed"
    assert run.latest().step == len(run.history()) == TINY["steps"]
    assert {path.stem for path in (run.path / "figures").glob("*.png")} == FIGURES[name]


def test_an_executed_notebook_shows_its_figures_as_plain_pngs(executed):
    name, copy, _ = executed
    outputs = [output for cell in copy.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 1 + len(FIGURES[name])  # and the problem


def test_an_executed_notebook_ends_with_its_result_and_holds_the_log(executed):
    name, copy, run = executed
    text = {cell.id: "".join(output.get("text", "") for output in cell.get("outputs", [])) for cell in copy.cells}
    *_, last = text.values()
    assert str(run.latest().path) in last
    assert ("relative L2 error" if name == "01_forward" else "57.6") in last
    assert any("completed at step 20" in lines for lines in text.values())
    assert all(output.output_type != "error" for cell in copy.cells for output in cell.get("outputs", []))


def test_the_inverse_notebook_takes_a_file_of_velocities(tmp_path, monkeypatch):
    make = runpy.run_path(str(NOTEBOOKS.parent / "data" / "make_aluminium_receivers.py"))
    make["main"](["--engine", "exact", "--quantity", "velocity", "--output", str(tmp_path / "velocity.h5")])
    monkeypatch.chdir(tmp_path)
    parameters = {**TINY, "data": str(tmp_path / "velocity.h5"), "run_dir": str(tmp_path / "run")}
    papermill.execute_notebook(NOTEBOOKS / "02_inverse.ipynb", tmp_path / "out.ipynb", parameters, progress_bar=False)
    run = ep.Run(tmp_path / "run")
    assert run.status == "completed" and run.fit.noise == ep.Receivers.load(tmp_path / "velocity.h5").noise
    assert {path.stem for path in (run.path / "figures").glob("*.png")} == FIGURES["02_inverse"]


def test_a_notebook_a_script_and_a_panel_give_the_same_numbers(executed, tmp_path):
    _, _, run = executed
    script = "import sys, elastic_pinn as ep\nep.train(ep.Config.from_json(open(sys.argv[1]).read()), sys.argv[2])\n"
    command = [sys.executable, "-c", script, str(run.path / "config.json"), str(tmp_path / "script")]
    subprocess.run(command, check=True)
    there, here = run.history(), ep.Run(tmp_path / "script").history()
    assert here.drop(columns="wall_s").equals(there.drop(columns="wall_s"))


@pytest.mark.parametrize(
    "faults",
    [
        {"stesp": ("3", "did you mean 'steps'"), "seed": ("1.5", "valid integer"), "steps": ("abc", "valid integer")},
        {"steps": ("-1", "greater than or equal to 1"), "device": ("tpu", "'cpu', 'cuda' or 'cuda:N'")},
    ],
    ids=" ".join,
)
def test_parameters_that_are_not_legal_fail_plain_papermill_by_name(faults, tmp_path):
    command = [sys.executable, "-m", "papermill", NOTEBOOKS / "01_forward.ipynb", "out.ipynb"]
    given = [word for name, (value, _) in faults.items() for word in ("-p", name, value)]
    done = subprocess.run(command + given, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    said = done.stderr.rpartition("ConfigError: ")[2].strip().splitlines()
    assert len(said) == len(faults)
    for name, (_, legal) in faults.items():
        assert any(name in line and legal in line for line in said), name
    assert not (tmp_path / "runs").exists()


def test_unknowns_that_cannot_be_found_fail_papermill_and_are_refused_in_the_panel(tmp_path):
    parameters = {**TINY, "unknowns": ["lambda", "mu", "rho"], "run_dir": str(tmp_path / "run")}
    with pytest.raises(papermill.PapermillExecutionError, match="cannot all be found from displacement alone"):
        papermill.execute_notebook(
            NOTEBOOKS / "02_inverse.ipynb", tmp_path / "out.ipynb", parameters, progress_bar=False
        )
    widgets = nbformat.read(tmp_path / "out.ipynb", as_version=4).metadata.widgets
    [states] = [each["state"] for each in widgets.values()]
    said = [each["state"].get("value") for each in states.values()]
    assert any("cannot all be found from displacement alone" in str(value) for value in said)
    assert not (tmp_path / "run").exists()


def test_all_cells_run_twice_in_one_kernel_and_make_a_run_each_time(tmp_path):
    notebook = papermill.iorw.load_notebook_node(str(NOTEBOOKS / "01_forward.ipynb"))
    notebook = papermill.parameterize.parameterize_notebook(notebook, {**TINY, "log_level": "warning"})
    client = nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}})
    with client.setup_kernel():
        for _ in range(2):
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
    first, second = (ep.Run(path).history() for path in (tmp_path / "runs").iterdir())
    assert first.drop(columns="wall_s").equals(second.drop(columns="wall_s"))


def test_the_inverse_notebook_draws_a_wavelet_that_was_unknown(tmp_path, monkeypatch):
    with pytest.MonkeyPatch.context() as quicker:
        recorded_plate.quicken(quicker)
        clean = recorded_plate.with_noise_stated(recorded_plate.recorded(tmp_path / "clean.h5"))
    data = recorded_plate.noisy(clean, tmp_path / "noisy.h5")
    source = recorded_plate.LOAD | {"pulse": "unknown"}
    parameters = recorded_plate.CONFIG | {
        "data": data,
        "sources": [source],
        "tolerance": 0.0,
        "run_dir": str(tmp_path / "run"),
    }
    monkeypatch.chdir(tmp_path)
    papermill.execute_notebook(NOTEBOOKS / "02_inverse.ipynb", tmp_path / "out.ipynb", parameters, progress_bar=False)
    run = ep.Run(tmp_path / "run")
    assert "wavelet" in {path.stem for path in (run.path / "figures").glob("*.png")}
    assert len(run.fit.wavelet["time"]) > 10


def test_the_inverse_notebook_shows_the_fit_of_each_of_several_shots(tmp_path, monkeypatch):
    exact = recorded_shots.clean(tmp_path / "clean.h5", recorded_shots.PLACES)
    data = recorded_shots.noisy(tmp_path / "two shots.h5", exact, recorded_shots.PLACES, np.random.default_rng(0))
    sources = [each | recorded_shots.KNOWN[each["shot"]] for each in (recorded_shots.LEFT, recorded_shots.RIGHT)]
    config = recorded_shots.plate(data, sources=sources, steps=2).model_dump(mode="json", exclude_unset=True)
    monkeypatch.chdir(tmp_path)
    parameters = {**config, "tolerance": 0.0, "run_dir": str(tmp_path / "run")}
    papermill.execute_notebook(NOTEBOOKS / "02_inverse.ipynb", tmp_path / "out.ipynb", parameters, progress_bar=False)
    drawn = {path.stem for path in (tmp_path / "run" / "figures").glob("*.png")}
    fitted = {
        f"{name}-{shot}"
        for name in FIGURES["02_inverse"] - {"loss_curves", "material_traces"}
        for shot in recorded_shots.PLACES
    }
    assert drawn == {"loss_curves", "material_traces", *fitted}
