"""The training notebooks as a person uses them."""

import re

import pytest
from playwright.sync_api import expect

from tests.plates import PLATE, SOLVED

pytestmark = pytest.mark.slow

ENDLESS = {
    "network": "mlp",
    "steps": 1_000_000,
    "hidden_layers": [8],
    "interior_points": 50,
    "initial_points": 20,
    "validation_points": 20,
    "stages": ["adam"],
    "stage_steps": [],
    "checkpoint_every": 0,
}
TRUE_LAMBDA = re.compile(r"\b57(\.6|600)\b")  # GPa, or MPa where training was stopped at a small value
FORWARD = ENDLESS | {"boundary_points": 20}


def test_progress_and_pictures_move_while_the_kernel_is_busy_and_every_button_works(notebook):
    lab = notebook("01_forward.ipynb", FORWARD)
    lab.run_all()
    lab.has_left(lab.step())
    lab.kernel_is("busy")
    for title in ("Loss", "Wavefield"):
        lab.tab(title)
        lab.changes(lab.picture())
        lab.shot(title)
    lab.click("Checkpoint now")
    lab.says("running .*newest checkpoint step-0*[1-9]")

    lab.click("Estimate error")
    lab.says("estimated error at step 0*[1-9]")
    lab.has_left(lab.step())

    lab.click("Pause")
    lab.says("paused at step")
    lab.kernel_is("busy")
    lab.settings("Stages")
    lab.field("learning_rate").fill("fast")
    expect(lab.page.get_by_text("learning_rate = 'fast': Input should be a valid number").first).to_be_visible()
    expect(lab.button("Resume")).to_be_disabled()
    lab.shot("refused")
    lab.field("learning_rate").fill("5e-4")
    expect(lab.button("Resume")).to_be_enabled()
    paused_at = lab.step()
    lab.click("Resume")
    lab.has_left(paused_at)
    lab.click("Stop")
    lab.says("stopped at step")
    lab.prints("relative L2 error of the displacement:")
    lab.kernel_is("idle")
    lab.shot("stopped")
    [run] = lab.runs()
    assert run.status == "stopped" and run.summary.generation == 1
    assert run.events() == [(paused_at, "learning_rate: 0.002 -> 0.0005")]

    lab.settings("Network")
    lab.field("hidden_layers").fill("6, 6")
    lab.click("Start")
    lab.says("running")
    lab.has_left(lab.step())
    lab.menu("Kernel", "Interrupt Kernel")
    lab.says("stopped at step")
    assert [run.config.hidden_layers for run in lab.runs()] == [(8,), (6, 6)]


def test_interrupt_stops_restart_runs_again_and_the_list_goes_on_with_the_first_run(notebook):
    lab = notebook("01_forward.ipynb", FORWARD)
    lab.run_all()
    lab.has_left(lab.step())
    lab.menu("Kernel", "Interrupt Kernel")
    lab.says("stopped at step")
    lab.prints("relative L2 error of the displacement:")
    lab.kernel_is("idle")
    [first] = lab.runs()
    stopped_at = first.latest().step

    lab.menu("Kernel", "Restart Kernel and Run All Cells")
    lab.page.get_by_role("button", name="Confirm Kernel Restart").click()
    lab.says("running")
    lab.has_left(lab.step())
    lab.click("Stop")
    lab.says("stopped at step")
    lab.prints("relative L2 error of the displacement:")  # the last cell: between two cells the kernel is idle as well
    lab.kernel_is("idle")
    assert len(lab.runs()) == 2

    lab.field("Resume from").select_option(label=first.path.name)
    choice = lab.field("at")
    label = choice.locator("option", has_text=f"step {stopped_at:,} (g0)").first.inner_text()
    choice.select_option(label=label)
    lab.shot("chosen")
    lab.click("Resume")
    lab.says("running")
    lab.has_left(lab.step())
    lab.click("Stop")
    lab.says("stopped at step")
    assert first.summary.parent == f"step {stopped_at}, generation 0"

    lab.save()
    lab.reopen()
    lab.page.get_by_role("heading", name="Summary").scroll_into_view_if_needed()
    pictures = lab.page.locator(".jp-OutputArea-output img[src^='data:image/png']")
    expect(pictures.first).to_be_visible()
    lab.shot("reopened")


