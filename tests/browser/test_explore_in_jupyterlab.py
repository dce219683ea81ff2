"""Looking into a checkpoint as a person does it."""

import re

import pytest
from playwright.sync_api import expect

import elastic_pinn as ep
from tests.browser.lab import PATIENCE_MS

pytestmark = pytest.mark.slow

FEW = {"hidden_layers": [8], "interior_points": 20, "boundary_points": 8, "initial_points": 8, "steps": 30}


def test_the_slider_and_play_change_the_picture_and_each_tab_shows_something(notebook):
    lab = notebook("05_explore.ipynb", {"run_dir": ""})
    ep.train(ep.Config(**FEW, log_level="error"), lab.folder / "runs" / "one")
    lab.run_all()
    picture = lab.picture()
    lab.kernel_is("idle")
    before = picture.get_attribute("src")
    lab.field("Quantity").select_option("stress_xx")
    expect(picture).not_to_have_attribute("src", before, timeout=PATIENCE_MS)
    before = picture.get_attribute("src")
    for key in ("Home", "ArrowRight"):
        lab.page.locator(".noUi-handle").first.press(key)
    expect(picture).not_to_have_attribute("src", before, timeout=PATIENCE_MS)
    lab.shot("field")
    before = picture.get_attribute("src")
    lab.click("GIF")
    lab.page.locator(".noUi-handle").first.press("ArrowRight")  # the kernel heeds it while it writes
    expect(picture).not_to_have_attribute("src", before, timeout=PATIENCE_MS)
    lab.says("done written: ")
    [film] = (lab.folder / "runs" / "exports" / "one").iterdir()
    assert film.name.endswith("-stress_xx.gif")
    before = picture.get_attribute("src")
    lab.page.locator(".jupyter-button:has(.fa-play)").first.click()
    expect(picture).not_to_have_attribute("src", before, timeout=PATIENCE_MS)
    for title in ("Trace", "Numbers"):
        lab.tab(title)
        lab.picture()
        lab.shot(title)
    lab.tab("Contents")
    lab.page.locator("summary", has_text="weights (").click()
    expect(lab.page.get_by_text("network.weights.0: float32 (8, 3)")).to_be_visible(timeout=PATIENCE_MS)
    lab.click("Verify")
    lab.says("done every byte of")
    lab.shot("verified")


def test_what_is_asked_for_last_is_shown_while_another_is_still_read(notebook):
    lab = notebook("05_explore.ipynb", {"run_dir": "runs/one"})
    for name, duration in {"one": 2.0, "two": 2e-3}.items():
        ep.train(ep.Config(**FEW, duration=duration, log_level="error"), lab.folder / "runs" / name)
    lab.run_all()
    picture, instant = lab.picture(), lab.page.locator(".widget-readout:visible")
    expect(instant).to_have_text(re.compile(r"^[\d.]+ s$"), timeout=PATIENCE_MS)
    before = picture.get_attribute("src")
    lab.page.get_by_role("checkbox", name="isolated").check()
    lab.field("Checkpoint").fill("runs/two")
    lab.field("Checkpoint").press("Enter")
    lab.says("open .*runs/two/")
    expect(instant).to_have_text(re.compile(r"^[\d.]+ ms$"), timeout=PATIENCE_MS)
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
