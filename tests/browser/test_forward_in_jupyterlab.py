"""The forward notebook as a person uses it."""

import re
from pathlib import Path

import nbformat
from playwright.sync_api import expect

import elastic_pinn as ep

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "01_forward.ipynb"
PATIENCE_MS = 60_000
SMALL = """
run_dir = {run_dir!r}
network = "mlp"
steps = 1_000_000
hidden_layers = [8]
interior_points = 50
boundary_points = 20
initial_points = 20
stages = ["adam"]
stage_steps = []
checkpoint_every = 0
"""


def write_small(path, run_dir):
    """The notebook with other parameters, injected as papermill does."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    at = next(i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell(SMALL.format(run_dir=str(run_dir))))
    nbformat.write(notebook, path)


def step(page):
    """The step that the panel shows."""
    text = page.locator(".widget-label", has_text=re.compile("^step [1-9]")).inner_text(timeout=PATIENCE_MS)
    return int(re.match(r"step ([\d,]+) of", text)[1].replace(",", ""))


def click(page, name):
    """Click a button of the panel, which Run All has scrolled away from."""
    page.locator(".jupyter-button", has_text=re.compile(f"^ *{name}$")).click(timeout=PATIENCE_MS)


def test_progress_moves_while_the_kernel_is_busy_and_stop_and_start_work(jupyterlab, page, tmp_path):
    write_small(tmp_path / "files" / "01_forward.ipynb", tmp_path / "run")
    page.goto(f"{jupyterlab}/lab/tree/01_forward.ipynb")
    kernel = page.locator(".jp-Notebook-ExecutionIndicator")
    expect(page.get_by_text("| Idle")).to_be_visible(timeout=PATIENCE_MS)  # before, running asks for a kernel
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    first = step(page)
    expect(kernel).to_have_attribute("data-status", "busy")
    expect(page.locator(".widget-label", has_text=f"step {first:,} of")).to_have_count(0, timeout=PATIENCE_MS)
    assert step(page) > first
    curve = page.locator("img.widget-image")
    expect(curve).to_be_visible(timeout=PATIENCE_MS)
    curve.scroll_into_view_if_needed()
    page.screenshot(path=tmp_path / "running.png")

    click(page, "Stop")
    status = page.locator(".widget-html-content")
    expect(status).to_contain_text("stopped at step", timeout=PATIENCE_MS)
    expect(page.get_by_text("relative L2 error of the displacement:")).to_be_visible(timeout=PATIENCE_MS)
    expect(kernel).to_have_attribute("data-status", "idle", timeout=PATIENCE_MS)
    page.screenshot(path=tmp_path / "stopped.png")
    stopped_at = ep.Run(tmp_path / "run").summary["step"]

    click(page, "Start")
    expect(status).to_contain_text("running", timeout=PATIENCE_MS)
    expect(page.locator(".widget-label", has_text=f"step {stopped_at:,} of")).to_have_count(0, timeout=PATIENCE_MS)
    click(page, "Stop")
    expect(status).to_contain_text("stopped at step", timeout=PATIENCE_MS)
    run = ep.Run(tmp_path / "run")
    assert run.summary["parent"] == f"step {stopped_at}, generation 0"
    assert run.latest().step > stopped_at