def test_after_save_and_reload_the_panel_shows_the_run_that_trains_and_its_buttons_act_on_it(notebook):
    lab = notebook("01_forward.ipynb", FORWARD)
    lab.run_all()
    lab.has_left(lab.step())
    lab.settings("Stages")
    lab.field("learning_rate").focus()
    expect(lab.page.get_by_text("of Adam, AdamW, SGD and SOAP: what the schedule starts from")).to_be_visible()
    lab.save()
    lab.page.reload()
    lab.has_left(lab.step())
    lab.shot("reloaded")
    lab.click("Stop")
    lab.says("stopped at step")
    [run] = lab.runs()
    assert run.status == "stopped" and run.latest().step == run.summary.step


def test_the_inverse_notebook_shows_material_and_fit_and_refuses_what_cannot_be_found(notebook):
    lab = notebook("02_inverse.ipynb", ENDLESS | {"tolerance": 0.0})
    lab.run_all()
    lab.has_left(lab.step())
    for title in ("Loss", "Wavefield", "Material", "Data fit"):
        lab.tab(title)
        lab.changes(lab.picture())
        lab.shot(title)
    lab.click("Stop")
    lab.says(r"stopped with \d warnings? at step")  # so few waves are advised against
    lab.prints(TRUE_LAMBDA)
    lab.kernel_is("idle")
    lab.shot("stopped")
    lab.settings("Material")
    lab.field("unknowns").fill("lambda, mu, rho")
    expect(lab.page.get_by_text("cannot all be found from displacement alone").first).to_be_visible()
    expect(lab.button("Start")).to_be_disabled()
    lab.shot("refused")


def test_the_plate_is_drawn_trained_and_seen_as_a_film(notebook):
    lab = notebook("06_plate.ipynb", PLATE | SOLVED)
    lab.run_all()
    lab.prints("Which lambda and mu explain what these receivers recorded?")
    lab.kernel_is("idle")
    film = lab.page.locator(".jp-OutputArea-output img[src^='data:image/webp']")
    film.scroll_into_view_if_needed()
    expect(film).to_be_visible()
    assert film.evaluate("image => image.complete && image.naturalWidth") == 900
    lab.shot("film")
    [run] = lab.runs()
    assert run.status == "completed" and (run.path / "receivers.h5").exists()
    lab.settings("Plate")
    expect(lab.field("sources")).to_be_visible()
    expect(lab.page.get_by_text("chosen for a tolerance of 1 %").first).to_be_visible()
    lab.settings("Weights")
    faint = lab.page.locator(".ep-chosen", has=lab.field("weight_boundary"))
    expect(faint).to_have_css("opacity", "0.4")
    lab.shot("settings")
    expect(lab.page.locator(".ep-cell-weight_boundary .ep-take")).to_have_text("chosen: 100.0")
    lab.page.set_viewport_size({"width": 1000, "height": 1000})
    for title in ("Plate", "Network", "Points"):
        lab.settings(title)
        lab.shot(title)
    lab.field("search").fill("frequency")
    expect(lab.field("frequency_continuation")).to_be_visible()
    lab.shot("searched")


@pytest.mark.parametrize(("width", "theme"), [(1000, "JupyterLab Dark"), (1400, "JupyterLab Light")])
def test_the_fit_is_seen_in_several_ways_and_a_click_on_the_map_picks_a_receiver(notebook, page, width, theme):
    page.set_viewport_size({"width": width, "height": 1000})
    lab = notebook("02_inverse.ipynb", ENDLESS | {"tolerance": 0.0})
    lab.choose_theme(theme)
    lab.run_all()
    lab.says("running")
    lab.tab("Data fit")
    shown, row = lab.field("show"), lab.field("receiver, 0 to 120")
    for name in ("wiggles", "B-scan", "residual against noise", "f-k"):
        picture = lab.picture()
        before = picture.get_attribute("src")
        shown.select_option(name)
        expect(picture).not_to_have_attribute("src", before)
        lab.shot(name)
    shown.select_option("map by receiver")
    for number, picked in enumerate(("17", "103")):  # on the map of x, and on that of y
        places = page.locator(f"button[title='receiver {picked}']:visible")
        expect(places).to_have_count(2)
        places.nth(number).click()
        expect(row).to_have_value(picked)
    pictures = page.locator("img.widget-image:visible")
    expect(pictures).to_have_count(2)
    picture, button = pictures.first.bounding_box(), places.first.bounding_box()
    assert picture["width"] <= width and picture["y"] < button["y"] < picture["y"] + picture["height"]
    places.first.scroll_into_view_if_needed()
    lab.shot("map")
    page.mouse.wheel(0, 500)
    lab.shot("map below")
    lab.click("Stop")
    lab.says(r"stopped with \d warnings? at step")
