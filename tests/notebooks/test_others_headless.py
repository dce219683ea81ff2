"""The notebooks that train nothing themselves, under papermill: quick, with their figures as PNG outputs."""

from pathlib import Path

import nbclient
import numpy as np
import pandas as pd
import papermill
import pytest

import elastic_pinn as ep
from elastic_pinn.yaml_values import read_yaml

pytestmark = pytest.mark.slow

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
FEW = {"hidden_layers": [8], "interior_points": 20, "boundary_points": 8, "initial_points": 8, "steps": 5}


def outputs_of(name: str, folder: Path, **parameters) -> list:
    """What the cells of an executed copy show."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # which has nothing to do with the project
        path = NOTEBOOKS / f"{name}.ipynb"
        copy = papermill.execute_notebook(path, folder / "out.ipynb", parameters, progress_bar=False)
    return [output for cell in copy.cells if cell.cell_type == "code" for output in cell.outputs]


def pictures(outputs: list) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs)


def texts(outputs: list) -> str:
    return "".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)


def test_the_reference_data_are_drawn_beside_the_exact_solution(tmp_path):
    outputs = outputs_of("00_reference_data", tmp_path, run_dir=str(tmp_path / "run"))  # as commands give it
    assert pictures(outputs) == 4
    assert "0.0088 %" in texts(outputs)


def test_the_newest_checkpoint_is_explored_and_without_one_it_is_said_what_to_do(tmp_path):
    outputs = outputs_of("05_explore", tmp_path)
    assert pictures(outputs) == 0 and "train one with 01_forward" in texts(outputs)
    with pytest.raises(papermill.PapermillExecutionError, match="'steps' is no parameter of this notebook"):
        outputs_of("05_explore", tmp_path, steps=3)
    ep.train(ep.Config(**FEW), tmp_path / "runs" / "one")
    assert pictures(outputs_of("05_explore", tmp_path)) == 1


def test_a_sweep_is_run_and_gone_on_with(tmp_path):
    few = {**FEW, "network": "mlp", "stages": ["adam"], "precision": "float32", "hidden_layers": [8]}
    few |= {"input_frequency": 1.5, "run_dir": str(tmp_path / "sweep")}
    outputs = outputs_of("03_sweep", tmp_path, **few, seed=[3])
    assert pictures(outputs) == 1 and "completed" in texts(outputs)
    [run] = (ep.Run(path.parent) for path in (tmp_path / "sweep").glob("*/config.json"))
    script = ep.train(run.config, tmp_path / "script")
    assert script.history().drop(columns="wall_s").equals(run.history().drop(columns="wall_s"))
    assert (tmp_path / "sweep" / "sweep.h5").exists() and (tmp_path / "sweep" / "sweep.csv").exists()


def test_runs_are_compared_and_without_runs_it_is_said_what_to_do(tmp_path):
    outputs = outputs_of("04_compare", tmp_path)
    assert pictures(outputs) == 0 and "train one with 01_forward" in texts(outputs)
    for seed in range(2):
        ep.train(ep.Config(**FEW, seed=seed), tmp_path / "runs" / f"seed-{seed}")
    outputs = outputs_of("04_compare", tmp_path, monitor="loss/pde")
    assert pictures(outputs) == 1 and "seed-1" in texts(outputs)


def test_a_raw_file_becomes_a_receiver_file_that_says_where_it_came_from(tmp_path):
    outputs = outputs_of("07_own_data", tmp_path)
    assert pictures(outputs) == 5
    assert "dead receivers, which drop_rows leaves out: [17]" in texts(outputs)
    made, shipped = (
        ep.Receivers.load(path)
        for path in (tmp_path / "runs/own_data.h5", NOTEBOOKS.parent / "data/aluminium_late_receivers.h5")
    )
    rows = [row for row in range(121) if row != 17]
    assert made.xy == pytest.approx(shipped.xy[rows]) and made.time == pytest.approx(shipped.time)
    assert made.recorded == pytest.approx(shipped.recorded[rows], abs=0.51e-12)
    assert made.noise == pytest.approx(shipped.noise, rel=0.05) and made.start == {"lambda", "mu"}
    assert made.provenance in texts(outputs) and "left out receivers [17]" in made.provenance
    before = (tmp_path / "runs/own_data.h5").read_bytes()
    (tmp_path / "runs/own_data.h5").unlink()
    outputs_of("07_own_data", tmp_path, **read_yaml((tmp_path / "runs/own_data.h5.yaml").read_text()))
    assert (tmp_path / "runs/own_data.h5").read_bytes() == before


def test_a_recording_is_cut_and_filtered_by_parameters_and_a_misspelt_one_fails(tmp_path):
    outputs_of("07_own_data", tmp_path, keep_x=[0.0, 0.031], highest_frequency=1e6, output="few.h5")
    made = ep.Receivers.load(tmp_path / "few.h5")
    assert made.xy[:, 0].max() == pytest.approx(0.03)
    assert made.time[1] - made.time[0] == pytest.approx(6e-7) and "low-pass filter" in made.provenance
    with pytest.raises(papermill.PapermillExecutionError, match="did you mean 'drop_rows'"):
        outputs_of("07_own_data", tmp_path, drop_row=[3])


def test_pictures_of_one_of_several_shots_are_chosen_by_a_parameter(tmp_path):
    scan = str(NOTEBOOKS.parent / "data" / "aluminium_scan.csv")
    right = pd.read_csv(scan)
    right[["u_x", "u_y"]] += np.random.default_rng(0).normal(0.0, 2.0, (len(right), 2))  # another recording
    right.to_csv(tmp_path / "right.csv", index=False)
    given = {"data": scan, "shot": "left", "more_data": [{"data": str(tmp_path / "right.csv"), "shot": "right"}]}
    outputs = outputs_of("07_own_data", tmp_path, **given, shown_records=1, output="both.h5")
    assert pictures(outputs) == 5 and ep.Receivers.load(tmp_path / "both.h5").shots == ("left", "right")
    with pytest.raises(papermill.PapermillExecutionError, match="records = 2: legal are 0: displacement of 121"):
        outputs_of("07_own_data", tmp_path, **given, shown_records=2, output="both.h5")


def test_receivers_in_any_places_become_a_file_too_and_what_cannot_be_drawn_is_told(tmp_path):
    rng = np.random.default_rng(0)
    time = np.linspace(0.0, 9e-6, 10) + np.array([0.0] * 9 + [1e-7])  # not even
    np.savez(tmp_path / "scan.npz", xy=rng.random((7, 2)), time=time, u=rng.standard_normal((7, 10, 2)))
    units = {"kind": "displacement", "length_unit": "m", "time_unit": "s", "value_unit": "m", "value_columns": ["u"]}
    axes = {"axes": ["receiver", "time", "direction"], "directions": ["x", "y"], "estimate_noise": False}
    with pytest.raises(papermill.PapermillExecutionError, match=r"does not say, and no option gives, .*kind: what was"):
        outputs_of("07_own_data", tmp_path, data=str(tmp_path / "scan.npz"), output="any.h5")
    outputs = outputs_of("07_own_data", tmp_path, data=str(tmp_path / "scan.npz"), output="any.h5", **units, **axes)
    assert len(ep.Receivers.load(tmp_path / "any.h5").xy) == 7
    assert "evenly spaced times, and these records have others" in texts(outputs)


def test_the_cells_of_own_data_run_twice_in_one_kernel(tmp_path):
    notebook = papermill.iorw.load_notebook_node(str(NOTEBOOKS / "07_own_data.ipynb"))
    client = nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}})
    with client.setup_kernel():
        for _ in range(2):
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
    assert (tmp_path / "runs/own_data.h5").is_file()
