"""Looking into a checkpoint as a person does it."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

import elastic_pinn as ep

pytestmark = pytest.mark.slow

PLATE = {"problem": "plate", "plate_size": [0.02, 0.01], "lame_lambda": 57.6e9, "lame_mu": 26e9, "density": 2700.0}
PLATE |= {"duration": 8e-6, "unknowns": ["lambda", "mu"], "stages": ["full_waveform"], "steps": 1, "ridge": 1e4}
PLATE |= {"network": "plane_waves", "activation": "sin", "precision": "float64", "estimate_error": False}
FEW = {"hidden_layers": [8], "interior_points": 20, "boundary_points": 8, "initial_points": 8, "steps": 30}


def solve_by_elements(folder):
    """Train a run whose waves finite elements solve for, in runs/elements."""
    top = np.array([[x, 0.01] for x in (0.002, 0.01, 0.018)])
    noise = 1e-9 * np.random.default_rng(0).standard_normal((3, 9, 2))
    ep.Receivers(top, np.linspace(0.0, 8e-6, 9), noise, noise=1e-9).save(folder / "receivers.h5")
    load = {"kind": "side_load", "at": [0.006, 0.01], "force": [0.0, -1000.0], "pulse": "ricker", "frequency": 100e3}
    config = ep.Config(
        **FEW | PLATE, sources=[load | {"width": 2e-3}], data=str(folder / "receivers.h5"), log_level="error"
    )
    assert ep.train(config, folder / "runs" / "elements").latest().is_by_elements


def test_the_slider_and_play_change_the_picture_and_each_tab_shows_something(notebook):
    lab = notebook("05_explore.ipynb", {"run_dir": ""})
    ep.train(ep.Config(**FEW, log_level="error"), lab.folder / "runs" / "one")
    lab.run_all()
    picture = lab.picture()
    lab.kernel_is("idle")
    before = picture.get_attribute("src")
    lab.field("Quantity").select_option("stress_xx")
    expect(picture).not_to_have_attribute("src", before)
    before = picture.get_attribute("src")
    for key in ("Home", "ArrowRight"):
        lab.page.locator(".noUi-handle").first.press(key)
    expect(picture).not_to_have_attribute("src", before)
    lab.shot("field")
    before = picture.get_attribute("src")
    lab.click("GIF")
    lab.page.locator(".noUi-handle").first.press("ArrowRight")  # the kernel heeds it while it writes
    expect(picture).not_to_have_attribute("src", before)
    lab.says("done written: ")
    [film] = (lab.folder / "runs" / "exports" / "one").iterdir()
    assert film.name.endswith("-stress_xx.gif")
    before = picture.get_attribute("src")
    lab.page.locator(".jupyter-button:has(.fa-play)").first.click()
    expect(picture).not_to_have_attribute("src", before)
    for title in ("Trace", "Numbers"):
        lab.tab(title)
        lab.picture()
        lab.shot(title)
    lab.tab("Contents")
    lab.page.locator("summary", has_text="weights (").click()
    expect(lab.page.get_by_text("network.weights.0: float32 (8, 3)")).to_be_visible()
    lab.click("Verify")
    lab.says("done every byte of")
    lab.shot("verified")

    solve_by_elements(lab.folder)
    lab.field("Checkpoint").fill("runs/elements")
    lab.field("Checkpoint").press("Enter")
    lab.says("open .*runs/elements/")
    quantity = lab.field("Quantity")
    offered = quantity.locator("option").all_inner_texts()
    assert {"stress_xx", "energy"} < {*offered} and "residual" not in offered
    picture = lab.picture()
    for name in ("stress_xx", "energy"):
        before = picture.get_attribute("src")
        quantity.select_option(name)
        expect(picture).not_to_have_attribute("src", before)
        lab.shot(f"{name} by elements")


def test_what_is_asked_for_last_is_shown_while_another_is_still_read(notebook):
    lab = notebook("05_explore.ipynb", {"run_dir": "runs/one"})
    for name, duration in {"one": 2.0, "two": 2e-3}.items():
        ep.train(ep.Config(**FEW, duration=duration, log_level="error"), lab.folder / "runs" / name)
    lab.run_all()
    picture, instant = lab.picture(), lab.page.locator(".widget-readout:visible")
    expect(instant).to_have_text(re.compile(r"^[\d.]+ s$"))
    before = picture.get_attribute("src")
    lab.page.get_by_role("checkbox", name="isolated").check()
    lab.field("Checkpoint").fill("runs/two")
    lab.field("Checkpoint").press("Enter")
    lab.says("open .*runs/two/")
    expect(instant).to_have_text(re.compile(r"^[\d.]+ ms$"))
    lab.page.wait_for_timeout(5000)  # what is still read of the other one would end meanwhile
    expect(instant).to_have_text(re.compile(r"^[\d.]+ ms$"))
    expect(lab.picture()).not_to_have_attribute("src", before)
    lab.says("open .*runs/two/")
    lab.shot("two")
    lab.field("Checkpoint").fill("runs/none")
    lab.field("Checkpoint").press("Enter")
    lab.says("not opened .*runs/two/.* stays open")
    lab.picture()
    lab.shot("wrong path")
