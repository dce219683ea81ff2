"""From a raw file to a receiver file as a person does it."""

import re

import pytest
from playwright.sync_api import expect

import elastic_pinn as ep

pytestmark = pytest.mark.slow

TABS = ("File and units", "Columns", "Places and times", "Material", "Preparation", "Output")


def test_a_raw_file_is_told_about_looked_at_prepared_and_saved(notebook):
    lab = notebook("07_own_data.ipynb", {"value_unit": "", "output": "runs/scan.h5"})
    lab.page.set_viewport_size({"width": 1280, "height": 1400})
    lab.run_all()  # it ends at the cell that needs the unit
    lab.prints("does not say, and no option gives, value_unit")
    lab.says("not possible see value_unit above")
    lab.kernel_is("idle")
    lab.field("data").scroll_into_view_if_needed()
    expect(lab.page.get_by_text("the unit of the values; for example nm")).to_be_visible()
    lab.shot("asked")
    lab.field("value_unit").fill("nm")
    lab.field("value_unit").press("Enter")
    lab.says("ready 120 receivers; Save writes runs/scan.h5")
    expect(lab.page.get_by_text("first arrivals: at ").first).to_be_visible()
    lab.shot("told")
    for title in TABS:
        lab.page.locator(".ep-form .lm-TabBar-tab", has_text=re.compile(f"^{title}$")).click()
        lab.shot(title)
    lab.page.locator(".ep-form .lm-TabBar-tab", has_text=re.compile("^Preparation$")).click()
    views = lab.page.locator(".ep-views")
    reserved = views.bounding_box()["height"]
    for title in ("Places", "Traces", "B-scan", "Spectra", "f-k"):
        lab.tab(title)
        lab.picture()
        lab.shot(title)
        assert views.bounding_box()["height"] == reserved  # what is below stays where it is
    picture = lab.picture()
    before = picture.get_attribute("src")
    lab.field("keep_time").fill("1e-6, 6e-6")
    lab.field("keep_time").press("Enter")
    expect(picture).not_to_have_attribute("src", before)
    lab.field("lowest_frequency").fill("1e5")
    lab.field("lowest_frequency").press("Enter")
    lab.says("not possible see lowest_frequency above")
    expect(lab.button("Save")).to_be_disabled()
    lab.shot("refused")
    lab.field("lowest_frequency").fill("0")
    lab.field("lowest_frequency").press("Enter")
    lab.says("ready")
    lab.click("Save")
    lab.says("saved wrote .*runs/scan.h5, and scan.h5.yaml beside it")
    lab.tab("Parameters")
    expect(lab.page.get_by_text("keep_time = [1e-06, 6e-06]")).to_be_visible()
    lab.shot("saved")
    made = ep.Receivers.load(lab.folder / "runs" / "scan.h5")
    assert len(made.xy) == 120 and made.time[[0, -1]] == pytest.approx([1e-6, 6e-6])
