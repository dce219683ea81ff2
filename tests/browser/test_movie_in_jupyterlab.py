"""A wavefield as a movie in the training panel, as a person plays it."""

import re

import pytest
from playwright.sync_api import expect

import elastic_pinn as ep
from tests.browser.test_training_notebooks import ENDLESS, TRUE_LAMBDA

pytestmark = pytest.mark.slow


def test_play_shows_the_wavefield_over_time_while_it_trains_and_after(notebook):
    lab = notebook("02_inverse.ipynb", ENDLESS | {"tolerance": 0.0})
    lab.run_all()
    lab.has_left(lab.step())
    lab.tab("Wavefield")
    picture = lab.picture()
    lab.field("Quantity").select_option("stress_xx")
    lab.changes(picture)
    instant = lab.page.locator(".widget-readout:visible")
    expect(instant).to_have_text("8 µs")
    lab.shot("live")
    lab.page.locator(".noUi-handle:visible").press("Home")
    expect(instant).to_have_text("0 µs")
    lab.changes(picture)
    play = lab.page.locator(".jupyter-widgets.widget-play .jupyter-button:visible:has(.fa-play)")
    step = lab.step()
    play.click()
    for _ in range(2):
        before = instant.inner_text()
        lab.changes(picture)
        expect(instant).not_to_have_text(before)
    lab.has_left(step)
    lab.shot("playing while it trains")
    lab.page.set_viewport_size({"width": 1000, "height": 1000})
    lab.changes(lab.picture())
    lab.shot("1000 px wide")

    lab.click("Stop")
    lab.says(r"stopped with \d warnings? at step")
    lab.prints(TRUE_LAMBDA)
    lab.kernel_is("idle")
    lab.picture()
    expect(instant).to_have_text(re.compile(r"^8 µs$"))  # it plays to the end
    expect(play).to_be_visible()  # a moment after the last frame it is at rest
    lab.field("Quantity").select_option("energy")
    lab.page.locator(".noUi-handle:visible").press("Home")
    lab.changes(picture)
    expect(instant).to_have_text("0 µs")
    play.click()
    lab.changes(picture)
    expect(instant).to_have_text("8 µs")
    lab.shot("played to the end")


def test_a_movies_page_plays_without_anything_else(page, tmp_path):
    few = {"hidden_layers": [8], "interior_points": 20, "boundary_points": 8, "initial_points": 8, "steps": 3}
    run = ep.train(ep.Config(**few, log_level="error"), tmp_path / "run")
    ep.figures.movie(run, frames=3).save(tmp_path / "movie.html")
    page.goto((tmp_path / "movie.html").as_uri())
    picture, slider = page.locator("#frame"), page.get_by_role("slider")
    assert picture.evaluate("image => image.complete && image.naturalWidth") == 700
    shown = [picture.get_attribute("src")]
    for _ in range(2):
        slider.press("ArrowRight")
        shown.append(picture.get_attribute("src"))
    assert len(set(shown)) == 3
    page.screenshot(path=tmp_path / "page.png")
    page.get_by_role("button", name="Play").click()
    expect(picture).not_to_have_attribute("src", shown[-1])
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
