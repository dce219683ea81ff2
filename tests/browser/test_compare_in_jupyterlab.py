"""Comparing runs as a person does it."""

import pytest
from playwright.sync_api import expect

import elastic_pinn as ep

pytestmark = pytest.mark.slow

FEW = {"hidden_layers": [8], "interior_points": 20, "boundary_points": 8, "initial_points": 8, "steps": 30}


def test_two_runs_are_overlaid_filtered_and_exported(notebook):
    lab = notebook("04_compare.ipynb", {"run_dir": "runs"})
    for name, changes in {"slow": {}, "fast": {"learning_rate": 0.02}}.items():
        ep.train(ep.Config(**FEW | changes, log_level="error"), lab.folder / "runs" / name)
    lab.run_all()
    lines = lab.page.locator(".run-grid .dt-scroll-body tbody tr:not(:has(.dt-empty))")
    expect(lines).to_have_count(2)
    plain = lab.page.locator(".jp-OutputArea-output img[src^='data:image/png']")
    expect(plain).to_have_count(1)  # of the last cell: from here on no cell scrolls the page
    lab.kernel_is("idle")
    picture = lab.picture()
    expect(lab.page.get_by_text("In what the configs differ")).to_be_visible()
    lab.shot("both")
    for wanted, count in (("fast", 1), ("nothing", 0), ("", 2)):  # the lines that are left are chosen
        lab.field("Filter").fill(wanted)
        lab.field("Filter").press("Enter")
        expect(lines).to_have_count(count)
        expect(lab.page.locator(".run-grid tr.selected")).to_have_count(count)
        expect(picture).to_have_count(1 if count else 0)
    before = picture.get_attribute("src")
    lines.first.click()
    expect(picture).not_to_have_attribute("src", before)
    lab.field("Filter").fill("learning_rate > 0.01")
    lab.field("Filter").press("Enter")
    expect(lines).to_have_count(1)
    lab.shot("filtered")
    lines.first.click()
    expect(picture).to_have_count(1)
    for kind, within in {"PDF": b"%PDF", "SVG": b"<svg", "PNG": b"PNG", "CSV": b"fast"}.items():
        lab.click(kind)
        name = f"comparison.{kind.lower()}"
        expect(lab.page.get_by_text(name)).to_be_visible()
        assert within in (lab.folder / "runs" / name).read_bytes()
