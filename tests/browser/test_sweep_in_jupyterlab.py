"""A sweep as a person does it."""

import re

import pytest
from playwright.sync_api import expect

import elastic_pinn as ep

pytestmark = pytest.mark.slow

FEW = {"network": "mlp", "stages": ["adam"], "precision": "float32", "hidden_layers": [8], "steps": [20]}
FEW |= {"interior_points": 20, "boundary_points": 8, "initial_points": 8, "validation_points": 10, "log_level": "error"}


def test_a_sweep_is_defined_run_stopped_and_gone_on_with(notebook):
    lab = notebook("03_sweep.ipynb", {**FEW, "run_dir": "runs/s", "input_frequency": 1.5, "seed": [0, 1]})
    lab.run_all()
    said = lab.page.locator(".widget-html-content")
    expect(said.filter(has_text=re.compile("^running"))).to_have_count(1)
    rows = lab.page.locator(".sweep-table tbody tr")
    expect(rows).to_have_count(2)
    lab.shot("running")
    expect(said.filter(has_text=re.compile("^done; results"))).to_have_count(1)
    lab.kernel_is("idle")
    expect(lab.page.locator(".jp-OutputArea-output img[src^='data:image/png']")).to_have_count(1)
    lab.picture()
    lab.shot("done")

    varied = lab.page.locator("textarea").first
    varied.fill("seed: [0, 1]\nstesp: [2, 3]")
    expect(said.filter(has_text="did you mean 'steps'")).to_have_count(1)
    expect(lab.button("Start")).to_be_disabled()
    lab.shot("refused")
    varied.fill("seed: [0, 1]\nsteps: [20, 1000000]")
    expect(rows).to_have_count(4)
    expect(rows.filter(has_text="completed")).to_have_count(2)
    for stop in (lambda: lab.menu("Kernel", "Interrupt Kernel"), lambda: lab.click("Stop")):
        lab.click("Start")
        expect(rows.filter(has_text="running").first).to_be_visible()
        stop()
        expect(said.filter(has_text=re.compile("^stopped"))).to_have_count(1)
    varied.fill("seed: [0, 1]\nsteps: [20, 30]")
    lab.click("Start")
    expect(rows.filter(has_text="completed")).to_have_count(4)
    runs = [ep.Run(path.parent) for path in (lab.folder / "runs" / "s").glob("*/config.json")]
    steps = {(run.config.seed, run.config.steps) for run in runs if run.status == "completed"}
    assert steps == {(seed, steps) for seed in (0, 1) for steps in (20, 30)}

    lab.click("networks")
    expect(rows).to_have_count(6)
    expect(rows.filter(has_text="separable")).to_have_count(2)
    lab.shot("compared")
