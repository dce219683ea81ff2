"""Looking into a checkpoint as a person does it."""

from playwright.sync_api import expect

import elastic_pinn as ep
from tests.browser.lab import PATIENCE_MS

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
    lab.page.locator(".noUi-handle").first.press("ArrowRight")
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
    expect(lab.page.get_by_text("network.weights.0: float32 (8, 3)")).to_be_visible(timeout=PATIENCE_MS)
    lab.click("Verify")
    lab.says("done every byte of")
    lab.shot("verified")
